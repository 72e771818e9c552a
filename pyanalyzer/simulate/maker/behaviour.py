"""What NPCs do. The ``puppet`` has hands like the player's: the hard negative of a detector."""

from __future__ import annotations

import math

import numpy as np

from pyanalyzer.simulate.maker import chance
from pyanalyzer.simulate.maker.state import Actor, Intent, State

STYLES = ("puppet", "puppet", "puppet", "patrol", "chaser", "darter", "circler", "still")
_WAYS = (-1, 0, 0, 1)
NPCS_AT_MOST = 30
LAG_S = 0.4  # a chaser looks where the player is this often


def held(npc: Actor, state: State) -> Intent | None:
    """What the NPC goes on with in a branch that does not let it make up its mind."""
    hold = state.hold
    if hold is None or hold.ident != npc.ident or state.tick >= hold.until:
        return None
    return hold.intent


def intend(npc: Actor, state: State, rate: float) -> Intent:
    """What an NPC's hands do in this tick: x, y in -1..1, and whether it acts.

    Made up anew when the last decision has run out; kept in the actor in between.
    """
    going_on = held(npc, state)
    if going_on is not None:
        return going_on
    if npc.style == "circler":
        angle = state.tick / rate * (1 + npc.ident % 3) + npc.ident
        npc.decided = round(math.cos(angle)), round(math.sin(angle)), False
        return npc.decided
    if state.tick >= npc.until:
        _decide(npc, state, rate)
        npc.decided = npc.intent
    return npc.intent


def _decide(npc: Actor, state: State, rate: float) -> None:
    key = (state.seed, npc.ident, state.tick)
    act = chance.uniform(*key, 5) < 0.3
    if npc.style == "puppet":
        npc.until = state.tick + chance.spell_ticks(rate, *key)
        npc.intent = (chance.pick(_WAYS, *key, 3), chance.pick(_WAYS, *key, 4), act)
    elif npc.style == "patrol":
        npc.until = state.tick + round(rate * (0.7 + npc.ident % 4 * 0.5))
        along = -npc.intent[0] if npc.intent[0] else 1
        cross = -npc.intent[1] if npc.intent[1] else 1
        npc.intent = (along, 0, act) if npc.ident % 3 else (0, cross, act)
    elif npc.style == "chaser":
        npc.until = state.tick + round(LAG_S * rate)
        dx, dy = state.player.x - npc.x, state.player.y - npc.y
        npc.intent = (_sign(dx), _sign(dy), act) if abs(dx) > abs(dy) else (0, _sign(dy), act)
    elif npc.style == "darter":
        resting = npc.intent[:2] == (0, 0)
        npc.until = state.tick + max(1, round(rate * chance.spread(0.15, 1.2, *key)))
        way = (chance.pick((-1, 1), *key, 3), chance.pick((-1, 0, 1), *key, 4), act)
        npc.intent = way if resting else (0, 0, False)
    else:
        npc.until = state.tick + round(2 * rate)
        npc.intent = (0, 0, False)


def is_away(npc: Actor) -> bool:
    """Whether an NPC that was hit is still gone; counts a tick, and puts it back at the end."""
    if not npc.cool:
        return False
    npc.cool -= 1
    if not npc.cool:
        npc.x, npc.y = npc.home_x, npc.home_y
    return True


def turn_back(npc: Actor) -> None:
    """A wall stopped an NPC: patrols turn round, the others think again soon."""
    if npc.style == "patrol":
        npc.intent = (-npc.intent[0], -npc.intent[1], npc.intent[2])
        npc.decided = npc.intent
    elif npc.style in ("puppet", "darter"):
        npc.until = min(npc.until, npc.until - 1)


def draw_styles(rng: np.random.Generator, most: int, screens: float = 1.0) -> list[str]:
    """Behaviours of the NPCs, 1 to ``most`` per screen of the map: one or two kinds in a game.

    One puppet at least.
    """
    count = min(NPCS_AT_MOST, round(float(rng.integers(1, most + 1)) * max(1.0, screens)))
    kinds = [STYLES[int(k)] for k in rng.integers(0, len(STYLES), 2)]
    styles = [kinds[int(k)] for k in rng.integers(0, 2, count)]
    if styles and "puppet" not in styles:
        styles[0] = "puppet"
    return styles


def _sign(value: float) -> int:
    return (value > 1) - (value < -1)
