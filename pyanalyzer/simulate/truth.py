"""The truth file beside a simulated replay: ``NAME.truth.json``, documented in docs/truth.md."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, get_args

from pyanalyzer.atomic_file import write_atomically
from pyanalyzer.errors import PyanalyzerError
from pyanalyzer.records import KINDS, Kind, Region

SCHEMA = "pyanalyzer/truth/2"
FIRST_SCHEMA = "pyanalyzer/truth/1"  # read as well: of the world it knows the cuts alone
SUFFIX = ".truth.json"
Setting = str | int | float | bool

# Real changes of motion: what is asked about when the player is to be told from the world. What
# only acts, or changes the status bar, is none; a cut is the world's by its kind alone.
MOTION_KINDS: tuple[Kind, ...] = ("view", "avatar")

# An onset at which several changes become visible takes the kind that is seen best.
_KIND_ORDER: tuple[Kind, ...] = ("cut", "view", "avatar", "effect", "interface")


class TruthError(PyanalyzerError):
    """A truth file is missing, damaged, or of another version."""


@dataclass(frozen=True, slots=True)
class Change:
    """One action change. Frames are ordinals of the replay's frames, regions in its px.

    ``press_frame`` is the first frame whose step was made with the new action. ``onset_frame``,
    ``kind`` and ``region_px`` are None where the change is not observable; ``differing_share`` is
    the share of the game's picture that differs at the onset, 0 where there is none.
    """

    press_frame: int
    onset_frame: int | None
    observable: bool
    controls_before: tuple[str, ...]
    controls_after: tuple[str, ...]
    kind: Kind | None
    cause: Literal["player"]
    region_px: Region | None
    differing_share: float


@dataclass(frozen=True, slots=True)
class WorldEvent:
    """Something that no action change made.

    ``cut`` is a reset, respawn or new episode, and has no region; the other kinds are changes of
    what NPC or the wind do, in the frame in which they become visible, in the replay's px.
    """

    frame: int
    kind: Kind
    region_px: Region | None = None


def world_order(event: WorldEvent) -> tuple[int, int, Region]:
    """What world events are sorted by: time; in one frame the kind that is seen best first."""
    return event.frame, _KIND_ORDER.index(event.kind), event.region_px or Region(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Onset:
    """What a detector may be asked for: a frame in which one or more changes become visible.

    ``region_px`` holds the regions of all of them; ``press_frame`` is the last press among them.
    """

    frame: int
    kind: Kind
    region_px: Region
    press_frame: int
    changes: int
    differing_share: float


@dataclass(frozen=True, slots=True)
class Truth:
    """All that is known of a simulated replay. ``settings`` says how it was made.

    ``world_known``: whether ``world_events`` holds every visible change of what NPC and the wind
    do; docs/truth.md says what of the world's own motion that is not.
    """

    video: str
    engine: str
    game: str
    split: str
    seed: int
    frame_rate: Fraction
    frames: int
    width_px: int
    height_px: int
    changes: tuple[Change, ...]
    world_events: tuple[WorldEvent, ...]
    settings: Mapping[str, Setting]
    world_known: bool = False

    def onsets(self) -> tuple[Onset, ...]:
        """The observable onsets, one per frame, in order of time."""
        by_frame: dict[int, list[Change]] = {}
        for change in self.changes:
            if change.onset_frame is not None:
                by_frame.setdefault(change.onset_frame, []).append(change)
        return tuple(_merge(frame, by_frame[frame]) for frame in sorted(by_frame))


def _merge(frame: int, changes: list[Change]) -> Onset:
    regions = [change.region_px for change in changes if change.region_px is not None]
    x0, y0 = min(r.x_px for r in regions), min(r.y_px for r in regions)
    x1 = max(r.x_px + r.w_px for r in regions)
    y1 = max(r.y_px + r.h_px for r in regions)
    return Onset(
        frame=frame,
        kind=min((c.kind for c in changes if c.kind is not None), key=_KIND_ORDER.index),
        region_px=Region(x0, y0, x1 - x0, y1 - y0),
        press_frame=max(change.press_frame for change in changes),
        changes=len(changes),
        differing_share=max(change.differing_share for change in changes),
    )


def of_frames(truth: Truth, frames: Sequence[int], frame_rate: Fraction) -> Truth:
    """The truth of the replay that those ``frames`` of this one make, ascending.

    What becomes visible between two of them does so in the later one; that may lie past the end.
    """

    def at(frame: int) -> int:
        return bisect_left(frames, frame)

    return replace(
        truth,
        frame_rate=frame_rate,
        frames=len(frames),
        changes=tuple(
            replace(
                change,
                press_frame=at(change.press_frame),
                onset_frame=None if change.onset_frame is None else at(change.onset_frame),
            )
            for change in truth.changes
        ),
        world_events=tuple(replace(event, frame=at(event.frame)) for event in truth.world_events),
    )


def every(truth: Truth, step: int, first: int) -> Truth:
    """The truth of the replay that frames ``first``, ``first + step`` .. of this one make; see
    :func:`of_frames`."""
    return of_frames(truth, range(first, truth.frames, step), truth.frame_rate / step)


def truth_path(video: Path) -> Path:
    """Where the truth of a replay stands: ``pong_00.mp4`` -> ``pong_00.truth.json``."""
    return video.with_name(video.stem + SUFFIX)


def write_truth(truth: Truth, path: Path) -> None:
    """Write whole or not at all. Raises :class:`~pyanalyzer.errors.OutputError`."""
    record = {"schema": SCHEMA, **asdict(truth), "settings": dict(truth.settings)}
    record["frame_rate"] = [truth.frame_rate.numerator, truth.frame_rate.denominator]
    lines = json.dumps(record | {"changes": [], "world_events": []}, indent=1)
    for name, items in (("changes", truth.changes), ("world_events", truth.world_events)):
        if items:  # one line each, so that a person can read the file
            rows = ",\n".join("  " + json.dumps(asdict(item)) for item in items)
            lines = lines.replace(f'"{name}": []', f'"{name}": [\n{rows}\n ]')
    write_atomically(path, (lines + "\n").encode())


def read_truth(path: Path) -> Truth:
    """Read and check a truth file.

    Raises :class:`TruthError` where it is missing, is not JSON, is of another schema, lacks or
    adds a field, or holds a value that cannot be (an onset before its press, a box outside the
    picture).
    """
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise TruthError(f"{path}: no such truth file") from error
    except (OSError, ValueError) as error:
        raise TruthError(f"{path}: cannot be read as JSON: {error}") from error
    try:
        return _parse(record)
    except (_FieldError, KeyError, TypeError, ValueError) as error:
        raise TruthError(
            f"{path}: not a truth file of schema {SCHEMA}: {error}; make it again with "
            "`pyanalyzer simulate`"
        ) from error


class _FieldError(Exception):
    """What is wrong with a field, for the message of :class:`TruthError`."""


def _check(condition: bool, message: str) -> None:
    if not condition:
        raise _FieldError(message)


def _fields(record: Any, names: set[str], where: str) -> dict[str, Any]:
    _check(isinstance(record, dict), f"{where} is not an object")
    _check(
        set(record) == names,
        f"{where}: fields missing {sorted(names - set(record))}, "
        f"unknown {sorted(set(record) - names)}",
    )
    fields: dict[str, Any] = record
    return fields


def _integer(value: Any, minimum: int, where: str) -> int:
    _check(type(value) is int and value >= minimum, f"{where} is not an integer >= {minimum}")
    return int(value)


def _parse(record: Any) -> Truth:
    names = {*Truth.__slots__, "schema"}
    _check(isinstance(record, dict), "not an object")
    schema = record.get("schema")
    _check(schema in (SCHEMA, FIRST_SCHEMA), f"schema is {schema!r}")
    first = schema == FIRST_SCHEMA
    r = _fields(record, names - {"world_known"} if first else names, "the file")
    world_known = False if first else r["world_known"]
    _check(type(world_known) is bool, "world_known is not true or false")
    for name in ("video", "engine", "game", "split"):
        _check(isinstance(r[name], str) and r[name] != "", f"{name} is not a text")
    settings = r["settings"]
    _check(isinstance(settings, dict), "settings is not an object")
    for name, value in settings.items():
        _check(isinstance(value, get_args(Setting)), f"settings.{name} is not a plain value")
    frames = _integer(r["frames"], 1, "frames")
    size = (_integer(r["width_px"], 1, "width_px"), _integer(r["height_px"], 1, "height_px"))
    numerator, denominator = r["frame_rate"]
    return Truth(
        video=r["video"],
        engine=r["engine"],
        game=r["game"],
        split=r["split"],
        seed=_integer(r["seed"], 0, "seed"),
        frame_rate=Fraction(_integer(numerator, 1, "rate"), _integer(denominator, 1, "rate")),
        frames=frames,
        width_px=size[0],
        height_px=size[1],
        changes=tuple(_parse_change(c, frames, size) for c in r["changes"]),
        world_events=tuple(_parse_world_event(e, frames, size, first) for e in r["world_events"]),
        settings=settings,
        world_known=world_known,
    )


def _parse_change(record: Any, frames: int, size: tuple[int, int]) -> Change:
    r = _fields(record, set(Change.__slots__), "a change")
    press = _integer(r["press_frame"], 0, "press_frame")
    onset, region = r["onset_frame"], r["region_px"]
    _check(type(r["observable"]) is bool, "observable is not true or false")
    _check(r["cause"] == "player", f"cause is {r['cause']!r}, not 'player'")
    for name in ("controls_before", "controls_after"):
        _check(all(isinstance(c, str) for c in r[name]), f"{name} is not a list of texts")
    if r["observable"]:
        _integer(onset, press, "onset_frame")
        _check(onset < frames, f"onset_frame {onset} is beyond the last frame")
        _check(r["kind"] in KINDS, f"kind is {r['kind']!r}")
        region = _parse_region(region, size)
    else:
        _check(
            onset is None and region is None and r["kind"] is None,
            "a change that is not observable has an onset, kind or region",
        )
    share = r["differing_share"]
    _check(isinstance(share, int | float) and 0 <= share <= 1, "differing_share is not in 0..1")
    return Change(
        press_frame=press,
        onset_frame=onset,
        observable=r["observable"],
        controls_before=tuple(r["controls_before"]),
        controls_after=tuple(r["controls_after"]),
        kind=r["kind"],
        cause="player",
        region_px=region,
        differing_share=float(share),
    )


def _parse_region(value: Any, size: tuple[int, int]) -> Region:
    _check(isinstance(value, list) and len(value) == 4, "region_px is not [x, y, w, h]")
    x, y, w, h = (_integer(v, int(i > 1), "region_px") for i, v in enumerate(value))
    _check(x + w <= size[0] and y + h <= size[1], f"region_px {value} leaves the picture")
    return Region(x, y, w, h)


def _parse_world_event(record: Any, frames: int, size: tuple[int, int], first: bool) -> WorldEvent:
    """``first``: of the first schema, whose world events are cuts without a region."""
    names = {"frame", "kind"} if first else set(WorldEvent.__slots__)
    r = _fields(record, names, "a world event")
    frame = _integer(r["frame"], 0, "frame")
    _check(frame < frames, f"frame {frame} is beyond the last frame")
    kind = r["kind"]
    _check(kind in (("cut",) if first else KINDS), f"kind is {kind!r}")
    if kind == "cut":
        _check(r.get("region_px") is None, "a cut has a region_px")
        return WorldEvent(frame, kind)
    return WorldEvent(frame, kind, _parse_region(r["region_px"], size))
