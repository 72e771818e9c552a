"""Benchmarks of whole runs: made films, processes, stages, and the pictures of their figures."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from benchmarks import films, plots, stages, tables, whole
from benchmarks.kernels import Row
from benchmarks.measure import Timing, describe_host
from benchmarks.results import results_text

SMALL = films.FilmSize("small", 256, 144, 300_000)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return films.cached_film(SMALL, 9, tmp_path_factory.mktemp("films"))


def test_film_is_what_it_says(film: Path) -> None:
    """60 Hz, B-frames, every picture another one, and letters that stay where they are."""
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        frames = list(container.decode(video=0))
        assert (stream.codec.canonical_name, stream.average_rate) == ("h264", 60)
    assert [round(frame.time * 60) for frame in frames] == list(range(9))
    lumas = np.array([frame.to_ndarray()[:144].astype(int) for frame in frames])
    assert lumas.shape == (9, 144, 256)
    changes = np.abs(np.diff(lumas, axis=0))
    assert (changes.mean(axis=(1, 2)) > 0.5).all()
    _, letters = films._display(SMALL)
    inside = np.count_nonzero(letters)
    assert 0.002 < inside / letters.size < 0.1
    assert changes[:, letters > 0].mean() < changes[:, letters == 0].mean()


def test_film_is_made_once_and_never_half(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(path: Path, size: films.FilmSize, frames: int) -> None:
        path.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(films, "write_film", broken)
    assert films.cached_film(SMALL, 9, film.parent) == film
    with pytest.raises(OSError, match="disk full"):
        films.cached_film(SMALL, 10, film.parent)
    assert list(film.parent.iterdir()) == [film]


def player(name: str, code: str) -> whole.Contestant:
    return whole.Contestant(name, 2.0, (sys.executable, "-c", code))


def test_processes_are_timed_one_by_one() -> None:
    """Waiting costs no CPU time, work does, and memory is each one's own."""
    busy = "x = b'x' * 150_000_000\nfor _ in range(3_000_000): pass"
    idle = "import time; time.sleep(0.4)"
    rows = list(whole.run("a film", [player("busy", busy), player("idle", idle)], 2))
    assert [(row.film, row.contestant, row.timing.samples) for row in rows] == [
        ("a film", "busy", 2),
        ("a film", "idle", 2),
    ]
    working, waiting = rows
    assert waiting.timing.median_s > 0.4
    assert waiting.cpu_s < working.cpu_s
    assert working.peak_bytes > 150e6 > waiting.peak_bytes > 1e6


def test_failures_and_differences_are_told() -> None:
    with pytest.raises(RuntimeError, match="no such luck"):
        list(whole.run("x", [player("bad", "raise SystemExit('no such luck')")], 2))
    same = [player("a", "print(1)"), player("b", "print(1)")]
    assert len(list(whole.run("x", same, 2, same_answer=True))) == 2
    other = [player("a", "print(1)"), player("b", "print(2)")]
    with pytest.raises(RuntimeError, match="x: different answers of a and b"):
        list(whole.run("x", other, 2, same_answer=True))


def test_slow_contestants_are_run_twice_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def planted(command: tuple[str, ...]) -> whole.ProcessRun:
        return whole.ProcessRun(float(command[-1]), 1.0, 1, b"")

    monkeypatch.setattr(whole, "run_process", planted)
    players = [player("slow", "30.5"), player("quick", "29.5")]
    rows = list(whole.run("x", players, 3))
    assert [row.timing.samples for row in rows] == [2, 3]


def test_plain_decoding_is_the_first_and_works(film: Path) -> None:
    names = [one.name for one in whole.contestants(film, 0.15, "some/dvr-scan")]
    assert names[0] == whole.PLAIN
    assert {whole.TOOL, whole.FAST, "DVR-Scan"} <= set(names)
    players = whole.contestants(film, 0.15)
    assert "DVR-Scan" not in {one.name for one in players}
    for decoder in players[:3]:
        assert whole.run_process(decoder.command).stdout == b"9\n", decoder.name


