// The evidence of the chosen change: what, where, how sure; the picture before and after, the blocks
// that changed, the arrows, and the frames that the network took for the onset.

const CARDS = new Map(DATA.cards.map((card) => [card.id, card]));

function showEvidence() {
  const box = byId("evidence");
  const i = SELECTION.chosen;
  if (i < 0) {
    box.replaceChildren(emptyEvidence());
    return;
  }
  const card = CARDS.get(CHANGES.id[i]);
  showEvidence.withPicture = PLAYER.ready;
  box.replaceChildren(evidenceHead(i), evidenceFacts(i), ...evidencePictures(i, card), ...evidenceScores(i, card));
  drawEvidence(i, card);
}

function emptyEvidence() {
  const text = CHANGES.count
    ? "Choose a change in the timeline or in the table, or press → to go to the next one."
    : "No change of the player’s action was found in this replay.";
  return make("p", { class: "hint empty", text });
}

function evidenceHead(i) {
  const kind = KINDS[CHANGES.kind[i]];
  return make(
    "div",
    { class: `what kind-${kind}${CHANGES.cause[i] === WORLD ? " cause-world" : ""}` },
    make("i"),
    make("h2", { text: `${kind} ` }, make("small", { text: `change ${grouped(CHANGES.id[i])}` })),
    make("b", { class: "sure", text: percentText(CHANGES.confidence[i]), title: "calibrated confidence" }),
  );
}

function evidenceFacts(i) {
  const [x, y, w, h] = CHANGES.region(i);
  const interval = `${CHANGES.first[i]} to ${CHANGES.end[i] - 1} with 95 %`;
  const rows = [
    ["When", `${clockText(CHANGES.timeS[i])} · frame ${CHANGES.frame[i]} (${interval})`],
    ["Where", `${placeOf(i)} · ${w} × ${h} px at ${x}, ${y}`],
    ["Motion", `${arrowed(i)} px/s`],
  ];
  if (CHANGES.cause.includes(WORLD)) rows.push(["Cause", CAUSES[CHANGES.cause[i]]]);
  const list = make("dl");
  for (const [name, text] of rows) list.append(make("dt", { text: name }), make("dd", { text }));
  return list;
}

function evidencePictures(i, card) {
  if (!card) return PLAYER.ready ? peekPictures(i) : [];
  const picture = (name, frame, source) =>
    make(
      "figure",
      {},
      make(
        "div",
        { class: "crop" },
        make("img", { src: source, alt: `The region ${name} the change`, width: card.image_px[0], height: card.image_px[1] }),
        make("img", { class: "blocks", src: card.changed, alt: "", hidden: true }),
        make("canvas", { class: `arrows ${name}`, "aria-hidden": "true" }),
      ),
      make("figcaption", { text: `${name}, frame ${frame}` }),
    );
  const blocks = make("label", { class: "switch" }, make("input", { type: "checkbox", checked: showEvidence.blocks }), " changed blocks");
  blocks.firstChild.addEventListener("change", (event) => {
    showEvidence.blocks = event.target.checked;
    for (const map of byId("evidence").querySelectorAll(".blocks")) map.hidden = !showEvidence.blocks;
  });
  const pictures = make(
    "div",
    { class: "pictures" },
    picture("before", card.before_frame, card.before),
    picture("after", card.after_frame, card.after),
  );
  for (const map of pictures.querySelectorAll(".blocks")) map.hidden = !showEvidence.blocks;
  const aligned = card.aligned ? "“after” is brought onto “before” by the motion of the view" : "as they were: the two pictures cannot be aligned";
  return [pictures, make("p", { class: "hint" }, blocks, ` · ${aligned}`)];
}
showEvidence.blocks = true;

/** Pictures of before and after from the replay itself. */
function peekPictures(i) {
  const [, , width, height] = cropAround(i);
  const scale = Math.min(480 / width, 1);
  const size = { width: Math.round(width * scale), height: Math.round(height * scale) };
  const canvases = { before: make("canvas", size), after: make("canvas", size) };
  const frames = peekFrames(i);
  const figure = (name) =>
    make(
      "figure",
      {},
      make("div", { class: "crop peek" }, canvases[name], make("canvas", { class: `arrows ${name}`, "aria-hidden": "true" })),
      make("figcaption", { text: `${name}, frame ${frames[name]}` }),
    );
  const pictures = make("div", { class: "pictures" }, figure("before"), figure("after"));
  peek(i, canvases);
  return [pictures, make("p", { class: "hint", text: "Taken from the replay as they are." })];
}

/** The score of each frame around the onset, from the card or from the curves of all frames. */
function scoresAround(i, card) {
  if (card && card.score_frames.length) {
    return { frames: card.score_frames, scores: card.scores, rivals: card.rivals };
  }
  const lane = CURVES.find((found) => found.name === "score");
  if (!lane) return null;
  const curve = lane.lines[0][0];
  const frames = [];
  for (let frame = CHANGES.frame[i] - 15; frame <= CHANGES.frame[i] + 15; frame++) {
    if (frame >= FRAMES.first && frame <= FRAMES.last) frames.push(frame);
  }
  return { frames, scores: frames.map((frame) => curve.at(frame - FRAMES.first)), rivals: [] };
}

