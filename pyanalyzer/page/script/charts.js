// Drawing of the statistics: bars over time, bars of lengths, and where in the picture.

const AXIS_PX = 16;
const HEAT_COLUMNS = 48;
const SCALE_PX = 30; // numbers left of the bars

/** A round number at or above ``value``: 1, 2 or 5 times a power of ten. */
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((n) => n * power).find((n) => n >= value - 1e-12);
}

/** Stacked bars: ``bins[k]`` is a list of numbers, one per colour. */
function drawBars(canvas, bins, colours, labels) {
  const made = fresh(canvas);
  if (!made) return;
  const { context, width, height } = made;
  const bottom = height - AXIS_PX;
  const sums = bins.map((parts) => parts.reduce((a, b) => a + b, 0));
  const highest = roundUp(Math.max(...sums, 1e-9));
  const plot = width - SCALE_PX;
  for (const share of [0, 0.5, 1]) {
    const y = Math.round(bottom - share * (bottom - 8));
    context.fillStyle = INK.grid;
    context.fillRect(SCALE_PX, y, plot, 1);
    context.fillStyle = INK.soft;
    const text = String(Number((share * highest).toPrecision(2)));
    if (share > 0) context.fillText(text, SCALE_PX - 5 - context.measureText(text).width, y);
  }
  const step = plot / bins.length;
  bins.forEach((parts, k) => {
    let y = bottom;
    parts.forEach((part, c) => {
      const tall = (part / highest) * (bottom - 8);
      context.fillStyle = colours[c];
      context.fillRect(SCALE_PX + k * step + 0.5, y - tall, Math.max(step - 1, 0.8), tall);
      y -= tall;
    });
  });
  context.fillStyle = INK.soft;
  for (const { share, text } of labels) {
    const wide = context.measureText(text).width;
    const x = SCALE_PX + share * plot - wide / 2;
    context.fillText(text, Math.min(Math.max(x, SCALE_PX), width - wide), height - 6);
  }
}

/** Where the changes are: expected true changes per cell, as light on the picture's ground. */
function drawHeat(canvas, cells, columns, rows) {
  const made = fresh(canvas);
  if (!made) return;
  const { context, width, height } = made;
  const highest = Math.max(...cells, 1e-9);
  const [w, h] = [width / columns, height / rows];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const share = cells[row * columns + column] / highest;
      if (share <= 0.004) continue;
      context.fillStyle = heatColour(share);
      const [x, y] = [Math.floor(column * w), Math.floor(row * h)];
      context.fillRect(x, y, Math.ceil((column + 1) * w) - x, Math.ceil((row + 1) * h) - y);
    }
  }
}

// From the page's ground over blue and orange to the strongest: dark to light on dark, light to dark
// on light, so that more always stands out more (also in grey).
const HEAT_DARK = [[27, 31, 36], [23, 82, 128], [86, 180, 233], [255, 240, 190]];
const HEAT_LIGHT = [[255, 255, 255], [170, 214, 240], [0, 114, 178], [10, 28, 60]];

function heatColour(share) {
  const stops = INK.dark ? HEAT_DARK : HEAT_LIGHT;
  const at = Math.sqrt(share) * (stops.length - 1);
  const low = Math.min(Math.floor(at), stops.length - 2);
  const mix = stops[low].map((value, c) => Math.round(value + (at - low) * (stops[low + 1][c] - value)));
  return `rgb(${mix.join(" ")})`;
}

/** The sums of a box over a grid by the differences at its corners, for any number of boxes. */
class BoxSums {
  constructor(columns, rows) {
    this.columns = columns;
    this.rows = rows;
    this.corners = new Float64Array((columns + 1) * (rows + 1));
  }

  add(left, top, right, bottom, value) {
    const width = this.columns + 1;
    this.corners[top * width + left] += value;
    this.corners[top * width + right] -= value;
    this.corners[bottom * width + left] -= value;
    this.corners[bottom * width + right] += value;
  }

  cells() {
    const width = this.columns + 1;
    const cells = new Float64Array(this.columns * this.rows);
    const above = new Float64Array(width);
    for (let row = 0; row < this.rows; row++) {
      let left = 0;
      for (let column = 0; column < this.columns; column++) {
        left += this.corners[row * width + column];
        above[column] += left;
        cells[row * this.columns + column] = above[column];
      }
    }
    return cells;
  }
}
