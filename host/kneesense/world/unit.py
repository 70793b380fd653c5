# SPDX-License-Identifier: MIT
"""A whole virtual unit: board, radio, flash, and the firmware that can be switched on and off."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .. import logimage, partitions
from . import firmware
from .air import Air
from .board import Board, Chip
from .bonding import HOST_ADDRESS, earlier_pairing
from .clock import virtual_loop
from .firmware import Process
from .flash import Flash
from .peripheral import Peripheral
from .power import DEEP_SLEEP, POWER_ON, SOFT_RESET
from .serialline import SerialLine

BONDS_FILE = "bonds.json"  # as firmware/tasks/door.py names it
UNIT_ID = bytes.fromhex("240ac4000001")
START_S = 0.3  # from a reset to boot.py: about what the ROM and the bootloader need


def address_of(unit_id: bytes) -> str:
    """A static random address, which has its two highest bits set: a unit's own, so that many are on one air."""
    return ":".join(f"{byte:02X}" for byte in (0xF0, *unit_id[1:]))


class VirtualUnit:
    """`flash` is the folder of its file system; beside it lie the image of its log and what the firmware prints.

    All of them are kept over power cycles.  The firmware of this package is deployed to it when the unit is made; what
    lies there later is what runs.  `paired`: with the computer of this room, before its first boot here.
    """

    def __init__(
        self,
        air: Air,
        chips: list[Chip],
        flash: Path,
        unit_id: bytes = UNIT_ID,
        paired: bool = True,
        table: Sequence[partitions.Partition] = tuple(partitions.table(4)),
        line: bool = False,
    ) -> None:
        """`line`: an empty file system, and a serial line to put a program on it."""
        self._air = air
        self._address = address = address_of(unit_id)
        self.flash = flash
        self.console = flash.parent / f"{flash.name}-console.txt"
        self.log_image = flash.parent / f"{flash.name}-log.bin"
        self.ticks_ppm = 0
        """Its clock is so much too fast, from the next boot on."""
        self.board = Board(unit_id, {0: chips}, flash=Flash(self.log_image, table))
        self.board.power.on_end = self._on_end
        self.on_write: Callable[[bytes], None] = lambda data: None
        """As of its radio, over all boots."""
        self.process: Process | None = None
        self.boots = 0
        self._next: asyncio.Task[None] | None = None
        if line:
            flash.mkdir(parents=True)
            self.board.line = SerialLine(self.console)
            return
        without = shutil.ignore_patterns("__pycache__", "*.typed")
        shutil.copytree(firmware.firmware_dir(), flash, ignore=without, dirs_exist_ok=True)
        if paired:
            air.host_keys.all_keys[address], secrets = earlier_pairing(address, HOST_ADDRESS)
            (flash / BONDS_FILE).write_text(json.dumps(secrets))

    @property
    def address(self) -> str:
        return self._address

    @property
    def short_id(self) -> str:
        """As advertised: the last three bytes of the id, which main.py picks."""
        return self.board.unit_id[-3:].hex()

    def kept(self, name: str) -> Any:
        """What the firmware keeps in that file, as tasks/state.py writes it."""
        return json.loads((self.flash / name).read_text().partition("\n")[0])

    def power_on(self) -> None:
        """Boot: as on the board, everything but the flash starts anew."""
        self._boot(POWER_ON, 0)

    async def power_off(self) -> None:
        """The battery is pulled out: nothing is flushed, nobody is told."""
        if self._next:
            self._next.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._next
            self._next = None
        if self.process:
            self.board.power_lost(self.process.t_us)
            await self._stop()
        self.board.power.lost()

    def reset(self, cause: int) -> None:
        """From outside: as a brownout (POWER_ON) does it."""
        if self.process:
            self.board.power_lost(self.process.t_us)
        self._on_end(cause, 0)

    def _boot(self, cause: int, wake: int) -> None:
        self.board.power.cause, self.board.power.wake = cause, wake
        self.boots += 1
        self.radio = Peripheral(self._air, self._address)
        self.radio.on_write = self.on_write
        self.board.radio = self.radio
        line = self.board.line
        output = line.output() if line else os.open(self.console, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        if line and cause != SOFT_RESET:
            line.booted()
        self.process = Process(self.board, self.flash, output, ticks_ppm=self.ticks_ppm)
        self.process.start()
        os.close(output)
        if line:
            line.belongs_to(self.process)

    async def leave_range(self, seconds: float) -> None:
        """It alone, while others stay."""
        await self._air.leave_range(seconds, self.radio.controller)

    def _on_end(self, cause: int, wake: int) -> None:
        """A reset of any kind, or deep sleep.  Time stands still until the old program is gone."""
        if self._next:
            self._next.cancel()
        loop = virtual_loop()
        loop.busy.add(self)
        self._next = loop.create_task(self._again(cause, wake))

    async def _again(self, cause: int, wake: int) -> None:
        await self._stop()
        if cause == DEEP_SLEEP:
            wake = await self.board.power.sleep()
        await asyncio.sleep(START_S)
        self._next = None
        self._boot(cause, wake)

    async def _stop(self) -> None:
        if self.process:
            await self.process.stop()
            self.process = None
        self.board.power.ended()
        virtual_loop().busy.discard(self)

    def log_frames(self) -> list[bytes]:
        """What the flash holds, read as an auditor would: every whole record, oldest first."""
        return logimage.frames(self.log_image.read_bytes())
