# SPDX-License-Identifier: MIT
"""Shows a session while it runs, ends it at Ctrl-C or after its time, and sums the run up from the store."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from kneecore import wire

from .. import outings, stored
from ..alerts import Alert, Alerts, Sink
from ..bus import News
from ..cuewatch import CueWatch
from ..errors import KneesenseError
from ..frames import LogFrame
from ..outlets.delivery import Deliveries
from ..records import RATE_MEASURED, Record, RunRecords
from ..session import Session
from ..store import Store
from ..together import Together
from .legs import show_pair
from .lines import count, event, line, summed_up
from .output import Output

if TYPE_CHECKING:
    from ..legwatch import LegWatch
    from ..liveview import LiveView

INTERRUPTED_S = 1.2  # to end a run after Ctrl-C; with the disconnection it is over within 2 s
TIME_OVER_S = 10.0  # to end a run whose time is over


class AlertLine:
    """Alerts on the terminal, with its bell, and out through the outlets; `about`: what they add to the record."""

    def __init__(self, out: Output, deliveries: Deliveries, about: Record | None = None) -> None:
        self._out = out
        self._deliveries = deliveries
        self._about = about or {}

    def deliver(self, alert: Alert) -> bool:
        record = {"type": "alert", "t_s": alert.t_s, "code": alert.code, "message": alert.message}
        self._out.record(record, line(record))
        self._out.bell()
        self._deliveries.pass_on(
            record | self._about, lambda delivery: self._out.record(delivery, line(delivery))
        )
        return True


class AlertView:
    """Alerts in a live view; `unit`: whose."""

    def __init__(self, view: LiveView, unit: str | None = None) -> None:
        self._view = view
        self._unit = unit

    def deliver(self, alert: Alert) -> bool:
        record = {"type": "alert", "t_s": alert.t_s, "code": alert.code, "message": alert.message}
        self._view.feed(record, time.monotonic(), self._unit)
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
    """One session on the terminal, heard from the moment this is made.  `view` gets every record too."""

    def __init__(self, session: Session, store: Store, out: Output, alerts: Alerts, view: LiveView) -> None:
        self.session = session
        self.beside: Beside | None = None
        """What is told of the other leg's unit."""
        self._view = view
        self._store = store
        self._out = out
        self._alerts = alerts
        self._heard = session.bus.subscribe()
        self._reader: RunRecords | None = None
        self._watch: CueWatch | None = None
        self._why = ""

    async def show(self, on_start: Callable[[], None]) -> None:
        """Until the session is over; `on_start` is called for every run that begins."""
        async for update in self._heard:
            if isinstance(update, News):
                if self.beside and update.code in ("connected", "lost"):
                    self.beside.connected(self.session, update.code == "connected")
                self._tell({"type": update.kind, "t_s": None, "code": update.code, "message": update.message})
                continue
            frame = update.record
            if frame.code == wire.START.code:
                self._begin(frame)
                on_start()
            why = self._watched(frame)
            if self._reader is not None and (record := self._reader.feed(frame.name, frame.values())):
                self._tell(record, update.backfilled)
                if record["type"] == "stride":
                    self._view.aimed(
                        self.session.unit_id or "", self._watch.aim if self._watch else None, why
                    )
                if self.beside and record["type"] == "stride" and not update.backfilled:
                    self.beside.see(self.session, frame, record)
                if why and why != self._why:
                    self._why = why
                    self._out.note(event(record["ic_s"], f"cue {record['cue_state']}: {why}"))

    def close(self, failure: KneesenseError | None, kind: str = "summary", more: Record | None = None) -> int:
        """Tell how it ended and sum it up in a record of that type, with `more` in it.  Returns the exit code."""
        session = self.session
        if not session.reached:
            self._out.warn("unit_missing", "the unit was not reached: nothing of it was recorded")
            return 0
        if failure:
            self._out.error(failure)
            self._show({"type": "error", "t_s": None, "code": failure.code, "message": str(failure)})
        elif session.goes_on:
            goes_on = "the unit goes on recording: kneesense run --attach --end ends it"
            self._out.note(goes_on)
            self._show({"type": "link", "t_s": None, "code": "left", "message": goes_on})
        elif not session.complete:
            self._out.warn(
                "not_ended",
                "the unit was not reached to end the run: kneesense run --attach fetches the rest",
            )
        self._sum_up(kind, more or {})
        if failure:
            return failure.exit_code
        return 0 if session.complete else 1

    def _begin(self, start: LogFrame) -> None:
        run = stored.at(self._store, self.session.unit_id or "", start.key)
        if run is not None:
            self._reader = RunRecords(stored.about(self._store, run, start))

    def _watched(self, frame: LogFrame) -> str | None:
        """Why no cue comes after this record, if it is a stride."""
        if self._watch is None and self.session.setup is not None:
            self._watch = CueWatch(self.session.setup)
        return self._watch.feed(frame.name, frame.values()) if self._watch else None

    def _tell(self, record: Record, backfilled: bool = False) -> None:
        code = record.get("code")
        warning = record["type"] == "warning" and code != RATE_MEASURED
        alerting = warning or code in ("battery_low", "restarted")  # its line is the alert's
        self._out.record(record, None if alerting else line(record))
        self._show(record, backfilled)
        self._alerts.see(record)

    def _sum_up(self, kind: str, more: Record) -> None:
        """From the store, which is what stays."""
        session = self.session
        if session.unit_id is None or session.run_key is None:
            return
        run = stored.at(self._store, session.unit_id, session.run_key)
        if run is None:
            return
        counters = session.counters
        self._out.note(
            f"{count(counters.live, 'record')} came live, {counters.backfilled} from the unit's log,"
            f" {counters.duplicates} twice, {counters.gone} are gone from the log"
        )
        kept = stored.StoredRun(self._store, run)
        shown = kept.summary if kind == "summary" else kept.summary | {"log": None}  # once for all
        self._out.record(kept.summary | {"type": kind} | more, summed_up(shown, kept.records))
        self._show(kept.summary | {"type": kind})

    def _show(self, record: Record, late: bool = False) -> None:
        self._view.feed(record, time.monotonic(), self.session.unit_id, late=late)


