# SPDX-License-Identifier: MIT
"""Ten minutes of running on each sensor chip while memory is collected, the flash erased and a host downloads.

    python -m checks.stalls [--seconds 600]        (`make stalls`: some minutes on two cores)

The program stands still as it does on the chip: 2 to 10 ms for a collection, every second or two, and now and then as
long as a sector erase takes, 45 to 400 ms.  In `within` no stall is longer than the chip's FIFO promises to hold: not a
sample may be missing.  In `beyond` they reach 400 ms on every chip, and what its FIFO cannot hold must be told: the
samples of the gaps logged are those that the simulated chip has thrown away.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any

from checks import own_home, table
from kneecore import chips, wire
from kneesense import ble
from kneesense.device import Device
from kneesense.frames import parse
from kneesense.simulator import Phase, RunnerModel, Variation
from kneesense.world import central, clock, scenario
from kneesense.world.air import Air
from kneesense.world.chips import icm42688p, lsm6dso, mpu6050, mpu6500
from kneesense.world.feed import ModelFeed
from kneesense.world.unit import VirtualUnit

MODELS: dict[str, Callable[..., Any]] = {
    "mpu6050": mpu6050.Mpu6050,
    "mpu6500": mpu6500.Mpu6500,
    "lsm6dso32": lsm6dso.Lsm6dso32,
    "icm42688p": icm42688p.Icm42688p,
}
PROMISED_MS = {
    "mpu6050": 141,
    "mpu6500": 139,
    "lsm6dso32": 562,
    "icm42688p": 219,
}  # as docs/adding-an-imu.md has it
ERASE_S = 0.4  # the longest, by the flash's data sheet
COLLECT_MS = (2, 10)  # with 11 to 71 KB live
_FAST = 0.05  # of the sample rate: the worst a part is specified to
_EDGES = 24  # samples: what begin and end of the run leave in the FIFO
_DOWNLOAD_EVERY_S = 5.0


@dataclass
class Result:
    chip: str
    load: str
    promised_ms: int
    """What the driver promises to survive."""
    longest_ms: float
    stalls: int
    taken: int
    """Samples the chip took in the run."""
    lost: int
    """Those of them that the program never had."""
    told: int
    """Samples of the gaps in the log."""
    gaps: int
    strides: int
    true_strides: int

    @property
    def ok(self) -> bool:
        if self.longest_ms <= self.promised_ms:
            return self.told == self.gaps == 0 and abs(self.lost) <= _EDGES
        return self.gaps > 0 and abs(self.told - self.lost) <= 2 * self.gaps + _EDGES


async def _stalls(unit: VirtualUnit, longest_s: float, random: Random, done: list[float]) -> None:
    """Collections all the time, an erase every 10 s or so."""
    next_erase_s = 5.0
    while unit.process:
        wait_s = random.uniform(0.7, 1.5)
        await asyncio.sleep(wait_s)
        next_erase_s -= wait_s
        seconds = random.uniform(*COLLECT_MS) / 1e3
        if next_erase_s < 0:
            next_erase_s = random.uniform(5, 15)
            seconds = random.uniform(min(0.045, longest_s), longest_s)
        done.append(seconds)
        unit.process.stall(seconds)


async def _download(device: Device) -> None:
    """The whole log again and again, beside the live events."""
    while True:
        info = await device.hello()
        async for _ in device.fetch(info.first_seq, info.next_seq - 1):
            pass
        await asyncio.sleep(_DOWNLOAD_EVERY_S)


def measure(name: str, load: str, seconds: float, folder: Path) -> Result:
    folder.mkdir(parents=True, exist_ok=True)
    chip = chips.find(name)
    model = RunnerModel([Phase("still", 2), Phase("run", seconds, 168)], "right", 1, Variation(stride=0.01))

    async def main() -> Result:
        loop = asyncio.get_running_loop()
        air = Air()
        central.install(air)
        feed = ModelFeed(model, chip, scenario.mounting())
        part = MODELS[name](
            lambda: round(loop.time() * 1e6), feed, rate_error=_FAST if load == "within" else 0.0
        )
        unit = VirtualUnit(air, [part], folder / "unit")
        unit.power_on()
        random, done = Random(f"{name} {load}"), []
        try:
            async with asyncio.timeout(seconds + 60), Device(ble.BleLink(unit.short_id)) as device:
                await device.set("cue_rule", 0)
                await device.calibrate(
                    scenario.runner(60, "right", 1).calibration.to_wire() | {"chip": wire.CHIPS.index(name)}
                )
                promised_ms = PROMISED_MS[name]
                await device.start()
                before = part.produced
                longest_s = min(ERASE_S, promised_ms / 1e3) if load == "within" else ERASE_S
                work = [
                    asyncio.create_task(_stalls(unit, longest_s, random, done)),
                    asyncio.create_task(_download(device)),
                ]
                await asyncio.sleep(seconds)
                for task in work:
                    task.cancel()
                await asyncio.sleep(1)
                await device.stop()
                taken = part.produced - before
        finally:
            await unit.power_off()
        logged = [record for frame in unit.log_frames() if (record := parse(frame))]
        (stop,) = (record.values() for record in logged if record.name == "stop")
        gaps = [record.values() for record in logged if record.name == "gap"]
        told = sum(gap["samples"] for gap in gaps)
        return Result(
            chip=name,
            load=load,
            promised_ms=promised_ms,
            longest_ms=round(1e3 * max(done), 1),
            stalls=len(done),
            taken=taken,
            lost=taken - (stop["samples"] - told),
            told=told,
            gaps=len(gaps),
            strides=sum(record.name == "stride" for record in logged),
            true_strides=sum(stride.ic_s * part.rate_hz < stop["samples"] for stride in model.strides),
        )

    return clock.run(main, 1000)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    jobs = [(name, load) for name in MODELS for load in ("within", "beyond")]
    with (
        tempfile.TemporaryDirectory() as base,
        ProcessPoolExecutor(2, get_context("spawn"), own_home) as pool,
    ):
        work = [
            pool.submit(measure, name, load, asked.seconds, Path(base) / f"{name}-{load}")
            for name, load in jobs
        ]
        results = [job.result() for job in work]
    if asked.json:
        for result in results:
            print(json.dumps(asdict(result) | {"ok": result.ok}))
    else:
        print(table(results))
    return 0 if all(result.ok for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
