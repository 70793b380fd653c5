# SPDX-License-Identifier: MIT
"""One recording: connect, bring the store up to date, start a run, follow it, survive drops, end it.

The unit's log is the truth.  Live records are stored as they come; a gap in their numbers, or a new connection, fetches
from the first record that is missing.  The unit is told that records are safe only after their commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from kneecore import wire

from . import coachsetup, unitstatus
from .bus import Arrival, Bus, News, Update
from .coachsetup import CoachSetup
from .device import STEP_S, Device
from .errors import (
    AdapterError,
    CommandRefused,
    KneesenseError,
    LinkLost,
    NothingFound,
    StoreBusy,
    StoreFull,
    TransferIncomplete,
)
from .frames import LogFrame
from .link import Link
from .store import Key, Store
from .sync import Counters, LogSync

ATTACH_ADVICE = "a run is going on: kneesense run --attach follows it, kneesense run --attach --end ends it"

# Worth another try once a unit has been reached.
_PASSING = (LinkLost, TransferIncomplete, NothingFound, AdapterError)
# Worth another try in a run: the unit keeps what cannot be stored here.
_STORE_TROUBLE = (StoreFull, StoreBusy)


def _impatient() -> bool:
    return False


def _nobody(session: Session) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with the unit once it is reached."""

    settings: Mapping[str, int] = field(default_factory=dict)
    calibration: Mapping[str, int] | None = None
    """Fields of wire.CALIBRATE; None leaves the unit's own."""
    runner: str | None = None
    """None: the runner the unit is paired with."""
    attach: bool = False
    """Neither start nor stop a run: bring the store up to date and follow what runs."""
    end: bool = False
    """With `attach`: do not follow what runs, end it."""
    coached: bool = False
    """Ask the unit for what its cue engine starts with: Session.setup."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The waits of a session, in seconds."""

    commit_s: float = 0.5
    """Live records are committed at most once in this time."""
    time_s: float = 300.0
    """The unit is told the time so often, at the start of a run and before its end."""
    check_s: float = 5.0
    """After so long a silence the unit is asked whether there is more: notifications may all be lost."""
    step_s: float = STEP_S
    """For one command."""
    first_tries: int = 3
    """Connections tried before the first success; after it the session does not give up by itself."""
    retry_s: float = 0.5
    retry_growth: float = 2.0
    retry_max_s: float = 15.0


