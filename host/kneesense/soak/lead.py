# SPDX-License-Identifier: MIT
"""The world's end of a soak's host: starts it, wakes it when it is due, suspends it, kills it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from multiprocessing import get_context
from typing import Any

from ..world.air import Air, AirController
from ..world.clock import virtual_loop
from .host import Ended, Errand, Turn, Wake, live

_PATIENCE_S = 120.0  # of wall time, for one spell of computing
_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(["__main__", f"{__package__}.host"])  # so that a start takes some 10 ms


class Host:
    """One process.  `over` is its end: how the session ended, or None when it was killed."""

    def __init__(self, air: Air, errand: Errand, utc_us: Callable[[], int]) -> None:
        self._loop = virtual_loop()
        self._air = air
        self._utc_us = utc_us
        self.over: asyncio.Future[Ended | None] = self._loop.create_future()
        self._controller = AirController("host", link=air)
        self._controller.set_packet_sink(self)
        self._packets: list[bytes] = []
        self._orders: list[tuple[str, Any]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._waking = False
        self._behind_s = 0.0  # its clock stood still for so long
        self._suspended = False
        self._link_stays = False
        self._cord, theirs = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(target=live, args=(theirs, errand), daemon=True)
        self._process.start()
        theirs.close()
        self._listen()

    @property
    def alive(self) -> bool:
        return not self.over.done()

    def order(self, name: str, value: Any = None) -> None:
        self._orders.append((name, value))
        self._soon()

    def on_packet(self, packet: bytes) -> None:
        """From its Bluetooth controller."""
        self._packets.append(bytes(packet))
        self._soon()

    def kill(self, link_stays: bool = False) -> None:
        """As `kill -9`.  The system takes the link down with it, or keeps it (`link_stays`) until `unplug`."""
        self._link_stays = link_stays
        if self.alive:
            self._process.kill()
            self._gone(None)

    def unplug(self) -> None:
        """Its radio is off the air."""
        self._air.drop_controller(self._controller)

    async def suspend(self, seconds: float, clock_goes_on: bool) -> None:
        """The lid is shut: nothing runs, the link is gone.  The monotonic clock stands still, or not, by system."""
        self._suspended = True
        self._cancel()
        self._air.drop(self._controller)
        await asyncio.sleep(seconds)
        self._suspended = False
        if self.alive:
            self._behind_s += 0.0 if clock_goes_on else seconds
            self._soon()

    def _soon(self) -> None:
        if self.alive and not self._suspended and not self._waking:
            self._waking = True
            self._loop.call_soon(self._wake)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wake(self) -> None:
        self._waking = False
        self._cancel()
        if not self.alive or self._suspended:
            return
        wake = Wake(self._loop.time() - self._behind_s, self._utc_us(), self._packets, self._orders)
        self._packets, self._orders = [], []
        try:
            self._cord.send(wake)
        except OSError:
            self._gone(None)
            return
        self._listen()

    def _listen(self) -> None:
        """The world waits for its turn to end."""
        try:
            if not self._cord.poll(_PATIENCE_S):
                self._process.kill()
                self._gone(Ended("hung", f"it computed for {_PATIENCE_S:g} s"))
                return
            turn: Turn = self._cord.recv()
        except (EOFError, OSError):
            self._gone(None)
            return
        for packet in turn.packets:
            self._controller.on_packet(packet)
        if turn.ended is not None:
            self._gone(turn.ended)
        elif turn.until_s is not None:
            self._timer = self._loop.call_at(turn.until_s + self._behind_s, self._wake)

    def _gone(self, ended: Ended | None) -> None:
        self._cancel()
        self._process.join()
        if ended is None and self._process.exitcode != -signal.SIGKILL:
            ended = Ended("crashed", f"exit code {self._process.exitcode}")
        self.over.set_result(ended)
        self._cord.close()
        if not self._link_stays:
            self.unplug()
