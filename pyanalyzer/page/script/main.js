// The page's frame: names, theme, what is said aloud; and the start of everything.

const THEMES = ["auto", "light", "dark"];
const THEME_KEY = "pyanalyzer-theme";

function storedTheme() {
  try {
    return THEMES.includes(localStorage.getItem(THEME_KEY)) ? localStorage.getItem(THEME_KEY) : "auto";
  } catch {
    return "auto"; // a page opened as a file may not remember
  }
}

function setTheme(theme) {
  if (theme === "auto") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.dataset.theme = theme;
  byId("theme").querySelector("span").textContent = theme[0].toUpperCase() + theme.slice(1);
  byId("theme").title = `Colours: ${theme} (T)`;
  byId("theme").setAttribute("aria-label", `Colours: ${theme}`);
  setTheme.now = theme;
  readTheme();
  tell("theme");
}

function changeTheme() {
  const theme = THEMES[(THEMES.indexOf(setTheme.now) + 1) % THEMES.length];
  try {
    localStorage.setItem(THEME_KEY, theme);
  } catch {
    // not remembered
  }
  setTheme(theme);
}

function showNames() {
  byId("name").textContent = VIDEO.name;
  const rate = VIDEO.rate === "0" ? "" : `${VIDEO.rate} frames/s`;
  const parts = [`${VIDEO.width_px} × ${VIDEO.height_px}`, rate, lengthText(VIDEO.duration_s), `${grouped(VIDEO.frames)} frames`];
  byId("about").textContent = parts.filter(Boolean).join(" · ");
  const settings = DATA.settings.map(([name, value]) => `${name} ${value}`).join(", ");
  byId("source").textContent =
    `pyanalyzer, weights ${DATA.model}${settings ? `, ${settings}` : ""}. Replay: SHA-256 ${VIDEO.sha256.slice(0, 16)}….`;
  const box = byId("warnings");
  box.append(...DATA.warnings.map((text) => make("li", { text })));
  box.hidden = DATA.warnings.length === 0;
}

/** While the replay plays, the change that was passed last is the chosen one. */
function follow() {
  if (!PLAYER.playing || PLAYER.looping) return;
  const place = SELECTION.placeAt(PLAYER.timeS + FRAMES.frameS / 2) - 1;
  if (place >= 0) SELECTION.choose(SELECTION.listed[place], "playing");
}

function start() {
  readTheme();
  showNames();
  startTransport();
  startOverlay();
  startTimeline();
  new LaneGestures(byId("lanes-live"));
  startOverview();
  startFilters();
  new ChangesTable();
  startEvidence();
  startStatistics();
  startKeys();
  byId("theme").addEventListener("click", changeTheme);
  setTheme(storedTheme());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => setTheme(setTheme.now));
  listen("time", (what) => what === "frame" && follow());
  listen("chosen", (why) => {
    if (why === "user") byId("spoken").textContent = SELECTION.chosen >= 0 ? changeText(SELECTION.chosen) : "";
  });
  // The replay inside the page stands after this script: it is there when all has been read.
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", openReplay);
  else openReplay();
  document.documentElement.dataset.started = String(Math.round(performance.now()));
}

start();
