# SPDX-License-Identifier: MIT
"""A NOR flash: programming only clears bits, erasing sets those of a sector, and a cut leaves half of either.

Ref: Winbond W25Q32JV rev F, page program, sector erase and AC characteristics (a page of 256 bytes 0.4 ms, at most 3; a
sector of 4 KB 45 ms, at most 400).  A cut program operation has written a prefix, and some bits of the next byte.  A
cut erase leaves random bytes in a part of the sector and the rest as it was; in the last tenth of its time all reads as
erased already.  Such a sector is weak until it is erased again: what is programmed into it loses further bits.
Not modelled: wear, disturbed neighbours, bits that read differently each time.
"""

from __future__ import annotations

import random

PAGE = 256
SECTOR = 4096
_LOOKS_ERASED = 0.9


class NorFlash:
    """The cells.  `seed` decides what is left of what is cut."""

    def __init__(self, size: int, sector: int = SECTOR, seed: int = 0) -> None:
        self.sector = sector
        self.cells = bytearray(b"\xff" * size)
        self.weak: set[int] = set()
        self.erases = 0
        self._random = random.Random(seed)

    def program(self, at: int, data: bytes) -> None:
        weak = at // self.sector in self.weak
        for i, byte in enumerate(data):
            self.cells[at + i] &= byte
            if weak and byte:
                self.cells[at + i] &= self._random.getrandbits(8)

    def cut_program(self, at: int, data: bytes, done: int) -> None:
        """As `program`, cut in the byte after the first `done` ones."""
        self.program(at, data[:done])
        if done < len(data):
            self.cells[at + done] &= data[done] | self._random.getrandbits(8)

    def erase(self, sector: int) -> None:
        self._fill(sector, b"\xff" * self.sector)
        self.weak.discard(sector)
        self.erases += 1

    def cut_erase(self, sector: int, done: float) -> None:
        """As `erase`, cut when a part `done` (0 to 1) of its time was over."""
        at = sector * self.sector
        for i in range(at, at + self.sector):
            if done >= _LOOKS_ERASED:
                self.cells[i] = 0xFF
            elif self._random.random() < done:
                self.cells[i] |= self._random.getrandbits(8)
        self.weak.add(sector)

    def flip(self, at: int, bit: int = 0) -> None:
        self.cells[at] ^= 1 << bit

    def _fill(self, sector: int, data: bytes) -> None:
        self.cells[sector * self.sector : (sector + 1) * self.sector] = data
