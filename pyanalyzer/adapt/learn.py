"""Gradient steps on a replay's own surest changes, from the weights that found them."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import torch
from torch import Tensor

from pyanalyzer.adapt.sample import Run
from pyanalyzer.adapt.targets import Targets, make_targets
from pyanalyzer.score.mirror import mirror_crops, mirror_globals, mirror_maps, mirror_proposals
from pyanalyzer.score.model import Network
from pyanalyzer.timeline import TimelineParameters

Gradients = tuple[Tensor | None, ...]


@dataclass(frozen=True, slots=True)
class Adaptation:
    """How much is learned.

    ``passes``: how often each frame of the sample is seen, in at most ``most_steps`` steps of
    ``clips_per_step`` clips; a short replay would else be known by heart. ``kept_share``: how much
    the weights before count for in the mean with those after (Wortsman et al., "Robust fine-tuning
    of zero-shot models", 2022). All chosen by the validation games (docs/experiments.md).
    """

    passes: float = 9.0
    most_steps: int = 50
    clips_per_step: int = 4
    clip_frames: int = 160
    learning_rate: float = 3e-4
    warm_up_steps: int = 10
    kept_share: float = 0.5
    seed: int = 0

    def steps(self, frames: int) -> int:
        """Gradient steps for a sample of so many frames, at least one."""
        a_step = self.clips_per_step * min(self.clip_frames, frames)
        return min(self.most_steps, max(1, round(self.passes * frames / a_step)))


@dataclass(frozen=True, slots=True, eq=False)
class _Clip:
    """Tensors of a batch of one: inputs of the network, and targets."""

    inputs: tuple[Tensor, Tensor, Tensor, Tensor]
    player: Tensor
    known: Tensor


def adapt(
    network: Network,
    runs: Sequence[Run],
    parameters: TimelineParameters,
    time_base: Fraction,
    *,
    threads: int = 1,
    adaptation: Adaptation | None = None,
) -> Network:
    """A copy of ``network`` that has learned from what it was sure of in ``runs``.

    The same for every number of ``threads``: each computes the gradient of whole clips, and these
    are added in one order. Where nothing is sure there is nothing to learn from, and the copy is
    equal.
    """
    adaptation = adaptation or Adaptation()
    learner = copy.deepcopy(network).eval()  # statistics of batches stay those of the training
    targets = [make_targets(run, parameters, time_base) for run in runs]
    if not any(t.sure for t in targets):
        return learner
    frames = sum(run.pts.size for run in runs)
    weights = [p for p in learner.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(weights, lr=adaptation.learning_rate, weight_decay=0.0)
    rng = np.random.default_rng(adaptation.seed)
    before = torch.get_num_threads()
    try:
        # One thread to each clip, so that sums are grouped alike; it is asked for in each thread.
        with ThreadPoolExecutor(threads, "adapt", torch.set_num_threads, (1,)) as pool:
            for step in range(adaptation.steps(frames)):
                clips = [
                    _draw(runs, targets, rng, adaptation.clip_frames)
                    for _ in range(adaptation.clips_per_step)
                ]
                gradients = pool.map(lambda clip: _gradients(learner, weights, clip), clips)
                _take(weights, list(gradients))
                for group in optimiser.param_groups:
                    warm = min(1.0, (step + 1) / adaptation.warm_up_steps)
                    group["lr"] = adaptation.learning_rate * warm
                torch.nn.utils.clip_grad_norm_(weights, 1.0)
                optimiser.step()
    finally:
        torch.set_num_threads(before)
    return _mean(learner, network, adaptation.kept_share)


def _draw(
    runs: Sequence[Run], targets: Sequence[Targets], rng: np.random.Generator, frames: int
) -> _Clip:
    """A clip of at most so many frames, in half of the cases in a mirror."""
    room = np.array([max(run.pts.size - frames, 0) + 1 for run in runs], np.float64)
    n = int(rng.choice(len(runs), p=room / room.sum()))
    run, target = runs[n], targets[n]
    begin = int(rng.integers(0, int(room[n])))
    at = slice(begin, begin + frames)
    maps, frame_globals, proposals, crops = (
        torch.from_numpy(array[at]).unsqueeze(0)
        for array in (run.maps, run.globals, run.proposals, run.crops)
    )
    if rng.random() < 0.5:
        maps, frame_globals = mirror_maps(maps, "x"), mirror_globals(frame_globals, "x")
        proposals, crops = mirror_proposals(proposals, "x"), mirror_crops(crops, "x")
    player, known = (torch.from_numpy(a[at]).unsqueeze(0) for a in (target.player, target.known))
    return _Clip((maps, frame_globals, proposals, crops), player, known)


def _gradients(network: Network, weights: Sequence[Tensor], clip: _Clip) -> Gradients:
    """Of the cross-entropy of the player's onsets over the frames that are known."""
    # The cache of converted weights is one for all threads, and each would empty it for the others,
    # which changes how their sums are rounded.
    with torch.autocast("cpu", dtype=torch.bfloat16, cache_enabled=False):
        heads = network(*clip.inputs)
    none, player, world = heads.cause_onset.float().unbind(-1)
    rest = (1 - clip.player) * torch.logaddexp(none, world)
    loss = -((clip.player * player + rest) * clip.known).sum() / clip.known.sum().clamp_min(1)
    return torch.autograd.grad(loss, list(weights), allow_unused=True)


def _take(weights: Sequence[Tensor], gradients: Sequence[Gradients]) -> None:
    """Their mean becomes the weights' gradient; added in order."""
    for weight, *parts in zip(weights, *gradients, strict=True):
        known = [part for part in parts if part is not None]
        weight.grad = torch.stack(known).sum(dim=0) / len(gradients) if known else None


@torch.no_grad()
def _mean(learner: Network, before: Network, kept_share: float) -> Network:
    theirs = before.state_dict()
    for name, held in learner.state_dict().items():
        if held.is_floating_point():
            held.lerp_(theirs[name], kept_share)
    return learner