class Beside:
    """Tells what is wrong between the units of a run, as alerts that are neither's."""

    def __init__(self, watch: LegWatch, sinks: Sequence[Sink]) -> None:
        self._watch = watch
        self._alerts = Alerts(sinks)
        self._tell(watch.begun())

    def connected(self, session: Session, here: bool) -> None:
        self._watch.connected(session.unit_id or "", here)

    def see(self, session: Session, frame: LogFrame, stride: Record) -> None:
        self._tell(self._watch.see(session.unit_id or "", frame.boot, frame.t_us, stride))

    def _tell(self, found: list[tuple[str, str]]) -> None:
        for code, message in found:
            self._alerts.see({"type": "warning", "t_s": None, "code": code, "message": message})


async def follow(
    followers: Sequence[Follower],
    together: Together,
    store: Store,
    out: Output,
    duration_s: float | None,
    deliveries: Deliveries,
    screen: AbstractAsyncContextManager[None],
) -> int:
    """Until every run is over, `duration_s` have passed since the first began, or Ctrl-C.  Returns the exit code.

    `screen` has the terminal meanwhile.
    """
    loop = asyncio.get_running_loop()
    timers: list[asyncio.TimerHandle] = []

    def begun() -> None:
        if duration_s is not None and not timers:
            timers.append(loop.call_later(duration_s, together.stop, TIME_OVER_S))

    async with screen:
        with interrupts(lambda: together.stop(INTERRUPTED_S)):
            showing = asyncio.gather(*(follower.show(begun) for follower in followers))
            await together.run()
            await showing
        delivered = await deliveries.close()
    recorded = [follower.session for follower in followers if follower.session.run_key is not None]
    failures = list(together.failures.values())
    if not recorded and failures:
        raise failures[0]
    if not recorded:
        out.record(RunRecords().summary(str(store.file)), "nothing was recorded")
        return 0
    if len(followers) == 1:
        code = followers[0].close(together.failures.get(followers[0].session), more=delivered)
        _tell_next(out)
        return code
    code = max(follower.close(together.failures.get(follower.session), "leg") for follower in followers)
    outings.join(store)
    _compare(recorded, store, out, delivered)
    _tell_next(out)
    return code


def _tell_next(out: Output) -> None:
    out.note("Next: kneesense diary add (how the knee was), kneesense report (all of it on a page)")


def _compare(recorded: Sequence[Session], store: Store, out: Output, more: Record) -> None:
    """Both legs side by side, and the outing in one record."""
    from .. import pairs  # with numpy, which a run of one unit does without

    runs = [run for s in recorded if s.run_key and (run := stored.at(store, s.unit_id or "", s.run_key))]
    pair = pairs.of(store, runs[0])
    legs = [stored.StoredRun(store, run) for run in runs]
    if pair is not None:
        show_pair(pair, out)
    summary = {**pairs.summary([leg.summary for leg in legs]), "units": len(legs), **more}
    out.record(summary, f"log: {store.file}")
