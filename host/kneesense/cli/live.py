# SPDX-License-Identifier: MIT
"""Shows a session while it runs, ends it at Ctrl-C or after its time, and sums the run up from the store."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from kneecore import wire

from .. import stored
from ..alerts import Alert, Alerts
from ..bus import News, Update
from ..cuewatch import CueWatch
from ..errors import KneesenseError
from ..frames import LogFrame
from ..inbox import Inbox
from ..records import RATE_MEASURED, Record, RunRecords
from ..session import Session
from ..store import Key, Store
from .lines import count, event, line, summed_up
from .output import Output

INTERRUPTED_S = 1.2  # to end a run after Ctrl-C; with the disconnection it is over within 2 s
TIME_OVER_S = 10.0  # to end a run whose time is over


class AlertLine:
    """Alerts on the terminal, with its bell."""

    def __init__(self, out: Output) -> None:
        self._out = out

    def deliver(self, alert: Alert) -> bool:
        record = {"type": "alert", "t_s": alert.t_s, "code": alert.code, "message": alert.message}
        self._out.record(record, line(record))
        self._out.bell()
        return True


@contextmanager
def interrupts(stop: Callable[[], None]) -> Iterator[None]:
    """The first Ctrl-C (or SIGTERM) calls `stop` in the event loop; the second one does what it did before."""
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def caught(number: int, frame: FrameType | None) -> None:
        restore()
        loop.call_soon_threadsafe(stop)

    for number in before:
        signal.signal(number, caught)
    try:
        yield
    finally:
        restore()


class Follower:
    """One session on the terminal."""

    def __init__(self, session: Session, store: Store, out: Output, alerts: Alerts) -> None:
        self._session = session
        self._store = store
        self._out = out
        self._alerts = alerts
        self._reader: RunRecords | None = None
        self._watch: CueWatch | None = None
        self._why = ""

    async def run(self, duration_s: float | None = None) -> int:
        """Until the run is over, `duration_s` have passed since its start, or Ctrl-C.  Returns the exit code."""
        session = self._session
        heard = session.bus.subscribe()
        failure: KneesenseError | None = None
        with interrupts(lambda: session.stop(INTERRUPTED_S)):
            showing = asyncio.create_task(self._show(heard, duration_s))
            try:
                await session.run()
            except KneesenseError as error:
                failure = error
            await showing
        if session.run_key is None or session.unit_id is None:
            if failure:
                raise failure
            self._out.record(RunRecords().summary(str(self._store.file)), "nothing was recorded")
            return 0
        if failure:
            self._out.error(failure)
        elif session.goes_on:
            self._out.note("the unit goes on recording: kneesense run --attach --end ends it")
        elif not session.complete:
            self._out.warn(
                "not_ended",
                "the unit was not reached to end the run: kneesense run --attach fetches the rest",
            )
        self._sum_up(session.unit_id, session.run_key)
        if failure:
            return failure.exit_code
        return 0 if session.complete else 1

    async def _show(self, heard: Inbox[Update], duration_s: float | None) -> None:
        async for update in heard:
            if isinstance(update, News):
                self._tell({"type": update.kind, "t_s": None, "code": update.code, "message": update.message})
                continue
            frame = update.record
            if frame.code == wire.START.code:
                self._begin(frame)
                if duration_s is not None:
                    asyncio.get_running_loop().call_later(duration_s, self._session.stop, TIME_OVER_S)
            why = self._watched(frame)
            if self._reader is not None and (record := self._reader.feed(frame.name, frame.values())):
                self._tell(record)
                if why and why != self._why:
                    self._why = why
                    self._out.note(event(record["ic_s"], f"cue {record['cue_state']}: {why}"))

    def _begin(self, start: LogFrame) -> None:
        run = stored.at(self._store, self._session.unit_id or "", start.key)
        if run is not None:
            self._reader = RunRecords(stored.about(self._store, run, start))

    def _watched(self, frame: LogFrame) -> str | None:
        """Why no cue comes after this record, if it is a stride."""
        if self._watch is None and self._session.setup is not None:
            self._watch = CueWatch(self._session.setup)
        return self._watch.feed(frame.name, frame.values()) if self._watch else None

    def _tell(self, record: Record) -> None:
        code = record.get("code")
        warning = record["type"] == "warning" and code != RATE_MEASURED
        alerting = warning or code in ("battery_low", "restarted")  # its line is the alert's
        self._out.record(record, None if alerting else line(record))
        self._alerts.see(record)

    def _sum_up(self, unit_id: str, start: Key) -> None:
        """From the store, which is what stays."""
        run = stored.at(self._store, unit_id, start)
        if run is None:
            return
        counters = self._session.counters
        self._out.note(
            f"{count(counters.live, 'record')} came live, {counters.backfilled} from the unit's log,"
            f" {counters.duplicates} twice, {counters.gone} are gone from the log"
        )
        kept = stored.StoredRun(self._store, run)
        self._out.record(kept.summary, summed_up(kept.summary, kept.records))
