// The buttons under the picture, the file to play, and what is said where there is none.

const SPEEDS = [...byId("speed").options].map((option) => Number(option.value));

function setSpeed(speed) {
  PLAYER.exactly.setRate(speed);
  byId("speed").value = String(speed);
}

/** The next slower or faster speed. */
function changeSpeed(step) {
  const place = SPEEDS.indexOf(Number(byId("speed").value)) + step;
  const speed = SPEEDS[Math.min(Math.max(place, 0), SPEEDS.length - 1)];
  setSpeed(speed);
  const note = byId("speed-note");
  note.textContent = `${speed}×`;
  note.hidden = false;
  clearTimeout(changeSpeed.timer);
  changeSpeed.timer = setTimeout(() => (note.hidden = true), 700);
}

function toggleMute() {
  PLAYER.video.muted = !PLAYER.video.muted;
  showTransport();
}

function toggleLoop() {
  PLAYER.setLooping(!PLAYER.looping);
}

function toggleFull() {
  const watch = byId("watch");
  if (document.fullscreenElement) document.exitFullscreen();
  else if (watch.requestFullscreen) watch.requestFullscreen();
  else if (PLAYER.video.webkitEnterFullscreen) PLAYER.video.webkitEnterFullscreen();
}

const icon = (button, name) => byId(button).querySelector("use").setAttribute("href", `#i-${name}`);

/** Buttons that show a state. */
function showTransport() {
  const { playing, ready } = PLAYER;
  icon("play", playing ? "pause" : "play");
  byId("play").setAttribute("aria-label", playing ? "Pause" : "Play");
  byId("play").disabled = !ready;
  byId("loop").setAttribute("aria-pressed", PLAYER.looping);
  icon("sound", PLAYER.video.muted ? "mute" : "sound");
  byId("sound").setAttribute("aria-pressed", PLAYER.video.muted);
}

function showClock() {
  byId("now").textContent = clockText(PLAYER.timeS);
  byId("frame").textContent = `frame ${PLAYER.frame}`;
}

/** Plays the file inside the page, or the one that it points to. */
function openReplay() {
  const text = byId("embedded").textContent;
  if (text) PLAYER.open(URL.createObjectURL(new Blob([bytesOf(text)], { type: DATA.replay.type })));
  else PLAYER.open(DATA.replay.href);
}

function bytesOf(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const signs = atob(text);
  const bytes = new Uint8Array(signs.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = signs.charCodeAt(i);
  return bytes;
}

/** The picture cannot be shown: why, and what can be done. */
function missing() {
  const unknown = PLAYER.video.error && PLAYER.video.error.code === MediaError.MEDIA_ERR_DECODE;
  const why = unknown || byId("embedded").textContent
    ? `This browser cannot play ${DATA.replay.name}. Another browser may, or a copy of it as H.264 in MP4.`
    : `${DATA.replay.name} does not lie where this page expects it (${decodeURI(DATA.replay.href)}), or this browser cannot play it.`;
  byId("missing-why").textContent = why;
  byId("missing").hidden = false;
  PLAYER.ready = false;
  byId("stage").classList.add("empty");
  tell("time", "state");
}

function openFile(file) {
  if (!file) return;
  byId("missing").hidden = true;
  byId("stage").classList.remove("empty");
  PLAYER.open(URL.createObjectURL(file));
}

function startTransport() {
  const click = (id, action) => byId(id).addEventListener("click", action);
  click("previous", () => SELECTION.go(-1, PLAYER.timeS));
  click("next", () => SELECTION.go(1, PLAYER.timeS));
  click("back", () => PLAYER.step(-1));
  click("forward", () => PLAYER.step(1));
  click("play", () => PLAYER.toggle());
  click("loop", toggleLoop);
  click("sound", toggleMute);
  click("full", toggleFull);
  byId("overlay").addEventListener("click", () => PLAYER.toggle());
  byId("speed").addEventListener("change", (event) => setSpeed(Number(event.target.value)));
  byId("total").textContent = ` / ${clockText(SPAN_END_S)}`;
  PLAYER.video.addEventListener("error", missing);
  byId("file").addEventListener("change", (event) => openFile(event.target.files[0]));
  const stage = byId("stage");
  stage.style.aspectRatio = `${VIDEO.width_px} / ${VIDEO.height_px}`;
  stage.addEventListener("dragover", (event) => event.preventDefault());
  stage.addEventListener("drop", (event) => {
    event.preventDefault();
    openFile(event.dataTransfer.files[0]);
  });
  listen("time", (what) => (what === "state" ? showTransport() : showClock()));
  listen("chosen", (why) => {
    if (why !== "user" || SELECTION.chosen < 0) return;
    PLAYER.seekTo(CHANGES.frame[SELECTION.chosen]);
  });
  showTransport();
  showClock();
}
