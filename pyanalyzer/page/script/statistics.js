// What the listed changes say together: numbers, changes per minute over time, lengths of spells,
// and where in the picture they are.

const MOST_RATE_BINS = 60;
const LEAST_RATE_BIN_S = 1; // below it a rate per minute means little
// Borders of the lengths of spells, s: each a third more than the one before it.
const SPELL_BORDERS_S = [0, 0.1, 0.14, 0.2, 0.28, 0.4, 0.56, 0.8, 1.1, 1.6, 2.2, 3.2, 4.5, 6.4, 9, 13, 18, 26, 36, 60];

/** Stretches between changes; the start and the end of the replay bound them too. */
function spellsListed() {
  const spells = [];
  let before = SPAN_START_S;
  for (const i of SELECTION.listed) {
    spells.push([before, CHANGES.timeS[i]]);
    before = CHANGES.timeS[i];
  }
  spells.push([before, SPAN_END_S]);
  return spells;
}

function median(values) {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function makeStatistics() {
  const figure = (id, title, about) =>
    make("figure", {}, make("h3", { text: title }), make("canvas", { id, role: "img", "aria-label": title }), make("figcaption", { id: about }));
  byId("statistics").append(
    make("div", { class: "head" }, make("h2", { text: "Statistics" }), make("p", { class: "hint", text: "Of what is listed." })),
    make("div", { id: "tiles" }),
    make(
      "div",
      { class: "charts" },
      figure("rate", "Changes per minute over time", "rate-about"),
      figure("spells", "Lengths of spells between changes", "spells-about"),
      figure("heat", "Where the changes are", "heat-about"),
    ),
  );
  byId("rate").addEventListener("click", (event) => {
    const share = (event.offsetX - SCALE_PX) / (event.target.clientWidth - SCALE_PX);
    if (share >= 0) PLAYER.seekToTime(SPAN_START_S + share * (SPAN_END_S - SPAN_START_S));
  });
  // The heat map has the picture's form, within limits.
  const ratio = Math.min(Math.max(VIDEO.width_px / VIDEO.height_px, 0.6), 2.4);
  byId("heat").style.aspectRatio = String(ratio);
}

function showTiles(spells) {
  const lengths = spells.map(([start, end]) => end - start);
  const longest = spells.reduce((a, b) => (b[1] - b[0] > a[1] - a[0] ? b : a));
  const count = SELECTION.listed.length;
  const perMinute = (number) => (SPAN_MINUTES > 0 ? rateText(number / SPAN_MINUTES) : "–");
  const tiles = [
    [grouped(count), count === 1 ? "change" : "changes"],
    [perMinute(count), "per minute"],
    [lengthText(median(lengths)), "median spell"],
    [lengthText(longest[1] - longest[0]), `longest, from ${clockText(longest[0], 1)}`],
    [rateText(SELECTION.expectedFalse), `expected false (${perMinute(SELECTION.expectedFalse)} per minute)`],
  ];
  byId("tiles").replaceChildren(...tiles.map(([number, text]) => make("div", {}, make("b", { text: number }), make("span", { text }))));
}

function showRate() {
  const length = Math.max(SPAN_END_S - SPAN_START_S, 1e-6);
  const count = Math.min(Math.max(Math.round(length / LEAST_RATE_BIN_S), 1), MOST_RATE_BINS);
  const bins = Array.from({ length: count }, () => new Array(KINDS.length).fill(0));
  const perMinute = (60 * count) / length;
  for (const i of SELECTION.listed) {
    const bin = Math.min(Math.floor(((CHANGES.timeS[i] - SPAN_START_S) / length) * count), count - 1);
    bins[Math.max(bin, 0)][CHANGES.kind[i]] += perMinute;
  }
  const canvas = byId("rate");
  const { ticks } = timeTicks(SPAN_START_S, SPAN_END_S, canvas.clientWidth - SCALE_PX, 90);
  const labels = ticks.map(({ timeS, label }) => ({ share: (timeS - SPAN_START_S) / length, text: label }));
  drawBars(canvas, bins, KINDS.map((kind) => KIND_HEX[kind]), labels);
  byId("rate-about").textContent = `In steps of ${lengthText(length / count)}, by kind. A click goes there.`;
}

function showSpells(spells) {
  const bins = SPELL_BORDERS_S.map(() => [0]);
  for (const [start, end] of spells) {
    bins[upperBound(SPELL_BORDERS_S, Math.max(end - start, 0)) - 1][0] += 1;
  }
  const labels = SPELL_BORDERS_S.flatMap((border, k) => {
    const last = k === bins.length - 1;
    const text = last ? "1 min +" : `${border} s`;
    return last || (k % 4 === 1 && k < bins.length - 4) ? [{ share: (k + 0.5) / bins.length, text }] : [];
  });
  drawBars(byId("spells"), bins, [INK.good], labels);
  byId("spells-about").textContent = `How long the player’s action stayed the same; ${counted(spells.length, "spell")}.`;
}

function showHeat() {
  const rows = Math.max(Math.round((HEAT_COLUMNS * VIDEO.height_px) / VIDEO.width_px), 4);
  const sums = new BoxSums(HEAT_COLUMNS, rows);
  let whole = 0;
  for (const i of SELECTION.listed) {
    const [x, y, w, h] = CHANGES.region(i);
    if (isWhole([x, y, w, h], VIDEO.width_px, VIDEO.height_px)) {
      whole += 1;
      continue;
    }
    const column = (px) => (px / VIDEO.width_px) * HEAT_COLUMNS;
    const row = (px) => (px / VIDEO.height_px) * rows;
    const [left, top] = [Math.floor(column(x)), Math.floor(row(y))];
    const right = Math.min(Math.max(Math.ceil(column(x + w)), left + 1), HEAT_COLUMNS);
    const bottom = Math.min(Math.max(Math.ceil(row(y + h)), top + 1), rows);
    sums.add(left, top, right, bottom, CHANGES.confidence[i]);
  }
  drawHeat(byId("heat"), sums.cells(), HEAT_COLUMNS, rows);
  const local = SELECTION.listed.length - whole;
  const without = whole ? `; ${counted(whole, "change")} of the whole picture not drawn` : "";
  byId("heat-about").textContent = `The picture’s area; the stronger, the more changes there (${counted(local, "region")}${without}).`;
}

const drawStatistics = once(() => {
  const spells = spellsListed();
  showTiles(spells);
  showRate();
  showSpells(spells);
  showHeat();
});

function startStatistics() {
  makeStatistics();
  listen("listed theme", drawStatistics);
  onResize(byId("statistics"), drawStatistics);
}
