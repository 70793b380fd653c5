# SPDX-License-Identifier: MIT
"""Which contacts are gait: three in a row at like intervals lock on, silence lets go.

Single kicks, taps and shuffles never lock, so nothing is reported for them; the first strides of a walk or run are
known only when the third contact comes and are back-dated then.  Once locked every contact counts: a runner may change
pace within a stride.
"""

_NEVER = (1 << 30) - 2
STRIDE_MAX_MS = 2200  # between two contacts of one leg; slow walking stays under 1.8 s

# Intervals are alike within 3/8: twice the 12 % by which climbing stairs alternates, and a start into a run, fit in.


class Rhythm:
    """`locked`; `expected_x16`: the last interval, 0 when there is none; `regular`: it fitted the one before it."""

    def __init__(self, rate_hz: int) -> None:
        self.stride_max_x16 = STRIDE_MAX_MS * rate_hz * 16 // 1000
        self.lost()

    def lost(self) -> None:
        self.locked = False
        self.regular = True
        self.expected_x16 = 0
        self._last_x16 = -1

    def contact(self, ic_x16: int) -> int:
        """Interval to the last contact, 0 if there was none; locks on when two in a row are alike."""
        interval = ic_x16 - self._last_x16 if self._last_x16 >= 0 else 0
        self._last_x16 = ic_x16
        expected = self.expected_x16
        self.regular = abs(interval - expected) << 3 <= expected * 3 or expected == 0
        if expected and self.regular:
            self.locked = True
        self.expected_x16 = interval
        return interval

    @property
    def overdue_at(self) -> int:
        """The first sample at which the next contact is overdue; far off if none is expected."""
        return ((self._last_x16 + self.stride_max_x16) >> 4) + 1 if self._last_x16 >= 0 else _NEVER

    def overdue(self, now: int) -> bool:
        return now >= self.overdue_at
