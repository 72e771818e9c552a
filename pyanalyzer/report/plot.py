"""The timeline as a picture for papers and chats: PNG or SVG, drawn by matplotlib.

Time runs from left to right and wraps into rows; each kind has its lane. An event is a line at its
onset, as high as its confidence, over a block as wide as its 95 % interval; the arrow above it
points the way its motion changed. The same timeline gives the same bytes.
"""

from __future__ import annotations

import importlib.util
import io
import math
from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from pyanalyzer.errors import UsageError
from pyanalyzer.records import KINDS, Event, Kind, Timeline
from pyanalyzer.report.palette import DIM, WORLD, kind_style
from pyanalyzer.report.strip import TICK_STEPS_S
from pyanalyzer.report.words import clock, counted, printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMATS = ("png", "svg")
ROW_S = 60.0  # a row's length, until there are too many of them
MAX_ROWS = 8
WIDTH_IN, LANE_IN, HEAD_IN, FOOT_IN = 10.0, 0.28, 0.5, 0.35
DPI = 160
# More arrows than this in a row are a thicket that hides the events.
MAX_ARROWS_PER_ROW = 60
MAX_TICKS = 10
_ARROW_PX_S = 2.0  # of the replay: below it a motion has no direction worth showing
_ARROW_IN, _ARROW_HEIGHT = 0.11, 0.9  # length; share of a lane's height
_LANE_FILL = 0.8  # of a lane's height, for confidence 1


def plot_renderer(path: str) -> Callable[[Timeline], bytes]:
    """What draws a timeline into a file of that name. Raises UsageError for another ending than
    .png and .svg, and where matplotlib is not installed."""
    ending = PurePath(path).suffix.lower().removeprefix(".")
    if ending not in FORMATS:
        raise UsageError(f"--plot {path}: expected a name that ends in .png or .svg")
    if importlib.util.find_spec("matplotlib") is None:  # before the work, not after it
        raise UsageError('--plot needs matplotlib: pip install "pyanalyzer[plot]"')
    return lambda timeline: plot_report(timeline, ending)


def plot_report(timeline: Timeline, image_format: str) -> bytes:
    """The picture, as a file of ``image_format``: "png" or "svg"."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    rows = _rows(timeline)
    lanes = _lanes(timeline.events)
    height_in = HEAD_IN + len(rows) * (LANE_IN * len(lanes) + FOOT_IN)
    with mpl.rc_context({"svg.hashsalt": "pyanalyzer", "svg.fonttype": "none", "font.size": 8}):
        figure = Figure(figsize=(WIDTH_IN, height_in), dpi=DPI, layout="constrained")
        figure.suptitle(_title(timeline), fontsize=9, x=0.01, ha="left")
        axes = figure.subplots(len(rows), 1, squeeze=False)[:, 0]
        for ax, row in zip(axes, rows, strict=True):
            _draw_row(ax, timeline, row, lanes)
        buffer = io.BytesIO()
        metadata: dict[str, Any] = {"Date": None} if image_format == "svg" else {"Software": None}
        figure.savefig(buffer, format=image_format, metadata=metadata)
    return buffer.getvalue()


def _title(timeline: Timeline) -> str:
    video, events = timeline.video, timeline.events
    minutes = video.duration_s / 60
    rate = f", {len(events) / minutes:.1f} per minute" if minutes > 0 else ""
    name = printable(PurePath(video.path).name).replace("$", r"\$")  # no formulas
    return f"{name}   {counted(len(events), 'change')} in {clock(video.duration_s)}{rate}"


def _rows(timeline: Timeline) -> list[tuple[float, float]]:
    """Begin and end of each row, s."""
    duration_s = max(timeline.video.duration_s, 1e-3)
    count = min(max(1, math.ceil(duration_s / ROW_S)), MAX_ROWS)
    length_s = duration_s / count
    return [(k * length_s, (k + 1) * length_s) for k in range(count)]


def _lanes(events: Sequence[Event]) -> list[Kind]:
    """The kinds that occur, from top to bottom; all of them where none does."""
    there = {event.kind for event in events}
    return [kind for kind in KINDS if kind in there] or list(KINDS)


def _draw_row(
    ax: Axes, timeline: Timeline, row: tuple[float, float], lanes: Sequence[Kind]
) -> None:
    begin_s, end_s = row
    last = end_s >= timeline.video.duration_s
    shown = [
        event
        for event in timeline.events
        if begin_s <= event.time_s < end_s or (last and event.time_s >= end_s)
    ]
    frame_s = timeline.video.duration_s / max(timeline.video.frames, 1)
    for lane, kind in enumerate(lanes):
        base = len(lanes) - 1 - lane
        ax.axhline(base, color=DIM, linewidth=0.4, alpha=0.6)
        events = [event for event in shown if event.kind == kind]
        for cause, colour in (("player", kind_style(kind)), ("world", WORLD)):
            of_cause = [event for event in events if event.cause == cause]
            if of_cause:
                _draw_events(ax, of_cause, colour, base, frame_s)
        if events and len(shown) <= MAX_ARROWS_PER_ROW:
            _draw_arrows(ax, events, base)
    ax.set_xlim(begin_s, end_s)
    ax.set_ylim(-0.1, len(lanes))
    ax.set_yticks([len(lanes) - 1 - i + _LANE_FILL / 2 for i in range(len(lanes))], lanes)
    ax.tick_params(axis="y", length=0)
    step_s = next((s for s in TICK_STEPS_S if (end_s - begin_s) / s <= MAX_TICKS), end_s - begin_s)
    first, end = math.ceil(begin_s / step_s), math.floor(end_s / step_s + 1e-9) + 1
    ticks_s = [k * step_s for k in range(first, end)]
    ax.set_xticks(ticks_s, [clock(t).removesuffix(".000") for t in ticks_s])
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)


def _draw_events(
    ax: Axes, events: Sequence[Event], colour: str, base: float, frame_s: float
) -> None:
    """All at once: matplotlib takes a millisecond for every mark of its own."""
    from matplotlib.collections import PolyCollection

    blocks, times, heights = [], [], []
    for event in events:
        first, end = ((f - event.frame) * frame_s + event.time_s for f in event.interval_frames)
        top = base + _LANE_FILL * event.confidence
        blocks.append([(first, base), (first, top), (end, top), (end, base)])
        times += [event.time_s, event.time_s, math.nan]
        heights += [base, top, math.nan]
    ax.add_collection(PolyCollection(blocks, facecolors=colour, alpha=0.3, linewidths=0))
    ax.plot(times, heights, color=colour, linewidth=1.2)


def _draw_arrows(ax: Axes, events: Sequence[Event], base: float) -> None:
    """The direction in which the motion changed; every arrow has the same length."""
    arrows = []
    for event in events:
        dx, dy = (
            after - before
            for before, after in zip(event.motion_before_px_s, event.motion_after_px_s, strict=True)
        )
        length = math.hypot(dx, dy)
        if length >= _ARROW_PX_S:  # y is up here, and down in pictures
            arrows.append((event.time_s, base + _ARROW_HEIGHT, dx / length, -dy / length))
    if arrows:
        ax.quiver(
            *zip(*arrows, strict=True),
            angles="uv",
            pivot="mid",
            units="inches",
            scale=1 / _ARROW_IN,
            width=0.008,
            headwidth=5,
            headlength=5,
            color=DIM,
        )
