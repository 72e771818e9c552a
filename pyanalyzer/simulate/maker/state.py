"""What changes while a game runs: plain records that a fork keeps by pickling.

Everything that is drawn once per game (maps, sprites, rules) lies in the world, not here, so a
state is a few kilobytes. Places are px of the game's map, speeds px per second, times ticks.
"""

from __future__ import annotations

from dataclasses import dataclass, field

Intent = tuple[int, int, bool]  # what hands do: x, y in -1..1, and act

WIND = -1  # who holds in a :class:`Hold`: the wind, which has no number of its own


@dataclass(frozen=True, slots=True)
class Hold:
    """Only in a branch: until the tick ``until``, the NPC of this number, or the wind, does not
    make up its mind anew, but goes on with ``intent``."""

    ident: int
    intent: Intent
    until: int


@dataclass(slots=True)
class Actor:
    """A figure: the player or an NPC. ``intent`` is what its hands do; where a family keeps in it
    what was pressed a tick before, ``decided`` still is what was decided (None: nothing yet)."""

    x: float
    y: float
    ident: int = 0
    look: int = 0  # which sprite
    style: str = "player"  # an NPC's behaviour
    vx: float = 0.0
    vy: float = 0.0
    heading_rad: float = 0.0
    leftwards: bool = False
    walked_px: float = 0.0
    grounded: bool = False
    jumps: int = 0
    intent: Intent = (0, 0, False)
    decided: Intent | None = None
    until: int = 0  # the tick at which an NPC makes up its mind again
    cool: int = 0  # ticks until it can act again
    hurt: int = 0  # ticks during which it flashes
    health: int = 3
    pitch: float = 0.0  # first person: how far up it looks, in heights of the picture
    scope: float = 0.0  # first person: 0 plain, 1 magnified
    home_x: float = 0.0
    home_y: float = 0.0
    spin_rad_s: float = 0.0  # how fast its heading turns
    z: float = 0.0  # how high over the ground, px
    vz: float = 0.0


@dataclass(slots=True)
class Shot:
    """Something that flies. ``own``: the player's."""

    x: float
    y: float
    vx: float
    vy: float
    left: int
    own: bool


@dataclass(slots=True)
class Spark:
    """A particle."""

    x: float
    y: float
    vx: float
    vy: float
    left: int
    shade: int


@dataclass(slots=True)
class State:
    """All that a game's next picture depends on, beside the actions to come."""

    seed: int
    player: Actor
    npcs: list[Actor] = field(default_factory=list)
    shots: list[Shot] = field(default_factory=list)
    sparks: list[Spark] = field(default_factory=list)
    taken: set[int] = field(default_factory=set)  # pickups that are gone
    tick: int = 0
    eye_x: float = 0.0  # left upper corner of the view
    eye_y: float = 0.0
    shake_px: float = 0.0
    flash: int = 0  # ticks of a white flash
    frozen: int = 0  # ticks until the player is back
    jumped: bool = False  # this picture does not continue the one before
    paused: int = 0  # ticks since the menu opened, 0 where it is closed
    menu_row: int = 0
    card: int = 0  # ticks that a title card still stands
    score: int = 0
    lives: int = 3
    weapon: int = 0
    pending: list[tuple[frozenset[str], float]] = field(default_factory=list)  # not yet answered
    before: frozenset[str] = frozenset()  # what was held in the tick before
    cells: list[list[int]] = field(default_factory=list)  # boards, bodies: what lies on a grid
    hold: Hold | None = None
