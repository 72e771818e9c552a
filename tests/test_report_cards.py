"""Evidence cards: of the right frames, aligned, hot where something moved; and single pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyanalyzer.decode.colour import pictures_at
from pyanalyzer.decode.identity import sha256_of
from pyanalyzer.decode.reader import Pictures, open_replay
from pyanalyzer.errors import ReplayError, TimelineFileError, UsageError
from pyanalyzer.records import Event, EvidenceCard, Region, RivalFrame, Timeline
from pyanalyzer.report.card_pictures import Grid, inside, replay_inverse
from pyanalyzer.report.cards import evidence_cards, likeliest, rivals_of, view_between
from tests.media import X264_LOSSLESS, marked, number_of, set_matrix, write_video
from tests.planted_analysis import planted_timeline
from tests.planted_curves import planted_curves

FRAMES, ONSET, RATE = 60, 30, 60
PAN_PX = 3  # the view moves so far per frame
# Every other frame later by a third: a variable frame rate, in ticks of 1/1000 s.
TIMES = [n * 17 + (5 if n % 2 else 0) for n in range(FRAMES)]


def scene(n: int, width: int, height: int) -> np.ndarray:
    """A texture that scrolls, and on it a bright box that moves down from ``ONSET`` on."""
    rng = np.random.default_rng(5)
    ground = cv2.GaussianBlur(rng.integers(40, 160, (400, 900)).astype(np.uint8), (5, 5), 0)
    picture = ground[60 : 60 + height, PAN_PX * n : PAN_PX * n + width].copy()
    y = 40 + 4 * max(0, n - ONSET + 1)
    picture[y : y + 16, 100:116] = 235
    return picture


def event(number: int = 1, frame: int = ONSET, region: Region | None = None) -> Event:
    return Event(
        number, frame, TIMES[frame], TIMES[frame] / 1000, (frame - 1, frame + 2), "avatar",
        "player", 0.9, region or Region(96, 40, 24, 24), (0.0, 0.0), (0.0, 240.0),
    )  # fmt: skip


def timeline_of(path: Path, size: tuple[int, int], events: Sequence[Event]) -> Timeline:
    """Of a replay with ``TIMES``; the curves know its pan."""
    curves = planted_curves(TIMES, onsets=(ONSET,))
    pan = np.full(FRAMES, -PAN_PX, np.float32)
    still = np.zeros(FRAMES, np.float32)
    curves = replace(
        curves, view_dx_px=pan, view_dy_px=still, view_zoom=still + 1, view_roll_deg=still
    )
    video = replace(
        planted_timeline().video,
        width_px=size[0],
        height_px=size[1],
        frames=FRAMES,
        time_base=Fraction(1, 1000),
        sha256=sha256_of(path),
    )
    return replace(planted_timeline(), video=video, events=tuple(events), curves=curves)


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A replay of odd size with groups of ten pictures and a variable frame rate."""
    path = tmp_path_factory.mktemp("cards") / "replay.mkv"
    lumas = [scene(n, 330, 183)[:, :329] for n in range(FRAMES)]
    options = {**X264_LOSSLESS, "g": "10"}
    return write_video(
        path, lumas, pixel_format="yuv444p", rate=RATE, pts=TIMES,
        time_base=Fraction(1, 1000), options=options,
    )  # fmt: skip


def shown(data: bytes) -> np.ndarray:
    """The picture in ``data``, with transparency where it has that."""
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED))


