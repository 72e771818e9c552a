"""The training loop: AdamW, cosine schedule, averaged weights, checkpoints that resume exactly."""

from __future__ import annotations

import copy
import io
import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from pyanalyzer.atomic_file import write_atomically
from pyanalyzer.errors import ModelError
from pyanalyzer.score.grow import grow_into
from pyanalyzer.score.model import LoadedModel, Network
from pyanalyzer.train.cache import CachedReplay
from pyanalyzer.train.clips import DeviceStore, DiskStore, StepSize, make_source, stream
from pyanalyzer.train.loss import total_loss
from pyanalyzer.train.validate import EngineScore, validate

_AVERAGE_DECAY = 0.998  # averages about 500 steps (Polyak averaging)
WARM_UP_STEPS = 300  # Adam's second moments need some gradients before they can be trusted
_GRADIENT_NORM = 1.0  # a clip with a cut in it must not throw the weights away


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """One training run. ``engine_shares``: how often each engine's clips are drawn, against 1.0 for
    those that are not named. ``without_engines``: whose replays were left out of training and
    validation, so that the weights can be judged on them. ``parts_per_step``: of
    ``clips_per_part`` clips of one grid each. ``device``: where the network is trained, ``cpu`` or
    ``cuda``; not the same bits on both."""

    steps: int
    seed: int = 0
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    warm_up_steps: int = WARM_UP_STEPS
    bfloat16: bool = False
    validate_every_steps: int = 2000
    checkpoint_every_steps: int = 500
    engine_shares: tuple[tuple[str, float], ...] = ()
    without_engines: tuple[str, ...] = ()
    parts_per_step: int = 1
    clips_per_part: int = 6
    device: str = "cpu"


@dataclass(frozen=True, slots=True)
class StepReport:
    """What is told of a step: losses in nats, and the validation after it if there was one."""

    step: int
    losses: dict[str, float]
    clips_per_s: float
    validation: tuple[EngineScore, ...]


class TrainingRun:
    """A network in training, with all that is needed to go on after an interruption.

    Begins with the weights ``start`` if they are given, else with random ones. Raises ModelError if
    ``start`` has other dimensions.
    """

    def __init__(
        self,
        settings: TrainingSettings,
        configuration: Any,
        start: LoadedModel | None = None,
    ) -> None:
        torch.manual_seed(settings.seed)
        self.settings = settings
        self.device = torch.device(settings.device)
        # Channels last: a step then takes three quarters of the time on a processor.
        self.network = self.build(configuration).to(
            device=self.device, memory_format=torch.channels_last
        )
        self.arrange()
        self.started_from = None if start is None else f"{start.name} {start.sha256}"
        if start is not None:
            self.begin_with(start)
        self.average = copy.deepcopy(self.network).eval()
        decay: list[torch.nn.Parameter] = []
        plain: list[torch.nn.Parameter] = []
        for parameter in self.network.parameters():
            (decay if parameter.ndim > 1 else plain).append(parameter)
        groups = [
            {"params": decay, "weight_decay": settings.weight_decay},
            {"params": plain, "weight_decay": 0.0},
        ]
        self.optimiser = torch.optim.AdamW(groups, lr=settings.learning_rate)
        self.step = 0
        self.best = 0.0  # the highest merit in validation so far

    def build(self, configuration: Any) -> Any:
        """The network that is trained."""
        return Network(configuration)

    def arrange(self) -> None:
        """Puts back what is slower with channels last: normalising the crops' eight channels."""
        if isinstance(self.network, Network):
            crops: Any = self.network.crop_extractor
            crops.to(memory_format=torch.contiguous_format)

    def begin_with(self, start: LoadedModel) -> None:
        """Takes over trained weights, of a smaller network too."""
        grow_into(self.network, start)

    @torch.no_grad()
    def mix_in(self, start: LoadedModel, share: float) -> None:
        """Makes the averaged weights the mean of themselves and ``start``, which counts for
        ``share`` (Wortsman et al., "Robust fine-tuning of zero-shot models", 2022). What ``start``
        lacks stays as it is."""
        theirs = start.network.state_dict()
        for name, held in self.average.state_dict().items():
            if name in theirs and held.is_floating_point():
                held.lerp_(theirs[name].to(held.device), share)

    def losses(self, batch: Any) -> dict[str, torch.Tensor]:
        """The losses of a batch; the gradient is that of ``total``."""
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.settings.bfloat16):
            heads = self.network(
                batch["maps"], batch["globals"], batch["proposals"], batch["crops"]
            )
        return total_loss(heads, batch, self.network.place_grid(*batch["maps"].shape[-2:]))

    def save(self, path: Path) -> None:
        """Writes the checkpoint whole or not at all."""
        state = {
            "step": self.step,
            "best": self.best,
            "started_from": self.started_from,
            "settings": json.dumps(asdict(self.settings)),
            "configuration": json.dumps(asdict(self.network.configuration)),
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }
        buffer = io.BytesIO()
        torch.save(state, buffer)
        write_atomically(path, buffer.getvalue())

    def load(self, path: Path) -> None:
        """Goes on from a checkpoint. Raises ModelError if it is none or has other dimensions."""
        try:
            state: dict[str, Any] = torch.load(path, map_location=self.device, weights_only=True)
            if state["configuration"] != json.dumps(asdict(self.network.configuration)):
                raise ModelError(f"{path} is a checkpoint of a network of other dimensions")
            left_out = tuple(json.loads(state["settings"]).get("without_engines", ()))
            if left_out != self.settings.without_engines:
                names = " ".join(left_out) or "none"
                raise ModelError(
                    f"{path} was trained with other engines left out: {names}; go on with the same"
                )
            self.network.load_state_dict(state["network"])
            self.average.load_state_dict(state["average"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.step = state["step"]
            self.best = state.get("best", 0.0)
            self.started_from = state.get("started_from")
        except (OSError, KeyError, RuntimeError, ValueError, EOFError) as error:
            raise ModelError(f"cannot go on from the checkpoint {path}: {error}") from error

    def learning_rate(self) -> float:
        """Linear warm-up, then half a cosine down to a hundredth."""
        s = self.settings
        if self.step < s.warm_up_steps:
            return s.learning_rate * (self.step + 1) / s.warm_up_steps
        done = (self.step - s.warm_up_steps) / max(s.steps - s.warm_up_steps, 1)
        return s.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(done, 1.0))))

    def take_step(self, parts: Sequence[Any]) -> dict[str, torch.Tensor]:
        """One gradient step on the mean loss of the parts; returns the mean losses, scalars."""
        self.network.train()
        self.optimiser.zero_grad(set_to_none=True)
        sums: dict[str, torch.Tensor] = {}
        for part in parts:
            losses = self.losses(part)
            (losses["total"] / len(parts)).backward()  # type: ignore[no-untyped-call]
            for name, loss in losses.items():
                share = loss.detach() / len(parts)
                sums[name] = sums[name] + share if name in sums else share
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), _GRADIENT_NORM)
        for group in self.optimiser.param_groups:
            group["lr"] = self.learning_rate()
        self.optimiser.step()
        self.step += 1
        self._average()
        return sums

    def average_decay(self) -> float:
        """How much of the averaged weights is kept at a step.

        They average about the last tenth of the steps, the last 500 in a long run: a short one
        must not drag its start along.
        """
        return min(_AVERAGE_DECAY, (1 + self.step) / (10 + self.step))

    @torch.no_grad()
    def _average(self) -> None:
        decay = self.average_decay()
        for mean, now in zip(self.average.parameters(), self.network.parameters(), strict=True):
            mean.lerp_(now, 1 - decay)
        for held, new in zip(self.average.buffers(), self.network.buffers(), strict=True):
            if held.is_floating_point():
                held.lerp_(new, 1 - decay)
            else:
                held.copy_(new)

    def model(self) -> LoadedModel:
        """The averaged weights, ready to run: an analysis runs on the processor."""
        return LoadedModel(copy.deepcopy(self.average).to("cpu"), "in training", "", {})


