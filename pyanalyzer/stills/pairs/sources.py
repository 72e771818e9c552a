"""The pictures that pairs are made of: frames of replays, scikit-image's pictures, textures."""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np

from pyanalyzer.errors import PyanalyzerError, UsageError
from pyanalyzer.records import U8
from pyanalyzer.simulate.maker import textures
from pyanalyzer.simulate.maker.palette import draw_palette
from pyanalyzer.simulate.splits import SPLITS, Split

# Pictures that lie in scikit-image's wheel. Two views of one scene stand in one split.
_BUNDLED: dict[Split, tuple[str, ...]] = {
    "train": (
        "astronaut.png",
        "camera.png",
        "cell.png",
        "chessboard_RGB.png",
        "clock_motion.png",
        "color.png",
        "grass.png",
        "horse.png",
        "hubble_deep_field.jpg",
        "logo.png",
        "microaneurysms.png",
        "page.png",
        "phantom.png",
        "retina.jpg",
        "rocket.jpg",
    ),
    "validation": ("brick.png", "coffee.png", "ihc.png"),
    "test": (
        "chelsea.png",
        "coins.png",
        "gravel.png",
        "moon.png",
        "motorcycle_left.png",
        "motorcycle_right.png",
        "text.png",
    ),
}
_SHARES = {"replays": 0.5, "bundled": 0.25, "textures": 0.25}  # how often each kind is drawn
_PANELS = 12  # at most, in a picture of windows


@dataclass(frozen=True, slots=True, eq=False)
class PicturePool:
    """The pictures of one split: uint8 RGB (height, width, 3) of any size. Textures are drawn anew
    from the numbers that ``draw`` is given."""

    split: Split
    replays: tuple[U8, ...] = ()
    bundled: tuple[U8, ...] = ()

    def draw(self, rng: np.random.Generator, width_px: int, height_px: int) -> U8:
        """A random picture of this size: a part of one of the pool, at a random enlargement."""
        kinds = [k for k in _SHARES if k == "textures" or getattr(self, k)]
        shares = np.array([_SHARES[k] for k in kinds])
        kind = kinds[int(rng.choice(len(kinds), p=shares / shares.sum()))]
        if kind == "textures":
            return texture_picture(rng, width_px, height_px)
        pictures = self.replays if kind == "replays" else self.bundled
        return part_of(rng, pictures[int(rng.integers(len(pictures)))], width_px, height_px)


def part_of(rng: np.random.Generator, picture: U8, width_px: int, height_px: int) -> U8:
    """A random part of a picture, enlarged at least until it fills this size, perhaps mirrored."""
    height, width = picture.shape[:2]
    least = max(width_px / width, height_px / height)
    scale = max(least, float(rng.choice([0.7, 1.0, 1.0, 1.5, 2.0, 3.0])))
    crop_w = min(width, round(width_px / scale))
    crop_h = min(height, round(height_px / scale))
    x, y = int(rng.integers(width - crop_w + 1)), int(rng.integers(height - crop_h + 1))
    part = picture[y : y + crop_h, x : x + crop_w]
    if rng.random() < 0.5:
        part = part[:, ::-1]
    how = cv2.INTER_AREA if scale < 1 else int(rng.choice([cv2.INTER_NEAREST, cv2.INTER_CUBIC]))
    part = np.ascontiguousarray(part)
    return np.asarray(cv2.resize(part, (width_px, height_px), interpolation=how), np.uint8)


def texture_picture(rng: np.random.Generator, width_px: int, height_px: int) -> U8:
    """A picture of tiles, noise and windows, as games and programs show them."""
    palette = draw_palette(rng)
    size = int(rng.choice([32, 64, 128]))
    tile = textures.texture(rng, size, palette.ground, float(rng.uniform(0.1, 1.0)))
    picture = textures.tiled(tile, width_px, height_px)
    if rng.random() < 0.4:
        picture = textures.gradient(width_px, height_px, palette.sky, palette.sky_low)
    if rng.random() < 0.5:  # clouds, dirt: smooth noise at several scales
        noise = sum(
            cv2.resize(
                rng.normal(0, 1, (height_px // s + 2, width_px // s + 2)).astype(np.float32),
                (width_px, height_px),
                interpolation=cv2.INTER_CUBIC,
            )
            for s in (4, 12, 40)
        )
        lit = picture + float(rng.uniform(3, 20)) * np.asarray(noise)[..., None]
        picture = np.clip(lit, 0, 255).astype(np.uint8)
    colours = (palette.solid, palette.solid_2, palette.panel, palette.accent, *palette.foes)
    for _ in range(int(rng.integers(0, _PANELS))):
        w, h = (int(rng.integers(8, max(9, s // 2))) for s in (width_px, height_px))
        x, y = int(rng.integers(-w // 2, width_px)), int(rng.integers(-h // 2, height_px))
        colour = colours[int(rng.integers(len(colours)))]
        cv2.rectangle(picture, (x, y), (x + w, y + h), colour, -1 if rng.random() < 0.7 else 2)
        if rng.random() < 0.6:
            scale = float(rng.uniform(0.3, 0.9))
            word = "".join(chr(int(c)) for c in rng.integers(48, 123, int(rng.integers(2, 12))))
            cv2.putText(picture, word, (x + 4, y + h // 2), 0, scale, palette.ink, 1, cv2.LINE_AA)
    return picture


def read_pool(folder: Path, split: Split, *, frames_per_replay: int = 3) -> PicturePool:
    """The pictures of a split: frames of the replays in ``folder``/*/``split``, and bundled ones.

    Raises UsageError if there is no replay of the split, PyanalyzerError if scikit-image is
    missing or a replay cannot be read.
    """
    assert split in SPLITS
    videos = sorted(folder.glob(f"*/{split}/*.mp4"))
    if not videos:
        raise UsageError(
            f"no replays of the split {split} in {folder}; make some with `pyanalyzer simulate`"
        )
    frames = tuple(f for video in videos for f in _frames(video, frames_per_replay))
    return PicturePool(split, frames, tuple(_bundled(split)))


def _frames(video: Path, count: int) -> Iterator[U8]:
    """Some frames, spread over a replay."""
    try:
        with av.open(str(video)) as container:
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1
            duration = int(container.duration or 0)  # in microseconds, as `seek` has it
            for k in range(count):
                container.seek(int(duration * (k + 0.5) / count))
                frame = next(container.decode(stream), None)
                if frame is not None:
                    yield np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)
    except (OSError, IndexError, av.FFmpegError) as error:
        raise PyanalyzerError(f"{video} cannot be decoded: {error}") from error


def _bundled(split: Split) -> Iterator[U8]:
    try:
        folder = importlib.resources.files("skimage.data")
    except ModuleNotFoundError:
        raise PyanalyzerError(
            "pairs of still pictures need scikit-image's pictures: "
            "install pyanalyzer with its extra [train]"
        ) from None
    for name in _BUNDLED[split]:
        data = np.frombuffer(folder.joinpath(name).read_bytes(), np.uint8)
        picture = cv2.imdecode(data, cv2.IMREAD_COLOR)
        if picture is None:
            raise PyanalyzerError(f"scikit-image's picture {name} cannot be read")
        yield np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
