# SPDX-License-Identifier: MIT
"""A loose strap, heard by how the unit shakes in mid-stance.

The shank is quiet 130 to 230 ms after contact, when the impact is over and push-off has not begun; a unit that
swings on its strap rings on at 15 to 30 Hz.  The measure is the mean second difference of acceleration over 16 ms,
which passes 18 Hz nine times better than 5 Hz, of the axis that shakes most.

Measured over strides: up to 0.38 g in treadmill runs, 0.47 g in fast walking; median 0.6 g in those runs with a ring
of 0.6 g, 18 Hz, 60 ms decay added on all axes 90 ms after the impact, 0.4 to 0.55 g with it on one axis.
"""

from array import array

try:
    import micropython
except ImportError:  # CPython
    from . import _cpython as micropython  # type: ignore[no-redef]

_FROM_MS = 130
_TO_MS = 230
_LAG_MS = 16
_LOOSE = 492  # 0.48 g at 1024 LSB/g, mean that follows over about four strides
_SHAKE_PERCENT = 10


class Strap:
    """`loose` after the stances so far."""

    def __init__(self, rate_hz: int) -> None:
        self._lag = max(_LAG_MS * rate_hz // 1000, 1)
        self._from = _FROM_MS * rate_hz // 1000 - 2 * self._lag
        self._samples = (_TO_MS - _FROM_MS) * rate_hz // 1000 + 2 * self._lag
        self._kept = array("i", bytes(4 * 3 * self._samples))
        self._sums = array("i", [0] * 3)
        self._begin = 0
        self._at = self._samples
        self._level = 0

    @property
    def loose(self) -> bool:
        return self._level > _LOOSE

    @property
    def shake_percent(self) -> int:
        """What it costs a stride's confidence, short of the flag."""
        return min(self._level * _SHAKE_PERCENT // _LOOSE, _SHAKE_PERCENT)

    def contact(self, ic_sample: int) -> None:
        self._begin = ic_sample + self._from
        self._at = 0
        self._sums[0] = self._sums[1] = self._sums[2] = 0

    @micropython.native
    def step(self, now: int, sample: "array[int]") -> None:
        """One sample, acceleration in sample[0:3]."""
        at = self._at
        if at >= self._samples or now < self._begin:
            return
        kept = self._kept
        lag = 3 * self._lag
        row = 3 * at
        for i in range(3):
            value = sample[i]
            kept[row + i] = value
            if row >= 2 * lag:
                bend = value - 2 * kept[row + i - lag] + kept[row + i - 2 * lag]
                self._sums[i] += bend if bend >= 0 else -bend
        self._at = at + 1
        if at + 1 == self._samples:
            self._level += (max(self._sums) // (self._samples - 2 * self._lag) - self._level) >> 2
