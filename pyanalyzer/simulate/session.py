"""What a replay is made of, drawn from its seed: game, plan, and how the video is written."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, cast

import numpy as np

from pyanalyzer.records import Region
from pyanalyzer.simulate import (
    gymnasium,
    highway,
    panda3d,
    pettingzoo,
    procgen,
    pygame,
    pyxel,
)
from pyanalyzer.simulate.ale import AtariGame
from pyanalyzer.simulate.doom import DoomGame, DoomOptions, Episode
from pyanalyzer.simulate.encode import ATARI_LAYOUTS, EncoderSettings, Layout, full
from pyanalyzer.simulate.engine import Action, Channel, Game
from pyanalyzer.simulate.forked import ForkedGame
from pyanalyzer.simulate.policy import plan_actions
from pyanalyzer.simulate.splits import EngineName, Split
from pyanalyzer.simulate.truth import Setting

HALF_RATE_SHARE = 0.12  # of the Atari replays: recorded at 30 frames a second
LEAD_IN_S: dict[EngineName, tuple[float, float]] = {
    "ale": (1.0, 20.0),
    "doom": (0.0, 5.0),
    "maker": (0.2, 8.0),
    "pyxel": (0.0, 3.0),
    "gymnasium": (0.0, 3.0),
    "panda3d": (0.0, 3.0),
    "procgen": (0.0, 3.0),
    "pettingzoo": (0.0, 3.0),
    "pygame": (0.0, 5.0),
    "highway": (0.0, 3.0),
}
DOOM_SIZES = ((320, 240), (400, 300), (512, 288), (640, 360), (640, 480))
DOOM_SIZE_SHARES = (0.35, 0.2, 0.15, 0.15, 0.15)
MAKER_SCALES = (1.0, 1.0, 1.5, 2.0, 2.0)  # px of the video per px of a made game
MAKER_BARS_SHARE = 0.1  # of the made games: black bars to 16:9 beside the picture
MAKER_SMOOTH_SHARE = 0.4
MAKER_HALF_RATE_SHARE = 0.15  # of the made games of 50 Hz and more
# The first replays of an Atari game are of its default variant, which is what people play; the
# others of a random one: more games from the same cartridge.
ATARI_DEFAULT_REPLAYS = 2
DOOM_EPISODES = 2  # a Doom replay begins anew in its middle
DOOM_LIVES = 6  # and where the player dies, so often at most


@dataclass(frozen=True, slots=True)
class ForkedEngine:
    """An engine of :class:`ForkedGame`: how its games are made, and how they may be shown."""

    make: Callable[[str, int, Layout], ForkedGame]
    layouts: Callable[[str], tuple[Layout, ...]]


FORKED: dict[EngineName, ForkedEngine] = {
    "pyxel": ForkedEngine(pyxel.PyxelGame, pyxel.layouts),
    "gymnasium": ForkedEngine(gymnasium.GymnasiumGame, gymnasium.layouts),
    "panda3d": ForkedEngine(panda3d.PandaGame, panda3d.layouts),
    "procgen": ForkedEngine(procgen.ProcgenGame, procgen.layouts),
    "pettingzoo": ForkedEngine(pettingzoo.ZooGame, pettingzoo.layouts),
    "pygame": ForkedEngine(pygame.PygameGame, pygame.layouts),
    "highway": ForkedEngine(highway.HighwayGame, highway.layouts),
}


@dataclass(frozen=True, slots=True)
class Job:
    """One replay to make: ``video`` is its path, ``replay`` its number among the game's."""

    engine: EngineName
    game: str
    split: Split
    replay: int
    seconds: float
    seed: int
    video: Path


@dataclass(frozen=True, slots=True)
class Look:
    """How a replay is written."""

    layout: Layout
    encoder: EncoderSettings
    stride: int  # every ``stride``-th frame of the game is a frame of the replay


@dataclass(frozen=True, slots=True)
class Session:
    """A game that is ready to play, the plan, and what the truth file says of both."""

    game: Game
    actions: list[Action]
    look: Look
    options: dict[str, Setting]


def job_rng(job: Job) -> np.random.Generator:
    """The generator of a job's random numbers: one stream per seed, game and replay number."""
    name = zlib.crc32(f"{job.engine}/{job.game}".encode())
    return np.random.default_rng(np.random.SeedSequence([job.seed, name, job.replay]))


def _draw_encoder(rng: np.random.Generator) -> EncoderSettings:
    return EncoderSettings(
        crf=int(rng.integers(18, 31)),
        b_frames=int(rng.choice([0, 2, 3])),
        gop_frames=int(rng.choice([30, 60, 120, 250])),
    )


def draw_look(job: Job, rng: np.random.Generator) -> Look:
    """Draw how a replay of a shipped engine's game is written."""
    encoder = _draw_encoder(rng)
    if job.engine == "ale":
        layout = ATARI_LAYOUTS[int(rng.integers(len(ATARI_LAYOUTS)))]
        return Look(layout, encoder, 2 if rng.random() < HALF_RATE_SHARE else 1)
    if job.engine in FORKED:
        layouts = FORKED[job.engine].layouts(job.game)
        return Look(layouts[int(rng.integers(len(layouts)))], encoder, 1)
    width, height = DOOM_SIZES[int(rng.choice(len(DOOM_SIZES), p=DOOM_SIZE_SHARES))]
    return Look(full(width, height), encoder, 1)


