# SPDX-License-Identifier: MIT
"""What goes wrong in a soak: each fault a small function, in a table with all that it may cost.

A fault is over when its function returns; from then on the product has a deadline to be recording again.  What a fault
is not allowed to cost and costs all the same is found by the audit.
"""

from __future__ import annotations

import asyncio
import errno
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from random import Random
from typing import Any

from ..store import Store
from ..world import air
from ..world.bonding import HOST_ADDRESS
from ..world.power import POWER_ON
from ..world.stranger import Stranger
from .room import Room

GAP, BOOT, SESSION, RECORD = "gap", "boot", "session", "record"
"""Costs: samples are missing and the log says so; the unit starts anew, without the STOP of the run and at most the
last 2 s of its records; the program on the computer ends, and its user starts it again; records on the flash are
spoilt, and lost unless they were fetched before."""

Act = Callable[[Room, Random], Awaitable[None]]


@dataclass(frozen=True)
class Fault:
    name: str
    act: Act
    on: str
    """What it befalls: faults of the same do not overlap."""
    costs: frozenset[str] = frozenset()
    share: int = 4
    """How often it comes, against the others."""

    @property
    def about(self) -> str:
        return " ".join((self.act.__doc__ or "").split())

    def record(self) -> dict[str, Any]:
        return {"type": "fault", "name": self.name, "about": self.about, "costs": sorted(self.costs)}

    def line(self) -> str:
        return f"{self.name}: {self.about} May cost: {', '.join(sorted(self.costs)) or 'nothing'}."


_BITES_WITHIN_S = 4.0  # the watchdog waits for 2 s; then the chip needs a moment to start

TABLE: dict[str, Fault] = {}


def _fault(on: str, *costs: str, share: int = 4) -> Callable[[Act], Act]:
    def add(act: Act) -> Act:
        name = getattr(act, "__name__", "")
        TABLE[name] = Fault(name, act, on, frozenset(costs), share)
        return act

    return add


# The radio.


@_fault("radio")
async def link_dropped(room: Room, random: Random) -> None:
    """The link is lost; both ends see a supervision timeout."""
    room.air.drop()


@_fault("radio")
async def out_of_range(room: Room, random: Random) -> None:
    """Out of range for some seconds."""
    await room.air.leave_range(random.uniform(2, 20))


@_fault("radio", share=1)
async def far_away(room: Room, random: Random) -> None:
    """Out of range for minutes."""
    await room.air.leave_range(random.uniform(60, 150))


@_fault("radio")
async def radio_faded(room: Room, random: Random) -> None:
    """Nothing gets through and nobody notices, for up to 20 s."""
    room.air.faded = True
    await asyncio.sleep(random.uniform(0.3, 20))
    room.air.faded = False


@_fault("radio")
async def notify_enomem(room: Room, random: Random) -> None:
    """The unit's stack says that its queue is full, hundreds of times."""
    for _ in range(random.randint(1, 4)):
        room.unit.radio.notify_errors = [errno.ENOMEM] * random.randint(1, 200)
        await asyncio.sleep(random.uniform(0.2, 2))


@_fault("radio")
async def stale_handle(room: Room, random: Random) -> None:
    """The unit's stack answers -128, and tells the lost link only later."""
    room.unit.radio.notify_errors = [-128] * random.randint(1, 3)
    await asyncio.sleep(random.uniform(0.2, 2))
    room.air.drop()


@_fault("radio")
async def slow_interval(room: Room, random: Random) -> None:
    """One packet goes every 400 ms, as some systems choose to save power."""
    room.air.interval_s, room.air.per_event = 0.4, 1
    await asyncio.sleep(random.uniform(3, 15))
    room.air.interval_s, room.air.per_event = air.CONNECTION_INTERVAL_S, air.PACKETS_PER_EVENT


@_fault("radio")
async def smallest_mtu(room: Room, random: Random) -> None:
    """The computer connects anew and asks for no more than 20 bytes a packet."""
    room.order("mtu", 23)
    room.air.drop()
    await asyncio.sleep(random.uniform(5, 20))
    room.order("mtu", None)
    room.air.drop()


@_fault("radio")
async def stranger_connects(room: Room, random: Random) -> None:
    """Somebody else takes the connection as soon as it is free, and stays until shown out."""
    await _visit(room, Stranger(room.air, unit=room.unit.address), pairs=random.random() < 0.5)


