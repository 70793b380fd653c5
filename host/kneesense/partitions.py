# SPDX-License-Identifier: MIT
"""The flash's partition table: MicroPython as it is, a file system, and the rest for the log.

Layout: ports/esp32/partitions-4MiBplus.csv of MicroPython 1.29, so that its ESP32_GENERIC image runs unchanged; that
table ends with `factory`, and MicroPython makes what is left one file system unless a `vfs` is named.  Binary form:
ESP-IDF, "Partition Tables" and esp_flash_partitions.h: rows of 32 bytes, then one with the MD5 of those before it.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

TABLE_OFFSET = 0x8000
SIZES_MB = (4, 8, 16)
SECTOR = 4096

APP, DATA = 0, 1
_TYPES = {APP: "app", DATA: "data"}
_SUBTYPES = {(APP, 0x00): "factory", (DATA, 0x01): "phy", (DATA, 0x02): "nvs", (DATA, 0x06): "undefined",
             (DATA, 0x81): "fat"}  # fmt: skip
_VFS_BYTES = 1024 * 1024  # the program twice, while a deploy replaces it: 226 blocks of 4 KB in littlefs
_TABLE_BYTES = 0xC00
_ROW = struct.Struct("<2sBBII16sI")


@dataclass(frozen=True)
class Partition:
    """A piece of the flash; the firmware finds it by `name`."""

    name: str
    type: int
    subtype: int
    offset: int
    size: int


def table(flash_mb: int) -> list[Partition]:
    """The partitions of a unit with that much flash.  ValueError if there is no layout for it."""
    if flash_mb not in SIZES_MB:
        raise ValueError(f"no layout for {flash_mb} MB of flash, only for {SIZES_MB}")
    stock = [
        Partition("nvs", DATA, 0x02, 0x9000, 0x6000),
        Partition("phy_init", DATA, 0x01, 0xF000, 0x1000),
        Partition("factory", APP, 0x00, 0x10000, 0x1F0000),
    ]
    vfs_at = stock[-1].offset + stock[-1].size
    log_at = vfs_at + _VFS_BYTES
    return [
        *stock,
        Partition("vfs", DATA, 0x81, vfs_at, _VFS_BYTES),  # MicroPython puts littlefs there, whatever it says
        Partition("log", DATA, 0x06, log_at, flash_mb * 1024 * 1024 - log_at),
    ]


def to_csv(partitions: list[Partition]) -> str:
    """As ESP-IDF's tools read it."""
    lines = ["# Name, Type, SubType, Offset, Size, Flags"]
    for p in partitions:
        subtype = _SUBTYPES[p.type, p.subtype]
        lines.append(f"{p.name}, {_TYPES[p.type]}, {subtype}, {p.offset:#x}, {p.size:#x},")
    return "\n".join(lines) + "\n"


def to_binary(partitions: list[Partition]) -> bytes:
    """What is written to the flash at TABLE_OFFSET."""
    rows = b"".join(
        _ROW.pack(b"\xaa\x50", p.type, p.subtype, p.offset, p.size, p.name.encode(), 0) for p in partitions
    )
    checksum = b"\xeb\xeb" + b"\xff" * 14 + hashlib.md5(rows).digest()
    return (rows + checksum).ljust(_TABLE_BYTES, b"\xff")
