"""Whose timelines were scored, and what those weights had seen before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyanalyzer.evaluate.protocol import REFERENCE, CaseScore
from pyanalyzer.evaluate.summary import game_name
from pyanalyzer.timeline import TimelineParameters, within_allowance

# What people may ask `analyse --false-alarms` for: from a list to rely on to one to search in.
ASKED_PER_MIN = (1.0, 2.0, 5.0, 10.0, 20.0)
_LISTED_GAMES = 6  # more names than that say less than their number


@dataclass(frozen=True, slots=True)
class EvaluatedModel:
    """The weights behind a timeline: their threshold, the engines that their training was told to
    leave out, and the games (``ENGINE/GAME``) that it was given."""

    name: str
    sha256: str
    threshold: float
    without_engines: tuple[str, ...] = ()
    games: tuple[str, ...] = ()

    @classmethod
    def of_weights(
        cls, name: str, sha256: str, parameters: TimelineParameters, training: Mapping[str, Any]
    ) -> EvaluatedModel:
        """From the header of weights; what older weights do not say is left empty."""
        settings = training.get("settings") or {}
        return cls(
            name=name,
            sha256=sha256,
            threshold=parameters.threshold,
            without_engines=tuple(settings.get("without_engines", ())),
            games=tuple(training.get("games", ())),
        )


Scored = tuple[CaseScore, EvaluatedModel]


def models_of(scored: Sequence[Scored]) -> list[EvaluatedModel]:
    """Each model once, by name."""
    return sorted({model for _, model in scored}, key=lambda m: (m.name, m.sha256))


@dataclass(frozen=True, slots=True)
class Promise:
    """False alarms per minute that were asked for, and that were found over all replays, at the
    reference tolerance, beside the events per minute that were right."""

    asked_per_min: float
    false_alarms_per_min: float
    hits_per_min: float


def false_alarm_promises(scores: Sequence[CaseScore]) -> tuple[Promise, ...]:
    """Does ``analyse --false-alarms`` keep its word?"""
    minutes = sum(score.minutes for score in scores)
    promises = []
    for asked in ASKED_PER_MIN:
        hits = false = 0
        for score in scores:
            listed = within_allowance(score.confidences, asked, 60 * score.minutes)
            hits += int((listed & score.hits[REFERENCE]).sum())
            false += int((listed & ~score.hits[REFERENCE]).sum())
        promises.append(Promise(asked, false / minutes, hits / minutes))
    return tuple(promises)


def provenance_lines(scored: Sequence[Scored]) -> list[str]:
    """What must be known of a score: which games and engines the weights had seen."""
    lines = []
    games = sorted({game_name(score) for score, _ in scored})
    seen = sorted({game_name(s) for s, model in scored if game_name(s) in model.games})
    if seen:
        names = ", ".join(seen[:_LISTED_GAMES]) + (" ..." if len(seen) > _LISTED_GAMES else "")
        lines.append(f"{len(seen)} of {len(games)} games were trained on: {names}")
    elif any(score.split == "train" for score, model in scored if not left_out(score, model)):
        lines.append("Of the split train: some games were used in training")
    if any(score.split == "validation" for score, model in scored if not left_out(score, model)):
        lines.append("Of the split validation: these games chose the weights and the threshold")
    without = sorted({score.engine for score, model in scored if left_out(score, model)})
    if without:
        lines.append(f"Left out of the training of the weights used on them: {', '.join(without)}")
    return lines


def left_out(score: CaseScore, model: EvaluatedModel) -> bool:
    """Whether the weights were trained and tuned without the replay's engine."""
    return score.engine in model.without_engines
