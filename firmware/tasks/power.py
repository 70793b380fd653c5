# SPDX-License-Identifier: MIT
"""The battery watched, the unit put to sleep when nobody needs it, and before its flash becomes unsafe.

    asleep when   still, no run, no host for `sleep_after_s`   woken by motion, the button
                  flat: three low readings in a row            woken by the button, a timer that looks again
In both the log is closed, the radio off, the motor still.  docs/power.md has the states and what they cost.
"""

import asyncio

from kneecore import wire
from kneecore.cell import Cell, nap_s

_TURN_MS = 1000
_WELL_US = 10_000_000  # running for so long, or reached by a host, a boot is none that failed
_READ_US = 5_000_000
_RECORD_US = 60_000_000
_RECORD_POINTS = 5
_FAREWELL_MS = 2000  # the pattern that says why is played, the last records reach a host
_AFTER_TIMER_S = 30  # a unit that the timer woke goes back to sleep as soon as a host could have found it
_QUICK_S = 10  # a motion wake so soon after going to sleep is none,
_QUICK_WAKES = 5  # and after so many motion is left out once
_LOOK_AGAIN_S = 600


def _no() -> bool:
    return False


class Power:
    """`battery` with read(), `sleeper` of drivers.sleeper, `boot` of tasks.boots, `body` of tasks.body."""

    def __init__(self, battery, sleeper, boot, body, journal, clock, radio, settings, health) -> None:
        self._body = body
        self._battery = battery
        self._sleeper = sleeper
        self._boot = boot
        self._journal = journal
        self._clock = clock
        self._radio = radio
        self._settings = settings
        self._health = health
        self.cell = Cell()
        self._wake = wire.WAKES[boot.wake]
        self._used_us = self._read_us = clock.us()
        self._record_us = -_RECORD_US
        self._recorded = -1  # percent and charging of the last record
        self._well = False
        if self._wake == "motion" and 0 <= sleeper.slept_s < _QUICK_S:
            sleeper.wakes += 1
        else:
            sleeper.wakes = 0
        health.cause, health.failed, health.safe_mode = boot.cause, boot.failed, boot.safe

    async def run(self) -> None:
        while True:
            await asyncio.sleep_ms(_TURN_MS)
            await self.tend()

    async def tend(self) -> None:
        now_us = self._clock.us()
        if not self._well and (now_us >= _WELL_US or self._radio.connected):
            self._well = True
            self._boot.well()
        if now_us - self._read_us >= _READ_US and self._body.quiet:
            self._read_us = now_us
            self._read(now_us)
        if self.cell.low:
            await self._flat()
        if self._needed() or self._body.moved():
            self._used_us = now_us
            self._wake = "none"
        elif self._idle_s and now_us - self._used_us >= 1_000_000 * self._idle_s:
            await self._sleep(lambda: self._needed() or self._radio.linked, True, 0)

    def _needed(self) -> bool:
        return self._body.busy or self._radio.connected

    @property
    def _idle_s(self) -> int:
        after_s = self._settings.get("sleep_after_s")
        return min(after_s, _AFTER_TIMER_S) if self._wake == "timer" else after_s

    def _read(self, now_us: int) -> None:
        cell, health = self.cell, self._health
        mv, charging, percent = self._battery.read()
        stop_mv = self._settings.get("battery_stop_mv")
        cell.reading(mv, charging, percent, stop_mv)
        health.battery_mv, health.percent, health.charging = cell.mv, cell.percent, cell.charging
        health.battery_low = cell.nearly_empty(stop_mv)
        state = cell.charging << 8 | cell.percent
        changed = self._recorded < 0 or abs(state - self._recorded) >= _RECORD_POINTS
        if changed or now_us - self._record_us >= _RECORD_US:
            self._recorded = state
            self._record_us = now_us
            values = {"mv": cell.mv, "percent": cell.percent, "charging": cell.charging}
            self._journal.record(wire.BATTERY, values)

    async def _flat(self) -> None:
        self._body.end()
        self._journal.notice("battery_low", self.cell.mv, self._settings.get("battery_stop_mv"))
        self._journal.flush()
        await asyncio.sleep_ms(_FAREWELL_MS)
        self._sleeper.naps = 1  # it is to be charged before it starts again
        await self._sleep(_no, False, nap_s(0))

    async def _sleep(self, stay, motion: bool, timer_s: int) -> None:
        if not await self._radio.leave(stay):
            return
        sleeper = self._sleeper
        armed = self._body.arm() and not sleeper.moving
        if motion and (sleeper.wakes >= _QUICK_WAKES or not armed):
            motion, timer_s = False, _LOOK_AGAIN_S
        sleeper.strap_session = self._body.strap_session
        self._boot.well()
        self._journal.close()
        sleeper.sleep(motion, timer_s)
