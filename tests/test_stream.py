"""The stream of evidence: both cores agree, repeated frames are nothing, bad sizes are refused."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import pyanalyzer.reference as reference_kernels
from pyanalyzer.core.looks import Looks
from pyanalyzer.core.stream import FRAMES_OF_ONE_SEARCH, EvidenceStream, working_factor
from pyanalyzer.decode import open_replay
from pyanalyzer.errors import ReplayError
from pyanalyzer.records import Evidence, Frame, FrameEvidence, Region
from tests.media import write_video

U8 = npt.NDArray[np.uint8]
SAMPLE = Path(__file__).parent.parent / "samples" / "freedoom.mp4"


def clip(frames: int, height: int, width: int, seed: int = 0) -> list[U8]:
    """A noisy, textured ground, and a sprite that walks, stops, and walks back."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(40, 200, (height // 8 + 1, width // 8 + 1))
    ground = coarse.repeat(8, 0).repeat(8, 1)[:height, :width]
    sprite = rng.integers(0, 256, (16, 12))
    pictures, x = [], 30
    for t in range(frames):
        picture = ground + rng.integers(-1, 2, ground.shape)
        x += 3 if t < frames // 3 else 0 if t < 2 * frames // 3 else -2
        picture[40:56, x : x + 12] = sprite
        pictures.append(picture.clip(0, 255).astype(np.uint8))
    return pictures


def run(stream: EvidenceStream, pictures: list[U8]) -> list[FrameEvidence]:
    return [stream.push(Frame(i, 512 * i, p)) for i, p in enumerate(pictures)]


def arrays(evidence: Evidence) -> list[npt.NDArray[np.generic]]:
    return [getattr(evidence, name) for name in Evidence.__slots__]


def assert_same(a: FrameEvidence, b: FrameEvidence) -> None:
    assert (a.index, a.pts, a.repeated, a.alignment) == (b.index, b.pts, b.repeated, b.alignment)
    assert a.proposals == b.proposals
    np.testing.assert_array_equal(a.crops, b.crops)
    for x, y in zip(arrays(a.evidence), arrays(b.evidence), strict=True):
        assert x.dtype == y.dtype
        np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize("ahead_frames", [0, 1, 4, 50])
def test_measuring_ahead_changes_nothing(ahead_frames: int) -> None:
    """With repeats, long enough for the picture to stand still, and a cut among the frames."""
    pictures = [p for i, p in enumerate(clip(12, 96, 128)) for _ in range(1 + 9 * (i == 5))]
    pictures += [np.random.default_rng(i).integers(0, 256, (96, 128), np.uint8) for i in (1, 2)]
    frames = [Frame(i, 512 * i, p) for i, p in enumerate(pictures)]
    expected = run(EvidenceStream(128, 96), pictures)
    assert {seen.alignment.aligned for seen in expected} == {True, False}
    assert sum(seen.repeated for seen in expected) == 9
    seen = list(Looks(128, 96).measure(iter(frames), ahead_frames=ahead_frames))
    assert [frame for frame, _ in seen] == frames
    for (_, (got,)), wanted in zip(seen, expected, strict=True):
        assert_same(got, wanted)
        np.testing.assert_array_equal(got.flow.flow_q8, wanted.flow.flow_q8)


def test_measuring_ahead_ends_with_its_frames() -> None:
    """What the frames' source and the stream raise reaches the caller, and no thread stays."""

    def broken() -> Iterator[Frame]:
        yield from (Frame(i, i, p) for i, p in enumerate(clip(3, 96, 128)))
        raise ReplayError("torn")

    with pytest.raises(ReplayError, match="torn"):
        list(Looks(128, 96).measure(broken(), ahead_frames=4))
    names = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names if name.startswith(("pyanalyzer-align", "pyanalyzer-flow"))]


@pytest.mark.parametrize(("height", "width"), [(96, 128), (211, 161), (300, 330)])
def test_both_cores_agree(height: int, width: int) -> None:
    pictures = clip(18, height, width)
    native = run(EvidenceStream(width, height, threads=2), pictures)
    plain = run(EvidenceStream(width, height, kernels=reference_kernels), pictures)
    for a, b in zip(native, plain, strict=True):
        assert_same(a, b)


