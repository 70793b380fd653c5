# SPDX-License-Identifier: MIT
"""Time from end to end: a unit whose quartz is off, a computer whose clock is set, a run that nobody saw."""

from __future__ import annotations

import asyncio
from pathlib import Path

from worlds import World, inside

from kneesense.store import Store
from kneesense.stored import StoredRun
from kneesense.sync import LogSync
from kneesense.tie import Tie
from kneesense.world.clock import virtual_loop

S = 1_000_000
PPM = 150


class Watched:
    """A world whose unit boots with a quartz that is too fast, and what is known of it from outside."""

    def __init__(self, world: World, store: Store) -> None:
        self.world, self.store = world, store
        self.device = world.unit.board.unit_id.hex()
        self.loop = virtual_loop()
        self.booted_s = 0.0

    async def reboot(self) -> None:
        await self.world.unit.power_off()
        await asyncio.sleep(60)
        self.world.unit.ticks_ppm = PPM
        self.booted_s = self.loop.time()
        self.world.unit.power_on()

    async def connect(self) -> Tie:
        """As any program of the host: tell the time, fetch all there is; gives the tie of this boot."""
        async with self.world.device() as unit:
            await LogSync(self.device, self.store, lambda update: None).meet(unit)
        tie = self.store.tie(self.device, unit.info.boot)
        assert tie is not None
        return tie

    def utc_us(self, t_us: int) -> int:
        """What the computer's clock shows, as it goes now, at that device time of this boot."""
        passed_us = t_us / (1 + PPM / 1e6)
        moment = self.loop.moment()
        return round(moment.utc_us - moment.monotonic_us + self.booted_s * S + passed_us)


async def prepare(world: World) -> None:
    async with world.device() as unit:
        await unit.calibrate(world.played.calibration.to_wire())
        for name, value in {"cue_rule": 0, "auto_start_strides": 10, "auto_stop_s": 30}.items():
            await unit.set(name, value)


def test_drift_is_found_between_connections_and_a_clock_that_is_set_bends_nothing(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        with Store(tmp_path / "runs.sqlite") as store:
            watched = Watched(world, store)
            await watched.reboot()
            await watched.connect()
            await asyncio.sleep(400)
            before = await watched.connect()
            assert abs(before.drift_ppm + PPM) <= before.drift_error_ppm < 100
            for t_us in (0, 200 * S, 400 * S, 1000 * S):
                assert abs(before.utc_us(t_us) - watched.utc_us(t_us)) <= before.error_us(t_us)
            watched.loop.set_wall(-3600 * S)
            await watched.connect()
            await asyncio.sleep(100)
            after = await watched.connect()
            assert [round(jump.by_us / S) for jump in after.jumps] == [-3600]
            for t_us in (0, 600 * S):
                assert abs(after.utc_us(t_us) - watched.utc_us(t_us)) <= after.error_us(t_us)
            with Store(tmp_path / "elsewhere.sqlite") as elsewhere:
                elsewhere.add(watched.device, world.logged())
                alone = elsewhere.tie(watched.device, 1)
                assert alone is not None
                assert [round(jump.by_us / S) for jump in alone.jumps] == [-3600]
                assert abs(alone.utc_us(0) - watched.utc_us(0)) <= alone.error_us(0) < 100_000
            times = [record.t_us for record in world.logged()]
            assert times == sorted(set(times)), "over the wrap of the ticks"

    inside(tmp_path, act)


def test_a_run_that_nobody_saw_before_a_power_loss_has_bounds_and_its_measured_rate(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        with Store(tmp_path / "runs.sqlite") as store:
            watched = Watched(world, store)
            await prepare(world)
            await watched.connect()
            await watched.reboot()
            world.chip.rate_error = 0.02
            world.run_for(60)
            (start,) = await world.logs("start")
            (paced,) = await world.logs("pace", within_s=40)
            true_us = watched.utc_us(start["t_us"])
            await watched.reboot()
            await watched.connect()
            (run,) = store.runs()
            shown = StoredRun(store, run)
            assert (shown.ended, shown.start["start_utc"]) == (False, None)
            low, high = shown.date.bounds_us
            assert low is not None
            assert high is not None
            assert low <= true_us <= high
            assert high - low < 130 * S, "a minute without power at either end"
            assert shown.start["rate_measured_hz"] == paced["rate_mhz"] / 1000

    inside(tmp_path, act)
