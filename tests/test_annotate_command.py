"""--annotate, --clips, --thumbnails and --show on the command line; thumbnails and sheets."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from pyanalyzer.__main__ import main
from pyanalyzer.annotate import window
from pyanalyzer.annotate.folder import check_folder, file_stem
from pyanalyzer.annotate.thumbnails import COLUMNS, ROWS, contact_sheet, write_thumbnails
from pyanalyzer.annotate.window import Preview, check_screen, preview
from pyanalyzer.core.stream import EvidenceStream
from pyanalyzer.decode.source import probe
from pyanalyzer.errors import OutputError
from pyanalyzer.records import Frame
from pyanalyzer.report.json_report import json_report
from tests.media import moving
from tests.planted_exports import constant
from tests.planted_media import HEIGHT_PX, WIDTH_PX, picture_times, timeline_at, write_replay

PTS, BASE = [512 * n for n in range(60)], Fraction(1, 15360)


@pytest.fixture
def replay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A replay in an empty working folder, and beside it a timeline of it with two events."""
    monkeypatch.chdir(tmp_path)
    path = write_replay(Path("a.mp4"), PTS, BASE)
    Path("a.json").write_bytes(json_report(timeline_at(path, [20, 40], PTS)))
    return path


def test_everything_at_once(replay: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["--annotate", "seen.mp4", "--clips", "clips", "--thumbnails", "pictures"]
    assert main(["report", "a.json", *argv]) == 0
    assert "2 events written to seen.mp4 and clips and pictures" in capsys.readouterr().err
    assert picture_times("seen.mp4") == picture_times(replay)
    assert os.listdir("clips") == ["001_0m00.667s_avatar+1.mp4"]
    assert sorted(os.listdir("pictures")) == [
        "001_0m00.667s_avatar.jpg", "002_0m01.333s_effect.jpg", "contact-sheet.png",
    ]  # fmt: skip
    assert sorted(os.listdir()) == ["a.json", "a.mp4", "clips", "pictures", "seen.mp4"]


def test_the_replay_may_have_moved(replay: Path, capsys: pytest.CaptureFixture[str]) -> None:
    replay.rename("moved.mp4")
    assert main(["report", "a.json", "--annotate", "seen.mp4"]) == 1
    assert "say where it is now, --replay FILE" in capsys.readouterr().err
    assert main(["report", "a.json", "--annotate", "seen.mp4", "--replay", "moved.mp4"]) == 0
    assert main(["report", "a.json"]) == 0  # the timeline alone needs no replay


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (["--annotate", "seen.avi"], 2, "expected a name that ends in .mp4"),
        (["--annotate", "-"], 2, "expected a name that ends in .mp4"),
        (["--annotate", "a.mp4"], 2, "--annotate would replace a.mp4, which is to be read"),
        (["--annotate", "no/seen.mp4"], 1, "there is no folder"),
        (["--clips", "-"], 2, "give a folder"),
        (["--clips", "no/clips"], 1, "cannot make the folder no/clips"),
        (["--clips", "a.mp4"], 2, "--clips would replace a.mp4"),
        (["--thumbnails", "x.json"], 1, "cannot write into x.json: it is not a folder"),
        (["--thumbnails", ""], 1, "the name of the folder is empty"),
        (["--clips", "d", "--thumbnails", "d"], 2, "--clips and --thumbnails would both go to d"),
        (["--plain-clips"], 2, "give --clips DIR too"),
    ],
)
def test_bad_input(
    replay: Path, argv: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("x.json").write_text("x")
    assert main(["report", "a.json", *argv]) == code
    assert said in capsys.readouterr().err
    assert sorted(os.listdir()) == ["a.json", "a.mp4", "x.json"]


def test_another_replay_of_that_name(replay: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_replay(replay, PTS, BASE, sound=None)
    assert main(["report", "a.json", "--annotate", "seen.mp4"]) == 1
    assert "is not the replay of this timeline: its SHA-256 is" in capsys.readouterr().err
    assert sorted(os.listdir()) == ["a.json", "a.mp4"]


@pytest.mark.skipif(
    os.name != "posix" or not hasattr(os, "geteuid") or os.geteuid() == 0,
    reason="permissions bind only those who are not root",
)
def test_a_folder_that_cannot_be_written(replay: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("locked").mkdir(mode=0o555)
    assert main(["report", "a.json", "--clips", "locked"]) == 1
    assert "Permission denied" in capsys.readouterr().err


def test_a_folder_that_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As a read-only file system does, whoever asks."""

    def refuse(*_: object) -> int:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "open", refuse)
    (tmp_path / "there").mkdir()
    for name in ("there", "new"):
        with pytest.raises(OutputError, match="Read-only file system"):
            check_folder(str(tmp_path / name))


def test_options_from_a_file(replay: Path) -> None:
    Path("pyanalyzer.toml").write_text('[report]\nclips = "cut"\nplain-clips = true\n')
    assert main(["report", "a.json"]) == 0
    assert len(os.listdir("cut")) == 1


def test_thumbnails_show_the_onset_with_its_block(tmp_path: Path) -> None:
    replay = write_replay(tmp_path / "a.mp4", PTS, BASE, sound=None)
    timeline = timeline_at(replay, [20, 20, 59], PTS)
    paths = write_thumbnails(timeline, str(tmp_path / "pictures"))
    assert len(paths) == 4
    for path in paths[:3]:
        picture = cv2.imread(path)
        assert picture.shape == (3 * HEIGHT_PX, 3 * WIDTH_PX, 3)  # enlarged by a whole number
        y, x = 3 * HEIGHT_PX // 4, 3 * (WIDTH_PX // 4 + 20)
        assert np.ptp(picture[y + 1, x].astype(int)) > 60  # the border has a colour, the ramp none
        assert np.ptp(picture[-5, x].astype(int)) < 20


@pytest.mark.parametrize("count", [0, 1, 10, 60])
def test_contact_sheets(tmp_path: Path, count: int) -> None:
    replay = write_replay(tmp_path / "a.mp4", PTS, BASE, sound=None)
    timeline = timeline_at(replay, list(range(count)), PTS)
    write_thumbnails(timeline, str(tmp_path / "pictures"))
    names = sorted(os.listdir(tmp_path / "pictures"))
    sheets = [name for name in names if name.endswith(".png")]
    pages = -(-count // (COLUMNS * ROWS))
    assert len(names) == count + max(1, pages)
    assert sheets == (
        ["contact-sheet.png"] if pages < 2 else [f"contact-sheet-{n}.png" for n in (1, 2, 3)]
    )
    sheet = cv2.imread(str(tmp_path / "pictures" / sheets[-1]))
    assert sheet.shape[1] > 800


def test_a_sheet_has_every_picture_where_it_belongs() -> None:
    timeline = constant(5, Fraction(30))
    cells = [
        (event, np.full((300, 400, 3), 40 * n, np.uint8))
        for n, event in enumerate(timeline.events, start=1)
    ]
    sheet = contact_sheet(replace(timeline), cells)
    for n in range(1, 6):
        assert ((sheet == 40 * n).all(-1)).sum() >= 300 * 400


def test_names_sort_by_number() -> None:
    events = constant(3, Fraction(30)).events
    assert file_stem(7, 9, events[:1]) == "007_0m00.233s_avatar"
    assert file_stem(12, 20000, events) == "00012_0m00.233s_avatar+2"
    late = replace(events[0], time_s=3725.9996)
    assert file_stem(1, 1, [late]) == "001_62m06.000s_avatar"


def evidence_of(frames: int = 4) -> tuple[Frame, object, float]:
    stream = EvidenceStream(160, 96)
    for index in range(frames):
        frame = Frame(index, index, moving(index))
        evidence = stream.push(frame)
    return frame, evidence, stream.factor


def test_the_preview_draws_what_the_core_sees(tmp_path: Path) -> None:
    replay = write_replay(tmp_path / "a.mp4", PTS, BASE, sound=None)
    frame, evidence, factor = evidence_of()
    picture = preview(frame, evidence, probe(str(replay)), factor)
    assert picture.shape[1] == 480
    assert picture.shape[0] > 288
    coloured = np.ptp(picture[:288].astype(int), axis=2) > 60
    assert coloured.any()  # the view's arrow, if nothing else


@pytest.mark.parametrize("key", [ord("q"), 27])
def test_a_preview_is_closed_by_q_and_escape(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, key: int
) -> None:
    info = probe(str(write_replay(tmp_path / "a.mp4", PTS, BASE, sound=None)))
    shown: list[object] = []
    opened: list[tuple[str, int]] = []
    keys = iter([255, key, 255])
    monkeypatch.setattr(cv2, "namedWindow", lambda *given: opened.append(given))
    monkeypatch.setattr(cv2, "imshow", lambda *given: shown.append(given))
    monkeypatch.setattr(cv2, "waitKey", lambda _: next(keys, 255))
    monkeypatch.setattr(cv2, "getWindowProperty", lambda *_: 1.0)
    monkeypatch.setattr(cv2, "destroyAllWindows", lambda: shown.append("closed"))
    now = iter(range(100))
    watch = Preview(clock_s=lambda: float(next(now)))
    frame, evidence, factor = evidence_of()
    for _ in range(4):
        watch(frame, evidence, info, factor)
    assert len(shown) == 3
    assert shown[-1] == "closed"
    assert opened == [(window.TITLE, cv2.WINDOW_AUTOSIZE | cv2.WINDOW_GUI_NORMAL)]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a screen")
def test_no_screen_is_said_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    assert main([str(tmp_path / "a.mp4"), "--show"]) == 1
    assert "--show: no window can be opened: there is no screen" in capsys.readouterr().err
    monkeypatch.setattr(window, "_PROBE", "import sys; sys.exit('The function is not implemented')")
    with pytest.raises(OutputError, match="opencv-python, not -headless"):
        check_screen()
