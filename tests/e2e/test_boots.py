# SPDX-License-Identifier: MIT
"""How the unit starts, and starts again: causes, failed boots, safe mode, the watchdog's bite, the serial prompt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from worlds import World, inside

from kneecore import wire
from kneesense.world import power

HANG = """

import asyncio as _asyncio
import os as _os

_whole = Journal.run


async def _hanging(self):
    task = _asyncio.create_task(_whole(self))
    while "hang" not in _os.listdir():
        await _asyncio.sleep_ms(20)
    _os.remove("hang")
    while True:
        pass


Journal.run = _hanging
"""


def append(world: World, name: str, text: str) -> None:
    """To a file on the unit's flash."""
    with (world.unit.flash / name).open("a") as file:
        file.write(text)


async def boots(world: World, count: int, within_s: float = 200) -> None:
    """Until it has booted so often, and had time to begin."""
    async with asyncio.timeout(within_s):
        while world.unit.boots < count:
            await asyncio.sleep(0.5)
    await asyncio.sleep(3)


def causes(world: World) -> list[str]:
    return [wire.RESETS[boot["cause"]] for boot in world.of("boot")]


def test_every_boot_begins_with_a_record_of_its_cause(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await asyncio.sleep(2)
        world.unit.reset(power.HARD_RESET)
        await boots(world, 2)
        world.unit.reset(power.SOFT_RESET)
        await boots(world, 3)
        await world.unit.power_off()
        world.unit.power_on()
        await asyncio.sleep(3)
        assert causes(world) == ["power_on", "reset", "soft", "power_on"]
        by_boot: dict[int, str] = {}
        for record in world.logged():
            by_boot.setdefault(record.values()["boot"], record.name)
        assert by_boot == {1: "boot", 2: "boot", 3: "boot", 4: "boot"}
        assert [boot["failed"] for boot in world.of("boot")] == [0, 1, 2, 2], "a soft reset does not count"

    inside(tmp_path, act)


def test_a_boot_that_lasted_ten_seconds_did_not_fail(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await asyncio.sleep(12)
        world.unit.reset(power.HARD_RESET)
        await boots(world, 2)
        assert world.of("boot")[-1]["failed"] == 0

    inside(tmp_path, act)


@pytest.mark.parametrize("broken", ["main.py", "tasks/runs.py"])
def test_a_program_that_raises_at_import_ends_in_safe_mode_and_can_be_mended(
    tmp_path: Path, broken: str
) -> None:
    async def act(world: World) -> None:
        await asyncio.sleep(12)
        whole = (world.unit.flash / broken).read_text()
        (world.unit.flash / broken).write_text("raise ValueError('bad deploy')\n")
        world.unit.reset(power.HARD_RESET)
        await boots(world, 5)  # nobody does anything: it starts over by itself
        async with world.device() as unit:
            assert unit.info.chip == "unknown"
            health = await unit.status()
            assert "safe_mode" in health.troubles
            records = [record async for record in unit.fetch(1, unit.info.next_seq - 1)]
            assert [record.seq for record in records] == list(range(1, unit.info.next_seq))
        assert [boot["failed"] for boot in world.of("boot")] == [0, 3]
        (notice,) = world.of("notice")
        assert (wire.NOTICES[notice["notice"]], notice["a"]) == ("boots_failed", 3)
        await asyncio.sleep(12)
        (world.unit.flash / broken).write_text(whole)
        world.unit.reset(power.HARD_RESET)
        await boots(world, 6)
        async with world.device() as unit:
            assert unit.info.chip == "mpu6050"
            assert "safe_mode" not in (await unit.status()).troubles

    console = inside(tmp_path, act)
    assert console.count("bad deploy") == 3
    assert console.count("the program did not come up") == 3


def test_safe_mode_comes_back_after_one_more_failure(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await world.unit.power_off()
        (world.unit.flash / "main.py").write_text("1 / 0\n")
        (world.unit.flash / "boot.json").write_text("[7, 3]")
        for _ in range(2):
            world.unit.power_on()
            await asyncio.sleep(12)
            world.unit.reset(power.HARD_RESET)
            await asyncio.sleep(50)
            await world.unit.power_off()
        assert [boot["failed"] for boot in world.of("boot")] == [3, 3, 3]

    assert inside(tmp_path, act).count("ZeroDivisionError") == 2


def test_safe_mode_answers_although_the_log_cannot_be_opened(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await world.unit.power_off()
        (world.unit.flash / "boot.json").write_text("[7, 3]")
        append(world, "parts.py", "\n\ndef make_log(clock):\n    raise OSError(5, 'bad block')\n")
        world.unit.power_on()
        async with world.device() as unit:
            health = await unit.status()
            assert {"safe_mode", "log"} <= set(health.troubles)

    inside(tmp_path, act)


def test_a_boot_file_of_rubbish_and_a_full_flash_do_not_keep_the_unit_from_starting(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        (world.unit.flash / "settings.json").write_text('{"battery_stop_mv": "much"}')
        for text in ("41", "[9]", '["x", {}]', "{half"):
            await world.unit.power_off()
            (world.unit.flash / "boot.json").write_text(text)
            world.unit.power_on()
            async with world.device():
                pass
        await world.unit.power_off()
        (world.unit.flash / "boot.json.new").mkdir()  # cannot be written
        world.unit.power_on()
        async with world.device():
            pass
        assert [boot["boot"] for boot in world.of("boot")] == [42, 1, 1, 1, 2]

    assert "boot not counted" in inside(tmp_path, act)


def test_ctrl_c_gives_the_prompt_and_an_hour_without_the_watchdog(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await asyncio.sleep(5)
        async with world.device() as unit:
            await unit.buzz(400)
            assert world.unit.process
            world.unit.process.interrupt("typed", b"\x03".hex())
            await asyncio.sleep(1)
        assert world.unit.board.motor.pulses[0].ms < 100
        await asyncio.sleep(60)
        assert world.unit.boots == 1
        assert world.unit.board.power.watchdog_ms == 3_600_000

    assert "KeyboardInterrupt" in inside(tmp_path, act)


def test_a_hung_task_is_bitten_and_what_the_run_had_recorded_is_kept(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await world.unit.power_off()
        append(world, "tasks/journal.py", HANG)
        world.unit.power_on()
        async with world.device() as unit:
            await unit.calibrate(world.played.calibration.to_wire())
            await unit.start()
        await world.logs("stride", 20)
        await asyncio.sleep(2)
        async with world.device() as unit:
            await unit.buzz(400)
            (world.unit.flash / "hang").touch()
            kept = len(world.of("stride"))
            await boots(world, 2, within_s=10)
        assert max(pulse.ms for pulse in world.unit.board.motor.pulses) <= 400
        assert not world.unit.board.motor.high(1 << 60)
        assert causes(world) == ["power_on", "watchdog"]
        records = world.logged()
        assert [record.seq for record in records] == list(range(1, len(records) + 1))
        assert len(world.of("stride")) >= kept >= 20
        async with world.device() as unit:
            assert not unit.info.running
            assert (await unit.status()).cause == "watchdog"

    inside(tmp_path, act)


def test_boot_counts_are_written_in_advance(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await asyncio.sleep(1)
        assert world.unit.kept("boot.json") == [1, 1]
        await asyncio.sleep(11)
        assert world.unit.kept("boot.json") == [1, 0]

    inside(tmp_path, act)


TICKS = """
import asyncio, gc, micropython
from machine import Timer
from tasks.sampler import Sampler

class Imu:
    FIFO_SAMPLES, rate_hz = 1, 500

class Journal:
    room_for_raw = False

ticks = 0

class Watched(Sampler):
    def _tick(self, timer):
        micropython.heap_lock()
        super()._tick(timer)
        micropython.heap_unlock()

def turned():
    global ticks
    ticks += 1
    gc.collect()

async def main():
    sampler = Watched(Imu(), None, None, Journal(), None, Timer(0))
    sampler.alive = turned
    task = asyncio.create_task(sampler.run())
    await asyncio.sleep(20.1)
    print(ticks)

asyncio.run(main())
"""


def test_a_thousand_ticks_of_the_sampler_s_timer_are_handled_with_a_collection_between_any_two(
    run_script: Callable[..., tuple],
) -> None:
    """Nobody but the sampler holds the timer, and its callback finds the heap locked."""
    out, _ = run_script(TICKS)
    assert int(out) >= 1000
