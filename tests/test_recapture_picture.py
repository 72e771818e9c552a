"""Picture operations against their definitions, and overlays in the video at their time."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from pyanalyzer.recapture.job import capture_replay
from pyanalyzer.recapture.overlays import Overlays
from pyanalyzer.recapture.picture import Filters, placed, woven
from pyanalyzer.recapture.placement import Placement, unchanged
from pyanalyzer.recapture.plan import (
    EncodingPlan,
    HudPlan,
    OverlayPlan,
    PicturePlan,
    Plan,
    TimePlan,
    WebcamPlan,
)
from pyanalyzer.records import Region
from pyanalyzer.simulate.encode import Layout
from pyanalyzer.simulate.truth import Truth, read_truth, truth_path
from tests.planted_recapture import HEIGHT_PX, WIDTH_PX, lumas, middle, write_planted

U8 = npt.NDArray[np.uint8]


def rows(*values: int) -> U8:
    return np.repeat(np.array(values, np.uint8)[:, None, None], 4, axis=1).repeat(3, axis=2)


def column(picture: U8) -> list[int]:
    assert (picture == picture[:, :1, :1]).all()
    return [int(value) for value in picture[:, 0, 0]]


def test_fields_by_hand() -> None:
    newer, older = rows(10, 20, 30, 40, 50), rows(110, 120, 130, 140, 150)
    given = {"top_newer": False, "frame": 0}
    assert woven(newer, older, None, **given) is newer
    assert column(woven(newer, older, "weave", **given)) == [110, 20, 130, 40, 150]
    assert column(woven(newer, older, "weave", top_newer=True, frame=0)) == [10, 120, 30, 140, 50]
    assert column(woven(newer, older, "blend", **given)) == [60, 70, 80, 90, 100]
    even = rows(10, 0, 30, 0)
    assert column(woven(even, older, "bob", **given)) == [10, 20, 30, 30]
    odd = rows(0, 20, 0, 40, 0)
    assert column(woven(odd, older, "bob", top_newer=False, frame=1)) == [20, 20, 30, 40, 40]
    assert column(older) == [110, 120, 130, 140, 150]  # and nothing given is written to


def test_the_picture_stands_in_its_box_and_the_ground_around_it() -> None:
    picture = np.full((20, 40, 3), 200, np.uint8)
    layout = Layout(64, 40, Region(12, 10, 40, 20), smooth=False)
    for ground, colour in (("black", (0, 0, 0)), ("plain", (9, 60, 30))):
        placement = Placement(Region(0, 0, 40, 20), layout, "nearest", ground, colour)
        video = placed(picture, placement)
        assert (video[10:30, 12:52] == 200).all()
        assert (video[:10] == colour).all()
        assert (video[:, :12] == colour).all()
    blurred = placed(picture, Placement(Region(0, 0, 40, 20), layout, "nearest", "blurred"))
    assert 90 < blurred[:10].mean() < 150  # the picture itself, darker


def test_a_source_is_never_written_to() -> None:
    picture = np.full((144, 192, 3), 200, np.uint8)
    video = placed(picture, unchanged(192, 144))
    video[:] = 0
    assert (picture == 200).all()


def filtered(values: U8, **fields: float | int | str) -> U8:
    plan = replace(PicturePlan(), **fields)
    return Filters(plan, values.shape[1], values.shape[0]).apply(values, 0)


def test_filters_by_hand() -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2).repeat(8, axis=0)
    assert np.array_equal(filtered(ramp), ramp)
    assert filtered(ramp, gamma=2.0)[0, 128, 0] == round(255 * (128 / 255) ** 2)
    assert filtered(ramp, brightness=10.0)[0, 100, 0] == 110
    assert filtered(ramp, contrast=0.5)[0, 28, 0] == 78
    warm = filtered(ramp, warmth=0.3)[0, 200]
    assert warm.tolist() == [200, 180, 140]
    assert np.unique(filtered(ramp, bands=16)).size == 16
    washed, crushed = filtered(ramp, range_slip="washed"), filtered(ramp, range_slip="crushed")
    assert (washed.min(), washed.max()) == (16, 235)
    assert (crushed[0, 16, 0], crushed[0, 235, 0]) == (0, 255)
    red = np.full((8, 8, 3), (200, 40, 40), np.uint8)
    grey = filtered(red, saturation=0.0)
    assert np.ptp(grey[0, 0]) <= 1
    assert filtered(red, saturation=1.5)[0, 0, 1] < 40
    step = np.zeros((16, 32, 3), np.uint8) + np.uint8(80)
    step[:, 16:] = 160
    assert filtered(step, sharpen=1.0).max() > 160  # the halo
    assert 80 < filtered(step, blur_px=1.5)[8, 16, 0] < 160


def test_grain_is_as_strong_as_it_says_and_new_in_every_frame() -> None:
    grey = np.full((120, 160, 3), 128, np.uint8)
    for size in (1, 2):
        filters = Filters(replace(PicturePlan(), grain=6.0, grain_px=size, seed=3), 160, 120)
        first, second = filters.apply(grey, 0), filters.apply(grey, 1)
        assert float(first.std()) == pytest.approx(6, rel=0.1)
        assert not np.array_equal(first, second)
        assert np.array_equal(first, filters.apply(grey, 0))


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_planted(tmp_path_factory.mktemp("planted"), Fraction(30))


def capture(source: Path, overlays: OverlayPlan, folder: Path) -> tuple[Truth, list[U8]]:
    plan = Plan(TimePlan(), unchanged(WIDTH_PX, HEIGHT_PX), PicturePlan(), overlays, EncodingPlan())
    video = folder / "captured.mp4"
    truth = capture_replay(source, read_truth(truth_path(source)), plan, video, {})
    return truth, lumas(video)


def test_a_hidden_jump_is_hidden_in_the_video(source: Path, tmp_path: Path) -> None:
    webcam = WebcamPlan("top right", 0.4, 0.0, 4 / 3, 0, False, 30, seed=1)
    truth, frames = capture(source, OverlayPlan(webcam=webcam), tmp_path)
    planted = read_truth(truth_path(source)).changes[0]
    assert planted.region_px is not None
    assert planted.onset_frame is not None
    assert not truth.changes[0].observable
    assert all(change.observable for change in truth.changes[2:])
    shown = [middle(frame, planted.region_px) for frame in frames]
    assert shown[planted.onset_frame] - shown[planted.onset_frame - 1] < 40
    free = truth.onsets()[0]
    assert middle(frames[free.frame], free.region_px) > 120


def test_alerts_are_in_the_video_when_the_truth_is_told_so(source: Path, tmp_path: Path) -> None:
    hud = OverlayPlan(hud=HudPlan(None, None, 1.0, None, False, 3.7, 0.3, seed=1))
    truth, frames = capture(source, hud, tmp_path)
    overlays = Overlays(hud, WIDTH_PX, HEIGHT_PX, truth.frames / 30 + 1)
    seen = 0
    for t, frame in enumerate(frames):
        blank = np.zeros((HEIGHT_PX, WIDTH_PX, 3), np.uint8)
        overlays.draw(blank, t / 30)
        wanted = cv2.cvtColor(blank, cv2.COLOR_RGB2GRAY)
        for x, y, w, h in overlays.opaque(t / 30):
            part = (slice(max(0, y), y + h), slice(max(0, x), max(0, x + w)))
            off = np.abs(frame[part].astype(int) - wanted[part])
            assert off.size == 0 or off.mean() < 8
            seen += off.size > 0
    assert seen > 10
