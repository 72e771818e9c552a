"""What cannot be decoded at all: each case is named, and nothing but ReplayError comes out."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from pyanalyzer.decode import open_replay, probe
from pyanalyzer.decode.passes import DecodePass
from pyanalyzer.errors import ReplayError
from tests.media import X264_LOSSLESS, marked, moving, write_video

FRAMES = 60


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plain") / "plain.mp4"
    return write_video(path, [moving(i) for i in range(FRAMES)], rate=25, options={"g": "12"})


def _noise(path: Path) -> None:
    path.write_bytes(np.random.default_rng(0).bytes(4096))


def _audio_only(path: Path) -> None:
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=48000, layout="mono")
        for i in range(5):
            tone = av.AudioFrame(format="fltp", layout="mono", samples=1024)
            tone.planes[0].update(bytes(4096))
            tone.sample_rate, tone.pts = 48000, 1024 * i
            container.mux(stream.encode(tone))
        container.mux(stream.encode())


def _encrypted(path: Path) -> None:
    key = "00112233445566778899aabbccddeeff"
    scheme = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": key, "encryption_kid": key}
    write_video(path, [marked(i) for i in range(8)], container_options=scheme)


def _unknown_codec(path: Path) -> None:
    write_video(path, [marked(i) for i in range(3)])
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzzz"))


def _without_index(path: Path) -> None:
    write_video(path, [marked(i) for i in range(8)])
    path.write_bytes(path.read_bytes()[:-900])  # the index is at the end


def _garbage_pictures(path: Path) -> None:
    write_video(path, [moving(i) for i in range(8)], options=X264_LOSSLESS)
    data = bytearray(path.read_bytes())
    begin, end = data.index(b"mdat") + 4, data.index(b"moov") - 4
    data[begin:end] = b"\xff" * (end - begin)
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.mkdir(), "is a folder"),
        (lambda path: path.touch(), "is empty"),
        (lambda path: path.write_text("not a film\n" * 9), "cannot be opened as a video"),
        (
            lambda path: path.write_bytes(np.random.default_rng(0).bytes(4096)),
            "cannot be opened as a video",
        ),
        (_audio_only, "no video stream"),
        (_encrypted, "encrypted"),
        (_unknown_codec, "no decoder"),
        (_without_index, "cut off before its index"),
        (_garbage_pictures, "not a single picture"),
    ],
)
@pytest.mark.parametrize("call", [probe, open_replay])
def test_bad_input_is_named(tmp_path: Path, make: object, says: str, call: object) -> None:
    path = tmp_path / "bad replay.mp4"
    make(path)  # type: ignore[operator]
    with pytest.raises(ReplayError) as caught:
        call(path)  # type: ignore[operator]
    assert str(path) in str(caught.value)
    assert says in str(caught.value)


@pytest.mark.parametrize("call", [probe, open_replay])
def test_encrypted_pictures_are_not_believed(tmp_path: Path, call: object) -> None:
    """A decoder finds pictures in some encrypted packets, by chance; here in all of them."""
    path, clear = tmp_path / "encrypted.mp4", tmp_path / "clear.mp4"
    _encrypted(path)
    write_video(clear, [marked(i) for i in range(8)])
    pictures = clear.read_bytes().partition(b"mdat")[2].partition(b"moov")[0][:-4]
    head, _, rest = path.read_bytes().partition(b"mdat")
    assert rest[len(pictures) + 4 :].startswith(b"moov")
    path.write_bytes(head + b"mdat" + pictures + rest[len(pictures) :])
    with pytest.raises(ReplayError, match="it is encrypted"):
        call(path)  # type: ignore[operator]


def test_a_playlist_does_not_reach_the_network(tmp_path: Path) -> None:
    path = tmp_path / "list.mp4"
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:9/a.ts\n")
    with pytest.raises(ReplayError):
        probe(path)


def test_a_name_is_a_file_whatever_it_looks_like(
    tmp_path: Path, plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a:b 100% \N{SNOWMAN}.mp4", "frame%03d.mp4", "-i.mp4"):
        Path(name).write_bytes(plain.read_bytes())
        assert probe(name).frames_estimated == FRAMES


def test_probing_decodes_no_more_than_it_needs(
    plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packets: list[object] = []
    original = DecodePass._decode

    def counted(self: DecodePass, packet: object) -> object:
        packets.append(packet)
        return original(self, packet)  # type: ignore[arg-type]

    monkeypatch.setattr(DecodePass, "_decode", counted)
    info = probe(plain)
    assert (info.codec, info.pixel_format, info.frames_estimated) == ("h264", "yuv420p", FRAMES)
    assert (info.width_px, info.height_px, info.frame_rate) == (160, 96, 25)
    assert len(packets) < 12
