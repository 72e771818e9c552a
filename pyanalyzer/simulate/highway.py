"""Roads of highway-env (Leurent, 2018; MIT licensed): traffic from above, under a camera that is
fixed to the player's car.

Its cars are meant for drivers who look. The player here does not, so that where no key steers, the
car steers itself along its lane, as some cars do.
"""

from __future__ import annotations

import colorsys
import math
import random
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from pyanalyzer.simulate.encode import Layout
from pyanalyzer.simulate.engine import Channel, Purpose, SimulationError
from pyanalyzer.simulate.forked import ForkedGame
from pyanalyzer.simulate.layouts import shrunk
from pyanalyzer.simulate.stage import Stage

STEERING = frozenset({"left", "right"})
STEER = Channel(("left", "right"), 3.0)
PEDALS = Channel(("gas", "brake"), 2.0)
RATE_HZ = 30
GAS_M_S2 = 5.0  # of a car at rest; air and road take from it what makes the top speed the top
BRAKE_M_S2 = 7.0
CREEP_SHARE = 0.3  # of the top speed: no slower without the brake
SIDEWAYS_M_S2 = 6.0  # a held key turns the wheel until the car is pressed aside so hard
STEER_RANGE_RAD = 0.7  # and no further
ASSIST_AHEAD_S = 0.6  # the car looks so far ahead for its lane
ASSIST_NEAR_M = 4.0  # and at least so far
RAIL_GRIP = 0.9  # per frame along a guard rail, a car keeps so much of its angle to it
OVER_S = 0.7  # a wreck, or a car at the end of its road, is shown for so long


@dataclass(frozen=True, slots=True)
class RoadSpec:
    """A road: highway-env's name, the picture, px per metre in it, and the car's top speed.

    ``settings`` are more of highway-env's. An open place has no lane to follow, and no rails.
    """

    identity: str
    size_px: tuple[int, int]
    scaling: float
    top_m_s: float
    settings: tuple[tuple[str, Any], ...] = ()
    is_open: bool = False


# In place of what only cars with a choice of a few speeds can observe.
SEES_CARS = (("observation", {"type": "Kinematics"}),)

GAMES: dict[str, RoadSpec] = {
    "exit": RoadSpec("exit-v0", (640, 360), 7.0, 32.0, (("vehicles_count", 12),)),
    "highway": RoadSpec("highway-v0", (640, 360), 8.0, 35.0, (("vehicles_count", 25),)),
    "intersection": RoadSpec("intersection-v0", (560, 560), 7.0, 12.0),
    "merge": RoadSpec("merge-v0", (640, 360), 7.0, 32.0),
    "parking": RoadSpec("parking-v0", (600, 360), 7.0, 7.0, (("vehicles_count", 8),), is_open=True),
    "racetrack": RoadSpec("racetrack-v0", (512, 512), 6.0, 14.0),
    "roundabout": RoadSpec("roundabout-v0", (600, 480), 6.5, 12.0),
    "two_way": RoadSpec("two-way-v0", (640, 360), 7.0, 30.0, SEES_CARS),
    "u_turn": RoadSpec("u-turn-v0", (640, 360), 7.0, 20.0, SEES_CARS),
}


class HighwayGame(ForkedGame):
    """One of :data:`GAMES`, with the random numbers of ``seed``."""

    def __init__(self, name: str, seed: int, layout: Layout | None = None) -> None:
        del layout  # drawn at its own size, and scaled
        if name not in GAMES:
            raise SimulationError(f"highway has no game named {name!r} ({', '.join(GAMES)})")
        super().__init__(
            f"highway/{name}",
            packages=("highway_env", "gymnasium", "pygame"),
            module=__name__,
            options={"name": name, "seed": seed},
            frame_rate=Fraction(RATE_HZ),
            channels=(STEER, PEDALS),
        )

    def kind_of(self, controls: frozenset[str]) -> Purpose:
        """The camera goes where the car goes."""
        return "move_view"


def layouts(name: str) -> tuple[Layout, ...]:
    """The ways in which a game may be shown."""
    return shrunk(*GAMES[name].size_px)


def steering(vehicle: Any, held: frozenset[str]) -> float:
    """The angle of the front wheels in rad, right positive."""
    speed = max(abs(float(vehicle.speed)), 1.0)
    if held & STEERING:
        # A wheel at angle d turns a car of length l and speed v by v / l * tan(d) rad/s, which
        # presses it aside by v^2 / l * tan(d).
        angle = math.atan(SIDEWAYS_M_S2 * vehicle.LENGTH / speed**2)
        return min(angle, STEER_RANGE_RAD) * (1 if "right" in held else -1)
    lane = vehicle.lane
    along, _ = lane.local_coordinates(vehicle.position)
    ahead = max(ASSIST_AHEAD_S * speed, ASSIST_NEAR_M)
    way = np.asarray(lane.position(along + ahead, 0)) - vehicle.position
    error = math.remainder(math.atan2(way[1], way[0]) - vehicle.heading, math.tau)
    limit = min(math.atan(SIDEWAYS_M_S2 * vehicle.LENGTH / speed**2), STEER_RANGE_RAD)
    # Pure pursuit (Coulter, "Implementation of the pure pursuit path tracking algorithm", 1992).
    return min(max(math.atan(2 * vehicle.LENGTH * math.sin(error) / ahead), -limit), limit)


