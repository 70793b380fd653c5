# SPDX-License-Identifier: MIT
"""A virtual world of one runner with a unit on each leg."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from kneesense import ble
from kneesense.device import Device
from kneesense.frames import LogFrame, parse
from kneesense.simulator import Phase, Runner, RunnerModel, Variation
from kneesense.store import Store, Unit
from kneesense.world import central, clock, scenario
from kneesense.world.air import Air
from kneesense.world.chips.mpu6050 import Mpu6050
from kneesense.world.feed import ModelFeed, Shared
from kneesense.world.unit import VirtualUnit

SPEED = 1000.0
IDS = {"left": bytes.fromhex("240ac40000a1"), "right": bytes.fromhex("240ac40000b2")}
SPM = 170.0


class Leg:
    """One unit, its chip and the calibration of how it sits there."""

    def __init__(self, air: Air, folder: Path, side: str, rate_error: float = 0.0) -> None:
        loop = asyncio.get_running_loop()
        played = scenario.runner(60, side, 1)
        self.side = side
        self.calibration = played.calibration
        self.chip = Mpu6050(lambda: round(loop.time() * 1e6), played.feed, rate_error=rate_error)
        self.unit = VirtualUnit(air, [self.chip], folder / side, IDS[side])

    @property
    def id(self) -> str:
        return self.unit.board.unit_id.hex()

    def device(self) -> Device:
        return Device(ble.BleLink(self.unit.short_id))

    def logged(self) -> list[LogFrame]:
        return [record for frame in self.unit.log_frames() if (record := parse(frame)) is not None]

    def remember(self, store: Store, runner: str = "Ann", side: str | None = None) -> None:
        store.remember(Unit(self.id, self.unit.short_id, side or self.side, self.calibration.face, runner))


class Legs:
    """Both units are on; the runner stands until `run_for`."""

    def __init__(self, folder: Path, runner: Runner | None = None) -> None:
        self.folder = folder
        self.runner = runner or Runner()
        self.air = Air()
        central.install(self.air)
        self.left = Leg(self.air, folder, "left", rate_error=0.011)
        self.right = Leg(self.air, folder, "right", rate_error=-0.007)
        self.both = (self.left, self.right)
        self.store = Store(folder / "runs.sqlite")
        for leg in self.both:
            leg.remember(self.store)
        self.models: dict[str, RunnerModel] = {}
        self.wear()

    def wear(self, lead_s: float = 1e6, run_s: float = 1.0, on: Mapping[str, str] | None = None) -> None:
        """From now on: stands, runs, stands.  `on`: the leg that each unit is really on."""
        script = [Phase("still", lead_s), Phase("run", run_s, SPM)]
        now_us = 1e6 * asyncio.get_running_loop().time()
        for leg in self.both:
            side = on[leg.side] if on else leg.side
            model = RunnerModel(script, side, 1, Variation(stride=0.01), self.runner, second=side == "right")
            self.models[leg.side] = model
            feed = ModelFeed(model, scenario.CHIP, scenario.mounting())
            leg.chip.wear(Shared(feed, leg.chip, lambda: now_us))

    def run_for(self, seconds: float) -> None:
        self.wear(2.0, seconds)


def inside(folder: Path, act: Callable[[Legs], Awaitable[Any]], runner: Runner | None = None) -> None:
    """Run `act` in a world with both units switched on; neither firmware may fail."""

    async def main() -> None:
        legs = Legs(folder, runner)
        for leg in legs.both:
            leg.unit.power_on()
        try:
            async with asyncio.timeout(1200):
                for leg in legs.both:
                    async with leg.device() as device:
                        await device.set("auto_start_strides", 0)
                        await device.calibrate(leg.calibration.to_wire())
                await act(legs)
        finally:
            for leg in legs.both:
                await leg.unit.power_off()
            legs.store.close()
        for leg in legs.both:
            assert "Traceback" not in leg.unit.console.read_text()

    clock.run(main, SPEED)
