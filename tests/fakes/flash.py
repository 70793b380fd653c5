# SPDX-License-Identifier: MIT
"""A flash partition in RAM with the interface of esp32.Partition, whose power can be cut in any of its steps.

A step is a byte programmed or a tenth of an erase.
"""

from __future__ import annotations

from kneecore import sector
from kneesense.world.chips.flash import NorFlash

ERASE_STEPS = 10


class PowerCut(Exception):
    pass


class Clock:
    now_us = 0

    def us(self) -> int:
        return self.now_us


class Device:
    """`left`: steps until the power is cut, None for never."""

    def __init__(self, sectors: int = 8, size: int = 512, seed: int = 0) -> None:
        self.nor = NorFlash(sectors * size, size, seed)
        self.left: int | None = None
        self.steps = 0
        self.erasing_us = 0  # each erase takes so long on the clock
        self.clock = Clock()

    def readblocks(self, block: int, buf, offset: int = 0) -> None:
        at = block * self.nor.sector + offset
        buf[:] = self.nor.cells[at : at + len(buf)]

    def writeblocks(self, block: int, buf, offset: int) -> None:
        at, data = block * self.nor.sector + offset, bytes(buf)
        assert offset + len(data) <= self.nor.sector, "across the end of a sector"
        done = self._steps(len(data))
        if done == len(data):
            self.nor.program(at, data)
        else:
            self.nor.cut_program(at, data, done)
            raise PowerCut

    def ioctl(self, op: int, arg: int) -> int:
        if op == 4:
            return len(self.nor.cells) // self.nor.sector
        if op == 5:
            return self.nor.sector
        assert op == 6
        self.clock.now_us += self.erasing_us
        at = arg * self.nor.sector
        assert not any(self.nor.cells[at : at + sector.ACKED]), "if it is cut, its header must be gone"
        done = self._steps(ERASE_STEPS)
        if done < ERASE_STEPS:
            self.nor.cut_erase(arg, done / ERASE_STEPS)
            raise PowerCut
        self.nor.erase(arg)
        return 0

    def _steps(self, wanted: int) -> int:
        """How many of these steps have power."""
        done = wanted if self.left is None else min(self.left, wanted)
        if self.left is not None:
            self.left -= done
        self.steps += done
        return done
