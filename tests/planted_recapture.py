"""A labelled replay with a bright square that jumps: when and where is known in every frame."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from pyanalyzer.records import Region
from pyanalyzer.simulate.encode import EncoderSettings, full, write_video
from pyanalyzer.simulate.truth import Change, Truth, WorldEvent, truth_path, write_truth

WIDTH_PX, HEIGHT_PX, SIDE_PX = 192, 144, 24
FRAMES = 60
# (onset, place of the square from then on)
JUMPS = ((9, (120, 20)), (22, (24, 96)), (37, (150, 100)), (48, (84, 60)))
START = (20, 16)
CUT_FRAME = 30
TURN_FRAME, TURN_PX = 26, Region(100, 60, 20, 30)  # said of the world, not in the pictures
LINGER_FRAMES = 2  # from the press to the onset


def place(frame: int) -> tuple[int, int]:
    """The square's top left corner."""
    return next((at for onset, at in reversed(JUMPS) if frame >= onset), START)


def picture(frame: int) -> npt.NDArray[np.uint8]:
    """A dim texture that stands still, and the square."""
    rng = np.random.default_rng(4)
    rgb = rng.integers(30, 60, (HEIGHT_PX // 8, WIDTH_PX // 8, 3), dtype=np.uint8)
    rgb = np.repeat(np.repeat(rgb, 8, axis=0), 8, axis=1)
    x, y = place(frame)
    rgb[y : y + SIDE_PX, x : x + SIDE_PX] = 240
    return rgb


def planted_truth(frame_rate: Fraction = Fraction(60), frames: int = FRAMES) -> Truth:
    """One change for every jump, one that cannot be seen, and a cut."""
    changes = [
        Change(
            press_frame=onset - LINGER_FRAMES,
            onset_frame=onset,
            observable=True,
            controls_before=(),
            controls_after=("fire",),
            kind="effect",
            cause="player",
            region_px=Region(*at, SIDE_PX, SIDE_PX),
            differing_share=0.04,
        )
        for onset, at in JUMPS
        if onset < frames
    ]
    unseen = Change(15, None, False, (), ("left",), None, "player", None, 0.0)
    return Truth(
        video="planted.mp4",
        engine="toy",
        game="square",
        split="train",
        seed=0,
        frame_rate=frame_rate,
        frames=frames,
        width_px=WIDTH_PX,
        height_px=HEIGHT_PX,
        changes=(changes[0], unseen, *changes[1:]),
        world_events=(
            WorldEvent(TURN_FRAME, "avatar", TURN_PX),
            WorldEvent(CUT_FRAME, "cut"),
        ),
        settings={"generator": 1},
        world_known=True,
    )


def write_planted(folder: Path, frame_rate: Fraction = Fraction(60)) -> Path:
    """The replay and its truth; returns the video."""
    folder.mkdir(parents=True, exist_ok=True)
    video = folder / "planted.mp4"
    pictures = map(picture, range(FRAMES))
    encoder = EncoderSettings(crf=12, b_frames=0, gop_frames=30)
    write_video(video, pictures, frame_rate, full(WIDTH_PX, HEIGHT_PX), encoder)
    write_truth(planted_truth(frame_rate), truth_path(video))
    return video


def lumas(video: Path) -> list[npt.NDArray[np.uint8]]:
    """Every frame's luma."""
    with av.open(str(video)) as container:
        return [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]


def middle(luma: npt.NDArray[np.uint8], region: Region) -> float:
    """The brightness of a region's inner quarter."""
    x, y, w, h = region
    inner = luma[y + h // 4 : y + h - h // 4, x + w // 4 : x + w - w // 4]
    return float(inner.mean())


def bright_box(luma: npt.NDArray[np.uint8]) -> Region:
    """The bounding box of what is brighter than half of the square."""
    rows, columns = np.nonzero(luma > 130)
    x, y = int(columns.min()), int(rows.min())
    return Region(x, y, int(columns.max()) + 1 - x, int(rows.max()) + 1 - y)
