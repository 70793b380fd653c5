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
_FINISH_S = 120.0
_SPEED = 1e6
_PATIENCE_S = 60.0


Progress = Callable[[int, float], None]
"""Faults done, and seconds of virtual time."""


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
    def __init__(self, folder: Path, seed: int, minutes: float, on_progress: Progress) -> None:
        self.room = Room(folder, seed, 60 * minutes)
        self.outcome = Outcome(seed, minutes)
        self._seed = seed
        self._on_progress = on_progress
        self._loop = clock.virtual_loop()
        self._locks: dict[str, asyncio.Lock] = {}
        self._active = 0
        self._quiet_since_s = 0.0
        self._hung = asyncio.Lock()

    async def play(self, timetable: Sequence[tuple[float, Fault]]) -> Outcome:
        room = self.room
        await room.open()
        user = asyncio.create_task(room.keep_recording())
        ticking = asyncio.create_task(self._tick())
        try:
            under_way = []
            for number, (at_s, fault) in enumerate(timetable):
                await asyncio.sleep(at_s - self._loop.time())
                under_way.append(asyncio.create_task(self._befall(fault, number)))
            await asyncio.sleep(60 * self.outcome.minutes - self._loop.time())
            await asyncio.gather(*under_way)
            await self._recovered("the last fault")
            until_s = self._loop.time()
            user.cancel()
            await self._finish()
            self._judge(until_s)
        finally:
            user.cancel()
            ticking.cancel()
            if room.host is not None:
                room.host.kill()
            await room.unit.power_off()
        return self.outcome

    async def _tick(self) -> None:
        while True:
            done = sum(done.recovered_s is not None for done in self.outcome.faults)
            self._on_progress(done, self._loop.time())
            await asyncio.sleep(1.0)

    async def _befall(self, fault: Fault, number: int) -> None:
        async with self._locks.setdefault(fault.on, asyncio.Lock()):
            done = Done(fault, number, self._loop.time())
            self.outcome.faults.append(done)
            self._active += 1
            try:
                await fault.act(self.room, Random(f"{self._seed} {number} {fault.name}"))
            finally:
                self._active -= 1
                done.ended_s = self._quiet_since_s = self._loop.time()
        if await self._recovered(f"{fault.name} (number {number}, {done.begun_s:.1f} s)", done.ended_s):
            done.recovered_s = self._loop.time()
            if not self._active:
                done.took_s = done.recovered_s - max(self._quiet_since_s, done.ended_s)

    async def _recovered(self, what: str, after_s: float | None = None) -> bool:
        """Wait until something newer than that is stored.  False, and a hang: not in time, with all faults over."""
        after_s = self._loop.time() if after_s is None else after_s
        while self.room.recorded_us() <= after_s * 1e6:
            if not self._active and self._loop.time() > self._quiet_since_s + RECOVERY_S:
                self._hang(what)
                return False
            await asyncio.sleep(_POLL_S)
        return True

    def _hang(self, what: str) -> None:
        """Once for all that wait; then the user kills the program."""
        self.outcome.hangs.append(f"not recording {RECOVERY_S:g} s after {what}")
        self._quiet_since_s = self._loop.time()
        if self.room.host is not None:
            self.room.host.kill()

    async def _finish(self) -> None:
        """End the session and the run, and fetch what is missing."""
        room = self.room
        host = room.host
        if host is not None and host.alive:
            host.order("stop", 20.0)
            await asyncio.wait({host.over}, timeout=_FINISH_S)
            host.kill()
        for _ in range(3):
            host = room.start(room.errand(attach=True, end=True))
            await asyncio.wait({host.over}, timeout=_FINISH_S)
            host.kill()
            ended = host.over.result()
            if ended is not None and ended.code == "complete":
                return
        self.outcome.hangs.append(f"the last synchronisation failed: {ended}")

    def _judge(self, until_s: float) -> None:
        room, outcome = self.room, self.outcome
        witness = room.witness
        witness.close()
        outcome.records = audit.records(room.store, witness)
        with Store(room.store) as store:
            stored = store.records(room.unit.board.unit_id.hex())
        found = audit.runs(stored, witness, room.chip)
        assert room.chip.start_us is not None
        true_s = [room.chip.start_us / 1e6 + stride.ic_s for stride in room.model.strides]
        outcome.strides = audit.strides(found, true_s, until_s)
        outcome.untold = audit.untold(found, room.chip.rate_hz)
        outcome.boots, outcome.runs = len(witness.boots), len(found)
        outcome.gaps = sum(len(run.gaps) for run in found)
        outcome.kills = sum(ended is None for _, ended in room.ends)
        outcome.problems = room.problems
        outcome.unexplained = costs.of_no_fault(outcome.faults, found, room, stored)
        pulses = room.unit.board.motor.pulses
        outcome.pulses, outcome.motor_ms = len(pulses), max((pulse.ms for pulse in pulses), default=0.0)


def run(
    seed: int,
    minutes: float,
    faults: int,
    kinds: Sequence[str] = tuple(TABLE),
    on_progress: Progress = lambda done, now_s: None,
    folder: Path | None = None,
) -> Outcome:
    """One soak.  `folder`: where its flash, store and console stay; they are thrown away without one."""

    async def main(where: Path) -> Outcome:
        clock.virtual_loop().patience_s = _PATIENCE_S
        return await Hour(where, seed, minutes, on_progress).play(
            timetable(seed, 60 * minutes, faults, kinds)
        )

    if folder is not None:
        return clock.run(lambda: main(folder), _SPEED)
    with tempfile.TemporaryDirectory() as base:
        return clock.run(lambda: main(Path(base)), _SPEED)
