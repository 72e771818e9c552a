"""The truth of a replay as the truth of its capture."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from pyanalyzer.recapture.placement import Placement, visible_part
from pyanalyzer.recapture.timing import Timing
from pyanalyzer.records import Region
from pyanalyzer.simulate.truth import Change, Setting, Truth, WorldEvent, world_order


def capture_truth(
    truth: Truth,
    timing: Timing,
    placement: Placement,
    opaque: Callable[[float], Sequence[Region]],
    *,
    video: str,
    settings: Mapping[str, Setting],
    moves_added: bool = False,
) -> Truth:
    """Move every frame and region of a truth.

    A frame moves to the first frame of the capture that shows it or a later one. A change that is
    pressed after the last frame is left out; one whose onset comes after it, or whose region is
    cropped away or lies wholly under ``opaque(time_s)`` at its onset, is not observable. A world
    event that cannot be seen for these reasons is left out. ``video`` is the capture's name;
    ``settings`` are added to those of the replay; ``moves_added``: whether something over the
    picture moves, so that not all is known of the world any more.
    """

    def on_capture(change: Change) -> Change:
        press = timing.first_frame(change.press_frame)
        hidden = replace(
            change,
            press_frame=press,
            onset_frame=None,
            observable=False,
            kind=None,
            region_px=None,
            differing_share=0.0,
        )
        if change.onset_frame is None or change.region_px is None:
            return hidden
        onset = timing.first_frame(change.onset_frame)
        seen = shown(change.region_px, onset)
        if seen is None:
            return hidden
        return replace(change, press_frame=press, onset_frame=onset, region_px=seen)

    def shown(region_px: Region, frame: int) -> Region | None:
        """What can be seen of a region in a frame of the capture."""
        region = placement.region(region_px)
        if frame == timing.frames or region is None:
            return None
        return visible_part(region, opaque(timing.time_s(frame)))

    events = set()
    for event in truth.world_events:
        frame = timing.first_frame(event.frame)
        if event.region_px is None:
            if frame < timing.frames:
                events.add(WorldEvent(frame, event.kind))
        elif (region := shown(event.region_px, frame)) is not None:
            events.add(WorldEvent(frame, event.kind, region))
    return replace(
        truth,
        video=video,
        frame_rate=timing.frame_rate,
        frames=timing.frames,
        width_px=placement.layout.width_px,
        height_px=placement.layout.height_px,
        changes=tuple(c for c in map(on_capture, truth.changes) if c.press_frame < timing.frames),
        world_events=tuple(sorted(events, key=world_order)),
        world_known=truth.world_known and not moves_added,
        settings={**truth.settings, **settings},
    )
