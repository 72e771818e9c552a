"""The style sheet of the HTML report: light and dark, from a phone's width on.

Line colours are Okabe and Ito's (see ``report.palette``), made lighter or darker to be read on the
page's ground.
"""

from __future__ import annotations

from pyanalyzer.report import html_theme

_LIGHT = (
    html_theme.LIGHT
    + """
  --unsure: #a84b86; --trivial: #6f7780;
  --c0: #0072b2; --c1: #c4480c; --c2: #007f5c; --c3: #a84b86; --c4: #9a6700; --c5: #3b93c6;
  --c6: #5a646e;
"""
)
_DARK = (
    html_theme.DARK
    + """
  --unsure: #e59bc9; --trivial: #98a1ab;
  --c0: #5bb8ee; --c1: #ff8d52; --c2: #35c9a1; --c3: #e59bc9; --c4: #e9b83c; --c5: #a9d7f5;
  --c6: #a2abb5;
"""
)

_PAGE = """
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 20px 16px 48px; }
h1 { font-size: 24px; line-height: 1.25; margin: 0 0 4px; }
h2 { font-size: 18px; margin: 36px 0 4px; }
h3 { font-size: 14px; margin: 0 0 4px; overflow-wrap: anywhere; }
p { margin: 4px 0 10px; max-width: 74ch; overflow-wrap: anywhere; }
.soft, figcaption, h2 + p { color: var(--soft); }
figcaption, .small { font-size: 13px; }
.note { border-left: 3px solid var(--unsure); padding: 2px 10px; margin: 6px 0; }
.card, .tile, figure { background: var(--card); border: 1px solid var(--line);
  border-radius: 8px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 10px;
  margin: 16px 0 0; }
.tile { padding: 10px 12px; }
.tile b { display: block; font-size: 26px; line-height: 1.2;
  font-variant-numeric: tabular-nums; }
.tile span { display: block; font-size: 13px; line-height: 1.35; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr));
  gap: 12px; }
.panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 236px), 1fr));
  gap: 12px; }
figure { margin: 0; padding: 10px; min-width: 0; }
figure svg { display: block; width: 100%; max-width: 460px; height: auto; margin: 0 auto; }
.panels svg { max-width: 300px; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 14px; font-size: 13px; margin: 4px 0;
  padding: 0; list-style: none; }
.legend svg { display: inline-block; width: 22px; height: 12px; margin: 0 5px 0 0;
  vertical-align: -1px; }
.legend li { white-space: nowrap; }
"""

_SVG = """
svg text { font: 11px system-ui, sans-serif; fill: var(--ink); }
svg text.tick, svg text.note { fill: var(--soft); }
svg text.note { font-size: 10px; paint-order: stroke; stroke: var(--card); stroke-width: 3px; }
.grid { stroke: var(--grid); stroke-width: 1; }
.iso { fill: none; stroke: var(--soft); stroke-width: 1; stroke-dasharray: 2 4; }
.ideal { stroke: var(--soft); stroke-width: 1.2; stroke-dasharray: 5 4; }
.count { fill: var(--c0); opacity: .22; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.line.trivial { stroke: var(--trivial); stroke-dasharray: 5 3; stroke-width: 1.6; }
.whisker { stroke-width: 1.4; opacity: .75; }
.dot { stroke: var(--card); stroke-width: 1.2; }
.hollow { fill: var(--card); stroke-width: 1.8; }
""" + "\n".join(
    f".line.s{n}, .whisker.s{n}, .hollow.s{n} {{ stroke: var(--c{n}); }} "
    f".dot.s{n} {{ fill: var(--c{n}); }}"
    for n in range(7)
)

_TABLES = """
.dashed { stroke-dasharray: 6 3; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13.5px; font-variant-numeric: tabular-nums;
  width: 100%; }
th, td { padding: 4px 9px; text-align: right; white-space: nowrap;
  border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--soft); vertical-align: bottom; }
td { vertical-align: top; }
tbody tr:last-child > * { border-bottom: 0; }
th:first-child { text-align: left; position: sticky; left: 0; background: var(--card);
  white-space: normal; min-width: 190px; overflow-wrap: anywhere; vertical-align: top; }
tbody th { color: var(--ink); font-weight: 400; }
.narrow th:first-child { min-width: 110px; }
tr.strong > * { font-weight: 650; }
tr.begin > * { border-top: 2px solid var(--line); }
.card { padding: 4px 8px; }
.card + .card { margin-top: 10px; }
td small { display: block; color: var(--soft); font-weight: 400; line-height: 1.2; }
.confusion, .fit { width: auto; min-width: 300px; }
.confusion td.cell { background: color-mix(in srgb, var(--good) calc(var(--share) * 60%),
  transparent); text-align: center; min-width: 58px; }
.confusion th:first-child { min-width: 74px; }
.confusion td, .confusion thead th { text-align: center; }
.bars { padding: 8px 10px; }
.bars h3 { margin: 10px 0 2px; }
.bar { display: grid; grid-template-columns: minmax(90px, 24%) 1fr 40px; gap: 10px;
  align-items: center; font-size: 13px; font-variant-numeric: tabular-nums; padding: 2px 0; }
.bar .name { overflow-wrap: anywhere; line-height: 1.2; }
.bar .number { text-align: right; }
.track { position: relative; height: 15px; background: var(--grid); border-radius: 3px; }
.track i { position: absolute; display: block; }
.track .fill { left: 0; top: 0; bottom: 0; background: var(--good); border-radius: 3px;
  opacity: .62; }
.track .span { top: 7px; height: 2px; background: var(--ink); }
.track .rule { top: -2px; bottom: -2px; width: 3px; margin-left: -1.5px; background: var(--bad);
  outline: 1px solid var(--card); }
"""

_STRIPS = """
details.replay { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  margin: 8px 0; padding: 6px 10px; }
details.replay summary { cursor: pointer; font-size: 13.5px; overflow-wrap: anywhere; }
details.replay summary > * { margin-right: 10px; }
details.replay summary b { white-space: nowrap; }
.rows { display: grid; grid-template-columns: 42px minmax(0, 1fr); gap: 5px 6px; margin: 8px 0 4px;
  align-items: center; font-size: 12px; font-variant-numeric: tabular-nums; }
.rows svg { display: block; width: 100%; height: 40px; overflow: visible; }
.rows path, .legend path { fill: none; vector-effect: non-scaling-stroke; stroke-width: 1.8; }
path.zero { stroke: var(--line); }
path.found { stroke: var(--good); }
path.right { stroke: var(--good); }
path.unsure { stroke: var(--unsure); stroke-width: 2.6; }
path.missed, path.false { stroke: var(--bad); stroke-width: 2.6; }
path.world { stroke: var(--soft); stroke-dasharray: 2 3; }
@media (max-width: 480px) {
  main { padding: 14px 10px 40px; }
  .bar { grid-template-columns: 112px 1fr 36px; gap: 8px; }
  th, td { padding: 4px 6px; }
  th:first-child { min-width: 106px; max-width: 120px; }
  .tile b { font-size: 22px; }
}
@media print { details.replay { break-inside: avoid; } }
"""

STYLE = (
    f":root {{ color-scheme: light dark; {_LIGHT} }}\n"
    f"@media (prefers-color-scheme: dark) {{ :root {{ {_DARK} }} }}\n"
    f"{_PAGE}{_SVG}{_TABLES}{_STRIPS}"
)
