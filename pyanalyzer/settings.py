"""What an analysis is asked to do, and how far it has come: records without anything heavy."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from pyanalyzer.errors import UsageError
from pyanalyzer.records import Cause, Region

CoreChoice = Literal["native", "reference"]
CauseChoice = Literal["player", "world", "all"]

MAX_THREADS = 1024  # more is a slip of the finger, and would only cost memory
# A false alarm per frame at 1000 frames/s; the bound only catches absurd input.
MAX_FALSE_ALARMS_PER_MIN = 60_000.0


@dataclass(frozen=True, slots=True)
class AnalysisSettings:
    """The questions a user can put to a replay.

    ``start_s`` and ``end_s`` bound the analysed part, half-open, in seconds from the start of the
    stream; None is the stream's own start or end. ``region`` is a half-open box in px of the
    picture as displayed; whether it lies in the picture is known only after the replay was opened.
    ``mask`` is the path of a picture: what is black in it is not looked at. At most one of
    ``min_confidence`` (0..1) and ``false_alarms_per_min`` (> 0) sets the threshold of the timeline;
    with neither, the model's own threshold holds. ``cause`` says whose changes are listed.
    ``threads`` (None: as many as the machine has cores) and ``core`` change the speed, never the
    answer. ``weights`` is the path of other weights than the shipped ones.
    ``fast`` looks at some only of more than 45 frames a second, decodes no more than that takes
    (without smoothing block borders), reduces large pictures of fewer further and looks at no frame
    twice: quicker, and less exact. ``follow`` decides the first events as soon as it can, from less
    of the replay.

    Raises UsageError for a value without meaning.
    """

    core: CoreChoice = "native"
    threads: int | None = None
    start_s: float | None = None
    end_s: float | None = None
    region: Region | None = None
    mask: str | None = None
    min_confidence: float | None = None
    false_alarms_per_min: float | None = None
    cause: CauseChoice = "player"
    weights: str | None = None
    fast: bool = False
    follow: bool = False

    def __post_init__(self) -> None:
        _check_choice("core", self.core, get_args(CoreChoice))
        _check_choice("cause", self.cause, get_args(CauseChoice))
        if self.threads is not None and not 1 <= self.threads <= MAX_THREADS:
            raise UsageError(f"threads must be 1..{MAX_THREADS}, not {self.threads}")
        self._check_times()
        self._check_region()
        self._check_thresholds()
        for name, path in (("mask", self.mask), ("weights", self.weights)):
            if path == "":
                raise UsageError(f"{name} must be the path of a file, not an empty text")

    def _check_times(self) -> None:
        for name, value_s in (("start", self.start_s), ("end", self.end_s)):
            if value_s is not None and not (math.isfinite(value_s) and value_s >= 0.0):
                raise UsageError(
                    f"{name} must be a time in the replay, 0 s or later, not {value_s:g}"
                )
        if self.end_s is not None and self.end_s <= (self.start_s or 0.0):
            raise UsageError(
                f"end must come after start: nothing lies between {self.start_s or 0.0:g} s"
                f" and {self.end_s:g} s"
            )

    def _check_region(self) -> None:
        if self.region is None:
            return
        x_px, y_px, w_px, h_px = self.region
        if x_px < 0 or y_px < 0:
            raise UsageError(f"region must begin inside the picture, not at {x_px},{y_px}")
        if w_px < 1 or h_px < 1:
            raise UsageError(f"region must be at least 1 px wide and high, not {w_px} x {h_px}")

    def _check_thresholds(self) -> None:
        if self.min_confidence is not None and self.false_alarms_per_min is not None:
            raise UsageError("give either min-confidence or false-alarms, not both")
        if self.min_confidence is not None and not 0.0 <= self.min_confidence <= 1.0:
            raise UsageError(
                f"min-confidence must be a probability, 0..1, not {self.min_confidence:g}"
            )
        rate = self.false_alarms_per_min
        if rate is not None and not 0.0 < rate <= MAX_FALSE_ALARMS_PER_MIN:
            raise UsageError(f"false-alarms must be a positive number per minute, not {rate:g}")

    def lists(self, cause: Cause) -> bool:
        """Whether events of this cause belong in the timeline."""
        return self.cause in ("all", cause)

    @property
    def lists_at_end(self) -> bool:
        """Whether it is known at the end alone which events are listed: the surest of the whole
        recording. Who follows gets those above the threshold at which so many false alarms came
        through on other recordings."""
        return self.false_alarms_per_min is not None and not self.follow

    def as_record(self) -> dict[str, object]:
        """What ``Timeline.settings`` holds, ready for JSON.

        Only settings that were changed and can alter the answer: not ``threads`` and ``core``, so
        that the same answer has the same bytes; not ``weights``, whose hash stands in the model's
        summary.
        """
        record: dict[str, object] = {}
        for name in ("start_s", "end_s", "mask", "min_confidence", "false_alarms_per_min"):
            value = getattr(self, name)
            if value is not None:
                record[name] = value
        if self.region is not None:
            record["region_px"] = list(self.region)
        if self.cause != "player":
            record["cause"] = self.cause
        if self.fast:
            record["fast"] = True
        if self.follow:
            record["follow"] = True
        return record


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an analysis has come.

    ``position_s`` is the time of the last frame that was read, in seconds of the replay's stream.
    The ``*_estimated`` values come from the container's header: None where it says nothing, and
    possibly wrong. ``stage`` is a word or two for the user ("decoding", "scoring").
    """

    frames_done: int
    frames_total_estimated: int | None
    position_s: float
    duration_estimated_s: float | None
    stage: str


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise UsageError(f"{name} must be one of {', '.join(choices)}, not {value!r}")
