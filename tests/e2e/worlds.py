# SPDX-License-Identifier: MIT
"""A whole virtual world for one test."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from kneesense import ble
from kneesense.device import Device
from kneesense.frames import LogFrame, parse
from kneesense.world import central, clock, scenario
from kneesense.world.air import Air
from kneesense.world.chips.mpu6050 import Mpu6050
from kneesense.world.unit import VirtualUnit

SPEED = 1000.0


class World:
    """A unit that feels a runner who starts at once."""

    def __init__(self, folder: Path) -> None:
        self.played = scenario.runner(60, "right", 1)
        self.air = Air()
        central.install(self.air)
        loop = asyncio.get_running_loop()
        self.chip = Mpu6050(lambda: round(loop.time() * 1e6), self.played.feed)
        self.unit = VirtualUnit(self.air, [self.chip], folder / "unit")

    def device(self) -> Device:
        return Device(ble.BleLink(self.unit.short_id))

    def logged(self) -> list[LogFrame]:
        return [record for frame in self.unit.log_frames() if (record := parse(frame)) is not None]


def inside(folder: Path, act: Callable[[World], Awaitable[None]]) -> str:
    """Run `act` in a world with the unit switched on; returns what the unit printed."""

    async def main() -> str:
        world = World(folder)
        world.unit.power_on()
        try:
            async with asyncio.timeout(600):
                await act(world)
        finally:
            await world.unit.power_off()
        return world.unit.console.read_text()

    return clock.run(main, SPEED)
