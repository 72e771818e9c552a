"""Two looks at a recording of many frames a second: what is measured, what is made of it."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyanalyzer import reference
from pyanalyzer.core.looks import (
    LEAST_CONFIDENCE,
    Looks,
    coarse_factor,
    composed,
    frames_back,
)
from pyanalyzer.core.stream import EvidenceStream, Kernels
from pyanalyzer.records import U8, Alignment, Frame, FrameEvidence, Scores
from pyanalyzer.score.features import FeatureEncoder, FrameFeatures
from pyanalyzer.score.looks import LOOK_WEIGHTS, LooksEncoder, LooksScorer, pool
from pyanalyzer.score.mirror import mirror_crops, mirror_globals, mirror_maps, mirror_proposals
from pyanalyzer.score.model import TorchParts
from pyanalyzer.score.parts import AS_IT_IS
from pyanalyzer.score.scorer import Scorer
from pyanalyzer.simulate.truth import every
from tests.planted_recapture import planted_truth
from tests.test_scorer import random_frames, random_network
from tests.test_stream import assert_same, clip

HEIGHT, WIDTH = 208, 272
COARSE = 2  # px of the picture for one of two looks


def in_a_mirror(frame: FrameFeatures) -> FrameFeatures:
    """What the network sees of a frame, left and right exchanged."""
    return FrameFeatures(
        mirror_maps(frame.maps, "x"),
        mirror_globals(frame.globals, "x"),
        mirror_proposals(frame.proposals, "x"),
        mirror_crops(frame.crops, "x"),
    )


def frames_of(pictures: list[U8]) -> list[Frame]:
    return [Frame(i, 512 * i, picture) for i, picture in enumerate(pictures)]


def panned(count: int) -> list[U8]:
    """A view that moves by 2 px a frame over a field of soft spots."""
    rng = np.random.default_rng(2)
    wide = rng.integers(0, 256, (HEIGHT // 8 + 2, (WIDTH + 2 * count) // 8 + 2), np.uint8)
    field = np.kron(wide, np.ones((8, 8), np.uint8)).astype(float)
    for axis in (0, 1):
        field = np.mean([np.roll(field, shift, axis) for shift in range(-3, 4)], axis=0)
    return [
        np.ascontiguousarray(field[:HEIGHT, 2 * t : 2 * t + WIDTH].astype(np.uint8))
        for t in range(count)
    ]


def flickering(count: int) -> list[U8]:
    """Half of the figures, in turns, before a dark sky: all of them drift by 1 px a frame."""
    rng = np.random.default_rng(3)
    spots = rng.integers(8, (HEIGHT - 24, WIDTH - 24 - count), (24, 2))
    pictures = []
    for t in range(count):
        picture = np.zeros((HEIGHT, WIDTH), np.uint8)
        for y, x in spots[t % 2 :: 2]:
            picture[y : y + 8, x + t : x + t + 8] = 200
        pictures.append(picture)
    return pictures


@pytest.mark.parametrize(
    ("rate", "back"),
    [
        (None, 1),
        (Fraction(24), 1),
        (45, 1),
        (48, 2),
        (50, 2),
        (Fraction(60000, 1001), 2),
        (60, 2),
        (90, 3),
        (120, 4),
        (144, 5),
        (240, 8),
        (10_000, 16),
    ],
)
def test_how_far_back_the_second_look_reaches(rate: Fraction | int | None, back: int) -> None:
    assert frames_back(rate) == back


@pytest.mark.parametrize(
    ("size", "factor", "smaller"),
    [
        ((640, 480), 2, 4),
        ((640, 360), 2, 3),
        ((1920, 1080), 4, 8),
        ((240, 160), 1, 1),
        ((320, 240), 1, 2),
        ((5120, 2880), 11, 16),
        ((10240, 4320), 16, 16),
    ],
)
def test_how_small_the_picture_of_two_looks_is(
    size: tuple[int, int], factor: int, smaller: int
) -> None:
    assert Looks(*size, back=2).factor == smaller
    assert Looks(*size).factor == factor
    assert Looks(*size, small=True, coarse=True).factor == smaller
    assert coarse_factor(*size, factor) == smaller


def test_a_mask_may_leave_only_blocks_of_the_larger_picture() -> None:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[8:16, 8:16] = True
    assert Looks(WIDTH, HEIGHT, back=2, mask=mask).factor == 1
    mask[:16, :16] = True
    assert Looks(WIDTH, HEIGHT, back=2, mask=mask).factor == COARSE
    with pytest.raises(ValueError, match="leaves no whole block"):
        Looks(WIDTH, HEIGHT, back=2, mask=np.zeros((HEIGHT, WIDTH), bool))


@pytest.mark.parametrize("picture", [clip, panned, flickering])
@pytest.mark.parametrize("back", [2, 3])
def test_the_second_look_is_one_at_every_so_many_frames(
    picture: Callable[..., list[U8]], back: int
) -> None:
    """But for how the view moved, which is known from the first look where its steps are sure."""
    pictures = clip(13, HEIGHT, WIDTH) if picture is clip else picture(13)
    looks = Looks(WIDTH, HEIGHT, back=back)
    seen = [looks.push(frame) for frame in frames_of(pictures)]
    first = EvidenceStream(WIDTH, HEIGHT, factor=COARSE)
    for pieces, frame in zip(seen, frames_of(pictures), strict=True):
        assert_same(pieces[0], first.push(frame))
    for phase in range(back):
        assert_nearly_the_same([pieces[1] for pieces in seen[phase::back]], pictures[phase::back])


def assert_nearly_the_same(seen: list[FrameEvidence], pictures: list[U8]) -> None:
    """As a stream measures these pictures alone, where that is sure of how the view moved."""
    stream = EvidenceStream(WIDTH, HEIGHT, factor=COARSE)
    compared = 0
    for got, frame in zip(seen, frames_of(pictures), strict=True):
        direct = stream.push(frame)
        if not (got.alignment.aligned and direct.alignment.confidence >= LEAST_CONFIDENCE):
            continue
        compared += 1
        assert got.alignment.dx_px == pytest.approx(direct.alignment.dx_px, abs=0.3)
        assert got.alignment.dy_px == pytest.approx(direct.alignment.dy_px, abs=0.3)
        np.testing.assert_array_equal(got.flow.flow_q8, direct.flow.flow_q8)
        np.testing.assert_array_equal(got.evidence.difference, direct.evidence.difference)
        np.testing.assert_array_equal(got.evidence.mean, direct.evidence.mean)
    assert compared


def test_unsure_steps_are_put_together_unless_figures_flicker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pyanalyzer.core.looks.LEAST_CONFIDENCE", 2.0)  # none is sure
    for pictures, anew in ((panned(9), False), (flickering(9), True)):
        looks = Looks(WIDTH, HEIGHT, back=2)
        seen = [looks.push(frame)[1] for frame in frames_of(pictures)][2:]
        alone = EvidenceStream(WIDTH, HEIGHT, factor=COARSE)
        direct = [alone.push(frame) for frame in frames_of(pictures[::2])][1:]
        same = [
            got.alignment.inverse_q16 == wanted.alignment.inverse_q16
            for got, wanted in zip(seen[::2], direct, strict=True)
        ]
        assert all(same) if anew else not all(same)


def test_what_flickers_is_steady_further_back() -> None:
    looks = Looks(WIDTH, HEIGHT, back=2)
    seen = [looks.push(frame) for frame in frames_of(flickering(12))][2:]
    near, far = (
        sum(int(look[at].evidence.difference.astype(int).sum()) for look in seen) for at in (0, 1)
    )
    assert far < near / 2


@pytest.mark.parametrize("ahead_frames", [0, 1, 4])
@pytest.mark.parametrize("kernels", [None, reference])
def test_measuring_ahead_changes_no_look(ahead_frames: int, kernels: Kernels | None) -> None:
    pictures = [p for i, p in enumerate(clip(8, HEIGHT, WIDTH)) for _ in range(1 + 3 * (i == 5))]
    pictures += [np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH), np.uint8)]
    looks = Looks(WIDTH, HEIGHT, back=2)
    expected = [looks.push(frame) for frame in frames_of(pictures)]
    again = Looks(WIDTH, HEIGHT, back=2, kernels=kernels)
    seen = list(again.measure(iter(frames_of(pictures)), ahead_frames=ahead_frames))
    assert [frame.index for frame, _ in seen] == list(range(len(pictures)))
    for (_, got), wanted in zip(seen, expected, strict=True):
        assert len(got) == 2
        for a, b in zip(got, wanted, strict=True):
            assert_same(a, b)


def aligned(q16: tuple[int, int, int, int], confidence: float = 1.0) -> Alignment:
    return Alignment.of(q16, confidence, True, HEIGHT, WIDTH)


near_identity = st.tuples(
    st.integers(60_000, 70_000),
    st.integers(-5_000, 5_000),
    st.integers(-20 << 16, 20 << 16),
    st.integers(-20 << 16, 20 << 16),
)


@given(st.lists(near_identity, min_size=1, max_size=5), st.integers(0, 127), st.integers(0, 95))
def test_steps_put_together_lead_where_they_lead_one_by_one(
    steps: list[tuple[int, int, int, int]], x: int, y: int
) -> None:
    whole = composed(tuple(aligned(step) for step in steps), HEIGHT, WIDTH)
    at = complex(x, y)
    for a, b, tx, ty in reversed(steps):  # from the last picture backwards
        at = (complex(a, b) * at + complex(tx, ty)) / 65536
    a, b, tx, ty = whole.inverse_q16
    together = (complex(a, b) * complex(x, y) + complex(tx, ty)) / 65536
    assert abs(together - at) < 0.02  # px: each rounding of 1/131072 counts for up to 160 px


def test_steps_put_together_are_as_sure_as_the_least() -> None:
    same = (65536, 0, 0, 0)
    one = composed((aligned(same, 0.9), aligned(same, 0.6)), HEIGHT, WIDTH)
    assert (one.confidence, one.aligned, one.inverse_q16) == (0.6, True, same)
    assert composed((aligned((65530, 3, 4, 5)),), HEIGHT, WIDTH).inverse_q16 == (65530, 3, 4, 5)


def test_each_replay_of_the_last_look_has_its_own_encoder() -> None:
    looks, encoder = Looks(WIDTH, HEIGHT, back=2), LooksEncoder(Fraction(1, 60), 2)
    frames = frames_of(clip(10, HEIGHT, WIDTH))
    encoded = [encoder.encode(looks.push(frame)) for frame in frames]
    looks = Looks(WIDTH, HEIGHT, back=2)
    seen: list[tuple[FrameEvidence, ...]] = [looks.push(frame) for frame in frames]
    for phase in (0, 1):
        plain = FeatureEncoder(Fraction(1, 60))
        for (*_, evidence), (*_, got) in zip(seen[phase::2], encoded[phase::2], strict=True):
            wanted = plain.encode(evidence)
            for name in FrameFeatures.__slots__:
                np.testing.assert_array_equal(getattr(got, name), getattr(wanted, name))


def test_pooled_by_hand() -> None:
    """Two frames back: the mean probability of the frame and the next, then the geometric mean."""
    near = np.array([[0.5, 0.3, 0.2], [0.8, 0.1, 0.1]])
    far = np.array([[0.6, 0.2, 0.2], [0.2, 0.4, 0.4], [0.4, 0.4, 0.2]])
    spread = np.array([[0.4, 0.3, 0.3], [0.3, 0.4, 0.3]])
    a, b = LOOK_WEIGHTS
    product = near**a * spread**b
    logs = [np.log(p).astype(np.float32) for p in (near, far)]
    expected = product / product.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(np.exp(pool(*logs, 2)), expected, rtol=1e-5)
    # The last frame of a replay has no next one.
    last = near[1] ** a * far[1] ** b
    at_end = np.exp(pool(logs[0], logs[1][:2], 2))
    np.testing.assert_allclose(at_end, [expected[0], last / last.sum()], rtol=1e-5)


@pytest.mark.parametrize("count", [1, 2, 3, 40, 150, 151])
@pytest.mark.parametrize("back", [2, 3])
def test_all_looks_are_scored_and_pooled(
    count: int, back: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taken piece by piece or at the end it is the same, and nothing is kept of it."""
    from pyanalyzer.score import looks as looks_module
    from pyanalyzer.score import scorer

    for module in (scorer, looks_module):
        monkeypatch.setattr(module, "BATCH_FRAMES", 16)
    monkeypatch.setattr(scorer, "TEMPORAL_CHUNK_FRAMES", (8, 32))
    parts = TorchParts(random_network())
    looks = [random_frames(count, seed) for seed in range(2)]
    pushed = LooksScorer(parts, back=back)
    pieces = []
    for i, frame in enumerate(zip(*looks, strict=True)):
        pushed.push(frame, i + 5, i * 100)
        pieces.append(pushed.take())
    taken = [piece for piece in pieces if piece is not None]
    joined = Scores.join([*taken, pushed.finish()])
    first = Scorer(parts, views=AS_IT_IS)
    others = [Scorer(parts, views=AS_IT_IS) for _ in range(back)]
    for i, (near, far) in enumerate(zip(*looks, strict=True)):
        first.push(near, i + 5, i * 100)
        others[i % back].push(in_a_mirror(far), i, i)
    expected = first.finish()
    answered = [other.finish() for other in others]
    for name in ("index", "pts", "candidate"):
        np.testing.assert_array_equal(getattr(joined, name), getattr(expected, name))
    for name in ("cause_onset", "kind"):
        near = getattr(expected, name)
        far = np.zeros_like(near)
        for phase, answer in enumerate(answered):
            far[phase::back] = getattr(answer, name)
        pooled = pool(near, far, back)
        np.testing.assert_allclose(getattr(joined, name), pooled, rtol=1e-5, atol=1e-6)
    assert pushed.take() is None
    if count >= 150:
        assert sum(piece.pts.size for piece in taken) >= 8
        assert not pushed._answers


def test_one_look_is_the_scorer_alone() -> None:
    parts = TorchParts(random_network())
    one, other = LooksScorer(parts), Scorer(parts)
    for i, frame in enumerate(random_frames(20)):
        one.push((frame,), i, i)
        other.push(frame, i, i)
    np.testing.assert_array_equal(one.finish().cause_onset, other.finish().cause_onset)
    assert LooksScorer(parts, back=2).finish().pts.size == 0


def test_truth_of_every_second_frame() -> None:
    truth = planted_truth()
    onsets = [onset.frame for onset in truth.onsets()]
    for first in (0, 1):
        thin = every(truth, 2, first)
        assert thin.frame_rate == truth.frame_rate / 2
        assert thin.frames == len(range(first, truth.frames, 2))
        shown = {min(k for k in range(999) if first + 2 * k >= onset) for onset in onsets}
        assert {onset.frame for onset in thin.onsets()} == shown
        assert len(thin.changes) == len(truth.changes)
