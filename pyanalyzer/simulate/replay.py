"""One labelled replay: play, branch at every change, encode, write the truth beside it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from pyanalyzer.atomic_file import write_atomically
from pyanalyzer.simulate.counterfactual import (
    LOOKS,
    WINDOW_S,
    find_onset,
    find_world_onset,
)
from pyanalyzer.simulate.encode import write_video
from pyanalyzer.simulate.engine import (
    Action,
    Difference,
    DivergedError,
    Game,
    OpenWorld,
    Recording,
    WorldChange,
)
from pyanalyzer.simulate.policy import change_frames
from pyanalyzer.simulate.session import Job, Session, set_up
from pyanalyzer.simulate.truth import (
    Change,
    Setting,
    Truth,
    TruthError,
    WorldEvent,
    read_truth,
    truth_path,
    world_order,
    write_truth,
)

GENERATOR = 1  # rises when the same seed no longer gives the same replay
# Rises when a made game's world is labelled otherwise: what was made before is made again. Older
# truths of made games, which say nothing of it, know no more of the world than its cuts.
WORLD_GENERATOR = 1
# Most of the many NPC of a large map are not in the picture, and every branch of theirs costs a few
# drawings. They get this share of the drawings that the replay needs without them; to encode a
# frame costs about as much as to draw it.
WORLD_SHARE = 0.5
POOR_ONSETS_PER_S = 0.25  # fewer visible onsets than one in four seconds: nothing to learn from
SKIPPED_SUFFIX = ".skipped.json"

Outcome = Literal["made", "kept", "skipped"]


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a job. ``frames`` and ``onsets`` count what the replay holds."""

    job: Job
    outcome: Outcome
    frames: int = 0
    changes: int = 0
    onsets: int = 0
    reason: str = ""


def make_replay(job: Job) -> Result:
    """Make one replay and its truth, unless both are there from the same settings.

    A replay in which almost nothing is observable is not written; ``NAME.skipped.json`` says why.
    Raises :class:`~pyanalyzer.errors.PyanalyzerError` subclasses: engine missing, game unknown,
    game not repeatable, disk not writable.
    """
    kept = _existing(job)
    if kept is not None:
        return kept
    session = set_up(job)
    game, actions, look = session.game, session.actions, session.look
    try:
        recording = game.play(actions, change_frames(actions))
        changes = label(game, recording, actions, look.stride)
        world = label_world(game, recording, actions, look.stride)
    except DivergedError as error:
        raise DivergedError(f"{job.engine}/{job.game}, replay {job.replay}: {error}") from error
    finally:
        game.close()
    truth = _truth(job, session, recording, changes, world)
    onsets = len(truth.onsets())
    if onsets < POOR_ONSETS_PER_S * truth.frames / float(truth.frame_rate):
        reason = f"only {onsets} visible onsets of {len(changes)} changes"
        record = {"settings": _settings(job), "reason": reason}
        write_atomically(_skipped_path(job), (json.dumps(record, indent=1) + "\n").encode())
        return Result(job, "skipped", reason=reason)
    write_video(
        job.video,
        recording.pictures[:: look.stride],
        truth.frame_rate,
        look.layout,
        look.encoder,
    )
    write_truth(truth, truth_path(job.video))
    return Result(job, "made", truth.frames, len(changes), onsets)


def label(
    game: Game,
    recording: Recording,
    actions: Sequence[Action],
    stride: int = 1,
) -> list[Change]:
    """Find the onset of every action change of a recording, in frames and px of the game.

    Changes at a reset are left out: nothing is held over from one episode to the next.
    """
    frames = len(recording.pictures)
    at = [t for t in change_frames(actions) if t < frames and t not in recording.resets]
    labelled = []
    for number, t in enumerate(at):
        following = at[number + 1] if number + 1 < len(at) else frames
        found = find_onset(game, recording, actions, t, following=following, stride=stride)
        labelled.append(
            Change(
                press_frame=t,
                onset_frame=None if found is None else found.frame,
                observable=found is not None,
                controls_before=tuple(sorted(actions[t - 1].held)),
                controls_after=tuple(sorted(actions[t].held)),
                kind=None if found is None else found.kind,
                cause="player",
                region_px=None if found is None else found.region_px,
                differing_share=0.0 if found is None else round(found.share, 6),
            )
        )
    return labelled


