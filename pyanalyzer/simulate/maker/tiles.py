"""Families on a map of square tiles: who stands where, wind, shots against walls, figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pyanalyzer.records import U8
from pyanalyzer.simulate.maker import canvas
from pyanalyzer.simulate.maker.chance import pick
from pyanalyzer.simulate.maker.motion import carry
from pyanalyzer.simulate.maker.state import Actor, Shot, State
from pyanalyzer.simulate.maker.world import World

if TYPE_CHECKING:
    from pyanalyzer.simulate.maker.camera import Camera
    from pyanalyzer.simulate.maker.motion import Grid
    from pyanalyzer.simulate.maker.sprites import Sprite

Place = tuple[float, float]


class TileWorld(World):
    """A map, a camera over it, and NPCs; a family sets the attributes."""

    grid: Grid
    camera: Camera
    tile: int
    foes: list[Sprite]

    def settle(
        self, seed: int, start: Place, places: Sequence[Place], styles: Sequence[str]
    ) -> State:
        """The player at ``start``, an NPC of each style at any of ``places``."""
        x, y = start
        state = State(seed, Actor(x, y, health=self.hearts, home_x=x, home_y=y))
        for k, style in enumerate(styles, 1):
            nx, ny = pick(places, seed, k, 2)
            npc = Actor(nx, ny, ident=k, look=k % len(self.foes), style=style, home_x=nx, home_y=ny)
            state.npcs.append(npc)
        self.camera.aim(state, self.dt, at_once=True)
        return state

    def respawn(self, state: State) -> None:
        """Where the player began, or the last safe place."""
        p = state.player
        p.x, p.y, p.vx, p.vy, p.health = p.home_x, p.home_y, 0.0, 0.0, self.hearts
        self.camera.aim(state, self.dt, at_once=True)

    def blow(self, state: State, speed_px_s: float, radius_px: float) -> None:
        """Let the wind carry all figures that are round, seen from above."""
        gx, gy = self.gust(state)
        if gx or gy:
            wind = gx * speed_px_s, gy * speed_px_s
            for actor in (state.player, *state.npcs):
                carry(self.grid, actor, wind, self.dt, (radius_px, radius_px))

    def shots_on_map(self, state: State, sparks: int = 4) -> Iterator[Shot]:
        """Shots after this tick's flight; a wall stops them, in ``sparks`` sparks."""
        width, height = self.grid.size_px
        for shot in self.move_shots(state, (0, 0, width, height)):
            if self.grid.hits(shot.x, shot.y, 1, 1):
                shot.left = 0
                self.burst(state, shot.x, shot.y, sparks)
            yield shot

    def paint_figure(self, picture: U8, sprite: Sprite, actor: Actor, x0: int, y0: int) -> None:
        """A figure seen from above, its middle where the actor is; (x0, y0): the view's corner."""
        width, height = sprite.size_px
        frame = sprite.frame(int(actor.walked_px / max(3, self.tile // 3)), actor.leftwards)
        canvas.blit(picture, frame, actor.x - x0 - width / 2, actor.y - y0 - height / 2)
