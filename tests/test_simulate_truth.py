"""The truth file: what is written is read back, and nothing else is taken for one."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyanalyzer.errors import OutputError
from pyanalyzer.records import Region
from pyanalyzer.simulate.truth import (
    FIRST_SCHEMA,
    SCHEMA,
    Change,
    Truth,
    TruthError,
    WorldEvent,
    read_truth,
    truth_path,
    write_truth,
)


def change(press: int, onset: int | None, kind: str = "avatar", x: int = 4) -> Change:
    seen = onset is not None
    return Change(
        press_frame=press,
        onset_frame=onset,
        observable=seen,
        controls_before=("fire",),
        controls_after=("fire", "left"),
        kind=kind if seen else None,  # type: ignore[arg-type]
        cause="player",
        region_px=Region(x, 6, 10, 8) if seen else None,
        differing_share=0.25 if seen else 0.0,
    )


def truth(*changes: Change, events: tuple[WorldEvent, ...] = ()) -> Truth:
    return Truth(
        video="pong_00.mp4",
        engine="ale",
        game="pong",
        split="validation",
        seed=3,
        frame_rate=Fraction(60),
        frames=100,
        width_px=64,
        height_px=48,
        changes=changes,
        world_events=events,
        settings={"crf": 23, "smooth": True, "turning": "keys"},
    )


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.integers(0, 60), st.none() | st.integers(0, 39)), max_size=6),
    st.lists(st.integers(0, 99), max_size=3),
)
def test_written_truth_is_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    presses: list[tuple[int, int | None]],
    cuts: list[int],
) -> None:
    changes = [change(press, None if delay is None else press + delay) for press, delay in presses]
    original = truth(*changes, events=tuple(WorldEvent(cut, "cut") for cut in cuts))
    path = tmp_path_factory.mktemp("truth") / "pong_00.truth.json"
    write_truth(original, path)
    assert read_truth(path) == original
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_onsets_are_merged_by_frame_and_sorted() -> None:
    several = truth(
        change(40, 42, "effect", x=30),
        change(10, None),
        change(41, 42, "avatar", x=4),
        change(20, 20, "interface"),
    )
    first, second = several.onsets()
    assert (first.frame, first.kind, first.changes) == (20, "interface", 1)
    assert (second.frame, second.kind, second.changes, second.press_frame) == (42, "avatar", 2, 41)
    assert second.region_px == Region(4, 6, 36, 8)


def test_view_outweighs_every_other_kind() -> None:
    mixed = truth(*(change(5, 5, kind) for kind in ("interface", "effect", "view", "avatar")))
    assert mixed.onsets()[0].kind == "view"


def test_truth_stands_beside_its_replay() -> None:
    assert truth_path(Path("a/pong_00.mp4")) == Path("a/pong_00.truth.json")


def put(record: Any, where: str, value: Any) -> None:
    *path, last = where.split(".")
    for key in path:
        record = record[int(key) if key.isdigit() else key]
    if value is KeyError:
        del record[last]
    else:
        record[last] = value


BAD_FIELDS = [
    ("schema", "pyanalyzer/truth/3", "schema is"),
    ("schema", KeyError, "schema is"),
    ("frames", KeyError, "fields missing"),
    ("surprise", 1, "unknown"),
    ("frames", 0, "frames"),
    ("frames", 10.5, "frames"),
    ("frames", True, "frames"),
    ("width_px", "64", "width_px"),
    ("game", "", "game"),
    ("frame_rate", [60, 0], "rate"),
    ("frame_rate", 60, "schema"),
    ("settings", [], "settings"),
    ("settings.crf", [1], "settings.crf"),
    ("changes", None, "schema"),
    ("changes.0.onset_frame", 4, "onset_frame"),  # before the press
    ("changes.0.onset_frame", 100, "beyond the last frame"),
    ("changes.0.onset_frame", None, "onset_frame"),
    ("changes.0.observable", 1, "observable"),
    ("changes.0.observable", False, "not observable"),
    ("changes.0.kind", "jump", "kind"),
    ("changes.0.cause", "world", "cause"),
    ("changes.0.controls_after", [1], "controls_after"),
    ("changes.0.region_px", [60, 6, 10, 8], "leaves the picture"),
    ("changes.0.region_px", [4, 6, 0, 8], "region_px"),
    ("changes.0.region_px", [4, 6, 10], "region_px"),
    ("changes.0.differing_share", 1.5, "differing_share"),
    ("changes.0.press_frame", KeyError, "press_frame"),
    ("changes.0.extra", 1, "unknown"),
    ("world_events.0.frame", 100, "beyond the last frame"),
    ("world_events.0.kind", "explosion", "kind"),
    ("world_events.0.region_px", [1, 1, 4, 4], "a cut has a region_px"),
    ("world_events.0.region_px", KeyError, "fields missing"),
    ("world_events.0.kind", "avatar", "region_px"),  # has none
    ("world_events.1.region_px", [60, 6, 10, 8], "leaves the picture"),
    ("world_events.1.region_px", None, "region_px"),
    ("world_known", 1, "world_known"),
    ("world_known", KeyError, "fields missing"),
]


@pytest.mark.parametrize(("where", "value", "message"), BAD_FIELDS)
def test_bad_fields_are_refused(tmp_path: Path, where: str, value: Any, message: str) -> None:
    path = tmp_path / "pong_00.truth.json"
    turn = WorldEvent(60, "avatar", Region(1, 2, 3, 4))
    write_truth(truth(change(5, 6), events=(WorldEvent(50, "cut"), turn)), path)
    record = json.loads(path.read_text())
    put(record, where, value)
    path.write_text(json.dumps(record))
    with pytest.raises(TruthError, match=message) as error:
        read_truth(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"text"', "\x00", "[1" * 5])
def test_what_is_no_truth_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.truth.json"
    path.write_text(text)
    with pytest.raises(TruthError, match=r"x\.truth\.json"):
        read_truth(path)


def test_missing_file_and_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(TruthError, match="no such truth file"):
        read_truth(tmp_path / "x.truth.json")
    with pytest.raises(TruthError, match="cannot be read"):
        read_truth(tmp_path)
    with pytest.raises(OutputError, match="no folder"):
        write_truth(truth(), tmp_path / "missing" / "x.truth.json")


def test_the_first_schema_is_read_as_well(tmp_path: Path) -> None:
    path = tmp_path / "x.truth.json"
    new = truth(change(5, 6), events=(WorldEvent(50, "cut"),))
    write_truth(replace(new, world_known=True), path)
    assert read_truth(path).world_known
    record = json.loads(path.read_text())
    record["schema"] = FIRST_SCHEMA
    del record["world_known"], record["world_events"][0]["region_px"]
    path.write_text(json.dumps(record))
    assert read_truth(path) == new  # of the world it knows the cuts alone
    for extra in ("world_known", "surprise"):
        path.write_text(json.dumps(record | {extra: True}))
        with pytest.raises(TruthError, match="unknown"):
            read_truth(path)
    record["world_events"][0]["kind"] = "avatar"
    path.write_text(json.dumps(record))
    with pytest.raises(TruthError, match="kind is 'avatar'"):
        read_truth(path)


def test_world_events_keep_their_regions(tmp_path: Path) -> None:
    turn = WorldEvent(60, "avatar", Region(1, 2, 3, 4))
    write_truth(truth(events=(WorldEvent(50, "cut"), turn)), tmp_path / "x.truth.json")
    assert read_truth(tmp_path / "x.truth.json").world_events == (WorldEvent(50, "cut"), turn)


def test_schema_is_in_the_file(tmp_path: Path) -> None:
    write_truth(truth(), tmp_path / "x.truth.json")
    assert json.loads((tmp_path / "x.truth.json").read_text())["schema"] == SCHEMA
