# SPDX-License-Identifier: MIT
"""Beats on a grid from the first one: no rounding adds up, none is played late, none catches up with the one before.

Times are microseconds of a counter that wraps at 2^30 (ticks.py).  Beat n is at start + n x 60 s / tempo: whole
microseconds are added and the remainder is carried.  What is asked for ahead of its time can wait in the motor's
hardware, so that a stall of the program does not move it.
"""

from .ticks import after, plus

NO_BEAT = -1
SLOWEST_CSPM = 3000
_MINUTE = 60 * 1000000 * 100  # over a tempo in hundredths of a beat per minute: microseconds
_LATE = 10  # a beat later than one such part of its interval is dropped


class Metronome:
    """`tempo`, then `due` again and again; `dropped` counts the beats that came too late."""

    def __init__(self) -> None:
        self._cspm = 0
        self._interval_us = self._remainder = self._carried = 0
        self._next_us = 0
        self.dropped = 0

    def tempo(self, now_us: int, cspm: int) -> None:
        """0 stops; a tempo that is new begins a grid with a beat now.  Slower than 30/min is taken for 30/min."""
        if cspm == self._cspm:
            return
        self._cspm = cspm
        if cspm:
            cspm = max(cspm, SLOWEST_CSPM)
            self._interval_us = _MINUTE // cspm
            self._remainder = _MINUTE % cspm
            self._carried = 0
            self._next_us = now_us

    def due(self, now_us: int, horizon_us: int) -> int:
        """Microseconds from now to the next beat, handed out once; NO_BEAT when none is within the horizon."""
        if not self._cspm:
            return NO_BEAT
        left_us = after(self._next_us, now_us)
        while left_us * _LATE < -self._interval_us:
            self._advance()
            self.dropped += 1
            left_us = after(self._next_us, now_us)
        if left_us > horizon_us:
            return NO_BEAT
        self._advance()
        return max(left_us, 0)

    def _advance(self) -> None:
        cspm = max(self._cspm, SLOWEST_CSPM)
        step_us = self._interval_us
        self._carried += self._remainder
        if self._carried >= cspm:
            self._carried -= cspm
            step_us += 1
        self._next_us = plus(self._next_us, step_us)