def train(
    run: TrainingRun,
    training: Sequence[CachedReplay],
    validation: Sequence[CachedReplay],
    checkpoint: Path,
    report: Callable[[StepReport], None],
) -> None:
    """Trains from ``run.step`` to the last step; calls ``report`` every 50 steps.

    Writes checkpoints, and beside them the log ``log.jsonl`` and, whenever the merit in validation
    is the highest so far, the checkpoint ``best.pt``.
    """
    settings = run.settings
    source = make_source(training, dict(settings.engine_shares))
    store = DiskStore() if run.device.type == "cpu" else DeviceStore(training, run.device)
    sums: dict[str, torch.Tensor] = {}
    started, clips = time.monotonic(), 0
    size = StepSize(settings.parts_per_step, settings.clips_per_part)
    steps = range(run.step, settings.steps)
    for parts in stream(source, store, settings.seed, steps, size):
        for name, value in run.take_step(parts).items():
            sums[name] = sums[name] + value if name in sums else value
        clips += sum(len(part["maps"]) for part in parts)
        last = run.step == settings.steps
        if run.step % 50 and not last:
            continue
        scores: tuple[EngineScore, ...] = ()
        if run.step % settings.validate_every_steps == 0 or last:
            scores = tuple(validate(run.model(), validation))
            merit = validation_merit(scores)
            if merit > run.best:
                run.best = merit
                run.save(best_path(checkpoint))
        if run.step % settings.checkpoint_every_steps == 0 or last:
            run.save(checkpoint)
        rate = clips / (time.monotonic() - started)
        means = {name: float(value) / 50 for name, value in sums.items()}
        sums = {}
        step_report = StepReport(run.step, means, rate, scores)
        _log(checkpoint.with_name("log.jsonl"), step_report)
        report(step_report)


def validation_merit(scores: Sequence[EngineScore]) -> float:
    """F1 and average precision, each averaged over engines, in sum: by what the timeline's
    parameters are chosen, too (see :func:`~pyanalyzer.timeline.fitting.fit_parameters`)."""
    return sum(score.f1 + score.average_precision for score in scores) / len(scores)


def best_path(checkpoint: Path) -> Path:
    """Where the best weights of a run lie."""
    return checkpoint.with_name("best.pt")


def _log(path: Path, report: StepReport) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(report)) + "\n")
