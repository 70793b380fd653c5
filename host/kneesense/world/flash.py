# SPDX-License-Identifier: MIT
"""The unit's flash chip with its partitions: the cells in an image file, and the time that each operation takes.

Only the partition `log` has cells here; `vfs` is the folder that the firmware runs in, the others are never touched.
While an operation lasts the firmware stands still, as code cannot be read from the chip meanwhile; everything else
goes on.  What it was doing when the power fails is left half done.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from pathlib import Path

from ..partitions import Partition
from .chips.flash import PAGE, SECTOR, NorFlash

LABEL = "log"


class Flash:
    """`image` holds the log's cells over power cycles; it is not made for a table without a log."""

    page_ms = 0.4
    erase_ms = 45.0
    """May be set to anything up to what the data sheet allows, while the world runs."""

    def __init__(self, image: Path, table: Sequence[Partition]) -> None:
        self.table = table
        self._image = image
        self._log = next((partition for partition in table if partition.name == LABEL), None)
        self._under_way: tuple[int, int, int, bytes | None, bytes] | None = None
        self.on_begin: Callable[[str, float], None] = lambda what, ms: None  # "program" or "erase"
        if self._log is None:
            return
        self.nor = NorFlash(self._log.size)
        if image.exists():
            self.nor.cells[:] = image.read_bytes()
        else:
            image.write_bytes(self.nor.cells)

    def read(self, address: int, size: int) -> bytes:
        at = self._at(address, size)
        return bytes(self.nor.cells[at : at + size])

    def program(self, address: int, data: bytes, t_us: int) -> float:
        """Seconds that it takes."""
        at = self._at(address, len(data))
        pages = (at + len(data) - 1) // PAGE - at // PAGE + 1
        return self._begin(at, data, t_us, pages * self.page_ms)

    def erase(self, address: int, t_us: int) -> float:
        """The sector at that address; seconds that it takes."""
        return self._begin(self._at(address, SECTOR), None, t_us, self.erase_ms)

    def flip(self, at: int, bit: int) -> None:
        """Fault: a bit of a cell has changed by itself."""
        self.nor.flip(at, bit)
        self._keep(at, 1)

    def power_lost(self, t_us: int) -> None:
        if self._under_way is None:
            return
        begun_us, end_us, at, data, before = self._under_way
        self._under_way = None
        if t_us >= end_us:
            return
        done = (t_us - begun_us) / (end_us - begun_us)
        self.nor.cells[at : at + len(before)] = before
        if data is None:
            self.nor.cut_erase(at // SECTOR, done)
        else:
            self.nor.cut_program(at, data, int(done * len(data)))
        self._keep(at, len(before))

    def _begin(self, at: int, data: bytes | None, t_us: int, ms: float) -> float:
        before = bytes(self.nor.cells[at : at + (SECTOR if data is None else len(data))])
        self._under_way = (t_us, t_us + round(ms * 1000), at, data, before)
        if data is None:
            self.nor.erase(at // SECTOR)
        else:
            self.nor.program(at, data)
        self._keep(at, len(before))
        self.on_begin("erase" if data is None else "program", ms)
        return ms / 1000

    def _keep(self, at: int, size: int) -> None:
        with self._image.open("r+b") as file:
            file.seek(at)
            file.write(self.nor.cells[at : at + size])

    def _at(self, address: int, size: int) -> int:
        if self._log is None or not 0 <= address - self._log.offset <= self._log.size - size:
            raise OSError(errno.EINVAL, "outside of the partition")
        return address - self._log.offset
