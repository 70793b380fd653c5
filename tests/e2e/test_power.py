# SPDX-License-Identifier: MIT
"""Battery, deep sleep and lamp of the virtual unit: what ends a run, what ends a day, what wakes it."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from worlds import World, inside

from kneecore import wire
from kneecore.patterns import LOW_BATTERY
from kneesense.world import power
from kneesense.world.chips.mpu6050 import Mpu6050
from kneesense.world.peripheral import Peripheral
from kneesense.world.power import Sleep

LOW_MV = 3280
EMPTYING_MV = (3500, 3420, 3310, 3420, 3300, 3290, LOW_MV)  # read every 5 s


def codes(world: World, record: str, field: str, names: tuple[str, ...]) -> list[str]:
    return [names[values[field]] for values in world.of(record)]


async def until(what: Any, within_s: float) -> None:
    async with asyncio.timeout(within_s):
        while not what():
            await asyncio.sleep(0.05)


async def asleep(world: World, within_s: float) -> Sleep:
    """Until it has gone to sleep once more; how.  What is in the log by then is all there will be."""
    power = world.unit.board.power
    power.slept_before = getattr(power, "slept_before", 0) + 1  # type: ignore[attr-defined]
    await until(lambda: len(power.slept) == power.slept_before and power.asleep, within_s)  # type: ignore[attr-defined]
    return power.slept[-1]


async def sleepy(world: World, seconds: int = 10) -> None:
    world.rest()
    async with world.device() as unit:
        await unit.calibrate(world.played.calibration.to_wire())
        await unit.set("sleep_after_s", seconds)


def test_an_empty_battery_ends_run_and_boot_in_order(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        battery, radio = world.unit.board.power.battery, world.unit.radio
        world.run_for(300)
        async with world.device() as unit:
            await unit.calibrate(world.played.calibration.to_wire())
            await unit.start()
            await asyncio.sleep(15)
            pulses = len(world.unit.board.motor.pulses)
            for mv in EMPTYING_MV[:-1]:
                battery.mv = mv
                await asyncio.sleep(5)
                assert world.of("stop") == []
            battery.mv = EMPTYING_MV[-1]
            sleep = await asleep(world, 15)
        assert codes(world, "stop", "ending", wire.ENDINGS) == ["battery"]
        (notice,) = world.of("notice")
        assert (wire.NOTICES[notice["notice"]], notice["b"]) == ("battery_low", 3350)
        assert notice["a"] == pytest.approx(LOW_MV, abs=3)
        records = world.logged()
        assert [record.seq for record in records] == list(range(1, len(records) + 1))
        assert [p.ms for p in world.unit.board.motor.pulses[pulses:]] == pytest.approx(
            LOW_BATTERY[::2], abs=1
        )
        assert radio.misuse == []
        assert (sleep.ext0, sleep.timer_ms) == (None, 60_000)
        battery.mv = 3480  # it recovers, as nothing is drawn: that is no charge
        await asyncio.sleep(200)
        assert world.unit.boots == 3
        assert len(world.of("boot")) == 1
        battery.charging = True
        await world.logs("boot", 2, within_s=300)
        assert wire.WAKES[world.of("boot")[-1]["wake"]] == "timer"
        battery.charging, battery.mv = False, 3480
        await asyncio.sleep(12)
        world.unit.reset(power.WATCHDOG)
        await world.logs("boot", 3)

    inside(tmp_path, act)


def test_a_flat_unit_stays_asleep_off_the_air_and_writes_nothing(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await asyncio.sleep(3)
        image, counted = world.unit.log_image.read_bytes(), (world.unit.flash / "boot.json").read_bytes()
        world.unit.board.power.battery.mv = LOW_MV
        for _ in range(5):
            world.unit.reset(power.POWER_ON)  # as a brownout tells itself
            await asleep(world, 5)
        assert [sleep.timer_ms for sleep in world.unit.board.power.slept] == [60_000 << i for i in range(5)]
        assert not world.unit.radio.device.powered_on
        await world.unit.board.button.press(0.2)
        await asyncio.sleep(1)
        await asleep(world, 5)
        assert world.unit.log_image.read_bytes() == image
        assert (world.unit.flash / "boot.json").read_bytes() == counted

    inside(tmp_path, act)


def test_a_cell_that_looks_well_and_breaks_down_under_the_radio_does_not_reboot_all_night(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def act(world: World) -> None:
        await asyncio.sleep(12)
        active = Peripheral._active

        async def break_down(radio: Peripheral, on: bool) -> None:
            await active(radio, on)
            world.unit.reset(power.POWER_ON)

        monkeypatch.setattr(Peripheral, "_active", break_down)
        world.unit.reset(power.POWER_ON)
        await asyncio.sleep(2 * 3600)
        assert 5 < world.unit.boots < 16
        assert world.unit.board.power.slept[-1].timer_ms == 3_600_000

    inside(tmp_path, act, limit_s=20_000)


def test_it_sleeps_only_idle_still_and_unlinked_and_after_a_flush(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        slept = world.unit.board.power.slept
        world.rest()
        async with world.device() as unit:
            await unit.calibrate(world.played.calibration.to_wire())
            await unit.set("sleep_after_s", 12)
            await asyncio.sleep(15)
            assert slept == [], "a host is connected"
            await unit.start()
            await asyncio.sleep(3)
        await asyncio.sleep(15)
        assert slept == [], "a run goes on"
        async with world.device() as unit:
            await unit.stop()
        sleep = await asleep(world, 20)
        assert sleep.ext0 == (33, 1)
        assert sleep.ext1 == ([27], 0)
        records = world.logged()
        assert [record.seq for record in records] == list(range(1, len(records) + 1))
        assert world.unit.radio.misuse == []
        world.unit.board.power.battery.charging = True
        await world.unit.board.button.press(0.2)
        await asleep(world, 30)
        assert codes(world, "boot", "wake", wire.WAKES) == ["none", "button"]

    inside(tmp_path, act)


def test_motion_wakes_it_in_the_same_strapping(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await sleepy(world)
        await asleep(world, 60)
        world.chip.knock()
        await until(lambda: len(world.of("boot")) == 2, 10)
        assert codes(world, "boot", "cause", wire.RESETS) == ["power_on", "wake"]
        assert codes(world, "boot", "wake", wire.WAKES) == ["none", "motion"]
        assert world.of("boot")[1]["failed"] == 0
        world.run_for(40)
        await world.logs("start")

    inside(tmp_path, act)


def test_a_strap_session_outlasts_sleep_and_no_loss_of_power(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await sleepy(world)
        await world.unit.power_off()
        main = world.unit.flash / "main.py"
        text = main.read_text()
        main.write_text(text.replace("sleeper.strap_session\n", "sleeper.strap_session or 7\n", 1))
        world.unit.power_on()
        await asleep(world, 60)
        main.write_text(text)
        world.chip.knock()
        await until(lambda: world.unit.process, 10)
        await asyncio.sleep(2)
        await world.unit.board.button.press(0.2)
        (start,) = await world.logs("start")
        assert start["strap_session"] == 7
        await world.unit.power_off()
        world.unit.power_on()
        await asyncio.sleep(2)
        await world.unit.board.button.press(0.2)
        assert (await world.logs("start", 2))[1]["strap_session"] == 0

    inside(tmp_path, act)


def test_an_interrupt_that_stays_up_is_left_out_and_the_timer_looks_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def act(world: World) -> None:
        monkeypatch.setattr(Mpu6050, "interrupt", True)
        await sleepy(world)
        sleep = await asleep(world, 60)
        assert (sleep.ext0, sleep.timer_ms) == (None, 600_000)
        monkeypatch.undo()
        await asyncio.sleep(610)
        assert codes(world, "boot", "wake", wire.WAKES)[-1] == "timer"
        assert (await asleep(world, 60)).ext0 == (33, 1)

    inside(tmp_path, act, limit_s=2000)


def test_five_motion_wakes_right_after_falling_asleep_leave_motion_out_once(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await sleepy(world, 2)
        for boot in range(2, 7):
            sleep = await asleep(world, 60)
            assert sleep.ext0 == (33, 1)
            await asyncio.sleep(1)
            world.chip.knock()
            await until(lambda boot=boot: world.unit.boots == boot and world.unit.process, 10)
        sleep = await asleep(world, 60)
        assert (sleep.ext0, sleep.timer_ms) == (None, 600_000)
        await asyncio.sleep(605)
        assert (await asleep(world, 60)).ext0 == (33, 1)

    inside(tmp_path, act, limit_s=2000)


def test_a_host_that_connects_in_the_last_moment_keeps_it_awake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def act(world: World) -> None:
        advertise = Peripheral._advertise
        visits: list[asyncio.Task[None]] = []

        async def visit() -> None:
            async with world.device():
                await asyncio.sleep(30)
                assert world.unit.board.power.slept == []

        async def come_now(radio: Peripheral, us: int | None, *rest: Any) -> None:
            if us is None and not visits:
                visits.append(asyncio.create_task(visit()))
                await until(lambda: radio.device.connections, 5)
            await advertise(radio, us, *rest)

        await sleepy(world)
        monkeypatch.setattr(Peripheral, "_advertise", come_now)
        await until(lambda: visits, 60)
        await visits[0]
        await asleep(world, 60)
        assert world.unit.radio.misuse == []

    inside(tmp_path, act)


def test_readings_are_logged_every_minute_and_at_a_change(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await asyncio.sleep(100)
        world.unit.board.power.battery.charging = True
        await asyncio.sleep(20)
        readings = world.of("battery")
        assert [r["t_us"] / 1e6 for r in readings][:3] == pytest.approx([5, 15, 77], abs=3)
        assert readings[2]["mv"] == pytest.approx(3900, abs=5)
        assert readings[2]["percent"] == 66
        assert [wire.CHARGING[r["charging"]] for r in readings][2:4] == ["no", "yes"]
        async with world.device() as unit:
            health = await unit.status()
        assert (health.battery_mv, health.charging) == (readings[-1]["mv"], True)

    inside(tmp_path, act)


def test_the_gauge_of_the_reference_build(tmp_path: Path) -> None:
    from kneesense.world.chips.drv2605l import Drv2605l
    from kneesense.world.chips.max17048 import Max17048

    async def act(world: World) -> None:
        await world.unit.power_off()
        board, loop = world.unit.board, asyncio.get_running_loop()
        pins = world.unit.flash / "pins.py"
        pins.write_text(pins.read_text().replace('BUILDS["cheap"]', 'BUILDS["reference"]'))
        driver = Drv2605l(lambda: round(loop.time() * 1e6), board.motor)
        board.on_pin[26] = driver.enable
        board.chips[0] += [Max17048(lambda: board.power.battery), driver]
        board.power.battery.mv = 3840
        world.unit.power_on()
        await asyncio.sleep(20)
        async with world.device() as unit:
            health = await unit.status()
            assert (health.battery_mv, health.percent, health.charging) == (3840, 50, False)
            assert unit.info.chip == "mpu6050"
            board.power.battery.mv = LOW_MV
            await asleep(world, 30)

    inside(tmp_path, act)


def rhythm_ms(world: World, since_us: int) -> set[int]:
    """From flash to flash since then, in steps of 500 ms; none is longer than 30 ms."""
    edges = [edge for edge in world.unit.board.led_us if edge[0] >= since_us]
    ons = [t for t, level in edges if level]
    offs = [t for t, level in edges if not level and t > ons[0]]
    assert max(off - on for on, off in zip(ons, offs, strict=False)) < 31_000
    return {(b - a) // 500_000 * 500 for a, b in pairwise(ons)}


def test_the_lamp_tells_what_the_unit_does_briefly_and_is_dark_in_sleep(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        loop = asyncio.get_running_loop()

        async def seen(seconds: float) -> set[int]:
            since_us = round(loop.time() * 1e6)
            await asyncio.sleep(seconds)
            return rhythm_ms(world, since_us)

        await asyncio.sleep(3)
        assert await seen(6) == {1000}
        await sleepy(world)
        async with world.device() as unit:
            await asyncio.sleep(2)
            assert await seen(8) == {2000}
            world.run_for(30)
            await unit.start()
            await asyncio.sleep(6)
            assert await seen(16) == {5000}
            await unit.stop()
        world.rest()
        world.unit.board.power.battery.mv = 3450
        await asyncio.sleep(8)
        assert await seen(2) == {500}
        await asleep(world, 60)
        assert world.unit.board.led_us[-1][1] == 0
        at = len(world.unit.board.led_us)
        await asyncio.sleep(20)
        assert len(world.unit.board.led_us) == at

    inside(tmp_path, act)
