"""What lies over the picture and moves by itself: webcam, chat, a stream's furniture, a pointer.

None of it is the player's doing, and none of it depends on the game: for a detector, these are the
world's.
"""

from __future__ import annotations

from pyanalyzer.recapture.overlays.chat import Chat
from pyanalyzer.recapture.overlays.cursor import Cursor
from pyanalyzer.recapture.overlays.hud import StreamHud
from pyanalyzer.recapture.overlays.webcam import Webcam
from pyanalyzer.recapture.plan import OverlayPlan
from pyanalyzer.records import U8, Region

__all__ = ["Overlays"]


class Overlays:
    """The overlays of a plan on a video of a size and length: a function of time, nothing else."""

    def __init__(self, plan: OverlayPlan, width_px: int, height_px: int, duration_s: float) -> None:
        size = (width_px, height_px, duration_s)
        self._hud = None if plan.hud is None else StreamHud(plan.hud, *size)
        self._chat = None if plan.chat is None else Chat(plan.chat, *size)
        self._webcam = None if plan.webcam is None else Webcam(plan.webcam, *size)
        self._cursor = None if plan.cursor is None else Cursor(plan.cursor, *size)

    def draw(self, picture: U8, time_s: float) -> None:
        """Onto uint8 RGB, as of a time since the first frame."""
        for overlay in (self._hud, self._chat, self._webcam, self._cursor):
            if overlay is not None:
                overlay.draw(picture, time_s)

    def opaque(self, time_s: float) -> tuple[Region, ...]:
        """The boxes through which nothing of the game is seen; they may leave the picture."""
        covers: tuple[Region, ...] = ()
        if self._hud is not None:
            covers += self._hud.opaque(time_s)
        if self._chat is not None:
            covers += self._chat.opaque()
        if self._webcam is not None:
            covers += self._webcam.opaque()
        return covers
