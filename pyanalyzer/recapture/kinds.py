"""What can happen to a replay on its way to a viewer, by name, and how often.

The names are those of ``--only``. Probabilities are a judgement about uploads on the web, not a
measurement: common things often, rare things often enough to be learnt.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from pyanalyzer.recapture.plan import Encoding, TimeKind

# At most one of these, else the rate of the source: 0.38.
TIME: Mapping[TimeKind, float] = {
    "rate": 0.16,
    "doubled": 0.08,
    "halved": 0.08,
    "dropped": 0.10,
    "repeated": 0.06,
    "gaps": 0.07,
    "jitter": 0.07,
}
# The rest happens independently of each other.
SCALE: Mapping[str, float] = {"resize": 0.6, "bars": 0.2, "crop": 0.15}
OVERLAYS: Mapping[str, float] = {"webcam": 0.2, "chat": 0.15, "hud": 0.2, "cursor": 0.12}
PICTURE: Mapping[str, float] = {
    "tone": 0.35,
    "night_light": 0.08,
    "saturation": 0.2,
    "sharpen": 0.15,
    "blur": 0.12,
    "grain": 0.15,
    "banding": 0.06,
    "interlace": 0.08,
    "range": 0.08,
}
# Exactly one of these.
ENCODING: Mapping[Encoding, float] = {"crf": 0.5, "bitrate": 0.3, "hevc": 0.1, "vp9": 0.1}

GROUPS: Mapping[str, tuple[str, ...]] = {
    "time": tuple(TIME),
    "scale": tuple(SCALE),
    "overlays": tuple(OVERLAYS),
    "picture": tuple(PICTURE),
    "encoding": tuple(ENCODING),
}
NONE = "none"  # nothing but decoding and encoding: what every other kind is compared with
KINDS: tuple[str, ...] = tuple(kind for group in GROUPS.values() for kind in group)
NAMES: tuple[str, ...] = (NONE, *GROUPS, *KINDS)

assert set(TIME) == set(get_args(TimeKind)) - {"same"}


def expand(only: tuple[str, ...]) -> frozenset[str]:
    """The kinds that the names of ``--only`` stand for: groups become their kinds."""
    return frozenset(kind for name in only for kind in GROUPS.get(name, (name,)) if kind != NONE)
