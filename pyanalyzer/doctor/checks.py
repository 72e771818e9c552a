"""The parts, each tried on something small that is made on the spot."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import math
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pyanalyzer._version import __version__
from pyanalyzer.errors import PyanalyzerError

if TYPE_CHECKING:
    from pyanalyzer.records import U8

PACKAGES = ("numpy", "torch", "av", "opencv-python", "rich", "safetensors")
# What each extra brings, by the name it is imported under.
EXTRAS = {
    "train": (
        "ale_py",
        "vizdoom",
        "skimage",
        "pyxel",
        "gymnasium",
        "panda3d",
        "pettingzoo",
        "highway_env",
    ),
    "procgen": ("procgen",),
    "bench": ("scenedetect",),
    "plot": ("matplotlib",),
    "export": ("opentimelineio", "pyarrow"),
}
DECODERS = ("h264", "hevc", "vp9", "av1")
_WIDTH_PX, _HEIGHT_PX, _FRAMES = 160, 96, 12  # of the replay that is made to be tried on
_SPEED_PX = 3  # and how far its picture moves from frame to frame


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one check. ``ok``: None where there is nothing to be right or wrong."""

    part: str
    ok: bool | None
    says: str


def examine(checks: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...]) -> Iterator[Finding]:
    """Runs the checks one after the other; one that breaks is a finding, not the end."""
    for part, check in checks:
        try:
            yield from check()
        except PyanalyzerError as error:
            yield Finding(part, False, str(error))
        except Exception as error:  # that something is broken is what is looked for
            yield Finding(part, False, f"{type(error).__name__}: {error}")


def check_versions() -> Iterator[Finding]:
    """pyanalyzer, Python, the machine, and the packages that pyanalyzer needs."""
    yield Finding("pyanalyzer", None, __version__)
    cores = os.cpu_count() or 1
    yield Finding("python", None, f"{platform.python_version()} ({sys.executable})")
    yield Finding("machine", None, f"{platform.system()} {platform.machine()}, {cores} threads")
    for name in PACKAGES:
        try:
            yield Finding(name, True, importlib.metadata.version(name))
        except importlib.metadata.PackageNotFoundError:
            # Another distribution may bring the same module, as opencv-python-headless does.
            there = importlib.util.find_spec("cv2" if name == "opencv-python" else name) is not None
            yield Finding(name, there, "of another distribution" if there else "not installed")


def check_core() -> Iterator[Finding]:
    """The compiled core is of this version, and gives what its definition gives."""
    import numpy as np

    from pyanalyzer import _core, core, reference

    same = _core.__version__ == __version__
    built = "" if same else f" was built for version {_core.__version__}; install pyanalyzer again"
    yield Finding("core", same, f"compiled, {core.default_isa()} is used{built}")
    before, after = _picture(0), _picture(1)
    moved = reference.flow(before, after)
    for isa in core.supported_isas():
        flow = core.flow(before, after, isa=isa)
        equal = np.array_equal(flow.flow_q8, moved.flow_q8)
        equal &= core.align(before, after, isa=isa) == reference.align(before, after)
        says = "gives what its definition in NumPy gives"
        yield Finding(f"core {isa}", equal, says if equal else "differs from its definition")


def check_decoding() -> Iterator[Finding]:
    """Which codecs can be read, and whether a replay comes back frame by frame."""
    import av

    for name in DECODERS:
        there = name in av.codecs_available
        yield Finding(name, there, "can be read" if there else "PyAV was built without it")
    from pyanalyzer.decode import open_replay

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "try.mp4"
        _write_replay(path)
        with open_replay(path) as replay:
            frames = sum(1 for _ in replay)
    yield Finding("decode", frames == _FRAMES, f"{frames} of {_FRAMES} frames read back")


def check_model() -> Iterator[Finding]:
    """The shipped weights are whole, and the network gives probabilities."""
    from fractions import Fraction

    import numpy as np

    from pyanalyzer import weights
    from pyanalyzer.core import EvidenceStream
    from pyanalyzer.records import Frame
    from pyanalyzer.score.features import FeatureEncoder
    from pyanalyzer.score.load import load_for_analysis
    from pyanalyzer.score.scorer import Scorer

    model = load_for_analysis(weights.shipped_path(), expected_sha256=weights.SHIPPED_SHA256)
    yield Finding("weights", True, f"{model.name}, SHA-256 {model.sha256[:12]}...")
    stream, scorer = EvidenceStream(_WIDTH_PX, _HEIGHT_PX), Scorer(model.parts)
    encoder = FeatureEncoder(Fraction(1, 60))
    for index in range(_FRAMES):
        evidence = stream.push(Frame(index, index, _picture(index)))
        scorer.push(encoder.encode(evidence), index, index)
    sums = np.exp(scorer.finish().cause_onset).sum(axis=1)
    well = bool(len(sums) == _FRAMES and np.allclose(sums, 1, atol=1e-4))
    says = "gives probabilities" if well else f"gives no probabilities: they sum to {sums.tolist()}"
    yield Finding("network", well, says)


def check_stills() -> Iterator[Finding]:
    """The weights that compare stills are whole, and the network sees a new block."""
    import numpy as np

    from pyanalyzer import weights
    from pyanalyzer.score.load_stills import load_for_stills
    from pyanalyzer.stills.compare import compare

    model = load_for_stills(weights.stills_path(), expected_sha256=weights.STILLS_SHA256)
    yield Finding("stills weights", True, f"{model.name}, SHA-256 {model.sha256[:12]}...")
    before = np.repeat(_picture(0)[..., np.newaxis], 3, axis=2)
    after = before.copy()
    after[30:54, 60:92] = (250, 40, 40)
    found = [c.region for c in compare(before, after, model).changes]
    says = "finds what appeared" if len(found) == 1 else f"finds {len(found)} changes instead of 1"
    yield Finding("stills network", len(found) == 1, says)


def check_extras() -> Iterator[Finding]:
    """What is installed of the extras; nobody needs all of it."""
    for extra, modules in EXTRAS.items():
        there = [name for name in modules if importlib.util.find_spec(name) is not None]
        missing = [name for name in modules if name not in there]
        says = f"installed: {', '.join(there)}" if there else "not installed"
        if there and missing:
            says += f"; not: {', '.join(missing)}"
        yield Finding(f"extra [{extra}]", None, says)


CHECKS: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
    ("versions", check_versions),
    ("core", check_core),
    ("decoding", check_decoding),
    ("model", check_model),
    ("stills", check_stills),
    ("extras", check_extras),
)


def _picture(index: int) -> U8:
    """Waves that move to the right by _SPEED_PX a frame: uint8 (_HEIGHT_PX, _WIDTH_PX)."""
    import numpy as np

    x = np.arange(_WIDTH_PX)[np.newaxis, :] - _SPEED_PX * index
    y = np.arange(_HEIGHT_PX)[:, np.newaxis]
    waves = np.sin(x * (2 * math.pi / 37)) + np.sin((x + 2 * y) * (2 * math.pi / 23))
    picture: U8 = (128 + 50 * waves).astype(np.uint8)
    return picture


def _write_replay(path: Path) -> None:
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=30)  # libav's own, in every build
        stream.width, stream.height, stream.pix_fmt = _WIDTH_PX, _HEIGHT_PX, "yuv420p"
        for index in range(_FRAMES):
            grey = av.VideoFrame.from_ndarray(_picture(index), format="gray")
            container.mux(stream.encode(grey.reformat(format="yuv420p")))
        container.mux(stream.encode(None))
