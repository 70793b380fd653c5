# SPDX-License-Identifier: MIT
"""One unit's whole log into the store, over as many connections as it takes; nothing is begun, ended or erased.

A lost link goes on where it broke.  The unit is told what is committed here, so that it may overwrite that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from kneecore import wire

from .answers import UnitHealth, UnitInfo
from .bus import Arrival, News, Update
from .device import Device
from .errors import CommandRefused, LinkLost, NothingFound, TransferIncomplete
from .link import Link
from .store import Run, Store
from .sync import LogSync

FIRST_TRIES = 2  # connections before the unit has been reached; each of them tries for a while by itself
TRIES = 5  # in a row that brought no record, once it has been
RETRY_S, RETRY_MAX_S = 0.5, 8.0


@dataclass
class Caught:
    """What has come of it so far.  Marks of the time, of which every connection adds one, are not counted."""

    info: UnitInfo | None = None
    """As at the last connection; None before the first."""
    health: UnitHealth | None = None
    """None from a firmware that cannot tell."""
    had: int | None = None
    """Records of the unit's log that were here before; None while that is not known."""
    new: int = 0
    missing: int | None = None
    """Records that the unit has and the store has not; likewise."""
    gone: int = 0
    """Numbers that the unit's log does not hold any more."""
    conflicts: int = 0
    runs: list[Run] = field(default_factory=list)
    """That begin with records that are new."""


class CatchUp:
    """`progress` is told (records fetched, records to fetch) of the present connection."""

    def __init__(
        self,
        connect: Callable[[], Link],
        store: Store,
        device: str,
        *,
        progress: Callable[[int, int], None] = lambda done, total: None,
        tell: Callable[[News], None] = lambda news: None,
    ) -> None:
        self.caught = Caught()
        self._connect = connect
        self._store = store
        self._device = device
        self._tell = tell
        self._marks = 0
        self._sync = LogSync(device, store, self._heard)
        self._sync.progress = progress
        self._sync.publish_from = (0, 0)

    async def run(self) -> Caught:
        """Until all is here.  Raises what kept it from that; `caught` has what came all the same."""
        before = {run.id for run in self._store.runs()}
        failed, wait_s = 0, RETRY_S
        try:
            while True:
                come = self.caught.new
                try:
                    async with Device(self._connect()) as unit:
                        await self._attend(unit)
                    return self.caught
                except (LinkLost, TransferIncomplete, NothingFound) as error:
                    if self.caught.new > come:
                        failed, wait_s = 0, RETRY_S
                    failed += 1
                    never = self.caught.info is None
                    if failed >= (FIRST_TRIES if never else TRIES) or (
                        never and isinstance(error, NothingFound)
                    ):
                        raise
                await asyncio.sleep(wait_s)
                wait_s = min(2 * wait_s, RETRY_MAX_S)
        finally:
            own = [run for run in self._store.runs() if run.device == self._device]
            self.caught.runs = [run for run in own if run.id not in before]

    async def _attend(self, unit: Device) -> None:
        info = unit.info
        if info.unit_id != self._device:
            raise NothingFound(
                f"unit {info.unit_id} answered instead of {self._device}", "switch the other unit off"
            )
        caught, sync = self.caught, self._sync
        caught.info = info
        try:
            await sync.meet(unit)
        finally:
            if caught.had is None and sync.begun is not None:
                caught.had = sync.begun - info.first_seq + 1
            if sync.begun is not None:
                caught.missing = max(0, info.next_seq - sync.next_seq)
            caught.gone, caught.conflicts = sync.counters.gone, sync.counters.conflicts
            caught.new = sync.counters.backfilled - self._marks
        with suppress(CommandRefused):
            caught.health = await unit.status()
        sync.keep_clock(unit)

    def _heard(self, update: Update) -> None:
        if isinstance(update, Arrival):
            self._marks += update.record.code == wire.ANCHOR.code
        else:
            self._tell(update)
