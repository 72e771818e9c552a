"""A toy game for a process of its own: a dot that walks, noise that is seeded, and two bad ends."""

from __future__ import annotations

import random

import numpy as np

from pyanalyzer.records import U8
from pyanalyzer.simulate.stage import Stage

SIDE_PX = 16


def perform(stage: Stage) -> None:
    """``left`` and ``right`` walk; ``options`` say when the game resets, fails and ends."""
    rng = np.random.default_rng(stage.options["seed"])
    random.seed(stage.options["seed"])
    x, frame = SIDE_PX // 2, 0
    while True:
        held = stage.next_action().held
        frame += 1
        if frame == stage.options.get("fails_at"):
            raise RuntimeError("the toy broke")
        if frame == stage.options.get("ends_at"):
            stage.end()
        resets = frame == stage.options.get("resets_at")
        x = SIDE_PX // 2 if resets else x + ("right" in held) - ("left" in held)
        noise = int(rng.integers(256)) ^ random.getrandbits(8)  # two kinds of random numbers
        stage.show(lambda x=x, noise=noise: picture(x, noise), "reset" if resets else "goes_on")


def picture(x: int, noise: int) -> U8:
    """The dot at ``x``, and one row of this frame's noise."""
    canvas = np.zeros((SIDE_PX, SIDE_PX, 3), np.uint8)
    canvas[8, x % SIDE_PX] = 255
    canvas[0] = noise
    return canvas
