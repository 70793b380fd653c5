# SPDX-License-Identifier: MIT
"""A board from the shop on a virtual cable, worn by a runner who does what is asked: `demo --unit-only --empty-board`.

Its port is a socket: the chip's ROM loader for esptool until an image is on it, then MicroPython's prompt on the
virtual unit's hardware.  The image is one that stands for MicroPython's, whose interpreter is the desktop's.
"""

from __future__ import annotations

import asyncio
import secrets
import shlex
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from . import hci, romloader
from .air import Air
from .attentive import Attentive, hold_the_button
from .bonding import share_host_keys
from .chips.mpu6050 import Mpu6050
from .clock import VirtualLoop, virtual_loop
from .scenario import Scenario
from .serialline import SerialLine
from .unit import VirtualUnit

IMAGE = "stand-in-for-ESP32_GENERIC.bin"


class Cable:
    """Joins a connection at the loader's socket, which has a thread of its own, to the unit's line."""

    def __init__(self, loop: VirtualLoop, unit: VirtualUnit) -> None:
        self._loop = loop
        self._unit = unit

    def serve(self, peer: socket.socket) -> None:
        self._loop.call_soon_threadsafe(self._plugged, peer)
        try:
            while data := peer.recv(4096):
                self._loop.call_soon_threadsafe(self._line.typed, data)
        finally:
            self._loop.call_soon_threadsafe(self._line.listen, None)

    @property
    def _line(self) -> SerialLine:
        assert self._unit.board.line
        return self._unit.board.line

    def _plugged(self, peer: socket.socket) -> None:
        self._line.listen(partial(_heard, peer))
        if self._unit.process is None:
            self._unit.power_on()


def _heard(peer: socket.socket, data: bytes) -> None:
    with suppress(OSError):  # it has just gone
        peer.sendall(data)


async def serve(scenario: Scenario, folder: Path, tell: Callable[[str], None], stop: asyncio.Event) -> None:
    """Until `stop` is set."""
    loop = virtual_loop()
    air = Air()
    chip = Mpu6050(lambda: round(loop.time() * 1e6), scenario.feed)
    unit = VirtualUnit(air, [chip], folder / "unit", secrets.token_bytes(6), paired=False, line=True)
    unit.on_write = Attentive().wears(chip, scenario)
    await share_host_keys(air.host_keys, folder)
    holding = loop.create_task(hold_the_button(unit))
    loader = romloader.RomLoader(program=Cable(loop, unit).serve)
    (folder / IMAGE).write_bytes(romloader.image())
    server, radio = await hci.serve(air)
    tell(
        "an empty board hangs on a virtual cable until Ctrl-C; in another terminal:\n"
        f"  export KNEESENSE_RADIO={radio}\n"
        f"  export KNEESENSE_HOME={shlex.quote(str(folder.absolute()))}\n"
        f'  kneesense flash --image "$KNEESENSE_HOME/{IMAGE}" --port {loader.port}\n'
        f"  kneesense pair {unit.short_id} --side {scenario.calibration.side}\n"
        "  kneesense calibrate\n"
        "  kneesense run --cue cadence\n"
        "The image stands for MicroPython's; what runs is this firmware in the desktop's MicroPython."
    )
    try:
        await stop.wait()
    finally:
        holding.cancel()
        loader.close()
        server.close()
        await unit.power_off()
