# SPDX-License-Identifier: MIT
"""What a live run says of the unit's power: a battery that is low, a unit that restarts in the middle."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from worlds import World, inside

from kneesense.cli.output import StoreFlags
from kneesense.cli.run import run
from kneesense.cli.show import show
from kneesense.cli.status import status
from kneesense.store import Store, Unit
from kneesense.world import power
from kneesense.world.unit import UNIT_ID

Told = pytest.CaptureFixture[str]


@pytest.fixture
def flags(tmp_path: Path) -> StoreFlags:
    with Store(tmp_path / "runs.sqlite") as store:
        store.remember(Unit(UNIT_ID.hex(), UNIT_ID.hex()[-6:], "right", "medial", "Ann"))
    return StoreFlags(json=True, store=tmp_path / "runs.sqlite")


def records(told: Told) -> list[dict[str, Any]]:
    return [json.loads(line) for line in told.readouterr().out.splitlines()]


def codes(told: list[dict[str, Any]], kind: str) -> list[str]:
    return [record["code"] for record in told if record["type"] == kind]


def test_a_restart_in_the_run_is_told_live_and_stands_in_the_store(
    tmp_path: Path, flags: StoreFlags, capsys: Told
) -> None:
    async def act(world: World) -> None:
        world.played.calibration.save(tmp_path / "me.json")
        running = asyncio.create_task(
            run(cue="off", calibration=[tmp_path / "me.json"], duration_s=20, flags=flags)
        )
        await world.logs("stride", 5)
        world.unit.reset(power.HARD_RESET)
        assert await running == 0

    inside(tmp_path, act)
    told = records(capsys)
    assert codes(told, "boot") == ["restarted"]
    assert "restarted" in codes(told, "alert")
    show("1", flags=flags)
    shown = records(capsys)
    assert codes(shown, "boot") == ["restarted"]
    assert next(r for r in shown if r["type"] == "boot")["cause"] == "reset"
    assert sum(r["type"] == "stride" for r in shown) >= 5


def test_a_battery_that_is_low_is_told_by_status_and_before_a_run(
    tmp_path: Path, flags: StoreFlags, capsys: Told
) -> None:
    async def act(world: World) -> None:
        world.played.calibration.save(tmp_path / "me.json")
        battery = world.unit.board.power.battery
        battery.mv = 3900
        await asyncio.sleep(25)
        assert await status(flags=flags) == 0
        battery.mv = 3420
        await asyncio.sleep(90)
        await status(flags=flags)
        assert await run(cue="off", calibration=[tmp_path / "me.json"], duration_s=5, flags=flags) == 0

    inside(tmp_path, act)
    told = records(capsys)
    well, ill = (record for record in told if record["type"] == "status")
    assert well["battery_mv"] == pytest.approx(3900, abs=40)
    assert (well["cause"], well["failed_boots"]) == ("power_on", 0)
    assert well["percent"] > 50 > 20 > ill["percent"]
    assert {"battery_low", "battery_low_soon"} & set(codes(told, "alert"))
