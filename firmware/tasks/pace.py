# SPDX-License-Identifier: MIT
"""Where a moment lies among the samples: the chip's own rate, measured against the device clock.

Only stretches in which nothing was lost count for the rate, so a gap neither hides in it nor spoils it.  Before enough
is measured the nominal rate is taken.  The errors of many gaps add up: what is lost is rounded, not cut, and reckoned
between two moments at which the FIFO was empty.  Times in microseconds since boot, from DeviceClock.
"""

_ENOUGH_US = 10_000_000  # one sample more or less is then 0.02 %
_TELL_US = 300_000_000  # a run that a power cut ends has lost at most so much of its measured rate


class Pace:
    def __init__(self, nominal_hz: int, now_us: int) -> None:
        """`now_us`: the FIFO was emptied and starts; its first frame will be dropped."""
        self._nominal_mhz = nominal_hz * 1000
        self._measured = 0  # samples drained, and in which time
        self._measured_us = 0
        self._index = 0  # of the sample that comes next, lost ones counted
        self._last_us = now_us + 1_000_000 // nominal_hz  # the FIFO was last empty, but for the dropped frame
        self._tell_us = _ENOUGH_US  # of measured time, when the rate is to be told

    @property
    def measured(self) -> bool:
        """Whether `rate_mhz` is a measurement."""
        return self._measured_us >= _ENOUGH_US

    @property
    def to_tell(self) -> bool:
        """Whether it is time to log the rate: once it is measured, and now and then."""
        return self._measured_us >= self._tell_us

    def told(self) -> None:
        self._tell_us = self._measured_us + _TELL_US

    @property
    def rate_mhz(self) -> int:
        """Samples per 1000 s."""
        if not self.measured:
            return self._nominal_mhz
        return self._measured * 1_000_000_000 // self._measured_us

    def silent_us(self, now_us: int) -> int:
        """How long nothing has come."""
        return now_us - self._last_us

    def drained(self, count: int, now_us: int) -> None:
        """`count` samples were all that was in the FIFO at `now_us`, before they were read: more come meanwhile."""
        if count:
            self._index += count
            self._measured += count
            self._measured_us += now_us - self._last_us
            self._last_us = now_us

    def lost(self, now_us: int, dropped: int = 0) -> int:
        """The FIFO was thrown away and starts anew, and so many more are dropped: how many samples are missing."""
        missed = (now_us - self._last_us) * self.rate_mhz
        count = max(1, dropped + (missed + 500_000_000) // 1_000_000_000)
        self._index += count
        self._last_us = now_us + dropped * 1_000_000_000 // self.rate_mhz
        return count

    def at_x16(self, now_us: int) -> int:
        """The moment as a sample index, in sixteenths."""
        return (self._index << 4) + (now_us - self._last_us) * self.rate_mhz * 2 // 125_000_000