@_fault("host", SESSION)
async def stranger_as_owner(room: Room, random: Random) -> None:
    """Somebody comes with the address of the computer, which is off, and asks to pair."""
    room.wanted = False
    if room.host is not None:
        room.host.kill()
    await _visit(room, Stranger(room.air, HOST_ADDRESS, room.unit.address), pairs=True)
    room.wanted = True


async def _visit(room: Room, stranger: Stranger, pairs: bool) -> None:
    room.air.drop()

    async def stay() -> None:
        await stranger.connect(5.0)
        if pairs:
            await stranger.pair()
        await stranger.left.wait()

    visit = asyncio.create_task(stay())
    await asyncio.wait({visit}, timeout=20)
    stranger.goes_away()
    visit.cancel()
    await asyncio.gather(
        visit, return_exceptions=True
    )  # the owner was faster, or it was shown out in mid-step


# The computer.


async def _ear(room: Room, random: Random, mischief: str) -> None:
    room.order("ear", (mischief, str(random.random())))
    await asyncio.sleep(random.uniform(3, 15))
    room.order("ear", ("", ""))


@_fault("ear")
async def notifications_doubled(room: Room, random: Random) -> None:
    """The computer hears most notifications twice."""
    await _ear(room, random, "duplicate")


@_fault("ear")
async def notifications_swapped(room: Room, random: Random) -> None:
    """The computer hears half of the notifications after the next one."""
    await _ear(room, random, "reorder")


@_fault("ear")
async def notifications_spoilt(room: Room, random: Random) -> None:
    """One of three notifications has a flipped bit."""
    await _ear(room, random, "flip")


@_fault("host", SESSION, share=36)
async def host_killed(room: Room, random: Random) -> None:
    """The program on the computer gets signal 9, between any two of its steps or in the middle of a transaction."""
    host = room.host
    if host is None:
        return
    room.wanted = False
    if random.random() < 0.4:
        host.order("die in", random.choice((random.randint(0, 100), random.randint(0, 2000))))
        await asyncio.wait({host.over}, timeout=random.uniform(1, 3))
        room.killed_at_work += not host.alive
    host.kill(link_stays=True)
    await asyncio.sleep(random.choice((0.0, random.uniform(0, 5))))
    host.unplug()
    await asyncio.sleep(random.uniform(0, 4))
    room.wanted = True


@_fault("host", SESSION)
async def run_ended(room: Room, random: Random) -> None:
    """The user ends the run, and begins another; one of three records every sample, which fills the log in minutes."""
    room.raw = random.random() < 0.33
    room.wanted = False
    if room.host is not None and room.host.alive:
        room.host.order("stop", 10.0)
        await asyncio.wait({room.host.over}, timeout=15)
        room.host.kill()
    host = room.start(room.errand(attach=True, end=True))
    await asyncio.wait({host.over}, timeout=30)
    host.kill()
    room.attach = False
    room.wanted = True


@_fault("host", share=2)
async def host_suspended(room: Room, random: Random) -> None:
    """The lid is shut for up to a minute, with a monotonic clock that goes on or stands still."""
    if room.host is not None:
        await room.host.suspend(random.uniform(10, 60), clock_goes_on=random.random() < 0.5)


@_fault("clock")
async def wall_clock_set(room: Room, random: Random) -> None:
    """The wall clock of the computer is set by an hour, forth or back."""
    room.wall_step_us += random.choice((-1, 1)) * 3_600_000_000


@_fault("host", SESSION)
async def disk_full(room: Room, random: Random) -> None:
    """No file of the computer can grow, for some seconds."""
    room.fill_disk(random.choice((0, random.randint(0, 5000))))
    await asyncio.sleep(random.uniform(2, 12))
    room.fill_disk(None)


@_fault("disk")
async def second_program(room: Room, random: Random) -> None:
    """Another program opens the store, checks it, writes to it and reads for some seconds."""
    with Store(room.store) as store:
        room.problems += store.problems()
        store.first_time("another", str(random.random()))
    with closing(sqlite3.connect(room.store, isolation_level=None)) as db:
        db.execute("BEGIN")
        db.execute("SELECT count(*) FROM event").fetchone()
        await asyncio.sleep(random.uniform(1, 8))  # its view of the store stays as it was
        db.execute("COMMIT")


