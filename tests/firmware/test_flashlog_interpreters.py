# SPDX-License-Identifier: MIT
"""The same log, byte by byte, on CPython, on desktop MicroPython and with integers as wide as on the ESP32."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from interpreters import CPYTHON, MICROPYTHONS, missing, run

DRIVERS = Path(__file__).parents[2] / "firmware" / "drivers"

SCRIPT = """
from binascii import crc32

from drivers.flashlog import FlashLog, LogFull
from kneecore import sector, wire

SECTORS, SIZE = 6, 512


class Clock:
    def us(self):
        return 1 << 40


class Cut(Exception):
    pass


class Device:
    def __init__(self):
        self.cells = bytearray(b"\\xff" * (SECTORS * SIZE))
        self.left = 1 << 30

    def readblocks(self, block, buf, offset=0):
        at = block * SIZE + offset
        buf[:] = memoryview(self.cells)[at : at + len(buf)]

    def writeblocks(self, block, buf, offset):
        at = block * SIZE + offset
        for i in range(len(buf)):
            self.step()
            self.cells[at + i] &= buf[i]

    def ioctl(self, op, arg):
        if op == 6:
            for i in range(SIZE):
                if i % 64 == 0:
                    self.step()
                self.cells[arg * SIZE + i] = 0xFF
            return 0
        return SECTORS if op == 4 else SIZE

    def step(self):
        self.left -= 1
        if self.left < 0:
            raise Cut()


def append(log, count):
    for _ in range(count):
        seq = log.next_seq
        values = {"seq": seq, "boot": 1, "t_us": seq << 35, "sample": seq}
        values["counts"] = bytes([seq * i & 0xFF for i in range(seq * 7 % 90)])
        log.append(wire.frame(wire.RAW, values))
        if seq % 3 == 0:
            log.flush()
        if seq % 4 == 0:
            log.acknowledge(seq - 6)
            log.tend()
    log.flush()


def tell(device):
    log = FlashLog(device, Clock())
    held = [frame for frame in log.read(0, 1 << 29) if frame is not None]
    numbers = [sector.seq(frame) for frame in held]
    assert numbers == list(range(log.first_seq, log.next_seq))
    print(log.first_seq, log.next_seq, log.acked_seq, log.erased_bytes, log.damage)
    print(crc32(b"".join(held)) & 0xFFFFFFFF)


device = Device()
for left in (40, 300, 700, 1, 1500, 33, 900, 2500, 66, 10000):
    device.left = left
    try:
        append(FlashLog(device, Clock()), 40)
    except Cut:
        pass
    except LogFull:
        print("full")
    device.left = 1 << 30
    tell(device)
log = FlashLog(device, Clock())
log.erase(log.next_seq - 4)
tell(device)
kept = [frame for frame in log.read(0, 1 << 29) if frame is not None]
device.cells[device.cells.find(kept[1]) + 9] ^= 1
log = FlashLog(device, Clock())
print(len([frame for frame in log.read(0, 1 << 29) if frame is not None]), log.damage)
log.strike()
print(crc32(device.cells) & 0xFFFFFFFF, log.damaged)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The driver, to be laid beside the script."""
    folder = tmp_path_factory.mktemp("inputs")
    (folder / "drivers").mkdir()
    for name in ("__init__.py", "flashlog.py", "ring.py"):
        shutil.copy(DRIVERS / name, folder / "drivers" / name)
    return folder


@pytest.fixture(scope="module")
def expected(folder: Path) -> str:
    return run(CPYTHON, SCRIPT, folder)


@pytest.mark.parametrize("interpreter", MICROPYTHONS)
def test_cut_ten_times_the_log_is_the_same_everywhere(interpreter: str, folder: Path, expected: str) -> None:
    if reason := missing(interpreter):
        pytest.skip(reason)
    assert len(expected.splitlines()) > 12
    assert run(interpreter, SCRIPT, folder) == expected
