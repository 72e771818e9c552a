// Pictures before and after of changes without a card: taken from the replay itself, by a second
// player that nobody sees. They are as they were, not brought onto each other.

const PEEK_AFTER_S = 0.1; // as the cards' picture of after
const PEEK_MARGIN = 0.6; // of the region's size, around it
const PEEK_LEAST_PX = 96; // of the replay: smaller crops show too little to know the place

const PEEK = { video: null, job: null };

/** The part of the picture around a change's region. */
function cropAround(i) {
  const [x, y, w, h] = CHANGES.region(i);
  const wide = Math.min(Math.max(w * (1 + PEEK_MARGIN), PEEK_LEAST_PX), VIDEO.width_px);
  const high = Math.min(Math.max(h * (1 + PEEK_MARGIN), PEEK_LEAST_PX), VIDEO.height_px);
  const left = Math.min(Math.max(x + w / 2 - wide / 2, 0), VIDEO.width_px - wide);
  const top = Math.min(Math.max(y + h / 2 - high / 2, 0), VIDEO.height_px - high);
  return [left, top, wide, high].map(Math.round);
}

/** The last frame before the onset, and one 0.1 s after it but before the next change. */
function peekFrames(i) {
  const after = FRAMES.frameAt(CHANGES.timeS[i] + PEEK_AFTER_S);
  const next = i + 1 < CHANGES.count ? Math.max(CHANGES.frame[i + 1] - 1, CHANGES.frame[i]) : after;
  return { before: Math.max(CHANGES.frame[i] - 1, 0), after: Math.min(after, next) };
}

/** Draws the two pictures when they are found, unless another change is chosen meanwhile. */
async function peek(i, canvases) {
  const job = { i };
  PEEK.job = job;
  const video = await peekVideo();
  const [x, y, w, h] = cropAround(i);
  for (const [name, canvas] of Object.entries(canvases)) {
    if (PEEK.job !== job) return;
    video.currentTime = Math.max(0, FRAMES.insideOf(peekFrames(i)[name]) + PLAYER.originS);
    do await new Promise((found) => video.addEventListener("seeked", found, { once: true }));
    while (video.seeking); // that was the end of an earlier seek
    if (PEEK.job !== job) return;
    // A file may be coded at another size than it is shown at.
    const [sx, sy] = [video.videoWidth / VIDEO.width_px, video.videoHeight / VIDEO.height_px];
    canvas.getContext("2d").drawImage(video, x * sx, y * sy, w * sx, h * sy, 0, 0, canvas.width, canvas.height);
    canvas.dataset.frame = peekFrames(i)[name];
  }
}

/** The second player, with the file that the first one plays. */
async function peekVideo() {
  if (!PEEK.video) PEEK.video = make("video", { preload: "auto", playsinline: true });
  const { video } = PEEK;
  video.muted = true;
  if (video.src !== PLAYER.video.src) video.src = PLAYER.video.src;
  if (video.readyState < 2) {
    await new Promise((loaded) => video.addEventListener("loadeddata", loaded, { once: true }));
  }
  return video;
}
