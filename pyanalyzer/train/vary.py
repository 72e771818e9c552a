"""Clips as other games might have shown them: random, but decided beforehand; labels stay true."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from pyanalyzer.score.features import (
    GLOBAL_FEATURES,
    MAP_CHANNELS,
    PROPOSAL_FEATURES,
    SIGNED_CHANNELS,
)

# How often a clip is varied. Up is rarely down in games, and a wrapped picture is seldom one: those
# two cost more in a short run than they give (docs/experiments.md), so they are rare.
MIRROR_X_SHARE = 0.5
MIRROR_Y_SHARE = 0.1
HIDDEN_APPEARANCE_SHARE = 0.3
SHIFTED_SHARE = 0.15
# Another game is faster or slower, and of another contrast: by so much, at the most, either way.
GAIN_SHARE = 0.4
SPEED_AT_MOST = 2.0
CONTRAST_AT_MOST = 1.7
# Now and then one of the measures of motion is missing, so that none is relied on alone.
HIDDEN_MOTION_SHARE = 0.1

Batch = dict[str, Tensor]  # names of cache.ARRAYS, each (clips, frames, ...)

_MOTIONS = ("motion", "motion_change", "flow", "flow_change")
_SIGNED = torch.tensor([name in SIGNED_CHANNELS for name in MAP_CHANNELS])
_MOVES = torch.tensor([name.rpartition("_")[0] in _MOTIONS for name in MAP_CHANNELS])
_GLOBAL_MOVES = tuple(
    i
    for i, name in enumerate(GLOBAL_FEATURES)
    if name.startswith(("view_", "flow_"))  # compressed by square roots, as the maps are
)
_GLOBAL_LOGS = tuple(GLOBAL_FEATURES.index(n) for n in ("log_difference", "log_residual"))
_PROPOSAL_MOVES = tuple(
    PROPOSAL_FEATURES.index(f"{name}_{axis}")
    for name in ("motion", "motion_change")
    for axis in "xy"
)


@dataclass(frozen=True, slots=True)
class Variation:
    """What is done to one clip. ``shift_share``: rows and columns, as shares of the grid;
    ``speed``, ``contrast``: factors; ``hidden_motion``: prefix of the maps left out, or none."""

    mirror_x: bool = False
    mirror_y: bool = False
    hide_appearance: bool = False
    shift_share: tuple[float, float] = (0.0, 0.0)
    speed: float = 1.0
    contrast: float = 1.0
    hidden_motion: Literal["", "motion", "flow"] = ""


def draw_variation(rng: np.random.Generator) -> Variation:
    """A random variation; the same numbers are drawn whatever comes of them."""
    chance = rng.random(6)
    shift = rng.uniform(-0.25, 0.25, 2)
    gains = rng.uniform(-1, 1, 2)
    hidden = "flow" if rng.random() < 0.5 else "motion"
    shifted, varied = chance[3] < SHIFTED_SHARE, chance[4] < GAIN_SHARE
    return Variation(
        mirror_x=bool(chance[0] < MIRROR_X_SHARE),
        mirror_y=bool(chance[1] < MIRROR_Y_SHARE),
        hide_appearance=bool(chance[2] < HIDDEN_APPEARANCE_SHARE),
        shift_share=(float(shift[0]), float(shift[1])) if shifted else (0.0, 0.0),
        speed=SPEED_AT_MOST ** float(gains[0]) if varied else 1.0,
        contrast=CONTRAST_AT_MOST ** float(gains[1]) if varied else 1.0,
        hidden_motion=hidden if chance[5] < HIDDEN_MOTION_SHARE else "",  # type: ignore[arg-type]
    )


def vary(clip: Batch, variation: Variation) -> Batch:
    """One clip (names of cache.ARRAYS, each (frames, ...)) under a variation; a new dictionary."""
    v = variation
    if v.speed != 1.0 or v.contrast != 1.0:
        clip = change_gains(clip, v.speed, v.contrast)
    if v.mirror_x:
        clip = mirror(clip, "x")
    if v.mirror_y:
        clip = mirror(clip, "y")
    if v.hide_appearance:
        clip = hide_appearance(clip)
    if v.hidden_motion:
        clip = hide_motion(clip, v.hidden_motion)
    height, width = clip["maps"].shape[-2:]
    rows, cols = round(v.shift_share[0] * height), round(v.shift_share[1] * width)
    return shift(clip, rows, cols) if rows or cols else clip


def mirror(clip: Batch, axis: Literal["x", "y"]) -> Batch:
    """Left and right exchanged, or up and down: a game in a mirror is a game."""
    dimension = -1 if axis == "x" else -2
    maps = clip["maps"].flip(dimension)
    for name in _MOTIONS:
        channel = MAP_CHANNELS.index(f"{name}_{axis}")
        maps[:, channel] = (256 - maps[:, channel].int()).clamp(0, 255).to(torch.uint8)
    out = clip | {"maps": maps, "crops": clip["crops"].flip(dimension)}
    reversed_columns = {
        "globals": [
            GLOBAL_FEATURES.index(name)
            for name in (
                f"view_d{axis}",
                "view_rotation",
                f"view_change_d{axis}",
                "view_change_rotation",
                f"flow_change_{axis}",
            )
        ],
        "proposals": [
            PROPOSAL_FEATURES.index(f"{n}_{axis}") for n in ("centre", "motion", "motion_change")
        ],
    }
    for key, columns in reversed_columns.items():
        values = clip[key].clone()
        values[..., columns] *= -1
        out[key] = values
    box = clip["box"].clone()
    low, high = (0, 2) if axis == "x" else (1, 3)
    there = box[:, 2] > box[:, 0]
    box[there, low], box[there, high] = 1 - clip["box"][there, high], 1 - clip["box"][there, low]
    return out | {"box": box}


def hide_appearance(clip: Batch) -> Batch:
    """Without brightness and texture: what moves must be told by how it moves."""
    maps = clip["maps"].clone()
    for name in ("mean", "texture"):
        maps[:, MAP_CHANNELS.index(name)] = 0
    return clip | {"maps": maps}


def hide_motion(clip: Batch, prefix: Literal["motion", "flow"]) -> Batch:
    """Without block motion, or without the flow: nowhere any motion, nor a change of it."""
    maps = clip["maps"].clone()
    for name in (prefix, f"{prefix}_change"):
        for axis in "xy":
            maps[:, MAP_CHANNELS.index(f"{name}_{axis}")] = 128
    return clip | {"maps": maps}


def change_gains(clip: Batch, speed: float, contrast: float) -> Batch:
    """All motions ``speed`` times as fast, all differences ``contrast`` times as large.

    An approximation: what is beyond the bytes' range stays at its end, and crops stay as they are.
    """
    device = clip["maps"].device
    gain = torch.where(_MOVES, math.sqrt(speed), math.sqrt(contrast)).to(device)
    zero = torch.where(_SIGNED, 128.0, 0.0).to(device).view(-1, 1, 1)
    maps = (clip["maps"].float() - zero) * gain.view(-1, 1, 1) + zero
    frame_globals, proposals = clip["globals"].clone(), clip["proposals"].clone()
    frame_globals[..., _GLOBAL_MOVES] *= math.sqrt(speed)
    frame_globals[..., _GLOBAL_LOGS] += math.log(contrast) / 4  # the logarithms' own unit
    proposals[..., _PROPOSAL_MOVES] *= math.sqrt(speed)
    return clip | {
        "maps": maps.round_().clamp_(0, 255).to(torch.uint8),
        "globals": frame_globals,
        "proposals": proposals,
    }


def shift(clip: Batch, rows: int, cols: int) -> Batch:
    """The picture moved by whole blocks; what leaves at one side comes back at the other.

    A box that would be cut in two is no longer known.
    """
    height, width = clip["maps"].shape[-2:]
    proposals = clip["proposals"].clone()
    for name, blocks, extent in (("centre_x", cols, width), ("centre_y", rows, height)):
        column = PROPOSAL_FEATURES.index(name)
        moved = (proposals[..., column] + 1 + 2 * blocks / extent) % 2 - 1
        proposals[..., column] = moved * (proposals[..., 0] > 0)
    by = torch.tensor([cols / width, rows / height] * 2, device=clip["box"].device)
    box = clip["box"] + by
    corner = torch.floor(box[:, :2])
    whole = (box[:, 2:] <= corner + 1).all(dim=1) & (clip["box"][:, 2] > clip["box"][:, 0])
    box = (box - corner.repeat(1, 2)) * whole.unsqueeze(1)
    return clip | {
        "maps": clip["maps"].roll((rows, cols), dims=(-2, -1)),
        "proposals": proposals,
        "box": box,
    }
