# SPDX-License-Identifier: MIT
"""Two units on one runner, at once, through firmware, radio and host."""

from __future__ import annotations

import asyncio
import json
import statistics
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from legs import Legs, inside

from kneecore import wire
from kneesense import ble, pairs
from kneesense.cli import run as cli_run
from kneesense.cli import sync as cli_sync
from kneesense.cli.output import StoreFlags
from kneesense.simulator import Runner


def test_two_units_share_the_air_and_stay_apart(tmp_path: Path) -> None:
    async def act(legs: Legs) -> None:
        seen = await ble.scan(2.0)
        assert sorted(unit.handle for unit in seen) == ["0000a1", "0000b2"]
        assert len({unit.address for unit in seen}) == 2
        left, right = legs.both
        async with left.device() as a, right.device() as b:
            assert (a.info.unit_id, b.info.unit_id) == (left.id, right.id)
            legs.run_for(8)
            await asyncio.gather(a.start(), b.start())
            await asyncio.sleep(11)
            await asyncio.gather(a.stop(), b.stop())
        for leg in legs.both:
            strides = [r for r in leg.logged() if r.code == wire.STRIDE.code]
            assert len(strides) >= 9

    inside(tmp_path, act)


def test_one_unit_out_of_range_leaves_the_other_connected(tmp_path: Path) -> None:
    async def act(legs: Legs) -> None:
        left, right = legs.both
        async with left.device() as a:
            await right.unit.leave_range(3)
            assert (await a.hello()).unit_id == left.id
            async with right.device() as b:
                assert b.info.unit_id == right.id

    inside(tmp_path, act)


async def recorded(
    legs: Legs, capsys: pytest.CaptureFixture[str], seconds: float, **options: Any
) -> tuple[int, list[Any]]:
    """`kneesense run --json` for so long; its exit code and records."""
    capsys.readouterr()
    code = await cli_run.run(
        cue="off", duration_s=seconds, flags=StoreFlags(json=True, store=legs.store.file), **options
    )
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def of(records: list[Any], kind: str) -> list[Any]:
    return [record for record in records if record["type"] == kind]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KNEESENSE_HOME", str(tmp_path / "home"))


def test_a_run_with_both_legs_is_one_outing_and_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The right unit is out of range for a while; the runner's legs are not equal."""

    async def act(legs: Legs) -> None:
        legs.run_for(45)
        away = asyncio.create_task(later(15, lambda: legs.right.unit.leave_range(5)))
        code, records = await recorded(legs, capsys, 50)
        await away
        assert code == 0
        for leg in legs.both:
            stored = legs.store.records(leg.id)
            assert [r.frame for r in stored] == [r.frame for r in leg.logged()][: len(stored)]
            strides = [r for r in of(records, "stride") if r["unit"] == leg.unit.short_id]
            assert {r["side"] for r in strides} == {leg.side}
            assert abs(len(strides) - len(legs.models[leg.side].strides)) <= 1
        left, right = legs.store.runs()
        assert left.outing == right.outing == min(left.id, right.id)
        (pair,) = of(records, "pair")
        assert pair["finding"] == "alternate"
        assert abs(pair["phase"] - 0.5) < 0.06
        assert pair["matched"] > 55
        assert of(records, "warning") == [] or {w["code"] for w in of(records, "warning")} <= {
            "rate_measured"
        }
        found = {m["metric"]: m for m in of(records, "symmetry")}
        assert set(found) == {"contact_s", "stride_s", "step_s", "pta_axial_g", "lean_range_deg"}
        true = {
            side: statistics.mean(s.contact_s for s in model.strides if s.contact_s)
            for side, model in legs.models.items()
        }
        index = 200 * (true["left"] - true["right"]) / (true["left"] + true["right"])
        assert abs(found["contact_s"]["index_percent"] - index) < 3
        assert found["contact_s"]["clear"]
        assert abs(found["stride_s"]["index_percent"]) < 0.05
        assert not found["stride_s"]["clear"]
        assert records[-1]["type"] == "summary"
        assert records[-1]["strides"] == sum(leg["strides"] for leg in of(records, "leg"))

    inside(tmp_path, act, Runner(asymmetry=0.12))


async def later(seconds: float, what: Callable[[], Awaitable[Any]]) -> None:
    await asyncio.sleep(seconds)
    await what()


def test_two_units_on_one_leg_are_noticed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def act(legs: Legs) -> None:
        legs.wear(2.0, 25.0, on={"left": "right", "right": "right"})
        code, records = await recorded(legs, capsys, 28)
        assert code == 0
        assert "contacts_coincide" in {w["code"] for w in of(records, "warning")}
        assert of(records, "symmetry") == []

    inside(tmp_path, act)


def test_runs_without_a_computer_are_found_to_belong_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def act(legs: Legs) -> None:
        legs.wear(10.0, 20.0)  # before a unit that is left alone begins to watch for a run
        for leg in legs.both:
            async with leg.device() as device:
                await device.set("auto_start_strides", 8)
                await device.set("auto_stop_s", 30)
        await asyncio.sleep(65)
        capsys.readouterr()
        for expected in (2, 0):
            code = await cli_sync.sync(flags=StoreFlags(json=True, store=legs.store.file))
            told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
            assert code == 0
            assert sum(len(r["runs"]) for r in of(told, "sync")) == expected
        left, right = legs.store.runs()
        assert left.outing == right.outing == 1
        pair = pairs.of(legs.store, left)
        assert pair is not None
        assert pair.comparison is not None
        assert pair.comparison.finding == "alternate"

    inside(tmp_path, act)
