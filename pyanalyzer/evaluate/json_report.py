"""An evaluation for programs: JSON, every score beside its baselines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from pyanalyzer.evaluate.causes import CauseCounts
from pyanalyzer.evaluate.details import Details
from pyanalyzer.evaluate.matching import Counts
from pyanalyzer.evaluate.models import EvaluatedModel, Promise
from pyanalyzer.evaluate.protocol import HEADLINE, SHUFFLED, SHUFFLES, TOLERANCES
from pyanalyzer.evaluate.summary import Breakdown, Evaluation, GameScore, GroupScore, Means
from pyanalyzer.records import KINDS

SCHEMA = "pyanalyzer/evaluation/1"
_DIGITS = 4  # a replay more or less moves the third


def json_evaluation(
    evaluation: Evaluation, models: Sequence[EvaluatedModel], promises: Sequence[Promise] = ()
) -> bytes:
    """The evaluation as JSON, ASCII, the same bytes for the same evaluation.

    ``models``: whose timelines were scored; ``promises``: how ``--false-alarms`` kept its word.
    """
    engine_means = evaluation.engine_means
    record: dict[str, object] = {
        "schema": SCHEMA,
        "models": [
            {
                "name": model.name,
                "sha256": model.sha256,
                "threshold": round(model.threshold, 6),
                "without_engines": list(model.without_engines),
            }
            for model in models
        ],
        "tolerances": [str(tolerance) for tolerance in TOLERANCES],
        "headline_tolerance": str(TOLERANCES[HEADLINE]),
        "all": _breakdown_record(evaluation.everything),
        "engines": [_breakdown_record(engine) for engine in evaluation.engines],
        "mean_over_engines": {
            **_means_record(engine_means.means),
            "f1_interval": _rounded(engine_means.f1_interval),
            "skill_interval": _rounded(engine_means.skill_interval),
        },
        "splits": [_breakdown_record(split) for split in evaluation.splits],
        "games": [_game_record(game) for game in evaluation.games],
        "false_alarm_promises": [
            {name: round(value, _DIGITS) for name, value in asdict(promise).items()}
            for promise in promises
        ],
    }
    return (json.dumps(record, indent=1, allow_nan=False) + "\n").encode("ascii")


def _rounded(value: object) -> object:
    if isinstance(value, tuple):
        return [_rounded(item) for item in value]
    return round(value, _DIGITS) if isinstance(value, float) else value


def _breakdown_record(breakdown: Breakdown) -> dict[str, object]:
    intervals = breakdown.intervals
    return {
        **_group_record(breakdown.score),
        "games": breakdown.games,
        "f1_interval": _rounded(intervals.f1),
        "skill_interval": _rounded(intervals.skill),
        "mean_over_games": {
            **_means_record(breakdown.means),
            "f1_interval": _rounded(intervals.mean_f1),
            "skill_interval": _rounded(intervals.mean_skill),
            "mean_average_precision_interval": _rounded(intervals.mean_map),
        },
        "details": _details_record(breakdown.details),
    }


def _means_record(means: Means) -> dict[str, object]:
    return {
        "groups": means.groups,
        "f1": {name: _rounded(f1) for name, f1 in means.f1.items()},
        "average_precision": _rounded(means.average_precision),
        "mean_average_precision": _rounded(means.mean_average_precision),
        "skill": _rounded(means.skill),
    }


def _group_record(group: GroupScore) -> dict[str, object]:
    return {
        "name": group.name,
        "replays": group.replays,
        "minutes": round(group.minutes, _DIGITS),
        "onsets": group.onsets,
        "kind_onsets": dict(zip(KINDS, group.kind_onsets, strict=True)),
        "methods": {name: _counts_record(name, c) for name, c in group.counts.items()},
        "average_precision": _rounded(group.average_precision),
        "kind_average_precision": {
            kind: _rounded(values) for kind, values in group.kind_average_precision.items()
        },
        "mean_average_precision": _rounded(group.mean_average_precision),
        "best_trivial_f1": _rounded(group.best_trivial_f1),
        "skill": _rounded(group.skill),
        "false_alarms_per_min": _rounded(group.false_alarms_per_min),
        "world_alarms": group.world_alarms,
        "causes": _causes_record(group.causes),
    }


def _causes_record(causes: CauseCounts) -> dict[str, object]:
    """Recalls and accuracy are null where there was nothing to ask about."""
    rates = ("player_recall", "world_recall", "balanced_accuracy")
    return {
        **asdict(causes),
        **{name: _rounded(getattr(causes, name)) for name in rates},
    }


def _game_record(game: GameScore) -> dict[str, object]:
    interval = _rounded(game.f1_interval)
    return {**_group_record(game.score), "engine": game.engine, "f1_interval": interval}


def _counts_record(method: str, counts: tuple[Counts, ...]) -> dict[str, object]:
    times = SHUFFLES if method == SHUFFLED else 1
    return {
        "predictions": counts[0].predictions // times,
        "hits": [round(c.hits / times, 2) if times > 1 else c.hits for c in counts],
        "precision": [round(c.precision, _DIGITS) for c in counts],
        "recall": [round(c.recall, _DIGITS) for c in counts],
        "f1": [round(c.f1, _DIGITS) for c in counts],
    }


def _details_record(details: Details) -> dict[str, object]:
    regions = ("region_pointing", "region_iou", "local_pointing", "local_events")
    trivial = ("picture_pointing", "picture_iou", "kind_accuracy", "commonest_kind_share")
    more = ("calibration_error", "interval_coverage", "intervals", "interval_width_frames")
    return {
        **{name: _rounded(getattr(details, name)) for name in (*regions, *trivial, *more)},
        "kinds": list(KINDS),
        "kind_confusion": [list(row) for row in details.kind_confusion],
        "reliability": [
            {
                "events": b.events,
                "confidence": round(b.confidence, _DIGITS),
                "precision": round(b.precision, _DIGITS),
            }
            for b in details.reliability
        ],
    }