def test_a_view_that_goes_on_is_looked_for_now_and_then() -> None:
    rng = np.random.default_rng(2)
    world = rng.integers(0, 256, (40, 70)).astype(np.uint8).repeat(8, axis=0).repeat(8, axis=1)
    world = world // 2 + np.roll(world, (3, 5), (0, 1)) // 2
    boxes = rng.integers(0, 256, (30, 160, 200)).astype(np.uint8)  # unlike each other
    stream, searched = EvidenceStream(320, 240), []
    for index in range(30):
        across = 4 * index if index <= 16 else 64 - 3 * (index - 16)
        picture = world[20:260, 100 + across : 420 + across].copy()
        picture[40:200, 60:260] = boxes[index]
        pair = stream.pair(Frame(index, index, picture), picture)
        alignment = stream.align(pair)
        if index:
            assert alignment.dx_px == pytest.approx(-4 if index <= 16 else 3, abs=0.1)
            searched.append(alignment.explained is not None)
    assert 1 / FRAMES_OF_ONE_SEARCH <= np.mean(searched) < 0.8
    for begin in range(len(searched) - FRAMES_OF_ONE_SEARCH):
        assert any(searched[begin : begin + FRAMES_OF_ONE_SEARCH])


def test_the_sprite_is_followed_and_the_noise_is_not() -> None:
    pictures = clip(30, 160, 210)
    seen = run(EvidenceStream(210, 160), pictures)
    assert seen[0].proposals == ()
    for t in [*range(3, 10), *range(21, 30)]:
        (proposal,) = seen[t].proposals
        assert proposal.track == (1 if t < 10 else 2)  # it rested for longer than a track lives
        assert abs(proposal.motion_q4[0] - (48 if t < 10 else -32)) <= 4
    for t in range(13, 20):
        assert seen[t].proposals == ()
    stop = seen[10].proposals[0]
    assert stop.motion_change_q4[0] < -16


def test_repeated_frames_change_nothing() -> None:
    pictures = clip(12, 96, 128)
    plain = run(EvidenceStream(128, 96), pictures)
    doubled = run(EvidenceStream(128, 96), [p for p in pictures for _ in range(3)])
    for t, expected in enumerate(plain):
        first, *copies = doubled[3 * t : 3 * t + 3]
        assert not first.repeated
        assert first.proposals == expected.proposals
        for a, b in zip(arrays(first.evidence), arrays(expected.evidence), strict=True):
            np.testing.assert_array_equal(a, b)
        for copy in copies:
            assert copy.repeated
            assert copy.proposals == ()
            assert not any(a.any() for a in arrays(copy.evidence))


def test_both_cores_agree_on_a_real_replay() -> None:
    """The sample that ships, its first frames: what decoding hands over, strides and all."""
    with open_replay(SAMPLE, threads=1) as replay:
        info = replay.info
        frames = [frame for frame, _ in zip(replay, range(6), strict=False)]
    native = EvidenceStream(info.width_px, info.height_px, threads=2)
    plain = EvidenceStream(info.width_px, info.height_px, kernels=reference_kernels)
    for frame in frames:
        assert_same(native.push(frame), plain.push(frame))


def test_a_plane_of_limited_range_gives_the_evidence_of_its_luma() -> None:
    planes = list(clip(6, 100, 600))  # more than 270 px on the short side would be reduced by one
    planes.insert(3, planes[2].copy())  # a repeated frame, and one that differs below black alone
    planes.insert(4, np.where(planes[2] <= 16, 3, planes[2]).astype(np.uint8))
    stored = EvidenceStream(600, 100)
    shown = EvidenceStream(600, 100)
    for number, plane in enumerate(planes):
        frame = Frame(number, number, plane, limited_range=True)
        one = stored.push(frame)
        other = shown.push(Frame(number, number, frame.luma))
        assert one.repeated == other.repeated == (number in (3, 4))
        assert_same(one, other)


