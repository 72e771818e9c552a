"""No game may train and judge at the same time."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from pyanalyzer.simulate.doom import wad_lumps
from pyanalyzer.simulate.splits import ALE_LEFT_OUT, ENGINES, GAMES, SPLITS, split_of


@pytest.mark.parametrize("engine", ENGINES)
def test_splits_do_not_overlap(engine: str) -> None:
    for one, other in combinations(SPLITS, 2):
        assert not set(GAMES[engine][one]) & set(GAMES[engine][other])
    games = [game for split in SPLITS for game in GAMES[engine][split]]
    assert len(games) == len(set(games))


def test_sizes_and_what_is_left_out() -> None:
    assert [len(GAMES["ale"][split]) for split in SPLITS] == [70, 11, 13]
    assert [len(GAMES["doom"][split]) for split in SPLITS] == [48, 6, 8]
    assert not ALE_LEFT_OUT & {game for split in SPLITS for game in GAMES["ale"][split]}


def test_split_of() -> None:
    assert split_of("ale", "pong") == "validation"
    assert split_of("doom", "freedoom2/MAP07") == "test"
    with pytest.raises(KeyError):
        split_of("ale", "pacman")


def test_every_game_is_shipped_with_its_engine_and_runs() -> None:
    ale_py = pytest.importorskip("ale_py", reason="the extra `train` is not installed")
    roms = pytest.importorskip("ale_py.roms", reason="the extra `train` is not installed")
    shipped = set(roms.get_all_rom_ids())
    assert {game for split in SPLITS for game in GAMES["ale"][split]} | ALE_LEFT_OUT <= shipped
    ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)
    ale = ale_py.ALEInterface()
    for game in (game for split in SPLITS for game in GAMES["ale"][split]):
        assert ale.isSupportedROM(roms.get_rom_path(game)) is not None, game
    vizdoom = pytest.importorskip("vizdoom", reason="the extra `train` is not installed")
    folder = Path(vizdoom.__file__).parent
    for name in (game for split in SPLITS for game in GAMES["doom"][split]):
        wad, level = name.split("/")
        assert level in wad_lumps(folder / f"{wad}.wad")
