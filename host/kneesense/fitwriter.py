# SPDX-License-Identifier: MIT
"""The bytes of a FIT file: header, definitions, messages, checksums.

Own code, and short: a library that builds an object for every field takes some 20 times as long (`kneesense bench`).
What has no value is not in the message at all, so no reader can take the mark of the unknown for a number.

Ref: FIT Protocol (Garmin), "File Header", "Record Format", "CRC", "Developer Data Fields".
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

_PROTOCOL, _PROFILE = 0x20, 2160  # 2.0, the first with developer fields; 21.60
_LOCAL_TYPES = 16
_DEFINITION, _DEVELOPER = 0x40, 0x20

# base type -> (code in the file, struct letter, the value that means unknown)
_BASE: dict[str, tuple[int, str, int | None]] = {
    "enum": (0x00, "B", 0xFF),
    "uint8": (0x02, "B", 0xFF),
    "sint8": (0x01, "b", 0x7F),
    "uint16": (0x84, "H", 0xFFFF),
    "uint32": (0x86, "I", 0xFFFFFFFF),
    "uint32z": (0x8C, "I", 0),
    "float32": (0x88, "f", None),
    "string": (0x07, "s", None),
    "byte": (0x0D, "s", None),
}

Value = int | float | str | bytes | None


@dataclass(frozen=True, slots=True)
class Field:
    """`number` in its message, or of a developer field that was declared.  A value is given times `scale`."""

    number: int
    base: str
    scale: int = 1
    own: bool = False

    @property
    def code(self) -> int:
        return _BASE[self.base][0]

    def encode(self, value: int | float | str | bytes) -> bytes:
        """ValueError for what does not fit: it would be read as another number."""
        _, letter, unknown = _BASE[self.base]
        if isinstance(value, str):
            value = value.encode() + b"\0"
        if isinstance(value, bytes):
            return value
        if letter == "f":
            return struct.pack("<f", value)
        whole = round(value * self.scale)
        if whole == unknown:
            raise ValueError(f"{value} is what a field {self.number} of {self.base} has for unknown")
        try:
            return struct.pack("<" + letter, whole)
        except struct.error:
            raise ValueError(f"{value} does not fit field {self.number}, {self.base}") from None

    def holds(self, value: int | float | None) -> int | float | None:
        """The value if it fits, else None."""
        if value is not None:
            try:
                self.encode(value)
            except ValueError:
                return None
        return value


class FitWriter:
    """Messages in their order, then `finished`."""

    def __init__(self) -> None:
        self._body = bytearray()
        self._types: dict[tuple[int, tuple[tuple[Field, int], ...]], int] = {}

    def message(self, number: int, values: Iterable[tuple[Field, Value]]) -> None:
        """One message of that global number.  A value of None is left out."""
        fields = [(field, field.encode(value)) for field, value in values if value is not None]
        fields.sort(key=lambda each: each[0].own)  # a developer field follows all others
        shape = number, tuple((field, len(data)) for field, data in fields)
        local = self._types.get(shape)
        if local is None:
            local = self._define(shape)
        self._body.append(local)
        for _, data in fields:
            self._body += data

    def _define(self, shape: tuple[int, tuple[tuple[Field, int], ...]]) -> int:
        """Give the shape one of the 16 local types, if need be the one that was defined first."""
        if len(self._types) < _LOCAL_TYPES:
            local = len(self._types)
        else:
            local = self._types.pop(next(iter(self._types)))
        self._types[shape] = local
        number, fields = shape
        native = [(field, size) for field, size in fields if not field.own]
        own = [(field, size) for field, size in fields if field.own]
        self._body.append(_DEFINITION | (_DEVELOPER if own else 0) | local)
        self._body += struct.pack("<BBHB", 0, 0, number, len(native))
        for field, size in native:
            self._body += bytes((field.number, size, field.code))
        if own:
            self._body.append(len(own))
            for field, size in own:
                self._body += bytes((field.number, size, 0))
        return local

    def finished(self) -> bytes:
        """The whole file."""
        head = struct.pack("<BBHI4s", 14, _PROTOCOL, _PROFILE, len(self._body), b".FIT")
        whole = head + struct.pack("<H", checksum(head)) + bytes(self._body)
        return whole + struct.pack("<H", checksum(whole))


def _table() -> list[int]:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
        table.append(crc)
    return table


_CRC = _table()


def checksum(data: bytes) -> int:
    """CRC-16 with the polynomial 0x8005, reflected, from 0."""
    crc = 0
    for byte in data:
        crc = crc >> 8 ^ _CRC[(crc ^ byte) & 0xFF]
    return crc
