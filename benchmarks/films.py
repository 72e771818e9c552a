"""Recordings of gameplay as players make them: 1080p, 720p and 480p at 60 Hz, H.264.

They are made from the sample replay, whose every frame becomes one frame of the film, over and
over: each is cut to 16:9, brought to the size, and moved a little by a camera that sways, so that
no two turns are alike; on top stand sharp letters and bars that do not move, as a game's display
does. Made once, and kept in a folder for temporary files.
"""

from __future__ import annotations

import itertools
import math
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from pyanalyzer.records import U8

SAMPLE = Path(__file__).parents[1] / "samples" / "freedoom.mp4"
RATE_HZ = 60
FRAMES = 1800  # 30 s
SWAY_PX = 12  # of the film's height / 360: as far as a head bobs at a run
ZOOM = 1.1  # so that the sway shows no border
SWAY_FRAMES = 47  # a period that no turn of the sample is a multiple of
_VERSION = 1  # of what is drawn; another one makes new files


@dataclass(frozen=True, slots=True)
class FilmSize:
    """How large a film is, and how many bits it gets: what recorders set by default, near enough.

    1080p at 8.7 Mbit/s is 0.07 bits a pixel.
    """

    name: str
    width_px: int
    height_px: int
    bits_s: int


SIZES = (
    FilmSize("1080p60", 1920, 1080, 8_700_000),
    FilmSize("720p60", 1280, 720, 4_500_000),
    FilmSize("480p60", 854, 480, 2_400_000),
)


def cached_film(size: FilmSize, frames: int = FRAMES, folder: Path | None = None) -> Path:
    """The film of that size, made if it is not there yet (about a minute for 1080p).

    ``folder``: where films are kept; by default one in the system's folder for temporary files.
    """
    folder = folder or Path(tempfile.gettempdir()) / "pyanalyzer-benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{size.name}-{frames}-{size.bits_s}-{_VERSION}.mp4"
    if not path.exists():
        unfinished = path.with_name(f"{os.getpid()}-{path.name}")
        try:
            write_film(unfinished, size, frames)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    return path


def write_film(path: Path, size: FilmSize, frames: int) -> None:
    """Encodes ``frames`` pictures as recording software on a processor does by default: x264 very
    fast, a keyframe every 2 s, B-frames, limited range."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=RATE_HZ)
        stream.width, stream.height, stream.pix_fmt = size.width_px, size.height_px, "yuv420p"
        stream.bit_rate = size.bits_s
        stream.time_base = Fraction(1, RATE_HZ)
        stream.gop_size = 2 * RATE_HZ
        # One buffer of a second: the rate is held, as a stream's must be.
        stream.options = {
            "preset": "veryfast",
            "maxrate": str(size.bits_s),
            "bufsize": str(size.bits_s),
        }
        for number, picture in enumerate(itertools.islice(pictures(size), frames)):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, RATE_HZ)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def pictures(size: FilmSize) -> Iterator[U8]:
    """The film's pictures without an end: uint8 (height_px, width_px, 3), blue first."""
    display, shown = _display(size)
    for number, source in enumerate(itertools.chain.from_iterable(map(_sample, itertools.count()))):
        picture = _swaying(source, number, size)
        cv2.copyTo(display, shown, picture)
        yield picture


def _sample(_turn: int) -> Iterator[U8]:
    with av.open(str(SAMPLE)) as container:
        for frame in container.decode(video=0):
            yield np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)


def _swaying(source: U8, number: int, size: FilmSize) -> U8:
    """The middle of the sample's picture at the size, where the camera is in that frame."""
    height, width = source.shape[:2]
    turn = 2 * math.pi * number / SWAY_FRAMES
    zoom = size.width_px / width * ZOOM
    unit = size.height_px / 360
    dx = (size.width_px - width * zoom) / 2 + SWAY_PX * unit * math.sin(turn)
    dy = (size.height_px - height * zoom) / 2 + SWAY_PX / 2 * unit * math.sin(2 * turn)
    matrix = np.array([[zoom, 0, dx], [0, zoom, dy]])
    target = size.width_px, size.height_px
    picture = cv2.warpAffine(source, matrix, target, flags=cv2.INTER_CUBIC)
    return np.asarray(picture, np.uint8)


def _display(size: FilmSize) -> tuple[U8, U8]:
    """What stands still over the game, and a mask (255) of where."""
    picture = np.zeros((size.height_px, size.width_px, 3), np.uint8)
    mask = np.zeros(picture.shape[:2], np.uint8)
    unit = size.height_px / 360
    for text, x, y in (("HEALTH 100", 12, 346), ("AMMO 24/96", 540, 346), ("SCORE 00150", 12, 22)):
        place = round(x * unit), round(y * unit)
        for target, colour in ((picture, (235, 235, 235)), (mask, (255,))):
            cv2.putText(
                target, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45 * unit, colour, round(unit)
            )
    return picture, mask
