"""A picture of each change, with its block drawn, and all of them on contact sheets."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath
from typing import Any

import cv2
import numpy as np

from pyanalyzer.annotate.canvas import F64, RGB_SPACE, Canvas
from pyanalyzer.annotate.folder import file_stem, keep_apart, make_folder
from pyanalyzer.annotate.frames import Stage, decoded, still
from pyanalyzer.annotate.glyphs import cap_px, width_px
from pyanalyzer.annotate.marks import Marks, draw_mark, kind_words, motion_words
from pyanalyzer.annotate.shapes import blank, write
from pyanalyzer.annotate.style import GROUND, QUIET_TEXT, TEXT, Style, event_colour
from pyanalyzer.annotate.video import ProgressCallback, probe_replay
from pyanalyzer.atomic_file import write_atomically
from pyanalyzer.decode.source import Probe
from pyanalyzer.errors import OutputError
from pyanalyzer.records import U8, Event, Timeline
from pyanalyzer.report import words
from pyanalyzer.report.words import UNICODE, clock, counted, shortened
from pyanalyzer.settings import Progress

# Large enough to see an 8 px thing of a 1080p replay, small enough to send.
MAX_WIDTH_PX, MAX_HEIGHT_PX = 640, 640
# Small replays are enlarged by a whole number, up to this.
MIN_HEIGHT_PX = 240
JPEG_QUALITY = 92
SEEK_GAP_S = 10  # events nearer than this are decoded in one go: seeking costs as much

COLUMNS, ROWS = 4, 6  # of a page of the contact sheet
CELL_WIDTH_PX = 400
CELL_EM_PX, HEAD_EM_PX = 17.0, 24.0
GAP_PX = 16
SHEET_NAME = "contact-sheet"


def write_thumbnails(
    timeline: Timeline, folder: str, progress: ProgressCallback | None = None
) -> list[str]:
    """Writes a JPEG of each event's onset into ``folder``, and contact sheets (PNG); the paths.

    The folder is made if need be; files of the same name are replaced, others left alone. Without
    events only an empty contact sheet is written. Raises ReplayError and OutputError.
    """
    probed = probe_replay(timeline)
    target = make_folder(folder)
    events = timeline.events
    pages = max(1, math.ceil(len(events) / (COLUMNS * ROWS)))
    paths: list[str] = []
    cells: list[tuple[Event, U8]] = []

    def write_page() -> None:
        page = len([path for path in paths if SHEET_NAME in PurePath(path).name]) + 1
        number = f"-{page:0{len(str(pages))}}" if pages > 1 else ""
        sheet = contact_sheet(timeline, cells, page, pages)
        paths.append(_save(target / f"{SHEET_NAME}{number}.png", sheet, probed))
        cells.clear()

    for number, (event, picture, cell) in enumerate(onsets(timeline, probed), start=1):
        name = f"{file_stem(number, len(events), [event])}.jpg"
        paths.append(_save(target / name, picture, probed))
        cells.append((event, cell))
        if len(cells) == COLUMNS * ROWS:
            write_page()
        if progress is not None:
            progress(Progress(number, len(events), event.time_s, None, "taking thumbnails"))
    if cells or not events:
        write_page()
    return paths


def onsets(timeline: Timeline, probed: Probe) -> Iterator[tuple[Event, U8, U8]]:
    """Each event, its thumbnail, and the smaller picture for a sheet, in the order of time.

    Both are RGB, uint8, and show the onset with its mark; only the first has a label.
    An event whose picture is not in the replay (as of a stream that has broken since) is left out.
    """
    events = sorted(timeline.events, key=lambda event: (event.pts, event.id))
    gap = SEEK_GAP_S / probed.info.time_base
    begin = 0
    while begin < len(events):
        end = begin + 1
        while end < len(events) and events[end].pts - events[end - 1].pts <= gap:
            end += 1
        yield from _pictures(events[begin:end], probed)
        begin = end


def _pictures(events: Sequence[Event], probed: Probe) -> Iterator[tuple[Event, U8, U8]]:
    left = list(events)
    with decoded(probed, events[0].pts, events[-1].pts + 1) as pictures:
        stage: Stage | None = None
        for picture in pictures:
            stage = stage or Stage(probed.layout, picture.frame)
            here: U8 | None = None
            while left and left[0].pts <= picture.pts:
                event = left.pop(0)
                if event.pts != picture.pts:
                    continue
                if here is None:
                    here = still(picture.frame, stage, *thumbnail_size(stage))
                small = scaled(here, *fitted(here.shape[1], here.shape[0], CELL_WIDTH_PX))
                yield (
                    event,
                    with_mark(here, event, stage, probed),
                    with_mark(small, event, stage, probed, labelled=False),
                )


def thumbnail_size(stage: Stage) -> tuple[int, int]:
    """Width and height in px: shrunk to fit, or enlarged by a whole number."""
    w, h = stage.width_px, stage.height_px
    shrunk = min(1.0, MAX_WIDTH_PX / w, MAX_HEIGHT_PX / h)
    if shrunk < 1:
        return max(1, round(w * shrunk)), max(1, round(h * shrunk))
    k = max(1, min(math.ceil(MIN_HEIGHT_PX / h), MAX_WIDTH_PX // w, MAX_HEIGHT_PX // h))
    return w * k, h * k


def fitted(width_px: int, height_px: int, side_px: int) -> tuple[int, int]:
    """The size of a picture that fits into a square and touches two of its sides."""
    k = side_px / max(width_px, height_px)
    return max(1, round(width_px * k)), max(1, round(height_px * k))


def scaled(picture: U8, width_px: int, height_px: int) -> U8:
    """A picture in another size."""
    how = cv2.INTER_AREA if width_px <= picture.shape[1] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (width_px, height_px), interpolation=how), np.uint8)


def with_mark(
    picture: U8, event: Event, stage: Stage, probed: Probe, *, labelled: bool = True
) -> U8:
    """A copy of a still with the event drawn into it as at its onset."""
    height, width = picture.shape[:2]
    canvas = _rgb_canvas(picture)
    marks = Marks(
        [event],
        width,
        height,
        RGB_SPACE,
        time_base=probed.info.time_base,
        scale=width / stage.width_px,
    )
    draw_mark(canvas, marks.mark(event), Style.of(width, height), labelled=labelled)
    return np.stack(canvas.planes, axis=-1)


def contact_sheet(
    timeline: Timeline, cells: Sequence[tuple[Event, U8]], page: int = 1, pages: int = 1
) -> U8:
    """A page of at most COLUMNS x ROWS thumbnails with their words, RGB uint8."""
    columns = min(COLUMNS, max(2, len(cells)))
    rows = max(1, math.ceil(len(cells) / columns))
    video = timeline.video
    picture_h = fitted(video.width_px, video.height_px, CELL_WIDTH_PX)[1]
    words_h = round(3.6 * CELL_EM_PX)
    head_h = round(2.2 * HEAD_EM_PX)
    width = GAP_PX + columns * (CELL_WIDTH_PX + GAP_PX)
    height = head_h + GAP_PX + rows * (picture_h + words_h + GAP_PX)
    sheet = blank(width, height)
    sheet[..., :3], sheet[..., 3] = GROUND, 1
    _write_head(sheet, timeline, page, pages)
    for n, (event, picture) in enumerate(cells):
        x = GAP_PX + n % columns * (CELL_WIDTH_PX + GAP_PX)
        y = head_h + GAP_PX + n // columns * (picture_h + words_h + GAP_PX)
        _place(sheet, picture, x, y, picture_h)
        _write_cell(sheet, event, timeline, x, y + picture_h)
    return np.rint(sheet[..., :3]).astype(np.uint8)


def _write_head(sheet: F64, timeline: Timeline, page: int, pages: int) -> None:
    video = timeline.video
    said = f"{counted(len(timeline.events), 'change')} in {clock(video.duration_s)}"
    if pages > 1:
        said += f"{UNICODE.separator}page {page} of {pages}"
    baseline = GAP_PX + cap_px(HEAD_EM_PX)
    said_px = width_px(said, 0.8 * HEAD_EM_PX)
    room_px = sheet.shape[1] - said_px - 4 * GAP_PX
    name = PurePath(video.path).name
    for length in range(len(name), 0, -1):  # a name keeps its end, which says most
        if width_px(shortened(name, length, UNICODE), HEAD_EM_PX, "bold") <= room_px:
            write(sheet, shortened(name, length, UNICODE), TEXT, HEAD_EM_PX, (GAP_PX, baseline),
                  weight="bold")  # fmt: skip
            break
    x = sheet.shape[1] - said_px - GAP_PX
    write(sheet, said, QUIET_TEXT, 0.8 * HEAD_EM_PX, (x, baseline))


def _place(sheet: F64, picture: U8, x: int, y: int, picture_h: int) -> None:
    h, w = picture.shape[:2]
    left, top = x + (CELL_WIDTH_PX - w) // 2, y + (picture_h - h) // 2
    sheet[top : top + h, left : left + w, :3] = picture


def _write_cell(sheet: F64, event: Event, timeline: Timeline, x: int, y: int) -> None:
    video, em = timeline.video, CELL_EM_PX
    kind = kind_words(event)
    baseline = y + round(0.55 * em) + cap_px(em)
    write(sheet, kind, event_colour(event), em, (x, baseline), weight="bold")
    x_rest = x + width_px(kind, em, "bold") + round(0.5 * em)
    write(sheet, words.percent(event.confidence), TEXT, em, (x_rest, baseline))
    at = f"#{event.id}  {clock(event.time_s)}"
    right = x + CELL_WIDTH_PX - width_px(at, em)
    write(sheet, at, TEXT, em, (right, baseline))
    place = words.place(event.region_px, video.width_px, video.height_px)
    text = UNICODE.separator.join(
        filter(None, (f"frame {event.frame}", place, motion_words(event)))
    )
    write(sheet, text, QUIET_TEXT, 0.82 * em, (x, baseline + round(1.45 * em)))


def _rgb_canvas(picture: U8) -> Canvas:
    r, g, b = (np.ascontiguousarray(picture[..., n]) for n in range(3))
    return Canvas((r, g, b), RGB_SPACE)


def _save(path: Path, picture: U8, probed: Probe) -> str:
    """Writes an RGB picture, whole or not at all; its path."""
    name = keep_apart(path, probed.info.path)
    options: list[Any] = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if path.suffix == ".jpg" else []
    done, data = cv2.imencode(path.suffix, np.ascontiguousarray(picture[..., ::-1]), options)
    if not done:
        raise OutputError(f"cannot write {path}: the picture cannot be encoded")
    write_atomically(name, data.tobytes())
    return name