@dataclass(frozen=True, slots=True)
class WorldLabels:
    """What can be seen of the world's own changes, in frames and px of the game.

    ``is_complete``: whether every change that the game tells of was branched.
    """

    onsets: tuple[Difference, ...] = ()
    is_complete: bool = False


def label_world(
    game: Game, recording: Recording, actions: Sequence[Action], stride: int = 1
) -> WorldLabels:
    """Find the onsets of the world's own changes, of a game that knows them.

    Where they would cost more than ``WORLD_SHARE``, so many are taken at even distances.
    """
    if not isinstance(game, OpenWorld):
        return WorldLabels()
    changes = game.world_changes()
    replayed = len(change_frames(actions)) * int(WINDOW_S * game.frame_rate)
    drawings = 2 * len(recording.pictures) + replayed
    chosen = _evenly(changes, int(WORLD_SHARE * drawings) // LOOKS)
    found = (
        find_world_onset(game, recording, actions, change, stride=stride, bar=game.interface_px)
        for change in chosen
    )
    onsets = tuple(difference for difference in found if difference is not None)
    return WorldLabels(onsets, len(chosen) == len(changes))


def _evenly(changes: Sequence[WorldChange], most: int) -> Sequence[WorldChange]:
    if len(changes) <= most:
        return changes
    return [changes[(2 * n + 1) * len(changes) // (2 * most)] for n in range(most)]


def _truth(
    job: Job,
    session: Session,
    recording: Recording,
    changes: Sequence[Change],
    world: WorldLabels,
) -> Truth:
    """The truth in frames and px of the video."""
    height, width = recording.pictures[0].shape[:2]
    look = session.look
    stride, layout = look.stride, look.layout
    frames = -(-len(recording.pictures) // stride)

    def on_video(change: Change) -> Change:
        region = change.region_px
        onset = change.onset_frame
        return Change(
            press_frame=-(-change.press_frame // stride),
            onset_frame=None if onset is None else onset // stride,
            observable=change.observable,
            controls_before=change.controls_before,
            controls_after=change.controls_after,
            kind=change.kind,
            cause="player",
            region_px=None if region is None else layout.region(region, width, height),
            differing_share=change.differing_share,
        )

    cuts = sorted({-(-cut // stride) for cut in recording.cuts})
    events = [WorldEvent(cut, "cut") for cut in cuts if cut < frames]
    for onset in world.onsets:
        region = layout.region(onset.region_px, width, height)
        events.append(WorldEvent(onset.frame // stride, onset.kind, region))
    return Truth(
        video=job.video.name,
        engine=job.engine,
        game=job.game,
        split=job.split,
        seed=job.seed,
        frame_rate=session.game.frame_rate / stride,
        frames=frames,
        width_px=layout.width_px,
        height_px=layout.height_px,
        changes=tuple(c for c in map(on_video, changes) if c.press_frame < frames),
        world_events=tuple(sorted(set(events), key=world_order)),
        world_known=world.is_complete,
        settings={
            **_settings(job),
            **{f"encoder_{name}": value for name, value in asdict(look.encoder).items()},
            "game_box_px": ",".join(map(str, layout.box)),
            "smooth": layout.smooth,
            **session.options,
        },
    )


def _settings(job: Job) -> dict[str, Setting]:
    settings: dict[str, Setting] = {
        "generator": GENERATOR,
        "replay": job.replay,
        "seconds": job.seconds,
        "seed": job.seed,
    }
    if job.engine == "maker":
        settings["world_generator"] = WORLD_GENERATOR
    return settings


def _skipped_path(job: Job) -> Path:
    return job.video.with_name(job.video.stem + SKIPPED_SUFFIX)


def _existing(job: Job) -> Result | None:
    wanted = _settings(job)
    if _skipped_path(job).is_file():
        # A damaged record says nothing: the replay is tried again.
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            record: Any = json.loads(_skipped_path(job).read_text(encoding="utf-8"))
            if record["settings"] == wanted:
                return Result(job, "skipped", reason=str(record["reason"]))
    if not job.video.is_file():
        return None
    try:
        truth = read_truth(truth_path(job.video))
    except TruthError:
        return None
    if wanted.items() <= dict(truth.settings).items():
        return Result(job, "kept", truth.frames, len(truth.changes), len(truth.onsets()))
    return None
