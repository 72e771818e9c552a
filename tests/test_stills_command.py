"""``pyanalyzer compare``: what it prints and writes, and what it says to bad input."""

from __future__ import annotations

import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from pyanalyzer.__main__ import main
from pyanalyzer.errors import PictureError
from pyanalyzer.records import Region
from pyanalyzer.score.stills import StillsNetwork
from pyanalyzer.score.stills_configuration import StillsConfiguration
from pyanalyzer.score.stills_model import stills_weights_bytes
from pyanalyzer.stills import compare as compare_module
from pyanalyzer.stills.draw import png_bytes
from pyanalyzer.stills.read import read_pictures
from pyanalyzer.stills.records import LocateParameters
from tests.planted_stills import difference_maps, moved, scene, with_block, write_png

TINY = StillsConfiguration(picture_width=4, place_width=4, widths=(6, 6, 6, 6))
SURE = LocateParameters(weights=(0.0, 1.0, 0.0, 0.0, 0.0, 0.0))


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Weights that can be read; what a network says is replaced by what a perfect one would."""
    monkeypatch.setattr(compare_module, "maps_of", difference_maps)
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    data = stills_weights_bytes(StillsNetwork(TINY), name="tiny", locate=SURE, training={})
    path = tmp_path / "tiny.safetensors"
    path.write_bytes(data)
    return str(path)


@pytest.fixture
def pair(tmp_path: Path) -> tuple[str, str]:
    before = scene(1)
    after = with_block(before, 200, 60, 30, 20)
    paths = write_png(tmp_path / "before.png", before), write_png(tmp_path / "after.png", after)
    return str(paths[0]), str(paths[1])


def run(*args: str) -> int:
    return main(["compare", *args])


def test_the_change_is_listed(
    pair: tuple[str, str], weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*pair, "--weights", weights) == 0
    out = capsys.readouterr().out
    assert "1 change" in out
    assert re.search(r"1 +\w+ +upper right +30x20 +200,60 +99%", out)
    assert "the view has not moved" in out


def test_json_says_where_in_both_pictures(
    tmp_path: Path, weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = scene(2)
    after = with_block(moved(before, 0, 1, 12, -8), 100, 100, 24, 24)
    args = [str(write_png(tmp_path / n, p)) for n, p in (("b.png", before), ("a.png", after))]
    assert run(*args, "--weights", weights, "--json", "-") == 0
    first = capsys.readouterr().out
    assert run(*args, "--weights", weights, "--json", "-") == 0
    assert capsys.readouterr().out == first
    data = json.loads(first)
    assert data["schema"] == "pyanalyzer/comparison/1"
    (change,) = data["changes"]
    for box, true in ((change["region"], (100, 100)), (change["before_region"], (88, 108))):
        assert box[0] == pytest.approx(true[0], abs=2)
        assert box[1] == pytest.approx(true[1], abs=2)
    assert data["alignment"]["homography"][2] == pytest.approx(12, abs=0.3)


def test_pictures_are_drawn(pair: tuple[str, str], weights: str, tmp_path: Path) -> None:
    for name in ("diff.png", "diff.jpg", "page.html"):
        option = "--html" if name.endswith("html") else "--out"
        assert run(*pair, "--weights", weights, "--quiet", option, str(tmp_path / name)) == 0
    drawn = cv2.imread(str(tmp_path / "diff.png"))
    assert drawn is not None
    assert drawn.shape == (240, 320, 3)
    plain = cv2.imread(pair[1])
    assert plain is not None
    inside = drawn[64:76, 204:226].astype(int)
    assert np.abs(inside - plain[64:76, 204:226]).mean() > 20  # tinted
    assert np.abs(drawn[150:, :150].astype(int).mean() - plain[150:, :150].mean()) > 15  # dimmed
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == 4
    assert "://" not in page  # base64 has no colon
    assert page.count('data-change="c1"') == 1


def test_names_are_escaped(tmp_path: Path, weights: str) -> None:
    odd = str(write_png(tmp_path / "a&<b>.png", scene(1)))
    assert run(odd, odd, "--weights", weights, "--html", "page.html", "--quiet") == 0
    page = Path("page.html").read_text(encoding="utf-8")
    assert "a&amp;&lt;b&gt;.png" in page
    assert "<b>.png" not in page


def test_nothing_changed(
    pair: tuple[str, str], weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(pair[0], pair[0], "--weights", weights) == 0
    assert "No change was found with a confidence of 50% or more." in capsys.readouterr().out


@pytest.mark.parametrize(
    "make",
    [
        lambda p: cv2.cvtColor(p, cv2.COLOR_RGB2GRAY),
        lambda p: p[..., ::-1].astype(np.uint16) * 257,
        lambda p: np.dstack([p[..., ::-1], np.full(p.shape[:2], 255, np.uint8)]),
        lambda p: p[..., ::-1].astype(np.float32) / 255,
    ],
    ids=["grey", "16 bit", "transparent", "float"],
)
def test_depths_and_channels(make, tmp_path: Path, weights: str, capsys) -> None:  # type: ignore[no-untyped-def]
    grey = cv2.cvtColor(scene(3), cv2.COLOR_RGB2GRAY)
    picture = np.dstack([grey] * 3)
    first, second = tmp_path / "one.tiff", tmp_path / "two.tiff"
    assert cv2.imwrite(str(first), picture)
    assert cv2.imwrite(str(second), make(picture))
    assert run(str(first), str(second), "--weights", weights) == 0
    assert "No change was found" in capsys.readouterr().out


def bad_inputs(folder: Path) -> dict[str, tuple[list[str], int, str]]:
    """Arguments, exit code, and what the message must name."""
    good = str(write_png(folder / "good.png", scene(1)))
    other = str(write_png(folder / "other.png", scene(9)))
    small = str(write_png(folder / "small.png", scene(1)[:12, :12]))
    flat = str(write_png(folder / "flat.png", np.full((240, 320, 3), 7, np.uint8)))
    (folder / "text.png").write_text("no picture", encoding="ascii")
    (folder / "empty.png").write_bytes(b"")
    (folder / "half.png").write_bytes(Path(good).read_bytes()[:90])
    return {
        "missing": ([good, str(folder / "none.png")], 1, "cannot read .*none.png"),
        "a folder": ([str(folder), good], 1, "cannot read"),
        "no picture": ([good, str(folder / "text.png")], 1, "text.png is not a picture"),
        "empty": ([str(folder / "empty.png"), good], 1, "empty.png is empty"),
        "cut off": ([str(folder / "half.png"), good], 1, "half.png is not a picture"),
        "too small": ([good, small], 1, "small.png is 12 x 12 px"),
        "unrelated": ([good, other], 1, "cannot be aligned"),
        "one colour": ([flat, good], 1, "cannot be aligned"),
        "output is input": ([good, good, "--out", good], 2, "would replace"),
        "two outputs": ([good, good, "--out", "x.png", "--html", "x.png"], 2, "both go to"),
        "no format": ([good, good, "--out", "x.gif"], 2, r"draws a \.png or \.jpg"),
        "no probability": ([good, good, "--min-confidence", "2"], 2, "probability"),
        "no folder": ([good, good, "--json", "none/x.json"], 1, "no folder"),
        "one picture": ([good], 2, "required"),
    }


CASES = (
    "missing",
    "a folder",
    "no picture",
    "empty",
    "cut off",
    "too small",
    "unrelated",
    "one colour",
    "output is input",
    "two outputs",
    "no format",
    "no probability",
    "no folder",
    "one picture",
)


@pytest.mark.parametrize("case", CASES)
def test_bad_input(
    case: str, tmp_path: Path, weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    args, code, message = bad_inputs(tmp_path)[case]
    good = (tmp_path / "good.png").read_bytes()
    before = sorted(tmp_path.iterdir())
    assert run(*args, "--weights", weights) == code
    error = capsys.readouterr().err
    assert re.search(message, error)
    assert error.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before  # nothing half-written
    assert (tmp_path / "good.png").read_bytes() == good


def test_pictures_of_different_sizes_are_said(
    tmp_path: Path, weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = scene(4, 480, 360)
    small = cv2.resize(picture, (320, 240), interpolation=cv2.INTER_AREA)
    paths = write_png(tmp_path / "a.png", picture), write_png(tmp_path / "b.png", small)
    assert run(str(paths[0]), str(paths[1]), "--weights", weights, "--json", "j.json") == 0
    assert "of different sizes (480 x 360 and 320 x 240 px)" in capsys.readouterr().out
    assert json.loads(Path("j.json").read_text(encoding="utf-8"))["changes"] == []


def test_regions_map_back() -> None:
    shift = np.array([[1, 0, 5], [0, 1, -3], [0, 0, 1]], float)
    found = compare_module.mapped(Region(10, 20, 8, 6), shift, (100, 80))
    assert found == Region(15, 17, 8, 6)
    clipped = compare_module.mapped(Region(90, 0, 20, 20), shift, (100, 80))
    assert clipped == Region(95, 0, 5, 17)


def test_pictures_are_read_in_their_order_and_the_first_error_is_told(tmp_path: Path) -> None:
    paths = [tmp_path / f"{n}.png" for n in range(3)]
    for n, path in enumerate(paths):
        path.write_bytes(png_bytes(np.full((20 + n, 30, 3), 40 * n, np.uint8)))
    read = read_pictures(paths)
    assert [picture.shape[0] for picture in read] == [20, 21, 22]
    assert [int(picture[0, 0, 0]) for picture in read] == [0, 40, 80]
    paths[1].unlink()
    paths[2].write_bytes(b"no picture")
    with pytest.raises(PictureError, match=r"1\.png"):
        read_pictures(paths)
