"""The scripted player: reproducible, within its controls, as busy as promised."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pyanalyzer.simulate.engine import Channel
from pyanalyzer.simulate.policy import change_frames, plan_actions

CHANNELS = (
    Channel(("left", "right"), 3.0),
    Channel(("up", "down"), 2.0),
    Channel(("fire",), 2.0),
)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), axis=st.booleans(), frames=st.integers(1, 400))
def test_plan_is_reproducible_and_within_the_controls(seed: int, axis: bool, frames: int) -> None:
    first, second = (
        plan_actions(CHANNELS, axis, frames, 60.0, np.random.default_rng(seed)) for _ in range(2)
    )
    assert first == second
    assert len(first) == frames
    for action in first:
        for channel in CHANNELS:
            assert len(action.held.intersection(channel.options)) <= 1
        mouse = action.held & {"mouse_left", "mouse_right"}
        turning = {"mouse_right"} if action.turn_deg > 0 else {"mouse_left"}
        assert mouse == (turning if action.turn_deg else set())
        assert axis or not mouse


def test_changes_are_as_many_and_as_varied_as_a_persons() -> None:
    rates, gaps, together = [], [], 0
    for seed in range(12):
        actions = plan_actions(CHANNELS, False, 3600, 60.0, np.random.default_rng(seed))
        frames = change_frames(actions)
        rates.append(len(frames) / 60)
        gaps += np.diff(frames).tolist()
        together += sum(len(actions[t].held ^ actions[t - 1].held) > 1 for t in frames)
    assert 2.0 <= np.mean(rates) <= 4.0
    assert min(gaps) == 1
    assert sum(gap <= 3 for gap in gaps) > 0.05 * len(gaps)
    assert sum(gap >= 60 for gap in gaps) > 0.03 * len(gaps)
    assert together > 0.03 * len(gaps)


def test_change_frames_ignore_the_amount_of_a_turn() -> None:
    actions = plan_actions(CHANNELS, True, 600, 35.0, np.random.default_rng(1))
    frames = set(change_frames(actions))
    amounts = {t for t in range(1, 600) if actions[t].turn_deg != actions[t - 1].turn_deg}
    assert amounts - frames  # a turn speeds up and slows down without being another action
    assert 0 not in frames
