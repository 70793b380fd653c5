# SPDX-License-Identifier: MIT
"""Device time of one boot to UTC: offset and drift from readings of computers' clocks, and how far off they may be.

Each reading is an interval that holds the truth, and so is the drift that any two of them allow.  Carried to another
moment by the drift, each interval widens; the truth lies in all of them.  That needs no weights and no statistics, and
the error it tells is a bound.  (The convex-hull method of L. Zhang, Z. Liu, C. H. Xia: Clock synchronization algorithms
for network measurements, INFOCOM 2002, with intervals in place of one-way delays.)

Readings that no quartz can join are those of a clock that was set, or of another computer: they make groups.  The last
reading's group counts, for clocks are set to be right; where it left another one, the jump is told.  Neither bends the
line.  A bound is against the clock of that computer: how far that one is off nobody here knows.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from .clock import DRIFT_LIMIT_PPM, Reading

# How far a boot's drift may change around its mean.  Assumed, not measured: the whole tolerance of a module's quartz is
# 10 ppm (Espressif, ESP32 Hardware Design Guidelines), and from room to leg is a small part of its temperatures.
WANDER_PPM = 5.0
_MILLION = 1e6


@dataclass(frozen=True, slots=True)
class Jump:
    """A computer's clock was found set by `by_us` at device time `t_us`."""

    t_us: int
    by_us: int


@dataclass(frozen=True, slots=True)
class Tie:
    """UTC of any moment of one boot."""

    readings: tuple[Reading, ...]
    """Those that agree, in order of time."""
    drift_ppm: float
    """How much faster UTC goes than the unit's clock."""
    drift_error_ppm: float
    jumps: tuple[Jump, ...] = ()

    def bounds_us(self, t_us: int) -> tuple[int, int]:
        """The earliest and the latest UTC that device time may be, in microseconds since 1970."""
        low, high = -math.inf, math.inf
        base = self.readings[0].utc_us  # floats hold the differences exactly
        for reading in self.readings:
            passed_us = t_us - reading.t_us
            middle = reading.utc_us - base + passed_us * (1 + self.drift_ppm / _MILLION)
            half = reading.error_us + abs(passed_us) * self.drift_error_ppm / _MILLION
            low, high = max(low, middle - half), min(high, middle + half)
        low, high = min(low, high), max(low, high)
        return base + math.floor(low), base + math.ceil(high)

    def utc_us(self, t_us: int) -> int:
        """The middle of the bounds."""
        return sum(self.bounds_us(t_us)) // 2

    def error_us(self, t_us: int) -> int:
        """What `utc_us` of that time may be off."""
        low, high = self.bounds_us(t_us)
        return (high - low + 1) // 2


def fit(readings: Iterable[Reading]) -> Tie | None:
    """None without a reading."""
    groups: list[_Group] = []  # the one used last is at the end
    jumps: list[Jump] = []
    for reading in sorted(readings):
        group = next((group for group in reversed(groups) if group.admits(reading)), None)
        if groups and group is not groups[-1]:
            by_us = reading.utc_us - groups[-1].tie().utc_us(reading.t_us)
            jumps.append(Jump(reading.t_us, by_us))
        if group is None:
            group = _Group()
        else:
            groups.remove(group)
        group.add(reading)
        groups.append(group)
    return groups[-1].tie(jumps) if groups else None


@dataclass(eq=False)
class _Group:
    """Readings that one clock may have shown, and the drift that all pairs of them allow, in ppm."""

    readings: list[Reading] = field(default_factory=list)
    low: float = -DRIFT_LIMIT_PPM
    high: float = DRIFT_LIMIT_PPM

    def admits(self, reading: Reading) -> bool:
        low, high = self._with(reading)
        return low <= high

    def add(self, reading: Reading) -> None:
        self.low, self.high = self._with(reading)
        self.readings.append(reading)

    def tie(self, jumps: Iterable[Jump] = ()) -> Tie:
        middle, half = (self.low + self.high) / 2, (self.high - self.low) / 2
        return Tie(tuple(self.readings), middle, half + WANDER_PPM, tuple(jumps))

    def _with(self, reading: Reading) -> tuple[float, float]:
        """The drift allowed with one more reading; low > high if there is none."""
        low, high = self.low, self.high
        for other in self.readings:
            passed_us = reading.t_us - other.t_us
            more_us = reading.utc_us - other.utc_us - passed_us
            room_us = reading.error_us + other.error_us
            if passed_us:
                low = max(low, _MILLION * (more_us - room_us) / passed_us - WANDER_PPM)
                high = min(high, _MILLION * (more_us + room_us) / passed_us + WANDER_PPM)
            elif abs(more_us) > room_us:
                return 1.0, -1.0
        return low, high
