# SPDX-License-Identifier: MIT
"""One virtual clock, as an asyncio event loop.

`loop.time()` is virtual seconds.  Time stands still while anything computes: it advances only when the loop has nothing
ready to run and every firmware process waits (`busy` is empty), and then exactly to the next timer, or less if bytes
arrive first.  Whoever computes and has a `fileno` is heard out before anything else goes on.  So a slow or busy
computer changes no result.  `speed` paces the waits against the wall clock: 1 is true time, 10 ten times faster.  A
firmware that says nothing for `STALL_LIMIT_S` of wall time, and was given a processor for much of it (frozen
interpreter), no longer holds the clock: its hardware goes on without it, as real hardware would.
"""

from __future__ import annotations

import asyncio
import select
import selectors
import time
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar, runtime_checkable

from .. import clock as host_clock

T = TypeVar("T")

STALL_LIMIT_S = 2.0
_STARVED = 15  # so many times as long is waited for who computes but is given no processor
_CATCH_UP_S = 0.25  # a lag behind the pace beyond this is forgiven instead of being caught up


@runtime_checkable
class Speaker(Protocol):
    """Computes elsewhere, and ends every spell of it with bytes for this loop."""

    def fileno(self) -> int: ...

    def computed_s(self) -> float | None:
        """Seconds of a processor it has had since it last heard from this loop; None where that is unknown."""


class PacedSelector(selectors.BaseSelector):
    """Waits on real files, but turns the loop's virtual timeouts into paced waits and moves the clock."""

    def __init__(self) -> None:
        self._real = selectors.DefaultSelector()
        self.now_s = 0.0
        self.speed = 1.0
        self.patience_s = STALL_LIMIT_S
        self.busy: set[object] = set()
        self._due = time.monotonic()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._hear_out()
        if timeout is not None and timeout <= 0:
            return self._real.select(0)
        if self.busy:
            events = self._real.select(_STARVED * self.patience_s)
            if events:
                return sorted(events, key=lambda event: event[0].fd)
            self.busy.clear()
        started = time.monotonic()
        if timeout is None:
            events = self._real.select(None)
            self._due = time.monotonic()
            return events
        due = max(self._due, started - _CATCH_UP_S) + timeout / self.speed
        events = self._real.select(max(0.0, due - started))
        if events:
            passed = min(timeout, max(0.0, (time.monotonic() - (due - timeout / self.speed)) * self.speed))
            self.now_s += passed
            self._due = due - (timeout - passed) / self.speed
        else:
            self.now_s += timeout
            self._due = due
        return events

    def _hear_out(self) -> None:
        """Wait until everybody who computes and will send bytes has done so, or is given up."""
        silent = [who for who in self.busy if isinstance(who, Speaker)]
        begun_s = time.monotonic()
        while silent:
            spoke = select.select(silent, [], [], self.patience_s)[0]
            silent = [who for who in silent if who not in spoke]
            if not spoke:
                waited_s = time.monotonic() - begun_s
                self.busy.difference_update(who for who in silent if self._is_stuck(who, waited_s))
                silent = [who for who in silent if who in self.busy]

    def _is_stuck(self, who: Speaker, waited_s: float) -> bool:
        computed_s = who.computed_s()
        if computed_s is None or waited_s > _STARVED * self.patience_s:
            return True
        return computed_s > self.patience_s / 2

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Any:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop on virtual time; see the module's text."""

    def __init__(self, speed: float = 1.0, paced: PacedSelector | None = None) -> None:
        self._paced = paced or PacedSelector()
        self._paced.speed = speed
        super().__init__(self._paced)
        self._wall_us = time.time_ns() // 1000

    def moment(self) -> host_clock.Moment:
        """What a computer's clocks show in this world: they begin as this one's and go with the virtual time."""
        passed_us = round(self.time() * 1e6)
        return host_clock.Moment(passed_us, self._wall_us + passed_us)

    def set_wall(self, by_us: int) -> None:
        """Somebody sets the computer's clock."""
        self._wall_us += by_us

    def time(self) -> float:
        return self._paced.now_s

    def run_in_executor(  # type: ignore[override]  # typeshed's form needs Python 3.11's newest syntax, *Ts
        self, executor: Any, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        """Work in a thread is computing too: time stands still until it is done."""
        work = object()
        self.busy.add(work)
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(lambda _: self.busy.discard(work))
        return future

    @property
    def speed(self) -> float:
        return self._paced.speed

    @speed.setter
    def speed(self, value: float) -> None:
        self._paced.speed = value

    @property
    def patience_s(self) -> float:
        """Of wall time: whoever computes and says nothing for so long no longer holds the clock."""
        return self._paced.patience_s

    @patience_s.setter
    def patience_s(self, value: float) -> None:
        self._paced.patience_s = value

    @property
    def busy(self) -> set[object]:
        """Who computes elsewhere, firmware processes and threads: while it is not empty, time stands still."""
        return self._paced.busy


def virtual_loop() -> VirtualLoop:
    """The running loop, which must be a virtual one."""
    loop = asyncio.get_running_loop()
    if not isinstance(loop, VirtualLoop):
        raise TypeError("the virtual world runs only on a VirtualLoop: use kneesense.world.clock.run")
    return loop


def run(main: Callable[[], Coroutine[Any, Any, T]], speed: float = 1.0) -> T:
    """Like asyncio.run, on virtual time."""
    loop = VirtualLoop(speed)
    with asyncio.Runner(loop_factory=lambda: loop) as runner, host_clock.replaced(loop.moment):
        return runner.run(main())
