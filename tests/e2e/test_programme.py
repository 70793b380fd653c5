# SPDX-License-Identifier: MIT
"""The commands of coaching over the virtual radio, against the unmodified firmware."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from worlds import World, inside

from kneecore import patterns, wire
from kneesense.cli import programme as command
from kneesense.cli.buzz import buzz
from kneesense.cli.cue import cue
from kneesense.cli.mute import mute
from kneesense.cli.output import StoreFlags
from kneesense.errors import ScreenUnanswered
from kneesense.store import Store, Unit

ANSWERS = "no,no,no,no,no"


async def prepare(world: World, tmp_path: Path) -> StoreFlags:
    """A calibrated unit that is remembered; its runner has answered nothing yet."""
    file = tmp_path / "runs.sqlite"
    async with world.device() as unit:
        await unit.calibrate(world.played.calibration.to_wire())
        for name, value in {"baseline_strides": 10, "auto_stop_s": 30}.items():
            await unit.set(name, value)
        with Store(file) as store:
            store.remember(Unit(unit.info.unit_id, world.unit.short_id, "right", "medial", "Ann"))
    return StoreFlags(json=True, store=file)


def told(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_faded_programme_is_run_without_the_host_and_then_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "knee.toml"
    file.write_text(
        'schema = 1\nauthor = "a physical therapist"\n[cue]\nrule = "cadence"\n[target]\noffset_pct = 10\n'
        "[dose]\nminutes = [1, 1, 1]\n[fade]\nwith_s = [0, 20, 10]\nwithout_s = [0, 20, 20]\n"
    )

    async def act(world: World) -> None:
        flags = await prepare(world, tmp_path)
        with pytest.raises(ScreenUnanswered):
            await command.import_(file, flags=flags)
        await command.import_(file, screen_answers=ANSWERS, flags=flags)
        for session in (1, 2):
            world.run_for(80)
            await world.logs("session", session, within_s=100)
            await world.logs("stop", session, within_s=100)
        capsys.readouterr()
        await command.show(flags=flags)
        rows, summary = split(told(capsys))
        assert [row["runs"] for row in rows] == [1, 1, 0]
        assert [row["next"] for row in rows] == [False, False, True]
        first, second = rows[:2]
        assert first["off_strides"] == 0 < second["off_strides"] < first["on_strides"]
        assert first["target"] == second["target"] == pytest.approx(1.1 * first["baseline"], rel=0.001)
        assert first["cues"] > second["cues"] > 0, "it fades"
        assert (first["on_in_band"], second["off_in_band"]) == (0, 0), "this runner does not respond"
        assert first["mean_cadence_spm"] == pytest.approx(first["baseline"], rel=0.02)
        assert (summary["done"], summary["next"], summary["author"]) == (2, 3, "a physical therapist")
        assert summary["cues"] == first["cues"] + second["cues"] == len(world.of("cue"))
        assert summary["retention_in_band"] == 0
        await command.show(offline=True, flags=flags)
        assert split(told(capsys)) == (rows, summary)
        with Store(flags.store) as store:
            assert [run.runner for run in store.runs()] == ["Ann", "Ann"]

    inside(tmp_path, act)


def split(records: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    return [record for record in records if record["type"] == "programme_session"], records[-1]


def test_what_is_set_cues_and_what_is_muted_does_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def act(world: World) -> None:
        flags = await prepare(world, tmp_path)
        await cue(rule="impact", offset=-30, mode="step", screen_answers=ANSWERS, flags=flags)
        setup = told(capsys)[0]
        assert (setup["rule"], setup["offset"], setup["mode"]) == ("impact", -30, "step")
        world.run_for(60)
        given = await world.logs("cue", 3, within_s=40)
        assert {record["rule"] for record in given} == {wire.RULES.index("impact")}
        await mute(flags=flags)
        await asyncio.sleep(2)  # until what was decided before is on the flash
        cues, strides = len(world.of("cue")), len(world.of("stride"))
        later = (await world.logs("stride", strides + 12))[strides + 1 :]
        assert {wire.CUE_STATES[record["cue_state"]] for record in later} == {"muted"}
        assert len(world.of("cue")) == cues
        await mute(resume=True, flags=flags)
        await world.logs("cue", cues + 1)

    inside(tmp_path, act)


def test_a_pattern_is_felt_as_it_is_listed(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        flags = await prepare(world, tmp_path)
        before = len(world.unit.board.motor.pulses)
        await buzz(pattern="attention", flags=flags)
        assert [round(p.ms) for p in world.unit.board.motor.pulses[before:]] == list(patterns.ATTENTION[::2])

    inside(tmp_path, act)
