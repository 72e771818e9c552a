"""Tiles, walls, grounds and skies: pictures drawn once per game that repeat without a seam."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from pyanalyzer.records import U8
from pyanalyzer.simulate.maker import canvas
from pyanalyzer.simulate.maker.palette import Colour, Palette, luma, mix, shade

F64 = npt.NDArray[np.float64]
DARK_LUMA = 70.0
TEXTURES = ("flat", "brick", "checker", "noise", "stripes", "dots", "cells", "planks", "pixels")


def _noise(rng: np.random.Generator, height: int, width: int, octaves: int = 3) -> F64:
    """Smooth noise in 0..1 that repeats itself: a few sines of random direction and phase."""
    y, x = np.mgrid[:height, :width]
    value = np.zeros((height, width))
    for octave in range(octaves):
        for _ in range(4):
            fx, fy = (int(f) for f in rng.integers(-(2**octave) - 1, 2**octave + 2, 2))
            phase = rng.uniform(0, 2 * math.pi)
            wave = np.sin(2 * math.pi * (fx * x / width + fy * y / height) + phase)
            value += wave / 2**octave
    low, high = value.min(), value.max()
    return np.asarray((value - low) / max(high - low, 1e-9))


def _ramp(value: F64, low: Colour, high: Colour, steps: int) -> U8:
    quantised = np.round(value * steps) / steps
    a, b = np.array(low, float), np.array(high, float)
    return np.asarray((a + (b - a) * quantised[..., None]).round(), np.uint8)


def texture(
    rng: np.random.Generator, size_px: int, colour: Colour, contrast: float, name: str = ""
) -> U8:
    """A square of ``size_px``, seamless: (size, size, 3). ``contrast`` 0..1; some name or any."""
    name = name or TEXTURES[int(rng.integers(len(TEXTURES)))]
    dark, light = shade(colour, 1 - 0.6 * contrast), shade(colour, 1 + 0.5 * contrast)
    if luma(colour) < DARK_LUMA:  # on near black, darker would not be seen
        white: Colour = (255, 255, 255)
        dark, light = mix(colour, white, 0.3 * contrast), mix(colour, white, 0.5 * contrast)
    picture = canvas.blank(size_px, size_px, colour)
    cell = max(2, size_px // int(rng.choice([2, 4, 8])))
    y, x = np.mgrid[:size_px, :size_px]
    if name == "brick":
        rows = y // cell
        joint = (y % cell == 0) | ((x + (rows % 2) * cell) % (2 * cell) == 0)
        picture[(rows + x // (2 * cell)) % 3 == 0] = light
        picture[joint] = dark
    elif name == "checker":
        picture[(x // cell + y // cell) % 2 == 0] = dark
    elif name == "noise":
        picture = _ramp(_noise(rng, size_px, size_px), dark, light, int(rng.choice([3, 6, 16])))
    elif name == "stripes":
        along = (x, y, x + y)[int(rng.integers(3))]
        picture[(along // max(1, cell // 2)) % 2 == 0] = dark
    elif name == "dots":
        dx, dy = x % cell - cell / 2, y % cell - cell / 2
        picture[dx**2 + dy**2 < (0.3 * cell) ** 2] = light
    elif name == "cells":
        seeds = rng.integers(0, size_px, (max(3, (size_px // cell) ** 2 // 2), 2))
        gap = np.abs(np.stack([y, x])[None] - seeds[:, :, None, None])
        gap = np.minimum(gap, size_px - gap)
        order = np.sort((gap**2).sum(axis=1), axis=0)
        picture[np.sqrt(order[1]) - np.sqrt(order[0]) < 1.2] = dark
        picture[order[0] < 3] = light
    elif name == "planks":
        picture[:] = _ramp(_noise(rng, size_px, size_px)[:, :1] * np.ones(size_px), dark, light, 5)
        picture[y % cell == 0] = dark
    elif name == "pixels":
        coarse = rng.random((size_px // 2 + 1, size_px // 2 + 1)).repeat(2, 0).repeat(2, 1)
        picture = _ramp(coarse[:size_px, :size_px], dark, light, 4)
    return picture


def tiled(tile: U8, width_px: int, height_px: int) -> U8:
    """A tile repeated to fill a picture."""
    rows, columns = -(-height_px // tile.shape[0]), -(-width_px // tile.shape[1])
    return np.ascontiguousarray(np.tile(tile, (rows, columns, 1))[:height_px, :width_px])


def gradient(width_px: int, height_px: int, top: Colour, bottom: Colour, bands: int = 0) -> U8:
    """From one colour to another downwards, smooth or in bands."""
    share = np.linspace(0, 1, height_px)[:, None] * np.ones(width_px)
    return _ramp(share, top, bottom, bands or 64)


def skyline(rng: np.random.Generator, width_px: int, height_px: int) -> npt.NDArray[np.int64]:
    """The height from the bottom of a row of hills, peaks or houses; repeats: (width_px,)."""
    x, kind = np.arange(width_px), int(rng.integers(3))
    base = float(rng.uniform(0.2, 0.5)) * height_px
    if kind == 2:
        edges = np.sort(rng.integers(0, width_px, max(3, width_px // 24)))
        heights = rng.uniform(0.15, 0.9, len(edges) + 1) * height_px
        heights[-1] = heights[0]
        return np.asarray(heights[np.searchsorted(edges, x, side="right")].astype(np.int64))
    value = np.zeros(width_px)
    for k in range(1, 7):
        wave = np.sin(
            2 * math.pi * int(rng.integers(1, 3 * k + 1)) * x / width_px + 6 * rng.random()
        )
        value += (np.abs(wave) if kind else wave) / k
    value = (value - value.min()) / max(float(np.ptp(value)), 1e-9)
    return np.asarray((base * 0.4 + value * height_px * 0.55).astype(np.int64))


def backdrop(rng: np.random.Generator, width_px: int, height_px: int, palette: Palette) -> U8:
    """A sky that repeats sideways: plain, graded, starry, cloudy or patterned."""
    kind = int(rng.integers(6))
    if kind == 0:
        return canvas.blank(width_px, height_px, palette.sky)
    bands = int(rng.choice([0, 4, 8]))
    picture = gradient(width_px, height_px, palette.sky, palette.sky_low, bands)
    if kind == 2:
        for _ in range(width_px * height_px // 700):
            x, y = int(rng.integers(width_px)), int(rng.integers(height_px))
            side = int(rng.integers(1, 3))
            canvas.box(picture, x, y, side, side, mix(palette.sky, (255, 255, 255), 0.7))
    elif kind in (3, 4):
        cloud = _noise(rng, height_px, width_px, 4)
        picture[cloud > 0.62] = mix(palette.sky, (255, 255, 255), 0.35 if kind == 3 else 0.15)
    elif kind == 5:
        return tiled(texture(rng, 64, palette.sky, 0.25), width_px, height_px)
    return picture


def parallax_layer(
    rng: np.random.Generator, width_px: int, height_px: int, colour: Colour
) -> canvas.Stamp:
    """Hills, peaks or houses as a stamp that repeats sideways; the sky shows above them."""
    heights = skyline(rng, width_px, height_px)
    y = np.arange(height_px)[:, None]
    mask = y >= height_px - heights[None]
    picture = canvas.blank(width_px, height_px, colour)
    pattern = tiled(texture(rng, 32, colour, 0.35), width_px, height_px)
    picture = pattern if rng.random() < 0.6 else picture
    edge = mask & ~np.roll(mask, 2, axis=0)
    picture[edge] = shade(colour, 1.3)
    return canvas.Stamp(np.ascontiguousarray(picture), mask[..., None])
