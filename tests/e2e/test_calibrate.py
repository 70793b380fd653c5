# SPDX-License-Identifier: MIT
"""Guided calibration over the virtual radio: the unmodified firmware measures and judges, the host tells."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest

from kneecore import chips, mount, wire
from kneesense import guide
from kneesense.ble import BleLink
from kneesense.device import Device
from kneesense.simulator import Phase, RunnerModel
from kneesense.store import Store
from kneesense.verdict import Verdict
from kneesense.world import central, clock
from kneesense.world.air import Air
from kneesense.world.chips.mpu6050 import Mpu6050
from kneesense.world.feed import ModelFeed
from kneesense.world.scenario import mounting
from kneesense.world.unit import VirtualUnit

BIAS_DPS = (0.9, -1.4, 0.5)
SCALE = 1.012
STILL, WALK, RUN = Phase("still", 9), Phase("walk", 30, 112), Phase("run", 30, 166)
TURNED = np.diag([-1.0, -1.0, 1.0])  # half a turn about the lid's axis: upside down becomes upright

Part = Callable[[Device, Store], Awaitable[None]]


def wear(
    tmp_path: Path, script: list[Phase], side: str, part: Part, to_sensor: np.ndarray | None = None
) -> VirtualUnit:
    """A unit on a leg that follows the script from its first sample on; `part` is what the host does."""
    units = []

    async def main() -> None:
        air = Air()
        central.install(air)
        loop = asyncio.get_running_loop()
        worn = mounting() if to_sensor is None else to_sensor
        feed = ModelFeed(RunnerModel(script, side, 3), chips.find("mpu6050"), worn, BIAS_DPS, SCALE)
        unit = VirtualUnit(air, [Mpu6050(lambda: round(loop.time() * 1e6), feed)], tmp_path / "unit")
        units.append(unit)
        unit.power_on()
        try:
            with Store(tmp_path / "runs.sqlite") as store:
                async with Device(BleLink(unit.short_id)) as device:
                    await part(device, store)
        finally:
            await unit.power_off()

    clock.run(main, 1000)
    return units[0]


async def both(device: Device, store: Store, side: str, face: str = "unknown") -> Verdict:
    """Standing, then walking."""
    still = await guide.stage(device, "still", side, face, store)
    assert still.accepted, still.messages
    return await guide.stage(device, "walk", side, face, store)


@pytest.mark.parametrize(("side", "face"), [("right", "medial"), ("left", "lateral")])
def test_standing_and_walking_teach_the_unit_how_it_sits(tmp_path: Path, side: str, face: str) -> None:
    async def part(device: Device, store: Store) -> None:
        seen = []
        assert (await guide.stage(device, "still", side, face, store, seen.append)).accepted
        assert [p.still_s for p in seen] == sorted(p.still_s for p in seen)
        verdict = await guide.stage(device, "walk", side, face, store)
        assert verdict.accepted, verdict.messages
        found = verdict.calibration
        assert found is not None
        error = np.array(found.rotation) @ mounting()
        turned = (
            np.degrees([error[1, 2] - error[2, 1], error[2, 0] - error[0, 2], error[0, 1] - error[1, 0]]) / 2
        )
        assert np.abs(turned).max() < 3
        assert np.degrees(found.gyro_bias_rad_s) == pytest.approx(BIAS_DPS, abs=0.1)
        assert found.acc_scale == pytest.approx(1 / SCALE, rel=0.003)
        assert (found.side, found.face) == (side, face)
        assert verdict.cautions == ("upside_down",)
        # The next run uses it and names the strapping; the store has the verdict.
        start = await device.start()
        await device.stop()
        (record,) = [record async for record in device.fetch(start, start)]
        assert record.values()["strap_session"] == verdict.values["strap_session"] == 1
        assert record.values()["rotation_q14_4"] == verdict.values["rotation_q14_4"]
        kept = [r for r in store.records(device.info.unit_id) if r.code == wire.VERDICT.code]
        assert [r.values()["stage"] for r in kept] == [1, 2]

    unit = wear(tmp_path, [STILL, WALK], side, part)
    assert [round(pulse.ms) for pulse in unit.board.motor.pulses] == [100, 100]


def test_the_right_way_up_is_no_caution(tmp_path: Path) -> None:
    async def part(device: Device, store: Store) -> None:
        verdict = await both(device, store, "right")
        assert verdict.accepted, verdict.messages
        assert verdict.cautions == ("side_unchecked",)

    wear(tmp_path, [STILL, WALK], "right", part, TURNED @ mounting())


def test_the_wrong_leg_for_the_declared_face_is_refused(tmp_path: Path) -> None:
    async def part(device: Device, store: Store) -> None:
        verdict = await both(device, store, "left", "medial")
        assert verdict.refused == ("side",)
        assert "--side" in verdict.next_step
        assert verdict.calibration is None
        await asyncio.sleep(0.5)  # the world ends with this, and the buzz with the world's power

    unit = wear(tmp_path, [STILL, WALK], "right", part)
    assert [round(pulse.ms) for pulse in unit.board.motor.pulses] == [100, 400]


def test_walking_while_standing_is_asked_for_is_refused(tmp_path: Path) -> None:
    async def part(device: Device, store: Store) -> None:
        verdict = await guide.stage(device, "still", "right", "medial", store)
        assert verdict.refused == ("moved",)
        with pytest.raises(Exception, match="bad_state") as refused:
            await guide.stage(device, "walk", "right", "medial", store)
        assert "--stage still" in refused.value.advice

    wear(tmp_path, [WALK, WALK], "right", part)


def test_running_is_refused_and_the_walk_can_be_repeated(tmp_path: Path) -> None:
    async def part(device: Device, store: Store) -> None:
        verdict = await both(device, store, "right", "medial")
        assert "running" in verdict.refused
        await asyncio.sleep(30)
        assert (await guide.stage(device, "walk", "right", "medial", store)).accepted

    wear(tmp_path, [STILL, Phase("run", 20, 166), Phase("walk", 60, 112)], "right", part)


def test_a_new_zero_changes_the_neutral_lean_only(tmp_path: Path) -> None:
    async def part(device: Device, store: Store) -> None:
        before = (await both(device, store, "right", "medial")).values
        await asyncio.sleep(20)
        verdict = await guide.stage(device, "rezero", "right", "medial", store)
        assert verdict.accepted, verdict.messages
        same = [name for name in wire.CALIBRATE.names[1:] if name != "neutral_cdeg"]
        assert [verdict.values[name] for name in same] == [before[name] for name in same]
        assert abs(verdict.values["neutral_cdeg"]) <= 20  # the model stands as it stood
        assert verdict.values["strap_session"] == before["strap_session"]

    wear(tmp_path, [STILL, Phase("walk", 16, 112), Phase("still", 60)], "right", part)


def test_the_strapping_is_unknown_after_power_on_and_numbers_go_on(tmp_path: Path) -> None:
    sessions = []

    async def part(device: Device, store: Store) -> None:
        await both(device, store, "right")
        sessions.append(await both_starts(device))

    async def again(device: Device, store: Store) -> None:
        sessions.append(await both_starts(device))
        await both(device, store, "right")
        sessions.append(await both_starts(device))

    async def both_starts(device: Device) -> int:
        start = await device.start()
        await device.stop()
        (record,) = [record async for record in device.fetch(start, start)]
        return int(record.values()["strap_session"])

    wear(tmp_path, [STILL, WALK], "right", part)
    wear(tmp_path, [Phase("still", 14), WALK], "right", again)
    assert sessions == [1, 0, 2]


def test_nothing_begins_during_a_run_and_no_run_during_a_stage(tmp_path: Path) -> None:
    async def part(device: Device, store: Store) -> None:
        identity = dict.fromkeys(wire.CALIBRATE.names[1:], 0) | {"side": mount.RIGHT, "chip": 1}
        identity |= {
            "rotation_q14_0": 16384,
            "rotation_q14_4": 16384,
            "rotation_q14_8": 16384,
            "acc_scale_q14": 16384,
        }
        await device.calibrate(identity)
        await device.begin_stage("still", "right")
        for refused in (device.start(), device.calibrate(identity)):
            with pytest.raises(Exception, match="bad_state"):
                await refused
        await device.begin_stage("none", "right")
        await device.start()
        with pytest.raises(Exception, match="bad_state"):
            await device.begin_stage("still", "right")

    wear(tmp_path, [STILL], "right", part)


@pytest.mark.parametrize("right_leg", [True, False])
def test_the_command_calibrates_and_saves_or_says_why_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], right_leg: bool
) -> None:
    from kneesense import calibration
    from kneesense.cli.calibrate import calibrate
    from kneesense.cli.output import StoreFlags
    from kneesense.store import Unit

    file = tmp_path / "me.json"
    codes = []

    async def part(device: Device, store: Store) -> None:
        store.remember(Unit(device.info.unit_id, "000001", "right", "medial", "me"))
        await device.close()
        flags = StoreFlags(json=True, store=tmp_path / "runs.sqlite")
        side = "right" if right_leg else "left"
        codes.append(await calibrate(side=side, countdown_s=0, save=file, flags=flags))
        assert [unit.side for unit in store.units()] == ["right"]

    wear(tmp_path, [Phase("still", 14), WALK], "right", part)
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [r["type"] for r in records] == ["verdict", "verdict", "summary"]
    assert codes == [0 if right_leg else 1]
    assert records[-1]["accepted"] == right_leg
    assert file.exists() == right_leg
    if right_leg:
        assert json.loads(file.read_text()) == records[1]["calibration"]
        assert calibration.load(file).side == "right"
    else:
        assert records[1]["refused"] == ["side"]
        assert records[1]["next_step"]
