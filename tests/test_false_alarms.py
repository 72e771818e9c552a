"""`--false-alarms`: as many events of a recording as so many false ones a minute allow."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyanalyzer.errors import UsageError
from pyanalyzer.export.saved import may_lack_events, narrowed
from pyanalyzer.pipeline import Followed, analyse
from pyanalyzer.records import Event, Timeline
from pyanalyzer.settings import AnalysisSettings
from pyanalyzer.timeline import within_allowance

SAMPLE = Path(__file__).parents[1] / "samples" / "freedoom.mp4"
CONFIDENCES = st.lists(st.floats(0, 1), max_size=60)
PART = {"end_s": 4.0, "threads": 2}


def listed(confidences: list[float], per_min: float, duration_s: float = 60.0) -> list[int]:
    return np.flatnonzero(within_allowance(confidences, per_min, duration_s)).tolist()


def test_the_surest_are_listed() -> None:
    confidences = [0.5, 0.9, 0.2, 0.9, 0.7]
    assert listed(confidences, 0.05) == []
    assert listed(confidences, 0.1) == [1]  # of two equal ones the first
    assert listed(confidences, 0.2) == [1, 3]
    assert listed(confidences, 0.5) == [1, 3, 4]
    assert listed(confidences, 1.0) == [0, 1, 3, 4]
    assert listed(confidences, 1.0, duration_s=12.0) == [1, 3]
    assert listed(confidences, 1.8) == [0, 1, 2, 3, 4]
    assert listed([], 1.0) == []
    assert listed([1.0, 1.0], 0.001, duration_s=0.0) == [0, 1]


@given(CONFIDENCES, st.floats(0.01, 50), st.floats(0.1, 100))
def test_no_more_than_was_allowed(
    confidences: list[float], per_min: float, duration_s: float
) -> None:
    chosen = within_allowance(confidences, per_min, duration_s)
    lacking = 1 - np.array(confidences)
    allowed = per_min * duration_s / 60
    assert lacking[chosen].sum() <= allowed + 1e-6
    left = np.sort(lacking[~chosen])
    if left.size:  # not one more
        assert lacking[chosen].sum() + left[0] > allowed - 1e-6
        assert (lacking[chosen] <= left[0]).all()
    more = within_allowance(confidences, 2 * per_min, duration_s)
    assert (more | ~chosen).all()


def test_as_many_as_expected_come_through() -> None:
    """Where confidences are true, the promise is kept to a few percent."""
    rng = np.random.default_rng(3)
    found = 0
    for _ in range(400):
        confidences = rng.beta(0.5, 1 + 3 * rng.random(), 90)
        hits = rng.random(90) < confidences
        found += int((~hits & within_allowance(confidences, 10, 30)).sum())
    assert found / 200 == pytest.approx(10, rel=0.08)


def everything() -> Timeline:
    return analyse(str(SAMPLE), AnalysisSettings(min_confidence=0.0, **PART))


def test_an_analysis_lists_what_its_whole_timeline_allows() -> None:
    told: list[Event] = []

    def on_event(event: Event, followed: Followed) -> None:
        told.append(event)

    whole = everything()
    expected = sum(1 - event.confidence for event in whole.events)
    per_min = expected / 3 / whole.video.duration_s * 60
    settings = AnalysisSettings(false_alarms_per_min=per_min, **PART)
    timeline = analyse(str(SAMPLE), settings, on_event=on_event)
    assert tuple(told) == timeline.events
    assert 0 < len(timeline.events) < len(whole.events)
    assert narrowed(whole, false_alarms_per_min=per_min) == timeline
    assert sum(1 - event.confidence for event in timeline.events) <= expected / 3


def test_who_follows_is_told_at_once() -> None:
    """What comes later is not known then: those above a threshold."""
    settings = AnalysisSettings(false_alarms_per_min=5.0, follow=True, **PART)
    timeline = analyse(str(SAMPLE), settings)
    whole = analyse(str(SAMPLE), AnalysisSettings(min_confidence=0.0, follow=True, **PART))
    left = len(whole.events) - len(timeline.events)
    assert 0 < left < len(whole.events)
    surest = sorted(whole.events, key=lambda event: event.confidence)[left:]
    assert {event.frame for event in timeline.events} == {event.frame for event in surest}


def test_a_saved_timeline_narrowed_twice() -> None:
    whole = everything()
    some = narrowed(whole, false_alarms_per_min=20.0)
    assert narrowed(some, false_alarms_per_min=5.0) == narrowed(whole, false_alarms_per_min=5.0)
    assert not may_lack_events(whole, some)
    assert not may_lack_events(some, some)
    with pytest.raises(UsageError, match="as 20 false alarms a minute"):
        narrowed(some, false_alarms_per_min=21.0)
    with pytest.raises(UsageError, match="not both"):
        narrowed(whole, 0.5, false_alarms_per_min=1.0)
    sure = replace(whole, settings={}, events=whole.events[:3])
    assert may_lack_events(sure, narrowed(sure, false_alarms_per_min=1000.0))
    assert not may_lack_events(sure, narrowed(sure, false_alarms_per_min=0.001))
