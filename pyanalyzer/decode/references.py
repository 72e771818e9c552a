"""Which packets no other picture is built on, so that a decoder can do without them."""

from __future__ import annotations

from collections.abc import Callable

# The first bytes of a stream's extradata: avcC (ISO/IEC 14496-15, 5.3.3.1) and hvcC (8.3.3.1).
_RECORD_VERSION = 1
_AVCC_LENGTH_SIZE, _HVCC_LENGTH_SIZE = 4, 21  # the byte whose two low bits hold it, less one
_H264_SLICES = frozenset({1, 5})  # nal_unit_type of a picture's slices (H.264, table 7-1)
_HEVC_SLICES_END = 32  # nal_unit_type of a picture's slices lies below (H.265, table 7-1)
_HEVC_NON_REFERENCE_END = 16  # and is even and below this where its sub-layer does not refer to it

Droppable = Callable[[bytes], bool]


def nothing_droppable(_packet: bytes) -> bool:
    """For streams that do not say what is built on what."""
    return False


def droppable_in(codec: str, extradata: bytes | None) -> Droppable:
    """A test of one packet's bytes: True if no other picture of the stream refers to its picture.

    H.264 says so in ``nal_ref_idc`` (ITU-T H.264, 7.4.1), HEVC in ``nal_unit_type`` (ITU-T H.265,
    7.4.2.2), of the pictures of its highest temporal sub-layer; it is believed of streams with one
    sub-layer alone. Both as MP4 and Matroska store them, a length before each unit. Of any other
    stream nothing is droppable.
    """
    record = extradata or b""
    if codec == "h264" and len(record) > _AVCC_LENGTH_SIZE and record[0] == _RECORD_VERSION:
        length_bytes = (record[_AVCC_LENGTH_SIZE] & 3) + 1
        return lambda packet: _is_droppable(packet, length_bytes, _h264_reference)
    if codec == "hevc" and len(record) > _HVCC_LENGTH_SIZE and record[0] == _RECORD_VERSION:
        length_bytes = (record[_HVCC_LENGTH_SIZE] & 3) + 1
        sub_layers = record[_HVCC_LENGTH_SIZE] >> 3 & 7
        if sub_layers == 1:
            return lambda packet: _is_droppable(packet, length_bytes, _hevc_reference)
    return nothing_droppable


def _is_droppable(
    packet: bytes, length_bytes: int, reference: Callable[[int], bool | None]
) -> bool:
    """Whether the packet holds slices, and none that others may refer to."""
    slices = 0
    start = 0
    while start + length_bytes < len(packet):
        length = int.from_bytes(packet[start : start + length_bytes], "big")
        referred = reference(packet[start + length_bytes])
        if referred:
            return False
        slices += referred is not None
        start += length_bytes + length
    return slices > 0 and start == len(packet)


def _h264_reference(header: int) -> bool | None:
    """Of a unit's first byte; None where the unit is not a slice."""
    return header >> 5 & 3 > 0 if header & 31 in _H264_SLICES else None


def _hevc_reference(header: int) -> bool | None:
    kind = header >> 1 & 63
    if kind >= _HEVC_SLICES_END:
        return None
    return kind % 2 == 1 or kind >= _HEVC_NON_REFERENCE_END
