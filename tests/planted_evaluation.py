"""Truths and timelines for the tests of the evaluation. ALL OF THEM ARE MADE UP: no game was
played, no network was run, and the scores say nothing of pyanalyzer."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from pyanalyzer.evaluate.models import EvaluatedModel
from pyanalyzer.evaluate.protocol import Case, CaseScore, score_case
from pyanalyzer.records import (
    KINDS,
    Event,
    Kind,
    ModelSummary,
    Region,
    Timeline,
    VideoSummary,
)
from pyanalyzer.simulate.truth import Change, Truth, WorldEvent

BOX = Region(10, 10, 20, 20)
SHA256 = "ab" * 32
MODEL = EvaluatedModel("planted", SHA256, 0.5)


def truth(
    onsets: Sequence[int],
    game: str = "pong",
    *,
    frames: int = 300,
    world: Sequence[int] = (),
    engine: str = "ale",
    split: str = "test",
) -> Truth:
    """At even frames the onset's kind is ``avatar``, at odd ones ``view``; all regions are BOX."""
    changes = tuple(change(at, "avatar" if at % 2 == 0 else "view", BOX) for at in onsets)
    unseen = Change(5, None, False, (), ("fire",), None, "player", None, 0.0)
    return Truth(
        video=f"{game}.mp4",
        engine=engine,
        game=game,
        split=split,
        seed=0,
        frame_rate=Fraction(60),
        frames=frames,
        width_px=160,
        height_px=120,
        changes=(*changes, unseen),
        world_events=tuple(WorldEvent(at, "cut") for at in world),
        settings={},
    )


def change(at: int, kind: Kind, region: Region) -> Change:
    """An observable change, pressed two frames before its onset."""
    return Change(
        press_frame=max(0, at - 2),
        onset_frame=at,
        observable=True,
        controls_before=(),
        controls_after=("left",),
        kind=kind,
        cause="player",
        region_px=region,
        differing_share=0.01,
    )


def event(
    frame: int,
    confidence: float = 0.9,
    kind: Kind = "avatar",
    region: Region = BOX,
    reach: int = 1,
) -> Event:
    """An event whose interval reaches ``reach`` frames to either side."""
    return Event(
        id=1,
        frame=frame,
        pts=frame,
        time_s=frame / 60,
        interval_frames=(max(0, frame - reach), frame + reach + 1),
        kind=kind,
        cause="player",
        confidence=confidence,
        region_px=region,
        motion_before_px_s=(0.0, 0.0),
        motion_after_px_s=(0.0, 0.0),
    )


def case(true: Truth, events: Sequence[Event], threshold: float = 0.5) -> Case:
    """With a picture difference that peaks at each onset, and one scene cut."""
    difference = np.zeros(true.frames)
    difference[[o.frame for o in true.onsets()]] = 1.0
    return Case(true.video, true, tuple(events), threshold, difference, np.array([50]))


def timeline(true: Truth, events: Sequence[Event], sha256: str = SHA256) -> Timeline:
    """Of every confidence, as the evaluation keeps them."""
    return Timeline(
        video=VideoSummary(
            path=true.video,
            width_px=true.width_px,
            height_px=true.height_px,
            frames=true.frames,
            duration_s=float(true.frames / true.frame_rate),
            time_base=1 / true.frame_rate,
            frame_rate=true.frame_rate,
            sha256=sha256,
        ),
        model=ModelSummary("planted", SHA256),
        settings={"min_confidence": 0.0},
        events=tuple(events),
    )


# Engine, games, frame rate, share of onsets found, share of events of the commonest kind.
_WORLDS: tuple[tuple[str, tuple[str, ...], int, float], ...] = (
    ("ale", ("boxing", "demon_attack", "freeway", "pong", "seaquest", "tennis"), 60, 0.55),
    ("doom", ("freedoom1/E1M4", "freedoom2/MAP07", "freedoom2/MAP30"), 35, 0.75),
    ("procgen", ("bigfish", "climber", "ninja", "starpilot"), 30, 0.4),
)


