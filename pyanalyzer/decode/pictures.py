"""The whole pictures of a replay from a start on, whatever the number of threads."""

from __future__ import annotations

from collections.abc import Callable, Generator

from pyanalyzer.decode.damage import Damage
from pyanalyzer.decode.passes import (
    DamageMetError,
    DecodePass,
    Picture,
    ReadPacket,
    SeekMissedError,
)
from pyanalyzer.decode.references import droppable_in
from pyanalyzer.decode.seek import COUNTED_FORMATS, SeekPoint, ShownPackets, find_seek
from pyanalyzer.decode.source import Probe, Source, never_stopped, open_source
from pyanalyzer.decode.thin import Thinning

# Made for broadcasts, where bytes get lost: a single thread notices most broken pictures, by far.
UNPROTECTED_FORMATS = frozenset({"mpegts"})


class Pictures:
    """Whole pictures from a start on; ``Picture.ordinal`` is the index in the whole stream.

    ``packets``: where they were counted before, so that they are not for every start anew.
    ``fast``: as of ``open_replay``; ``passed_by`` then hears the pts of each picture from the start
    on that is not given, in its turn, but of some twice.
    """

    def __init__(
        self,
        probed: Probe,
        start_pts: int,
        damage: Damage,
        *,
        check: Callable[[], None] = never_stopped,
        fast: bool = False,
        passed_by: Callable[[int], None] | None = None,
        packets: ShownPackets | None = None,
    ) -> None:
        self._probed = probed
        self._start_pts = start_pts
        self._damage = damage
        self._check = check
        self._fast, self._passed_by = fast, passed_by
        self._packets = packets

    def decode(self, threads: int) -> Generator[Picture, None, None]:
        """From the keyframe before the start, or from the beginning where that is not exact."""
        seek = None
        if self._packets is not None:
            seek = self._packets.seek_point(self._start_pts)
        elif self._start_pts > self._probed.first_pts:
            seek = find_seek(self._probed, self._start_pts, self._check)
        if seek is not None:
            try:
                yield from self._repeatable(seek, threads)
                return
            except SeekMissedError:  # raised before the first picture, if at all
                self._damage.clear()
        yield from self._repeatable(None, threads)

    def _repeatable(self, seek: SeekPoint | None, threads: int) -> Generator[Picture, None, None]:
        """The same pictures for any number of threads: past damage a single one goes on, and
        decodes what a fast pass leaves out."""
        last_index = -1
        protected = self._probed.container not in UNPROTECTED_FORMATS
        leave_out = self._fast and self._probed.container in COUNTED_FORMATS
        if (threads != 1 and protected) or leave_out:
            try:
                for picture in self._from_start(seek, threads, leave_out=leave_out):
                    last_index = picture.ordinal
                    yield picture
                return
            except DamageMetError:
                self._damage.clear()
        for picture in self._from_start(seek, 1):
            if picture.ordinal > last_index:
                yield picture

    def _from_start(
        self, seek: SeekPoint | None, threads: int, *, leave_out: bool = False
    ) -> Generator[Picture, None, None]:
        """One pass, without what lies before the start, counted from the stream's first picture."""
        with open_source(self._probed.info.path) as source:
            decode_pass = DecodePass(
                source,
                threads=threads,
                damage=self._damage,
                first_pts=self._probed.first_pts,
                key_pts=None if seek is None else seek.key_pts,
                check=self._check,
                loop_filter=not self._fast,
                thinning=self._thinning(source) if self._fast else None,
                passed_by=self._passed_by,
                leave_out=leave_out,
            )
            arrived = seek is None
            for frame, ordinal, pts in decode_pass:
                if pts < self._start_pts:
                    continue
                if seek is not None and not arrived:
                    if pts != seek.pts:
                        raise SeekMissedError
                    decode_pass.index_of_first = seek.index - ordinal
                    arrived = True
                yield Picture(frame, decode_pass.index_of_first + ordinal, pts)
            if not arrived:
                raise SeekMissedError

    def _thinning(self, source: Source) -> Thinning[ReadPacket]:
        """By the packets, where one is one picture and has its time."""
        if self._probed.container not in COUNTED_FORMATS:
            return Thinning(source.time_base, self._start_pts, None)
        droppable = droppable_in(self._probed.info.codec, source.stream.codec_context.extradata)
        return Thinning(
            source.time_base,
            self._start_pts,
            lambda read: not read.packet.is_corrupt and droppable(bytes(read.packet)),
        )
