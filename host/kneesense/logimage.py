# SPDX-License-Identifier: MIT
"""Reads an image of the unit's log partition, by its own reader: for audits, and for a unit that does not start.

It shares nothing with the firmware but the layout of a sector's first bytes (kneecore/sector.py) and of a frame.
"""

from __future__ import annotations

from dataclasses import dataclass

from kneecore import sector, wire

SECTOR = 4096


@dataclass(frozen=True)
class Sector:
    """One sector in use; `generation` is greater the later it was begun."""

    generation: int
    first_seq: int
    acked: bool
    frames: list[bytes]


def sectors(image: bytes, size: int = SECTOR) -> list[Sector]:
    """Those in use, oldest first."""
    found = []
    for at in range(0, len(image), size):
        data = image[at : at + size]
        header = sector.read_header(data)
        if header is not None:
            stream = wire.Stream()
            frames = [frame for _, frame in stream.feed(data[sector.DATA :]) + stream.finish()]
            found.append(Sector(*header, sector.acked(data), frames))
    return sorted(found, key=lambda each: each.generation)


def frames(image: bytes, size: int = SECTOR) -> list[bytes]:
    """Every whole record, oldest first."""
    return [frame for each in sectors(image, size) for frame in each.frames]
