// The timeline: the whole replay in a strip, the stretch that is shown in lanes, and over them what
// moves: the playhead, the chosen change, the pointer.

const POINTER = { x: null, hit: -1 };

const drawStretch = once(() => {
  const made = fresh(byId("lanes-still"));
  if (!made) return;
  const layout = laneLayout(made.width);
  drawLanes(made.context, layout, made.height);
  drawCurves(made.context, layout);
});

const drawLive = once(() => {
  const made = fresh(byId("lanes-live"));
  if (!made) return;
  const { context, width, height } = made;
  const layout = laneLayout(width);
  context.beginPath();
  context.rect(layout.left, 0, layout.plotPx, height);
  context.clip();
  if (PLAYER.looping) drawLoop(context, layout, height);
  if (SELECTION.chosen >= 0) drawChosen(context, layout, SELECTION.chosen, 1);
  if (POINTER.hit >= 0 && POINTER.hit !== SELECTION.chosen) drawChosen(context, layout, POINTER.hit, 0.55);
  if (POINTER.x !== null && POINTER.x > layout.left) drawPointer(context, layout, height);
  drawPlayhead(context, layout, height);
});

function drawLoop(context, layout, height) {
  const span = PLAYER.loopSpan();
  if (!span) return;
  const [from, to] = span.map((timeS) => xOf(timeS, layout));
  context.fillStyle = INK.good;
  context.globalAlpha = 0.1;
  context.fillRect(from, 0, to - from, height);
  context.globalAlpha = 0.9;
  context.fillRect(from, 0, to - from, 3);
  context.globalAlpha = 1;
}

/** A frame around a change in its lane. */
function drawChosen(context, layout, i, alpha) {
  const lane = LANES.indexOf(CHANGES.kind[i]);
  const top = layout.lanesTop + lane * LANE_PX + 2;
  const onset = xOf(CHANGES.timeS[i], layout);
  const from = Math.min(xOf(FRAMES.timeOf(CHANGES.first[i]), layout), onset - 3) - 2;
  const to = Math.max(xOf(FRAMES.timeOf(CHANGES.end[i]), layout), onset + 3) + 2;
  context.globalAlpha = alpha;
  context.strokeStyle = INK.ink;
  context.lineWidth = 1.5;
  context.beginPath();
  context.roundRect(from, top, to - from, LANE_PX - 3, 4);
  context.stroke();
  context.globalAlpha = 1;
}

function drawPointer(context, layout, height) {
  const label = clockText(timeOfX(POINTER.x, layout));
  context.fillStyle = INK.soft;
  context.globalAlpha = 0.6;
  context.fillRect(Math.round(POINTER.x), RULER_PX, 1, height);
  context.globalAlpha = 1;
  drawFlag(context, layout, POINTER.x, label, INK.card, INK.soft);
}

function drawPlayhead(context, layout, height) {
  const x = xOf(PLAYER.timeS, layout);
  context.fillStyle = INK.bad;
  context.fillRect(x - 0.75, RULER_PX - 4, 1.5, height);
  drawFlag(context, layout, x, clockText(PLAYER.timeS), INK.bad, INK.dark ? "#16191d" : "#fff");
}

function drawFlag(context, layout, x, label, ground, ink) {
  const width = context.measureText(label).width + 10;
  const left = Math.min(Math.max(x - width / 2, layout.left), layout.right - width);
  if (x < layout.left - width || x > layout.right + width) return;
  context.fillStyle = ground;
  context.beginPath();
  context.roundRect(left, 3, width, RULER_PX - 6, 4);
  context.fill();
  context.fillStyle = ink;
  context.fillText(label, left + 5, RULER_PX / 2 + 0.5);
}

