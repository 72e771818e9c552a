// Over the picture: the regions of the changes around this frame as blocks in their kind's colour,
// and arrows for the motion before (outlined) and after (filled).

const COMING_S = 0.3; // a change is announced so long before its onset
const PASSING_S = 0.7; // and stays visible so long after it
const MOST_DRAWN = 8; // at a time: more is a thicket; the most confident ones stay
const MOST_LABELS = 3; // of changes of the whole picture, one below the other
const ARROW_S = 0.22; // an arrow is as long as the way that is moved in this time
const ARROW_MIN = 0.045; // shares of the picture's width
const ARROW_MAX = 0.28;
const ARROW_SLOWEST_PX_S = 2; // below it a motion has no direction worth showing

/** The changes to draw at a time, with how strongly, 0..1. */
function changesAround(timeS) {
  const slack = FRAMES.frameS / 4;
  const first = SELECTION.placeAt(timeS - PASSING_S);
  const end = SELECTION.placeAt(timeS + COMING_S);
  const found = [];
  for (let place = first; place < end; place++) {
    const i = SELECTION.listed[place];
    const age = timeS - CHANGES.timeS[i] + slack;
    const strength = age >= 0 ? 1 - (age / PASSING_S) ** 2 : 0.7 * (1 + age / COMING_S);
    if (strength > 0.03) found.push({ i, strength: Math.min(strength, 1), coming: age < 0 });
  }
  found.sort((a, b) => CHANGES.confidence[b.i] - CHANGES.confidence[a.i]);
  const drawn = found.slice(0, MOST_DRAWN).sort((a, b) => a.i - b.i);
  const wholes = drawn.filter(({ i }) => wholePicture(i));
  const lead = leadOf(wholes);
  for (const change of wholes) change.aside = change !== lead;
  const unlabelled = new Set(wholes.filter((change) => change.aside).slice(0, -MOST_LABELS + 1 || undefined));
  return drawn.filter((change) => !unlabelled.has(change));
}

const wholePicture = (i) => isWhole(CHANGES.region(i), VIDEO.width_px, VIDEO.height_px);

/** Of changes of the whole picture one alone has frame and arrows: the chosen or the latest. */
function leadOf(wholes) {
  const past = wholes.filter(({ coming }) => !coming);
  return wholes.find(({ i }) => i === SELECTION.chosen) || past.at(-1) || wholes[0];
}

/** Where the picture lies in its box: left, top and px per px of the replay. */
function pictureBox(width, height) {
  const scale = Math.min(width / VIDEO.width_px, height / VIDEO.height_px);
  return {
    left: (width - VIDEO.width_px * scale) / 2,
    top: (height - VIDEO.height_px * scale) / 2,
    scale,
  };
}

const OVERLAY = { shown: true, draw: once(drawOverlay) };

function drawOverlay() {
  const made = fresh(byId("overlay"));
  if (!made || !OVERLAY.shown) return;
  const { context, width, height } = made;
  const box = pictureBox(width, height);
  const labels = [];
  for (const drawn of changesAround(PLAYER.timeS)) {
    const [x, y, w, h] = CHANGES.region(drawn.i);
    const place = {
      x: box.left + x * box.scale,
      y: box.top + y * box.scale,
      w: w * box.scale,
      h: h * box.scale,
      whole: isWhole([x, y, w, h], VIDEO.width_px, VIDEO.height_px),
    };
    const colour = overlayColour(drawn.i);
    context.globalAlpha = drawn.strength;
    if (!drawn.aside) {
      drawBlock(context, place, colour, drawn);
      if (!drawn.coming || drawn.i === SELECTION.chosen) drawMotions(context, place, colour, drawn, box.scale);
    }
    drawLabel(context, place, colour, drawn, box, labels);
  }
  context.globalAlpha = 1;
}

