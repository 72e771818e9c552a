"""What training minimises: cross-entropies of onset and cause, of kind, candidate and place."""

from __future__ import annotations

import torch
from torch import Tensor

from pyanalyzer.score.course import Heads
from pyanalyzer.train.vary import Batch

KIND_WEIGHT = 0.2  # the onset is what counts; the rest says what kind of onset it was
CANDIDATE_WEIGHT = 0.2
PLACE_WEIGHT = 0.1  # a hint where to look; no place is part of the answer


def onset_loss(cause_onset: Tensor, player: Tensor, world: Tensor, known: Tensor) -> Tensor:
    """Mean over frames of -sum q log p over (none, player, world), in nats.

    ``cause_onset``: log-probabilities (..., 3). Where ``known`` is 0 nobody can tell whether the
    world changed: there only "not the player" is asked for, log(p_none + p_world).
    """
    none_log, player_log, world_log = cause_onset.unbind(-1)
    rest = (1 - player - world).clamp_min(0)
    not_player = torch.where(known.bool(), none_log, torch.logaddexp(none_log, world_log))
    return -(player * player_log + world * world_log + rest * not_player).mean()


def place_loss(place: Tensor, grid: tuple[int, int], box: Tensor) -> Tensor:
    """Mean over frames of -log of the attention that lies on the box, in nats; 0 where none is.

    ``place``: log-attention (B, T, P) over places on a ``grid`` of rows and columns; ``box``: (B,
    T, 4), left, top, right, bottom as shares of the picture.
    """
    rows, cols = grid
    left, top, right, bottom = box.unbind(-1)
    across = _covers(left, right, cols)
    down = _covers(top, bottom, rows)
    inside = (down.unsqueeze(-1) & across.unsqueeze(-2)).flatten(2)
    there = inside.any(dim=-1)
    on_box = torch.logsumexp(place.masked_fill(~inside, -1e4), dim=-1)
    return -(on_box * there).mean()


def _covers(low: Tensor, high: Tensor, cells: int) -> Tensor:
    """Whether low .. high (shares of the whole) reaches into each cell: bool (..., cells)."""
    begin = torch.arange(cells, device=low.device) / cells
    end = begin + 1 / cells
    return (low.unsqueeze(-1) < end) & (high.unsqueeze(-1) > begin) & (high > low).unsqueeze(-1)


def total_loss(heads: Heads, batch: Batch, place_grid: tuple[int, int]) -> dict[str, Tensor]:
    """The parts and their weighted sum ("total"), each a scalar. ``place_grid``: rows and columns
    of the places."""
    parts = {
        "onset": onset_loss(
            heads.cause_onset.float(), batch["player"], batch["world"], batch["known"]
        )
    }
    for name, log_p in (("kind", heads.kind), ("candidate", heads.candidate)):
        target = batch[name].long().flatten()
        labelled = target >= 0
        chosen = -log_p.float().flatten(0, 1).gather(1, target.clamp_min(0).unsqueeze(1))
        # Over all frames, so that a clip with one onset counts no more than one with many.
        parts[name] = (chosen.squeeze(1) * labelled).mean()
    parts["place"] = place_loss(heads.place.float(), place_grid, batch["box"])
    parts["total"] = (
        parts["onset"]
        + KIND_WEIGHT * parts["kind"]
        + CANDIDATE_WEIGHT * parts["candidate"]
        + PLACE_WEIGHT * parts["place"]
    )
    return parts
