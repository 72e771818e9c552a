"""One pass of the decoder over a stream: packets in, whole pictures with their times out.

Every packet is stamped with its ordinal in the field that libav carries from packets to pictures
(pts), so that each picture is known to come from exactly one packet, whatever the container says
about times.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias, cast

import av
from av.video.stream import VideoStream

from pyanalyzer.decode.clock import DisplayClock
from pyanalyzer.decode.damage import Damage
from pyanalyzer.decode.source import Source, declared_end, never_stopped
from pyanalyzer.decode.thin import Fate, Thinning

# Containers that store no times of display: pictures take the packets' times in stored order.
UNTIMED_FORMATS = frozenset({"avi", "h264", "hevc", "m4v", "mpegvideo", "obu"})
EARLY_END_S = 0.5  # how far before its declared end a sound stream may end: rounding, a gap in it
SENT_KEPT = 1024  # packets remembered while their picture is awaited; decoders hold back far fewer
LOST_BYTES = 1024  # more than this between two Matroska blocks is no header: a cluster was skipped
IN_FLIGHT_MAX = 64  # pictures that frame threads and reordering can hold when the stream ends

VideoPacket: TypeAlias = "av.Packet[VideoStream]"


class Picture(NamedTuple):
    """A whole picture: ``ordinal`` counts what came out of this pass, broken pictures included."""

    frame: av.VideoFrame
    ordinal: int
    pts: int


class DamageMetError(Exception):
    """Decoding with several threads met damage: what follows depends on their number."""


class SeekMissedError(Exception):
    """The container did not put us where its packets said; decode from the beginning instead."""


@dataclass(slots=True)
class _Sent:
    """A packet on its way through the decoder."""

    pts: int | None
    keyframe: bool
    shown: bool  # a picture should come out of it
    broken: bool  # that picture is not whole: this packet, or one that it builds on, is damaged
    fate: Fate


class ReadPacket(NamedTuple):
    """A packet as the container gives it, and whether bytes and time were skipped before it."""

    packet: VideoPacket
    after_hole: bool

    @property
    def pts(self) -> int | None:
        return self.packet.pts

    @property
    def dts(self) -> int | None:
        return self.packet.dts

    @property
    def is_discard(self) -> bool:
        return self.packet.is_discard


class DecodePass:
    """Iterates over the whole pictures of ``source`` in display order, once.

    ``threads``: 0 as many as there are processors, 1 none besides the caller's. How a decoder
    conceals damage depends on its threads; to give the same pictures for any number of them, a pass
    with several raises ``DamageMetError`` at the first sign, and one with a single thread goes on:
    from a damaged packet to the next keyframe pictures are left out (``damage.left_out``).
    ``key_pts``: seek to the keyframe of that pts first; raises ``SeekMissedError``. ``check`` is
    called for every packet and may raise. ``loop_filter``: False leaves out the smoothing of block
    borders, in codecs whose decoder can; pictures then drift a little until the next keyframe.
    ``thinning``: gives those pictures only that it takes; ``passed_by`` is called with the pts of
    the others, in their turn. ``leave_out``: those of them that no other is built on are not even
    decoded; the pass then raises ``DamageMetError`` with one thread too.
    """

    def __init__(
        self,
        source: Source,
        *,
        threads: int,
        damage: Damage | None = None,
        first_pts: int = 0,
        key_pts: int | None = None,
        check: Callable[[], None] = never_stopped,
        loop_filter: bool = True,
        thinning: Thinning[ReadPacket] | None = None,
        passed_by: Callable[[int], None] | None = None,
        leave_out: bool = False,
    ) -> None:
        self.encrypted = False
        self.index_of_first = 0  # the index in the stream of ordinal 0, for what is said of damage
        self._source = source
        self._thinning, self._passed_by, self._leave_out = thinning, passed_by, leave_out
        self._strict = threads != 1 or leave_out
        self._damage = damage or Damage()
        self._first_pts = first_pts
        self._key_pts = key_pts
        self._check = check
        self._context = source.stream.codec_context
        self._context.thread_type = "AUTO"
        self._context.thread_count = threads
        if not loop_filter:
            self._context.options = {**self._context.options, "skip_loop_filter": "all"}
        self._clock = DisplayClock(source.time_base, source.frame_rate)
        untimed = source.container.format.name in UNTIMED_FORMATS
        self._stored_order: deque[int | None] | None = deque() if untimed else None
        self._sent: dict[int, _Sent] = {}
        self._stamp = 0
        self._broken = False  # packets build on a damaged one until a keyframe comes
        self._whole_from_pts: int | None = (
            None  # that keyframe's: what is shown before it is broken
        )
        self._came_out = 0
        self._left_out = 0  # and would have come out by now
        self._expected = 0  # pictures that should have come out, by the packets
        self._shown_from_pts: int | None = None
        self._last: Picture | None = None
        self._matroska = "matroska" in source.container.format.name
        self._hole = False
        self._step = 1.5 / (source.frame_rate * source.time_base)  # ticks: more is a lost picture
        self._last_dts: int | None = None
        self._end_pts = 0
        self._cut_off: VideoPacket | None = None  # the last packet, of which only a part is there

    def __iter__(self) -> Iterator[Picture]:
        for read, fate in self._chosen():
            if fate is not Fate.LEFT_OUT or not self._leave_out:
                yield from self._decode(self._stamped(read, fate))
        end_pts: float | None = math.inf
        if self._cut_off is not None:
            end_pts = self._cut_off.pts
            self._leave_out_after(end_pts)
        yield from self._decode(None)
        self._pass_by_until(math.inf if end_pts is None else end_pts)
        # PyAV drops what is still in flight when a picture fails while the decoder is drained.
        if self._strict and 0 < self._expected - self._came_out <= IN_FLIGHT_MAX:
            raise DamageMetError
        self._note_early_end()

    # Packets

    def _chosen(self) -> Iterator[tuple[ReadPacket, Fate]]:
        """The stream's packets and what becomes of their pictures."""
        packets = self._packets()
        if self._thinning is None:
            return ((read, Fate.LOOKED_AT) for read in packets)
        return self._thinning.through(packets)

    def _packets(self) -> Iterator[ReadPacket]:
        """The stream's packets; a last one of which only a part is there is dropped."""
        if self._key_pts is not None:
            self._seek(self._key_pts)
        held: ReadPacket | None = None
        hole = False
        for packet in self._demux():
            self._check()
            hole |= self._in_hole(packet)
            if packet.dts is not None:
                self._last_dts = packet.dts
            if not packet.size:  # AVI's "nothing changed", and PyAV's request to drain the decoder
                continue
            if held is not None:
                yield held
            read, hole = ReadPacket(packet, hole), False
            held = read if packet.is_corrupt else None
            if held is None:
                yield read
        if held is not None:
            self._cut_off = held.packet

    def _seek(self, key_pts: int) -> None:
        try:
            self._source.container.seek(key_pts, stream=self._source.stream)
        except av.FFmpegError as error:
            raise SeekMissedError from error

    def _demux(self) -> Iterator[VideoPacket]:
        source = self._source
        end_byte: int | None = None
        # Matroska's demuxer skips damaged clusters in silence; all streams' blocks show the hole.
        everything = cast("Iterator[VideoPacket]", source.container.demux())
        packets = everything if self._matroska else source.container.demux(source.stream)
        while True:
            try:
                packet = next(packets, None)
            except av.FFmpegError:
                self._note_break()
                return
            if packet is None:
                return
            if self._matroska and packet.size and packet.pos is not None:
                self._hole |= end_byte is not None and packet.pos - end_byte > LOST_BYTES
                end_byte = packet.pos + packet.size
            if packet.stream_index == source.stream.index:
                yield packet

    def _in_hole(self, packet: VideoPacket) -> bool:
        """Whether bytes were skipped before this packet, and time with them."""
        hole, self._hole = self._hole, False
        before, after = self._last_dts, packet.dts
        return hole and before is not None and after is not None and after - before > self._step

    def _stamped(self, read: ReadPacket, fate: Fate) -> VideoPacket:
        packet, pts = read.packet, read.pts
        if read.after_hole:
            self._fail(self._stamp)
        # A decoder makes pictures of some encrypted packets, by chance: none of them is right.
        encrypted = packet.has_sidedata("encryption_info")
        self.encrypted |= encrypted
        unusable = packet.is_corrupt or encrypted
        keyframe = packet.is_keyframe and not unusable
        sought = self._key_pts is not None and self._stamp == 0
        if sought and not (keyframe and pts == self._key_pts):
            raise SeekMissedError
        if unusable:
            self._fail(self._stamp)
        if keyframe and self._broken:
            self._broken, self._whole_from_pts = False, pts
        sent = _Sent(pts, keyframe, not packet.is_discard, self._builds_on_broken(pts), fate)
        self._sent[self._stamp] = sent
        self._sent.pop(self._stamp - SENT_KEPT, None)
        self._expected += self._should_come_out(sent)
        if self._stored_order is not None:
            self._stored_order.append(pts if packet.dts is None else packet.dts)
        elif pts is not None:
            self._end_pts = max(self._end_pts, pts + (packet.duration or 0))
        packet.pts = self._stamp
        self._stamp += 1
        return packet

    def _builds_on_broken(self, pts: int | None) -> bool:
        """Whether a packet comes before the next keyframe, in coding order or in display order."""
        leading = (
            pts is not None and self._whole_from_pts is not None and pts < self._whole_from_pts
        )
        return self._broken or leading

    def _should_come_out(self, sent: _Sent) -> bool:
        """False where an edit list hides the picture, or a decoder may: before the first shown."""
        first = self._shown_from_pts
        return sent.shown and (first is None or sent.pts is None or sent.pts >= first)

    # Pictures

    def _decode(self, packet: VideoPacket | None) -> Iterator[Picture]:
        try:
            frames = self._context.decode(packet)
        except av.FFmpegError:
            self._fail(self._stamp - 1)
            if self._stored_order and packet is not None:
                self._stored_order.pop()
            return
        for frame in frames:
            stamp = self._stamp - 1 if frame.pts is None else frame.pts
            if frame.is_corrupt:
                self._fail(stamp)
            sent = self._sent.pop(stamp, None) or _Sent(
                None, False, True, self._broken, Fate.LOOKED_AT
            )
            if not self._came_out and sent.pts is not None:
                self._shown_from_pts = sent.pts
                self._expected = 1 + sum(map(self._should_come_out, self._sent.values()))
            if sent.pts is not None:
                self._pass_by_until(sent.pts)
            stored = self._stored_order.popleft() if self._stored_order else sent.pts
            picture = Picture(frame, self._came_out + self._left_out, self._clock.next(stored))
            self._came_out += 1
            if sent.broken:
                self._damage.left_out += 1
            else:
                self._last = picture
                if self._thinning is None or self._thinning.takes(picture.pts, sent.fate):
                    yield picture
                elif self._passed_by is not None:
                    self._passed_by(picture.pts)

    def _of_no_packet(self) -> _Sent:
        """For a picture of which it is not known where it came from."""
        return _Sent(None, False, True, self._broken, Fate.UNDECIDED)

    def _pass_by_until(self, pts: float) -> None:
        """Counts what is shown before ``pts`` and was left out, since the first picture shown."""
        if self._thinning is None or not self._leave_out:
            return
        for left_out in self._thinning.left_out_before(pts):
            if self._shown_from_pts is not None and left_out > self._shown_from_pts:
                self._left_out += 1
                shown = self._clock.next(left_out)
                if self._passed_by is not None:
                    self._passed_by(shown)

    # Damage

    def _fail(self, stamp: int) -> None:
        """The packet of ``stamp`` is damaged, and so is what builds on it."""
        if self._strict:
            raise DamageMetError
        sent = self._sent.get(stamp)
        if not (self._broken or (sent and sent.broken)):
            self._note_break()
        whole_from_pts: int | None = None
        for later, other in sorted(self._sent.items()):
            if later > stamp and other.keyframe and whole_from_pts is None:
                whole_from_pts = other.pts
                if whole_from_pts is None:
                    return
            if later >= stamp and (
                whole_from_pts is None or (other.pts is not None and other.pts < whole_from_pts)
            ):
                other.broken = True
        if whole_from_pts is None:
            self._broken = True

    def _leave_out_after(self, pts: float | None) -> None:
        """The picture of ``pts`` is missing: those in flight that are shown later follow a hole."""
        for other in self._sent.values():
            if pts is not None and other.pts is not None and other.pts > pts:
                other.broken = True

    def _note_break(self) -> None:
        self._damage.breaks.append(self._place())

    def _place(self) -> str:
        """``after frame 740 at 12.345 s``: the last whole picture's ordinal and time."""
        if self._last is None:
            return "before its first whole picture"
        index = self.index_of_first + self._last.ordinal
        time_s = float((self._last.pts - self._first_pts) * self._source.time_base)
        return f"after frame {index} at {time_s:.3f} s"

    def _note_early_end(self) -> None:
        """Compare where the packets end with where the container's header or index says."""
        ends = declared_end(self._source)
        time_base = self._source.time_base
        early = self._cut_off is not None
        if ends.last_dts is not None and self._last_dts is not None:
            early |= ends.last_dts > self._last_dts
        if ends.packets is not None:
            tolerance = EARLY_END_S * self._source.frame_rate
            early |= ends.packets - (self._last_dts or 0) - 1 > tolerance
        if ends.time_s is not None:
            early |= ends.time_s - self._end_pts * time_base > EARLY_END_S
        if early:
            self._damage.early_end = f"the file ends early, {self._place()}"
