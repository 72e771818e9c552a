"""In every kind of capture the planted square is found when and where the truth says."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import get_args

import pytest

from pyanalyzer.decode import open_replay
from pyanalyzer.evaluate.regions import intersection_over_union
from pyanalyzer.recapture.draw import Source, draw_plan
from pyanalyzer.recapture.job import capture_replay
from pyanalyzer.recapture.kinds import ENCODING, SCALE, TIME
from pyanalyzer.recapture.placement import Interpolation, Placement, unchanged
from pyanalyzer.recapture.plan import (
    EncodingPlan,
    Interlace,
    OverlayPlan,
    PicturePlan,
    Plan,
    TimePlan,
)
from pyanalyzer.records import Region
from pyanalyzer.simulate.encode import Layout
from pyanalyzer.simulate.truth import Truth, read_truth, truth_path
from tests.planted_recapture import HEIGHT_PX, WIDTH_PX, bright_box, lumas, middle, write_planted

THERE, NOT_THERE = 120, 90  # brightness of the square's middle, and of the ground
PLAIN = Plan(
    TimePlan(), unchanged(WIDTH_PX, HEIGHT_PX), PicturePlan(), OverlayPlan(), EncodingPlan()
)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    folder = tmp_path_factory.mktemp("planted")
    return {rate: write_planted(folder / str(rate), Fraction(rate)) for rate in (30, 60)}


def capture(source: Path, plan: Plan, folder: Path) -> tuple[Truth, Path]:
    video = folder / "captured.mp4"
    truth = capture_replay(source, read_truth(truth_path(source)), plan, video, {})
    assert read_truth(truth_path(video)) == truth
    return truth, video


def check(truth: Truth, video: Path, least_iou: float = 0.5) -> None:
    frames = lumas(video)
    assert len(frames) == truth.frames
    onsets = truth.onsets()
    assert len(onsets) == 4
    for onset in onsets:
        assert middle(frames[onset.frame], onset.region_px) > THERE
        assert middle(frames[onset.frame - 1], onset.region_px) < NOT_THERE
    for onset in onsets:
        settled = frames[onset.frame + 1]  # when no field of the frame before is in it
        assert intersection_over_union(bright_box(settled), onset.region_px) > least_iou


def planned(only: str, rate: int, capture_number: int = 0) -> Plan:
    source = Source("toy/train/planted", WIDTH_PX, HEIGHT_PX, Fraction(rate))
    return draw_plan(source, 5, capture_number, (only,))


@pytest.mark.parametrize("rate", [30, 60])
@pytest.mark.parametrize("kind", ["none", *TIME])
def test_every_timing(sources: dict[int, Path], kind: str, rate: int, tmp_path: Path) -> None:
    plan = planned(kind, rate)
    plan = replace(plan, time=replace(plan.time, share=0.1 if plan.time.share else 0.0))
    assert plan.time.kind == ("same" if kind == "none" else kind)
    truth, video = capture(sources[rate], plan, tmp_path)
    check(truth, video, least_iou=0.8)


@pytest.mark.parametrize("rate", [30, 60])
@pytest.mark.parametrize("mode", get_args(Interlace))
def test_every_interlacing(
    sources: dict[int, Path], mode: Interlace, rate: int, tmp_path: Path
) -> None:
    plan = replace(PLAIN, picture=PicturePlan(interlace=mode))
    truth, video = capture(sources[rate], plan, tmp_path)
    assert truth.frame_rate == (30 if mode != "bob" else rate)
    check(truth, video, least_iou=0.8)


@pytest.mark.parametrize("interpolation", get_args(Interpolation))
@pytest.mark.parametrize("size", [(96, 72), (250, 130), (500, 376)])
def test_every_interpolation_with_crop_and_bars(
    sources: dict[int, Path], interpolation: Interpolation, size: tuple[int, int], tmp_path: Path
) -> None:
    layout = Layout(size[0] + 40, size[1] + 8, Region(26, 6, *size), interpolation != "nearest")
    placement = Placement(Region(7, 3, 182, 138), layout, interpolation)
    truth, video = capture(sources[30], replace(PLAIN, placement=placement), tmp_path)
    assert (truth.width_px, truth.height_px) == (layout.width_px, layout.height_px)
    check(truth, video)


@pytest.mark.parametrize("kind", SCALE)
def test_every_drawn_scale(sources: dict[int, Path], kind: str, tmp_path: Path) -> None:
    plan = planned(kind, 30, capture_number=1)
    assert plan.placement != PLAIN.placement
    truth, video = capture(sources[30], plan, tmp_path)
    check(truth, video)


@pytest.mark.parametrize("kind", ENCODING)
def test_every_encoder(sources: dict[int, Path], kind: str, tmp_path: Path) -> None:
    plan = planned(kind, 30)
    if plan.encoding.kind != kind:
        pytest.skip(f"PyAV was built without the encoder for {kind}")
    truth, video = capture(sources[30], plan, tmp_path)
    check(truth, video)


@pytest.mark.parametrize("kind", ["gaps", "jitter", "rate"])
def test_the_reader_finds_every_frame_at_its_time(
    sources: dict[int, Path], kind: str, tmp_path: Path
) -> None:
    truth, video = capture(sources[60], planned(kind, 60), tmp_path)
    with open_replay(str(video), threads=1) as replay:
        times = [float(frame.pts * replay.info.time_base) for frame in replay]
        assert replay.damage is None
        assert float(replay.info.frame_rate) == pytest.approx(float(truth.frame_rate), rel=0.03)
    assert len(times) == truth.frames
    assert times == sorted(set(times))
    even = [t / float(truth.frame_rate) for t in range(truth.frames)]
    slack_s = 3 / float(truth.frame_rate) if kind == "gaps" else 0.5 / float(truth.frame_rate)
    assert times == pytest.approx(even, abs=slack_s)