class Session:
    """`connect` makes a fresh link for every connection.  Updates come over `bus`; subscribe before `run`."""

    def __init__(
        self,
        connect: Callable[[], Link],
        store: Store,
        plan: Plan,
        *,
        unit_id: str | None = None,
        pace: Pace | None = None,
    ) -> None:
        self.bus = Bus()
        self.run_key: Key | None = None
        """(boot, seq) of the START record of the run that is followed."""
        self.complete = False
        """Whether the run was ended as asked and everything the unit had is stored."""
        self.goes_on = False
        """Whether the unit was left recording, as `attach` does."""
        self.setup: CoachSetup | None = None
        """What the unit's cue engine starts with, if the plan asks for it."""
        self.patience: Callable[[], bool] = _impatient
        """Asked when the unit was looked for and never reached: whether to go on looking."""
        self.on_run: Callable[[Session], None] = _nobody
        """Told of every run that begins, or is found going on: `run_key`."""
        self._connect = connect
        self._store = store
        self._plan = plan
        self._unit_id = unit_id
        self._pace = pace or Pace()
        self._sync: LogSync | None = None
        self._unit: Device | None = None  # while connected
        self._begun_boot: int | None = None
        self._asked_health = False
        self._ended = False
        self._missing_told = False
        self._stop = asyncio.Event()
        self._stop_within_s = 0.0

    @property
    def unit_id(self) -> str | None:
        """Hex id of the unit; None before the first connection, unless it was given."""
        return self._unit_id

    @property
    def _leaves(self) -> bool:
        """Whether the run is left going on."""
        return self._plan.attach and not self._plan.end

    @property
    def reached(self) -> bool:
        """Whether there has been a connection."""
        return self._sync is not None

    @property
    def counters(self) -> Counters:
        """How its records came, so far."""
        return self._sync.counters if self._sync else Counters()

    def stop(self, within_s: float) -> None:
        """Ask for the end of the run; after `within_s` the session ends even if the unit could not be told."""
        self._stop_within_s = within_s
        self._stop.set()

    async def mark(self, kind: str) -> None:
        """As Device.mark, from outside of the session.  Raises LinkLost at once while there is no connection."""
        if self._unit is None:
            raise LinkLost("there is no connection to the unit", "use the unit's own button")
        await self._unit.mark(kind)

    async def run(self) -> None:
        """The whole session.  Raises what ended it, other than a stop."""
        work = asyncio.create_task(self._work())
        stopping = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done() and self._sync is not None:
                await asyncio.wait({work}, timeout=self._stop_within_s)
        finally:
            stopping.cancel()
            work.cancel()
            await asyncio.wait({work})
            self.bus.close()
        with suppress(asyncio.CancelledError):
            work.result()

    async def _work(self) -> None:
        """Connect, attend, and again after every loss, with growing waits."""
        pace = self._pace
        wait_s, tries = pace.retry_s, 0
        while True:
            try:
                async with Device(self._connect(), step_s=pace.step_s) as unit:
                    wait_s, tries = pace.retry_s, 0
                    try:
                        self._unit = unit
                        await self._attend(unit)
                    except _STORE_TROUBLE:
                        if self._stop.is_set() and not self._leaves:
                            with suppress(CommandRefused):  # it has ended
                                await unit.stop()  # though nothing more of it can be stored
                        raise
                    finally:
                        self._unit = None
                    return
            except _PASSING as error:
                tries += 1
                if self.reached:
                    self._post(News("link", "lost", f"{error}; trying again"))
                elif not isinstance(error, LinkLost) or tries >= pace.first_tries:
                    if not self.patience():
                        raise
                    self._tell_missing(error)
            except _STORE_TROUBLE as error:
                if self.run_key is None or self._stop.is_set():
                    raise
                self._post(News("warning", error.code, f"{error}: the unit goes on recording; trying again"))
                wait_s = pace.retry_max_s
            if self._stop.is_set():
                await asyncio.sleep(pace.retry_s)
            else:
                await self._sleep(wait_s)
            wait_s = min(wait_s * pace.retry_growth, pace.retry_max_s)

    def _tell_missing(self, error: KneesenseError) -> None:
        """Once: it is not recorded while others are."""
        if not self._missing_told:
            self._missing_told = True
            self._post(News("warning", "unit_missing", f"{error}: not recorded; still looking for it"))

    async def _attend(self, unit: Device) -> None:
        """One connection, from its first word to the end of the run or of the link."""
        info = unit.info
        if self._unit_id is not None and info.unit_id != self._unit_id:
            raise NothingFound(
                f"unit {info.unit_id} answered instead of {self._unit_id}", "switch the other unit off"
            )
        self._unit_id = info.unit_id
        if self._sync is None:
            self._sync = LogSync(info.unit_id, self._store, self._post)
        sync = self._sync
        await sync.meet(unit)
        self._post(News("link", "connected", f"connected to the unit, firmware {info.firmware}"))
        await self._ask_health(unit)
        if await self._begin(unit, sync) and not self._plan.end:
            await self._follow(unit, sync)
        await self._finish(unit, sync)

    async def _begin(self, unit: Device, sync: LogSync) -> bool:
        """Start a run, or find the one that goes on.  False when there is nothing to follow."""
        boot, running = unit.info.boot, unit.info.running
        if self._stop.is_set() and not running:
            return False
        if self._plan.attach:
            await self._ask_setup(unit)
            return self._join(sync) and running
        if self._begun_boot == boot:
            if running:
                return True
            if self.run_key is not None and self.run_key[0] == boot:
                return False  # it ended while we were away
        elif running:
            raise CommandRefused("run", "busy", ATTACH_ADVICE)
        elif self._begun_boot is not None:
            self._post(News("warning", "restarted", "the unit has restarted; a new run begins"))
        self._begun_boot = boot  # before the command: its answer may be lost on the way
        for name, value in self._plan.settings.items():
            await unit.set(name, value)
        if self._plan.calibration is not None:
            await unit.calibrate(self._plan.calibration)
        await self._ask_setup(unit)
        sync.publish_from = (boot, sync.next_seq)
        try:
            await unit.start(self._runner_number())
        except CommandRefused as refused:
            raise CommandRefused(
                "run",
                refused.status,
                "it needs a working motion sensor and a calibration (kneesense calibrate, or --calibration FILE)",
            ) from refused
        return True

    async def _ask_setup(self, unit: Device) -> None:
        if self._plan.coached and self.setup is None:
            with suppress(CommandRefused):  # an older firmware has not all of it, and runs all the same
                self.setup = await coachsetup.read(unit)

    async def _ask_health(self, unit: Device) -> None:
        """Once, what the runner should know of the unit before setting off."""
        if self._asked_health or self._plan.end:
            return
        self._asked_health = True
        with suppress(CommandRefused):  # an older firmware cannot tell
            raw = bool(self._plan.settings.get("raw_record"))
            for finding in unitstatus.findings(unit.info, await unit.status(), raw):
                if finding.wrong or finding.before_a_run:
                    self._post(News("warning", finding.code, str(finding)))

    def _runner_number(self) -> int:
        """Of the plan's runner on the unit; 0 unknown."""
        runner = self._plan.runner
        return 0 if runner is None else self._store.runner_number(runner)

    def _join(self, sync: LogSync) -> bool:
        """Publish the unit's last run from its start."""
        if self.run_key is None:
            runs = [run for run in self._store.runs() if run.device == sync.device]
            if not runs:
                return False
            sync.publish_stored((runs[-1].boot, runs[-1].seq))
        return True

    async def _follow(self, unit: Device, sync: LogSync) -> None:
        """Store live records until the run ends."""
        loop = asyncio.get_running_loop()
        told = loop.time()
        while not self._stop.is_set() and not self._ended:
            records = await self._arrived(unit)
            began = loop.time()
            if began - told >= self._pace.time_s:
                told = began
                await sync.tell_time(unit)
            await sync.commit(records)
            if not records and not self._stop.is_set():
                await self._ask(unit, sync)
            await sync.fill_gaps(unit)
            await sync.acknowledge(unit)
            if not self._ended:
                await self._sleep(self._pace.commit_s - (loop.time() - began))

    async def _ask(self, unit: Device, sync: LogSync) -> None:
        """Fetch what the unit has logged without our hearing of it."""
        info = await unit.hello()
        await sync.fill(unit, info.next_seq - 1)
        self._ended = self._ended or not info.running  # a full log has no room for its STOP record

    async def _finish(self, unit: Device, sync: LogSync) -> None:
        """End the run unless it has ended, and fetch the rest of the log."""
        if not self._leaves and not self._ended and (await unit.hello()).running:
            await sync.tell_time(unit)
            await unit.stop()
        info = await unit.hello()
        self.goes_on = info.running
        await sync.commit(unit.arrived.drain())
        await sync.fill(unit, info.next_seq - 1)
        await sync.acknowledge(unit)
        sync.keep_clock(unit)
        self.complete = True

    async def _arrived(self, unit: Device) -> list[LogFrame]:
        """Live records; none when a stop is asked for first, or after a long silence."""
        arrival = asyncio.create_task(unit.arrived.take())
        stopping = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait(
                {arrival, stopping}, timeout=self._pace.check_s, return_when=asyncio.FIRST_COMPLETED
            )
            return arrival.result() if arrival.done() else []
        finally:
            arrival.cancel()
            stopping.cancel()

    async def _sleep(self, seconds: float) -> None:
        """Until the time is over or a stop is asked for."""
        if seconds > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), seconds)

    def _post(self, update: Update) -> None:
        if isinstance(update, Arrival):
            self._saw(update.record)
        self.bus.post(update)

    def _saw(self, record: LogFrame) -> None:
        """Keep track of the run that is followed."""
        if record.code == wire.START.code:
            self.run_key = record.key
            self._ended = False
            if self._plan.runner is not None and self._unit_id is not None:
                self._store.set_runner(self._unit_id, self.run_key, self._plan.runner)
            self.on_run(self)
        elif record.code == wire.STOP.code:
            self._ended = True
