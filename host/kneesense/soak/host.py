# SPDX-License-Identifier: MIT
"""The host of a soak: a session as `kneesense run` has it, in a process of its own on the world's clock.

So it can really be killed, between any two of its steps or in the middle of a transaction, and be suspended.  World and
host speak in turns: the host computes until it has nothing to do but wait and sends a Turn; the world sends a Wake when
the wait is over or the radio has something.  Bluetooth's own commands (HCI) travel in both.
"""

from __future__ import annotations

import asyncio
import os
import resource
import selectors
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Any

from bumble.transport.common import BaseSource, Transport

from .. import ble, clock
from ..bus import Arrival, Update
from ..errors import KneesenseError
from ..frames import LogFrame
from ..inbox import Inbox
from ..link import Channel
from ..session import Plan, Session
from ..store import Store
from ..world import central
from ..world.clock import PacedSelector, VirtualLoop

_MTU = central.MTU


@dataclass(frozen=True)
class Errand:
    """What a host is started for."""

    store: Path
    home: Path
    unit: str
    unit_id: str
    settings: Mapping[str, int]
    calibration: Mapping[str, int]
    runner: str
    attach: bool = False
    end: bool = False
    file_bytes: int | None = None
    """No file can grow beyond this, as on a full disk."""
    rests: bool = False
    """Sabotage: it stays away after the first lost link."""


@dataclass
class Wake:
    """From the world: the time it is, and what has come meanwhile."""

    now_s: float
    utc_us: int
    packets: list[bytes] = field(default_factory=list)
    orders: list[tuple[str, Any]] = field(default_factory=list)


@dataclass
class Turn:
    """From the host, which now waits; `ended`: for nothing any more."""

    until_s: float | None
    packets: list[bytes]
    ended: Ended | None = None


@dataclass(frozen=True)
class Ended:
    """How a session ended: the code of its error or "complete", and whether the unit goes on recording."""

    code: str
    message: str = ""
    goes_on: bool = False


class _Cord(PacedSelector):
    """Waits by giving the turn to the world.  Carries the commands for the radio along."""

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self._source: BaseSource | None = None
        self.on_wake: Callable[[Wake], None] = lambda wake: None
        self.utc_us = 0
        self._connection = connection
        self._packets: list[bytes] = []

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            return self._real.select(0)
        self.say(Turn(None if timeout is None else self.now_s + timeout, self._packets))
        wake: Wake = self._connection.recv()
        self.now_s, self.utc_us = wake.now_s, wake.utc_us
        for packet in wake.packets:
            if self._source is not None and self._source.sink is not None:
                self._source.sink.on_packet(packet)
        self.on_wake(wake)
        return []

    def say(self, turn: Turn) -> None:
        self._packets = []
        self._connection.send(turn)

    def on_packet(self, packet: bytes) -> None:
        self._packets.append(bytes(packet))

    def moment(self) -> clock.Moment:
        return clock.Moment(round(self.now_s * 1e6), self.utc_us)

    async def transport(self) -> Transport:
        self._source = BaseSource()
        return Transport(self._source, self)


class _Loop(VirtualLoop):
    def run_in_executor(  # type: ignore[override]  # as in VirtualLoop
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """At once: computing takes no time, and a thread would end at one moment today, at another tomorrow."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future


class _Ear:
    """What becomes of notifications between the radio and the program: one mischief at a time, or none."""

    def __init__(self) -> None:
        self._mischief = ""
        self._random = Random()
        self._held: bytes | None = None

    def set(self, mischief: str, seed: str) -> None:
        self._mischief, self._random = mischief, Random(seed)

    def hear(self, data: bytes) -> list[bytes]:
        before = [] if self._held is None else [self._held]
        self._held = None
        if self._mischief == "reorder" and self._random.random() < 0.5:
            if before:
                return [data, *before]
            self._held = data
            return []
        if self._mischief == "duplicate" and self._random.random() < 0.7:
            return [*before, data, data]
        if self._mischief == "flip" and data and self._random.random() < 0.3:
            spoilt = bytearray(data)
            spoilt[self._random.randrange(len(spoilt))] ^= 1 << self._random.randrange(8)
            return [*before, bytes(spoilt)]
        return [*before, data]


class _Link(ble.BleLink):
    def __init__(self, unit: str, ear: _Ear) -> None:
        super().__init__(unit)
        self._ear = ear

    def _receiver(self, channel: Channel) -> Callable[[Any, bytearray], None]:
        receive = super()._receiver(channel)

        def hear(who: Any, data: bytearray) -> None:
            for piece in self._ear.hear(bytes(data)):
                receive(who, bytearray(piece))

        return hear


class Doubled(Exception):
    """A record was handed on twice, or before an earlier one."""


def live(connection: Connection, errand: Errand) -> None:
    """The process, from its start to its end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's Ctrl-C is for the world
    with (errand.home / "host.txt").open("ab") as console:
        os.dup2(console.fileno(), 2)
    os.environ.pop("KNEESENSE_RADIO", None)
    os.environ["KNEESENSE_HOME"] = str(errand.home)
    if errand.file_bytes is not None:
        _limit_files(errand.file_bytes)
    cord = _Cord(connection)
    central.install(cord.transport)
    with suppress(EOFError), clock.replaced(cord.moment):
        with asyncio.Runner(loop_factory=lambda: _Loop(paced=cord)) as runner:
            ended = runner.run(_errand(errand, cord))
        cord.say(Turn(None, [], ended))


async def _errand(errand: Errand, cord: _Cord) -> Ended:
    ear = _Ear()
    try:
        with Store(errand.store) as store:
            plan = Plan(
                {} if errand.attach else errand.settings,
                None if errand.attach else errand.calibration,
                errand.runner,
                errand.attach,
                errand.end,
                coached=True,
            )
            session = Session(lambda: _Link(errand.unit, ear), store, plan, unit_id=errand.unit_id)
            cord.on_wake = lambda wake: _obey(wake.orders, session, store, ear)
            updates = session.bus.subscribe()
            work = asyncio.create_task(session.run())
            await _in_order(updates, work, errand.rests)
            await work
    except KneesenseError as error:
        return Ended(error.code, str(error))
    except Exception as error:  # the world has to hear of it
        return Ended(type(error).__name__, str(error))
    return Ended("complete" if session.complete else "stopped", goes_on=session.goes_on)


def _obey(orders: list[tuple[str, Any]], session: Session, store: Store, ear: _Ear) -> None:
    for name, value in orders:
        if name == "stop":
            session.stop(value)
        elif name == "ear":
            ear.set(*value)
        elif name == "files":
            _limit_files(value)
        elif name == "mtu":
            central.MTU = value or _MTU
        elif name == "die in":
            _die_in(store, value)


def _limit_files(size: int | None) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most if size is None else size, most))


def _die_in(store: Store, steps: int) -> None:
    """Killed while the database does its work, after so many of its steps."""
    left = [steps]

    def step() -> int:
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return 0

    store._db.set_progress_handler(step, 1)


async def _in_order(updates: Inbox[Update], work: asyncio.Task[None], rests: bool) -> None:
    """Every record is handed on once, after those before it."""
    last: LogFrame | None = None
    with suppress(StopAsyncIteration):
        async for update in updates:
            if isinstance(update, Arrival):
                before, last = last, update.record
                if before is not None and not before.key < last.key:
                    raise Doubled(f"record {last.key} came after {before.key}")
            elif rests and update.code == "lost":
                work.cancel()
                await asyncio.sleep(1e9)


__all__ = ["Ended", "Errand", "Turn", "Wake", "live"]
