"""The whole pictures of a replay from a start on, whatever the number of threads."""

from __future__ import annotations

from collections.abc import Callable, Generator

from pyanalyzer.decode.damage import Damage
from pyanalyzer.decode.passes import DamageMetError, DecodePass, Picture, SeekMissedError
from pyanalyzer.decode.seek import SeekPoint, ShownPackets, find_seek
from pyanalyzer.decode.source import Probe, never_stopped, open_source

# Made for broadcasts, where bytes get lost: a single thread notices most broken pictures, by far.
UNPROTECTED_FORMATS = frozenset({"mpegts"})


class Pictures:
    """Whole pictures from a start on; ``Picture.ordinal`` is the index in the whole stream.

    ``packets``: where they were counted before, so that they are not for every start anew.
    """

    def __init__(
        self,
        probed: Probe,
        start_pts: int,
        damage: Damage,
        *,
        check: Callable[[], None] = never_stopped,
        loop_filter: bool = True,
        packets: ShownPackets | None = None,
    ) -> None:
        self._probed = probed
        self._start_pts = start_pts
        self._damage = damage
        self._check = check
        self._loop_filter = loop_filter
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
        """The same pictures for any number of threads: past damage a single one goes on."""
        last_index = -1
        if threads != 1 and self._probed.container not in UNPROTECTED_FORMATS:
            try:
                for picture in self._from_start(seek, threads):
                    last_index = picture.ordinal
                    yield picture
                return
            except DamageMetError:
                self._damage.clear()
        for picture in self._from_start(seek, 1):
            if picture.ordinal > last_index:
                yield picture

    def _from_start(self, seek: SeekPoint | None, threads: int) -> Generator[Picture, None, None]:
        """One pass, without what lies before the start, counted from the stream's first picture."""
        with open_source(self._probed.info.path) as source:
            decode_pass = DecodePass(
                source,
                threads=threads,
                damage=self._damage,
                first_pts=self._probed.first_pts,
                key_pts=None if seek is None else seek.key_pts,
                check=self._check,
                loop_filter=self._loop_filter,
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
