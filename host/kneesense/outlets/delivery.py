# SPDX-License-Identifier: MIT
"""Alerts out through the outlets, beside the session: none of them can keep it waiting.

Each outlet has a task with a short queue and a deadline.  What became of an alert is one record, made once all of
them have answered.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from . import NotDelivered, Outlet

Record = dict[str, Any]
Told = Callable[[Record], None]

DEADLINE_S = 5.0
WAITING = 4  # alerts at one outlet; a fifth is not worth waiting for
MOST, MOST_IN_S = 10, 60.0  # alerts through one outlet; alerts.py holds back what repeats
LAST_S = 0.7  # for what is still under way when a run ends: Ctrl-C has promised to end within seconds


class _Pending:
    """An alert until every outlet has answered for it."""

    def __init__(self, alert: Record, outlets: int, told: Told) -> None:
        self.alert = alert
        self._outlets = outlets
        self._told = told
        self._why: dict[str, str | None] = {}  # by outlet; None: delivered

    def settle(self, name: str, why: str | None) -> None:
        self._why[name] = why
        if len(self._why) == self._outlets:
            self._told(
                {
                    "type": "delivery",
                    "t_s": self.alert["t_s"],
                    "code": self.alert["code"],
                    "delivered": {name: why is None for name, why in self._why.items()},
                    "why": {name: why for name, why in self._why.items() if why is not None},
                }
            )


class _Lane:
    """One outlet with its queue."""

    def __init__(self, outlet: Outlet, deadline_s: float, now: Callable[[], float]) -> None:
        self.outlet = outlet
        self.delivered = self.failed = 0
        self._deadline_s = deadline_s
        self._now = now
        self._sent_at: deque[float] = deque(maxlen=MOST)
        self._queue: asyncio.Queue[_Pending] = asyncio.Queue(WAITING)
        self._held: _Pending | None = None
        self._task: asyncio.Task[None] | None = None

    def take(self, pending: _Pending) -> None:
        now = self._now()
        if len(self._sent_at) == MOST and now - self._sent_at[0] < MOST_IN_S:
            self._settle(pending, f"more than {MOST} in {MOST_IN_S:.0f} s")
            return
        try:
            self._queue.put_nowait(pending)
        except asyncio.QueueFull:
            self._settle(pending, f"{WAITING} others wait already")
            return
        self._sent_at.append(now)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def drained(self) -> None:
        await self._queue.join()

    async def close(self) -> None:
        """What has not got out by now does not get out."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.wait([self._task])
        left = [self._held] if self._held else []
        while not self._queue.empty():
            left.append(self._queue.get_nowait())
        for pending in left:
            self._settle(pending, "the run was over before it answered")

    async def _work(self) -> None:
        while True:
            pending = self._held = await self._queue.get()
            why = await self._sent(pending.alert)
            self._held = None
            self._settle(pending, why)
            self._queue.task_done()

    async def _sent(self, alert: Record) -> str | None:
        try:
            async with asyncio.timeout(self._deadline_s):
                await self.outlet.send(alert)
        except TimeoutError:
            return f"no answer within {self._deadline_s:g} s"
        except NotDelivered as error:
            return str(error)
        except Exception as error:  # its text may hold an address with a token
            return f"failed ({type(error).__name__})"
        return None

    def _settle(self, pending: _Pending, why: str | None) -> None:
        self.delivered += why is None
        self.failed += why is not None
        pending.settle(self.outlet.name, why)


class Deliveries:
    """The outlets of one run.  To be used and closed in one event loop."""

    def __init__(
        self,
        outlets: Sequence[Outlet] = (),
        deadline_s: float | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lanes = [_Lane(outlet, deadline_s or DEADLINE_S, now) for outlet in outlets]

    def pass_on(self, alert: Mapping[str, Any], told: Told) -> None:
        """Returns at once; `told` gets the record of what became of it."""
        pending = _Pending(dict(alert), len(self._lanes), told)
        for lane in self._lanes:
            lane.take(pending)

    async def close(self, within_s: float | None = None) -> Record:
        """Ends them.  What a summary says of them: nothing, or how many alerts each has delivered."""
        under_way = [asyncio.ensure_future(lane.drained()) for lane in self._lanes]
        if under_way:
            _, late = await asyncio.wait(under_way, timeout=LAST_S if within_s is None else within_s)
            for task in late:
                task.cancel()
        for lane in self._lanes:
            await lane.close()
        counts = {
            lane.outlet.name: {"delivered": lane.delivered, "failed": lane.failed} for lane in self._lanes
        }
        return {"alerts": counts} if counts else {}
