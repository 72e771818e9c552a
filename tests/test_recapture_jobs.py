"""Plans, jobs and the command: same seed same bytes, resumption, and what is said of bad input."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest

from pyanalyzer.__main__ import main
from pyanalyzer.recapture import kinds
from pyanalyzer.recapture.draw import Source, draw_plan
from pyanalyzer.recapture.job import Job, Result, make_capture
from pyanalyzer.recapture.jobs import find_replays, plan_jobs, recapture
from pyanalyzer.simulate.truth import read_truth, truth_path
from tests.media import assert_same_pictures
from tests.planted_recapture import lumas, write_planted

SOURCE = Source("ale/train/pong_00", 320, 240, Fraction(60))


@pytest.fixture(scope="module")
def replays(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("replays")
    write_planted(folder / "toy" / "train")
    return folder


def job(replays: Path, out: Path, *only: str, capture: int = 0, seed: int = 0) -> Job:
    jobs, errors = plan_jobs(
        find_replays([replays]), out, captures=capture + 1, seed=seed, only=only
    )
    assert not errors
    jobs[-1].video.parent.mkdir(parents=True, exist_ok=True)
    return jobs[-1]


def test_every_kind_happens_alone() -> None:
    for kind in kinds.KINDS:
        settings = draw_plan(SOURCE, 0, 0, (kind,)).settings()
        plain = draw_plan(SOURCE, 0, 0, (kinds.NONE,)).settings()
        changed = {k for k in settings.keys() | plain if settings.get(k) != plain.get(k)}
        group = next(name for name, members in kinds.GROUPS.items() if kind in members)
        part = {"scale": "placement"}.get(group, group)
        assert changed, kind
        assert all(key.startswith(f"capture_{part}_") for key in changed), (kind, changed)


def test_kinds_are_as_frequent_as_they_say() -> None:
    count = 400
    drawn = [draw_plan(SOURCE, seed, 0) for seed in range(count)]
    times = Counter(plan.time.kind for plan in drawn)
    for kind, share in kinds.TIME.items():
        assert times[kind] / count == pytest.approx(share, abs=0.06)
    assert times["same"] / count == pytest.approx(1 - sum(kinds.TIME.values()), abs=0.08)
    for name in kinds.OVERLAYS:
        there = sum(getattr(plan.overlays, name) is not None for plan in drawn)
        assert there / count == pytest.approx(kinds.OVERLAYS[name], abs=0.07)
    for plan in drawn:
        layout = plan.placement.layout
        assert not any(n % 2 for n in (layout.width_px, layout.height_px, *layout.box))
        assert max(layout.width_px, layout.height_px) <= 1290
        assert layout.box.x_px + layout.box.w_px <= layout.width_px
        assert layout.box.y_px + layout.box.h_px <= layout.height_px


def test_a_kind_is_the_same_alone_and_among_others() -> None:
    alone = draw_plan(SOURCE, 3, 1, ("webcam",)).overlays.webcam
    among = draw_plan(SOURCE, 3, 1, ("overlays", "tone")).overlays.webcam
    assert alone == among
    assert alone is not None
    assert alone != draw_plan(SOURCE, 3, 2, ("webcam",)).overlays.webcam


def test_same_seed_same_capture(replays: Path, tmp_path: Path) -> None:
    made = [
        make_capture(job(replays, tmp_path / name, "overlays", "picture", "dropped", seed=7))
        for name in ("a", "b")
    ]
    videos = [result.job.video for result in made]
    assert_same_pictures(*videos)
    truths = [truth_path(video).read_bytes() for video in videos]
    assert truths[0] == truths[1]
    other = make_capture(job(replays, tmp_path / "c", "overlays", "picture", "dropped", seed=8))
    assert other.job.video.read_bytes() != videos[0].read_bytes()


@pytest.mark.parametrize("kind", kinds.NAMES)
def test_every_name_of_only_runs(replays: Path, tmp_path: Path, kind: str) -> None:
    result = make_capture(job(replays, tmp_path, kind, capture=1))
    truth = read_truth(truth_path(result.job.video))
    assert len(lumas(result.job.video)) == truth.frames == result.frames
    assert truth.settings["capture"] == 1
    assert truth.settings["capture_only"] == kind
    assert truth.settings["capture_of"] == "planted.mp4"
    assert truth.settings["generator"] == 1
    assert (truth.engine, truth.split, truth.game) == ("toy", "train", "square")


def test_resume(replays: Path, tmp_path: Path) -> None:
    todo = job(replays, tmp_path, "none")
    assert make_capture(todo).outcome == "made"
    assert sorted(path.name for path in todo.video.parent.iterdir()) == [
        "planted_capture00.mp4",
        "planted_capture00.truth.json",
    ]
    assert make_capture(todo).outcome == "kept"
    truth_path(todo.video).write_text("{", encoding="utf-8")
    assert make_capture(todo).outcome == "made"
    assert make_capture(job(replays, tmp_path, "none", seed=1)).outcome == "made"
    copy = tmp_path / "copy"
    shutil.copytree(replays, copy)
    truth = truth_path(copy / "toy" / "train" / "planted.mp4")
    text = truth.read_text(encoding="utf-8")
    truth.write_text(text.replace('"seed": 0', '"seed": 5'), encoding="utf-8")
    assert make_capture(job(copy, tmp_path, "none", seed=1)).outcome == "made"


def test_captures_are_not_captured_again(replays: Path, tmp_path: Path) -> None:
    both = tmp_path / "both"
    shutil.copytree(replays, both)
    make_capture(job(both, both, "none"))
    jobs, _ = plan_jobs(find_replays([both]), both, captures=1, seed=0)
    assert [todo.source.name for todo in jobs] == ["planted.mp4"]


def test_workers(replays: Path, tmp_path: Path) -> None:
    jobs, _ = plan_jobs(find_replays([replays]), tmp_path, captures=2, seed=0, only=("none",))
    results = list(recapture(jobs, workers=2))
    assert all(isinstance(result, Result) for result in results)
    assert len(list(tmp_path.rglob("*.mp4"))) == 2


def test_the_command(replays: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["recapture", str(replays), "--out", str(tmp_path), "--only", "cursor", "halved"]
    assert main([*given, "--dry-run"]) == 0
    assert "time_kind: halved" in capsys.readouterr().out
    assert not list(tmp_path.rglob("*.mp4"))
    assert main([*given, "--workers", "1"]) == 0
    assert "1 made; 30 frames, 4 of 4 onsets still seen" in capsys.readouterr().err
    assert (tmp_path / "toy" / "train" / "planted_capture00.mp4").is_file()
    assert main([*given, "--workers", "1"]) == 0
    assert "1 kept" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--captures", "0"], "must be at least 1"),
        (["--workers", "0"], "must be at least 1"),
        (["--seed", "-1"], "at least 0"),
        (["--only", "webcan"], "no effect is named webcan; --only takes none, time"),
    ],
)
def test_bad_options(
    replays: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    extra: list[str],
    message: str,
) -> None:
    assert main(["recapture", str(replays), "--out", str(tmp_path), *extra]) == 2
    assert message in capsys.readouterr().err


def test_bad_sources(replays: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def said(*paths: Path, out: Path = tmp_path / "out") -> tuple[int, str]:
        code = main(["recapture", *map(str, paths), "--out", str(out), "--workers", "1"])
        return code, " ".join(capsys.readouterr().err.split())

    empty = tmp_path / "empty"
    empty.mkdir()
    assert said(empty)[0] == 1
    assert "no labelled replays below" in said(empty)[1]
    assert "no such file or folder" in said(tmp_path / "nowhere")[1]
    copy = tmp_path / "copy"
    shutil.copytree(replays, copy)
    video = copy / "toy" / "train" / "planted.mp4"
    assert said(replays, copy)[0] == 2
    assert "would both be captured as toy/train/planted" in said(replays, copy)[1]
    data, truth = video.read_bytes(), truth_path(video).read_text(encoding="utf-8")
    video.write_bytes(data[: len(data) // 2])
    code, message = said(copy)
    assert (code, "cannot be decoded" in message) == (1, True), message
    video.write_bytes(data)
    truth_path(video).write_text(truth.replace('"frames": 60', '"frames": 61'), encoding="utf-8")
    assert "60 frames, but its truth speaks of 61" in said(copy)[1]
    truth_path(video).write_text(truth.replace('"width_px": 192', '"width_px": 190'))
    assert "192 x 144 px, but its truth speaks of 190 x 144" in said(copy)[1]
    truth_path(video).write_text("{}", encoding="utf-8")
    code, message = said(copy)
    assert (code, "not a truth file of schema" in message) == (1, True)
    truth_path(video).write_text(truth.replace('"toy"', '".."'), encoding="utf-8")
    assert "can be no name of a folder" in said(copy)[1]
    truth_path(video).write_text(truth, encoding="utf-8")
    video.unlink()
    assert "cannot be decoded" in said(copy)[1]
    truth_path(video).unlink()
    video.write_bytes(data)
    assert "has no truth beside it" in said(video)[1]
    assert not list((tmp_path / "out").rglob("*.*")), "nothing half-made is left"


def test_unwritable_out(replays: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file", encoding="utf-8")
    assert main(["recapture", str(replays), "--out", str(blocked), "--workers", "1"]) == 1
    assert "cannot make the folder" in capsys.readouterr().err
    if os.geteuid():
        closed = tmp_path / "closed"
        (closed / "toy" / "train").mkdir(parents=True)
        (closed / "toy" / "train").chmod(0o500)
        assert main(["recapture", str(replays), "--out", str(closed), "--workers", "1"]) == 1
        assert "cannot be written" in capsys.readouterr().err
