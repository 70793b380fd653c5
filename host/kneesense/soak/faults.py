# SPDX-License-Identifier: MIT
"""What goes wrong in a soak: each fault a small function, in a table with all that it may cost.

A fault is over when its function returns; from then on the product has a deadline to be recording again.  What a fault
is not allowed to cost and costs all the same is found by the audit.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from .room import Room

GAP, BOOT, SESSION = "gap", "boot", "session"
"""Costs: samples are missing and the log says so; the unit starts anew, without the STOP of the run and at most the
last 2 s of its records; the program on the computer ends, and its user starts it again."""


@dataclass(frozen=True)
class Fault:
    name: str
    act: Callable[[Room, Random], Awaitable[None]]
    on: str
    """What it befalls: faults of the same do not overlap."""
    costs: frozenset[str] = frozenset()
    share: int = 4
    """How often it comes, against the others."""

    def record(self) -> dict[str, Any]:
        return {"type": "fault", "name": self.name, "on": self.on, "costs": sorted(self.costs)}

    def line(self) -> str:
        about = " ".join((self.act.__doc__ or "").split())
        return f"{self.name}: {about} May cost: {', '.join(sorted(self.costs)) or 'nothing'}."


TABLE: dict[str, Fault] = {}


def _fault(
    on: str, *costs: str, share: int = 4
) -> Callable[[Callable[[Room, Random], Awaitable[None]]], Callable[[Room, Random], Awaitable[None]]]:
    def add(act: Callable[[Room, Random], Awaitable[None]]) -> Callable[[Room, Random], Awaitable[None]]:
        TABLE[act.__name__] = Fault(act.__name__, act, on, frozenset(costs), share)
        return act

    return add


@_fault("radio")
async def link_dropped(room: Room, random: Random) -> None:
    """Both ends see a supervision timeout."""
    room.air.drop()


@_fault("radio")
async def out_of_range(room: Room, random: Random) -> None:
    await room.air.leave_range(random.uniform(2, 20))


@_fault("radio")
async def notify_enomem(room: Room, random: Random) -> None:
    """The stack's queue is full for a while, again and again."""
    for _ in range(random.randint(1, 4)):
        room.unit.radio.notify_errors = [errno.ENOMEM] * random.randint(1, 200)
        await asyncio.sleep(random.uniform(0.2, 2))


@_fault("host", SESSION, share=25)
async def host_killed(room: Room, random: Random) -> None:
    """With signal 9, between any two of its steps or in the middle of a transaction; started again a little later."""
    host = room.host
    if host is None:
        return
    room.wanted = False
    if random.random() < 0.4:
        host.order("die in", random.choice((random.randint(0, 100), random.randint(0, 2000))))
        await asyncio.wait({host.over}, timeout=random.uniform(1, 3))
    host.kill()
    await asyncio.sleep(random.uniform(0, 4))
    room.wanted = True


@_fault("unit", BOOT)
async def power_cut(room: Room, random: Random) -> None:
    """The battery is pulled out, and put in again."""
    await room.unit.power_off()
    room.witness.close()
    await asyncio.sleep(random.choice((0.05, random.uniform(1, 10))))
    room.unit.power_on()
