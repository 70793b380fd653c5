# SPDX-License-Identifier: MIT
"""One sector of the device log in NOR flash: what its first bytes mean, and how frames are found in it.

    0   header: magic | generation u32 | first_seq u32 | crc32 of the twelve bytes before it
    16  the same header again, so that no single flipped bit costs a sector
    32  0xFF, or 0x00 once a host holds every record of the sector
    33  frames (wire.py) in the order of their numbers, none across the end
    -30 the place of one `log_full` notice, never used for anything else

Programming only clears bits, so the bytes tell how far a sector has come: the magic alone is written after an erase and
proves that it went to its end (a cut one may read as erased and not hold its bits); header and magic together: in use;
all zero: given up, written before an erase so that one that is cut leaves no header behind.
Generations count the sectors ever begun: they say which sector is newer, whatever its place.  docs/decisions/0008.
"""

import struct
from binascii import crc32

from . import wire

_MAGIC = b"kslg"  # another layout takes another one
_HEADER = 16
ACKED = 2 * _HEADER
DATA = ACKED + 1
SPARE = wire.NOTICE.size + wire.OVERHEAD
ERASED = 2 * (_MAGIC + b"\xff" * (_HEADER - 4))
GIVEN_UP = bytes(2 * _HEADER)
IS_ACKED = b"\0"
_FRAME = bytes((wire.FIRST_BYTE,))


def header(generation: int, first_seq: int) -> bytes:
    """Both copies, for a sector whose first frame will have that number."""
    head = _MAGIC + struct.pack("<II", generation, first_seq)
    return 2 * (head + struct.pack("<I", crc32(head) & 0xFFFFFFFF))


def read_header(data: "bytes | bytearray") -> "tuple[int, int] | None":
    """(generation, first_seq) of a sector in use; `data` are its first bytes."""
    for at in (0, _HEADER):
        if data[at : at + 4] == _MAGIC:
            generation, first_seq, crc = struct.unpack_from("<III", data, at + 4)
            if crc32(bytes(data[at : at + 12])) & 0xFFFFFFFF == crc:
                return generation, first_seq
    return None


def acked(data: "bytes | bytearray") -> bool:
    """Whether a host holds it; right whichever single bit has flipped."""
    ones = data[ACKED]
    return ones & (ones - 1) == 0


def seq(frame: "bytes | bytearray", at: int = 0) -> int:
    """Number of the logged record in that frame."""
    number: int = struct.unpack_from("<I", frame, at + wire.HEAD)[0]
    return number


def says_full(frame: bytes) -> bool:
    """Whether that record is the log's last word."""
    if not frame:
        return False
    record, values = wire.decode(frame)
    return record is wire.NOTICE and values["notice"] == wire.NOTICES.index("log_full")


def frames(part: bytearray, size: int, more: bool) -> "tuple[list[tuple[int, bytes]], int]":
    """[(place, frame), ...] in the first `size` bytes, and from where to read on if `more` of the sector follows.

    What is no whole frame is passed over: torn, damaged, struck out or still erased.
    """
    found: "list[tuple[int, bytes]]" = []
    at = 0
    view = memoryview(part)[:size]
    while True:
        at = part.find(_FRAME, at, size)
        if at < 0:
            return found, size
        length = wire.check(view, at)
        if length > 0:
            found.append((at, bytes(view[at : at + length])))
            at += length
        elif length == 0 and more:
            return found, at
        else:
            at += 1
