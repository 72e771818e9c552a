"""Which games train, which choose, and which judge. Splits are by game, never by time.

A game stands in one split only; near twins of a test or validation game (the same game under
another name, a sequel that looks the same) are left out of all three.
"""

from __future__ import annotations

from typing import Literal, get_args

from pyanalyzer.simulate.maker.names import (
    TEST_FAMILY,
    VALIDATION_FAMILY,
    split_names,
)

Split = Literal["train", "validation", "test"]
EngineName = Literal[
    "ale",
    "doom",
    "maker",
    "pyxel",
    "gymnasium",
    "panda3d",
    "procgen",
    "pettingzoo",
    "pygame",
    "highway",
]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
ENGINES: tuple[EngineName, ...] = get_args(EngineName)
DEFAULT_ENGINES: tuple[EngineName, ...] = ("ale", "doom")  # real games that run on every system

_ALE_TEST = (
    "boxing",
    "breakout",
    "enduro",
    "montezuma_revenge",
    "ms_pacman",
    "pitfall",
    "qbert",
    "riverraid",
    "road_runner",
    "seaquest",
    "space_invaders",
    "tennis",
    "yars_revenge",
)
_ALE_VALIDATION = (
    "asteroids",
    "battle_zone",
    "bowling",
    "demon_attack",
    "freeway",
    "frostbite",
    "hero",
    "kaboom",
    "kung_fu_master",
    "pong",
    "up_n_down",
)
_ALE_TRAIN = (
    "adventure",
    "air_raid",
    "alien",
    "amidar",
    "assault",
    "asterix",
    "atlantis",
    "bank_heist",
    "beam_rider",
    "berzerk",
    "carnival",
    "centipede",
    "chopper_command",
    "crazy_climber",
    "crossbow",
    "darkchambers",
    "defender",
    "donkey_kong",
    "double_dunk",
    "earthworld",
    "elevator_action",
    "entombed",
    "et",
    "fishing_derby",
    "flag_capture",
    "frogger",
    "galaxian",
    "gopher",
    "gravitar",
    "haunted_house",
    "human_cannonball",
    "ice_hockey",
    "jamesbond",
    "journey_escape",
    "kangaroo",
    "keystone_kapers",
    "king_kong",
    "klax",
    "koolaid",
    "krull",
    "laser_gates",
    "lost_luggage",
    "mario_bros",
    "miniature_golf",
    "mr_do",
    "name_this_game",
    "phoenix",
    "pooyan",
    "private_eye",
    "robotank",
    "sir_lancelot",
    "skiing",
    "solaris",
    "space_war",
    "star_gunner",
    "superman",
    "surround",
    "tetris",
    "time_pilot",
    "trondead",
    "turmoil",
    "tutankham",
    "venture",
    "video_checkers",
    "video_chess",
    "video_cube",
    "video_pinball",
    "wizard_of_wor",
    "word_zapper",
    "zaxxon",
)

# Near twins of ms_pacman, pitfall and atlantis; board and word games in which the picture stands
# still for most of the time; games for two, which ale-py ships but does not run.
ALE_LEFT_OUT = frozenset(
    (
        "atlantis2",
        "backgammon",
        "basic_math",
        "blackjack",
        "casino",
        "combat",
        "hangman",
        "joust",
        "maze_craze",
        "othello",
        "pacman",
        "pitfall2",
        "tic_tac_toe_3d",
        "warlords",
    )
)


def _maps(wad: str, levels: str) -> list[str]:
    return [f"{wad}/{level}" for level in levels.split()]


_DOOM_TEST = [
    *_maps("freedoom1", "E1M2 E2M3 E3M2 E4M1"),
    *_maps("freedoom2", "MAP01 MAP07 MAP12 MAP20"),
]
_DOOM_VALIDATION = [
    *_maps("freedoom1", "E1M4 E2M6 E3M5"),
    *_maps("freedoom2", "MAP03 MAP10 MAP16"),
]
_DOOM_TRAIN = [
    name
    for pair in zip(
        _maps(
            "freedoom1",
            """E1M1 E2M1 E3M1 E4M2 E1M3 E2M2 E3M3 E4M3 E1M5 E2M4 E3M4 E4M4 E1M6 E2M5 E3M6 E4M5 E1M7
            E2M7 E3M7 E4M6 E1M8 E2M8 E3M8 E4M7""",
        ),
        _maps(
            "freedoom2",
            """MAP02 MAP04 MAP05 MAP06 MAP08 MAP09 MAP11 MAP13 MAP14 MAP15 MAP17 MAP18 MAP19 MAP21
            MAP22 MAP23 MAP24 MAP25 MAP26 MAP27 MAP28 MAP29 MAP31 MAP32""",
        ),
        strict=True,
    )
    for name in pair
]

GAMES: dict[EngineName, dict[Split, tuple[str, ...]]] = {
    "ale": {
        "train": _ALE_TRAIN,
        "validation": _ALE_VALIDATION,
        "test": _ALE_TEST,
    },
    "doom": {
        "train": tuple(_DOOM_TRAIN),
        "validation": tuple(_DOOM_VALIDATION),
        "test": tuple(_DOOM_TEST),
    },
    "maker": {
        "train": split_names(0, 400),
        "validation": split_names(400, 450, (VALIDATION_FAMILY,)),
        "test": split_names(450, 500, (TEST_FAMILY,)),
    },
    # mega_wing and shooter are near twins, so they stand in one split.
    "pyxel": {
        "train": ("jump", "laser_jetman", "mega_wing", "shooter", "space_rescue"),
        "validation": ("platformer",),
        "test": ("megaball", "tiled_map", "vortexion"),
    },
    "gymnasium": {
        "train": ("bipedal_walker", "lunar_lander"),
        "validation": (),
        "test": ("car_racing",),
    },
    "panda3d": {
        "train": ("field_flight", "forest_chase", "forest_walk"),
        "validation": ("marble",),
        "test": ("field_walk",),
    },
    "procgen": {
        "train": (
            "bigfish",
            "bossfight",
            "caveflyer",
            "chaser",
            "climber",
            "dodgeball",
            "heist",
            "jumper",
            "leaper",
            "maze",
            "plunder",
        ),
        "validation": ("miner", "ninja"),
        "test": ("coinrun", "fruitbot", "starpilot"),
    },
    # multiwalker is a near twin of gymnasium's bipedal_walker, which trains as well.
    "pettingzoo": {
        "train": ("cooperative_pong", "multiwalker", "pistonball"),
        "validation": (),
        "test": ("knights_archers_zombies",),
    },
    "pygame": {
        "train": ("aliens", "moveit"),
        "validation": (),
        "test": ("chimp",),
    },
    "highway": {
        "train": ("exit", "highway", "merge", "parking", "roundabout", "two_way"),
        "validation": ("u_turn",),
        "test": ("intersection", "racetrack"),
    },
}


def split_of(engine: EngineName, game: str) -> Split:
    """The split a game stands in. Raises KeyError where it stands in none."""
    for split, games in GAMES[engine].items():
        if game in games:
            return split
    raise KeyError(f"{engine}/{game}")
