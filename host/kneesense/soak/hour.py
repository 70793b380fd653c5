# SPDX-License-Identifier: MIT
"""A soak from its beginning to its verdict: faults at random moments, a last synchronisation, the audit."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from ..store import Store
from ..world import clock
from . import audit, costs
from .faults import TABLE, Fault
from .outcome import Done, Outcome
from .room import Room

RECOVERY_S = 30.0  # after a fault is over, until the product records again
_FIRST_S, _LAST_S = 15.0, 10.0  # left out at both ends
_POLL_S = 0.25
_LOOK_S = 30.0  # before what is fetched can be overwritten
_FINISH_S = 120.0
_TRANSFER = 100  # records: so many that were missing are progress, though not up to now
_SPEED = 1e6
_PATIENCE_S = 60.0


Progress = Callable[[int, float], None]
"""Faults done, and seconds of virtual time."""


def _nobody(done: int, now_s: float) -> None:
    pass


def timetable(seed: int, seconds: float, count: int, kinds: Sequence[str]) -> list[tuple[float, Fault]]:
    """When each fault begins: every kind once at least, if there are enough, then by their shares."""
    random = Random(f"timetable {seed}")
    faults = [TABLE[name] for name in kinds]
    chosen = random.sample(faults, len(faults))[:count]
    chosen += random.choices(faults, [fault.share for fault in faults], k=count - len(chosen))
    random.shuffle(chosen)
    times = sorted(random.uniform(_FIRST_S, seconds - _LAST_S) for _ in chosen)
    return list(zip(times, chosen, strict=True))


class Hour:
    """`play` it once; `judge` may be asked again, also about a copy of the store."""

    def __init__(self, folder: Path, seed: int, minutes: float, on_progress: Progress = _nobody) -> None:
        self.room = Room(folder, seed, 60 * minutes)
        self.faults: list[Done] = []
        self.hangs: list[str] = []
        self.until_s = 0.0
        """Up to here every contact is judged."""
        self._seed = seed
        self._minutes = minutes
        self._on_progress = on_progress
        self._loop = clock.virtual_loop()
        self._locks: dict[str, asyncio.Lock] = {}
        self._active = 0
        self._quiet_since_s = 0.0

    async def play(self, timetable: Sequence[tuple[float, Fault]]) -> None:
        room = self.room
        await room.open()
        beside = [asyncio.create_task(work()) for work in (room.keep_recording, self._watch)]
        try:
            under_way = []
            for number, (at_s, fault) in enumerate(timetable):
                await asyncio.sleep(at_s - self._loop.time())
                under_way.append(asyncio.create_task(self._befall(fault, number)))
            await asyncio.sleep(60 * self._minutes - self._loop.time())
            await asyncio.gather(*under_way)
            await self._recorded_after(self._loop.time())
            self.until_s = self._loop.time()
            for task in beside:
                task.cancel()
            await self._finish()
            room.witness.close()
        finally:
            for task in beside:
                task.cancel()
            if room.host is not None:
                room.host.kill()
            await room.unit.power_off()

    async def _befall(self, fault: Fault, number: int) -> None:
        async with self._locks.setdefault(fault.on, asyncio.Lock()):
            done = Done(fault, number, self._loop.time())
            self.faults.append(done)
            self._active += 1
            try:
                await fault.act(self.room, Random(f"{self._seed} {number} {fault.name}"))
            finally:
                self._active -= 1
                done.ended_s = self._quiet_since_s = self._loop.time()
        if await self._recorded_after(done.ended_s):
            done.recovered_s = self._loop.time()
            if not self._active:
                done.took_s = done.recovered_s - self._quiet_since_s

    async def _recorded_after(self, t_s: float) -> bool:
        """Wait until something newer than that is stored.  False: the product hung."""
        hangs = len(self.hangs)
        while len(self.hangs) == hangs:
            if self.room.recorded_us() > t_s * 1e6:
                return True
            await asyncio.sleep(_POLL_S)
        return False

    async def _watch(self) -> None:
        """Nothing new stored in RECOVERY_S without a fault is a hang; then the user kills the program.

        New is a stride since, or a good piece of what was missing.
        """
        newest_us, without_s, looked_s, fetched = 0.0, 0.0, 0.0, 0
        quiet_s: list[list[float]] = []  # from, to
        while True:
            if self._loop.time() >= looked_s + _LOOK_S:
                looked_s = self._loop.time()
                self.room.witness.look()
            self._on_progress(sum(done.ended_s > 0 for done in self.faults), self._loop.time())
            recorded_us = self.room.recorded_us()
            far = self.room.fetched()
            if recorded_us > newest_us or far >= fetched + _TRANSFER:  # minutes of all samples take a while
                newest_us, without_s, fetched, quiet_s = max(newest_us, recorded_us), 0.0, far, []
            elif not self._active:
                without_s += _POLL_S
                if not quiet_s or self._loop.time() > quiet_s[-1][1] + 2 * _POLL_S:
                    quiet_s.append([self._loop.time() - _POLL_S, 0.0])
                quiet_s[-1][1] = self._loop.time()
            if without_s > RECOVERY_S:
                without_s = 0.0
                since = [done.fault.name for done in self.faults if done.ended_s > newest_us / 1e6]
                self.hangs.append(
                    f"nothing newer than {newest_us / 1e6:.1f} s is stored at {self._loop.time():.1f} s, after"
                    f" {RECOVERY_S:g} s without a fault ({', '.join(f'{a:.1f} to {b:.1f}' for a, b in quiet_s)});"
                    f" before: {', '.join(since) or 'none'}"
                )
                if self.room.host is not None:
                    self.room.host.kill()
            await asyncio.sleep(_POLL_S)

    async def _finish(self) -> None:
        """End the session and the run, and fetch what is missing."""
        room = self.room
        if room.host is not None and room.host.alive:
            room.host.order("stop", 20.0)
            await asyncio.wait({room.host.over}, timeout=_FINISH_S)
            room.host.kill()
        for _ in range(3):
            host = room.start(room.errand(attach=True, end=True))
            await asyncio.wait({host.over}, timeout=_FINISH_S)
            host.kill()
            ended = host.over.result()
            if ended is not None and ended.code == "complete":
                return
        self.hangs.append(f"the last synchronisation failed: {ended}")

    def judge(self, store: Path | None = None) -> Outcome:
        """Compare runner, unit and store."""
        room, store = self.room, store or self.room.store
        witness = room.witness
        with Store(store) as opened:
            stored = opened.records(room.unit.board.unit_id.hex())
        found = audit.runs(audit.with_spoilt(stored, witness), witness, room.chip)
        assert room.chip.start_us is not None
        true_s = [room.chip.start_us / 1e6 + stride.ic_s for stride in room.model.strides]
        pulses = room.unit.board.motor.pulses
        return Outcome(
            seed=self._seed,
            minutes=self._minutes,
            faults=self.faults,
            hangs=self.hangs,
            backwards=audit.backwards(stored),
            boots_not_told=audit.boots_not_told(stored, witness),
            problems=room.problems,
            records=audit.records(store, witness),
            strides=audit.strides(found, true_s, self.until_s),
            untold=audit.untold(found, room.chip.rate_hz),
            unexplained=costs.of_no_fault(self.faults, found, room, stored),
            boots=len(witness.boots),
            runs=len(found),
            gaps=sum(len(run.gaps) for run in found),
            kills=sum(ended is None for _, ended in room.ends),
            killed_at_work=room.killed_at_work,
            pulses=len(pulses),
            motor_ms=max((pulse.ms for pulse in pulses), default=0.0),
        )


def run(
    seed: int,
    minutes: float,
    faults: int,
    kinds: Sequence[str] = tuple(TABLE),
    on_progress: Progress = _nobody,
    folder: Path | None = None,
) -> Outcome:
    """One soak.  `folder`: where its flash, store and console stay; they are thrown away without one."""

    async def main(where: Path) -> Outcome:
        clock.virtual_loop().patience_s = _PATIENCE_S
        hour = Hour(where, seed, minutes, on_progress)
        await hour.play(timetable(seed, 60 * minutes, faults, kinds))
        return hour.judge()

    if folder is not None:
        return clock.run(lambda: main(folder), _SPEED)
    with tempfile.TemporaryDirectory() as base:
        return clock.run(lambda: main(Path(base)), _SPEED)
