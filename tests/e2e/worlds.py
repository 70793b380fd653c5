# SPDX-License-Identifier: MIT
"""A whole virtual world for one test."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from kneesense import ble, partitions
from kneesense.device import Device
from kneesense.frames import LogFrame, parse
from kneesense.simulator import Phase, RunnerModel, Variation
from kneesense.world import central, clock, scenario
from kneesense.world.air import Air
from kneesense.world.chips.inertial import Inertial
from kneesense.world.chips.mpu6050 import Mpu6050
from kneesense.world.feed import ModelFeed
from kneesense.world.unit import VirtualUnit

SPEED = 1000.0
STANDARD = tuple(partitions.table(4))


class World:
    """A unit that feels a runner who starts when it first samples: still and walking for 5.5 s, then running."""

    def __init__(
        self,
        folder: Path,
        paired: bool = True,
        chip: type[Inertial] = Mpu6050,
        table: Sequence[partitions.Partition] = STANDARD,
    ) -> None:
        self.played = scenario.runner(60, "right", 1)
        self.air = Air()
        central.install(self.air)
        loop = asyncio.get_running_loop()
        feed = self.played.feed
        if chip is not Mpu6050:
            assert self.played.model is not None
            feed = ModelFeed(self.played.model, chip.chip, scenario.mounting())
        self.chip = chip(lambda: round(loop.time() * 1e6), feed)
        self.unit = VirtualUnit(self.air, [self.chip], folder / "unit", paired=paired, table=table)

    def device(self) -> Device:
        return Device(ble.BleLink(self.unit.short_id))

    def rest(self) -> None:
        """The runner has sat down."""
        model = RunnerModel([Phase("still", 10)], "right", 1)
        self.chip.wear(ModelFeed(model, scenario.CHIP, scenario.mounting()))

    def run_for(self, seconds: float, spm: float = 166) -> None:
        """The runner begins anew: still for 2 s, runs evenly, and stands."""
        script = [Phase("still", 2), Phase("run", seconds, spm)]
        model = RunnerModel(script, "right", 1, Variation(stride=0.006))
        self.chip.wear(ModelFeed(model, self.chip.chip, scenario.mounting()))

    def logged(self) -> list[LogFrame]:
        return [record for frame in self.unit.log_frames() if (record := parse(frame)) is not None]

    def of(self, name: str) -> list[dict[str, Any]]:
        """Values of the logged records of that name."""
        return [record.values() for record in self.logged() if record.name == name]

    async def logs(self, name: str, count: int = 1, within_s: float = 60.0) -> list[dict[str, Any]]:
        """Wait until so many records of that name are on the flash."""
        async with asyncio.timeout(within_s):
            while len(found := self.of(name)) < count:
                await asyncio.sleep(0.5)
        return found


def inside(
    folder: Path,
    act: Callable[[World], Awaitable[None]],
    paired: bool = True,
    chip: type[Inertial] = Mpu6050,
    table: Sequence[partitions.Partition] = STANDARD,
    limit_s: float = 600,
) -> str:
    """Run `act` in a world with the unit, which has this chip, switched on; returns what the unit printed."""

    async def main() -> str:
        world = World(folder, paired, chip, table)
        world.unit.power_on()
        try:
            async with asyncio.timeout(limit_s):
                await act(world)
        finally:
            await world.unit.power_off()
        return world.unit.console.read_text()

    return clock.run(main, SPEED)