/** The strip of the whole replay: expected true changes per px, and what the lanes show of it. */
const drawOverview = once(() => {
  const made = fresh(byId("overview"));
  if (!made) return;
  const { context, width, height } = made;
  const columns = Math.max(Math.floor(width / 3), 1);
  const whole = SHOWN.most - SHOWN.least;
  const bins = new Float64Array(columns * KINDS.length);
  const sums = new Float64Array(columns);
  for (const i of SELECTION.listed) {
    const column = Math.min(Math.floor(((CHANGES.timeS[i] - SHOWN.least) / whole) * columns), columns - 1);
    bins[column * KINDS.length + CHANGES.kind[i]] += CHANGES.confidence[i];
    sums[column] += CHANGES.confidence[i];
  }
  const highest = Math.max(...sums, 1e-9);
  for (let column = 0; column < columns; column++) {
    let y = height;
    for (let kind = 0; kind < KINDS.length; kind++) {
      const tall = (bins[column * KINDS.length + kind] / highest) * (height - 4);
      context.fillStyle = KIND_HEX[KINDS[kind]];
      context.fillRect((column * width) / columns, y - tall, width / columns - 0.5, tall);
      y -= tall;
    }
  }
  const x = (timeS) => ((timeS - SHOWN.least) / whole) * width;
  drawWindow(context, x(SHOWN.start), x(SHOWN.end), width, height);
  context.fillStyle = INK.bad;
  context.fillRect(x(PLAYER.timeS) - 0.75, 0, 1.5, height);
});

function drawWindow(context, from, to, width, height) {
  context.fillStyle = INK.paper;
  context.globalAlpha = 0.72;
  context.fillRect(0, 0, from, height);
  context.fillRect(to, 0, width - to, height);
  context.globalAlpha = 1;
  context.strokeStyle = INK.soft;
  context.lineWidth = 1.5;
  context.strokeRect(from + 0.75, 0.75, Math.max(to - from - 1.5, 2), height - 1.5);
  if (SHOWN.isWhole) return;
  context.fillStyle = INK.soft;
  for (const x of [from, to]) context.fillRect(x - 2.5, height / 2 - 8, 5, 16);
}

/** What a screen reader hears of the timeline. */
function describeTimeline() {
  const canvas = byId("lanes-live");
  canvas.setAttribute("aria-valuemax", SELECTION.listed.length);
  const place = SELECTION.placeAt(PLAYER.timeS + FRAMES.frameS / 2);
  canvas.setAttribute("aria-valuenow", place);
  const chosen = SELECTION.chosen >= 0 ? `, ${changeText(SELECTION.chosen)}` : "";
  canvas.setAttribute("aria-valuetext", `${clockText(PLAYER.timeS)}${chosen}`);
}

function drawTimeline() {
  drawStretch();
  drawLive();
  drawOverview();
}

function startTimeline() {
  const height = `${RULER_PX + LANES.length * LANE_PX + curvesHeight() + 6}px`;
  byId("lanes").style.height = height;
  onResize(byId("lanes"), drawTimeline);
  listen("listed view theme", drawTimeline);
  listen("chosen", (why) => {
    if (why === "user" && SELECTION.chosen >= 0) SHOWN.follow(CHANGES.timeS[SELECTION.chosen]);
    drawLive();
    describeTimeline();
  });
  listen("time", (what) => {
    if (what === "frame" && PLAYER.playing) SHOWN.follow(PLAYER.timeS);
    drawLive();
    drawOverview();
  });
  const click = (id, action) => byId(id).addEventListener("click", action);
  click("zoom-in", () => SHOWN.zoomStep(1));
  click("zoom-out", () => SHOWN.zoomStep(-1));
  click("zoom-all", () => SHOWN.all());
  click("zoom-chosen", zoomToChosen);
  byId("timeline-hint").textContent = matchMedia("(pointer: coarse)").matches
    ? "Drag to move, pinch to zoom."
    : "Drag to move, Ctrl + wheel to zoom, drag the ruler to scrub.";
  describeTimeline();
}

function zoomToChosen() {
  if (SELECTION.chosen < 0) SELECTION.go(1, PLAYER.timeS);
  if (SELECTION.chosen >= 0) SHOWN.closeIn(SELECTION.chosen);
}
