"""The command line on real files, through the whole pipeline: what cannot be analysed is said in
one line and leaves nothing behind; what can, gives the same bytes however it is computed.

The network's weights are drawn at random here, so nothing is asserted about its answers.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import jsonschema
import numpy as np
import pytest

from pyanalyzer.__main__ import main
from pyanalyzer.pipeline import Followed, analyse
from pyanalyzer.records import Event
from pyanalyzer.settings import AnalysisSettings
from tests.media import moving, write_video

FRAMES = 40
SAMPLE = Path(__file__).parents[1] / "samples" / "freedoom.mp4"
SCHEMA = json.loads((Path(__file__).parents[1] / "docs" / "timeline-schema.json").read_text())

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Weights without any training, but with everything a file of weights has."""
    import torch

    from pyanalyzer.score.configuration import NetworkConfiguration
    from pyanalyzer.score.model import Network, weights_bytes
    from pyanalyzer.timeline import TimelineParameters

    torch.manual_seed(7)
    network = Network(NetworkConfiguration())
    parameters = TimelineParameters().to_record()
    path = tmp_path_factory.mktemp("weights") / "random.safetensors"
    path.write_bytes(weights_bytes(network, name="random", timeline=parameters, training={}))
    return str(path)


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scrolling texture that stands still from its middle on."""
    lumas = [moving(min(i, FRAMES // 2)) for i in range(FRAMES)]
    path = tmp_path_factory.mktemp("replay") / "replay.mp4"
    return write_video(path, lumas, rate=25, options={"g": "8", "bf": "2"})


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def audio_only(path: Path) -> None:
    """A film without a picture."""
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=48000, layout="mono")
        frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
        frame.planes[0].update(bytes(4096))
        frame.sample_rate, frame.pts = 48000, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode())


def one_frame(path: Path) -> None:
    """A film of a single picture."""
    write_video(path, [moving(0)])


def one_pixel(path: Path) -> None:
    """A film of single pixels."""
    lumas = [np.full((1, 1), 20 * i, np.uint8) for i in range(8)]
    write_video(path, lumas, codec="ffv1", pixel_format="gray", format_name="matroska")


BAD_REPLAYS: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda path: None, "no such file"),
    "folder": (lambda path: path.mkdir(), "is a folder"),
    "empty": (lambda path: path.touch(), "is empty"),
    "text": (lambda path: path.write_text("not a film\n"), "cannot be opened as a video"),
    "audio only": (audio_only, "holds no video stream"),
    "one frame": (one_frame, "only one frame"),
    "1 x 1": (one_pixel, "1x1"),
}


@pytest.mark.parametrize(("make", "message"), BAD_REPLAYS.values(), ids=BAD_REPLAYS)
def test_bad_replays(
    make: Callable[[Path], object], message: str, here: Path, weights: str, capfd: Capture
) -> None:
    path = Path("bad.mp4")
    make(path)
    before = sorted(os.listdir(here))
    assert main(["bad.mp4", "--json", "out.json", "--timeline", "--weights", weights]) == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("pyanalyzer: error: ")
    assert err.count("\n") == 1
    assert "bad.mp4" in err
    assert message in err
    assert sorted(os.listdir(here)) == before


BAD_REQUESTS: dict[str, tuple[list[str], int, str]] = {
    "region outside": (["--region", "150,0,20,20"], 2, "160x96"),
    "region above all": (["--region", "0,0,161,96"], 2, "160x96"),
    "after the end": (["--start", "60"], 1, "replay.mp4"),
    "part of a frame": (["--start", "1", "--end", "1.001"], 1, "replay.mp4"),
    "mask missing": (["--mask", "mask.png"], 1, "mask.png"),
    "mask no picture": (["--mask", "text.txt"], 1, "text.txt"),
    "weights missing": (["--weights", "other"], 1, "cannot read the weights other"),
    "weights no weights": (["--weights", "text.txt"], 1, "is not a safetensors file"),
}


@pytest.mark.parametrize("case", BAD_REQUESTS.values(), ids=BAD_REQUESTS)
def test_bad_requests(
    case: tuple[list[str], int, str], replay: Path, here: Path, weights: str, capfd: Capture
) -> None:
    argv, code, message = case
    Path("text.txt").write_text("nothing but text")
    assert main([str(replay), "--csv", "out.csv", "--weights", weights, *argv]) == code
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("pyanalyzer: error: ")
    assert err.count("\n") == 1
    assert message in err
    assert os.listdir(here) == ["text.txt"]


def analysed(replay: Path, weights: str, *argv: str) -> bytes:
    """The bytes of the JSON that an analysis writes into the working folder."""
    command = [str(replay), "--json", "out.json", "--quiet", "--weights", weights]
    assert main([*command, "--min-confidence", "0", "--cause", "all", *argv]) == 0
    return Path("out.json").read_bytes()


def test_the_answer_does_not_depend_on_how_it_is_computed(
    replay: Path, here: Path, weights: str
) -> None:
    data = analysed(replay, weights)
    document = json.loads(data)
    jsonschema.validate(document, SCHEMA)
    assert document["video"]["frames"] == FRAMES
    assert document["events"]
    assert [event["id"] for event in document["events"]] == [
        number + 1 for number in range(len(document["events"]))
    ]
    assert analysed(replay, weights) == data
    assert analysed(replay, weights, "--threads", "1") == data
    assert analysed(replay, weights, "--threads", "3") == data
    assert analysed(replay, weights, "--core", "reference") == data


@pytest.mark.parametrize("which", ["planted", "sample", "sample, a part of it"])
def test_followed_events_are_the_timeline(which: str, replay: Path, weights: str) -> None:
    """The same events, in the same order, with the same numbers: every one is handed out once."""
    path = replay if which == "planted" else SAMPLE
    settings = AnalysisSettings(
        weights=weights if which == "planted" else None,
        min_confidence=0.0,
        cause="player" if which == "sample" else "all",
        start_s=2.0 if which == "sample, a part of it" else None,
        end_s=None if which == "planted" else 7.0,
    )
    found: list[Event] = []

    def on_event(event: Event, followed: Followed) -> None:
        assert followed.info.path == str(path)
        found.append(event)

    timeline = analyse(str(path), settings, on_event=on_event)
    assert len(found) > 1
    assert tuple(found) == timeline.events
    assert [event.id for event in found] == list(range(1, len(found) + 1))
    assert timeline == analyse(str(path), settings)


def test_a_part_counts_from_the_start_of_the_replay(replay: Path, here: Path, weights: str) -> None:
    document = json.loads(analysed(replay, weights, "--start", "0.4", "--end", "1.2"))
    jsonschema.validate(document, SCHEMA)
    assert document["video"]["frames"] == 20
    assert document["video"]["duration_s"] == pytest.approx(0.8)
    assert document["settings"]["start_s"] == 0.4
    assert document["events"]
    for event in document["events"]:
        assert 10 <= event["frame"] < 30
        assert event["time_s"] == pytest.approx(event["frame"] / 25)


def test_a_region_keeps_the_pictures_own_coordinates(
    replay: Path, here: Path, weights: str
) -> None:
    document = json.loads(analysed(replay, weights, "--region", "32,16,96,64"))
    jsonschema.validate(document, SCHEMA)
    assert document["events"]
    for event in document["events"]:
        x_px, y_px, w_px, h_px = event["region_px"]
        assert x_px >= 32
        assert y_px >= 16
        assert x_px + w_px <= 128
        assert y_px + h_px <= 80


def test_a_damaged_replay_is_analysed_up_to_where_it_broke(
    here: Path, weights: str, capfd: Capture
) -> None:
    path = Path("broken.mkv")
    write_video(path, [moving(i) for i in range(60)], rate=25, options={"g": "8", "bf": "0"})
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    document = json.loads(analysed(path, weights))
    jsonschema.validate(document, SCHEMA)
    assert 20 <= document["video"]["frames"] < 60
    assert len(document["warnings"]) == 1
    assert f"pyanalyzer: warning: {document['warnings'][0]}" in capfd.readouterr().err
    assert main([str(path), "--weights", weights]) == 0
    assert "warning: " in capfd.readouterr().out


@pytest.mark.parametrize("size", [(16, 16384), (17, 33), (2, 2)], ids=str)
def test_odd_sizes_are_analysed_or_refused_in_words(
    size: tuple[int, int], here: Path, weights: str, capfd: Capture
) -> None:
    rng = np.random.default_rng(3)
    lumas = [rng.integers(16, 235, size, dtype=np.uint8) for _ in range(6)]
    write_video(Path("odd.mkv"), lumas, codec="ffv1", pixel_format="gray")
    code = main(["odd.mkv", "--weights", weights])
    out, err = capfd.readouterr()
    if code == 0:
        assert f"{size[1]}x{size[0]}" in out
    else:
        assert (code, out, err.count("\n")) == (1, "", 1)
        assert "odd.mkv" in err
        assert f"{size[1]}x{size[0]}" in err


def test_without_weights_there_is_a_message(
    replay: Path, here: Path, capfd: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyanalyzer import weights as shipped

    monkeypatch.setattr(shipped, "shipped_path", lambda: here / "gone.safetensors")
    assert main([str(replay)]) == 1
    assert "cannot read the weights" in capfd.readouterr().err


def test_saved_and_exported_again(weights: str, here: Path, capfd: Capture) -> None:
    """Variable frame rate, not beginning at 0: what is saved is consistent, and the same exports
    come from it, at the times of the replay's own pictures.
    """
    times_ms = [700 + 33 * i + 40 * (i // 7) + i % 3 for i in range(FRAMES)]
    lumas = [moving(min(i, FRAMES // 2)) for i in range(FRAMES)]
    write_video(Path("vfr.mkv"), lumas, pts=times_ms, time_base=Fraction(1, 1000))
    own = ["--weights", weights, "--min-confidence", "0", "--cause", "all", "--json", "t.json"]
    exports = ["ffmetadata:{}.txt", "{}.srt", "resolve:{}.edl", "cvat:{}.xml", "{}.eaf"]

    def options(name: str) -> list[str]:
        return [part for text in exports for part in ("--export", text.format(name))]

    assert main(["vfr.mkv", *own, *options("fresh"), "--quiet"]) == 0
    assert main(["report", "t.json", "--replay", "vfr.mkv", *options("saved")]) == 0
    capfd.readouterr()
    for path in here.glob("fresh.*"):
        assert path.read_bytes() == path.with_stem("saved").read_bytes()
    events = json.loads(Path("t.json").read_text())["events"]
    assert events
    with av.open("saved.txt", format="ffmetadata") as container:
        found = [chapter["start"] * chapter["time_base"] for chapter in container.chapters()]
    with av.open("vfr.mkv") as container:
        shown = [frame.pts * frame.time_base for frame in container.decode(video=0)]
    assert shown[0] > 0
    assert found == sorted({0, *(shown[event["frame"]] - shown[0] for event in events)})
