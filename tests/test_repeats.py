"""Recordings in which every picture stands twice: how they are told, and what becomes of them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyanalyzer import reference
from pyanalyzer.core.repeats import (
    RepeatJudge,
    block_differences,
    largest_change,
    unrepeated,
)
from pyanalyzer.core.stream import IDENTITY
from pyanalyzer.export.saved import check_consistent
from pyanalyzer.pipeline import analyse
from pyanalyzer.records import U8, Event, Frame, Memory
from pyanalyzer.report.json_report import json_report, parse_timeline, rounded_timeline
from pyanalyzer.settings import AnalysisSettings
from pyanalyzer.simulate.truth import of_frames, truth_path, write_truth
from pyanalyzer.train.cache import build, read_index
from tests.media import X264_LOSSLESS, write_video
from tests.planted_recapture import planted_truth

HEIGHT_PX, WIDTH_PX = 148, 198
PICTURES = 140
EVERYTHING = AnalysisSettings(min_confidence=0.0, cause="all", threads=2)


def drifting(index: int, *, noise: int = 0) -> U8:
    """A texture that drifts, now one way, now another; ``noise``: as an encoder's, in levels."""
    texture = np.random.default_rng(1).integers(0, 60, (HEIGHT_PX, WIDTH_PX))
    way = 1 if index // 20 % 2 else -1
    luma = 100 + np.roll(texture, (index % 20 * way, 2 * index), (0, 1))
    if noise:
        luma = luma + np.random.default_rng(index).integers(-noise, noise + 1, luma.shape)
    return luma.astype(np.uint8)


def judged(changes: list[int]) -> bool | None:
    judge = RepeatJudge()
    for change in changes:
        judge.push(change)
    return judge.doubled


@pytest.mark.parametrize(
    ("changes", "doubled"),
    [
        ([4000, 40] * 70, True),
        ([4000, 1100] * 70, True),
        ([4000, 1300] * 70, False),  # smaller by too little
        ([4000, 40] * 50, None),
        ([4000, 40, 40] * 70, False),  # three times each is another matter
        ([4000, 3900] * 50, False),
        ([200, 0] * 70, None),  # nothing moves
        ([200, 0] * 600, False),
        ([0] * 500 + [4000, 40] * 70, True),  # a title stands first
        ([4000, 40, 4000, 40, 4000, 3900, 4100] * 40, False),  # some
    ],
)
def test_what_is_told_of_a_replay(changes: list[int], doubled: bool | None) -> None:
    assert judged(changes) is doubled


@given(st.lists(st.sampled_from([0, 30, 300, 900, 4000]), max_size=400))
def test_what_was_told_stays(changes: list[int]) -> None:
    judge = RepeatJudge()
    told = None
    for change in changes:
        judge.push(change)
        assert told is None or judge.doubled is told
        told = judge.doubled


def test_a_counter_may_run_while_pictures_stand() -> None:
    grid = np.full((10, 12), 7, np.uint16)
    grid[4, 5:8] = 9000
    assert largest_change(grid) == 7
    grid[0, 0] = 5000
    assert largest_change(grid) == 5000
    assert largest_change(np.array([[3]], np.uint16)) == 3


@given(st.integers(32, 61), st.integers(32, 61), st.integers(0, 2**32 - 1))
def test_block_differences_are_those_of_the_evidence(height: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    before, picture = rng.integers(0, 256, (2, height, width), np.uint8)
    memory = Memory.initial(height // 8, width // 8)
    evidence, _ = reference.difference(before, picture, IDENTITY, memory)
    assert np.array_equal(block_differences(before, picture), evidence.difference)


def numbers(pictures: list[U8]) -> list[int]:
    frames = [Frame(i, i, picture) for i, picture in enumerate(pictures)]
    return [frame.index for frame in unrepeated(frames, lambda frame: frame.plane)]


def test_each_picture_is_given_once() -> None:
    twice = [drifting(i // 2, noise=i % 2) for i in range(80)]
    assert numbers(twice) == list(range(0, 80, 2))
    # Now and then one stands once or three times; what was shown first is given.
    shown = [0, 0, 1, 1, 2, 3, 3, 4, 4, 4, 5, 5, 6, 6]
    assert numbers([drifting(i) for i in shown]) == [0, 2, 4, 5, 7, 9, 10, 12]


def test_a_picture_that_stands_stays_and_its_end_is_seen() -> None:
    shown = [0, 0, 1, 1] + [2] * 9 + [3, 3, 4, 4]
    given = numbers([drifting(i) for i in shown])
    assert {0, 2, 4, 13, 15} <= set(given)
    assert all(later - earlier <= 2 for earlier, later in pairwise(given))


@given(st.lists(st.integers(0, 3), min_size=1, max_size=30))
def test_of_two_frames_one_at_least_is_given(shown: list[int]) -> None:
    given = numbers([drifting(i) for i in shown])
    assert given[0] == 0
    assert all(later - earlier <= 2 for earlier, later in pairwise([*given, len(shown)]))


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pictures = [drifting(i) for i in range(PICTURES)]
    path = tmp_path_factory.mktemp("once") / "replay.mp4"
    return write_video(path, pictures, rate=30, options=X264_LOSSLESS)


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pictures = [drifting(i // 2) for i in range(2 * PICTURES)]
    path = tmp_path_factory.mktemp("twice") / "replay.mp4"
    return write_video(path, pictures, rate=60, options=X264_LOSSLESS)


def test_the_same_is_found_as_if_each_picture_stood_once(once: Path, twice: Path) -> None:
    told: list[Event] = []
    whole = analyse(str(twice), EVERYTHING, on_event=lambda event, _: told.append(event))
    plain = analyse(str(once), EVERYTHING)
    assert whole.video.frames == 2 * PICTURES == 2 * plain.video.frames
    assert told == list(whole.events)  # each once, though the analysis began anew
    assert len(plain.events) > 3
    for ours, theirs in zip(whole.events, plain.events, strict=True):
        assert ours.frame == 2 * theirs.frame
        same = {name: getattr(theirs, name) for name in ("frame", "pts", "interval_frames")}
        assert replace(ours, **same) == theirs


def test_what_was_found_is_saved_and_read_again(twice: Path) -> None:
    timeline = analyse(str(twice), EVERYTHING)
    assert timeline.settings["doubled"] is True
    saved = parse_timeline(json_report(timeline), "twice.json")
    assert saved == rounded_timeline(timeline)
    check_consistent(saved, "twice.json")


def test_a_fast_analysis_takes_every_second_frame_as_it_is(twice: Path) -> None:
    timeline = analyse(str(twice), replace(EVERYTHING, fast=True))
    assert timeline.video.frames == 2 * PICTURES
    assert timeline.events


def test_training_sees_each_picture_once(twice: Path, tmp_path: Path) -> None:
    video = tmp_path / "toy" / "train" / "twice.mp4"
    video.parent.mkdir(parents=True)
    video.write_bytes(twice.read_bytes())
    truth = planted_truth(Fraction(60), 2 * PICTURES)
    truth = replace(truth, width_px=WIDTH_PX, height_px=HEIGHT_PX)
    write_truth(truth, truth_path(video))
    (tmp_path / "cache").mkdir()
    build(video, tmp_path / "cache")
    (replay,) = read_index(tmp_path / "cache")
    assert (replay.frames, replay.frame_rate) == (PICTURES, 30.0)
    assert replay.further == ()
    thin = of_frames(truth, range(0, 2 * PICTURES, 2), Fraction(30))
    assert replay.onsets == tuple(onset.frame for onset in thin.onsets())