function evidenceScores(i, card) {
  const found = scoresAround(i, card);
  if (!found) return [];
  const rivals = found.rivals.slice(0, 3).map(({ frame, score }) => `frame ${frame} (${percentText(score)})`);
  const text = rivals.length ? `The network’s other guesses: ${rivals.join(", ")}.` : "No other frame is a rival.";
  const figure = make(
    "figure",
    { class: "scores" },
    make("canvas", { id: "scores", "aria-hidden": "true" }),
    make("figcaption", { text: `Score of each frame around the onset, and the 95 % interval. ${card ? text : ""}` }),
  );
  figure.firstChild.addEventListener("click", (event) => {
    const share = event.offsetX / event.target.clientWidth;
    const place = Math.min(Math.floor(share * found.frames.length), found.frames.length - 1);
    PLAYER.seekTo(found.frames[place]);
  });
  return [figure];
}

function drawEvidence(i, card) {
  for (const canvas of byId("evidence").querySelectorAll(".arrows")) drawCropArrow(canvas, i, card);
  drawScores(i, card);
}

/** The motion in a crop: before it in the first picture, after it in the second. */
function drawCropArrow(canvas, i, card) {
  const made = fresh(canvas);
  if (!made) return;
  const { context, width, height } = made;
  const [x, y, w, h] = CHANGES.region(i);
  const crop = card ? card.crop_px : cropAround(i);
  const scale = width / crop[2];
  const middle = [(x - crop[0] + w / 2) * scale, (y - crop[1] + h / 2) * scale];
  const limits = [18, 0.4 * Math.min(width, height) + 12];
  const after = canvas.classList.contains("after");
  const motion = after ? CHANGES.after(i) : CHANGES.before(i);
  drawArrow(context, middle, motion, scale, limits, after ? overlayColour(i) : null);
}

function drawScores(i, card) {
  const canvas = byId("scores");
  const found = scoresAround(i, card);
  const made = canvas && found && fresh(canvas);
  if (!made) return;
  const { context, width, height } = made;
  const bottom = height - 15;
  // A fast analysis leaves frames out: the bar of one that it looked at is then that much wider.
  const [first, last, count] = [found.frames[0], found.frames.at(-1), found.frames.length];
  const apart = count > 1 ? (last - first) / (count - 1) : 1;
  const step = width / (last - first + apart);
  const wide = apart * step;
  const xAt = (frame) => (frame - first) * step;
  context.fillStyle = colourOf(i);
  context.globalAlpha = 0.14;
  context.fillRect(xAt(CHANGES.first[i]), 0, (CHANGES.end[i] - CHANGES.first[i]) * step, bottom);
  context.globalAlpha = 1;
  const rivals = new Set(found.rivals.map(({ frame }) => frame));
  found.frames.forEach((frame, k) => {
    const tall = Math.max(found.scores[k] * (bottom - 2), 1);
    context.fillStyle = frame === CHANGES.frame[i] ? colourOf(i) : rivals.has(frame) ? INK.ink : INK.soft;
    context.globalAlpha = frame === CHANGES.frame[i] || rivals.has(frame) ? 1 : 0.55;
    context.fillRect(xAt(frame) + 0.5, bottom - tall, Math.max(wide - 1, 1), tall);
  });
  context.globalAlpha = 1;
  context.fillStyle = INK.bad;
  const now = xAt(PLAYER.frame) + wide / 2;
  if (now >= 0 && now <= width) context.fillRect(now - 0.75, 0, 1.5, bottom);
  drawScoreAxis(context, i, found, xAt, wide, width, height);
}

function drawScoreAxis(context, i, found, xAt, bar, width, height) {
  context.fillStyle = INK.soft;
  const labels = [found.frames[0], CHANGES.frame[i], found.frames.at(-1)];
  labels.forEach((frame, k) => {
    const text = String(frame);
    const wide = context.measureText(text).width;
    const x = xAt(frame) + bar / 2 - wide / 2;
    context.fillText(text, k === 0 ? 0 : k === 2 ? width - wide : x, height - 6);
  });
}

function startEvidence() {
  listen("chosen", showEvidence);
  listen("theme", showEvidence);
  listen("time", (what) => {
    if (SELECTION.chosen < 0) return;
    if (what === "frame") drawScoresSoon();
    else if (PLAYER.ready !== showEvidence.withPicture) showEvidence();
  });
  onResize(byId("evidence"), once(() => SELECTION.chosen >= 0 && drawEvidence(SELECTION.chosen, CARDS.get(CHANGES.id[SELECTION.chosen]))));
  showEvidence();
}

const drawScoresSoon = once(() => {
  if (SELECTION.chosen >= 0) drawScores(SELECTION.chosen, CARDS.get(CHANGES.id[SELECTION.chosen]));
});