def test_stages_make_up_the_whole(film: Path) -> None:
    rows = stages.run("small", film, 6)
    names = {row.stage for row in rows}
    assert {"decode", "luma", "align", "flow", "features", "network"} <= names
    assert sum(row.share for row in rows) == pytest.approx(1)
    assert all(row.cpu_s_per_frame >= 0 for row in rows)
    with pytest.raises(ValueError, match="has 1 frames"):
        stages.run("small", film, 1)


def test_losses_cannot_be_misread() -> None:
    assert tables.beside_native("NumPy", 17.04) == "17.0 x"
    assert tables.beside_native("OpenCV", 0.714) == "0.71 x: native loses"
    assert tables.beside_native("OpenCV", 0.999) == "1.0 x"
    assert tables.beside_native("native, 2 threads", 0.6) == "0.60 x"
    assert tables.beside_native("native", 1.0) == ""


def figures() -> dict[str, Any]:
    """Planted: native kernels at a tenth of the roof, and a run of twice plain decoding."""
    timing = Timing(0.002, 0.001, 0.003, 5)
    kernel = Row("warp", "1080p", "native", timing, 4_000_000, 30_000_000)
    blocks = Row("propose", "1080p", "native", timing, 1000, None)
    runs = [
        whole.WholeRow("1080p60", name, 30.0, Timing(wall_s, wall_s, wall_s, 5), 2 * wall_s, 10**8)
        for name, wall_s in ((whole.PLAIN, 4.0), ("other", 2.0), (whole.TOOL, 8.0))
    ]
    result: dict[str, Any] = json.loads(
        results_text(
            describe_host(),
            {
                "copy_bytes_s": 10e9,
                "picture_copy_bytes_s": 20e9,
                "kernels": [kernel, blocks],
                "whole": runs,
                "start": [whole.StartRow("help", timing)],
                "stages": [stages.StageRow("1080p60", "decode", 0.003, 1.0)],
            },
        )
    )
    return result


def test_pictures_show_the_figures(tmp_path: Path) -> None:
    saved = tmp_path / "figures.json"
    saved.write_text(json.dumps(figures()), encoding="utf-8")
    for _ in range(2):  # the same bytes again
        paths = [tmp_path / name for name in ("roof.svg", "chart.svg", "roof.png")]
        before = [path.read_bytes() if path.exists() else None for path in paths]
        assert plots.main([str(saved), "--roofline", str(paths[0]), "--chart", str(paths[1])]) == 0
        assert plots.main([str(saved), "--roofline", str(paths[2])]) == 0
        after = [path.read_bytes() for path in paths]
        assert before in ([None] * 3, after)
    roof, chart = (path.read_text(encoding="utf-8") for path in paths[:2])
    assert "warp (10%)" in roof
    assert "20.0 GB/s" in roof
    assert "10.0 GB/s" in roof
    assert "propose" not in roof  # its arithmetic is not known
    for text in ("1.00 x", "0.50 x", "2.00 x", "1080p60", whole.TOOL):
        assert text in chart
    assert after[2].startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: f.pop("kernels"), "hold no kernels"),
        (lambda f: f.update(schema="x"), "expected what benchmarks --json wrote"),
    ],
)
def test_other_figures_are_refused(
    change: Any, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = figures()
    change(wrong)
    saved, target = tmp_path / "figures.json", tmp_path / "roof.png"
    saved.write_text(json.dumps(wrong), encoding="utf-8")
    assert plots.main([str(saved), "--roofline", str(target)]) == 1
    assert said in capsys.readouterr().err
    assert not target.exists()


def test_pictures_have_known_endings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = tmp_path / "figures.json"
    saved.write_text(json.dumps(figures()), encoding="utf-8")
    assert plots.main([str(saved), "--chart", str(tmp_path / "chart.gif")]) == 1
    assert "ends in .png or .svg" in capsys.readouterr().err
    assert plots.main([str(tmp_path / "none.json"), "--chart", "x.svg"]) == 1
    assert "cannot be read" in capsys.readouterr().err