/** Over a picture neither theme rules: the kinds' own bright colours. */
function overlayColour(i) {
  const name = CHANGES.cause[i] === WORLD ? "world" : KINDS[CHANGES.kind[i]];
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function drawBlock(context, { x, y, w, h, whole }, colour, { coming, i, strength }) {
  const line = whole ? 5 : i === SELECTION.chosen ? 3 : 2;
  const inset = line / 2 + (whole ? 0 : 0.5);
  const box = [x + inset, y + inset, Math.max(w - 2 * inset, 2), Math.max(h - 2 * inset, 2)];
  if (!coming) {
    context.globalAlpha = strength * (whole ? 0.1 : 0.34);
    context.fillStyle = colour;
    context.fillRect(x, y, w, h);
  }
  context.globalAlpha = strength;
  context.setLineDash(coming ? [7, 5] : []);
  if (!whole) {
    context.lineWidth = line + 2;
    context.strokeStyle = "rgb(0 0 0 / .55)";
    context.strokeRect(...box);
  }
  context.lineWidth = line;
  context.strokeStyle = colour;
  context.strokeRect(...box);
  context.setLineDash([]);
}

function drawMotions(context, { x, y, w, h }, colour, { coming, i }, scale) {
  const middle = [x + w / 2, y + h / 2];
  const limits = [ARROW_MIN * VIDEO.width_px * scale, ARROW_MAX * VIDEO.width_px * scale];
  drawArrow(context, middle, CHANGES.before(i), scale, limits, null);
  if (!coming) drawArrow(context, middle, CHANGES.after(i), scale, limits, colour);
}

/** Away from a place, filled; or, ``colour`` null, towards it in outline: the motion before. */
function drawArrow(context, [x, y], [vx, vy], scale, [least, most], colour) {
  const speed = Math.hypot(vx, vy);
  if (speed < ARROW_SLOWEST_PX_S) {
    drawStill(context, x, y, colour);
    return;
  }
  const length = Math.min(Math.max(speed * ARROW_S * scale, least), most);
  const thick = Math.min(Math.max(length * 0.09, 3), 8);
  const head = Math.min(3.2 * thick, length * 0.6);
  context.save();
  context.translate(x, y);
  context.rotate(Math.atan2(vy, vx));
  if (!colour) context.translate(-length, 0);
  context.beginPath();
  context.moveTo(0, -thick / 2);
  context.lineTo(length - head, -thick / 2);
  context.lineTo(length - head, -1.5 * thick);
  context.lineTo(length, 0);
  context.lineTo(length - head, 1.5 * thick);
  context.lineTo(length - head, thick / 2);
  context.lineTo(0, thick / 2);
  context.closePath();
  context.lineJoin = "round";
  context.lineWidth = colour ? 3 : 3.5;
  context.strokeStyle = "rgb(0 0 0 / .7)";
  context.stroke();
  if (colour) {
    context.fillStyle = colour;
    context.fill();
  }
  context.lineWidth = 1.4;
  context.strokeStyle = "#fff";
  context.stroke();
  context.restore();
}

/** No motion: a dot after the change, a ring before it. */
function drawStill(context, x, y, colour) {
  context.beginPath();
  context.arc(x, y, colour ? 4 : 7, 0, 2 * Math.PI);
  context.lineWidth = 3.5;
  context.strokeStyle = "rgb(0 0 0 / .7)";
  context.stroke();
  if (colour) {
    context.fillStyle = colour;
    context.fill();
  }
  context.lineWidth = 1.4;
  context.strokeStyle = "#fff";
  context.stroke();
}

/** Number, kind and confidence; ``labels`` are those drawn already, which none may cover. */
function drawLabel(context, { x, y, whole }, colour, { i, strength }, box, labels) {
  const text = `${CHANGES.id[i]} ${KINDS[CHANGES.kind[i]]} ${percentText(CHANGES.confidence[i])}`;
  context.font = "600 12px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";
  const width = context.measureText(text).width + 22;
  const right = box.left + VIDEO.width_px * box.scale;
  const left = Math.max(Math.min(whole ? x + 10 : x, right - width - 4), box.left + 2);
  const upwards = !whole && y >= box.top + 22;
  let top = whole ? y + 10 : upwards ? y - 20 : y + 3;
  const covers = (other) => Math.abs(other.top - top) < 21 && left < other.right && other.left < left + width;
  for (let tries = 0; tries < labels.length && labels.some(covers); tries++) top += upwards ? -23 : 23;
  labels.push({ left, top, right: left + width });
  context.globalAlpha = Math.min(1, strength + 0.25);
  context.fillStyle = "rgb(14 17 20 / .84)";
  context.beginPath();
  context.roundRect(left, top, width, 20, 4);
  context.fill();
  context.fillStyle = colour;
  context.beginPath();
  context.arc(left + 10, top + 10, 4, 0, 2 * Math.PI);
  context.fill();
  context.fillStyle = "#fff";
  context.fillText(text, left + 18, top + 10.5);
}

function startOverlay() {
  onResize(byId("stage"), OVERLAY.draw);
  // In step with the picture: at once when a frame is shown, not one later.
  listen("time", (what) => what === "frame" && drawOverlay());
  listen("listed chosen", OVERLAY.draw);
  byId("drawn").addEventListener("click", toggleOverlay);
}

function toggleOverlay() {
  OVERLAY.shown = !OVERLAY.shown;
  byId("drawn").setAttribute("aria-pressed", OVERLAY.shown);
  drawOverlay();
}
