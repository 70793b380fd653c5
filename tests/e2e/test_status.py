# SPDX-License-Identifier: MIT
"""What a real unit says of itself, and its log erased, over the virtual radio."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path

import pytest
from worlds import World, inside

from kneesense.cli.output import StoreFlags
from kneesense.cli.status import status
from kneesense.errors import CommandRefused
from kneesense.store import Store, Unit
from kneesense.world.chips.mpu6050 import Faults
from kneesense.world.unit import UNIT_ID


def test_a_unit_tells_how_it_is(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        async with world.device() as unit:
            health = await unit.status()
        assert health.troubles == ()
        assert health.temperature_c is not None
        assert 0 < health.used_bytes + health.ready_bytes <= health.capacity_bytes
        assert health.heap_free_bytes > 10_000
        assert health.t_us > 0

    inside(tmp_path, act)


def test_a_unit_without_its_sensor_says_so(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await world.unit.power_off()
        world.chip.faults = Faults(bus=lambda transfer: errno.ENODEV)
        world.unit.power_on()
        async with world.device() as unit:
            health = await unit.status()
        assert health.troubles == ("sensor",)
        assert health.temperature_c is None

    inside(tmp_path, act)


def test_a_log_is_erased_but_not_in_a_run_and_numbers_go_on(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        async with world.device() as unit:
            await unit.calibrate(world.played.calibration.to_wire())
            await unit.start()
            await asyncio.sleep(20)
            with pytest.raises(CommandRefused, match="bad_state"):
                await unit.erase(1)
            last = await unit.stop()
            first = 0
            while first <= last:
                first = await unit.erase(last)
            assert world.logged() == []
            await unit.mark("note")
            await asyncio.sleep(2)
        assert [record.seq for record in world.logged()] == [last + 1]

    inside(tmp_path, act)


def test_the_command_tells_it_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def act(world: World) -> None:
        flags = StoreFlags(store=tmp_path / "runs.sqlite")
        with Store(tmp_path / "runs.sqlite") as store:
            store.remember(Unit(UNIT_ID.hex(), world.unit.short_id, "right", "medial", "Ann"))
        assert await status(flags=flags) == 0
        await world.unit.power_off()
        world.chip.faults = Faults(bus=lambda transfer: errno.ENODEV)
        world.unit.power_on()
        assert await status(world.unit.short_id, flags=flags) == 1

    inside(tmp_path, act)
    well, ill = capsys.readouterr().out.split("nothing is wrong\n")
    assert "mpu6050, 500 Hz" in well
    assert "WRONG     the motion sensor does not work" in ill
