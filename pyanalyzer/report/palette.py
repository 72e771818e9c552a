"""Colours that people with any colour vision tell apart, on a dark and on a light background.

From Okabe and Ito, "Color Universal Design" (2008), without the yellow and the dark blue, which
vanish on white and on black. Each kind is also named wherever its colour is used.
"""

from __future__ import annotations

from pyanalyzer.records import Kind

Span = tuple[str, str]  # text and style
Line = list[Span]

DIM = "#808080"
STRONG = "bold"
WARNING = "bold #d55e00"
WORLD = "#999999"

_KIND_STYLES: dict[Kind, str] = {
    "view": "#56b4e9",  # sky blue
    "avatar": "#e69f00",  # orange
    "effect": "#009e73",  # bluish green
    "interface": "#cc79a7",  # reddish purple
    "cut": "#d55e00",  # vermilion
}


def kind_style(kind: Kind) -> str:
    """The style of everything that belongs to a kind."""
    return _KIND_STYLES[kind]
