# SPDX-License-Identifier: MIT
"""Where a soak takes place: a runner with a unit, a computer, its user who starts the program again when it ends."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

from kneecore import sector, wire

from ..frames import parse
from ..simulator import Phase, RunnerModel, Variation
from ..world import scenario
from ..world.air import Air
from ..world.bonding import share_host_keys
from ..world.chips.flash import SECTOR
from ..world.clock import virtual_loop
from ..world.outcome import SETTINGS
from ..world.unit import VirtualUnit
from .host import Ended, Errand
from .lead import Host
from .witness import WatchedChip, Witness

RUNNER = "soak"
AGAIN_S = 1.0  # until the user starts the program again
_RUN_SPM, _SLOW = 166.0, 0.9
_SLOW_EVERY_S, _SLOW_FOR_S = 90.0, 25.0
_RATE_ERROR = 0.004
_EPOCH_US = 1_750_000_000_000_000
_POLL_S = 0.25


class Room:
    def __init__(self, folder: Path, seed: int, seconds: float) -> None:
        loop = virtual_loop()
        random = Random(f"room {seed}")
        self.folder = folder
        self.air = Air()
        self.wall_step_us = 0
        self.model = RunnerModel(
            [Phase("still", 4.0), Phase("run", seconds + 600.0, _RUN_SPM)],
            "right",
            seed,
            Variation(stride=0.006),
        )
        slow_s = 60.0
        while slow_s < seconds + 600:
            self.model.set_cadence(slow_s, _SLOW * _RUN_SPM)
            self.model.set_cadence(slow_s + _SLOW_FOR_S, _RUN_SPM)
            slow_s += _SLOW_EVERY_S
        self.chip = WatchedChip(
            lambda: round(loop.time() * 1e6), scenario.worn(self.model, seed), rate_error=_RATE_ERROR
        )
        self.unit = VirtualUnit(self.air, [self.chip], folder / "unit", random.randbytes(6))
        self.witness = Witness(self.unit)
        self.host: Host | None = None
        self.attach = False
        """Whether there is a run to follow, as far as the user knows."""
        self.raw = False
        """Whether the runs to come record every sample."""
        self.rests = False
        """Sabotage: a program that loses its link never comes back."""
        self.ends: list[tuple[float, Ended | None]] = []
        """When sessions ended, and how; None: killed."""
        self.killed_at_work = 0
        """Programs killed while their database was at work."""
        self.problems: list[str] = []
        """What another program has found wrong with the store."""
        self.wanted = True
        """Whether the user wants the program to run; a fault may keep it from being started."""
        self.store = folder / "home" / "runs.sqlite"
        self._calibration = scenario.runner(scenario.SHORTEST_S, "right", seed).calibration.to_wire()
        self._file_bytes: int | None = None
        self._reader: sqlite3.Connection | None = None

    def utc_us(self) -> int:
        """The computer's wall clock."""
        return _EPOCH_US + round(virtual_loop().time() * 1e6) + self.wall_step_us

    async def open(self) -> None:
        self.store.parent.mkdir(parents=True)
        await share_host_keys(self.air.host_keys, self.store.parent)
        self.unit.power_on()

    def errand(self, attach: bool, end: bool = False) -> Errand:
        return Errand(
            self.store, self.store.parent, self.unit.short_id, self.unit.board.unit_id.hex(),
            SETTINGS | {"raw_record": int(self.raw)}, self._calibration, RUNNER, attach, end, self._file_bytes,
            self.rests,
        )  # fmt: skip

    async def keep_recording(self) -> None:
        """The user: starts the program whenever it has ended; the unit says whether there is a run to follow."""
        while True:
            while not self.wanted:
                await asyncio.sleep(_POLL_S)
            host = self.start(self.errand(self.attach))
            await asyncio.wait({host.over})  # which does not end with the user
            ended = host.over.result()
            self.ends.append((virtual_loop().time(), ended))
            self.attach = self._next(ended)
            await asyncio.sleep(AGAIN_S)

    def start(self, errand: Errand) -> Host:
        self.host = host = Host(self.air, errand, self.utc_us)
        return host

    def _next(self, ended: Ended | None) -> bool:
        """Whether to attach to a run, after that end of the last session."""
        if ended is None:
            return True
        return ended.goes_on or ended.code != "complete"

    def order(self, name: str, value: object) -> None:
        """To the program, if it runs."""
        if self.host is not None and self.host.alive:
            self.host.order(name, value)

    def fill_disk(self, left: int | None) -> None:
        """So many bytes can be added to the store; None: as many as you like."""
        size = max((file.stat().st_size for file in self.store.parent.iterdir()), default=0)
        self._file_bytes = None if left is None else size + left if left else 0
        self.order("files", self._file_bytes)

    def spoil_flash(self, random: Random) -> None:
        """Flip a bit of a record that is logged, or of the head of a sector; the witness has read it before."""
        flash = self.unit.board.flash
        assert flash is not None
        frames = self.unit.log_frames()
        image = bytes(flash.nor.cells)
        if not frames:
            return
        frame = random.choice((random.choice(frames), frames[-1]))
        at = image.find(frame)
        if random.random() < 0.2:
            at = at // SECTOR * SECTOR + random.randrange(sector.DATA)
        else:
            at += random.randrange(len(frame))
        self.witness.look()
        flash.flip(at, random.randrange(8))
        self.witness.note_spoilt(frames)

    def fetched(self) -> int:
        """Up to this number everything that the unit has logged is stored."""
        with suppress(sqlite3.Error):
            row = self._look("SELECT seq FROM synced WHERE device = ?", self.unit.board.unit_id.hex())
            return int(row[0]) if row else 0
        return 0

    def recorded_us(self) -> float:
        """World time of the newest stride of the present boot in the store; 0 before any.

        The runner never stands for long, so there is one a second whenever the product does what it is for.
        """
        with suppress(sqlite3.Error):
            boot = self.witness.boot
            row = self._look(
                "SELECT frame FROM event WHERE device = ? AND boot = ? AND code = ? ORDER BY seq DESC LIMIT 1",
                *(self.unit.board.unit_id.hex(), boot, wire.STRIDE.code),
            )
            record = parse(row[0]) if row else None
            begun_us = self.witness.begun_us(boot)
            if record is not None and begun_us is not None:
                return begun_us + record.t_us
        return 0.0

    def _look(self, question: str, *values: object) -> tuple[Any, ...] | None:
        if self._reader is None:
            self._reader = sqlite3.connect(f"{self.store.as_uri()}?mode=ro", uri=True)
        row: tuple[Any, ...] | None = self._reader.execute(question, values).fetchone()
        return row
