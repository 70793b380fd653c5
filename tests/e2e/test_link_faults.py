# SPDX-License-Identifier: MIT
"""Faults of the link against the unmodified firmware and host: back pressure, stale handles, small MTU."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path
from typing import Any

import pytest
from bleak import BleakClient
from worlds import World, inside

from kneecore import gatt, programme, wire
from kneesense import ble
from kneesense.device import Device
from kneesense.frames import LogFrame
from kneesense.world import central


async def a_run(world: World, unit: Device, seconds: float) -> None:
    await unit.calibrate(world.played.calibration.to_wire())
    await unit.start()
    await asyncio.sleep(seconds)
    await unit.stop()


async def fetched(unit: Device, first: int = 1, last: int = 1 << 31) -> list[LogFrame]:
    return [record async for record in unit.fetch(first, last)]


def test_back_pressure_loses_and_changes_nothing(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        async with world.device() as unit:
            world.unit.radio.notify_errors = [0] * 6 + [errno.ENOMEM] * 40 + [0] + [errno.ENOMEM] * 200
            await a_run(world, unit, 30)
            assert world.unit.radio.notify_errors == []
            live = unit.arrived.drain()
            assert {record.frame for record in live} <= {record.frame for record in world.logged()}
            assert len(live) == len({record.key for record in live})
            assert await fetched(unit) == world.logged()

    assert "Traceback" not in inside(tmp_path, act)


@pytest.mark.parametrize("code", [-128, errno.ENOTCONN])
def test_a_stale_handle_ends_in_advertising_and_a_whole_log(tmp_path: Path, code: int) -> None:
    async def act(world: World) -> None:
        async with world.device() as unit:
            await unit.calibrate(world.played.calibration.to_wire())
            await unit.start()
            await asyncio.sleep(10)
            world.unit.radio.notify_errors = [code]
            await asyncio.sleep(10)
        async with world.device() as unit:
            assert unit.info.running
            await unit.stop()
            assert await fetched(unit) == world.logged()

    assert "failed" not in inside(tmp_path, act)


@pytest.mark.parametrize("mtu", [23, 24, 185, 247, 517])
def test_records_are_the_same_at_every_mtu(tmp_path: Path, mtu: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(central, "MTU", mtu)

    async def act(world: World) -> None:
        async with world.device() as unit:
            await a_run(world, unit, 15)
            assert await fetched(unit) == world.logged()
            assert len(world.logged()) > 10

    inside(tmp_path, act)


def test_five_quick_writes_get_five_answers(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        async with world.device() as unit:
            longest = [(1 + number % 30, 60, 10 * number) for number in range(programme.LONGEST)]
            answers = await asyncio.gather(
                unit.get("cue_m"),
                unit.get("cue_n"),
                unit.prescribe(1, 1, longest),
                unit.time(),
                unit.set("cue_m", 2),
            )
            assert answers[:2] == [3, 5]
            assert await unit.get("cue_m") == 2
            assert [tuple(session) for session in (await unit.read_plan()).sessions] == longest

    inside(tmp_path, act)


def test_a_unit_is_found_again_after_every_way_a_link_can_end(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        for end in ("disconnect", "range", "crash"):
            seen = await ble.find(world.unit.short_id)
            client = BleakClient(seen.device)
            await client.connect()
            if end == "disconnect":
                await client.disconnect()
            elif end == "range":
                await world.air.leave_range(2)
            else:
                world.air.drop()
        assert await ble.find(world.unit.short_id)

    inside(tmp_path, act)


@pytest.mark.parametrize("owner", [True, False], ids=["owner", "stranger"])
def test_a_link_whose_end_is_never_told_is_noticed_within_seconds_though_nothing_is_sent(
    tmp_path: Path, owner: bool
) -> None:
    async def act(world: World) -> None:
        await asyncio.sleep(
            85
        )  # the window for pairing is shut, and the battery is not told again for a while
        await BleakClient((await ble.find(world.unit.short_id)).device).connect()
        await asyncio.sleep(1)
        world.unit.radio.disconnects_lost = True
        world.unit.radio.advertise_errors = [errno.EINVAL]
        world.air.drop()
        await asyncio.sleep(10)
        assert await ble.find(world.unit.short_id)

    assert "advertise:" in inside(tmp_path, act, paired=owner)


def test_garbage_written_to_control_is_survived(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        seen = await ble.find(world.unit.short_id)
        async with BleakClient(seen.device) as client:
            for junk in (
                b"",
                b"\xff" * 200,
                bytes(range(256)),
                wire.frame(wire.MARK, _zeros(wire.MARK))[:-1],
            ):
                await client.write_gatt_char(gatt.CONTROL, junk or b"\x00", response=True)
        async with world.device() as unit:
            assert await unit.get("cue_n") == 5

    assert "Traceback" not in inside(tmp_path, act)


def _zeros(record: Any) -> dict[str, int]:
    return dict.fromkeys(record.names, 0)


def test_settings_and_numbering_outlive_a_power_cut(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        async with world.device() as unit:
            await unit.set("cue_m", 4)
            await a_run(world, unit, 10)
            before = (await unit.hello()).next_seq
            await asyncio.sleep(2)
        await world.unit.power_off()
        world.unit.power_on()
        async with world.device() as unit:
            assert await unit.get("cue_m") == 4
            assert unit.info.boot == 2
            assert unit.info.next_seq == before + 1  # the record of the boot
            assert not unit.info.running
            assert [record.seq for record in await fetched(unit)] == list(range(1, before + 1))

    inside(tmp_path, act)


@pytest.mark.parametrize(
    ("rate_error", "told", "running"), [(0.02, False, True), (0.045, True, True), (0.12, True, False)]
)
def test_a_chip_that_runs_at_another_rate_is_told_and_a_wrong_one_stopped(
    tmp_path: Path, rate_error: float, told: bool, running: bool
) -> None:
    async def act(world: World) -> None:
        world.chip.rate_error = rate_error
        async with world.device() as unit:
            await unit.calibrate(world.played.calibration.to_wire())
            await unit.start()
            await asyncio.sleep(15)
            assert (await unit.hello()).running == running
            notices = [record.values() for record in world.logged() if record.code == wire.NOTICE.code]
            assert [wire.NOTICES[notice["notice"]] for notice in notices] == ["rate_off"] * told
            if told:
                assert notices[0]["a"] == pytest.approx(500_000 * (1 + rate_error), rel=0.002)

    inside(tmp_path, act)
