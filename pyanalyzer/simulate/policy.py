"""A scripted player whose hands move as people's do: taps, holds, combinations, pauses, rhythms.

The player is blind: the whole plan is drawn before the game starts, so that the recording and its
counterfactual branches can be played from the same list. Times between gestures are a mixture of
two log-normal distributions, the customary model of human response and inter-press times (R. D.
Luce, *Response Times*, 1986); mouse turns have the bell-shaped speed of aimed movements (Flash and
Hogan, "The coordination of arm movements", 1985), often followed by a small correction.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from pyanalyzer.simulate.engine import Action, Channel

SHORT_SPELL_MEDIAN_S = 0.25  # a quick change of mind
LONG_SPELL_MEDIAN_S = 0.8  # walking somewhere
LONG_SPELL_SHARE = 0.4
SPELL_SIGMA = 0.5  # of the logarithm: the middle 95 % span a factor of 7
SPELL_RANGE_S = (0.05, 2.5)
TAP_RANGE_S = (1 / 60, 4 / 60)  # one to four frames at 60 Hz
STAGGER_FRAMES = 3  # fingers that move "together" land within so many frames
TEMPO_SIGMA = 0.3  # players differ: spells are longer or shorter by this log-deviation
MOUSE_GAP_MEDIAN_S = 1.2
MOUSE_TEMPO = 1.4  # who turns by mouse leaves the keys alone for longer
MOUSE_TURN_S = (0.1, 0.6)
MOUSE_TURN_DEG = (4.0, 80.0)
MOUSE_MINIMUM_DEG = 0.35  # per frame: a mouse that turns at all turns the view visibly
MOUSE_CORRECTION_SHARE = 0.35

GESTURES = ("toggle", "tap", "idle", "rhythm")
GESTURE_SHARES = (0.64, 0.2, 0.09, 0.07)


@dataclass
class _Hands:
    """The plan while it is drawn: per channel, the option held (or "") in every frame."""

    channels: Sequence[Channel]
    frames: int
    rate: float
    rng: np.random.Generator
    tempo: float
    rows: list[list[str]] = field(init=False)

    def __post_init__(self) -> None:
        self.rows = [[""] * self.frames for _ in self.channels]

    def set_from(self, channel: int, frame: int, option: str) -> None:
        if frame < self.frames:
            self.rows[channel][frame:] = [option] * (self.frames - frame)

    def at(self, channel: int, frame: int) -> str:
        return self.rows[channel][min(frame, self.frames - 1)]

    def to_frames(self, seconds: float) -> int:
        return max(1, round(seconds * self.rate))

    def spell(self) -> int:
        long = self.rng.random() < LONG_SPELL_SHARE
        median = LONG_SPELL_MEDIAN_S if long else SHORT_SPELL_MEDIAN_S
        seconds = median * self.tempo * math.exp(SPELL_SIGMA * self.rng.standard_normal())
        return self.to_frames(min(max(seconds, SPELL_RANGE_S[0]), SPELL_RANGE_S[1]))

    def pick(self, count: int) -> list[int]:
        weights = np.array([channel.weight for channel in self.channels])
        count = min(count, len(weights))
        chosen = self.rng.choice(len(weights), count, replace=False, p=weights / weights.sum())
        return [int(i) for i in chosen]

    def other_option(self, channel: int, now: str) -> str:
        options = [option for option in self.channels[channel].options if option != now]
        if now and (not options or self.rng.random() < 0.55):
            return ""
        return options[int(self.rng.integers(len(options)))]


def _toggle(hands: _Hands, frame: int) -> int:
    count = int(hands.rng.choice([1, 2, 3], p=[0.72, 0.22, 0.06]))
    staggered = hands.rng.random() < 0.5
    last = frame
    for number, channel in enumerate(hands.pick(count)):
        if number and staggered:
            last += int(hands.rng.integers(1, STAGGER_FRAMES + 1))
        hands.set_from(channel, last, hands.other_option(channel, hands.at(channel, last)))
    return last + hands.spell()


def _tap(hands: _Hands, frame: int) -> int:
    channel = hands.pick(1)[0]
    before = hands.at(channel, frame)
    length = hands.to_frames(float(hands.rng.uniform(*TAP_RANGE_S)))
    hands.set_from(channel, frame, hands.other_option(channel, before))
    hands.set_from(channel, frame + length, before)
    return frame + length + hands.spell()


def _idle(hands: _Hands, frame: int) -> int:
    for channel in range(len(hands.channels)):
        at = frame + int(hands.rng.integers(0, STAGGER_FRAMES)) * int(hands.rng.random() < 0.3)
        hands.set_from(channel, at, "")
    return frame + STAGGER_FRAMES + hands.spell() + hands.spell()


def _rhythm(hands: _Hands, frame: int) -> int:
    """Three to eight presses of one control with a steady beat, a frame early or late at times."""
    channel = hands.pick(1)[0]
    options = hands.channels[channel].options
    option = options[int(hands.rng.integers(len(options)))]
    period = max(4, hands.to_frames(float(hands.rng.uniform(0.13, 0.5)) * hands.tempo))
    for beat in range(int(hands.rng.integers(3, 9))):
        start = frame + beat * period + int(hands.rng.integers(0, 2))
        hands.set_from(channel, start, option)
        hands.set_from(channel, start + max(1, period // 2 - 1), "")
        last = start
    return last + hands.spell()


def _mouse(frames: int, rate: float, rng: np.random.Generator) -> list[float]:
    """Degrees turned in every frame: bell-shaped turns, some with a correction after them."""
    turns = [0.0] * frames
    frame = int(rng.integers(0, max(1, round(rate))))
    while frame < frames:
        sign = -1.0 if rng.random() < 0.5 else 1.0
        amplitude = math.exp(rng.uniform(*np.log(MOUSE_TURN_DEG)))
        frame = _turn(turns, frame, sign * amplitude, float(rng.uniform(*MOUSE_TURN_S)) * rate)
        if rng.random() < MOUSE_CORRECTION_SHARE:
            frame += int(rng.integers(0, STAGGER_FRAMES + 1))
            back = -sign if rng.random() < 0.75 else sign
            size = amplitude * float(rng.uniform(0.05, 0.25))
            frame = _turn(turns, frame, back * size, float(rng.uniform(0.08, 0.25)) * rate)
        gap = MOUSE_GAP_MEDIAN_S * math.exp(0.6 * rng.standard_normal())
        frame += max(1, round(gap * rate))
    return turns


def _turn(turns: list[float], start: int, amount_deg: float, length: float) -> int:
    count = max(2, round(length))
    phase = (np.arange(count) + 0.5) / count
    bell = phase**2 * (1 - phase) ** 2  # the minimum-jerk speed
    speeds = np.maximum(np.abs(amount_deg) * bell / bell.sum(), MOUSE_MINIMUM_DEG)
    for k, speed in enumerate(speeds):
        if start + k < len(turns):
            turns[start + k] = math.copysign(round(float(speed), 3), amount_deg)
    return start + count


def plan_actions(
    channels: Sequence[Channel], axis: bool, frames: int, rate: float, rng: np.random.Generator
) -> list[Action]:
    """Draw the actions of ``frames`` steps at ``rate`` steps per second.

    On average two to four action changes per second, not evenly spread. The same generator state
    gives the same plan.
    """
    tempo = math.exp(TEMPO_SIGMA * rng.standard_normal())
    hands = _Hands(channels, frames, rate, rng, tempo * (MOUSE_TEMPO if axis else 1.0))
    gestures = {"toggle": _toggle, "tap": _tap, "idle": _idle, "rhythm": _rhythm}
    frame = int(rng.integers(1, max(2, round(0.5 * rate))))
    while frame < frames:
        name = GESTURES[int(rng.choice(len(GESTURES), p=GESTURE_SHARES))]
        frame = gestures[name](hands, frame)
    turns = _mouse(frames, rate, rng) if axis else [0.0] * frames
    actions = []
    for t in range(frames):
        held = {row[t] for row in hands.rows if row[t]}
        if turns[t]:
            held.add("mouse_right" if turns[t] > 0 else "mouse_left")
        actions.append(Action(frozenset(held), turns[t]))
    return actions


def change_frames(actions: Sequence[Action]) -> list[int]:
    """The frames whose action is another one than the frame's before (never frame 0)."""
    return [t for t in range(1, len(actions)) if actions[t].held != actions[t - 1].held]
