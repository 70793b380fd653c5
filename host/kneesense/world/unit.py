# SPDX-License-Identifier: MIT
"""A whole virtual unit: board, radio, flash, and the firmware that can be switched on and off."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .. import logimage, partitions
from .air import Air
from .board import Board, Chip
from .firmware import Process
from .flash import Flash
from .peripheral import ADDRESS, Peripheral

UNIT_ID = bytes.fromhex("240ac4000001")


class VirtualUnit:
    """The folder is its file system; beside it lie the image of its log and what the firmware prints.

    All of them are kept over power cycles.
    """

    def __init__(
        self,
        air: Air,
        chips: list[Chip],
        folder: Path,
        unit_id: bytes = UNIT_ID,
        address: str = ADDRESS,
        table: Sequence[partitions.Partition] = tuple(partitions.table(4)),
    ) -> None:
        self._air = air
        self._address = address
        self.folder = folder
        self.console = folder.parent / f"{folder.name}-console.txt"
        self.log_image = folder.parent / f"{folder.name}-log.bin"
        folder.mkdir(parents=True, exist_ok=True)
        self.flash = Flash(self.log_image, table)
        self.board = Board(unit_id, {0: chips}, flash=self.flash)
        self.process: Process | None = None

    @property
    def short_id(self) -> str:
        """As advertised: the last three bytes of the id, which main.py picks."""
        return self.board.unit_id[-3:].hex()

    def power_on(self) -> None:
        """Boot: as on the board, everything but the flash starts anew."""
        self.radio = Peripheral(self._air, self._address)
        self.board.radio = self.radio
        with self.console.open("ab") as console:
            self.process = Process(self.board, self.folder, console.fileno())
            self.process.start()

    async def power_off(self) -> None:
        """The battery is pulled out: nothing is flushed, nobody is told."""
        if self.process:
            self.board.power_lost(self.process.t_us)
            await self.process.stop()
            self.process = None

    def log_frames(self) -> list[bytes]:
        """What the flash holds, read as an auditor would: every whole record, oldest first."""
        return logimage.frames(self.log_image.read_bytes())
