// The curves below the lanes: how the whole picture moves, how much of it changed, and the score.
// Where several frames fall on one px, their least and greatest values are drawn.

const CURVE_PX = 36;
const FILL_ALPHA = 0.3;
const COLUMN_FRAMES = 2; // per px, from which a bar per px is drawn
const PYRAMID = 64; // frames whose extremes are known beforehand, for the whole of long replays

class Curve {
  constructor({ most, levels }) {
    this.most = most;
    this.values = unpackLevels(levels);
    this.low = new Int16Array(Math.ceil(this.values.length / PYRAMID));
    this.high = new Int16Array(this.low.length);
    for (let block = 0; block < this.low.length; block++) {
      const [low, high] = this.scan(block * PYRAMID, Math.min((block + 1) * PYRAMID, this.values.length));
      this.low[block] = low;
      this.high[block] = high;
    }
  }

  scan(start, end) {
    let low = 32767;
    let high = -32767;
    for (let i = start; i < end; i++) {
      const value = this.values[i];
      if (value < low) low = value;
      if (value > high) high = value;
    }
    return [low, high];
  }

  /** Least and greatest value of ``start .. end``, in the curve's unit. */
  extremes(start, end) {
    let low = 32767;
    let high = -32767;
    const include = ([l, h]) => {
      low = Math.min(low, l);
      high = Math.max(high, h);
    };
    const firstBlock = Math.ceil(start / PYRAMID);
    const endBlock = Math.floor(end / PYRAMID);
    if (firstBlock >= endBlock) include(this.scan(start, end));
    else {
      include(this.scan(start, firstBlock * PYRAMID));
      for (let b = firstBlock; b < endBlock; b++) include([this.low[b], this.high[b]]);
      include(this.scan(endBlock * PYRAMID, end));
    }
    return [this.unit(low), this.unit(high)];
  }

  unit(level) {
    return (level / 32767) * this.most;
  }

  at(i) {
    return this.unit(this.values[i]);
  }
}

/** The lanes of curves that there are: name, curves with colours, and the values of bottom and top. */
const CURVES = (() => {
  if (!DATA.curves || !FRAMES.exact) return [];
  const of = (name) => new Curve(DATA.curves[name]);
  const [dx, dy, zoom, roll] = ["view_dx_px", "view_dy_px", "view_zoom", "view_roll_deg"].map(of);
  const both = (...curves) => {
    const most = Math.max(...curves.map((curve) => curve.most), 1e-6);
    return [-most, most];
  };
  const lanes = [
    { name: "view motion", unit: "px/frame", range: both(dx, dy), lines: [[dx, "good", "→"], [dy, "second", "↓"]] },
    { name: "changed", unit: "", range: [0, 1], fill: true, lines: [[of("changed_share"), "soft", ""]] },
    { name: "score", unit: "", range: [0, 1], fill: true, lines: [[of("onset_score"), "ink", ""]] },
  ];
  if (roll.most > 0.05) {
    lanes.splice(1, 0, { name: "roll", unit: "°/frame", range: both(roll), lines: [[roll, "soft", ""]] });
  }
  const zooms = { name: "zoom", unit: "", range: both(zoom), lines: [[zoom, "soft", ""]] };
  if (zoom.most > 0.001) lanes.splice(1, 0, zooms);
  return lanes;
})();

function curvesHeight() {
  return CURVES.length * CURVE_PX;
}

function drawCurves(context, layout) {
  CURVES.forEach((lane, k) => {
    const top = layout.curvesTop + k * CURVE_PX;
    context.save();
    context.beginPath();
    context.rect(layout.left, top, layout.plotPx, CURVE_PX);
    context.clip();
    const yOf = (value) => top + 4 + (CURVE_PX - 8) * (1 - (value - lane.range[0]) / (lane.range[1] - lane.range[0]));
    context.fillStyle = INK.line;
    context.fillRect(layout.left, Math.round(yOf(0)) - 0.5, layout.plotPx, 1);
    for (const [curve, colour] of lane.lines) drawCurve(context, layout, curve, INK[colour], yOf, lane.fill);
    context.restore();
    drawCurveName(context, layout, lane, top);
  });
}

function drawCurveName(context, layout, lane, top) {
  const y = layout.narrow ? top + 9 : top + CURVE_PX / 2 - (lane.unit ? 7 : 0);
  drawName(context, layout, lane.name, null, y);
  if (layout.narrow || !lane.unit) return;
  let x = 8;
  for (const [, colour, sign] of lane.lines) {
    context.fillStyle = INK[colour];
    context.fillText(sign, x, y + 15);
    x += sign ? 14 : 0;
  }
  context.fillStyle = INK.soft;
  context.fillText(lane.unit, x, y + 15);
}

function drawCurve(context, layout, curve, colour, yOf, fill) {
  const count = curve.values.length;
  const place = (frame) => Math.min(Math.max(frame - FRAMES.first, 0), count - 1);
  const start = place(FRAMES.frameAt(SHOWN.start) - 1);
  const end = place(FRAMES.frameAt(SHOWN.end) + 2);
  context.fillStyle = colour;
  if ((end - start) / layout.plotPx > COLUMN_FRAMES) {
    drawColumns(context, layout, curve, place, yOf, fill);
    return;
  }
  context.beginPath();
  traceFrames(context, layout, curve, start, end, yOf);
  if (fill) {
    context.lineTo(Math.min(xOf(FRAMES.timeOf(FRAMES.first + end), layout), layout.right), yOf(0));
    context.lineTo(Math.max(xOf(FRAMES.timeOf(FRAMES.first + start), layout), layout.left), yOf(0));
    context.globalAlpha = FILL_ALPHA;
    context.fill();
    context.globalAlpha = 1;
    return;
  }
  context.lineWidth = 1.3;
  context.lineJoin = "round";
  context.strokeStyle = colour;
  context.stroke();
}

function traceFrames(context, layout, curve, start, end, yOf) {
  for (let i = start; i <= end; i++) context.lineTo(xOf(FRAMES.timeOf(FRAMES.first + i), layout), yOf(curve.at(i)));
}

/** A bar per px, from the least to the greatest value there: much quicker than a path. */
function drawColumns(context, layout, curve, place, yOf, fill) {
  const from = Math.max(Math.floor(xOf(FRAMES.timeOf(FRAMES.first), layout)), layout.left);
  const to = Math.min(Math.ceil(xOf(FRAMES.timeOf(FRAMES.last), layout)), layout.right);
  context.globalAlpha = fill ? FILL_ALPHA : 1;
  let first = place(FRAMES.frameAt(timeOfX(from, layout)));
  let [lowBefore, highBefore] = curve.extremes(first, first + 1);
  for (let x = from; x < to; x++) {
    const end = Math.max(place(FRAMES.frameAt(timeOfX(x + 1, layout))), first + 1);
    const [low, high] = curve.extremes(first, Math.min(end, curve.values.length));
    // A bar reaches its neighbour, so that together they are a line.
    const top = yOf(fill ? high : Math.max(high, lowBefore));
    const bottom = yOf(fill ? 0 : Math.min(low, highBefore));
    context.fillRect(x, top, 1, Math.max(bottom - top, fill ? 0 : 1.3));
    [lowBefore, highBefore] = [low, high];
    first = Math.min(end, curve.values.length - 1);
  }
  context.globalAlpha = 1;
}
