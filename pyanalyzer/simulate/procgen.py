"""Procgen's games (Cobbe et al., "Leveraging procedural generation to benchmark reinforcement
learning", ICML 2020; MIT licensed): every level is another one, drawn with other pictures.

Its library is spoken to directly, by the C interface ``libenv`` that it implements. What
the package imports for that (gym, gym3, a window) is not needed.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from pyanalyzer.records import U8
from pyanalyzer.simulate.encode import Layout
from pyanalyzer.simulate.engine import Channel, SimulationError
from pyanalyzer.simulate.forked import ForkedGame
from pyanalyzer.simulate.layouts import shrunk
from pyanalyzer.simulate.stage import Stage

SIZE_PX = (512, 512)  # of the pictures for people
# Its own player runs 15 steps a second, which few games do; twice that is still playable.
RATES_HZ = (15, 20, 30)
DIFFICULTIES = (0, 1)  # easy and hard, of the library's numbers
LIBENV_VERSION = 1
NAME_LENGTH = 128  # bytes of a name in libenv
DIMENSIONS = 16
ACTION_SPACE, INFO_SPACE, OBSERVATION_SPACE = 2, 3, 1
UINT8, INT32 = 1, 2  # libenv's numbers of the types

SIDE = Channel(("left", "right"), 3.0)
HEIGHT = Channel(("up", "down"), 2.0)
JUMP = Channel(("up",), 2.0)
FIRE = Channel(("fire",), 2.0)
WALK = (SIDE, HEIGHT)
AIMS = ("fire_ahead", "fire_up", "fire_steep", "fire_down")

# The library's action is one number: three columns of three directions, then the keys.
COLUMNS = {"left": 0, "right": 2}
ROWS = {"down": 0, "up": 2}
KEYS = {
    "fire": 9,
    "fire_back": 10,
    **{control: 9 + k for k, control in enumerate(AIMS)},
}

GAMES: dict[str, tuple[Channel, ...]] = {
    "bigfish": WALK,
    "bossfight": (*WALK, FIRE),
    "caveflyer": (*WALK, FIRE),
    "chaser": WALK,
    "climber": (SIDE, JUMP),
    "coinrun": (SIDE, HEIGHT),
    "dodgeball": (*WALK, FIRE),
    "fruitbot": (SIDE, FIRE),
    "heist": WALK,
    "jumper": (SIDE, JUMP),
    "leaper": WALK,
    "maze": WALK,
    "miner": WALK,
    "ninja": (SIDE, JUMP, Channel(AIMS, 1.5)),
    "plunder": (SIDE, FIRE),
    "starpilot": (*WALK, Channel(("fire", "fire_back"), 2.0)),
}

SCROLLING = frozenset({"caveflyer", "climber", "coinrun", "jumper", "ninja"})  # with the player


class ProcgenGame(ForkedGame):
    """One of :data:`GAMES`; levels, pictures, difficulty and rate are drawn from ``seed``."""

    def __init__(self, name: str, seed: int, layout: Layout | None = None) -> None:
        del layout  # drawn at its own size, and scaled
        if name not in GAMES:
            raise SimulationError(f"procgen has no game named {name!r} ({', '.join(GAMES)})")
        self.still_camera = name not in SCROLLING
        super().__init__(
            f"procgen/{name}",
            packages=("procgen",),
            extra="procgen",
            module=__name__,
            options={"name": name, "seed": seed},
            frame_rate=Fraction(RATES_HZ[seed % len(RATES_HZ)]),
            channels=GAMES[name],
        )


def layouts(name: str) -> tuple[Layout, ...]:
    """The ways in which a game may be shown."""
    del name  # all are of one size
    return shrunk(*SIZE_PX)


def action_number(held: frozenset[str], step: int) -> int:
    """The library's action for the controls ``held`` in the step of this number.

    It knows no action that both moves and fires: where both are held they take turns.
    """
    column = next((COLUMNS[control] for control in sorted(held) if control in COLUMNS), 1)
    row = next((ROWS[control] for control in sorted(held) if control in ROWS), 1)
    keys = sorted(held & KEYS.keys())
    moves = (column, row) != (1, 1)
    if keys and not (moves and step % 2):
        return KEYS[keys[0]]
    return column * 3 + row


class _Tensor(ctypes.Structure):
    """``struct libenv_tensortype``: the shape and type of one of the arrays exchanged."""

    _fields_ = (
        ("name", ctypes.c_char * NAME_LENGTH),
        ("scalar", ctypes.c_int),
        ("dtype", ctypes.c_int),
        ("shape", ctypes.c_int * DIMENSIONS),
        ("dimensions", ctypes.c_int),
        ("low", ctypes.c_int32),
        ("high", ctypes.c_int32),
    )


class _Option(ctypes.Structure):
    """``struct libenv_option``."""

    _fields_ = (
        ("name", ctypes.c_char * NAME_LENGTH),
        ("dtype", ctypes.c_int),
        ("count", ctypes.c_int),
        ("data", ctypes.c_void_p),
    )


class _Options(ctypes.Structure):
    """``struct libenv_options``."""

    _fields_ = (("items", ctypes.POINTER(_Option)), ("count", ctypes.c_int))


class _Buffers(ctypes.Structure):
    """``struct libenv_buffers``: where the library puts and finds the arrays of one game."""

    _fields_ = (
        ("observation", ctypes.POINTER(ctypes.c_void_p)),
        ("reward", ctypes.c_void_p),
        ("first", ctypes.c_void_p),
        ("info", ctypes.POINTER(ctypes.c_void_p)),
        ("action", ctypes.POINTER(ctypes.c_void_p)),
    )


@dataclass(frozen=True, slots=True)
class _Arrays:
    """The arrays of one space by name, and the list of their addresses that libenv wants."""

    by_name: dict[str, np.ndarray[Any, Any]]
    addresses: Any


class _Library:
    """One game of ``libenv.so``, in this process' own thread."""

    def __init__(self, folder: Path, options: dict[str, bool | int | str]) -> None:
        library = ctypes.CDLL(
            str(folder / "prebuilt" / "libenv.so"),
            mode=os.RTLD_NOW | os.RTLD_LOCAL | os.RTLD_DEEPBIND,  # it brings a Qt of its own
        )
        if library.libenv_version() != LIBENV_VERSION:
            raise SimulationError(f"procgen: its library is not of libenv {LIBENV_VERSION}")
        library.libenv_make.restype = ctypes.c_void_p
        library.libenv_make.argtypes = [ctypes.c_int, _Options]
        library.libenv_get_tensortypes.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p]
        library.libenv_set_buffers.argtypes = [ctypes.c_void_p, ctypes.POINTER(_Buffers)]
        library.libenv_observe.argtypes = library.libenv_act.argtypes = [ctypes.c_void_p]
        self._library = library
        self._kept = [_packed(value) for value in options.values()]
        items = (_Option * len(options))(
            *(
                _Option(name.encode(), dtype, count, ctypes.cast(data, ctypes.c_void_p))
                for name, (dtype, count, data) in zip(options, self._kept, strict=True)
            )
        )
        self._game = library.libenv_make(1, _Options(items, len(options)))
        self._seen = self._allocate(OBSERVATION_SPACE)
        self._info = self._allocate(INFO_SPACE)
        self._action = self._allocate(ACTION_SPACE)
        self._reward = np.zeros(1, np.float32)
        self._first = np.zeros(1, np.uint8)
        self._buffers = _Buffers(
            self._seen.addresses,
            self._reward.ctypes.data,
            self._first.ctypes.data,
            self._info.addresses,
            self._action.addresses,
        )
        library.libenv_set_buffers(self._game, ctypes.byref(self._buffers))
        library.libenv_observe(self._game)

    def _allocate(self, space: int) -> _Arrays:
        count = self._library.libenv_get_tensortypes(self._game, space, None)
        tensors = (_Tensor * count)()
        self._library.libenv_get_tensortypes(self._game, space, tensors)
        arrays = {
            tensor.name.decode(): np.zeros(
                tensor.shape[: tensor.dimensions], np.uint8 if tensor.dtype == UINT8 else np.int32
            )
            for tensor in tensors
        }
        addresses = [array.ctypes.data for array in arrays.values()]
        return _Arrays(arrays, (ctypes.c_void_p * count)(*addresses))

    def step(self, action: int) -> bool:
        """Take one step; whether a new level began in it."""
        self._action.by_name["action"][...] = action
        self._library.libenv_act(self._game)
        self._library.libenv_observe(self._game)
        return bool(self._first[0])

    def picture(self) -> U8:
        """The picture for people, uint8 (512, 512, 3), RGB."""
        picture: U8 = self._info.by_name["rgb"].copy()
        return picture


