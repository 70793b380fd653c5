# SPDX-License-Identifier: MIT
"""A bouncing button on the unit, through gestures, cues, motor and log."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from worlds import World, inside

from kneecore import wire
from kneecore.patterns import STOP
from kneesense.device import Device

SHORT_S = 0.15
STATES = wire.CUE_STATES
PAIN, MUTE, TAKEN_BACK, RESUME = (
    wire.MARKS.index(name) for name in ("pain", "mute", "pain_taken_back", "resume")
)


async def cued_run(world: World, unit: Device) -> None:
    """A run of somebody who is told to step faster all the time, up to the first cue."""
    world.run_for(120)
    await unit.calibrate(world.played.calibration.to_wire())
    await unit.set("cue_rule", 1)
    await unit.set("baseline_strides", 10)
    await unit.set("auto_start_strides", 0)
    await unit.start()
    await world.logs("cue")


def kinds(world: World) -> list[int]:
    return [mark["kind"] for mark in world.of("mark")]


async def cues_in(world: World, seconds: float) -> int:
    """How many come from now on; one that was decided before may still be on its way to the flash."""
    await asyncio.sleep(2)
    before = len(world.of("cue"))
    await asyncio.sleep(seconds)
    return len(world.of("cue")) - before


def stops(world: World) -> int:
    return sum(pulse.ms == pytest.approx(STOP[0], abs=1) for pulse in world.unit.board.motor.pulses)


def test_one_press_marks_pain_once_and_ends_the_cues_until_the_host_resumes(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        async with world.device() as unit:
            await cued_run(world, unit)
            await world.unit.board.button.press(SHORT_S)
            assert await cues_in(world, 12) == 0
            assert kinds(world) == [PAIN]
            assert stops(world) == 1
            assert STATES[world.of("stride")[-1]["cue_state"]] == "suspended"
            await unit.mark("resume")
            assert await cues_in(world, 12) > 0
            assert kinds(world) == [PAIN, RESUME]

    inside(tmp_path, act)


def test_a_second_press_takes_the_mark_back(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        async with world.device() as unit:
            await cued_run(world, unit)
            await world.unit.board.button.press(SHORT_S)
            await asyncio.sleep(3)
            await world.unit.board.button.press(SHORT_S)
            assert await cues_in(world, 12) > 0
            assert kinds(world) == [PAIN, TAKEN_BACK]

    inside(tmp_path, act)


def test_a_long_hold_mutes_this_run_only(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        async with world.device() as unit:
            await cued_run(world, unit)
            await world.unit.board.button.press(2.3)
            assert await cues_in(world, 12) == 0
            assert kinds(world) == [MUTE]
            await unit.stop()
            cues = len(world.of("cue"))
            world.run_for(60)
            await unit.start()
            await world.logs("cue", cues + 1)

    inside(tmp_path, act)


def test_a_press_while_idle_starts_a_run_and_says_so_or_says_that_it_cannot(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        button, motor = world.unit.board.button, world.unit.board.motor
        await asyncio.sleep(2)
        await button.press(SHORT_S)
        await asyncio.sleep(2)
        assert world.of("start") == []
        assert len(motor.pulses) == 3  # attention: there is no calibration
        async with world.device() as unit:
            await unit.calibrate(world.played.calibration.to_wire())
        await button.press(SHORT_S)
        (start,) = await world.logs("start")
        assert wire.ORIGINS[start["origin"]] == "button"
        assert len(motor.pulses) == 4

    inside(tmp_path, act)


def test_long_holds_while_idle_rise_and_are_logged(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await asyncio.sleep(2)
        await world.unit.board.button.press(4.5)
        await asyncio.sleep(2)
        rising = [pulse.ms for pulse in world.unit.board.motor.pulses[:2]]
        assert rising[0] < rising[1]
        await world.unit.board.button.press(10.5)
        await asyncio.sleep(2)
        assert [wire.NOTICES[n["notice"]] for n in world.of("notice")] == ["pairing_asked", "forget_asked"]

    inside(tmp_path, act)


def test_a_failing_task_ends_the_buzz_at_once_is_told_once_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def act(world: World) -> None:
        board = world.unit.board

        def broken(process: object, number: int, level: int | None) -> int:
            raise OSError(5, "no such pin")

        async with world.device() as unit:
            await unit.buzz(400)
            with monkeypatch.context() as patch:
                patch.setattr(board, "_pin_value", broken)
                await board.button.press(1.0)
            (pulse,) = board.motor.pulses
            assert 0 < pulse.ms < 100
            await asyncio.sleep(2)
            assert [wire.NOTICES[n["notice"]] for n in world.of("notice")] == ["task_failed"]
            await unit.calibrate(world.played.calibration.to_wire())
        await board.button.press(SHORT_S)  # it listens again
        await world.logs("start")

    assert "button failed" in inside(tmp_path, act)
