"""Games that come with Pyxel (Takashi Kitao), a retro game engine, in its wheel; all MIT licensed.

Pyxel runs without a window and takes its keys from a program. A game's own clock is replaced by one
that ticks once per step, so that nothing depends on how fast the machine is.
"""

from __future__ import annotations

import os
import random
import runpy
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from pyanalyzer.records import U8
from pyanalyzer.simulate.encode import Layout
from pyanalyzer.simulate.engine import Channel, SimulationError
from pyanalyzer.simulate.forked import ForkedGame
from pyanalyzer.simulate.layouts import enlarged
from pyanalyzer.simulate.stage import Stage

CLOCK_HZ = 100_000  # Pyxel waits for its next frame no longer than this rate demands
STARTUP_NAME = ".pyxapp_startup_script"  # in an app: the path of the script beside it
ARROWS = {"left": "KEY_LEFT", "right": "KEY_RIGHT", "up": "KEY_UP", "down": "KEY_DOWN"}
SIDE = Channel(("left", "right"), 3.0)
HEIGHT = Channel(("up", "down"), 2.0)
FIRE = Channel(("fire",), 2.0)
START = Channel(("start",), 0.8)  # leaves the title, also after a lost game


@dataclass(frozen=True, slots=True)
class PyxelSpec:
    """A game: its file among Pyxel's examples, its picture and rate, and the player's keys.

    ``presses`` are held and let go in turn until the title is left, before the lead-in.
    """

    file: str
    size_px: tuple[int, int]
    rate: int
    channels: tuple[Channel, ...]
    keys: dict[str, str]
    presses: tuple[str, ...] = ()


GAMES: dict[str, PyxelSpec] = {
    "jump": PyxelSpec("02_jump_game.py", (160, 120), 30, (SIDE,), ARROWS),
    "laser_jetman": PyxelSpec(
        "apps/laser-jetman.pyxapp",
        (128, 128),
        60,
        (SIDE, HEIGHT, FIRE),
        {**ARROWS, "fire": "KEY_J", "start": "KEY_RETURN"},
        ("start",) * 7,
    ),
    "megaball": PyxelSpec(
        "apps/megaball.pyxapp",
        (160, 144),
        60,
        (SIDE, HEIGHT, FIRE),
        {**ARROWS, "fire": "KEY_Z"},
        ("fire",) * 6,
    ),
    "mega_wing": PyxelSpec(
        "apps/mega_wing.pyxapp",
        (120, 160),
        30,
        (SIDE, HEIGHT, FIRE, START),
        {**ARROWS, "fire": "KEY_SPACE", "start": "KEY_RETURN"},
        ("start",),
    ),
    "platformer": PyxelSpec(
        "10_platformer.py", (128, 128), 30, (SIDE, FIRE), {**ARROWS, "fire": "KEY_SPACE"}
    ),
    "shooter": PyxelSpec(
        "09_shooter.py",
        (120, 160),
        30,
        (SIDE, HEIGHT, FIRE, START),
        {**ARROWS, "fire": "KEY_SPACE", "start": "KEY_RETURN"},
        ("start",),
    ),
    "space_rescue": PyxelSpec(
        "apps/space_rescue.pyxapp",
        (160, 120),
        30,
        (FIRE, START),
        {"fire": "KEY_SPACE", "start": "KEY_RETURN"},
        ("start",),
    ),
    "tiled_map": PyxelSpec("15_tiled_map_file.py", (464, 256), 30, (SIDE, HEIGHT), ARROWS),
    "vortexion": PyxelSpec(
        "apps/vortexion.pyxapp",
        (256, 192),
        60,
        (SIDE, HEIGHT, FIRE),
        {**ARROWS, "fire": "KEY_Z"},
        ("fire",) * 6,
    ),
}


class PyxelGame(ForkedGame):
    """One of :data:`GAMES`, with the random numbers of ``seed``."""

    def __init__(self, name: str, seed: int, layout: Layout | None = None) -> None:
        del layout  # drawn at its own size, and scaled
        if name not in GAMES:
            raise SimulationError(f"pyxel has no game named {name!r} ({', '.join(GAMES)})")
        spec = GAMES[name]
        super().__init__(
            f"pyxel/{name}",
            packages=("pyxel",),
            module=__name__,
            options={"name": name, "seed": seed},
            frame_rate=Fraction(spec.rate),
            channels=spec.channels,
        )


def layouts(name: str) -> tuple[Layout, ...]:
    """The ways in which a game may be shown."""
    return enlarged(*GAMES[name].size_px)


def perform(stage: Stage) -> None:
    """Play one of :data:`GAMES` (in a process of its own)."""
    import pyxel

    spec, seed = GAMES[stage.options["name"]], stage.options["seed"]
    examples = Path(pyxel.__file__).parent / "examples"
    with tempfile.TemporaryDirectory(prefix="pyanalyzer-pyxel-") as folder:
        script = _script(examples / spec.file, Path(folder))
        original = pyxel.init

        def init(*arguments: Any, **options: Any) -> None:
            original(*arguments, **{**options, "fps": CLOCK_HZ, "headless": True})
            os.chdir(script.parent)  # what it loads has paths relative to it
            pyxel.rseed(seed)
            pyxel.nseed(seed)
            random.seed(seed)

        def run(update: Callable[[], None], draw: Callable[[], None]) -> None:
            _run(stage, pyxel, spec, update, draw)

        def silent(*arguments: Any, **options: Any) -> None:
            """Sound plays in real time, and a game may wait for its end."""

        pyxel.init, pyxel.run = init, run
        for name in ("play", "playm", "play_pos", "stop", "gen_bgm"):
            setattr(pyxel, name, silent)
        sys.path.insert(0, str(script.parent))
        sys.argv = [str(script)]
        runpy.run_path(str(script), run_name="__main__")


def _script(file: Path, folder: Path) -> Path:
    """The script to run; an app is unpacked into ``folder`` first."""
    if file.suffix != ".pyxapp":
        return file
    with zipfile.ZipFile(file) as archive:
        archive.extractall(folder)
    (startup,) = folder.glob(f"*/{STARTUP_NAME}")
    return startup.parent / startup.read_text(encoding="utf-8").strip()


def _run(
    stage: Stage,
    pyxel: Any,
    spec: PyxelSpec,
    update: Callable[[], None],
    draw: Callable[[], None],
) -> None:
    """Pyxel's main loop, one frame a step."""

    def frame(held: frozenset[str]) -> None:
        for control, key in spec.keys.items():
            pyxel.set_btn(getattr(pyxel, key), control in held)
        update()
        draw()

    for control in spec.presses:
        for held in (frozenset({control}), frozenset[str]()):
            for _ in range(spec.rate // 3):
                frame(held)
                pyxel.flip()
    while True:
        frame(stage.next_action().held)
        stage.show(lambda: _picture(pyxel))
        pyxel.flip()


def _picture(pyxel: Any) -> U8:
    """The screen, uint8 (height_px, width_px, 3), RGB."""
    codes = np.frombuffer(pyxel.screen.data_ptr(), np.uint8).reshape(pyxel.height, pyxel.width)
    colors = np.array(list(pyxel.colors), np.uint32)
    palette = np.stack([colors >> 16 & 255, colors >> 8 & 255, colors & 255], axis=1)
    picture: U8 = palette.astype(np.uint8)[codes]
    return picture
