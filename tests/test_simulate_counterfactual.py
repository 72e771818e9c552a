"""Onset, region and observability against a game in which all three are known by making."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyanalyzer.records import Region
from pyanalyzer.simulate.counterfactual import bounding_box, held_on, moved_share
from pyanalyzer.simulate.engine import Action, DivergedError
from pyanalyzer.simulate.policy import change_frames, plan_actions
from pyanalyzer.simulate.replay import label
from pyanalyzer.simulate.truth import Change
from tests.simulate_toy import AVATAR_PX, AVATAR_Y_PX, DELAYS, FLASH, LAMP, ToyGame

IDLE_FRAMES = 10


def plan(*spells: tuple[str, int]) -> list[Action]:
    """``("left fire", 5)``: both held for five frames; 10 idle frames before."""
    actions = [Action()] * IDLE_FRAMES
    for names, frames in spells:
        actions += [Action(frozenset(names.split()))] * frames
    return actions


def labelled(game: ToyGame, actions: list[Action], stride: int = 1) -> list[Change]:
    recording = game.play(actions, change_frames(actions))
    return label(game, recording, actions, stride)


@pytest.mark.parametrize(
    ("control", "kind", "region"),
    [
        ("right", "avatar", Region(30, AVATAR_Y_PX, AVATAR_PX + 1, AVATAR_PX)),
        ("left", "avatar", Region(29, AVATAR_Y_PX, AVATAR_PX + 1, AVATAR_PX)),
        ("fire", "effect", FLASH),
        ("lamp", "interface", LAMP),
    ],
)
def test_onset_is_found_to_the_frame_and_to_the_pixel(
    control: str, kind: str, region: Region
) -> None:
    change, release = labelled(ToyGame(), plan((control, 20), ("", 40)))
    assert change.press_frame == IDLE_FRAMES
    assert change.onset_frame == IDLE_FRAMES + DELAYS[control]
    assert (change.kind, change.region_px) == (kind, region)
    assert (change.controls_before, change.controls_after) == ((), (control,))
    assert release.onset_frame == IDLE_FRAMES + 20 + DELAYS[control]


def test_view_is_where_the_whole_picture_moves() -> None:
    change, _ = labelled(ToyGame(), plan(("scroll", 20), ("", 40)))
    assert (change.kind, change.onset_frame) == ("view", IDLE_FRAMES + DELAYS["scroll"])
    assert change.differing_share > 0.5


def test_where_the_camera_is_known_to_stand_still_no_view_moves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ToyGame, "kind_of", lambda game, controls: "move_figure")
    change, _ = labelled(ToyGame(), plan(("scroll", 20), ("", 40)))
    assert (change.kind, change.onset_frame) == ("avatar", IDLE_FRAMES + DELAYS["scroll"])


@pytest.mark.parametrize("control", ["dead", "slow"])
def test_change_without_effect_within_half_a_second_is_not_observable(control: str) -> None:
    for change in labelled(ToyGame(), plan((control, 20), ("", 60))):
        assert not change.observable
        assert change.onset_frame is change.kind is change.region_px is None


def test_tap_shorter_than_its_delay_is_still_seen() -> None:
    press, release = labelled(ToyGame(), plan(("fire", 1), ("", 40)))
    assert press.onset_frame == IDLE_FRAMES + 3
    assert release.onset_frame == IDLE_FRAMES + 4


def test_a_change_hidden_by_the_next_one_has_no_onset_after_it() -> None:
    # Held left instead of nothing for two frames: in branch B the figure has gone elsewhere, so the
    # first change shows; the second shows in its own frame, not the first's.
    first, second, _ = labelled(ToyGame(), plan(("left", 2), ("right", 20), ("", 40)))
    assert (first.onset_frame, second.onset_frame) == (IDLE_FRAMES, IDLE_FRAMES + 2)


def test_what_moves_by_itself_is_never_in_a_region() -> None:
    for change in labelled(ToyGame(), plan(("right", 30), ("left", 30), ("fire", 20), ("", 40))):
        assert change.region_px is not None
        assert change.region_px.y_px + change.region_px.h_px <= 30


def test_nothing_is_seen_across_a_reset() -> None:
    reset = IDLE_FRAMES + 2
    changes = labelled(ToyGame(resets=[reset]), plan(("fire", 20), ("", 40)))
    assert not changes[0].observable  # three frames late: after the reset
    at_reset = labelled(ToyGame(resets=[IDLE_FRAMES]), plan(("right", 20), ("", 40)))
    assert [change.press_frame for change in at_reset] == [IDLE_FRAMES + 20]


@pytest.mark.parametrize(("idle", "onset"), [(10, 14), (11, 14)])
def test_only_kept_frames_count_at_half_the_rate(idle: int, onset: int) -> None:
    actions = [Action()] * (idle - IDLE_FRAMES) + plan(("fire", 20), ("", 40))
    change = labelled(ToyGame(), actions, stride=2)[0]
    assert (change.press_frame, change.onset_frame) == (idle, onset)


def test_one_pixel_that_does_not_repeat_itself_is_refused() -> None:
    with pytest.raises(DivergedError, match="does not repeat itself"):
        labelled(ToyGame(glitch=IDLE_FRAMES + 9), plan(("right", 5), ("", 40)))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_labels_agree_with_what_the_controls_do(seed: int) -> None:
    game = ToyGame()
    actions = plan_actions(game.channels, False, 150, 60.0, np.random.default_rng(seed))
    for change in labelled(game, actions):
        changed = set(change.controls_before) ^ set(change.controls_after)
        if change.press_frame + max(DELAYS.values()) < len(actions):
            assert change.observable == (changed != {"dead"})
        if change.observable:
            expected = change.press_frame + min(DELAYS[c] for c in changed - {"dead"})
            assert change.onset_frame == expected


def test_an_axis_that_turns_on_keeps_the_recordings_amounts() -> None:
    old = Action(frozenset({"mouse_left", "forward"}), -3.0)
    turning_on = Action(frozenset({"mouse_left"}), -5.0)
    assert held_on(old, turning_on) == Action(old.held, -5.0)
    assert held_on(old, Action(frozenset({"mouse_right"}), 2.0)) == old
    still = Action(frozenset({"forward"}))
    assert held_on(still, Action(frozenset({"mouse_left"}), -2.0)) == still


@settings(max_examples=30)
@given(st.integers(0, 30), st.integers(0, 20), st.integers(1, 9), st.integers(1, 9))
def test_bounding_box_is_tight(x: int, y: int, w: int, h: int) -> None:
    mask = np.zeros((40, 50), bool)
    mask[y, x] = mask[y + h - 1, x + w - 1] = True
    assert bounding_box(mask) == Region(x, y, w, h)


def test_flat_blocks_do_not_count_as_still() -> None:
    a = np.zeros((16, 32, 3), np.uint8)
    a[0, :16] = 9  # two textured blocks of eight
    b = a.copy()
    b[0, :8] = 5
    assert moved_share(a, b) == 0.5
    assert moved_share(a, a) == 0.0
    assert moved_share(np.zeros_like(a), np.zeros_like(a)) == 0.0
