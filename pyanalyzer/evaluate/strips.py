"""A replay's onsets against what was found, on a strip of time: where it fails can be seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pyanalyzer.evaluate.matching import NO_MATCH, Counts
from pyanalyzer.evaluate.protocol import DETECTOR, HEADLINE, CaseScore
from pyanalyzer.evaluate.summary import game_name
from pyanalyzer.report.words import clock, counted

F64 = npt.NDArray[np.float64]

# Two onsets 33 ms apart are then a pixel apart on a phone, and three on a desk.
ROW_S = 10.0
_UNITS = 1000.0  # user units across a row; it is stretched to the page's width
_MIDDLE, _REACH, _HEIGHT = 20.0, 18.0, 40.0


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """When what happened in a replay, in seconds: onsets that the timeline found, that only an
    event below its threshold found, that nothing found; right and false events of the timeline
    with their confidences; the world's known events."""

    found_s: F64
    unsure_s: F64
    missed_s: F64
    right: tuple[F64, F64]
    false: tuple[F64, F64]
    world_s: F64


def marks_of(score: CaseScore) -> Marks:
    """What a strip shows, matched at ``HEADLINE``."""
    rate, listed = score.frame_rate, score.listed
    by, at_s = score.onset_events, score.onset_frames / rate
    reached = by != NO_MATCH
    is_listed = np.zeros(by.size, dtype=bool)
    is_listed[reached] = listed[by[reached]]
    events_s, hit = score.event_frames / rate, score.hits[HEADLINE]
    return Marks(
        found_s=at_s[reached & is_listed],
        unsure_s=at_s[reached & ~is_listed],
        missed_s=at_s[~reached],
        right=(events_s[listed & hit], score.confidences[listed & hit]),
        false=(events_s[listed & ~hit], score.confidences[listed & ~hit]),
        world_s=score.world_frames / rate,
    )


def strip(score: CaseScore, is_open: bool) -> str:
    """The replay's strips, row by row, below a line that sums it up."""
    marks, counts = marks_of(score), score.counts[DETECTOR][HEADLINE]
    duration_s = score.frames / score.frame_rate
    rows = [
        _row(marks, begin_s, min(duration_s - begin_s, ROW_S))
        for begin_s in np.arange(0, duration_s, ROW_S).tolist()
    ]
    opened = " open" if is_open else ""
    return (
        f'<details class="replay"{opened}><summary>{_summary(score, counts)}</summary>'
        f'<div class="rows">{"".join(rows)}</div></details>\n'
    )


def _summary(score: CaseScore, counts: Counts) -> str:
    missed, false = counts.truths - counts.hits, counts.predictions - counts.hits
    return (
        f'<b>{escape(game_name(score))}</b> <span class="soft">{escape(Path(score.name).name)}'
        f"</span> <b>F1 {counts.f1:.2f}</b> <span>{counts.hits} found, {missed} missed, "
        f"{counted(false, 'false alarm')}</span>"
    )


def _row(marks: Marks, begin_s: float, length_s: float) -> str:
    paths = [
        f'<path class="zero" d="M0 {_MIDDLE:g}H{_UNITS * length_s / ROW_S:.1f}"/>',
        _ticks("world", marks.world_s, begin_s, -_REACH, np.full(marks.world_s.size, _REACH)),
    ]
    # Shorter as well as of another colour, for those who see no difference in the colours.
    for name, at_s, bottom in (
        ("found", marks.found_s, -1.0),
        ("unsure", marks.unsure_s, -_REACH / 2),
        ("missed", marks.missed_s, -1.0),
    ):
        paths.append(_ticks(name, at_s, begin_s, -_REACH, np.full(at_s.size, bottom)))
    for name, (at_s, confidences) in (("right", marks.right), ("false", marks.false)):
        paths.append(_ticks(name, at_s, begin_s, 1.0, 1 + (_REACH - 1) * confidences))
    return (
        f'<span class="soft">{clock(begin_s, 0)}</span>'
        f'<svg viewBox="0 0 {_UNITS:g} {_HEIGHT:g}" preserveAspectRatio="none" role="img" '
        f'aria-label="onsets and events from {begin_s:g} s">{"".join(paths)}</svg>'
    )


def _ticks(name: str, at_s: F64, begin_s: float, top: float, bottoms: Iterable[float]) -> str:
    """Vertical strokes within the row, from ``top`` to each of ``bottoms`` about the middle."""
    strokes = "".join(
        f"M{_UNITS * (t - begin_s) / ROW_S:.1f} {_MIDDLE + top:.1f}V{_MIDDLE + bottom:.1f}"
        for t, bottom in zip(at_s.tolist(), bottoms, strict=True)
        if begin_s <= t < begin_s + ROW_S
    )
    return f'<path class="{name}" d="{strokes}"/>' if strokes else ""
