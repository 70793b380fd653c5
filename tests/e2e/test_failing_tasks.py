# SPDX-License-Identifier: MIT
"""Whatever task of the firmware fails in the middle of a buzz, the motor is off at once and the unit goes on.

The firmware is a copy in which one task raises as soon as its flash holds a file of the name `fail`.
"""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
from worlds import World, inside

from kneecore import wire
from kneesense.world import firmware

AT_ONCE_MS = 60  # after the failure, which is looked for every 20 ms
SABOTAGE = """

import asyncio as _asyncio
import os as _os

_whole = {task}.run


async def _failing(self):
    whole = _asyncio.create_task(_whole(self))
    while "fail" not in _os.listdir():
        await _asyncio.sleep_ms(20)
    _os.remove("fail")
    whole.cancel()
    raise ValueError("sabotage")


{task}.run = _failing
"""


@pytest.mark.parametrize("task", ["radio", "runs", "button", "journal", "sampler"])
def test_the_motor_is_off_at_once_and_the_unit_goes_on(
    task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "firmware"
    shutil.copytree(firmware.firmware_dir(), copy, ignore=shutil.ignore_patterns("__pycache__"))
    with (copy / "tasks" / f"{task}.py").open("a") as file:
        file.write(SABOTAGE.format(task=task.capitalize()))
    monkeypatch.setattr(firmware, "firmware_dir", lambda: copy)

    async def act(world: World) -> None:
        pulses = world.unit.board.motor.pulses
        async with world.device() as unit:
            await unit.buzz(400)
            await asyncio.sleep(0.1)
            (world.unit.flash / "fail").touch()
            failed_ms = (asyncio.get_running_loop().time() * 1e6 - pulses[0].start_us) / 1000
            await asyncio.sleep(1)
        assert pulses[0].ms < failed_ms + AT_ONCE_MS
        await asyncio.sleep(2)
        assert [wire.NOTICES[n["notice"]] for n in world.of("notice")] == ["task_failed"]
        async with world.device() as unit:
            assert await unit.buzz(100)
            await asyncio.sleep(1)
        assert pulses[-1].ms == pytest.approx(100, abs=1)

    assert f"{task} failed: ValueError" in inside(tmp_path, act)


MUTE = """

def _full(self, *what):
    raise MemoryError("sabotage")


Journal.notice = _full
"""


def test_a_failure_that_cannot_even_be_logged_takes_no_other_task_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "firmware"
    shutil.copytree(firmware.firmware_dir(), copy, ignore=shutil.ignore_patterns("__pycache__"))
    with (copy / "tasks" / "button.py").open("a") as file:
        file.write(SABOTAGE.format(task="Button"))
    with (copy / "tasks" / "journal.py").open("a") as file:
        file.write(MUTE)
    monkeypatch.setattr(firmware, "firmware_dir", lambda: copy)

    async def act(world: World) -> None:
        async with world.device() as unit:
            (world.unit.flash / "fail").touch()
            await asyncio.sleep(2)
            assert (await unit.hello()).boot == unit.info.boot
        assert world.unit.boots == 1

    assert "not logged: MemoryError" in inside(tmp_path, act)
