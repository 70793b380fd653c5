# SPDX-License-Identifier: MIT
"""MicroPython's image for the ESP32: is it whole, for this chip, does it fit; then with a partition table of ours.

A `.bin` for offset 0x1000: bootloader, partition table, program.  Bootloader and program each carry a SHA-256 of
themselves (ESP-IDF, "App Image Format"), so a cut or flipped one is told without a list of known images.
"""

from __future__ import annotations

import hashlib
import struct

from . import partitions
from .errors import InputError

OFFSET = 0x1000  # where the ESP32 looks for a bootloader
_TABLE_AT = partitions.TABLE_OFFSET - OFFSET
_PROGRAM_AT = 0x10000 - OFFSET
_HEAD_BYTES = 24
_MAGIC = 0xE9
_ESP32 = 0  # esp_chip_id_t
_ADVICE = "download ESP32_GENERIC again from micropython.org/download/ESP32_GENERIC"


def checked(image: bytes, sha256: str | None = None) -> None:
    """Raises InputError if it is damaged, for another chip, or no such image."""
    found = hashlib.sha256(image).hexdigest()
    if sha256 and found != sha256.lower():
        raise InputError(f"the image has SHA-256 {found}, not the one that was given", _ADVICE)
    for what, at in (("bootloader", 0), ("program", _PROGRAM_AT)):
        _part_checked(what, image[at:])
    (factory,) = [p for p in partitions.table(4) if p.name == "factory"]
    room = factory.offset + factory.size - OFFSET
    if len(image) > room:
        raise InputError(f"the image has {len(image)} bytes, there is room for {room}", "take ESP32_GENERIC")


def with_table(image: bytes, flash_mb: int) -> bytes:
    """The image with the partitions of a unit with so much flash."""
    table = partitions.to_binary(partitions.table(flash_mb)).ljust(partitions.SECTOR, b"\xff")
    return image[:_TABLE_AT] + table + image[_TABLE_AT + len(table) :]


def _part_checked(what: str, part: bytes) -> None:
    if len(part) < _HEAD_BYTES or part[0] != _MAGIC:
        raise InputError(f"the image has no {what} where MicroPython's for the ESP32 has it", _ADVICE)
    (chip,) = struct.unpack_from("<H", part, 12)
    if chip != _ESP32:
        raise InputError(f"the image's {what} is for another chip (number {chip} in its head)", _ADVICE)
    at = _HEAD_BYTES
    for _ in range(part[1]):
        if at + 8 > len(part):
            raise InputError(f"the image is cut in its {what}", _ADVICE)
        at += 8 + struct.unpack_from("<I", part, at + 4)[0]
    at = (at // 16 + 1) * 16  # a checksum fills up the last 16 bytes
    if at + 32 > len(part):
        raise InputError(f"the image is cut in its {what}", _ADVICE)
    if part[23] != 1:
        raise InputError(f"the image's {what} has no hash of itself, so it cannot be checked", _ADVICE)
    if hashlib.sha256(part[:at]).digest() != part[at : at + 32]:
        raise InputError(f"the image's {what} is damaged: its hash is another", _ADVICE)
