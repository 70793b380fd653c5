# SPDX-License-Identifier: MIT
"""A unit with no host near: it starts, ends and coaches runs by itself and loses nothing."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest
from worlds import World, inside

from kneecore import wire
from kneesense.errors import CommandRefused
from kneesense.world.firmware import Later

RUNNER = 7
SESSIONS = ((1, 0, 0), (1, 20, 20), (1, 10, 20))


async def prepare(world: World, **settings: int) -> None:
    async with world.device() as unit:
        await unit.calibrate(world.played.calibration.to_wire())
        for name, value in ({"cue_rule": 1, "baseline_strides": 10, "auto_stop_s": 30} | settings).items():
            await unit.set(name, value)


def code(names: tuple[str, ...], record: dict[str, int], field: str) -> str:
    return names[record[field]]


def test_a_run_begins_and_ends_by_itself_and_is_fetched_later(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await prepare(world)
        world.run_for(40)
        (stop,) = await world.logs("stop", within_s=100)
        (start,) = world.of("start")
        assert code(wire.ORIGINS, start, "origin") == "auto"
        assert code(wire.ENDINGS, stop, "ending") == "auto"
        seen = stop["strides"] * 60 / 83
        assert 40 - 13 < seen < 40 - 4, "what it takes to see that somebody runs is no part of the run"
        assert len(world.of("cue")) > 0
        async with world.device() as unit:
            records = [record async for record in unit.fetch(1, unit.info.next_seq - 1)]
        assert [record.seq for record in records] == list(range(1, unit.info.next_seq))
        assert sum(record.code == wire.STRIDE.code for record in records) == stop["strides"]

    inside(tmp_path, act)


def test_a_connected_host_or_the_setting_at_0_starts_nothing(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await prepare(world)
        async with world.device():
            world.run_for(30)
            await asyncio.sleep(40)
        await prepare(world, auto_start_strides=0)
        world.run_for(30)
        await asyncio.sleep(40)
        assert world.of("start") == []

    inside(tmp_path, act)


def test_a_host_does_not_take_a_run_away_from_the_unit(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await prepare(world)
        world.run_for(60)
        await world.logs("start")
        async with world.device() as unit:
            assert unit.info.running
            with pytest.raises(CommandRefused, match="busy"):
                await unit.start()
            before = len(world.of("stride"))
            await asyncio.sleep(10)
            assert len(world.of("stride")) > before
            await unit.stop()
        (stop,) = await world.logs("stop")
        assert code(wire.ENDINGS, stop, "ending") == "host"

    inside(tmp_path, act)


def test_pain_after_a_run_suspends_the_next_one_that_begins_by_itself_even_after_a_reboot(
    tmp_path: Path,
) -> None:
    async def act(world: World) -> None:
        await prepare(world)
        world.run_for(20)
        await world.logs("stop", within_s=100)
        await world.unit.board.button.press(0.15)
        assert [mark["kind"] for mark in await world.logs("mark")] == [wire.MARKS.index("pain")]
        await world.unit.power_off()
        world.unit.power_on()
        world.run_for(40)
        strides = len(world.of("stride"))
        await world.logs("stride", strides + 20)
        assert {code(wire.CUE_STATES, s, "cue_state") for s in world.of("stride")[strides:]} == {"suspended"}
        async with world.device() as unit:
            await unit.stop()
            world.run_for(40)
            cues = len(world.of("cue"))
            await unit.start()  # by hand
            await world.logs("cue", cues + 1)

    inside(tmp_path, act)


def test_a_programme_goes_on_over_reboots_and_repeats_what_was_cut(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await prepare(world)
        async with world.device() as unit:
            await unit.prescribe(RUNNER, 1, SESSIONS)
        for begun, running_s in enumerate((80, 30, 80, 80), 1):  # the second is cut by a reboot
            world.run_for(running_s)
            await world.logs("start", begun)
            if running_s < 60:
                await asyncio.sleep(20)
            else:
                await world.logs("session", begun - (begun > 1), within_s=90)
            await world.unit.power_off()
            world.unit.power_on()
        starts = world.of("start")
        assert [start["session"] for start in starts] == [1, 2, 2, 3]
        assert {start["runner"] for start in starts} == {RUNNER}
        done = world.of("session")
        assert [(s["session"], s["complete"], s["run_s"]) for s in done] == [
            (1, 1, pytest.approx(60, abs=1)),
            (2, 1, pytest.approx(60, abs=1)),
            (3, 1, pytest.approx(60, abs=1)),
        ]
        assert "failed" not in world.unit.console.read_text()
        assert len({s["baseline"] for s in done}) == 1, "the target stands still"
        assert done[0]["off_strides"] == 0 < done[1]["off_strides"] < done[2]["off_strides"]
        assert all(s["cues"] > 0 for s in done)
        async with world.device() as unit:
            plan = await unit.read_plan()
        assert (plan.runner, plan.following, plan.sessions) == (RUNNER, 4, SESSIONS)
        assert plan.baseline == done[0]["baseline"]

    inside(tmp_path, act)


def test_lean_is_refused_without_a_strapping_while_cadence_works(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await prepare(world, cue_rule=wire.RULES.index("lean"))
        world.run_for(25)
        strides = await world.logs("stride", 10)
        assert {code(wire.CUE_STATES, s, "cue_state") for s in strides} == {"refused"}

    inside(tmp_path, act)


def test_beats_keep_their_tempo_although_the_program_stalls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def act(world: World) -> None:
        await prepare(world, cue_rule=wire.RULES.index("metronome"), metronome_cspm=17000)
        board, loop = world.unit.board, asyncio.get_running_loop()
        bus_time, stalls = board._bus_time, [0.0]

        def stalling(bus: int, n_bytes: int, value: object) -> Later:
            """A transfer of 100 ms about once a second."""
            if loop.time() < stalls[-1] + 1.03:
                return bus_time(bus, n_bytes, value)
            stalls.append(loop.time())
            return Later(0.1, value)

        world.run_for(60)
        await world.logs("start")
        monkeypatch.setattr(board, "_bus_time", stalling)
        await asyncio.sleep(10)
        begin = len(board.motor.pulses)
        await asyncio.sleep(30)
        at_s = [pulse.start_us / 1e6 for pulse in board.motor.pulses[begin:]]
        gaps = [b - a for a, b in pairwise(at_s)]
        assert len(stalls) > 30
        assert world.of("gap") == []
        assert len(gaps) > 80
        assert sum(gaps) / len(gaps) == pytest.approx(60 / 170, rel=0.001)
        assert max(gaps) - min(gaps) < 0.01

    inside(tmp_path, act)


def test_the_watchdog_is_fed_in_time_idle_and_in_a_run(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await prepare(world)
        world.run_for(30)
        await world.logs("stop", within_s=100)
        board = world.unit.board.power
        assert 1000 <= board.watchdog_ms <= 2000
        assert len(board.fed_us) > 50
        assert max(b - a for a, b in pairwise(board.fed_us)) < 1000 * board.watchdog_ms

    inside(tmp_path, act)


def test_a_lost_link_ends_a_host_s_buzz_but_no_message(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        pulses = world.unit.board.motor.pulses
        async with world.device() as unit:
            await unit.buzz(400)
            world.air.drop()
        await asyncio.sleep(1)
        assert pulses[0].ms < 350
        async with world.device() as unit:
            await unit.mark("pain")
            world.air.drop()
        await asyncio.sleep(1)
        assert pulses[1].ms == pytest.approx(400, abs=1)

    inside(tmp_path, act)


def test_a_unit_that_no_host_ever_told_to_cues_nobody(tmp_path: Path) -> None:
    """Nobody has asked the runner what speaks against cues."""

    async def act(world: World) -> None:
        async with world.device() as unit:
            await unit.calibrate(world.played.calibration.to_wire())
            assert await unit.get("cue_rule") == wire.RULES.index("off")

    inside(tmp_path, act)