def acceleration(vehicle: Any, held: frozenset[str], top_m_s: float) -> float:
    """What the pedals do to the car's speed, m/s^2."""
    if "brake" in held:
        return -BRAKE_M_S2 if vehicle.speed > 0 else 0.0
    drag = GAS_M_S2 * float(vehicle.speed) / top_m_s
    if "gas" in held:
        return GAS_M_S2 - drag
    return -drag if vehicle.speed > CREEP_SHARE * top_m_s else drag


def keep_on_road(vehicle: Any) -> bool:
    """Hold a car back at the road's edge, as a guard rail does; False at the road's end."""
    lane = vehicle.lane
    along, across = lane.local_coordinates(vehicle.position)
    half = lane.width_at(along) / 2
    if vehicle.on_road or abs(across) <= half:
        return bool(vehicle.on_road)
    vehicle.position = np.asarray(lane.position(along, math.copysign(half, across)), float)
    way = lane.heading_at(along)
    vehicle.heading = way + RAIL_GRIP * math.remainder(vehicle.heading - way, math.tau)
    return True


def _paint(seed: int) -> None:
    """Draw the colours of ground and cars; highway-env's own would be the same on every road."""
    from highway_env.road.graphics import WorldSurface
    from highway_env.vehicle.graphics import VehicleGraphics

    rng = random.Random(seed)

    def colour(saturation: tuple[float, float], value: tuple[float, float]) -> tuple[int, ...]:
        parts = colorsys.hsv_to_rgb(rng.random(), rng.uniform(*saturation), rng.uniform(*value))
        return tuple(round(255 * part) for part in parts)

    WorldSurface.GREY = colour((0.0, 0.6), (0.15, 0.45))
    player, others = colour((0.2, 1.0), (0.6, 1.0)), colour((0.2, 1.0), (0.6, 1.0))
    VehicleGraphics.DEFAULT_COLOR = VehicleGraphics.EGO_COLOR = player
    VehicleGraphics.BLUE = others


def _make(spec: RoadSpec) -> Any:
    import gymnasium
    import highway_env

    gymnasium.register_envs(highway_env)
    config = {
        "action": {
            "type": "ContinuousAction",
            "acceleration_range": [-BRAKE_M_S2, BRAKE_M_S2],
            "steering_range": [-STEER_RANGE_RAD, STEER_RANGE_RAD],
        },
        "simulation_frequency": RATE_HZ,
        "policy_frequency": RATE_HZ,
        "duration": math.inf,
        "terminate_off_road": False,
        "screen_width": spec.size_px[0],
        "screen_height": spec.size_px[1],
        "scaling": spec.scaling,
        "centering_position": [0.5, 0.5],
        "offscreen_rendering": True,
        **dict(spec.settings),
    }
    game: Any = gymnasium.make(spec.identity, render_mode="rgb_array").unwrapped
    # Rewards are for machines, and some are not made for these actions.
    game._reward, game._rewards = (lambda action: 0.0), (lambda action: {})
    game.configure(config)  # from the next reset on
    return game


def perform(stage: Stage) -> None:
    """Play one of :data:`GAMES` (in a process of its own)."""
    spec, seed = GAMES[stage.options["name"]], stage.options["seed"]
    game = _make(spec)
    _paint(seed)
    game.reset(seed=seed)
    game.render()
    game.viewer.enabled = True  # it draws nothing where there is no window, though it needs none
    over = 0  # frames since the car was lost
    while True:
        held = stage.next_action().held
        begins = over > OVER_S * RATE_HZ
        if begins:
            game.reset()
            over = 0
        wheel = 0.0
        if not spec.is_open or held & STEERING:
            wheel = steering(game.vehicle, held) / STEER_RANGE_RAD
        pedals = acceleration(game.vehicle, held, spec.top_m_s) / BRAKE_M_S2
        ended = game.step(np.array([pedals, wheel], np.float32))[2]
        on_road = spec.is_open or keep_on_road(game.vehicle)
        over += bool(ended or not on_road or over)
        stage.show(lambda: np.asarray(game.render(), np.uint8), "reset" if begins else "goes_on")
