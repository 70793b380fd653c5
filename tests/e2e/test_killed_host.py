# SPDX-License-Identifier: MIT
"""A host killed in mid-run: after a restart the store equals the unit's log and the runner's truth."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kneecore import wire
from kneesense.frames import LogFrame, parse
from kneesense.store import Store
from kneesense.world import audit, clock, hci, scenario
from kneesense.world.air import Air
from kneesense.world.bonding import share_host_keys
from kneesense.world.chips.mpu6050 import Mpu6050
from kneesense.world.unit import UNIT_ID, VirtualUnit

SPEED = 4.0  # the host is a process of its own and lives in true time
LIMIT_S = 240.0  # virtual
DURABLE_S = 2.0  # a record is heard live before it is on the flash, and is there after this at the latest


class Host:
    """`kneesense` commands in processes of their own, joined to the virtual radio."""

    def __init__(self, folder: Path, radio: str) -> None:
        self.store = folder / "home" / "runs.sqlite"
        self._folder = folder
        self._environment = {**os.environ, "KNEESENSE_HOME": str(folder / "home"), "KNEESENSE_RADIO": radio}

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        with (self._folder / "host.txt").open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "kneesense", *arguments],
                env=self._environment, stdout=output, stderr=output, stdin=subprocess.DEVNULL,
            )  # fmt: skip

    def said(self) -> str:
        return (self._folder / "host.txt").read_text()

    def records(self) -> list[LogFrame]:
        if not self.store.exists():
            return []
        with Store(self.store) as store:
            return store.records(UNIT_ID.hex())


async def until(what: Callable[[], bool], said: Callable[[], str]) -> None:
    loop = asyncio.get_running_loop()
    limit = loop.time() + LIMIT_S
    while not what():
        assert loop.time() < limit, said()
        await asyncio.sleep(0.4)


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_lost_or_invented_by_a_kill(tmp_path: Path, seed: int) -> None:
    played = scenario.runner(300, "right", seed)
    played.calibration.save(tmp_path / "calibration.json")
    kill_after = random.Random(seed).randint(5, 15)

    async def main() -> tuple[list[LogFrame], list[LogFrame]]:
        loop = asyncio.get_running_loop()
        air = Air()
        chip = Mpu6050(lambda: round(loop.time() * 1e6), played.feed)
        unit = VirtualUnit(air, [chip], tmp_path / "unit")
        server, radio = await hci.serve(air)
        host = Host(tmp_path, radio)
        await share_host_keys(air.host_keys, host.store.parent)
        unit.power_on()
        try:
            pairing = host.start("pair", unit.short_id, "--side", "right")
            await until(lambda: pairing.poll() is not None, host.said)
            assert pairing.returncode == 0, host.said()

            running = host.start("run", "--calibration", str(tmp_path / "calibration.json"), "--cue", "off")
            await until(lambda: len(host.records()) >= kill_after, host.said)
            running.send_signal(signal.SIGKILL)
            running.wait()
            await asyncio.sleep(8)

            behind = len(unit.log_frames())
            following = host.start("run", "--attach")
            await until(lambda: len(host.records()) >= behind + 5, host.said)
            following.send_signal(signal.SIGINT)
            await until(lambda: following.poll() is not None, host.said)
            assert following.returncode == 0, host.said()
            await asyncio.sleep(DURABLE_S)
        finally:
            server.close()
            await unit.power_off()
        logged = [record for frame in unit.log_frames() if (record := parse(frame)) is not None]
        return logged, host.records()

    logged, stored = clock.run(main, SPEED)
    assert len(stored) > kill_after + 5
    # Record by record: what the unit logged after the host left is the only difference.
    assert [record.frame for record in stored] == [record.frame for record in logged[: len(stored)]]
    strides = [record.values() for record in stored if record.code == wire.STRIDE.code]
    found_s = [stride["ic_x16"] / 8000 for stride in strides]
    assert played.model is not None
    true_s = [
        stride.ic_s for stride in played.model.strides if stride.ic_s <= found_s[-1] + audit.TOLERANCE_S
    ]
    contacts = audit.contacts(true_s, found_s)
    assert (contacts.missed, contacts.doubled, contacts.false) == (0, 0, 0)
