# SPDX-License-Identifier: MIT
"""This computer's clocks, and what a round trip to a unit says about the unit's clock.

The unit stamps its answer somewhere between our sending and our receiving, so half of the round trip bounds the error
of taking the stamp for its middle (Cristian 1989), however unequal the two ways are.  The round trip is the longer one
by the monotonic and by the wall clock: then neither a jump of the wall clock nor a suspend, in which the monotonic one
may stand still, can fake a short one.  Durations never come from here, only from the unit's own time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

DRIFT_LIMIT_PPM = 200  # of the unit against a computer: two poor quartzes and a clock that is being slewed
_BIN_US = 60_000_000
_AT_MOST = 64  # readings of one boot: two hours at one a minute, before the grid gets coarser
_FRESH_US = 1_000_000
_GRAIN_US = 1 + math.ceil(
    1e6 * sum(time.get_clock_info(name).resolution for name in ("monotonic", "time"))
)  # 16 ms on some systems


class Moment(NamedTuple):
    """One look at both clocks of this computer."""

    monotonic_us: int
    utc_us: int
    """Microseconds since 1970."""


class Reading(NamedTuple):
    """At device time `t_us` it was `utc_us` by a computer's clock, give or take `error_us`."""

    t_us: int
    utc_us: int
    error_us: int

    def agrees(self, other: Reading) -> bool:
        """Whether one clock may have shown both."""
        passed_us = other.t_us - self.t_us
        room_us = self.error_us + other.error_us + abs(passed_us) * DRIFT_LIMIT_PPM // 1_000_000
        return abs(other.utc_us - self.utc_us - passed_us) <= room_us


def _system() -> Moment:
    utc_us = time.time_ns() // 1000  # first: what happens between the two must not look shorter than it was
    return Moment(time.monotonic_ns() // 1000, utc_us)


_read: Callable[[], Moment] = _system


def now() -> Moment:
    return _read()


@contextmanager
def replaced(read: Callable[[], Moment]) -> Iterator[None]:
    """`now()` is what `read` says, as in a world that has a time of its own."""
    global _read
    before, _read = _read, read
    try:
        yield
    finally:
        _read = before


def fastest(readings: Iterable[Reading]) -> list[Reading]:
    """The surest reading of each minute, of more than a minute where there would be too many; in order of time.

    One that contradicts a surer one stays: a clock has been set.
    """
    kept = sorted(readings, key=lambda reading: reading.error_us)
    bin_us = _BIN_US
    while True:
        bins: dict[int, list[Reading]] = {}
        for reading in kept:
            surer = bins.setdefault(reading.t_us // bin_us, [])
            if not any(reading.agrees(other) for other in surer):
                surer.append(reading)
        kept = [reading for some in bins.values() for reading in some]
        if len(kept) <= _AT_MOST or len(bins) == 1:
            return sorted(kept)
        bin_us *= 2


class RoundTrips:
    """Collects the round trips of one connection, and with it of one boot."""

    def __init__(self) -> None:
        self._readings: list[Reading] = []
        self._last: tuple[Moment, Reading] | None = None

    def add(self, sent: Moment, received: Moment, t_us: int) -> None:
        """`t_us`: the unit's stamp in its answer."""
        trip_us = max(received.monotonic_us - sent.monotonic_us, received.utc_us - sent.utc_us, 0)
        half_us = trip_us // 2
        reading = Reading(t_us, received.utc_us - half_us, half_us + _GRAIN_US)
        self._last = received, reading
        self._readings.append(reading)
        if len(self._readings) > 2 * _AT_MOST:
            self._readings = fastest(self._readings)

    @property
    def readings(self) -> list[Reading]:
        return fastest(self._readings)

    def unit_now(self) -> Reading | None:
        """What the unit's clock shows now; None without a round trip within the last second.

        Carried from the last answer by the monotonic clock, so that a jump of the wall clock since then is in `utc_us`
        and not in `t_us`.
        """
        if self._last is None:
            return None
        (monotonic_us, utc_us), last = self._last
        moment = now()
        passed_us = moment.monotonic_us - monotonic_us
        if max(passed_us, moment.utc_us - utc_us) > _FRESH_US:
            return None
        return Reading(last.t_us + utc_us - last.utc_us + passed_us, moment.utc_us, last.error_us)
