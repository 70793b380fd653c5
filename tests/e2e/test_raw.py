# SPDX-License-Identifier: MIT
"""Samples recorded on the unit, fetched, written as a recording and replayed: the strides that the unit has logged."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from worlds import World, inside

from kneecore import chips, told, wire
from kneecore.settings import Settings
from kneesense import calibration, recording
from kneesense.ble import BleLink
from kneesense.cli.output import StoreFlags
from kneesense.cli.replay import Flags, replay
from kneesense.cli.show import show
from kneesense.replay import replay as replayed
from kneesense.session import Plan, Session
from kneesense.store import Store

CHIP = chips.find("mpu6050")


async def record(world: World, store: Store, seconds: float) -> Session:
    """A live run with raw samples; its sensor loses its power in the middle."""
    plan = Plan({"raw_record": 1, "cue_rule": 1}, world.played.calibration.to_wire())
    session = Session(lambda: BleLink(world.unit.short_id), store, plan)
    running = asyncio.create_task(session.run())
    await asyncio.sleep(seconds / 2)
    world.chip.power_cycle()
    await asyncio.sleep(seconds / 2)
    session.stop(60)
    await running
    return session


def test_replaying_what_was_recorded_gives_the_unit_s_own_strides(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = StoreFlags(json=True, store=tmp_path / "runs.sqlite")
    table, beside = tmp_path / "run.csv", tmp_path / "run.json"

    async def act(world: World) -> None:
        world.chip.rate_error = 0.013
        with Store(tmp_path / "runs.sqlite") as store:
            session = await record(world, store, 28)
            assert session.complete
            assert [r.frame for r in store.records(session.unit_id or "")] == world.unit.log_frames()

    inside(tmp_path, act)

    with Store(tmp_path / "runs.sqlite", read_only=True) as store:
        stored = store.run_records(store.runs()[-1])
    logged = [r.values() for r in stored if r.code == wire.STRIDE.code]
    assert len(logged) > 20
    assert sum(r.code == wire.GAP.code for r in stored) == 1

    show("last", recording=table, flags=flags)
    shown = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert shown[-1]["samples_missing"] == 0
    used = calibration.load(beside)
    assert used.to_wire() == world_calibration(stored)
    quantised = recording.quantise(recording.load(table), CHIP.rate_hz, CHIP, used.clock_ratio)
    assert counts(quantised) == logged_counts(stored)
    again = [v for name, v in replayed(quantised, CHIP, used, Settings()) if name == "stride"]
    fields = told.FIELDS["stride"]
    assert [[s[name] for name in fields] for s in again] == [[s[name] for name in fields] for s in logged]

    replay(table, calibration=str(beside), flags=Flags(json=True))
    records = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert strides(records) == strides(shown), "seconds too, although the sensor's clock is off"


def world_calibration(stored: list) -> dict[str, int]:
    start = stored[0].values()
    return {name: start[name] for name in wire.CALIBRATE.names[1:]}


def counts(quantised: recording.Quantised) -> dict[int, bytes]:
    return {
        segment.start + i: segment.counts[6 * i : 6 * i + 6].tobytes()
        for segment in quantised.segments
        for i in range(len(segment.counts) // 6)
    }


def logged_counts(stored: list) -> dict[int, bytes]:
    pieces = [r.values() for r in stored if r.code == wire.RAW.code]
    return {
        raw["sample"] + i: raw["counts"][12 * i : 12 * i + 12]
        for raw in pieces
        for i in range(len(raw["counts"]) // 12)
    }


def strides(records: list[dict]) -> list[dict]:
    return [r | {"seq": None, "boot": None} for r in records if r["type"] == "stride"]
