// Mouse, pen and fingers on the timeline: drag moves, the ruler scrubs, two fingers or Ctrl + wheel
// zoom, a click chooses a change or goes to a time.

const DRAG_PX = 4; // a pointer that moved less has clicked
const HIT_PX = 7; // how near to a change a click must be
const WHEEL_ZOOM = 0.0022; // per px of wheel, as an exponent
const EDGE_PX = 9; // of the overview's window, to be gripped

/** The listed change nearest to a place of the canvas, -1 if none is near. */
function changeAt(x, y, layout) {
  const lane = Math.floor((y - layout.lanesTop) / LANE_PX);
  if (lane < 0 || lane >= LANES.length || x < layout.left) return -1;
  const reach = (HIT_PX / layout.plotPx) * SHOWN.length;
  const at = timeOfX(x, layout);
  let best = -1;
  let nearest = Infinity;
  for (let p = SELECTION.placeAt(at - reach); p < SELECTION.listed.length; p++) {
    const i = SELECTION.listed[p];
    if (CHANGES.timeS[i] > at + reach) break;
    if (CHANGES.kind[i] !== LANES[lane]) continue;
    const distance = Math.abs(CHANGES.timeS[i] - at) - reach * 0.5 * CHANGES.confidence[i];
    if (distance < nearest) [best, nearest] = [i, distance];
  }
  return best;
}

class LaneGestures {
  constructor(canvas) {
    this.canvas = canvas;
    this.fingers = new Map();
    this.mode = null; // "press", "pan", "scrub" or "pinch"
    const on = (name, action, options) => canvas.addEventListener(name, action.bind(this), options);
    on("pointerdown", this.down);
    on("pointermove", this.move);
    on("pointerup", this.up);
    on("pointercancel", this.cancel);
    on("pointerleave", this.leave);
    on("wheel", this.wheel, { passive: false });
    on("dblclick", this.doubleClick);
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top, layout: laneLayout(box.width) };
  }

  down(event) {
    if (event.button !== 0) return;
    const { x, y, layout } = this.place(event);
    this.canvas.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, x);
    if (this.fingers.size === 2) this.startPinch(layout);
    else if (y < RULER_PX && x >= layout.left) this.startScrub(x, layout);
    else {
      this.mode = "press";
      this.pressX = x;
      this.pressStart = SHOWN.start;
    }
    POINTER.x = null;
    hideTip();
  }

  startScrub(x, layout) {
    this.mode = "scrub";
    PLAYER.seekToTime(timeOfX(x, layout));
  }

  startPinch(layout) {
    this.mode = "pinch";
    const [a, b] = [...this.fingers.values()];
    this.pinch = [timeOfX(a, layout), timeOfX(b, layout)];
  }

  move(event) {
    const { x, y, layout } = this.place(event);
    if (this.fingers.has(event.pointerId)) this.fingers.set(event.pointerId, x);
    if (this.mode === null) this.hover(x, y, layout);
    else if (this.mode === "scrub") PLAYER.seekToTime(timeOfX(Math.max(x, layout.left), layout));
    else if (this.mode === "pinch") this.pinchTo(layout);
    else {
      if (this.mode === "press" && Math.abs(x - this.pressX) >= DRAG_PX) this.mode = "pan";
      if (this.mode === "pan") {
        this.canvas.style.cursor = "grabbing";
        SHOWN.show(this.pressStart - ((x - this.pressX) / layout.plotPx) * SHOWN.length, SHOWN.length);
      }
    }
  }

  /** The two times stay under the two fingers. */
  pinchTo(layout) {
    const [a, b] = [...this.fingers.values()];
    const [timeA, timeB] = this.pinch;
    if (Math.abs(b - a) < 8) return;
    const length = Math.abs(((timeB - timeA) / (b - a)) * layout.plotPx);
    SHOWN.show(timeA - ((a - layout.left) / layout.plotPx) * length, length);
  }

  up(event) {
    const { x, y, layout } = this.place(event);
    if (this.mode === "press") this.click(x, y, layout);
    this.cancel(event);
  }

  cancel(event) {
    this.fingers.delete(event.pointerId);
    this.mode = null;
    this.canvas.style.cursor = "";
  }

  click(x, y, layout) {
    const hit = changeAt(x, y, layout);
    if (hit >= 0) SELECTION.choose(hit, "user");
    else if (x >= layout.left) PLAYER.seekToTime(timeOfX(x, layout));
    else {
      const lane = Math.floor((y - layout.lanesTop) / LANE_PX);
      if (lane >= 0 && lane < LANES.length) toggleKind(LANES[lane]);
    }
  }

  doubleClick(event) {
    const { x, y, layout } = this.place(event);
    const hit = changeAt(x, y, layout);
    if (hit >= 0) SHOWN.closeIn(hit);
  }

  hover(x, y, layout) {
    POINTER.x = x;
    POINTER.hit = changeAt(x, y, layout);
    const name = x < layout.left && y >= layout.lanesTop && y < layout.curvesTop;
    this.canvas.style.cursor = POINTER.hit >= 0 || name ? "pointer" : y < RULER_PX ? "ew-resize" : "";
    if (POINTER.hit >= 0) showTip(POINTER.hit, layout);
    else hideTip();
    drawLive();
  }

  leave() {
    if (this.mode !== null) return;
    POINTER.x = null;
    POINTER.hit = -1;
    hideTip();
    drawLive();
  }

  wheel(event) {
    const { x, layout } = this.place(event);
    const pixels = event.deltaMode === 1 ? 16 : 1;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      SHOWN.zoom(Math.exp(-event.deltaY * pixels * WHEEL_ZOOM), timeOfX(Math.max(x, layout.left), layout));
    } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      const way = (event.deltaX || event.deltaY) * pixels;
      SHOWN.pan((way / layout.plotPx) * SHOWN.length);
    }
  }
}