def _packed(value: bool | int | str) -> tuple[int, int, Any]:
    """A value as libenv wants it: its type, its length, and where it lies."""
    if isinstance(value, bool):
        return UINT8, 1, (ctypes.c_uint8 * 1)(value)
    if isinstance(value, int):
        return INT32, 1, (ctypes.c_int32 * 1)(value)
    data = value.encode()
    return UINT8, len(data), ctypes.create_string_buffer(data)


def perform(stage: Stage) -> None:
    """Play one of :data:`GAMES` (in a process of its own)."""
    seed = stage.options["seed"]
    found = importlib.util.find_spec("procgen")
    if found is None or not found.submodule_search_locations:
        raise SimulationError("procgen is not installed")
    folder = Path(found.submodule_search_locations[0]) / "data"
    options: dict[str, bool | int | str] = {
        "env_name": stage.options["name"],
        "num_levels": 0,
        "start_level": 0,
        "num_actions": 15,
        "use_sequential_levels": False,
        "debug_mode": 0,
        "rand_seed": seed,
        "num_threads": 0,  # threads do not survive a fork
        "render_human": True,
        "resource_root": f"{folder / 'assets'}{os.sep}",
        "center_agent": True,
        "use_generated_assets": False,
        "use_monochrome_assets": False,
        "restrict_themes": False,
        "use_backgrounds": True,
        "paint_vel_info": False,
        "distribution_mode": DIFFICULTIES[seed // len(RATES_HZ) % len(DIFFICULTIES)],
    }
    library = _Library(folder, options)
    step = 0
    while True:
        begins = library.step(action_number(stage.next_action().held, step))
        stage.show(library.picture, "reset" if begins else "goes_on")
        step += 1
