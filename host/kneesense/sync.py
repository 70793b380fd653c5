# SPDX-License-Identifier: MIT
"""Keeps the store equal to one unit's log, over any number of connections.

The unit's log is a growing sequence of numbers; `have` is the last one up to which nothing is missing here.  A record
that comes early waits, so that everybody downstream sees each record once and in log order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass

from .bus import Arrival, News, Update
from .device import Device
from .errors import TransferIncomplete
from .frames import LogFrame, later
from .store import Key, Store

_COMMIT_EVERY = 200  # records of a transfer in one transaction,
_COMMIT_S = 2.0  # or those of so long: a slow link is followed, too
_TRIES = 3
_TELL_FROM = 50  # records to fetch that are worth a word to the user


def _nobody(done: int, total: int) -> None:
    pass


@dataclass(slots=True)
class Counters:
    """Records newly stored, by the way they came, and what else came."""

    live: int = 0
    backfilled: int = 0
    duplicates: int = 0
    conflicts: int = 0
    gone: int = 0
    """Numbers asked for that the unit's log does not hold."""


class LogSync:
    """One unit's log on its way into the store.  `post` gets every update; records only from `publish_from` on."""

    def __init__(self, device: str, store: Store, post: Callable[[Update], None]) -> None:
        self.device = device
        self.counters = Counters()
        self.publish_from: Key | None = None
        self.progress: Callable[[int, int], None] = _nobody
        """Told (records fetched, records to fetch) of this connection after every commit of fetched ones."""
        self.begun: int | None = None
        """Number of the last record that was here when this connection began; None while that is not known."""
        self._store = store
        self._post = post
        self._have = 0
        self._have_key: Key | None = None
        self._acked: Key | None = None
        self._ahead: dict[int, Arrival] = {}
        self._wanted = 0

    @property
    def next_seq(self) -> int:
        """Number of the next record that is not here yet."""
        return self._have + 1

    async def meet(self, unit: Device) -> None:
        """First thing on a connection: tell the time, fetch what is missing here, tell the unit that it is safe."""
        await self.tell_time(unit)
        await self.catch_up(unit)
        await self.acknowledge(unit)

    async def tell_time(self, unit: Device) -> None:
        """Put the time into the unit's log, for whoever reads it elsewhere; keep here what is known of its clock."""
        await unit.time()
        self.keep_clock(unit)

    def keep_clock(self, unit: Device) -> None:
        self._store.add_readings(self.device, unit.info.boot, unit.trips.readings)

    async def catch_up(self, unit: Device) -> None:
        """After connecting: find the last record that both sides have, then fetch everything since.

        The unit's record at our watermark may differ from ours, if it lost power before writing it or its log was
        erased; then go back, doubling the step, to one that is the same.
        """
        info = unit.info
        self._ahead.clear()
        synced = self._store.synced(self.device) or (0, info.first_seq - 1)
        if synced[1] < info.first_seq - 1:
            self._gone(info.first_seq - 1 - synced[1], info.first_seq - 1)
        self._have = self.begun = begun = await self.common(unit)
        self._wanted = behind = info.next_seq - 1 - begun
        if behind >= _TELL_FROM:
            self._post(News("link", "fetching", f"fetching {behind} records from the unit's log"))
        await self.fill(unit, info.next_seq - 1)

    async def common(self, unit: Device) -> int:
        """Number of the last record of the unit's log up to which everything is stored here."""
        info = unit.info
        self._have_key = self._acked = None
        synced = self._store.synced(self.device) or (0, info.first_seq - 1)
        seq = min(synced[1], info.next_seq - 1)
        step = 1
        while seq >= info.first_seq and not await self._agrees(unit, seq, synced):
            seq -= step
            step *= 2
        return max(seq, info.first_seq - 1)

    async def commit(self, records: list[LogFrame], backfilled: bool = False) -> None:
        """Store records, then publish what is now complete."""
        if not records:
            return
        for record in records:
            if record.seq > self._have:
                self._ahead.setdefault(record.seq, Arrival(record, backfilled))
        complete = self._advance()
        added = await asyncio.to_thread(self._store.add, self.device, records, self._have_key)
        counters = self.counters
        if backfilled:
            counters.backfilled += added.new
            self.progress(min(self._have - (self.begun or 0), self._wanted), self._wanted)
        else:
            counters.live += added.new
        counters.duplicates += added.duplicates
        counters.conflicts += added.conflicts
        if added.conflicts:
            self._warn(
                "conflict", f"{added.conflicts} records came again with different content; the first is kept"
            )
        self._publish(complete)

    async def fill(self, unit: Device, to_seq: int) -> None:
        """Fetch what is missing up to `to_seq`.  Raises TransferIncomplete when it fails again and again."""
        for attempt in range(_TRIES):
            if self._have >= to_seq:
                return
            try:
                await self._fetch(unit, to_seq)
                break
            except TransferIncomplete:
                if attempt == _TRIES - 1:
                    raise
        if self._have < to_seq:
            await self._skip_holes(to_seq)

    async def fill_gaps(self, unit: Device) -> None:
        """Fetch what is missing before the records that came early."""
        while self._ahead:
            await self.fill(unit, min(self._ahead) - 1)

    async def acknowledge(self, unit: Device) -> None:
        """Tell the unit what is committed here."""
        if self._have_key is not None and self._have_key != self._acked:
            await unit.ack(*self._have_key)
            self._acked = self._have_key

    def publish_stored(self, start: Key) -> None:
        """Publish from `start` on what is stored already; what comes later follows by itself."""
        self.publish_from = start
        self._publish([Arrival(record, True) for record in self._store.records(self.device, start)])

    async def _agrees(self, unit: Device, seq: int, synced: Key) -> bool:
        """Whether the unit's record of that number is one up to which our store is complete."""
        async with aclosing(unit.fetch(seq, seq)) as records:
            async for record in records:
                if not later(record.key, synced) and self._store.holds(self.device, record):
                    self._have_key = record.key
                    return True
        return False

    async def _fetch(self, unit: Device, to_seq: int) -> None:
        batch: list[LogFrame] = []
        now = asyncio.get_running_loop().time
        committed_s = now()
        try:
            async with aclosing(unit.fetch(self._have + 1, to_seq)) as records:
                async for record in records:
                    batch.append(record)
                    if len(batch) == _COMMIT_EVERY or now() - committed_s >= _COMMIT_S:
                        await self.commit(batch, backfilled=True)
                        batch, committed_s = [], now()
        finally:
            await self.commit(batch, backfilled=True)

    def _advance(self) -> list[Arrival]:
        """Take the records that follow without a gap."""
        complete = []
        while arrival := self._ahead.pop(self._have + 1, None):
            self._have += 1
            self._have_key = arrival.record.key
            complete.append(arrival)
        return complete

    def _publish(self, complete: list[Arrival]) -> None:
        """Each once: what `catch_up` had to fetch again is not news."""
        for arrival in complete:
            key = arrival.record.key
            if self.publish_from is not None and not later(self.publish_from, key):
                self.publish_from = (key[0], key[1] + 1)
                self._post(arrival)

    async def _skip_holes(self, to_seq: int) -> None:
        """The unit has sent all it holds up to `to_seq`: what is still missing is gone for good."""
        gone = 0
        complete = []
        while self._have < to_seq:
            upto = min(to_seq, min(self._ahead, default=to_seq + 1) - 1)
            gone += upto - self._have
            self._have = upto
            complete += self._advance()
        await asyncio.to_thread(self._store.add, self.device, [], self._have_key)
        self._gone(gone, to_seq)
        self._publish(complete)

    def _gone(self, count: int, to_seq: int) -> None:
        self.counters.gone += count
        self._warn(
            "records_gone", f"{count} records up to number {to_seq} are not in the unit's log any more"
        )

    def _warn(self, code: str, message: str) -> None:
        self._post(News("warning", code, message))
