# SPDX-License-Identifier: MIT
"""A sensor that fails in mid-run, through firmware, radio and log: what is missing is noted, with its true length."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from worlds import World, inside

from kneecore import wire
from kneesense.device import Device

RATES = [0.0, -0.02, 0.02]


async def running(
    world: World, unit: Device, act: Callable[[], Awaitable[None]], seconds: float
) -> list[dict[str, Any]]:
    """A run of 20 s, then `act`, then `seconds` more; returns every record's values with its name."""
    await unit.calibrate(world.played.calibration.to_wire())
    await unit.start()
    await asyncio.sleep(20)
    await act()
    await asyncio.sleep(seconds)
    await unit.stop()
    return [{"name": record.name, **record.values()} for record in world.logged()]


def of(records: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [record for record in records if record["name"] == name]


def true_times_hold(records: list[dict[str, Any]], world: World, rate_error: float) -> None:
    """Contacts found lie where the runner's are, gaps counted in."""
    true_s = [stride.ic_s for stride in world.played.model.strides]  # type: ignore[union-attr]
    for stride in of(records, "stride"):
        at_s = stride["ic_x16"] / (16 * 500 * (1 + rate_error))
        assert min(abs(at_s - t) for t in true_s) < 0.05, at_s


@pytest.mark.parametrize("rate_error", RATES)
def test_a_sensor_that_loses_its_power_is_set_up_anew_and_the_gap_has_its_length(
    tmp_path: Path, rate_error: float
) -> None:
    async def act(world: World) -> None:
        world.chip.rate_error = rate_error

        async def cut() -> None:
            world.chip.power_cycle()

        async with world.device() as unit:
            records = await running(world, unit, cut, 20)
        assert [wire.NOTICES[n["notice"]] for n in of(records, "notice")] == ["imu_settings"]
        (gap,) = of(records, "gap")
        assert 0.1 < gap["samples"] / 500 < 0.6
        (stop,) = of(records, "stop")
        assert stop["rate_mhz"] == pytest.approx(500_000 * (1 + rate_error), rel=0.003)
        assert stop["samples"] / 500 / (1 + rate_error) == pytest.approx(40, abs=0.6)
        true_times_hold(records, world, rate_error)

    inside(tmp_path, act)


@pytest.mark.parametrize("rate_error", RATES)
def test_bus_errors_become_gaps_of_their_length(tmp_path: Path, rate_error: float) -> None:
    async def act(world: World) -> None:
        world.chip.rate_error = rate_error
        errors = {"until": 0.0}
        loop = asyncio.get_running_loop()
        world.chip.faults.bus = lambda transfer: 110 if loop.time() < errors["until"] else 0

        async def twice() -> None:
            for seconds in (1.0, 2.0):
                errors["until"] = loop.time() + seconds
                await asyncio.sleep(10)

        async with world.device() as unit:
            records = await running(world, unit, twice, 5)
        gaps = [gap["samples"] / 500 for gap in of(records, "gap")]
        assert len(gaps) >= 2
        assert sum(gaps) == pytest.approx(3.0, abs=1.8)  # each try to bring it back takes up to a second
        (stop,) = of(records, "stop")
        assert stop["rate_mhz"] == pytest.approx(500_000 * (1 + rate_error), rel=0.003)
        true_times_hold(records, world, rate_error)

    inside(tmp_path, act)


@pytest.mark.parametrize("channels", [(0, 1, 2, 3, 4, 5), (4,)], ids=["all axes", "one axis"])
def test_a_sensor_that_repeats_itself_is_a_gap_and_set_up_anew_but_not_for_ever(
    tmp_path: Path, channels: tuple[int, ...]
) -> None:
    async def act(world: World) -> None:
        async def freeze() -> None:
            world.chip.faults.frozen = channels
            await asyncio.sleep(10)
            world.chip.faults.frozen = ()

        async with world.device() as unit:
            records = await running(world, unit, freeze, 15)
        assert {wire.NOTICES[n["notice"]] for n in of(records, "notice")} == {"imu_frozen"}
        assert 2 <= len(of(records, "notice")) <= 3  # after a second of it, two more, four more
        gaps = of(records, "gap")
        assert sum(gap["samples"] for gap in gaps) / 500 == pytest.approx(
            10, abs=1.6
        )  # 0.4 s until one axis shows
        strides = of(records, "stride")
        assert not [s for s in strides if 21 < s["ic_x16"] / 8000 < 29.5]
        assert [s for s in strides if s["ic_x16"] / 8000 > 35]
        true_times_hold(records, world, 0.0)

    inside(tmp_path, act)


def test_a_sensor_that_is_gone_for_good_ends_the_run_with_its_reason_and_all_records(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        async with world.device() as unit:
            await unit.calibrate(world.played.calibration.to_wire())
            await unit.start()
            await asyncio.sleep(20)
            world.chip.faults.bus = lambda transfer: 110
            await asyncio.sleep(50)
            assert (await unit.hello()).running
            await asyncio.sleep(25)
            assert not (await unit.hello()).running
        (stop,) = world.of("stop")
        assert wire.ENDINGS[stop["ending"]] == "fault"
        assert stop["strides"] == len(world.of("stride")) > 15
        records = world.logged()
        assert [record.seq for record in records] == list(range(records[0].seq, records[-1].seq + 1))

    inside(tmp_path, act)


def test_a_sensor_that_lost_its_power_between_two_runs_is_set_up_for_the_second(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        async def nothing() -> None: ...

        async with world.device() as unit:
            await running(world, unit, nothing, 0)
            world.chip.power_cycle()
            records = await running(world, unit, nothing, 0)
        first, second = of(records, "stop")
        assert second["samples"] == pytest.approx(first["samples"], rel=0.02)

    inside(tmp_path, act)


@pytest.mark.parametrize("clocks", [3, 7, 9])
def test_a_bus_held_by_a_part_in_mid_byte_is_freed_at_boot(tmp_path: Path, clocks: int) -> None:
    async def act(world: World) -> None:
        await world.unit.power_off()
        world.unit.board.held_clocks = clocks
        world.unit.power_on()
        async with world.device() as unit:
            assert unit.info.chip == "mpu6050"
        (notice,) = world.of("notice")
        assert (wire.NOTICES[notice["notice"]], notice["a"]) == ("bus_freed", clocks)

    assert "no sensor" not in inside(tmp_path, act)


def test_a_bus_that_stays_held_leaves_the_unit_reachable_and_says_so(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await world.unit.power_off()
        world.unit.board.held_clocks = 1 << 30
        world.unit.power_on()
        async with world.device() as unit:
            assert unit.info.chip == "unknown"
        (notice,) = [r.values() for r in world.logged() if r.code == wire.NOTICE.code]
        assert wire.NOTICES[notice["notice"]] == "bus_fault"

    assert "stays low" in inside(tmp_path, act)


@pytest.mark.parametrize("rate_error", RATES)
def test_the_cue_s_latency_does_not_drift_with_the_chip(tmp_path: Path, rate_error: float) -> None:
    async def act(world: World) -> None:
        world.chip.rate_error = rate_error
        async with world.device() as unit:
            await unit.set("cue_rule", 1)
            await unit.set("baseline_strides", 10)
            await unit.set("cadence_offset_pm", 0)

            async def nothing() -> None: ...

            records = await running(world, unit, nothing, 30)
        cues = of(records, "cue")
        assert cues
        for cue in cues:
            assert 0 <= (cue["command_x16"] - cue["to_x16"]) / 16 / 500 < 0.08
        assert all(a["t_us"] <= b["t_us"] for a, b in pairwise(records))

    inside(tmp_path, act)


def test_a_run_that_ends_while_its_sensor_is_gone_tells_the_gap_up_to_its_end(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        async def fail() -> None:
            world.chip.faults.bus = lambda transfer: 110

        async with world.device() as unit:
            records = await running(world, unit, fail, 3)
        (stop,) = of(records, "stop")
        assert stop["samples"] / 500 == pytest.approx(23, abs=0.2)
        assert sum(gap["samples"] for gap in of(records, "gap")) / 500 == pytest.approx(3, abs=0.2)

    inside(tmp_path, act)


@pytest.mark.parametrize(
    ("fault", "rate_error", "limit_ms"), [("stall", 0.0, 9), ("stall", 0.02, 9), ("power", -0.02, 25)]
)
def test_twelve_gaps_hardly_move_the_contacts_after_them(
    tmp_path: Path, fault: str, rate_error: float, limit_ms: float
) -> None:
    """A gap's length is right to a sample, by the phases of its two ends: 1 ms of spread each, 3.5 ms for twelve.

    Stalls in step with the samples would all be wrong by the same, up to 2 ms each.  A part that is set up anew takes
    its first sample at the same phase every time: up to half a sample too much.
    """

    async def act(world: World) -> None:
        world.chip.rate_error = rate_error

        async def twelve() -> None:
            for number in range(12):
                if fault == "stall":
                    world.unit.process.stall(0.3)  # type: ignore[union-attr]
                else:
                    world.chip.power_cycle()
                await asyncio.sleep(1.4 + 0.0137 * number)  # in step with neither samples nor drains

        async with world.device() as unit:
            records = await running(world, unit, twelve, 15)
        assert len(of(records, "gap")) == 12
        rate_hz = 500 * (1 + rate_error)
        true_s = [stride.ic_s for stride in world.played.model.strides]  # type: ignore[union-attr]
        found_s = [stride["ic_x16"] / 16 / rate_hz for stride in of(records, "stride")]
        off_ms = [1000 * min((t - true for true in true_s), key=abs) for t in found_s]
        before = [ms for t, ms in zip(found_s, off_ms, strict=True) if 6 < t < 19]
        after = [ms for t, ms in zip(found_s, off_ms, strict=True) if t > 41]
        assert statistics.mean(after) - statistics.mean(before) == pytest.approx(0, abs=limit_ms)

    inside(tmp_path, act)