def test_a_mask_hides_what_moves() -> None:
    pictures = clip(12, 96, 128)
    mask = np.ones((96, 128), bool)
    mask[36:60] = False
    for seen in run(EvidenceStream(128, 96, mask=mask), pictures):
        assert seen.proposals == ()
        assert not seen.evidence.mean[4:8].any()
    with pytest.raises(ValueError, match=r"mask must have the shape \(96, 128\)"):
        EvidenceStream(128, 96, mask=mask.T)
    with pytest.raises(ValueError, match="no whole block"):
        EvidenceStream(128, 96, mask=np.zeros((96, 128), bool))


def test_records_can_be_saved() -> None:
    seen = run(EvidenceStream(128, 96), clip(4, 96, 128))
    for a, b in zip(seen, pickle.loads(pickle.dumps(seen)), strict=True):
        assert_same(a, b)


@pytest.mark.parametrize(
    ("width", "height", "factor", "coarse"),
    [(160, 210, 1, 1), (320, 240, 1, 1), (480, 270, 1, 1), (640, 270, 1, 1), (854, 480, 2, 2),
     (1280, 720, 3, 4), (1920, 1080, 4, 5), (1080, 1920, 4, 5), (2560, 1440, 6, 7),
     (3840, 2160, 8, 10), (7680, 4320, 16, 16), (3200, 180, 5, 5)],
)  # fmt: skip
def test_working_factor(width: int, height: int, factor: int, coarse: int) -> None:
    assert working_factor(width, height) == factor
    assert working_factor(width, height, coarse=True) == coarse
    if height // factor >= 32:
        assert EvidenceStream(width, height).factor == factor
        assert Looks(width, height, coarse=True).factor == coarse


@pytest.mark.parametrize(("width", "height"), [(1, 1), (16384, 16), (31, 200), (640, 60 - 29)])
def test_too_small(width: int, height: int) -> None:
    with pytest.raises(ReplayError, match=rf"{width}x{height} px.*(32x32|at most)"):
        EvidenceStream(width, height)


def test_a_size_that_changes_is_refused() -> None:
    stream = EvidenceStream(64, 64)
    with pytest.raises(ReplayError, match="frame 7 is 48x64 px in a replay of 64x64 px"):
        stream.push(Frame(7, 0, np.zeros((64, 48), np.uint8)))


def compressed(folder: Path, crf: int, *, sprite: bool) -> list[FrameEvidence]:
    """A static scene of blocky texture with sensor noise of one level, through H.264 and back."""
    rng = np.random.default_rng(3)
    ground = rng.integers(40, 200, (20, 30)).repeat(8, 0).repeat(8, 1)
    pictures = []
    for t in range(60):
        picture = ground + rng.normal(0, 1, ground.shape)
        if sprite:
            picture[100:108, 60 + t : 68 + t] = 250
        pictures.append(picture.clip(0, 255).astype(np.uint8))
    options = {"crf": str(crf), "preset": "veryfast", "g": "25"}
    path = write_video(folder / f"{crf}-{sprite}.mp4", pictures, rate=60, options=options)
    with open_replay(path, threads=1) as replay:
        stream = EvidenceStream(replay.info.width_px, replay.info.height_px)
        return [stream.push(frame) for frame in replay]


@pytest.mark.parametrize("crf", [18, 23, 28])
def test_compression_noise_is_no_evidence(tmp_path: Path, crf: int) -> None:
    seen = compressed(tmp_path, crf, sprite=False)
    assert sum(bool(frame.proposals) for frame in seen) <= 1  # a new intra picture may show


@pytest.mark.parametrize("crf", [18, 23, 28])
def test_a_sprite_of_8_px_is_followed_through_compression(tmp_path: Path, crf: int) -> None:
    seen = compressed(tmp_path, crf, sprite=True)
    hits = []
    for t, frame in enumerate(seen[3:], 3):
        sprite, around = Region(62 + t, 102, 4, 4), Region(60 + t - 24, 76, 56, 56)
        hits.append(
            any(_inside(sprite, p.region) and _inside(p.region, around) for p in frame.proposals)
        )
    assert np.mean(hits) >= 0.95


def _inside(inner: Region, outer: Region) -> bool:
    return (
        outer.x_px <= inner.x_px
        and outer.y_px <= inner.y_px
        and inner.x_px + inner.w_px <= outer.x_px + outer.w_px
        and inner.y_px + inner.h_px <= outer.y_px + outer.h_px
    )
