# SPDX-License-Identifier: MIT
"""A whole virtual unit: board, radio, flash, and the firmware that can be switched on and off."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from .. import logimage, partitions
from .air import Air
from .board import Board, Chip
from .bonding import HOST_ADDRESS, earlier_pairing
from .firmware import Process
from .flash import Flash
from .peripheral import Peripheral

BONDS_FILE = "bonds.json"  # as firmware/tasks/door.py names it
UNIT_ID = bytes.fromhex("240ac4000001")


def address_of(unit_id: bytes) -> str:
    """A static random address, which has its two highest bits set: a unit's own, so that many are on one air."""
    return ":".join(f"{byte:02X}" for byte in (0xF0, *unit_id[1:]))


class VirtualUnit:
    """`flash` is the folder of its file system; beside it lie the image of its log and what the firmware prints.

    All of them are kept over power cycles.  `paired`: with the computer of this room, before its first boot here.
    """

    def __init__(
        self,
        air: Air,
        chips: list[Chip],
        flash: Path,
        unit_id: bytes = UNIT_ID,
        paired: bool = True,
        table: Sequence[partitions.Partition] = tuple(partitions.table(4)),
    ) -> None:
        self._air = air
        self._address = address = address_of(unit_id)
        self.flash = flash
        self.console = flash.parent / f"{flash.name}-console.txt"
        self.log_image = flash.parent / f"{flash.name}-log.bin"
        flash.mkdir(parents=True, exist_ok=True)
        self.board = Board(unit_id, {0: chips}, flash=Flash(self.log_image, table))
        self.process: Process | None = None
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

    def power_on(self) -> None:
        """Boot: as on the board, everything but the flash starts anew."""
        self.radio = Peripheral(self._air, self._address)
        self.board.radio = self.radio
        with self.console.open("ab") as console:
            self.process = Process(self.board, self.flash, console.fileno())
            self.process.start()

    async def leave_range(self, seconds: float) -> None:
        """It alone, while others stay."""
        await self._air.leave_range(seconds, self.radio.controller)

    async def power_off(self) -> None:
        """The battery is pulled out: nothing is flushed, nobody is told."""
        if self.process:
            self.board.power_lost(self.process.t_us)
            await self.process.stop()
            self.process = None

    def log_frames(self) -> list[bytes]:
        """What the flash holds, read as an auditor would: every whole record, oldest first."""
        return logimage.frames(self.log_image.read_bytes())
