"""Timeline markers for DaVinci Resolve, as it exports and imports them itself.

An EDL in which every marker is an event of one frame, followed by its note, colour, name and
length. Blackmagic documents the menus, not the form. That was taken from published files which
Resolve wrote: the text before the first bar is the note, ``|C:`` the colour, ``|M:`` the name,
``|D:`` the length in frames.
"""

from __future__ import annotations

from pyanalyzer.export.grid import check_timecode, timecode, timecode_grid
from pyanalyzer.export.texts import file_name, joint_note, joint_title
from pyanalyzer.records import Kind, Timeline

START_HOURS = 1  # where Resolve's timelines begin unless told: 01:00:00:00

COLOURS: dict[Kind, str] = {
    "view": "Blue",
    "avatar": "Yellow",
    "effect": "Green",
    "interface": "Pink",
    "cut": "Red",
}


def resolve_export(timeline: Timeline) -> bytes:
    """The markers in UTF-8; events of one frame of Resolve's timeline share a marker.

    Its frame rate must be that of :func:`pyanalyzer.export.grid.timecode_grid`, which the title
    names, and its timecode non-drop. Raises OutputError for a replay of 23 hours and more.
    """
    grid = timecode_grid(timeline)
    check_timecode(grid, START_HOURS)
    start = START_HOURS * 3600 * round(grid.rate)
    rate = f"{float(grid.rate):.2f}".rstrip("0").rstrip(".")
    name = _unbarred(file_name(timeline.video))
    parts = [f"TITLE: {name} ({rate} frames/s)\nFCM: NON-DROP FRAME\n"]
    for number, (place, events) in enumerate(grid.groups(timeline), start=1):
        first = timecode(start + place, grid.rate)
        after = timecode(start + place + 1, grid.rate)
        # The note begins with a letter: Resolve would take a digit for the next event.
        text, marker = _unbarred(joint_note(events, timeline)), _unbarred(joint_title(events))
        parts.append(
            f"{number:03}  001      V     C        {first} {after} {first} {after}  \n"
            f"{text} |C:ResolveColor{COLOURS[events[0].kind]} |M:{marker} |D:1\n"
        )
    return "\n".join(parts).encode()


def _unbarred(text: str) -> str:
    """Bars separate the fields; there is no way to escape one."""
    return text.replace("|", "/")
