# SPDX-License-Identifier: MIT
"""Whatever breaks: motor off, log readable, link alive, and the host says in plain words what happened."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from worlds import World, inside

from kneecore import wire
from kneesense.frames import LogFrame
from kneesense.records import RunRecords

CRASH = """

import asyncio as _asyncio
import os as _os

_whole = Runs.run


class Crash(BaseException):
    pass


async def _crashing(self):
    task = _asyncio.create_task(_whole(self))
    while "crash" not in _os.listdir():
        await _asyncio.sleep_ms(20)
    _os.remove("crash")
    raise Crash("nobody catches this")


Runs.run = _crashing
"""
KEPT = ("boot", "imu", "settings", "calibration", "session", "coaching", "bonds")  # small files of the unit


def told(records: list[LogFrame]) -> list[str]:
    """What the host says of a log's warnings and boots, in its own words."""
    view = RunRecords()
    said = [view.feed(record.name, record.values()) for record in records]
    return [line["message"] for line in said if line and line["type"] in ("warning", "boot")]


async def fetched(world: World) -> list[LogFrame]:
    async with world.device() as unit:
        records = [record async for record in unit.fetch(1, unit.info.next_seq - 1)]
        assert [record.seq for record in records] == list(range(1, unit.info.next_seq))
        assert await unit.buzz(50), "the link lives"
    return records


async def broken_in_mid_buzz(world: World, what: Callable[[], None]) -> None:
    """A run of some strides, a buzz, and then that."""
    async with world.device() as unit:
        await unit.calibrate(world.played.calibration.to_wire())
        await unit.start()
        await world.logs("stride", 5)
        await unit.buzz(400)
        what()
        await asyncio.sleep(1)


def motor_off_within(world: World, ms: float) -> None:
    (pulse,) = world.unit.board.motor.pulses[-1:]
    assert pulse.ms <= ms


def test_a_crash_of_the_whole_program(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await world.unit.power_off()
        with (world.unit.flash / "tasks" / "runs.py").open("a") as file:
            file.write(CRASH)
        world.unit.power_on()
        await broken_in_mid_buzz(world, (world.unit.flash / "crash").touch)
        async with asyncio.timeout(10):
            while world.unit.boots < 2 or world.unit.process is None:
                await asyncio.sleep(0.1)
        motor_off_within(world, 100)
        strides = len(world.of("stride"))
        records = await fetched(world)
        assert sum(record.name == "stride" for record in records) == strides >= 5
        (text,) = [message for message in told(records) if "restarted" in message]
        assert text.startswith(
            "the unit restarted in the run, what it had recorded is safe (cause: watchdog)"
        )

    assert "Crash" in inside(tmp_path, act)


def test_a_file_system_that_takes_nothing_more(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await world.unit.power_off()
        for name in KEPT:
            (world.unit.flash / f"{name}.json.new").mkdir()  # what is written first cannot be
        world.unit.power_on()
        await world.unit.board.button.press(0.15)
        async with world.device() as unit:
            assert unit.info.chip == "mpu6050"
            with pytest.raises(Exception, match="failed"):
                await unit.set("cue_m", 4)
            with pytest.raises(Exception, match="failed"):
                await unit.calibrate(world.played.calibration.to_wire())
        for name in KEPT:
            (world.unit.flash / f"{name}.json.new").rmdir()
        async with world.device() as unit:
            await unit.calibrate(world.played.calibration.to_wire())
            await unit.set("cue_rule", 1)
            await unit.set("baseline_strides", 5)
        for name in KEPT:
            (world.unit.flash / f"{name}.json.new").mkdir()
        async with world.device() as unit:
            await unit.start()
            await world.logs("stride", 12)
            await unit.mark("pain")
            await unit.stop()
        records = await fetched(world)
        assert sum(record.name == "stop" for record in records) == 1
        assert world.unit.boots == 2
        assert "the unit met an error" in told(records)

    inside(tmp_path, act)


def test_a_sensor_that_dies_in_a_run_and_one_that_is_dead_at_boot(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await broken_in_mid_buzz(world, lambda: setattr(world.chip.faults, "bus", lambda transfer: 110))
        await asyncio.sleep(5)
        motor_off_within(world, 401)
        records = await fetched(world)
        assert any(text.startswith("the bus to the motion sensor failed") for text in told(records))
        await world.unit.power_off()
        world.unit.power_on()
        await asyncio.sleep(2)
        async with world.device() as unit:
            assert unit.info.chip == "unknown"
            assert "sensor" in (await unit.status()).troubles
            world.chip.faults.bus = lambda transfer: 0
            await asyncio.sleep(20)
            assert world.unit.boots == 2, "not while a host is connected"
        async with asyncio.timeout(8):
            while world.unit.boots < 3:
                await asyncio.sleep(0.5)
        await asyncio.sleep(2)
        async with world.device() as unit:
            assert unit.info.chip == "mpu6050"
        notices = [wire.NOTICES[notice["notice"]] for notice in world.of("notice")]
        assert notices[-1] == "sensor_back"
        assert any(text == "the motion sensor works again" for text in told(await fetched(world)))

    inside(tmp_path, act)
