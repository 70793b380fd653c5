# SPDX-License-Identifier: MIT
"""The unit's own modules on CPython, with parts put in their place: for fuzzing what they read.

They are loaded from the folder that is deployed to the unit.  What MicroPython has and CPython has not is lent to them
only while they are called (`Surroundings`).
"""

from __future__ import annotations

import importlib
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from types import ModuleType
from typing import Any

from kneecore import chips, wire

from ..world.chips.flash import NorFlash
from ..world.firmware import firmware_dir

FLASH_SECTORS, FLASH_SECTOR = 8, 1024


def load(name: str) -> ModuleType:
    """A module of the unit, such as `tasks.control`."""
    folder = str(firmware_dir())
    if folder not in sys.path:
        sys.path.append(folder)
    return importlib.import_module(name)


class Partition:
    """A small flash with the interface of esp32.Partition."""

    def __init__(self, image: bytes | None = None, sector: int = FLASH_SECTOR) -> None:
        self._sector = sector
        self.nor = NorFlash(FLASH_SECTORS * sector, sector)
        if image is not None:
            self.nor.cells[:] = image

    def readblocks(self, block: int, buf: Any, offset: int = 0) -> None:
        at = block * self._sector + offset
        buf[:] = self.nor.cells[at : at + len(buf)]

    def writeblocks(self, block: int, buf: Any, offset: int) -> None:
        self.nor.program(block * self._sector + offset, bytes(buf))

    def ioctl(self, op: int, arg: int) -> int:
        if op == 6:
            self.nor.erase(arg)
        return {4: FLASH_SECTORS, 5: self._sector}.get(op, 0)


class Clock:
    now_us = 0

    def us(self) -> int:
        self.now_us += 1000
        return self.now_us


class Motor:
    works = True
    rise_ms = 0
    shaking_until_us = 0

    def __init__(self) -> None:
        self.played = 0

    def play(self, pattern: Any, delay_ms: int = 0) -> int:
        self.played += 1
        return min(sum(map(int, pattern)), 400)

    def stop(self) -> bool:
        return True

    def fault(self) -> int:
        return 0


class Imu:
    chip = wire.CHIPS.index("mpu6050")
    rate_hz = chips.find("mpu6050").rate_hz
    acc_lsb_per_g = chips.find("mpu6050").acc_lsb_per_g
    gyro_lsb_per_10dps = chips.find("mpu6050").gyro_lsb_per_10dps

    def temperature_cdeg(self) -> int:
        return 2500


class Sampler:
    """Begins and ends runs, and samples nothing."""

    coach = None
    failing = False
    sample = 0
    since_stride_s = 0

    def __init__(self) -> None:
        self.running = False
        self.watcher: Any = None

    def start(self, calibration: Any, settings: Any, session: Any, origin: int) -> int:
        self.running = True
        return 1

    def stop(self, ending: int) -> int:
        self.running = False
        return 2

    def watch(self, watcher: Any) -> None:
        self.watcher = watcher

    def rest(self) -> None:
        self.watcher = None


class Radio:
    """Keeps what it is given to send; is its own door."""

    connected = True

    def __init__(self) -> None:
        self.replies: list[bytes] = []
        self.fetched: Any = None
        self.forgotten = 0
        self.door = self
        self.on_command: Any = None

    def reply(self, frame: bytes) -> None:
        self.replies.append(frame)

    def send_log(self, frames: Any) -> None:
        self.fetched = frames

    def forget_peer(self) -> None:
        self.forgotten += 1


class _Gc:
    """MicroPython's, which can tell what is free."""

    def collect(self) -> None:
        pass

    def mem_free(self) -> int:
        return 100_000


class _Written(io.StringIO):
    """Is in the files once it is closed."""

    def __init__(self, path: str, files: dict[str, str]) -> None:
        super().__init__()
        self._path, self._files = path, files

    def close(self) -> None:
        self._files[self._path] = self.getvalue()
        super().close()


class Surroundings:
    """`files`: what the unit keeps, by name, as text."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self._lent: list[tuple[ModuleType, str, Any]] = [
            (load("tasks.state"), "open", self._open),
            (load("tasks.state"), "os", self),
            (load("tasks.runs"), "gc", _Gc()),
            (load("tasks.health"), "gc", _Gc()),
        ]

    @contextmanager
    def lent(self) -> Iterator[None]:
        before = [module.__dict__.get(name) for module, name, _ in self._lent]
        for module, name, value in self._lent:
            setattr(module, name, value)
        try:
            with redirect_stdout(io.StringIO()):
                yield
        finally:
            for (module, name, _), value in zip(self._lent, before, strict=True):
                if value is None:
                    delattr(module, name)
                else:
                    setattr(module, name, value)

    def _open(self, path: str, mode: str = "r") -> io.StringIO:
        if mode == "w":
            return _Written(path, self.files)
        if path not in self.files:
            raise OSError(2, path)
        return io.StringIO(self.files[path])

    def rename(self, old: str, new: str) -> None:
        self.files[new] = self.files.pop(old)


class Unit:
    """What main.py puts together, as far as commands reach."""

    def __init__(self) -> None:
        flashlog, journal = load("drivers.flashlog"), load("tasks.journal")
        clock = Clock()
        self.imu, self.sampler, self.radio, self.motor = Imu(), Sampler(), Radio(), Motor()
        self.log = flashlog.FlashLog(Partition(), clock)
        self.journal = journal.Journal(self.log, clock, 1)
        self.settings = load("tasks.control").kept_settings()
        voice = load("tasks.voice").Voice(self.motor, clock)
        self._voice = voice
        self.calibrator = self.new_calibrator()
        self.coaching = self.new_coaching()
        self.runs = load("tasks.runs").Runs(
            self.sampler,
            self.calibrator,
            self.settings,
            self.coaching,
            self.journal,
            clock,
            voice,
            lambda: True,
        )
        health = load("tasks.health").Health(self.log, self.journal, self.imu, self.sampler, voice)
        load("tasks.control").Control(
            bytes(6), self.radio, self.journal, self.log, self.imu, voice, clock, self.settings, self.calibrator,
            self.coaching, self.runs, health,
        )  # fmt: skip

    def new_calibrator(self) -> Any:
        pins = load("pins")
        return load("tasks.calibrator").Calibrator(
            self.imu, self.sampler, self._voice, self.journal, self.settings, pins.LID, pins.TOP
        )

    def new_coaching(self) -> Any:
        return load("tasks.coaching").Coaching(self.journal, self.log)

    def state(self) -> tuple[object, ...]:
        """All that a command could change."""
        log, settings = self.log, load("kneecore.settings")
        return (
            [self.settings.get(setting.name) for setting in settings.TABLE],
            (log.next_seq, log.first_seq, log.acked_seq, self.sampler.running, self.sampler.watcher),
            (
                self.calibrator.calibration,
                self.calibrator.progress(),
                self.coaching.runner,
                self.coaching.suspended,
            ),
            (self.radio.fetched, self.radio.forgotten, self.motor.played),
        )


__all__ = ["Partition", "Surroundings", "Unit", "load"]