def made_up_scores(seconds: int = 45, replays: int = 2, seed: int = 0) -> list[CaseScore]:
    """Replays of three engines, so many of a game and of ``seconds`` each, with errors such as
    detectors make: misses, shifts, false alarms, kinds and regions mistaken, confidences a little
    too high."""
    rng = np.random.default_rng(seed)
    scores = []
    for engine, games, rate, ability in _WORLDS:
        for game in games:
            for replay in range(replays):
                split = "validation" if game == games[-1] else "test"
                name = f"{engine}/{split}/{game.replace('/', '_')}_{replay:02d}.mp4"
                able = float(np.clip(ability + rng.normal(0, 0.12), 0.1, 0.9))
                scores.append(
                    _made_up(
                        rng,
                        name,
                        (engine, game, split),
                        frames=rate * seconds,
                        rate=rate,
                        able=able,
                    )
                )
    return scores


def _made_up(
    rng: np.random.Generator,
    name: str,
    world: tuple[str, str, str],
    *,
    frames: int,
    rate: int,
    able: float,
) -> CaseScore:
    engine, game, split = world
    at = np.cumsum(np.maximum(3, rng.exponential(rate / 2.5, frames))).astype(np.int64)
    at = at[at < frames - 3]
    weights = [0.6, 0.15, 0.2, 0.05, 0.0] if engine == "doom" else [0.1, 0.65, 0.2, 0.05, 0.0]
    kinds: list[Kind] = [KINDS[k] for k in rng.choice(len(KINDS), at.size, p=weights)]
    regions = [_region(rng, kind) for kind in kinds]
    true = Truth(
        video=name.rsplit("/", 1)[-1],
        engine=engine,
        game=game,
        split=split,
        seed=0,
        frame_rate=Fraction(rate),
        frames=frames,
        width_px=320,
        height_px=240,
        changes=tuple(map(change, at.tolist(), kinds, regions)),
        world_events=tuple(WorldEvent(int(t), "cut") for t in rng.integers(0, frames, 2)),
        settings={},
    )
    events = []
    for t, kind, region in zip(at.tolist(), kinds, regions, strict=True):
        sure = float(np.clip(rng.beta(2.2, 1.6) + (able - 0.5), 0.02, 0.98))
        if rng.random() < able + 0.25:
            events.append(_seen(rng, t + round(rng.normal(0, 1.1)), sure, kind, region))
    for t in rng.integers(3, frames - 3, round(at.size * 1.3)).tolist():
        sure = float(np.clip(rng.beta(1.3, 3.0), 0.01, 0.97))
        events.append(_seen(rng, t, sure, "avatar", _region(rng, "avatar")))
    difference = rng.gamma(2.0, 1.0, frames)
    difference[at] += rng.gamma(2.0, 1.2, at.size)
    ordered = tuple(sorted(events, key=lambda e: e.frame))
    return score_case(Case(name, true, ordered, 0.4, difference, rng.integers(0, frames, 3)))


def _seen(
    rng: np.random.Generator, at: int, confidence: float, kind: Kind, region: Region
) -> Event:
    called: Kind = kind if rng.random() < 0.8 else ("view", "avatar", "effect")[rng.integers(3)]
    moved = Region(
        max(0, region.x_px + int(rng.integers(-12, 13))),
        max(0, region.y_px + int(rng.integers(-12, 13))),
        region.w_px,
        region.h_px,
    )
    return event(max(0, at), confidence, called, moved, int(rng.integers(1, 4)))


def _region(rng: np.random.Generator, kind: Kind) -> Region:
    if kind == "view":
        return Region(0, 0, 320, 240)
    x, y = (int(v) for v in rng.integers(0, 180, 2))
    return Region(x, y, *(int(v) for v in rng.integers(16, 60, 2)))
