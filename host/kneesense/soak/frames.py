# SPDX-License-Identifier: MIT
"""Frames to throw at decoders: valid ones, spoilt ones, and valid ones that say nonsense.

A spoilt frame is caught by its CRC; so most nonsense here carries a right one, or nothing behind the CRC would be
tested.
"""

from __future__ import annotations

import struct
from binascii import crc32
from random import Random
from typing import Any

from kneecore import wire

_ENDS = {
    "B": (0, 1, 254, 255), "b": (-128, -1, 0, 127), "H": (0, 1, 0xFFFE, 0xFFFF), "h": (-32768, -32767, 0, 32767),
    "I": (0, 1, (1 << 30) - 1, 1 << 30, (1 << 32) - 1), "i": (-(1 << 31), -(1 << 30), 0, (1 << 30) - 1, (1 << 31) - 1),
    "Q": (0, 1, 1 << 30, 1 << 63, (1 << 64) - 1), "q": (-(1 << 63), 0, 1 << 40, (1 << 63) - 1),
}  # fmt: skip
_MAGIC = 0xA0


def number(random: Random, letter: str) -> int:
    """A value that fits the struct letter, often one of the ends of its range."""
    if random.random() < 0.5:
        return random.choice(_ENDS[letter])
    size = struct.calcsize("<" + letter)
    value: int = struct.unpack("<" + letter, random.randbytes(size))[0]
    return value


def values(random: Random, record: wire.Record) -> dict[str, Any]:
    """Something for every field."""
    room = wire.MAX_PAYLOAD - record.size
    return {
        name: random.randbytes(random.randint(0, room)) if letter == "*" else number(random, letter)
        for name, letter in wire.fields(record)
    }


def sealed(code: int, body: bytes, major: int = wire.MAJOR) -> bytes:
    """A frame with a right CRC, whatever is in it."""
    head = bytes((_MAGIC | major, code, len(body))) + body
    return head + struct.pack("<I", crc32(head))


def valid(random: Random) -> bytes:
    """A frame as the product makes them."""
    record = random.choice(list(wire.BY_CODE.values()))
    return wire.frame(record, values(random, record))


def nonsense(random: Random) -> bytes:
    """With a right CRC: cut or lengthened payloads, unknown codes, random payloads."""
    kind = random.randrange(4)
    code = random.choice(list(wire.BY_CODE)) if kind else random.randrange(256)
    if kind <= 1:
        return sealed(code, random.randbytes(random.randint(0, wire.MAX_PAYLOAD)))
    body = wire.body_of(valid(random))
    if kind == 2:
        return sealed(code, body[: random.randint(0, len(body))])
    return sealed(code, (body + random.randbytes(40))[: wire.MAX_PAYLOAD])


def spoilt(random: Random) -> bytes:
    """A frame with a bit flipped, cut, lengthened, of another major version, or no frame at all."""
    frame = bytearray(valid(random))
    kind = random.randrange(6)
    if kind == 0:
        frame[random.randrange(len(frame))] ^= 1 << random.randrange(8)
    elif kind == 1:
        del frame[random.randrange(len(frame)) :]
    elif kind == 2:
        frame[2] = random.randrange(256)
    elif kind == 3:
        at = random.randrange(len(frame))
        frame[at:at] = random.randbytes(random.randint(1, 20))
    elif kind == 4:
        return sealed(frame[1], bytes(frame[wire.HEAD : -wire.TAIL]), random.randrange(16))
    else:
        return random.randbytes(random.randint(0, 300))
    return bytes(frame)


def any_frame(random: Random) -> bytes:
    return random.choice((valid, nonsense, spoilt))(random)
