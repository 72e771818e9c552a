"""Style and script of the page that shows a comparison: light and dark, from a phone's width on."""

from __future__ import annotations

STYLE = """
:root { color-scheme: light dark; --paper: #f7f7f5; --card: #fff; --ink: #1c2126; --soft: #5a646e;
  --line: #dcdfe3; }
@media (prefers-color-scheme: dark) { :root { --paper: #121518; --card: #1b1f24; --ink: #e9ebee;
  --soft: #a2abb5; --line: #343a42; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1200px; margin: 0 auto; padding: 20px 16px 48px; }
h1 { font-size: 24px; margin: 0; }
p { margin: 4px 0 10px; overflow-wrap: anywhere; }
.soft { color: var(--soft); } .small { font-size: 13px; }
.note { border-left: 3px solid #d55e00; padding: 2px 10px; }
.stage { position: relative; width: min(100%, calc(82vh * var(--w))); margin: 0 auto;
  background: #000; overflow: hidden; border-radius: 6px; --cut: 0%; }
.stage img, .stage svg { position: absolute; inset: 0; width: 100%; height: 100%; }
.stage .before { clip-path: inset(0 calc(100% - var(--cut)) 0 0); }
.stage .edge { position: absolute; top: 0; bottom: 0; left: var(--cut); width: 2px; opacity: 0;
  margin-left: -1px; background: #fff; box-shadow: 0 0 3px #000; pointer-events: none; }
.stage.cut .edge { opacity: 1; }
.stage svg rect { fill: color-mix(in srgb, var(--c) 16%, transparent); stroke: var(--c); }
.stage svg line { stroke: var(--c); }
.stage svg text { fill: var(--c); font-weight: 700; font-family: system-ui, sans-serif;
  paint-order: stroke; stroke: #000c; stroke-width: .25em; stroke-linejoin: round; }
.stage svg g { outline: none; cursor: pointer; }
.stage svg.some g:not(.on) { opacity: .25; }
.stage svg g:focus-visible rect, .stage svg g.on rect {
  fill: color-mix(in srgb, var(--c) 34%, transparent); }
.bar { display: flex; flex-wrap: wrap; gap: 6px 18px; align-items: center;
  justify-content: center; margin: 10px 0 18px; }
.bar input[type=range] { width: min(46vw, 420px); vertical-align: middle; }
button { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line);
  border-radius: 6px; padding: 3px 14px; cursor: pointer; }
button[aria-pressed=true] { border-color: #0072b2; box-shadow: inset 0 0 0 1px #0072b2; }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line);
  border-radius: 8px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 10px; text-align: left; white-space: nowrap;
  border-bottom: 1px solid var(--line); }
tbody tr:last-child > * { border-bottom: 0; }
th { color: var(--soft); font-weight: 600; font-size: 13px; }
tbody tr { cursor: pointer; }
tbody tr:hover, tbody tr:focus-visible, tbody tr.on { outline: none;
  background: color-mix(in srgb, var(--ink) 8%, transparent); }
.dot { display: inline-block; width: 11px; height: 11px; border-radius: 3px; margin-right: 7px; }
.crops img { height: 56px; max-width: 150px; object-fit: contain; border-radius: 3px;
  image-rendering: pixelated; vertical-align: middle; background: #000; }
meter { width: 64px; vertical-align: middle; }
"""

SCRIPT = """
const stage = document.querySelector(".stage"), svg = stage.querySelector("svg");
const wipe = document.getElementById("wipe"), blink = document.getElementById("blink");
const boxes = document.getElementById("boxes");
function show() {
  const cut = 100 - wipe.value;
  stage.style.setProperty("--cut", cut + "%");
  stage.classList.toggle("cut", cut > 0 && cut < 100);
}
wipe.value = 100; show();
wipe.addEventListener("input", show);
boxes.addEventListener("change", () => { svg.style.display = boxes.checked ? "" : "none"; });
let timer = 0;
blink.addEventListener("click", () => {
  const on = !timer;
  blink.setAttribute("aria-pressed", on);
  clearInterval(timer);
  timer = on ? setInterval(() => { wipe.value = wipe.value > 50 ? 0 : 100; show(); }, 600) : 0;
  if (!on) { wipe.value = 100; show(); }
});
stage.addEventListener("pointermove", event => {
  if (timer || !(event.buttons & 1)) return;
  const box = stage.getBoundingClientRect();
  wipe.value = 100 - 100 * (event.clientX - box.left) / box.width; show();
});
function mark(id) {
  svg.classList.toggle("some", !!id);
  for (const g of svg.querySelectorAll("g")) g.classList.toggle("on", g.id === id);
  for (const row of document.querySelectorAll("tr[data-change]"))
    row.classList.toggle("on", row.dataset.change === id);
}
for (const row of document.querySelectorAll("tr[data-change]")) {
  for (const name of ["mouseenter", "focus"])
    row.addEventListener(name, () => mark(row.dataset.change));
  for (const name of ["mouseleave", "blur"]) row.addEventListener(name, () => mark(""));
}
for (const g of svg.querySelectorAll("g")) {
  for (const name of ["mouseenter", "focus"]) g.addEventListener(name, () => mark(g.id));
  for (const name of ["mouseleave", "blur"]) g.addEventListener(name, () => mark(""));
}
"""
