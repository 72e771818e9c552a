"""A comparison as one self-contained HTML file: both pictures, a wipe between them, the changes.

Nothing is loaded from elsewhere; the same comparison gives the same bytes.
"""

from __future__ import annotations

import base64
from html import escape

from pyanalyzer.records import U8, Region
from pyanalyzer.report import words
from pyanalyzer.report.words import UNICODE
from pyanalyzer.stills.draw import jpeg_bytes, png_bytes
from pyanalyzer.stills.html_style import SCRIPT, STYLE
from pyanalyzer.stills.records import CHANGE_KINDS, Change, Comparison
from pyanalyzer.stills.text_report import KIND_STYLES, alignment_text, headline, moved

_LOSSLESS_PX = 1_000_000  # larger pictures are embedded as JPEG


def comparison_html(comparison: Comparison) -> bytes:
    """The page, in UTF-8: a wipe from the aligned first picture to the second, boxes and arrows
    over them, and the table of changes. Works with keyboard and without scripts (then without
    the wipe)."""
    names = [escape(words.printable(p)) for p in (comparison.before_path, comparison.after_path)]
    notes = "".join(f'<p class="note">{escape(n)}</p>' for n in comparison.notes)
    page = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{headline(comparison)}: {names[0]} and {names[1]}</title>
<style>{STYLE}</style>
<main>
<h1>{headline(comparison)}</h1>
<p class="soft">{names[0]} ▸ {names[1]} · {escape(alignment_text(comparison, UNICODE))}</p>
{notes}
{_stage(comparison)}
{_table(comparison)}
<p class="soft small">Confidence {words.percent(comparison.min_confidence)} and more is listed ·
model {escape(comparison.model)} · places are pixels of the second picture</p>
</main>
<script>{SCRIPT}</script>
</html>
"""
    return page.encode("utf-8")


def _stage(comparison: Comparison) -> str:
    width, height = comparison.after_size_px
    before, after = (_data(p) for p in (comparison.aligned_before, comparison.after))
    unit = max(width, height) / 1000
    drawn = "".join(_drawn(i, c, unit) for i, c in enumerate(comparison.changes, 1))
    return f"""<div class="stage" style="aspect-ratio:{width}/{height};--w:{width / height:.4f}">
<img src="{after}" alt="the second picture">
<img class="before" src="{before}" alt="the first picture, aligned to the second">
<svg viewBox="0 0 {width} {height}" role="img" aria-label="where the changes are">
<defs>{_heads()}</defs>{drawn}</svg>
<i class="edge"></i>
</div>
<div class="bar"><label>before <input id="wipe" type="range" min="0" max="100" value="0"
aria-label="how much of the first picture is shown"> after</label>
<button id="blink" type="button" aria-pressed="false">blink</button>
<label><input id="boxes" type="checkbox" checked> boxes</label></div>"""


def _heads() -> str:
    return "".join(
        f'<marker id="head-{kind}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" '
        f'markerHeight="6" orient="auto"><path d="M0 0L8 4L0 8z" fill="{KIND_STYLES[kind]}"/>'
        "</marker>"
        for kind in CHANGE_KINDS
    )


def _drawn(number: int, change: Change, unit: float) -> str:
    colour, line = KIND_STYLES[change.kind], 2.2 * unit
    parts = [_rectangle(change.region, line)]
    if change.from_region is not None:
        ax, ay = _middle(change.from_region)
        bx, by = _middle(change.region)
        parts.append(_rectangle(change.from_region, line, dashed=True))
        parts.append(
            f'<line x1="{ax:g}" y1="{ay:g}" x2="{bx:g}" y2="{by:g}" '
            f'marker-end="url(#head-{change.kind})"/>'
        )
    size = 17 * unit
    x, y = change.region.x_px - line, change.region.y_px - 2.5 * line
    if y < size:
        y = change.region.y_px + change.region.h_px + size + line
    parts.append(f'<text x="{x:g}" y="{y:g}" font-size="{size:g}">{number}</text>')
    return (
        f'<g id="c{number}" tabindex="0" style="--c:{colour};stroke-width:{line:g}px">'
        f"<title>{escape(_summary(number, change))}</title>{''.join(parts)}</g>"
    )


def _rectangle(region: Region, line: float, dashed: bool = False) -> str:
    x, y, w, h = region
    dash = f' stroke-dasharray="{3 * line:g} {2 * line:g}"' if dashed else ""
    return (
        f'<rect x="{x - line:g}" y="{y - line:g}" width="{w + 2 * line:g}" '
        f'height="{h + 2 * line:g}"{dash}/>'
    )


def _middle(region: Region) -> tuple[float, float]:
    return region.x_px + region.w_px / 2, region.y_px + region.h_px / 2


def _summary(number: int, change: Change) -> str:
    way = moved(change, UNICODE)
    what = f"{change.kind} {way}".rstrip()
    return f"{number}: {what}, {words.percent(change.confidence)}"


def _table(comparison: Comparison) -> str:
    if not comparison.changes:
        return ""
    w, h = comparison.after_size_px
    rows = "".join(
        f'<tr data-change="c{i}" tabindex="0"><td>{i}</td>'
        f'<td><i class="dot" style="background:{KIND_STYLES[c.kind]}"></i>{c.kind} '
        f"{moved(c, UNICODE)}</td>"
        f"<td>{words.place(c.region, w, h)}</td>"
        f"<td>{c.region.x_px}, {c.region.y_px}</td><td>{c.region.w_px} × {c.region.h_px}</td>"
        f'<td><meter min="0" max="1" value="{c.confidence:.3f}"></meter> '
        f'{words.percent(c.confidence)}</td><td class="crops">{_crops(comparison, c)}</td></tr>'
        for i, c in enumerate(comparison.changes, 1)
    )
    return (
        '<div class="scroll"><table><thead><tr><th>#</th><th>kind</th><th>where</th><th>at</th>'
        "<th>size px</th><th>confidence</th><th>before ▸ after</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )


def _crops(comparison: Comparison, change: Change) -> str:
    """The change's place in both pictures, with some surroundings."""
    x, y, w, h = change.region
    margin = max(6, round(0.25 * max(w, h)))
    height, width = comparison.covered.shape
    rows = slice(max(0, y - margin), min(height, y + h + margin))
    columns = slice(max(0, x - margin), min(width, x + w + margin))
    return " ".join(
        f'<img src="{_data(picture[rows, columns])}" alt="{name}" loading="lazy">'
        for picture, name in ((comparison.aligned_before, "before"), (comparison.after, "after"))
    )


def _data(picture: U8) -> str:
    """A picture as a data URL."""
    small = picture.shape[0] * picture.shape[1] <= _LOSSLESS_PX
    data = png_bytes(picture) if small else jpeg_bytes(picture)
    kind = "png" if small else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"
