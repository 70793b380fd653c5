# SPDX-License-Identifier: MIT
"""The whole log of a unit into a file, which has its name only when it is complete.

Until then it is FILE.part.  A try that ended early, by a lost link, a kill or a power cut, is gone on with: what lies
in FILE.part is whole to its last record, if the unit still has that very record.  Nothing is acknowledged: for the unit
a file is no store, so nothing of its log makes room.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import logfile
from .device import Device
from .errors import InputError, KneesenseError, LinkLost, NothingFound, TransferIncomplete
from .frames import LogFrame
from .link import Link

CHUNK = 200  # records a transfer: what is lost with a broken one
TRIES = 5  # in a row without a record
RETRY_S = 0.5
_TAKEN_BACK = 100  # records that a unit may have lost in a reset, and numbers anew: they are fetched again

Progress = Callable[[int, int], None]


@dataclass
class Fetched:
    """What the file holds."""

    unit: str = ""
    records: int = 0
    resumed: int = 0
    """Of them, those that an earlier try had fetched."""
    first_seq: int | None = None
    last_seq: int | None = None
    bytes: int = 0


class LogFetch:
    """`progress` is told (records fetched, records wanted) of this try after every chunk."""

    def __init__(
        self,
        connect: Callable[[], Link],
        path: Path,
        unit: str | None = None,
        runner: str | None = None,
        progress: Progress = lambda done, total: None,
    ) -> None:
        self._connect = connect
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._unit = unit
        self._runner = runner
        self._progress = progress
        self._fetched = Fetched()
        self._boot = 0
        self._begin = self._next = 1
        self._to: int | None = None  # number of the last record wanted, once the unit has been reached

    async def run(self) -> Fetched:
        """Fetch everything the log has when the unit is first reached.  Raises what keeps it from being reached."""
        failed = 0
        try:
            while True:
                before = self._next
                try:
                    async with Device(self._connect()) as device:
                        await self._attend(device)
                    return self._finish()
                except (LinkLost, TransferIncomplete, NothingFound):
                    failed = 1 if self._next > before else failed + 1
                    if failed == TRIES or self._to is None:
                        raise
                await asyncio.sleep(RETRY_S * failed)
        except OSError as error:
            message = f"{self._part}: cannot be written ({error.strerror})"
            raise KneesenseError(message, "free some space, or choose another folder") from error

    async def _attend(self, device: Device) -> None:
        info = device.info
        if self._unit not in (None, info.unit_id):
            raise InputError(f"unit {info.unit_id} answered instead of {self._unit}", "switch the other off")
        if self._to is None:
            self._unit = info.unit_id
            await device.time()  # so that the file says when its runs were
            self._to = (await device.hello()).next_seq - 1
            await self._resume(device)
        elif info.boot != self._boot:
            self._next = max(self._begin, self._next - _TAKEN_BACK)
        self._boot = info.boot
        while self._next <= self._to:
            last = min(self._to, self._next + CHUNK - 1)
            self._keep([record async for record in device.fetch(self._next, last)])
            self._next = last + 1
            self._progress(self._next - self._begin, self._to + 1 - self._begin)

    async def _resume(self, device: Device) -> None:
        """Cut off what is not whole of an earlier try, or begin anew."""
        data = self._part.read_bytes() if self._part.exists() else b""
        held: list[LogFrame] = []
        if data:
            unit, held, whole = logfile.intact(self._part, data)
            if unit != self._unit:
                raise InputError(f"{self._part} is of unit {unit}", "remove it, or choose another name")
        last = held[-1] if held else None
        if last and [last.frame] == [record.frame async for record in device.fetch(last.seq, last.seq)]:
            os.truncate(self._part, whole)
            self._count(held)
            self._fetched.resumed = len(held)
            self._begin = self._next = last.seq + 1
        else:  # none, or the log was erased meanwhile
            self._part.write_bytes(logfile.header(self._unit or "", self._runner))
            self._begin = self._next = device.info.first_seq

    def _keep(self, records: list[LogFrame]) -> None:
        """A whole chunk: a part of one would hide what was lost on the way."""
        with self._part.open("ab") as file:
            file.write(b"".join(record.frame for record in records))
        self._count(records)

    def _count(self, records: list[LogFrame]) -> None:
        fetched = self._fetched
        fetched.records += len(records)
        if records:
            fetched.first_seq = fetched.first_seq or records[0].seq
            fetched.last_seq = records[-1].seq

    def _finish(self) -> Fetched:
        with self._part.open("rb+") as file:
            os.fsync(file.fileno())
            self._fetched.bytes = os.fstat(file.fileno()).st_size
        self._part.replace(self._path)
        self._fetched.unit = self._unit or ""
        return self._fetched
