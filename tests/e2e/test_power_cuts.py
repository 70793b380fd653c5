# SPDX-License-Identifier: MIT
"""The battery is pulled out in mid-run, twice; a host fetches what is left: nothing older than two seconds is missing.

The log is a small ring full of old records that a host has, so the run overwrites them; raw samples make it go round.
"""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from worlds import STANDARD, World, inside

from fakes.flash import Device as Cells
from fakes.logwriter import boot, fill
from kneecore import wire
from kneesense.frames import LogFrame
from kneesense.partitions import Partition
from kneesense.world import audit

SECTORS = 64
SMALL = (*STANDARD[:-1], Partition("log", 1, 6, STANDARD[-1].offset, SECTORS * 4096))
DURABLE_S = 2.0


def fill_log(folder: Path) -> int:
    """A host has all of it.  The number of its last record."""
    cells = Cells(SECTORS, 4096)
    log = boot(cells)
    fill(log)
    log.acknowledge(log.next_seq - 1)
    for _ in range(SECTORS):
        log.flush()
    (folder / "unit-log.bin").write_bytes(cells.nor.cells)
    return log.next_seq - 1


async def start(world: World, raw: int) -> None:
    async with world.device() as unit:
        await unit.calibrate(world.played.calibration.to_wire())
        await unit.set("raw_record", raw)
        await unit.start()


async def cut(world: World, what: str) -> float:
    """In the middle of the next such operation of the flash; seconds of the run then."""
    begun: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def tell(operation: str, ms: float) -> None:
        if operation == what and not begun.done():
            begun.set_result(ms)

    flash = world.unit.board.flash
    assert flash is not None
    flash.on_begin = tell
    if what != "nothing":
        async with asyncio.timeout(30):
            await asyncio.sleep(await begun / 2000)
    flash.on_begin = lambda operation, ms: None
    now_s = asyncio.get_running_loop().time()
    await world.unit.power_off()
    assert world.chip.start_us is not None
    return now_s - world.chip.start_us / 1e6


async def fetched(world: World) -> list[LogFrame]:
    async with world.device() as unit:
        records = [record async for record in unit.fetch(unit.info.first_seq, unit.info.next_seq - 1)]
    numbers = [record.seq for record in records]
    assert numbers == list(range(numbers[0], numbers[-1] + 1)), "each once, in order, none missing"
    return records


def values(records: list[LogFrame], name: str) -> list[dict[str, Any]]:
    return [record.values() for record in records if record.name == name]


def nothing_durable_is_missing(world: World, records: list[LogFrame], cut_s: float) -> None:
    assert world.played.model is not None
    contacts = [stride.ic_s for stride in world.played.model.strides]
    closed = [ic for ic, closing in pairwise(contacts) if closing < cut_s - DURABLE_S]
    found = [stride["ic_x16"] / 8000 for stride in values(records, "stride")]
    compared = audit.contacts(closed, [at for at in found if at < closed[-1] + audit.TOLERANCE_S])
    assert compared.truth > 3
    assert (compared.missed, compared.doubled, compared.false) == (0, 0, 0)
    end = 0
    for raw in values(records, "raw"):
        assert raw["sample"] == end
        end += len(raw["counts"]) // 12
    assert not end or end / 500 > cut_s - DURABLE_S


@pytest.mark.parametrize(
    ("after_s", "first", "second"),
    [
        (14.3, "program", "program"),
        (17.0, "erase", "erase"),
        (21.7, "nothing", "erase"),
        (15.21, "program", "nothing"),
    ],
)
def test_two_cuts_lose_nothing_older_than_two_seconds(
    tmp_path: Path, after_s: float, first: str, second: str
) -> None:
    old = fill_log(tmp_path)

    async def act(world: World) -> None:
        await start(world, raw=1)
        await asyncio.sleep(after_s)
        cut_s = await cut(world, first)
        assert world.chip.overflowed == 0, "erasing in the run has cost no sample"
        world.unit.power_on()
        await cut(world, second)
        world.unit.power_on()
        await asyncio.sleep(3)
        records = await fetched(world)
        new = [record for record in records if record.seq > old]
        assert new[0].name in ("anchor", "boot", "notice", "verdict", "start"), (
            "the run begins where the old ends"
        )
        nothing_durable_is_missing(world, new, cut_s)
        assert "log_damaged" not in {wire.NOTICES[n["notice"]] for n in values(records, "notice")}
        audited = [record.frame for record in world.logged() if old < record.seq <= records[-1].seq]
        assert audited == [record.frame for record in new]

    inside(tmp_path, act, table=SMALL)


@pytest.mark.parametrize("after_s", [12.4, 15.9])
def test_a_stride_is_durable_two_seconds_after_its_closing_contact(tmp_path: Path, after_s: float) -> None:
    async def act(world: World) -> None:
        await start(world, raw=0)
        await asyncio.sleep(after_s)
        cut_s = await cut(world, "nothing")
        nothing_durable_is_missing(world, world.logged(), cut_s)

    inside(tmp_path, act)


def test_an_erase_as_slow_as_the_data_sheet_allows_costs_samples_that_are_told(tmp_path: Path) -> None:
    fill_log(tmp_path)

    async def act(world: World) -> None:
        assert world.unit.board.flash is not None
        world.unit.board.flash.erase_ms = 400.0
        before = world.chip.produced
        await start(world, raw=1)
        await asyncio.sleep(12)
        async with world.device() as unit:
            await unit.stop()
            assert (await unit.status()).flash_worst_ms == 400
        taken = world.chip.produced - before
        (stop,), gaps = world.of("stop"), world.of("gap")
        assert len(gaps) > 5
        assert abs(stop["samples"] - taken) <= 2 * len(gaps) + 24, "the gaps are as long as what is missing"

    inside(tmp_path, act, table=SMALL)


def test_without_a_partition_for_the_log_the_unit_coaches_over_the_air(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        async with world.device() as unit:
            heard: list[LogFrame] = []
            await unit.calibrate(world.played.calibration.to_wire())
            for name, value in {"cue_rule": 1, "baseline_strides": 10}.items():
                await unit.set(name, value)
            assert "log" in (await unit.status()).troubles
            await unit.start()

            async def listen() -> None:
                async for record in unit.events():
                    heard.append(record)

            listening = asyncio.create_task(listen())
            await asyncio.sleep(40)
            await unit.stop()
            await asyncio.sleep(1)
            listening.cancel()
        names = [record.name for record in heard]
        assert names.count("stride") > 20
        assert "stop" in names
        assert world.unit.board.motor.pulses or "cue" not in names
        assert not world.unit.log_image.exists()

    out = inside(tmp_path, act, table=STANDARD[:-1])
    assert "no partition 'log'" in out
