# SPDX-License-Identifier: MIT
"""A run with each kind of inertial chip, through the whole firmware: found, at its own rate, every stride there."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
from worlds import World, inside

from fakes.imu import PARTS
from kneecore import wire
from kneesense.world.feed import Counts, Floats

OTHERS = [part for part in PARTS if part.name != "mpu6050"]  # which every other end-to-end test has


@pytest.mark.parametrize("part", OTHERS, ids=lambda part: part.name)
def test_a_run(tmp_path: Path, part) -> None:
    async def act(world: World) -> None:
        async with world.device() as unit:
            await unit.calibrate(world.played.calibration.to_wire())
            await unit.start()
            await asyncio.sleep(15)
            await unit.stop()
        (start,) = world.of("start")
        figures = part.figures
        assert (start["rate_hz"], start["acc_lsb_per_g"], start["gyro_lsb_per_10dps"]) == (
            figures.rate_hz,
            figures.acc_lsb_per_g,
            figures.gyro_lsb_per_10dps,
        )
        assert world.unit.kept("imu.json") == part.code
        assert world.of("gap") == world.of("notice") == []
        assert world.chip.overflowed == 0
        assert world.played.model is not None
        true_s = [s.ic_s for s in world.played.model.strides if 6 < s.ic_s < 14]
        found_s = [stride["ic_x16"] / 16 / world.chip.rate_hz for stride in world.of("stride")]
        for at_s in true_s:
            assert min(abs(at_s - t) for t in found_s) < 0.05

    console = inside(tmp_path, act, chip=part.model)
    assert "no sensor" not in console


class Swinging:
    """Never at rest: 1 g turns about, fast."""

    def block(self, index: int, t_s: Floats) -> Counts:
        phase = np.arange(index, index + len(t_s)) / 7
        zero = np.zeros(len(t_s))
        counts = np.stack((1025 * np.sin(phase), 1025 * np.cos(phase), zero, zero, zero, zero), axis=1)
        return counts.astype(np.int16)


def test_parts_that_answer_alike_are_known_again_after_a_boot_in_motion_or_are_told_by_the_setting(
    tmp_path: Path,
) -> None:
    part = next(part for part in PARTS if part.name == "lsm6dso32")

    async def act(world: World) -> None:
        kept = world.unit.flash / "imu.json"

        async def boots() -> list[str]:
            """Notices after this boot."""
            async with world.device() as unit:
                before = unit.info.next_seq
            await world.unit.power_off()
            world.unit.power_on()
            async with world.device() as unit:
                records = [record async for record in unit.fetch(before, unit.info.next_seq - 1)]
            notices = [record.values()["notice"] for record in records if record.name == "notice"]
            return [wire.NOTICES[notice] for notice in notices if wire.NOTICES[notice].startswith("imu")]

        assert await boots() == []
        assert world.unit.kept(kept.name) == part.code
        world.chip.wear(Swinging())
        assert await boots() == []
        kept.unlink()
        assert await boots() == ["imu_identity"]
        async with world.device() as unit:
            await unit.set("imu_chip", part.code)
        assert await boots() == []

    inside(tmp_path, act, chip=part.model)


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
