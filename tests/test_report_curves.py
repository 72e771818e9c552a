"""The curves of every frame: gathered, saved and read back, refused, and as a table."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyanalyzer.__main__ import main
from pyanalyzer.errors import TimelineFileError
from pyanalyzer.export.clock import clock_of
from pyanalyzer.export.saved import check_consistent
from pyanalyzer.records import Evidence, FrameCurves, Scores
from pyanalyzer.report.frames_csv import frames_csv
from pyanalyzer.report.json_curves import CURVES, MAX_FRAMES
from pyanalyzer.report.json_report import json_report, parse_timeline, rounded_timeline
from pyanalyzer.timeline import FrameTrace, frame_curves
from pyanalyzer.timeline.traces import changed_share
from tests.planted_analysis import DATA, planted_timeline
from tests.planted_curves import planted_curves

SAVED = str(DATA / "timeline.json")


def evidence(residual: list[list[int]], floor: list[list[int]]) -> Evidence:
    grid = np.array(residual, np.uint16)
    still = np.zeros((*grid.shape, 2), np.int16)
    zero = np.zeros_like(grid)
    return Evidence(
        zero.astype(np.uint8), zero, zero, grid, zero.astype(np.int16), zero, still, still,
        np.array(floor, np.uint16),
    )  # fmt: skip


def test_the_share_of_what_changed() -> None:
    # Twice the floor is likelier changed than not, the floor itself is not; 0: not measured.
    shares = evidence([[100, 50, 0, 999], [80, 0, 49, 0]], [[50, 50, 50, 0], [40, 40, 50, 0]])
    assert changed_share(shares) == pytest.approx(2 / 6)
    assert changed_share(evidence([[9]], [[0]])) == 0.0


def test_curves_are_of_the_replays_px() -> None:
    none = np.zeros((0, 7), np.int32)
    traces = [
        FrameTrace(7, 70, 0.0, 0.0, 3, True, none),
        FrameTrace(8, 80, 1.5, -2.0, 3, True, none, 1.01, -0.5, 0.25),
        FrameTrace(9, 90, 9.0, 9.0, 3, False, none, 2.0, 45.0, 0.75),
    ]
    chance = np.array([[1, 0, 0], [0.5, 0.3, 0.2], [0.1, 0.1, 0.8]], np.float32)
    with np.errstate(divide="ignore"):
        scores = Scores(
            np.array([7, 8, 9]), np.array([70, 80, 90]), np.log(chance),
            np.zeros((3, 5), np.float32), np.zeros((3, 5), np.float32),
        )  # fmt: skip
    curves = frame_curves(scores, traces, 10)
    assert (curves.start_pts, curves.index.tolist(), curves.pts[0]) == (10, [7, 8, 9], 70)
    assert curves.aligned.tolist() == [True, True, False]
    assert curves.view_dx_px.tolist() == [0.0, 4.5, 0.0]
    assert curves.view_dy_px.tolist() == [0.0, -6.0, 0.0]
    assert curves.view_zoom.tolist() == pytest.approx([1.0, 1.01, 1.0])
    assert curves.view_roll_deg.tolist() == [0.0, -0.5, 0.0]
    assert curves.changed_share.tolist() == [0.0, 0.25, 0.75]
    assert curves.onset_score.tolist() == pytest.approx([0.0, 0.5, 0.9])
    assert curves.player_score.tolist() == pytest.approx([0.0, 0.3, 0.1])
    for field in fields(curves)[1:]:
        assert not getattr(curves, field.name).flags.writeable
    with pytest.raises(ValueError, match="3 frames of scores, but 2 traces"):
        frame_curves(scores, traces[:2], 0)


shares = st.floats(0, 1, width=32)


@st.composite
def any_curves(draw: st.DrawFn) -> FrameCurves:
    frames = draw(st.integers(0, 12))
    rising = st.lists(st.integers(1, 10**6), min_size=frames, max_size=frames)
    start = draw(st.integers(-(10**12), 10**12))

    def floats(values: st.SearchStrategy[float]) -> np.ndarray:
        return np.array(draw(st.lists(values, min_size=frames, max_size=frames)), np.float32)

    aligned = np.array(draw(st.lists(st.booleans(), min_size=frames, max_size=frames)), bool)
    onset, part = floats(shares), floats(shares)
    return FrameCurves(
        start,
        np.cumsum(draw(rising), dtype=np.int64),
        start + np.cumsum(draw(rising), dtype=np.int64),
        aligned,
        np.where(aligned, floats(st.floats(-6e4, 6e4, width=32)), 0).astype(np.float32),
        np.where(aligned, floats(st.floats(-6e4, 6e4, width=32)), 0).astype(np.float32),
        np.where(aligned, floats(st.floats(0.125, 8, width=32)), 1).astype(np.float32),
        np.where(aligned, floats(st.floats(-180, 180, width=32)), 0).astype(np.float32),
        floats(shares),
        onset,
        onset * part,
    )


@given(any_curves())
def test_round_trip(curves: FrameCurves) -> None:
    video = replace(planted_timeline().video, frames=curves.index.size)
    timeline = replace(planted_timeline(), events=(), video=video, curves=curves)
    data = json_report(timeline)
    back = parse_timeline(data, "it")
    assert back == rounded_timeline(timeline)
    assert rounded_timeline(back) == back
    assert json_report(back) == data
    assert back.curves is not None
    for curve in CURVES:  # half a step, and what float32 rounds
        was, now = getattr(curves, curve.field), getattr(back.curves, curve.field)
        assert now.dtype == np.float32
        assert np.allclose(was, now, rtol=1e-6, atol=0.51 / curve.steps)


def test_an_hour_is_a_few_mb() -> None:
    frames = 216_000
    rng = np.random.default_rng(3)
    curves = planted_curves(range(0, frames * 256, 256))
    moved = (rng.normal(0, 20, frames) * (rng.random(frames) < 0.7)).astype(np.float32)
    curves = replace(curves, view_dx_px=moved, view_dy_px=moved[::-1])
    video = replace(planted_timeline().video, frames=frames)
    timeline = replace(planted_timeline(), events=(), video=video, curves=curves)
    data = json_report(timeline)
    assert len(data) < 6e6
    assert data.count(b"\n") < 30


def test_old_timelines_are_read() -> None:
    document = json.loads(json_report(planted_timeline()))
    del document["curves"]
    timeline = parse_timeline(json.dumps(document).encode(), "old.json")
    assert timeline.curves is None
    assert timeline.events == planted_timeline().events
    with pytest.raises(TimelineFileError, match="without the curves of its frames; analyse"):
        frames_csv(timeline)


REFUSED = {
    "missing": ("pts", None, "has no field curves.pts"),
    "unknown": ("odd", [1], "unknown field curves.odd"),
    "no list": ("pts", 3, "curves.pts must be a list"),
    "start": ("start_pts", 0.5, "curves.start_pts must be a whole number"),
    "short": ("aligned", [[1, 349]], "curves.aligned must be 350 numbers.*not 349"),
    "long": ("onset_score_e3", [[0, 10**15]], "must be 350 numbers.*not 1000000000000000"),
    "float": ("changed_share_e3", [0.5, [0, 349]], "must be whole numbers, or pairs"),
    "truth": ("aligned", [True, [1, 349]], "must be whole numbers, or pairs"),
    "never": ("changed_share_e3", [[0, 0], [0, 350]], "must be whole numbers, or pairs"),
    "backwards": ("changed_share_e3", [[0, -1], [0, 351]], "must be whole numbers, or pairs"),
    "three": ("changed_share_e3", [[0, 175, 0], [0, 175]], "must be whole numbers, or pairs"),
    "text": ("changed_share_e3", ["0", [0, 349]], "must be whole numbers, or pairs"),
    "range": ("changed_share_e3", [[1001, 350]], r"numbers in 0..1000, not 1001"),
    "aligned": ("aligned", [[2, 350]], r"numbers in 0..1, not 2"),
    "no zoom": ("view_zoom_e4", [[-10000, 350]], "numbers in -9999..1000000"),
    "player": ("player_score_e3", [[9, 350]], "player_score_e3 must be at most onset_score_e3"),
    "cut": ("view_dx_px_q4", [[1, 350]], "view_dx_px_q4 must be 0 where aligned is 0"),
    "stands": ("index", [0, [0, 349]], "curves.index must be steps of 1.."),
    "negative": ("index", [-1, [1, 349]], "curves.index must be from 0 on"),
    "before": ("pts", [-9, [1, 349]], "curves.pts must be from 0 on"),
    "overflow": ("pts", [0, [2**60, 349]], "curves.pts must be steps of 1.."),
}


@pytest.mark.parametrize(("key", "value", "message"), REFUSED.values(), ids=REFUSED)
def test_refuses(key: str, value: object, message: str) -> None:
    document = json.loads(json_report(planted_timeline()))
    if value is None:
        del document["curves"][key]
    else:
        document["curves"][key] = value
    with pytest.raises(TimelineFileError, match=message) as caught:
        parse_timeline(json.dumps(document).encode(), "saved.json")
    assert str(caught.value).startswith("saved.json")


def test_a_short_file_does_not_fill_the_memory() -> None:
    document = json.loads(json_report(planted_timeline()))
    document["video"]["frames"] = 10**12
    document["curves"] = {key: [[0, 10**12]] for key in document["curves"]}
    with pytest.raises(TimelineFileError, match=f"curves must be of at most {MAX_FRAMES} frames"):
        parse_timeline(json.dumps(document).encode(), "bomb.json")


def test_onsets_lie_in_frames() -> None:
    timeline = planted_timeline()
    events = (replace(timeline.events[0], frame=22), *timeline.events[1:])
    with pytest.raises(TimelineFileError, match=r"events\[0\]: curves has no frame 22 of pts 9000"):
        check_consistent(replace(timeline, events=events), "it")


def test_curves_tell_where_time_begins() -> None:
    timeline = planted_timeline()
    assert timeline.curves is not None
    shifted = replace(timeline.curves, start_pts=-500)
    assert clock_of(replace(timeline, events=(), curves=shifted)).start_pts == -500
    with pytest.raises(TimelineFileError, match="contradict each other"):
        clock_of(replace(timeline, curves=shifted))


def test_the_table_of_frames() -> None:
    curves = planted_curves([1000 + 512 * n for n in range(350)], start_pts=488, cuts=(5,))
    timeline = planted_timeline()
    first = replace(timeline.events[0], frame=3, id=1)
    events = (first, replace(first, id=2), *timeline.events[2:])
    table = frames_csv(replace(timeline, curves=curves, events=events)).decode()
    rows = list(csv.DictReader(io.StringIO(table, newline="")))
    assert len(rows) == 350
    assert [row["events"] for row in rows[:5]] == ["", "", "", "1 2", ""]
    assert rows[77]["events"] == "3"
    assert rows[5]["aligned"] == "0"
    assert float(rows[5]["view_zoom"]) == 1.0
    for n, row in enumerate(rows):
        assert (int(row["frame"]), int(row["pts"])) == (n, 1000 + 512 * n)
        assert float(row["time_s"]) == pytest.approx((n + 1) * 512 / 15000, abs=1e-6)
        assert float(row["view_dx_px"]) == pytest.approx(curves.view_dx_px[n], abs=1 / 32 + 1e-4)
        assert float(row["onset_score"]) == pytest.approx(curves.onset_score[n], abs=1e-3)


def test_the_command_writes_frames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["report", SAVED, "--frames", "frames.csv"]) == 0
    assert Path("frames.csv").read_bytes() == (DATA / "frames.csv").read_bytes()
    old = replace(planted_timeline(), curves=None)
    Path("old.json").write_bytes(json_report(old))
    capsys.readouterr()
    assert main(["report", "old.json", "--csv", "a.csv", "--frames", "b.csv"]) == 1
    assert "analyse the replay again" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["frames.csv", "old.json"]
