"""Doom through ViZDoom (Kempka et al., 2016), on Freedoom's maps; both ship in vizdoom's wheel.

35 Hz, every tic. A branch runs the episode again from its seed, without drawing, up to the change:
two such runs agree in every pixel, which the engine's own save and load do not give. They agree
with the recording, in which every tic was drawn, but for what the engine animates when it draws
(the face in the status bar, a few sprites): :attr:`DoomGame.repeat_tolerance`. The player's place,
angle, health and hits must be the recording's own at every fork.
"""

from __future__ import annotations

import contextlib
import re
import struct
import tempfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import numpy as np

from pyanalyzer.records import U8, Region
from pyanalyzer.simulate.engine import (
    IDLE,
    Action,
    Channel,
    DivergedError,
    Purpose,
    Recording,
    SimulationError,
)

RATE = Fraction(35)
STATUS_BAR_ROWS = Fraction(32, 200)  # Doom's bar is 32 of the 200 rows it was drawn for
RELEASE_TICS = 2
LEVEL = re.compile(r"MAP\d\d|E\dM\d")
LITTER = "_vizdoom"  # an empty folder that the engine leaves where it is started
BUTTONS = {
    "forward": "MOVE_FORWARD",
    "backward": "MOVE_BACKWARD",
    "turn_left": "TURN_LEFT",
    "turn_right": "TURN_RIGHT",
    "strafe_left": "MOVE_LEFT",
    "strafe_right": "MOVE_RIGHT",
    "attack": "ATTACK",
    "use": "USE",
    "run": "SPEED",
    "next_weapon": "SELECT_NEXT_WEAPON",
}
STATE = ("POSITION_X", "POSITION_Y", "POSITION_Z", "ANGLE", "HEALTH", "KILLCOUNT", "HITCOUNT")
ACTS = frozenset({"attack", "use", "next_weapon"})
LOOKS = ("hud", "minimal_hud", "weapon", "crosshair", "decals", "particles", "screen_flashes")


@dataclass(frozen=True, slots=True)
class DoomOptions:
    """How the game is shown and played. ``turning``: which of keys and mouse turn the view.

    ``bob``: how much the view sways while walking. The engine sways a drawn weapon by how often it
    was drawn, which does not repeat; so a replay shows the weapon or the sway, never both.
    """

    width_px: int = 640
    height_px: int = 480
    hud: bool = True
    minimal_hud: bool = False
    weapon: bool = True
    crosshair: bool = False
    decals: bool = True
    particles: bool = True
    screen_flashes: bool = True
    all_weapons: bool = False
    bob: float = 0.0
    skill: int = 2
    turning: Literal["keys", "mouse", "both"] = "both"


@dataclass(frozen=True, slots=True)
class Episode:
    """One life in a replay: ``lead_in`` is played before its first recorded frame."""

    seed: int
    lead_in: tuple[Action, ...]


def _import() -> Any:
    try:
        import vizdoom
    except ImportError as error:
        raise SimulationError('Doom needs vizdoom: pip install "pyanalyzer[train]"') from error
    return vizdoom


def wad_lumps(path: Path) -> set[str]:
    """The names in a WAD's directory: 12 bytes of header, then 16 bytes an entry."""
    with path.open("rb") as file:
        count, start = struct.unpack("<4xii", file.read(12))
        file.seek(start)
        names = [name for _, _, name in struct.iter_unpack("<ii8s", file.read(16 * count))]
    return {name.rstrip(b"\0").decode("ascii", "replace") for name in names}


