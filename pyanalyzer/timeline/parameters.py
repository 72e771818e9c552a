"""Everything the timeline has learned, as it is shipped in the configuration of the weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pyanalyzer.errors import ModelError
from pyanalyzer.timeline.calibration import Calibration
from pyanalyzer.timeline.duration import DurationPrior
from pyanalyzer.timeline.places import PlaceWeights

SCHEMA = "pyanalyzer/timeline-parameters/4"
# Read as well, of gameplay-10 and before, of gameplay-8 and before, and of gameplay-5 and before.
_WITHOUT_SIGHTING = "pyanalyzer/timeline-parameters/3"
_WITHOUT_CLUTTER = "pyanalyzer/timeline-parameters/2"
_WITHOUT_PLACES = "pyanalyzer/timeline-parameters/1"
_LEVELS = ("typical_clutter", "typical_sighting")
_NUMBERS = ("prior_weight", "bias_player", "bias_world", "threshold")


@dataclass(frozen=True, slots=True)
class TimelineParameters:
    """``prior`` and its weight (0: no prior), biases of the log-odds of an onset by cause,
    ``calibration`` of what comes out, and the ``threshold``: the confidence from which on an event
    is listed unless the user asks for another. ``places``: where local changes are sought.
    ``typical_clutter``: the level against which events are held
    (:mod:`~pyanalyzer.timeline.clutter`); None: they are not. ``typical_sighting``: what the
    Locator sees of most claims, against which those of a replay are weighed
    (:mod:`~pyanalyzer.timeline.sighting`); None: they are not.

    :raises ValueError: if a number is not finite, the weight negative, the threshold not in 0..1,
        or there is a typical sighting, but no typical clutter.
    """

    prior: DurationPrior = field(default_factory=lambda: DurationPrior.fit([]))
    prior_weight: float = 1.0
    bias_player: float = 0.0
    bias_world: float = 0.0
    threshold: float = 0.5
    calibration: Calibration = field(default_factory=Calibration.identity)
    places: PlaceWeights = field(default_factory=PlaceWeights)
    typical_clutter: float | None = None
    typical_sighting: float | None = None

    def __post_init__(self) -> None:
        for name in _NUMBERS:
            if not math.isfinite(getattr(self, name)):
                raise ValueError(f"{name} must be finite")
        for name in _LEVELS:
            if not math.isfinite(getattr(self, name) or 0.0):
                raise ValueError(f"{name} must be finite")
        if self.typical_clutter is None and self.typical_sighting is not None:
            raise ValueError("typical_sighting needs typical_clutter")
        if self.prior_weight < 0 or not 0 <= self.threshold <= 1:
            raise ValueError("prior_weight must be 0 or more, threshold in 0..1")

    def threshold_for_false_alarms(self, per_min: float) -> float:
        """The lowest confidence with at most ``per_min`` expected false alarms per minute."""
        return self.calibration.threshold_for_false_alarms(per_min)

    def to_record(self) -> dict[str, object]:
        """For JSON: plain lists and numbers, with the schema's name."""
        levels = {name: getattr(self, name) for name in _LEVELS if getattr(self, name) is not None}
        schemas = (_WITHOUT_CLUTTER, _WITHOUT_SIGHTING, SCHEMA)
        return {
            "schema": schemas[len(levels)],
            **levels,
            "prior": self.prior.to_json(),
            "calibration": self.calibration.to_json(),
            "place_weights": list(self.places.weights),
            **{name: getattr(self, name) for name in _NUMBERS},
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> TimelineParameters:
        """Reverse of :meth:`to_record`, strictly.

        :raises ModelError: if the schema is another, a field is missing or unknown, or a value
            cannot be.
        """
        found = record.get("schema") if isinstance(record, Mapping) else None
        if found not in (SCHEMA, _WITHOUT_SIGHTING, _WITHOUT_CLUTTER, _WITHOUT_PLACES):
            raise ModelError(
                f"the timeline parameters of the weights are of schema {found!r}, but this version "
                f"of pyanalyzer reads {SCHEMA!r}; use weights and program of one version"
            )
        try:
            names = {"schema", "prior", "calibration", *_NUMBERS}
            if found != _WITHOUT_PLACES:
                names.add("place_weights")
            if found in (SCHEMA, _WITHOUT_SIGHTING):
                names.add("typical_clutter")
            if found == SCHEMA:
                names.add("typical_sighting")
            fields = _exactly(record, names, "timeline parameters")
            places = fields.get("place_weights", PlaceWeights().weights)
            prior = _exactly(fields["prior"], set(DurationPrior.__slots__), "prior")
            calibration = _exactly(fields["calibration"], set(Calibration.__slots__), "calibration")
            numbers = _plain(calibration)
            margin = numbers.pop("interval_margin_frames")
            if margin % 1:
                raise ValueError("interval_margin_frames is not a whole number")
            return cls(
                prior=DurationPrior(**_plain(prior)),
                calibration=Calibration(**numbers, interval_margin_frames=int(margin)),
                places=PlaceWeights(**_plain({"weights": places})),
                **_plain({name: fields[name] for name in names & {*_NUMBERS, *_LEVELS}}),
            )
        except (TypeError, ValueError) as error:
            raise ModelError(
                f"the timeline parameters of the weights are damaged: {error}; install them again"
            ) from error


def _exactly(record: Any, names: set[str], where: str) -> Mapping[str, Any]:
    if not isinstance(record, Mapping) or set(record) != names:
        present = set(record) if isinstance(record, Mapping) else set()
        missing, unknown = sorted(names - present), sorted(map(str, present - names))
        raise ValueError(f"{where}: missing {missing}, unknown {unknown}")
    return record


def _plain(record: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers to float, lists of numbers to tuples of float; anything else is a ValueError."""
    plain: dict[str, Any] = {}
    for name, value in record.items():
        items = value if isinstance(value, (list, tuple)) else [value]
        if not all(type(item) in (int, float) for item in items):
            raise ValueError(f"{name} holds something that is not a number")
        numbers = tuple(float(item) for item in items)
        plain[name] = numbers if isinstance(value, (list, tuple)) else numbers[0]
    return plain
