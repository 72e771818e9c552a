"""The formats by name and by extension: which module writes them, and who reads them."""

from __future__ import annotations

import difflib
import importlib
import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from pyanalyzer.errors import UsageError
from pyanalyzer.export.libraries import check_libraries

if TYPE_CHECKING:
    from pyanalyzer.records import Timeline

STDOUT = "-"
# What stands before the colon in FORMAT:FILE. One letter is a drive of Windows.
_PREFIX = re.compile(r"([A-Za-z0-9_-]{2,}):(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Format:
    """A format: its name on the command line, its extensions, who reads it, and who writes it.

    ``writer`` is ``module:function`` below this package; the function takes a Timeline and gives
    bytes. ``libraries`` are the modules that it needs of the extra ``[export]``.
    """

    name: str
    extensions: tuple[str, ...]
    readers: str
    writer: str
    libraries: tuple[str, ...] = ()

    def render(self, timeline: Timeline) -> bytes:
        """The timeline as the bytes of such a file."""
        module, function = self.writer.split(":")
        data: bytes = getattr(importlib.import_module(module), function)(timeline)
        return data


_OTIO = "opentimelineio"
_HERE = "pyanalyzer.export"
FORMATS = (
    Format("json", (".json",), "pyanalyzer report", "pyanalyzer.report.json_report:json_report"),
    Format("csv", (".csv",), "spreadsheets", "pyanalyzer.report.csv_report:csv_report"),
    Format("jsonl", (".jsonl", ".ndjson"), "pandas, DuckDB, jq", f"{_HERE}.jsonl:jsonl_export"),
    Format(
        "parquet",
        (".parquet",),
        "pandas, Polars, DuckDB, Spark",
        f"{_HERE}.parquet:parquet_export",
        ("pyarrow",),
    ),
    Format("srt", (".srt",), "video players, YouTube", f"{_HERE}.subtitles:srt_export"),
    Format("vtt", (".vtt",), "browsers (WebVTT)", f"{_HERE}.subtitles:vtt_export"),
    Format(
        "ffmetadata",
        (".ffmeta", ".ffmetadata", ".txt"),
        "ffmpeg: chapters of the replay",
        f"{_HERE}.chapters:ffmetadata_export",
    ),
    Format("otio", (".otio",), "OpenTimelineIO", f"{_HERE}.otio:otio_export", (_OTIO,)),
    Format(
        "edl",
        (".edl",),
        "Avid and others: CMX 3600 with locators",
        f"{_HERE}.otio:edl_export",
        (_OTIO, "otio_cmx3600_adapter"),
    ),
    Format(
        "resolve",
        (".edl",),
        "DaVinci Resolve: Timeline Markers from EDL",
        f"{_HERE}.resolve:resolve_export",
    ),
    Format("fcpxml", (".fcpxml",), "Final Cut Pro, Resolve", f"{_HERE}.fcpxml:fcpxml_export"),
    Format(
        "fcp7",
        (".xml",),
        "Premiere Pro, Final Cut Pro 7",
        f"{_HERE}.otio:fcp7_export",
        (_OTIO, "otio_fcp_adapter"),
    ),
    Format("elan", (".eaf",), "ELAN", f"{_HERE}.elan:elan_export"),
    Format(
        "label-studio",
        (".json",),
        "Label Studio: pre-annotated tasks",
        f"{_HERE}.label_studio:label_studio_export",
    ),
    Format("cvat", (".xml",), "CVAT for video 1.1", f"{_HERE}.cvat:cvat_export"),
    Format("audacity", (".txt",), "Audacity: labels", f"{_HERE}.audacity:audacity_export"),
    Format(
        "trace",
        (".json",),
        "Perfetto, chrome://tracing",
        f"{_HERE}.chrome_trace:trace_export",
    ),
    Format(
        "soccernet",
        (".json",),
        "SoccerNet-v2 action spotting",
        f"{_HERE}.spotting:soccernet_export",
    ),
    Format("e2e-spot", (".json",), "E2E-Spot and its kin", f"{_HERE}.spotting:e2e_spot_export"),
)
BY_NAME = {format_.name: format_ for format_ in FORMATS}
# Extensions of several formats that nevertheless mean one of them.
_MEANT = {".json": "json"}


@dataclass(frozen=True, slots=True)
class Export:
    """A file to be written (``-``: standard output) and its format."""

    format: Format
    path: str


def parse_export(text: str) -> Export:
    """What ``--export`` asks for: ``FILE``, whose extension names the format, or ``FORMAT:FILE``.

    A file whose name begins like a format needs a folder before it: ``./srt:x.srt``. Raises
    UsageError for an unknown format, and for an extension that names none or several.
    """
    match = _PREFIX.fullmatch(text)
    if match:
        name, path = match.groups()
        if not path:
            raise UsageError(f"--export {text} names no file: give FORMAT:FILE")
        return Export(_named(name, text), path)
    return Export(_meant(text), text)


def _named(name: str, text: str) -> Format:
    if name in BY_NAME:
        return BY_NAME[name]
    close = difflib.get_close_matches(name.lower(), BY_NAME, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]}? " if close else ""
    raise UsageError(
        f"--export {text}: there is no format {name!r}; {hint}formats: {', '.join(BY_NAME)}"
        f" (a file of that name: ./{text})"
    )


def _meant(path: str) -> Format:
    extension = PurePath(path).suffix.lower()
    if extension in _MEANT:
        return BY_NAME[_MEANT[extension]]
    fitting = [format_ for format_ in FORMATS if extension and extension in format_.extensions]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        choices = " or ".join(f"{format_.name}:{path}" for format_ in fitting)
        raise UsageError(f"--export {path}: several formats end in {extension}: give {choices}")
    known = dict.fromkeys(extension for format_ in FORMATS for extension in format_.extensions)
    close = difflib.get_close_matches(extension, known, n=1) if extension else []
    hint = f"did you mean {close[0]}? " if close else ""
    what = f"no format ends in {extension}" if extension else "the name has no extension"
    raise UsageError(
        f"--export {path}: {what}; {hint}give FORMAT:FILE with one of {', '.join(BY_NAME)}"
    )


def check_export(export: Export) -> None:
    """Raises MissingLibraryError if the format's libraries are not installed."""
    check_libraries(export.format.name, export.format.libraries)


def format_table() -> str:
    """The formats in lines for ``--help``: name, extensions, readers."""
    rows = [(f.name, " ".join(f.extensions), f.readers) for f in FORMATS]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "\n".join(f"  {a:<{widths[0]}}  {b:<{widths[1]}}  {c}" for a, b, c in rows)