class DoomGame:
    """One map, named ``freedoom1/E1M1`` or ``freedoom2/MAP01``.

    ``episodes`` are played in turn: the next one starts where one ends by death or exit, or after
    ``episode_frames`` frames.
    """

    frame_rate = RATE
    repeat_tolerance = 0.05

    def __init__(
        self, name: str, episodes: Sequence[Episode], episode_frames: int, options: DoomOptions
    ) -> None:
        self._vizdoom = vizdoom = _import()
        wad, _, level = name.partition("/")
        path = Path(vizdoom.__file__).parent / f"{wad}.wad"
        if not path.is_file() or not LEVEL.fullmatch(level) or level not in wad_lumps(path):
            raise SimulationError(f"vizdoom has no map named {name!r} (freedoom2/MAP01 is one)")
        self._episodes, self._episode_frames, self._options = episodes, episode_frames, options
        self._name = name
        self._buttons = tuple(BUTTONS)
        game = self._game = vizdoom.DoomGame()
        # The engine keeps its settings in a file: one of its own for every game.
        self._folder = tempfile.TemporaryDirectory(prefix="pyanalyzer-doom-")
        game.set_doom_config_path(str(Path(self._folder.name) / "vizdoom.ini"))
        game.set_doom_game_path(str(path))
        game.set_doom_map(level)
        resolution = f"RES_{options.width_px}X{options.height_px}"
        game.set_screen_resolution(getattr(vizdoom.ScreenResolution, resolution))
        game.set_screen_format(vizdoom.ScreenFormat.RGB24)
        game.set_window_visible(False)
        game.set_sound_enabled(False)
        game.set_mode(vizdoom.Mode.PLAYER)
        game.set_doom_skill(options.skill)
        game.set_episode_timeout(0)
        for look in LOOKS:
            getattr(game, f"set_render_{look}")(getattr(options, look))
        names = [*BUTTONS.values(), "TURN_LEFT_RIGHT_DELTA"]
        game.set_available_buttons([getattr(vizdoom.Button, b) for b in names])
        self._litter = None if Path(LITTER).exists() else Path(LITTER).absolute()
        game.set_seed(episodes[0].seed)
        game.add_game_args(f"+movebob {options.bob}")
        try:
            game.init()
        except Exception as error:  # vizdoom's own classes have no common base of their own
            self._folder.cleanup()
            raise SimulationError(f"{name}: the engine does not start: {error}") from error
        self._starts: list[int] = []
        self._actions: Sequence[Action] = ()
        self._pictures: list[U8] = []
        self._states: list[tuple[float, ...]] = []
        self._watched = [getattr(vizdoom.GameVariable, name) for name in STATE]

    @property
    def channels(self) -> tuple[Channel, ...]:
        """Walking, strafing, shooting, using, running, and turning by keys."""
        keys = (Channel(("turn_left", "turn_right"), 3.0),)
        return (
            Channel(("forward", "backward"), 3.0),
            *(() if self._options.turning == "mouse" else keys),
            Channel(("strafe_left", "strafe_right"), 1.5),
            Channel(("attack",), 1.8),
            Channel(("use",), 0.3),
            Channel(("run",), 0.4),
            *((Channel(("next_weapon",), 0.25),) if self._options.all_weapons else ()),
        )

    @property
    def axis(self) -> bool:
        """Whether the mouse turns the view in this replay."""
        return self._options.turning != "keys"

    @property
    def interface_px(self) -> Region | None:
        """The status bar along the bottom, where it is drawn."""
        if not self._options.hud or self._options.minimal_hud:
            return None
        rows = int(STATUS_BAR_ROWS * self._options.height_px)
        return Region(0, self._options.height_px - rows, self._options.width_px, rows)

    def _begin(self, episode: Episode) -> None:
        # Buttons still held from the run before would be held in the new episode's first tics.
        for _ in range(RELEASE_TICS):
            self._step(IDLE, False)
        self._game.set_seed(episode.seed)
        self._game.new_episode()
        if self._options.all_weapons:
            self._game.send_game_command("give weapons")
            self._game.send_game_command("give ammo")
        for action in episode.lead_in:
            self._step(action, False)

    def _step(self, action: Action, draw: bool) -> U8 | None:
        """One tic; the picture after it, or None where none is drawn or the episode is over."""
        if self._game.is_episode_finished():
            return None
        held = [float(button in action.held) for button in self._buttons]
        self._game.set_action([*held, action.turn_deg])
        try:
            self._game.advance_action(1, draw)
        except self._vizdoom.ViZDoomUnexpectedExitException as error:
            raise SimulationError(f"{self._name}: the engine's process ended: {error}") from error
        if not draw:
            return None
        state = self._game.get_state()
        return None if state is None else np.array(state.screen_buffer)

    def _state(self) -> tuple[float, ...]:
        return tuple(float(self._game.get_game_variable(name)) for name in self._watched)

    def play(self, actions: Sequence[Action], forks: Collection[int]) -> Recording:
        """See :meth:`pyanalyzer.simulate.engine.Game.play`; ends early when no episode is left."""
        del forks  # any frame can be reached again
        self._actions, self._pictures, self._starts, self._states = actions, [], [], []
        for episode in self._episodes:
            start = len(self._pictures)
            self._begin(episode)
            self._starts.append(start)
            for action in actions[start : start + self._episode_frames]:
                picture = self._step(action, True)
                if picture is None:
                    break
                self._pictures.append(picture)
                self._states.append(self._state())
            if len(self._pictures) == start:
                self._starts.pop()
            if len(self._pictures) >= len(actions):
                break
        cuts = tuple(self._starts[1:])
        return Recording(tuple(self._pictures), cuts, cuts)

    def branch(self, frame: int, actions: Sequence[Action]) -> Iterator[U8]:
        """See :meth:`pyanalyzer.simulate.engine.Game.branch`."""
        number = max(i for i, start in enumerate(self._starts) if start <= frame)
        self._begin(self._episodes[number])
        for t in range(self._starts[number], frame):
            # One tic is drawn before the fork: the status bar shows what it was when last drawn.
            self._step(self._actions[t], t == frame - 1)
        if frame > self._starts[number] and self._state() != self._states[frame - 1]:
            raise DivergedError(
                f"{self._name}: running the episode again did not lead to the player's state at "
                f"frame {frame - 1}; its labels cannot be trusted"
            )
        for action in actions:
            picture = self._step(action, True)
            if picture is None:
                return
            yield picture

    def kind_of(self, controls: frozenset[str]) -> Purpose:
        """Everything moves the camera but attack, use and the choice of weapon."""
        return "act" if controls <= ACTS else "move_view"

    def close(self) -> None:
        """End the engine's process."""
        self._game.close()
        self._folder.cleanup()
        if self._litter is not None:
            with contextlib.suppress(OSError):  # in use by another game, or not there
                self._litter.rmdir()