# The unit.


@_fault("unit", BOOT)
async def power_cut(room: Room, random: Random) -> None:
    """The battery is pulled out, and put in again."""
    await room.unit.power_off()
    room.witness.close()
    await asyncio.sleep(random.choice((0.05, random.uniform(1, 10))))
    room.unit.power_on()


@_fault("unit", BOOT)
async def brownout(room: Room, random: Random) -> None:
    """The supply dips, and the chip starts anew."""
    room.unit.reset(POWER_ON)
    await _up(room)


@_fault("unit", BOOT)
async def program_hangs(room: Room, random: Random) -> None:
    """The program stands still for good: the watchdog has to bite."""
    await _watched(room)
    if room.unit.process is None:
        return
    boots = room.unit.boots
    room.unit.process.stall(60.0)
    await asyncio.sleep(_BITES_WITHIN_S)
    if room.unit.boots == boots:
        room.problems.append("the watchdog did not bite")
    await _up(room)


async def _watched(room: Room) -> None:
    """Until the watchdog of the program runs: there is none while it boots."""
    now_us = asyncio.get_running_loop().time
    for _ in range(100):
        fed_us = room.unit.board.power.fed_us
        if room.unit.process and fed_us and fed_us[-1] > now_us() * 1e6 - 1_500_000:
            return
        await asyncio.sleep(0.1)


async def _up(room: Room) -> None:
    while room.unit.process is None:
        await asyncio.sleep(0.1)


async def _stalls(room: Room, random: Random, least_s: float, most_s: float) -> None:
    for _ in range(random.randint(1, 5)):
        if room.unit.process:
            room.unit.process.stall(random.uniform(least_s, most_s))
        await asyncio.sleep(random.uniform(0.5, 2))


@_fault("program")
async def stalls(room: Room, random: Random) -> None:
    """The program stands still for 10 to 120 ms, as it does while memory is collected or the flash written."""
    await _stalls(room, random, 0.010, 0.120)


@_fault("program", GAP)
async def long_stalls(room: Room, random: Random) -> None:
    """The program stands still for 150 to 400 ms, longer than the sensor's FIFO holds."""
    await _stalls(room, random, 0.150, 0.400)


@_fault("sensor", GAP)
async def bus_errors(room: Room, random: Random) -> None:
    """Part of the sensor's transfers fail."""
    part = random.choice((0.05, 0.3, 1.0))
    room.chip.faults.bus = lambda transfer: errno.ETIMEDOUT if random.random() < part else 0
    await asyncio.sleep(random.uniform(0.2, 3))
    room.chip.faults.bus = lambda transfer: 0


@_fault("sensor", GAP)
async def sensor_unpowered(room: Room, random: Random) -> None:
    """The sensor loses its supply for a moment, and with it its settings."""
    room.chip.power_cycle()


@_fault("sensor", GAP)
async def bus_stuck(room: Room, random: Random) -> None:
    """A part holds the data line until it has seen some clocks, or for a second."""
    if random.random() < 0.5:
        room.unit.board.held_clocks = random.randint(1, 9)
        return
    room.unit.board.held_clocks = 1 << 30
    await asyncio.sleep(random.uniform(0.1, 2))
    room.unit.board.held_clocks = 0


@_fault("flash", GAP)
async def slow_flash(room: Room, random: Random) -> None:
    """Pages and sectors take as long as the data sheet allows: 3 and 400 ms."""
    flash = room.unit.board.flash
    assert flash is not None
    before = flash.page_ms, flash.erase_ms
    flash.page_ms, flash.erase_ms = 3.0, 400.0
    await asyncio.sleep(random.uniform(5, 30))
    flash.page_ms, flash.erase_ms = before


@_fault("flash", RECORD)
async def flash_bit_flipped(room: Room, random: Random) -> None:
    """One bit of what is logged flips, in a record or in the head of a sector."""
    room.spoil_flash(random)


@_fault("button")
async def button_pressed(room: Room, random: Random) -> None:
    """The runner marks pain and takes it back, or mutes the cues."""
    button = room.unit.board.button
    if random.random() < 0.5:
        await button.press(2.3)
        return
    await button.press(random.uniform(0.1, 0.6))
    await asyncio.sleep(random.uniform(1, 6))
    await button.press(random.uniform(0.1, 0.6))
