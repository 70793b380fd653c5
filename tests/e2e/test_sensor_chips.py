# SPDX-License-Identifier: MIT
"""A run with each kind of inertial chip, through the whole firmware: found, at its own rate, every stride there."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from worlds import World, inside

from fakes.imu import PARTS
from kneecore import wire

OTHERS = [part for part in PARTS if part.name != "mpu6050"]  # which every other end-to-end test has


@pytest.mark.parametrize("part", OTHERS, ids=lambda part: part.name)
def test_a_run(tmp_path: Path, part) -> None:
    async def act(world: World) -> None:
        async with world.device() as unit:
            await unit.calibrate(world.played.calibration.to_wire())
            await unit.start()
            await asyncio.sleep(25)
            await unit.stop()
        (start,) = world.of("start")
        figures = part.figures
        assert (start["rate_hz"], start["acc_lsb_per_g"], start["gyro_lsb_per_10dps"]) == (
            figures.rate_hz,
            figures.acc_lsb_per_g,
            figures.gyro_lsb_per_10dps,
        )
        assert json.loads((world.unit.flash / "imu.json").read_text()) == part.code
        assert world.of("gap") == world.of("notice") == []
        assert world.chip.overflowed == 0
        assert world.played.model is not None
        true_s = [s.ic_s for s in world.played.model.strides if 6 < s.ic_s < 24]
        found_s = [stride["ic_x16"] / 16 / world.chip.rate_hz for stride in world.of("stride")]
        for at_s in true_s:
            assert min(abs(at_s - t) for t in found_s) < 0.05

    console = inside(tmp_path, act, chip=part.model)
    assert "no sensor" not in console


@pytest.mark.parametrize("identity", [0x72, 0x75])
def test_with_an_unknown_die_the_unit_stays_reachable_and_says_what_it_read(
    tmp_path: Path, identity: int
) -> None:
    class Unknown(PARTS[0].model):
        pass

    Unknown.identity = identity

    async def act(world: World) -> None:
        async with world.device() as unit:
            assert unit.info is not None
        (notice,) = await world.logs("notice")
        assert wire.NOTICES[notice["notice"]] == "imu_identity"
        assert (notice["a"], notice["b"]) == (0x68, identity)

    assert f"0x{identity:02x}" in inside(tmp_path, act, chip=Unknown)
