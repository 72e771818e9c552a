"""Clips as other games might have shown them: random, but decided beforehand; labels stay true."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from pyanalyzer.score.mirror import (
    Axis,
    mirror_crops,
    mirror_globals,
    mirror_maps,
    mirror_proposals,
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

_VARIED = ("maps", "globals", "proposals", "crops", "box")
_MOTIONS = ("motion", "motion_change", "flow", "flow_change")
_SIGNED = torch.tensor([name in SIGNED_CHANNELS for name in MAP_CHANNELS])
_MOVES = torch.tensor([name.rpartition("_")[0] in _MOTIONS for name in MAP_CHANNELS])
_GLOBAL_MOVES = tuple(
    i
    for i, name in enumerate(GLOBAL_FEATURES)
    if name.startswith(("view_", "flow_"))  # by square roots, as the maps
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


def vary(batch: Batch, variations: Sequence[Variation]) -> None:
    """Changes each clip of a batch by its variation, in place: at once what is done to several."""
    device = batch["maps"].device

    def apply(chosen: Sequence[bool], change: Callable[[Batch], Batch]) -> None:
        at = torch.tensor([i for i, c in enumerate(chosen) if c], device=device)
        if at.numel():
            part = {name: batch[name][at] for name in _VARIED}
            for name, values in change(part).items():
                if values is not part[name]:
                    batch[name][at] = values

    gained = [v for v in variations if (v.speed, v.contrast) != (1.0, 1.0)]
    speed = torch.tensor([v.speed for v in gained], device=device)
    contrast = torch.tensor([v.contrast for v in gained], device=device)
    apply([v in gained for v in variations], lambda b: change_gains(b, speed, contrast))
    apply([v.mirror_x for v in variations], lambda b: mirror(b, "x"))
    apply([v.mirror_y for v in variations], lambda b: mirror(b, "y"))
    apply([v.hide_appearance for v in variations], hide_appearance)
    apply([v.hidden_motion == "motion" for v in variations], lambda b: hide_motion(b, "motion"))
    apply([v.hidden_motion == "flow" for v in variations], lambda b: hide_motion(b, "flow"))
    height, width = batch["maps"].shape[-2:]
    for i, v in enumerate(variations):
        rows, cols = round(v.shift_share[0] * height), round(v.shift_share[1] * width)
        if rows or cols:
            apply([k == i for k in range(len(variations))], _shifter(rows, cols))


def _shifter(rows: int, cols: int) -> Callable[[Batch], Batch]:
    return lambda batch: shift(batch, rows, cols)


def mirror(batch: Batch, axis: Axis) -> Batch:
    """Left and right exchanged, or up and down: a game in a mirror is a game."""
    box = batch["box"].clone()
    low, high = (0, 2) if axis == "x" else (1, 3)
    there = _has_box(box)
    box[..., low] = torch.where(there, 1 - batch["box"][..., high], 0)
    box[..., high] = torch.where(there, 1 - batch["box"][..., low], 0)
    return batch | {
        "maps": mirror_maps(batch["maps"], axis),
        "globals": mirror_globals(batch["globals"], axis),
        "proposals": mirror_proposals(batch["proposals"], axis),
        "crops": mirror_crops(batch["crops"], axis),
        "box": box,
    }


def hide_appearance(batch: Batch) -> Batch:
    """Without brightness and texture: what moves must be told by how it moves."""
    maps = batch["maps"].clone()
    for name in ("mean", "texture"):
        maps[..., MAP_CHANNELS.index(name), :, :] = 0
    return batch | {"maps": maps}


def hide_motion(batch: Batch, prefix: Literal["motion", "flow"]) -> Batch:
    """Without block motion, or without the flow: nowhere any motion, nor a change of it."""
    maps = batch["maps"].clone()
    for name in (prefix, f"{prefix}_change"):
        for axis in "xy":
            maps[..., MAP_CHANNELS.index(f"{name}_{axis}"), :, :] = 128
    return batch | {"maps": maps}


def change_gains(batch: Batch, speed: Tensor, contrast: Tensor) -> Batch:
    """All motions of clip i ``speed[i]`` times as fast, its differences ``contrast[i]`` times as
    large: float (clips,).

    An approximation: what is beyond the bytes' range stays at its end, and crops stay as they are.
    """
    device = batch["maps"].device
    roots = torch.where(_MOVES.to(device), speed.sqrt()[:, None], contrast.sqrt()[:, None])
    zero = torch.where(_SIGNED, 128.0, 0.0).to(device).view(-1, 1, 1)
    maps = (batch["maps"].float() - zero) * roots[:, None, :, None, None] + zero
    frame_globals, proposals = batch["globals"].clone(), batch["proposals"].clone()
    frame_globals[..., _GLOBAL_MOVES] *= speed.sqrt()[:, None, None]
    frame_globals[..., _GLOBAL_LOGS] += contrast.log()[:, None, None] / 4  # the logarithms' unit
    proposals[..., _PROPOSAL_MOVES] *= speed.sqrt()[:, None, None, None]
    return batch | {
        "maps": maps.round_().clamp_(0, 255).to(torch.uint8),
        "globals": frame_globals,
        "proposals": proposals,
    }


def shift(batch: Batch, rows: int, cols: int) -> Batch:
    """The picture moved by whole blocks; what leaves at one side comes back at the other.

    A box that would be cut in two is no longer known.
    """
    height, width = batch["maps"].shape[-2:]
    proposals = batch["proposals"].clone()
    for name, blocks, extent in (("centre_x", cols, width), ("centre_y", rows, height)):
        column = PROPOSAL_FEATURES.index(name)
        moved = (proposals[..., column] + 1 + 2 * blocks / extent) % 2 - 1
        proposals[..., column] = moved * (proposals[..., 0] > 0)
    by = torch.tensor([cols / width, rows / height] * 2, device=batch["box"].device)
    box = batch["box"] + by
    corner = torch.floor(box[..., :2])
    whole = (box[..., 2:] <= corner + 1).all(dim=-1) & _has_box(batch["box"])
    box = (box - torch.cat([corner, corner], dim=-1)) * whole.unsqueeze(-1)
    return batch | {
        "maps": batch["maps"].roll((rows, cols), dims=(-2, -1)),
        "proposals": proposals,
        "box": box,
    }


def _has_box(box: Tensor) -> Tensor:
    return box[..., 2] > box[..., 0]