def test_a_card_shows_what_moved(replay: Path) -> None:
    (card,) = evidence_cards(timeline_of(replay, (329, 183), [event()]), str(replay))
    assert (card.before_frame, card.after_frame) == (ONSET - 1, ONSET + 5)
    assert card.aligned
    x, y, w, h = card.crop_px
    assert x % 8 == y % 8 == w % 8 == h % 8 == 0
    before, after, changed = map(shown, (card.before_jpeg, card.after_jpeg, card.changed_png))
    assert before.shape == after.shape == (h, w, 3)
    assert changed.shape == (h // 8, w // 8, 4)
    assert card.image_px == (w, h)
    # The box, in the coordinates of before: at rest, and moved on by six frames of both motions.
    at = (slice(42 - y, 54 - y), slice(102 - x, 114 - x))
    assert before[at].mean() > 225
    assert after[at].mean() < 180
    right = 100 + 6 * PAN_PX
    assert after[66 - y : 78 - y, right + 2 - x : right + 14 - x].mean() > 225
    # Hot where the box was and is, cold on the ground, which moved with the view.
    hot = changed[:, :, 3] > 60
    box = np.zeros(hot.shape, bool)
    box[(40 - y) // 8 : (80 - y + 7) // 8, (100 - x) // 8 : (right + 16 - x + 7) // 8] = True
    assert hot[(40 - y) // 8, (104 - x) // 8]
    assert not hot[~box].any()
    assert hot.sum() >= 6


def test_the_same_card_again(replay: Path) -> None:
    timeline = timeline_of(replay, (329, 183), [event(1, 12), event(2, ONSET)])
    one = evidence_cards(timeline, str(replay), threads=1)
    two = evidence_cards(timeline, str(replay), threads=2)
    assert [_values(card) for card in one] == [_values(card) for card in two]
    assert [card.event.id for card in one] == [1, 2]


def _values(card: EvidenceCard) -> list[object]:
    return [getattr(card, name) for name in card.__slots__]


def test_scores_and_rivals() -> None:
    timeline = timeline_of(Path(__file__), (329, 183), [event(), event(2, 50)])
    assert timeline.curves is not None
    score = np.zeros(FRAMES, np.float32)
    for frame, value in {30: 0.8, 31: 0.7, 26: 0.5, 37: 0.3, 35: 0.1, 45: 0.6, 3: 0.9}.items():
        score[frame] = value
    timeline = replace(timeline, curves=replace(timeline.curves, player_score=score))
    found = rivals_of(timeline.events[0], timeline, timeline.curves)
    assert found == (RivalFrame(26, 0.5), RivalFrame(37, pytest.approx(0.3)))
    assert rivals_of(timeline.events[1], timeline, timeline.curves)[0].frame == 45


def test_the_limit_keeps_the_likeliest(replay: Path) -> None:
    events = [replace(event(n, 10 * n), confidence=0.5 + 0.1 * (n == 2)) for n in (1, 2, 3)]
    assert [e.id for e in likeliest(events, 2)] == [1, 2]
    assert [e.id for e in likeliest(events, None)] == [1, 2, 3]
    timeline = timeline_of(replay, (329, 183), events)
    assert [card.event.id for card in evidence_cards(timeline, str(replay), limit=1)] == [2]
    assert evidence_cards(timeline, str(replay), limit=0) == ()
    with pytest.raises(UsageError, match="0 or more, not -1"):
        evidence_cards(timeline, str(replay), limit=-1)


def test_what_no_card_can_be_made_from(replay: Path, tmp_path: Path) -> None:
    timeline = timeline_of(replay, (329, 183), [event()])
    with pytest.raises(TimelineFileError, match=r"without the curves .*analyse the replay again"):
        evidence_cards(replace(timeline, curves=None), str(replay))
    other = tmp_path / "other.mkv"
    other.write_bytes(replay.read_bytes() + b"!")
    with pytest.raises(ReplayError, match="is not the replay of this timeline"):
        evidence_cards(timeline, str(other))
    with pytest.raises(ReplayError, match="cannot be read"):
        evidence_cards(timeline, str(tmp_path / "gone.mkv"))
    strange = replace(timeline, events=(replace(event(), frame=999),))
    with pytest.raises(TimelineFileError, match="event 1 is in frame 999, of which"):
        evidence_cards(strange, str(replay))


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi", "a.ts"])
def test_single_pictures(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded = []
    decode = Pictures.decode

    def counted(self: Pictures, threads: int) -> object:
        for picture in decode(self, threads):
            decoded.append(picture.pts)
            yield picture

    monkeypatch.setattr(Pictures, "decode", counted)
    path = write_video(
        tmp_path / name,
        [marked(n, 160, 120) for n in range(100)],
        pixel_format="yuv420p",
        options={"preset": "ultrafast", "g": "10", "bf": "2"},
    )
    with open_replay(path) as frames:
        times = [frame.pts for frame in frames]
    decoded.clear()
    wanted = [3, 4, 17, 58, 61, 99]
    pictures = list(pictures_at(str(path), [times[n] for n in wanted], threads=1))
    assert [number_of(picture.luma) for picture in pictures] == wanted
    assert [number_of(picture.rgb[:, :, 1]) for picture in pictures] == wanted
    assert [picture.pts for picture in pictures] == [times[n] for n in wanted]
    if name in ("a.mp4", "a.mkv"):  # from the keyframe before; 17 and 61 are in the next groups
        assert len(decoded) == len(set(decoded)) <= 15 + 4 + 1
    with pytest.raises(ReplayError, match="has no whole picture of pts"):
        list(pictures_at(str(path), [times[-1] + 1000]))
    assert list(pictures_at(str(path), [])) == []


def test_a_turned_picture_in_colour(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        rgb = np.full((64, 96, 3), (200, 40, 40), np.uint8)
        rgb[:, :32] = (40, 40, 200)
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(stream.encode())
    set_matrix(path, (0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30))  # a quarter, clockwise
    (picture,) = pictures_at(str(path), [0])
    assert picture.rgb.shape == (96, 64, 3)
    assert picture.luma.shape == (96, 64)
    assert np.abs(picture.rgb[10, 30].astype(int) - (40, 40, 200)).max() < 12
    assert np.abs(picture.rgb[80, 30].astype(int) - (200, 40, 40)).max() < 12


@given(
    st.integers(32, 4000),
    st.integers(32, 2500),
    st.tuples(*[st.floats(0, 1)] * 4),
)
def test_a_crop_holds_its_region(width: int, height: int, part: tuple[float, ...]) -> None:
    grid = Grid.of(width, height)
    x, y = int(part[0] * (width - 1)), int(part[1] * (height - 1))
    region = Region(x, y, 1 + int(part[2] * (width - x - 1)), 1 + int(part[3] * (height - y - 1)))
    crop = grid.around(region)
    side = grid.side_px
    assert all(value % side == 0 for value in crop)
    assert min(crop.w_px, crop.h_px) >= side
    for at, length, begin, size, count in (
        (x, region.w_px, crop.x_px, crop.w_px, grid.cols),
        (y, region.h_px, crop.y_px, crop.h_px, grid.rows),
    ):
        assert begin >= 0
        assert begin + size <= count * side
        assert begin <= min(at, (count - 1) * side)
        assert begin + size >= min(at + length, count * side)


@given(st.integers(1, 6), st.floats(0.9, 1.1), st.floats(-0.1, 0.1), st.floats(-9, 9))
def test_the_replays_inverse_is_the_working_pictures(
    factor: int, a: float, b: float, shift: float
) -> None:
    working = (round(a * 65536), round(b * 65536), round(shift * 65536), round(shift * 32768))
    fa, fb, ftx, fty = replay_inverse(working, factor)
    centre = (factor - 1) / 2
    for x, y in ((0.0, 0.0), (30.0, 7.0)):
        u = (working[0] * x - working[1] * y + working[2]) / 65536
        v = (working[1] * x + working[0] * y + working[3]) / 65536
        big_x, big_y = factor * x + centre, factor * y + centre
        assert (fa * big_x - fb * big_y + ftx) / 65536 == pytest.approx(
            factor * u + centre, abs=1e-3
        )
        assert (fb * big_x + fa * big_y + fty) / 65536 == pytest.approx(
            factor * v + centre, abs=1e-3
        )


def test_the_view_between_two_frames() -> None:
    curves = planted_curves(range(20), cuts=(15,))
    still = np.zeros(20, np.float32)
    curves = replace(
        curves, view_dx_px=still + 4, view_dy_px=still - 2, view_zoom=still + 1,
        view_roll_deg=still,
    )  # fmt: skip
    grid = Grid(2, 10, 20)
    assert view_between(curves, 3, 8, grid) == (65536, 0, 10 * 65536, -5 * 65536)
    assert view_between(curves, 3, 3, grid) == (65536, 0, 0, 0)
    assert view_between(curves, 12, 17, grid) is None
    turned = replace(curves, view_dx_px=still, view_dy_px=still, view_roll_deg=still + 45)
    a, b, tx, ty = view_between(turned, 0, 2, grid) or (1, 1, 1, 1)
    assert (a, b) == (0, 65536)
    centre = (79.5, 39.5)  # stays where it is
    assert (a * centre[0] - b * centre[1] + tx) / 65536 == pytest.approx(centre[0], abs=1e-3)
    assert (b * centre[0] + a * centre[1] + ty) / 65536 == pytest.approx(centre[1], abs=1e-3)


def test_what_lies_inside() -> None:
    covered = inside((65536, 0, 2 * 65536, -65536), 6, 4)
    assert covered.tolist() == [[False] * 6] + [[True] * 4 + [False] * 2] * 3
