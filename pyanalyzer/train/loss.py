"""What training minimises: cross-entropies of onset and cause, of kind and of candidate."""

from __future__ import annotations

import torch
from torch import Tensor

from pyanalyzer.train.clips import Batch

KIND_WEIGHT = 0.2  # the onset is what counts; the rest says what kind of onset it was
CANDIDATE_WEIGHT = 0.2


def onset_loss(cause_onset: Tensor, player: Tensor, world: Tensor, known: Tensor) -> Tensor:
    """Mean over frames of -sum q log p over (none, player, world), in nats.

    ``cause_onset``: log-probabilities (..., 3). Where ``known`` is 0 nobody can tell whether the
    world changed: there only "not the player" is asked for, log(p_none + p_world).
    """
    none_log, player_log, world_log = cause_onset.unbind(-1)
    rest = (1 - player - world).clamp_min(0)
    not_player = torch.where(known.bool(), none_log, torch.logaddexp(none_log, world_log))
    return -(player * player_log + world * world_log + rest * not_player).mean()


def total_loss(heads: tuple[Tensor, Tensor, Tensor], batch: Batch) -> dict[str, Tensor]:
    """The parts and their weighted sum ("total"), each a scalar."""
    cause_onset, kind, candidate = heads
    parts = {"onset": onset_loss(cause_onset, batch["player"], batch["world"], batch["known"])}
    for name, logits in (("kind", kind), ("candidate", candidate)):
        target = batch[name].long().flatten()
        labelled = target >= 0
        chosen = -logits.flatten(0, 1).gather(1, target.clamp_min(0).unsqueeze(1)).squeeze(1)
        # Over all frames, so that a clip with one onset counts no more than one with many.
        parts[name] = (chosen * labelled).mean()
    parts["total"] = (
        parts["onset"] + KIND_WEIGHT * parts["kind"] + CANDIDATE_WEIGHT * parts["candidate"]
    )
    return parts
