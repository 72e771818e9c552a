"""The page's bytes: its parts inlined, everything from outside escaped, and nothing else allowed.

The same timeline gives the same bytes. The Content-Security-Policy names the hashes of the page's
own style and script: a browser runs no other, loads nothing from a network, and sends nothing.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath
from typing import Any

from pyanalyzer.errors import DamagedReplayError, UsageError
from pyanalyzer.page.contents import page_contents
from pyanalyzer.page.replay import PageReplay, check_embeddable, embedded, referenced
from pyanalyzer.records import KINDS, EvidenceCard, Timeline
from pyanalyzer.report.html_theme import DARK, LIGHT
from pyanalyzer.report.json_report import rounded_timeline
from pyanalyzer.report.palette import WORLD, kind_style
from pyanalyzer.report.words import printable

# In this order; what a file needs from another one at once stands before it.
STYLES = ("base", "player", "timeline", "table", "evidence", "phone")
SCRIPTS = (
    "words",
    "contents",
    "frames",
    "selection",
    "paint",
    "exact",
    "player",
    "transport",
    "overlay",
    "span",
    "lanes",
    "curves",
    "timeline",
    "gestures",
    "filters",
    "table",
    "peek",
    "evidence",
    "charts",
    "statistics",
    "keys",
    "main",
)
DEFAULT_CARDS = 60  # of 20 to 60 kB: a page of a few MB
_FOLDER = Path(__file__).parent


def page_renderer(
    path: str, *, embed: bool, cards: int = DEFAULT_CARDS, replay: str | None = None
) -> Callable[[Timeline], bytes]:
    """What makes the page of that name, with evidence cards of the ``cards`` likeliest changes.

    ``replay``: where the replay lies, if that is known yet. Raises UsageError for fewer than 0
    cards and, with ``embed``, what :func:`check_embeddable` does: before the work.
    """
    if cards < 0:
        raise UsageError(f"--cards must be 0 or more, not {cards}")
    if embed and replay is not None:
        check_embeddable(replay)

    def render(timeline: Timeline) -> bytes:
        saved = rounded_timeline(timeline)  # the same page now and from the saved timeline
        shown = embedded(saved) if embed else referenced(saved, path)
        return html_page(saved, shown, page_cards(saved, cards))

    return render


def page_cards(timeline: Timeline, limit: int) -> tuple[EvidenceCard, ...]:
    """The evidence cards, none where they cannot be made: an old timeline, a replay that is gone.

    Raises ReplayError if another file lies where the replay was.
    """
    if limit == 0 or timeline.curves is None or not os.path.isfile(timeline.video.path):
        return ()
    from pyanalyzer.report.cards import evidence_cards  # loads OpenCV and the decoder

    try:
        return evidence_cards(timeline, timeline.video.path, limit=limit)
    except DamagedReplayError:
        return ()


def html_page(timeline: Timeline, replay: PageReplay, cards: Sequence[EvidenceCard] = ()) -> bytes:
    """The page, in UTF-8."""
    style, script = _style(), _script()
    parts = {
        "policy": _policy(style, script),
        "title": html.escape(printable(PurePath(timeline.video.path).name)),
        "style": style,
        "script": script,
        "contents": script_json(page_contents(timeline, replay, cards)),
        "replay": replay.base64 or "",
    }
    page = (_FOLDER / "page.html").read_text(encoding="utf-8")
    pieces = []
    for piece in page.split("{{"):
        name, mark, rest = piece.partition("}}")
        pieces.append(parts[name] + rest if mark else piece)
    return "".join(pieces).encode("utf-8", "replace")


def script_json(value: Any) -> str:
    """JSON for a script element: no sign in it ends the element or opens a comment."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _style() -> str:
    kinds = " ".join(f"--{kind}: {kind_style(kind)};" for kind in KINDS)
    theme = (
        f":root {{ color-scheme: light; --world: {WORLD}; {kinds} {LIGHT} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root:not([data-theme=light]) {{ {DARK}"
        " color-scheme: dark; } }\n"
        f":root[data-theme=dark] {{ {DARK} color-scheme: dark; }}\n"
    )
    return theme + "".join(_read("style", f"{name}.css") for name in STYLES)


def _script() -> str:
    body = "".join(_read("script", f"{name}.js") for name in SCRIPTS)
    return f'(() => {{\n"use strict";\n{body}}})();\n'


def _read(folder: str, name: str) -> str:
    return (_FOLDER / folder / name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}';"
        " img-src data: blob:; media-src 'self' file: blob:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
