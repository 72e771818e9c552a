// What is listed: by kind, by cause, by confidence. The slider says what a threshold costs: the
// confidences are calibrated, so the sum of 1 - confidence is the number of false ones to expect.

const HISTOGRAM_BINS = 50;

/** How many changes a kind or cause has in all. */
function countWhere(column, value) {
  let count = 0;
  for (let i = 0; i < CHANGES.count; i++) count += column[i] === value ? 1 : 0;
  return count;
}

function toggleKind(kind) {
  SELECTION.filter((s) => (s.kinds[kind] = !s.kinds[kind]));
}

/** Only this kind; or all again, if it is the only one already. */
function onlyKind(kind) {
  SELECTION.filter((s) => {
    const alone = s.kinds.every((on, k) => on === (k === kind));
    s.kinds = KINDS.map((_, k) => alone || k === kind);
  });
}

function makeKindButtons() {
  KINDS.forEach((name, kind) => {
    const count = countWhere(CHANGES.kind, kind);
    const button = make(
      "button",
      {
        type: "button",
        class: `chip kind-${name}`,
        title: `${name} (${kind + 1}); double-click: only this`,
        disabled: count === 0,
        onclick: () => toggleKind(kind),
        ondblclick: () => onlyKind(kind),
      },
      make("i"),
      make("span", { text: name }),
      make("small", { text: grouped(count) }),
    );
    byId("kinds").append(button);
  });
}

function makeCauseButtons() {
  const counts = CAUSES.map((_, cause) => countWhere(CHANGES.cause, cause));
  if (counts.filter((count) => count > 0).length < 2) return;
  CAUSES.forEach((name, cause) => {
    const toggle = () => SELECTION.filter((s) => (s.causes[cause] = !s.causes[cause]));
    const button = make(
      "button",
      { type: "button", class: `chip cause-${name}`, title: `Whose changes: the ${name}’s`, onclick: toggle },
      make("span", { text: name }),
      make("small", { text: grouped(counts[cause]) }),
    );
    byId("causes").append(button);
  });
}

/** The slider's steps are whole percent, so that a threshold can be given to --min-confidence. */
function startSlider() {
  const slider = byId("least");
  let lowest = 1;
  for (const confidence of CHANGES.confidence) lowest = Math.min(lowest, confidence);
  slider.min = CHANGES.count ? Math.floor(100 * lowest) : 0;
  slider.value = slider.min;
  slider.addEventListener("input", () => {
    const least = Number(slider.value) <= Number(slider.min) ? 0 : Number(slider.value) / 100;
    SELECTION.filter((s) => (s.least = least));
  });
}

function showFilters() {
  KINDS.forEach((_, kind) => byId("kinds").children[kind].setAttribute("aria-pressed", SELECTION.kinds[kind]));
  [...byId("causes").children].forEach((button, cause) => {
    button.setAttribute("aria-pressed", SELECTION.causes[cause]);
  });
  const slider = byId("least");
  byId("least-value").textContent = `${slider.value}%`;
  const perMinute = SPAN_MINUTES > 0 ? SELECTION.expectedFalse / SPAN_MINUTES : 0;
  const falseText = `about ${rateText(perMinute)} false per minute`;
  byId("expected").textContent = SELECTION.listed.length ? falseText : "nothing is listed";
  slider.setAttribute("aria-valuetext", `${slider.value} percent, ${falseText}`);
  const all = SELECTION.listed.length === CHANGES.count;
  byId("listed").textContent = all
    ? `all ${counted(CHANGES.count, "change")} listed`
    : `${grouped(SELECTION.listed.length)} of ${counted(CHANGES.count, "change")} listed`;
  drawHistogram();
}

/** Behind the slider: how many changes there are of each confidence. */
const drawHistogram = once(() => {
  const made = fresh(byId("histogram"));
  if (!made) return;
  const { context, width, height } = made;
  const slider = byId("least");
  const [from, to] = [Number(slider.min) / 100, 1];
  const bins = new Float64Array(HISTOGRAM_BINS);
  for (let i = 0; i < CHANGES.count; i++) {
    if (!SELECTION.kinds[CHANGES.kind[i]] || !SELECTION.causes[CHANGES.cause[i]]) continue;
    const share = (CHANGES.confidence[i] - from) / Math.max(to - from, 1e-9);
    bins[Math.min(Math.max(Math.floor(share * HISTOGRAM_BINS), 0), HISTOGRAM_BINS - 1)] += 1;
  }
  const highest = Math.max(...bins, 1);
  bins.forEach((count, bin) => {
    if (count === 0) return;
    const tall = Math.max((count / highest) * height, 1.5);
    const above = from + ((bin + 1) / HISTOGRAM_BINS) * (to - from) > SELECTION.least;
    context.fillStyle = above ? INK.good : INK.line;
    context.fillRect((bin * width) / HISTOGRAM_BINS, height - tall, width / HISTOGRAM_BINS - 1, tall);
  });
});

function startFilters() {
  makeKindButtons();
  makeCauseButtons();
  startSlider();
  listen("listed theme", showFilters);
  onResize(byId("histogram"), drawHistogram);
  showFilters();
}