def set_up(job: Job) -> Session:
    """Draw and start everything that a job's replay is made of.

    Raises :class:`~pyanalyzer.simulate.engine.SimulationError`: engine missing, game unknown.
    """
    rng = job_rng(job)
    if job.engine == "maker":
        return _set_up_maker(job, rng)
    look = draw_look(job, rng)
    seed = int(rng.integers(2**31))
    if job.engine == "ale":
        return _atari_session(job, look, seed, rng)
    if job.engine in FORKED:
        return _forked_session(job, look, seed, rng)
    options = doom_options(look.layout.width_px, look.layout.height_px, rng)
    rate = float(DoomGame.frame_rate)
    walk = (Channel(("forward", "run"), 2.0), Channel(("turn_left", "turn_right"), 2.0))
    episodes = [
        Episode(seed + k, tuple(_lead_in("doom", walk, rate, rng))) for k in range(DOOM_LIVES)
    ]
    frames = round(job.seconds * rate)
    doom = DoomGame(job.game, episodes, -(-frames // DOOM_EPISODES), options)
    actions = plan_actions(doom.channels, doom.axis, frames, rate, rng)
    return Session(doom, actions, look, cast("dict[str, Setting]", asdict(options)))


def _atari_session(job: Job, look: Look, seed: int, rng: np.random.Generator) -> Session:
    game = AtariGame(job.game, seed)
    rate = float(game.frame_rate)
    game.set_lead_in(_lead_in("ale", game.channels, rate, rng))
    options: dict[str, Setting] = {}
    if job.replay >= ATARI_DEFAULT_REPLAYS:
        variants = game.variants
        variant = variants[int(rng.integers(len(variants)))]
        game.set_variant(variant)
        options = {"mode": variant.mode, "difficulty": variant.difficulty}
    actions = plan_actions(game.channels, False, round(job.seconds * rate), rate, rng)
    return Session(game, actions, look, options)


def _set_up_maker(job: Job, rng: np.random.Generator) -> Session:
    from pyanalyzer.simulate.maker.game import MakerGame  # draws, so it needs OpenCV

    encoder = _draw_encoder(rng)
    game = MakerGame(job.game, int(rng.integers(2**31)))
    rate = float(game.frame_rate)
    half = rate >= 50 and rng.random() < MAKER_HALF_RATE_SHARE
    look = Look(maker_layout(*game.size_px, rng), encoder, 2 if half else 1)
    game.set_lead_in(_lead_in("maker", game.channels, rate, rng))
    frames = round(job.seconds * rate)
    actions = plan_actions(game.channels, game.axis, frames, rate, rng)
    return Session(game, actions, look, {})


def maker_layout(width_px: int, height_px: int, rng: np.random.Generator) -> Layout:
    """Draw how a made game's picture is scaled; sizes are even, as the video wants them."""
    scale = MAKER_SCALES[int(rng.integers(len(MAKER_SCALES)))]
    width, height = (round(scale * side / 2) * 2 for side in (width_px, height_px))
    smooth = bool(rng.random() < MAKER_SMOOTH_SHARE)
    if rng.random() >= MAKER_BARS_SHARE or 9 * width >= 16 * height:
        return full(width, height, smooth)
    wide = 16 * height // 18 * 2
    left = (wide - width) // 4 * 2
    return Layout(wide, height, Region(left, 0, width, height), smooth)


def _forked_session(job: Job, look: Look, seed: int, rng: np.random.Generator) -> Session:
    game = FORKED[job.engine].make(job.game, seed, look.layout)
    rate = float(game.frame_rate)
    game.set_lead_in(_lead_in(job.engine, game.channels, rate, rng))
    actions = plan_actions(game.channels, game.axis, round(job.seconds * rate), rate, rng)
    return Session(game, actions, look, {})


def doom_options(width_px: int, height_px: int, rng: np.random.Generator) -> DoomOptions:
    """Draw how a Doom replay looks and is played."""
    turning: tuple[Literal["keys", "mouse", "both"], ...] = ("keys", "mouse", "both")
    weapon = bool(rng.random() < 0.75)
    return DoomOptions(
        width_px=width_px,
        height_px=height_px,
        hud=bool(rng.random() < 0.75),
        minimal_hud=bool(rng.random() < 0.25),
        weapon=weapon,
        bob=0.0 if weapon else 0.25,
        crosshair=bool(rng.random() < 0.5),
        decals=bool(rng.random() < 0.7),
        particles=bool(rng.random() < 0.3),
        screen_flashes=bool(rng.random() < 0.7),
        all_weapons=bool(rng.random() < 0.5),
        skill=int(rng.integers(1, 4)),
        turning=turning[int(rng.integers(3))],
    )


def _lead_in(
    engine: EngineName,
    channels: Sequence[Channel],
    rate: float,
    rng: np.random.Generator,
) -> list[Action]:
    seconds = float(rng.uniform(*LEAD_IN_S[engine]))
    frames = max(1, round(seconds * rate))
    return plan_actions(channels, False, frames, rate, rng)
