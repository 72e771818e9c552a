// The lanes of the timeline: one per kind. A change is a line at its onset, as high as its
// confidence, over a block as wide as its 95 % interval.

const LANE_PX = 34;
const RULER_PX = 24;
const LANE_FILL = 0.86; // of a lane's height, for confidence 1
const GUTTER_PX = 92; // names of the lanes, where there is room
const NARROW_PX = 560; // below this width the names stand in the lanes
const CROWDED = 3; // changes per px and lane from which only the highest of a px is drawn

/** The kinds that occur, from top to bottom; all of them where none does. */
const LANES = (() => {
  const there = KINDS.map((_, kind) => CHANGES.kind.includes(kind));
  return KINDS.map((_, kind) => kind).filter((kind) => there[kind] || !there.includes(true));
})();

/** Where things lie on the canvas of a width. */
function laneLayout(width) {
  const narrow = width < NARROW_PX;
  const left = narrow ? 0 : GUTTER_PX;
  const lanesTop = RULER_PX;
  const curvesTop = lanesTop + LANES.length * LANE_PX;
  return { narrow, left, right: width, plotPx: width - left, lanesTop, curvesTop };
}

function xOf(timeS, layout) {
  return layout.left + ((timeS - SHOWN.start) / SHOWN.length) * layout.plotPx;
}

function timeOfX(x, layout) {
  return SHOWN.start + ((x - layout.left) / layout.plotPx) * SHOWN.length;
}

function drawLanes(context, layout, height) {
  drawRuler(context, layout, height);
  context.save();
  context.beginPath();
  context.rect(layout.left, 0, layout.plotPx, height);
  context.clip();
  drawUnseen(context, layout, height);
  // A wide interval may reach into sight from outside.
  const reach = 1.5;
  const first = SELECTION.placeAt(SHOWN.start - reach);
  const end = SELECTION.placeAt(SHOWN.end + reach);
  LANES.forEach((kind, lane) => {
    const base = layout.lanesTop + (lane + 1) * LANE_PX - 0.5;
    context.fillStyle = INK.line;
    context.fillRect(layout.left, base, layout.plotPx, 1);
    if ((end - first) / layout.plotPx > CROWDED) drawCrowd(context, layout, kind, base, first, end);
    else drawChanges(context, layout, kind, base, first, end);
  });
  context.restore();
  drawNames(context, layout);
}

/** What was not analysed lies under a tint. */
function drawUnseen(context, layout, height) {
  context.fillStyle = INK.grid;
  const start = xOf(SPAN_START_S, layout);
  const end = xOf(Math.max(SPAN_END_S, SPAN_START_S + FRAMES.frameS), layout);
  if (start > layout.left) context.fillRect(layout.left, RULER_PX, start - layout.left, height);
  if (end < layout.right) context.fillRect(end, RULER_PX, layout.right - end, height);
}

function drawChanges(context, layout, kind, base, first, end) {
  const full = LANE_FILL * LANE_PX;
  for (let place = first; place < end; place++) {
    const i = SELECTION.listed[place];
    if (CHANGES.kind[i] !== kind) continue;
    const tall = full * CHANGES.confidence[i];
    const from = xOf(FRAMES.timeOf(CHANGES.first[i]), layout);
    const to = xOf(FRAMES.timeOf(CHANGES.end[i]), layout);
    context.fillStyle = colourOf(i);
    context.globalAlpha = 0.32;
    context.fillRect(from, base - tall, Math.max(to - from, 1), tall);
    context.globalAlpha = 1;
    context.fillRect(xOf(CHANGES.timeS[i], layout) - 0.9, base - tall, 1.8, tall);
  }
}

/** Too many to tell apart: of each px the highest, so that the drawing takes no longer. */
function drawCrowd(context, layout, kind, base, first, end) {
  const columns = Math.ceil(layout.plotPx);
  const tallest = new Int32Array(columns).fill(-1);
  for (let place = first; place < end; place++) {
    const i = SELECTION.listed[place];
    if (CHANGES.kind[i] !== kind) continue;
    const column = Math.floor(xOf(CHANGES.timeS[i], layout) - layout.left);
    if (column < 0 || column >= columns) continue;
    const other = tallest[column];
    if (other < 0 || CHANGES.confidence[i] > CHANGES.confidence[other]) tallest[column] = i;
  }
  const full = LANE_FILL * LANE_PX;
  for (let column = 0; column < columns; column++) {
    const i = tallest[column];
    if (i < 0) continue;
    const tall = full * CHANGES.confidence[i];
    context.fillStyle = colourOf(i);
    context.fillRect(layout.left + column, base - tall, 1, tall);
  }
}

function drawRuler(context, layout, height) {
  const { ticks } = timeTicks(SHOWN.start, SHOWN.end, layout.plotPx);
  drawFrames(context, layout, height);
  for (const { timeS, label } of ticks) {
    const x = Math.round(xOf(timeS, layout));
    if (x < layout.left) continue;
    context.fillStyle = INK.grid;
    context.fillRect(x, RULER_PX, 1, height - RULER_PX);
    context.fillStyle = INK.line;
    context.fillRect(x, RULER_PX - 7, 1, 7);
    context.fillStyle = INK.soft;
    if (x + context.measureText(label).width + 4 < layout.right) context.fillText(label, x + 4, RULER_PX / 2);
  }
  context.fillStyle = INK.line;
  context.fillRect(layout.left, RULER_PX - 0.5, layout.plotPx, 1);
}

/** Close up, the single frames as ticks. */
function drawFrames(context, layout, height) {
  if ((FRAMES.frameS / SHOWN.length) * layout.plotPx < 9) return;
  context.fillStyle = INK.grid;
  const last = FRAMES.frameAt(SHOWN.end);
  for (let frame = FRAMES.frameAt(SHOWN.start); frame <= last; frame++) {
    const x = Math.round(xOf(FRAMES.timeOf(frame), layout));
    if (x >= layout.left) context.fillRect(x, RULER_PX - 3, 1, height);
  }
}

function drawNames(context, layout) {
  LANES.forEach((kind, lane) => {
    const top = layout.lanesTop + lane * LANE_PX;
    const y = layout.narrow ? top + 9 : top + LANE_PX / 2;
    drawName(context, layout, KINDS[kind], KIND_HEX[KINDS[kind]], y, !SELECTION.kinds[kind]);
  });
}

/** The name of a lane: in the gutter, or on a plate in the lane itself. */
function drawName(context, layout, name, colour, y, off = false) {
  const x = layout.narrow ? 4 : 8;
  if (layout.narrow) {
    context.globalAlpha = 0.8;
    context.fillStyle = INK.card;
    context.fillRect(0, y - 8, context.measureText(name).width + 20, 16);
  }
  context.globalAlpha = off ? 0.4 : 1;
  if (colour) {
    context.fillStyle = colour;
    context.beginPath();
    context.arc(x + 4, y, 4, 0, 2 * Math.PI);
    context.fill();
  }
  context.fillStyle = INK.ink;
  context.fillText(name, colour ? x + 13 : x, y + 0.5);
  context.globalAlpha = 1;
}