function showTip(i, layout) {
  const tip = byId("tip");
  tip.textContent = `${CHANGES.id[i]} · ${changeText(i)}`;
  tip.hidden = false;
  const lane = LANES.indexOf(CHANGES.kind[i]);
  const left = xOf(CHANGES.timeS[i], layout) - tip.offsetWidth / 2;
  tip.style.left = `${Math.min(Math.max(left, layout.left), layout.right - tip.offsetWidth)}px`;
  tip.style.top = `${layout.lanesTop + (lane + 1) * LANE_PX + 4}px`;
}

function hideTip() {
  byId("tip").hidden = true;
}

/** The strip of the whole: its window is moved and resized, a press elsewhere brings it there. */
function startOverview() {
  const canvas = byId("overview");
  let grip = null;
  const timeAt = (event) => {
    const box = canvas.getBoundingClientRect();
    return SHOWN.least + ((event.clientX - box.left) / box.width) * (SHOWN.most - SHOWN.least);
  };
  const gripAt = (event) => {
    const edge = (EDGE_PX / canvas.clientWidth) * (SHOWN.most - SHOWN.least);
    const at = timeAt(event);
    if (!SHOWN.isWhole && Math.abs(at - SHOWN.start) < edge) return "start";
    if (!SHOWN.isWhole && Math.abs(at - SHOWN.end) < edge) return "end";
    return "move";
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    const at = timeAt(event);
    grip = { kind: gripAt(event), from: at, moved: false };
    if (SHOWN.isWhole) grip.kind = "draw";
    else if (grip.kind === "move" && (at < SHOWN.start || at > SHOWN.end)) {
      SHOWN.show(at - SHOWN.length / 2, SHOWN.length);
    }
    grip.offset = at - SHOWN.start;
  });
  canvas.addEventListener("pointermove", (event) => {
    const at = timeAt(event);
    if (!grip) {
      const over = gripAt(event);
      canvas.style.cursor = over !== "move" ? "ew-resize" : SHOWN.isWhole ? "crosshair" : "grab";
    } else if (grip.kind === "move") SHOWN.show(at - grip.offset, SHOWN.length);
    else if (grip.kind === "start") SHOWN.show(Math.min(at, SHOWN.end), SHOWN.end - Math.min(at, SHOWN.end));
    else if (grip.kind === "end") SHOWN.show(SHOWN.start, Math.max(at - SHOWN.start, 0));
    else if (Math.abs(at - grip.from) * canvas.clientWidth > DRAG_PX * (SHOWN.most - SHOWN.least)) grip.to = at;
  });
  canvas.addEventListener("pointerup", () => {
    if (grip && grip.kind === "draw") {
      if (grip.to === undefined) PLAYER.seekToTime(grip.from);
      else SHOWN.show(Math.min(grip.from, grip.to), Math.abs(grip.to - grip.from));
    }
    grip = null;
  });
  canvas.addEventListener("pointercancel", () => (grip = null));
  canvas.addEventListener("dblclick", () => SHOWN.all());
  onResize(canvas, drawOverview);
}
