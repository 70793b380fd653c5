# SPDX-License-Identifier: MIT
"""A unit's log fetched into a file, imported and erased, over a virtual radio that loses its link."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from worlds import World, inside

from kneecore import wire
from kneesense import logfile
from kneesense.cli.delete import delete
from kneesense.cli.fetch_log import fetch_log
from kneesense.cli.import_ import import_
from kneesense.cli.output import StoreFlags
from kneesense.cli.run import run
from kneesense.errors import InputError
from kneesense.store import Store, Unit
from kneesense.world.unit import UNIT_ID

UNIT = UNIT_ID.hex()


@pytest.fixture
def flags(tmp_path: Path) -> StoreFlags:
    """Of a computer that knows the unit."""
    with Store(tmp_path / "runs.sqlite") as store:
        store.remember(Unit(UNIT, UNIT[-6:], "right", "medial", "Ann"))
    return StoreFlags(json=True, store=tmp_path / "runs.sqlite")


async def recorded(world: World) -> None:
    async with world.device() as unit:
        await unit.calibrate(world.played.calibration.to_wire())
        await unit.start()
        await asyncio.sleep(10)
        await unit.stop()


def test_a_log_is_fetched_over_lost_links_and_imported_elsewhere(tmp_path: Path, flags: StoreFlags) -> None:
    file = tmp_path / "ann.kneelog"

    async def act(world: World) -> None:
        await recorded(world)
        fetching = asyncio.create_task(fetch_log(out=file, flags=flags))
        part = file.with_name(file.name + ".part")
        while not part.exists():
            await asyncio.sleep(0.02)
        world.air.drop()
        await fetching
        assert not part.exists()
        frames = world.unit.log_frames()
        log = logfile.read(file, file.read_bytes())
        assert [record.frame for record in log.records] == frames[: len(log.records)]
        assert len(frames) - len(log.records) <= 2, "but for what was logged meanwhile"
        import_(file, flags=StoreFlags(store=tmp_path / "other.sqlite"))
        with Store(tmp_path / "other.sqlite") as store:
            assert [record.frame for record in store.records(UNIT)] == frames[: len(log.records)]
            (found,) = store.runs()
            assert found.runner == "Ann"
            assert store.tie(UNIT, found.boot) is not None, "a host has told the time"

    inside(tmp_path, act)


def test_the_flash_of_a_unit_that_does_not_start_is_imported(tmp_path: Path, flags: StoreFlags) -> None:
    async def act(world: World) -> None:
        await recorded(world)
        await asyncio.sleep(2)
        await world.unit.power_off()
        frames = world.unit.log_frames()
        import_(world.unit.log_image, unit=UNIT, flags=flags)
        with Store(tmp_path / "runs.sqlite") as store:
            assert [record.frame for record in store.records(UNIT)] == frames
            (found,) = store.runs()
            assert (found.runner, store.run_records(found)[-1].code) == ("Ann", wire.STOP.code)

    inside(tmp_path, act)


def test_a_unit_s_log_is_erased_once_it_is_here_and_a_deleted_run_stays_away(
    tmp_path: Path, flags: StoreFlags
) -> None:
    async def act(world: World) -> None:
        await recorded(world)
        short_id = world.unit.short_id
        with pytest.raises(InputError, match="not on this computer"):
            await delete(unit=short_id, yes=True, flags=flags)
        assert await run(attach=True, flags=flags) == 0
        await delete("last", yes=True, flags=flags)
        assert await run(attach=True, flags=flags) == 0
        with Store(tmp_path / "runs.sqlite") as store:
            assert store.runs() == [], "the unit's log still has it"
        assert world.of("start")
        await delete(unit=short_id, yes=True, flags=flags)
        left = [record.name for record in world.logged()]
        assert "start" not in left
        assert set(left) <= {"anchor", "battery"}
        await recorded(world)
        assert await run(attach=True, flags=flags) == 0
        with Store(tmp_path / "runs.sqlite") as store:
            (found,) = store.runs()
            assert store.run_records(found)[-1].code == wire.STOP.code
            assert found.id == 2

    inside(tmp_path, act)
