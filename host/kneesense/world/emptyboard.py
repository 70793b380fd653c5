# SPDX-License-Identifier: MIT
"""A board from the shop on a virtual cable, worn by a runner who does what is asked: `demo --unit-only --empty-board`.

Its port is a socket: the chip's ROM loader for esptool until an image is on it, then MicroPython's prompt on the
virtual unit's hardware.  The image is one that stands for MicroPython's, whose interpreter is the desktop's.  The
runner stands until standing is accepted, walks until walking is, and runs with every run.
"""

from __future__ import annotations

import asyncio
import secrets
import shlex
import socket
from collections.abc import Callable
from pathlib import Path

from kneecore import wire

from ..frames import LogFrame, parse
from ..simulator import Phase, RunnerModel
from . import hci, romloader
from .air import Air
from .bonding import share_host_keys
from .chips.mpu6050 import Mpu6050
from .clock import VirtualLoop, virtual_loop
from .scenario import Scenario, worn
from .serialline import SerialLine
from .unit import VirtualUnit

IMAGE = "stand-in-for-ESP32_GENERIC.bin"
_LOOK_S = 0.3
_HOURS_S = 6 * 3600.0


class Cable:
    """Joins a connection at the loader's socket, which has a thread of its own, to the unit's line."""

    def __init__(self, loop: VirtualLoop, unit: VirtualUnit) -> None:
        self._loop = loop
        self._unit = unit

    def serve(self, peer: socket.socket) -> None:
        self._loop.call_soon_threadsafe(self._plugged, peer)
        while data := peer.recv(4096):
            self._loop.call_soon_threadsafe(self._line.typed, data)
        self._loop.call_soon_threadsafe(self._line.listen, None)

    @property
    def _line(self) -> SerialLine:
        assert self._unit.board.line
        return self._unit.board.line

    def _plugged(self, peer: socket.socket) -> None:
        self._line.listen(peer.sendall)
        if self._unit.process is None:
            self._unit.power_on()


class Runner:
    """Feels like the scenario's, but stands and walks for as long as the unit wants it."""

    def __init__(self, unit: VirtualUnit, chip: Mpu6050, scenario: Scenario, seed: int) -> None:
        side = scenario.calibration.side
        still, walk = [Phase("still", _HOURS_S)], [Phase("still", 1.0), Phase("walk", _HOURS_S, 112.0)]
        self._feeds = {
            "stand": worn(RunnerModel(still, side, seed), seed),
            "walk": worn(RunnerModel(walk, side, seed), seed),
            "run": scenario.feed,
        }
        self._unit = unit
        self._chip = chip
        self._does = ""

    async def live(self) -> None:
        seen = 0
        wanted = "stand"
        while True:
            frames = self._unit.log_frames()
            for frame in frames[seen:]:
                wanted = _next(parse(frame), wanted)
            seen = len(frames)
            if wanted != self._does:
                self._does = wanted
                self._chip.wear(self._feeds[wanted], at_once=True)
            await asyncio.sleep(_LOOK_S)


def _next(record: LogFrame | None, does: str) -> str:
    """What the runner does after that record."""
    if record is None:
        return does
    if record.code == wire.START.code:
        return "run"
    if record.code == wire.STOP.code:
        return "stand"
    if record.code == wire.VERDICT.code:
        values = record.values()
        accepted, stage = not values["refused"], wire.STAGES[values["stage"]]
        return "walk" if (stage == "still") == accepted and stage != "rezero" else "stand"
    return does


async def serve(
    scenario: Scenario, folder: Path, seed: int, tell: Callable[[str], None], stop: asyncio.Event
) -> None:
    """Until `stop` is set."""
    loop = virtual_loop()
    air = Air()
    chip = Mpu6050(lambda: round(loop.time() * 1e6), scenario.feed)
    unit = VirtualUnit(air, [chip], folder / "unit", secrets.token_bytes(6), paired=False, line=True)
    await share_host_keys(air.host_keys, folder)
    loader = romloader.RomLoader(program=Cable(loop, unit).serve)
    (folder / IMAGE).write_bytes(romloader.image())
    server, radio = await hci.serve(air)
    living = asyncio.create_task(Runner(unit, chip, scenario, seed).live())
    tell(
        "an empty board hangs on a virtual cable until Ctrl-C; in another terminal:\n"
        f"  export KNEESENSE_RADIO={radio}\n"
        f"  export KNEESENSE_HOME={shlex.quote(str(folder.absolute()))}\n"
        f'  kneesense flash --image "$KNEESENSE_HOME/{IMAGE}" --port {loader.port}\n'
        f"  kneesense pair {unit.short_id} --side {scenario.calibration.side}\n"
        "  kneesense calibrate\n"
        "  kneesense run\n"
        "The image stands for MicroPython's; what runs is this firmware in the desktop's MicroPython."
    )
    try:
        await stop.wait()
    finally:
        living.cancel()
        loader.close()
        server.close()
        await unit.power_off()
