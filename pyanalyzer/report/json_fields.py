"""Reading the fields of a saved timeline one by one, with an error that says which one is wrong."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import NoReturn, TypeGuard, TypeVar

from pyanalyzer.errors import TimelineFileError
from pyanalyzer.records import CAUSES, KINDS, Event, ModelSummary, Region, VideoSummary

T = TypeVar("T", bound=str)


def refuse_constant(text: str) -> object:
    """For ``json.loads(parse_constant=)``: NaN and Infinity are no JSON."""
    raise ValueError(f"{text} is no number")


def unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """For ``json.loads(object_pairs_hook=)``: refuses a key that stands twice."""
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return values


class Fields:
    """The fields of one JSON object; each is taken once, and ``finish`` finds what is left over."""

    def __init__(self, values: object, name: str, where: str) -> None:
        self.name = name
        self.where = where
        if not isinstance(values, dict):
            self._wrong("", "an object")
        self.values: dict[str, object] = values
        self._left = set(values)

    def video(self) -> VideoSummary:
        """The fields of ``video``."""
        video = VideoSummary(
            path=self.text("path"),
            width_px=self.integer("width_px", 1),
            height_px=self.integer("height_px", 1),
            frames=self.integer("frames", 0),
            duration_s=self.number("duration_s", 0.0),
            time_base=self.fraction("time_base"),
            frame_rate=self.fraction("frame_rate"),
            sha256=self.text("sha256"),
        )
        self.finish()
        return video

    def model(self) -> ModelSummary:
        """The fields of ``model``."""
        model = ModelSummary(self.text("name"), self.text("sha256"))
        self.finish()
        return model

    def event(self) -> Event:
        """The fields of one event."""
        event = Event(
            id=self.integer("id", 1),
            frame=self.integer("frame", 0),
            pts=self.integer("pts"),
            time_s=self.number("time_s"),
            interval_frames=self.interval("interval_frames"),
            kind=self.choice("kind", KINDS),
            cause=self.choice("cause", CAUSES),
            confidence=self.number("confidence", 0.0, 1.0),
            region_px=self.region("region_px"),
            motion_before_px_s=self.vector("motion_before_px_s"),
            motion_after_px_s=self.vector("motion_after_px_s"),
        )
        self.finish()
        return event

    def inner(self, key: str) -> Fields:
        """The object under ``key``."""
        return Fields(self._take(key), self.name, self._path(key))

    def entries(self, key: str) -> Iterator[Fields]:
        """The objects in the list under ``key``."""
        for place, entry in enumerate(self._list(key, None)):
            yield Fields(entry, self.name, f"{self._path(key)}[{place}]")

    def optional_texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, or nothing where there is no such key."""
        if key not in self.values:
            return ()
        texts = self._list(key, None)
        return tuple(text if isinstance(text, str) else self._wrong(key, "texts") for text in texts)

    def text(self, key: str) -> str:
        """A text."""
        value = self._take(key)
        return value if isinstance(value, str) else self._wrong(key, "a text")

    def choice(self, key: str, choices: tuple[T, ...]) -> T:
        """One of ``choices``."""
        value = self._take(key)
        for choice in choices:
            if value == choice:
                return choice
        self._wrong(key, "one of " + ", ".join(choices))

    def integer(self, key: str, least: int | None = None) -> int:
        """A whole number, not below ``least``."""
        value = self._take(key)
        if not is_integer(value) or (least is not None and value < least):
            self._wrong(key, "a whole number" + ("" if least is None else f" from {least}"))
        return value

    def number(self, key: str, least: float = -math.inf, most: float = math.inf) -> float:
        """A finite number in ``least .. most``."""
        value = self._take(key)
        if not _is_number(value) or not least <= value <= most:
            self._wrong(key, _range_words(least, most))
        return float(value)

    def fraction(self, key: str) -> Fraction:
        """A pair of whole numbers: numerator, from 0, and denominator, from 1."""
        numerator, denominator = self._integers(key, 2)
        if numerator < 0 or denominator < 1:
            self._wrong(key, "a fraction of whole numbers, [from 0, from 1]")
        return Fraction(numerator, denominator)

    def interval(self, key: str) -> tuple[int, int]:
        """A half-open range of frames that is not empty."""
        start, end = self._integers(key, 2)
        if not 0 <= start < end:
            self._wrong(key, "a half-open range of frames, start before end")
        return (start, end)

    def region(self, key: str) -> Region:
        """A half-open box in px, not empty."""
        region = Region(*self._integers(key, 4))
        if min(region.x_px, region.y_px) < 0 or min(region.w_px, region.h_px) < 1:
            self._wrong(key, "a box in the picture, [x, y, w, h] in px")
        return region

    def vector(self, key: str) -> tuple[float, float]:
        """A pair of finite numbers."""
        x, y = self._list(key, 2)
        if not (_is_number(x) and _is_number(y)):
            self._wrong(key, "two numbers")
        return (float(x), float(y))

    def items(self, key: str) -> list[object]:
        """A list of anything."""
        return self._list(key, None)

    def error(self, key: str, expected: str) -> TimelineFileError:
        """What is said where ``key`` (empty: the object itself) is not what was ``expected``."""
        field = self._path(key) if key else self.where or "the document"
        return TimelineFileError(f"{self.name}: {field} must be {expected}")

    def finish(self) -> None:
        """Raises TimelineFileError if a field was not asked for: nobody would know its meaning."""
        for key in sorted(self._left):
            raise TimelineFileError(f"{self.name} has an unknown field {self._path(key)}")

    def _take(self, key: str) -> object:
        if key not in self.values:
            raise TimelineFileError(f"{self.name} has no field {self._path(key)}")
        self._left.discard(key)
        return self.values[key]

    def _list(self, key: str, length: int | None) -> list[object]:
        value = self._take(key)
        if not isinstance(value, list) or (length is not None and len(value) != length):
            self._wrong(key, "a list" if length is None else f"a list of {length}")
        return value

    def _integers(self, key: str, length: int) -> list[int]:
        numbers = self._list(key, length)
        return [n if is_integer(n) else self._wrong(key, "whole numbers") for n in numbers]

    def _path(self, key: str) -> str:
        return f"{self.where}.{key}" if self.where else key

    def _wrong(self, key: str, expected: str) -> NoReturn:
        raise self.error(key, expected)


def is_integer(value: object) -> TypeGuard[int]:
    """Whole numbers of 64 bits; True is none."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63


def _is_number(value: object) -> TypeGuard[float]:
    """Integers count too. JSON such as 1e999 becomes an infinity, which is refused."""
    return is_integer(value) or (isinstance(value, float) and math.isfinite(value))


def _range_words(least: float, most: float) -> str:
    if math.isfinite(most):
        return f"a number in {least:g}..{most:g}"
    return "a number" if math.isinf(least) else f"a number from {least:g}"
