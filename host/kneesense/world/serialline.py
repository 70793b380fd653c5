# SPDX-License-Identifier: MIT
"""The unit's serial line: what the firmware prints, and what somebody types at it.

The prompt itself is the firmware's side (standins/port.py).  Here is what outlives a program: whether the raw prompt is
on, which a soft reset keeps, and who listens at the other end.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from .clock import virtual_loop
from .firmware import Process

ROM = b"\xfe\x8cets Jul 29 2019 12:21:46\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n"


class SerialLine:
    """`console`: a file that keeps all that was printed."""

    def __init__(self, console: Path) -> None:
        self.raw = False
        self._console = console
        self._heard_by: Callable[[bytes], None] | None = None
        self._process: Process | None = None

    def listen(self, heard: Callable[[bytes], None] | None) -> None:
        """Who is at the other end from now on; None: nobody, what is printed is lost as on a wire."""
        self._heard_by = heard

    def typed(self, data: bytes) -> None:
        if self._process:
            self._process.interrupt("typed", data.hex())

    def booted(self) -> None:
        """By anything but a soft reset."""
        self.raw = False
        self._say(ROM)

    def output(self) -> int:
        """The end of a pipe for a program's output; close it once the program has it."""
        reader, writer = os.pipe()
        loop = virtual_loop()

        def printed() -> None:
            data = os.read(reader, 65536)
            if data:
                with self._console.open("ab") as file:
                    file.write(data)
                self._say(data)
                return
            loop.remove_reader(reader)
            os.close(reader)

        loop.add_reader(reader, printed)
        return writer

    def belongs_to(self, process: Process) -> None:
        self._process = process

    def _say(self, data: bytes) -> None:
        if self._heard_by:
            self._heard_by(data)
