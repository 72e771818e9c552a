"""A window that shows an analysis at work: the picture as the core sees it, and what it finds.

Events are certain only when all of the replay has been looked at; until then there is the evidence:
the candidate regions of each frame, and how the view moves.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from collections.abc import Callable

import cv2
import numpy as np

from pyanalyzer.annotate.canvas import OPAQUE, RGB_SPACE, Canvas, make_sprite
from pyanalyzer.annotate.glyphs import cap_px, width_px
from pyanalyzer.annotate.marks import outline
from pyanalyzer.annotate.shapes import arrow, blank, over, polygons, write
from pyanalyzer.annotate.style import GROUND, QUIET_TEXT, TEXT, Style, kind_colour
from pyanalyzer.errors import OutputError
from pyanalyzer.records import U8, Frame, FrameEvidence, Region, VideoInfo
from pyanalyzer.report.words import clock

MAX_WIDTH_PX, MAX_HEIGHT_PX = 960, 720
MIN_WIDTH_PX = 480
SHOWN_PER_S = 25  # pictures; more would slow the analysis and please no eye
TITLE = "pyanalyzer"
# Without Qt's row of buttons, which would save and enlarge pictures that are gone a moment later.
WINDOW = cv2.WINDOW_AUTOSIZE | cv2.WINDOW_GUI_NORMAL
CLOSING_KEYS = (ord("q"), 27)  # 27: Esc
ARROW_WAY_FRAMES = 8  # an arrow is as long as the way in this many frames
MIN_SPEED_PX = 0.3  # of the picture shown, per frame: below it the view rests
FILL = 0.16
_PROBE_TIMEOUT_S = 20.0
_PROBE = f"import cv2; cv2.namedWindow({TITLE!r}); cv2.waitKey(1); cv2.destroyAllWindows()"


def check_screen() -> None:
    """Raises OutputError where no window can be opened.

    Tried in a process of its own: without a screen, OpenCV's Qt ends the process that asks.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-c", _PROBE],
            capture_output=True, text=True, timeout=_PROBE_TIMEOUT_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise OutputError("--show: no window opens: the screen does not answer") from None
    if done.returncode == 0:
        return
    if "not implemented" in done.stderr:
        why = "this OpenCV was built without windows; install opencv-python, not -headless"
    else:
        why = "there is no screen (DISPLAY); leave --show away, --annotate FILE.mp4 makes a video"
    raise OutputError(f"--show: no window can be opened: {why}")


class Preview:
    """Shows what an analysis hands it, until its window is closed, or q or Esc pressed in it."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        # Qt warns of fonts that it misses, of which nothing is written here.
        os.environ.setdefault("QT_LOGGING_RULES", "*.warning=false")
        self._clock_s = clock_s
        self._next_s = -math.inf
        self._open = False
        self._closed = False

    def __call__(
        self, frame: Frame, evidence: FrameEvidence, info: VideoInfo, factor: float
    ) -> None:
        """For ``pipeline.Watch``."""
        if self._closed or self._clock_s() < self._next_s:
            return
        self._next_s = self._clock_s() + 1 / SHOWN_PER_S
        if not self._open:
            cv2.namedWindow(TITLE, WINDOW)
        cv2.imshow(TITLE, preview(frame, evidence, info, factor)[..., ::-1])
        key = cv2.waitKey(1) & 0xFF
        gone = self._open and cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) < 1
        self._open = True
        if gone or key in CLOSING_KEYS:
            self.close()

    def close(self) -> None:
        """Closes the window; what comes later is not shown."""
        self._closed = True
        if self._open:
            cv2.destroyAllWindows()
            cv2.waitKey(1)  # the window goes when events are handled


def preview(frame: Frame, evidence: FrameEvidence, info: VideoInfo, factor: float) -> U8:
    """A frame with its candidate regions and the motion of the view: RGB uint8.

    ``factor``: px of the frame per px of the evidence.
    """
    h, w = frame.luma.shape
    k = min(MAX_WIDTH_PX / w, MAX_HEIGHT_PX / h, max(1.0, MIN_WIDTH_PX / w))
    size = max(1, round(w * k)), max(1, round(h * k))
    small = cv2.resize(frame.luma, size, interpolation=cv2.INTER_AREA if k < 1 else cv2.INTER_CUBIC)
    style = Style.of(*size)
    bar = 2 * style.gap_px + cap_px(style.em_px)
    gray = np.full((size[1] + bar, size[0]), GROUND[0], np.uint8)
    gray[: size[1]] = small
    canvas = Canvas((gray, gray.copy(), gray.copy()), RGB_SPACE)
    for proposal in reversed(evidence.proposals):
        best = proposal is evidence.proposals[0]
        x, y, pw, ph = (round(side * factor * k) for side in proposal.region)
        region = Region(x, y, max(1, min(pw, size[0] - x)), max(1, min(ph, size[1] - y)))
        if best:
            canvas.fill(region, kind_colour("avatar"), round(OPAQUE * FILL))
        outline(canvas, region, style.line_px, kind_colour("avatar") if best else QUIET_TEXT, 220)
    _draw_view(canvas, evidence, factor * k, size, style)
    time_s = float((frame.pts - info.start_pts) * info.time_base)
    picture = blank(size[0], bar)
    at = style.gap_px, style.gap_px + cap_px(style.em_px)
    said = f"{clock(time_s)}  frame {frame.index}"
    write(picture, said, TEXT, style.em_px, at)
    hint = "q or Esc closes"
    right = size[0] - style.gap_px - width_px(hint, style.em_px)
    if right > at[0] + width_px(said, style.em_px):
        write(picture, hint, QUIET_TEXT, style.em_px, (right, at[1]))
    canvas.blend(make_sprite(picture, 0, size[1], RGB_SPACE))
    return np.stack(canvas.planes, axis=-1)


def _draw_view(
    canvas: Canvas, evidence: FrameEvidence, scale: float, size: tuple[int, int], style: Style
) -> None:
    """An arrow from the middle, the way the whole picture moves."""
    alignment = evidence.alignment
    dx, dy = alignment.dx_px * scale, alignment.dy_px * scale
    speed = math.hypot(dx, dy)
    if not alignment.aligned or speed < MIN_SPEED_PX:
        return
    reach = math.ceil(style.basis_px / 4)
    way = min(ARROW_WAY_FRAMES, 0.8 * reach / speed)
    end = (reach + dx * way, reach + dy * way)
    side, thick = 2 * reach, max(3.0, style.basis_px / 90)
    picture = blank(side, side)
    for grow, ink in ((thick / 4, GROUND), (0.0, kind_colour("view"))):
        over(picture, polygons(side, side, arrow((reach, reach), end, thick, grow)), ink)
    canvas.blend(make_sprite(picture, size[0] // 2 - reach, size[1] // 2 - reach, RGB_SPACE))
