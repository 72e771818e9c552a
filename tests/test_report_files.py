"""Files that are whole or not there at all, and the progress bar."""

from __future__ import annotations

import errno
import io
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

import pyanalyzer
from pyanalyzer.atomic_file import check_writable, write_atomically
from pyanalyzer.errors import OutputError
from pyanalyzer.report.progress import ProgressBar, done_share, progress_words
from pyanalyzer.settings import Progress

posix = pytest.mark.skipif(os.name != "posix", reason="links, modes and limits of POSIX")


def listing(folder: Path) -> list[str]:
    """Names in a folder, hidden ones too."""
    return sorted(os.listdir(folder))


def test_writes_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    check_writable(path)
    assert listing(tmp_path) == []
    write_atomically(path, b"first")
    check_writable(path)
    assert path.read_bytes() == b"first"
    write_atomically(path, b"second")
    assert path.read_bytes() == b"second"
    assert listing(tmp_path) == ["out.json"]


@posix
def test_keeps_links_and_permissions(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"old")
    target.chmod(0o640)
    link = tmp_path / "link"
    link.symlink_to("target")
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


@posix
def test_a_new_file_has_the_permissions_of_any_other(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    write_atomically(tmp_path / "out", b"")
    assert (tmp_path / "out").stat().st_mode == (tmp_path / "plain").stat().st_mode


@posix
def test_a_device_is_written_to_not_replaced() -> None:
    check_writable(os.devnull)
    write_atomically(os.devnull, b"gone")
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "the name of the file is empty"),
        ("folder", "is a folder; give the name of a file"),
        ("missing/out.json", "there is no folder .*missing; create it first"),
        ("file/out.json", "cannot write .*: Not a directory"),
        ("x" * 300, "cannot write .*: File name too long"),
        ("nul\0", "cannot write .*: embedded null"),
        pytest.param("circle", "symbolic links|[Ss]ymlink loop", marks=posix),
    ],
)
@pytest.mark.parametrize("function", [check_writable, lambda path: write_atomically(path, b"data")])
def test_where_no_file_can_be(tmp_path: Path, name: str, message: str, function) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("it")
    (tmp_path / "circle").symlink_to("circle")
    before = listing(tmp_path)
    with pytest.raises(OutputError, match=message):
        function(os.path.join(tmp_path, name) if name else name)
    assert listing(tmp_path) == before


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_leaves_what_was_there(
    tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.json"
    path.write_bytes(b"old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, step, full)
    with pytest.raises(OutputError, match=r"cannot write .*out.json: No space left on device"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert listing(tmp_path) == ["out.json"]


@posix
def test_a_limit_of_the_system_leaves_nothing(tmp_path: Path) -> None:
    """A write that really fails half-way, by the system's limit on the size of a file."""
    program = (
        "import resource, sys; from pyanalyzer.atomic_file import write_atomically\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "write_atomically(sys.argv[1], bytes(100_000))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "out")],
        cwd=Path(pyanalyzer.__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "OutputError: cannot write" in done.stderr
    assert "File too large" in done.stderr
    assert listing(tmp_path) == []


def test_an_interrupt_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "out", b"new")
    assert listing(tmp_path) == []


@pytest.mark.parametrize(
    ("progress", "share"),
    [
        (Progress(50, 200, 1.0, 100.0, "x"), 0.25),
        (Progress(50, None, 20.0, 80.0, "x"), 0.25),
        (Progress(50, 0, 20.0, 80.0, "x"), 0.25),
        (Progress(50, None, 20.0, None, "x"), None),
        (Progress(50, 40, 20.0, None, "x"), 1.0),
        (Progress(0, None, -0.5, 80.0, "x"), 0.0),
    ],
)
def test_done_share(progress: Progress, share: float | None) -> None:
    assert done_share(progress) == share


def test_progress_words() -> None:
    first = Progress(100, 1100, 10.0, None, "decoding")
    assert progress_words(first, first, 0.0) == "100 frames"
    later = Progress(600, 1100, 60.0, None, "decoding")
    assert (
        progress_words(later, first, 5.0)
        == "600 frames · 100 frames/s · 10.0× real time · 0:05 left"
    )
    unknown = Progress(600, None, 60.0, None, "decoding")
    assert progress_words(unknown, first, 5.0) == "600 frames · 100 frames/s · 10.0× real time"


def test_progress_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")
    stream = Terminal()
    times_s = iter([100.0, 110.0])
    with ProgressBar(Console(file=stream), lambda: next(times_s)) as bar:
        bar(Progress(0, 1000, 0.0, None, "decoding"))
        bar(Progress(500, 1000, 20.0, None, "decoding"))
    drawn = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", stream.getvalue())
    assert "decoding" in drawn
    assert "50%" in drawn
    assert "500 frames · 50 frames/s · 2.0× real time · 0:10 left" in drawn
