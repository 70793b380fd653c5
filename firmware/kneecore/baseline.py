# SPDX-License-Identifier: MIT
"""The runner's usual form, as mean and spread of steady strides, and where lean's mean lies in this strapping.

A baseline is complete after a set number of strides, and starts again if fewer than 4 of 5 were near their median.
Values: at most 2000, each within -32768..65535 and at most 32767 from the median when steady.
"""

from array import array
from collections import namedtuple

from .fixed import isqrt
from .rules import Rule, part

try:
    import micropython
except ImportError:  # CPython
    from . import _cpython as micropython  # type: ignore[no-redef]

_STEADY_LEAST_PM = 800  # of the baseline's strides

# Between runs, a flat tuple of integers; `mean` and `sd` in the rule's unit.
Kept = namedtuple("Kept", ("rule", "runner", "side", "strap_session", "mean", "sd"))


class Baseline:
    """Values kept in order of size: their median is always at hand, and what is far from it stays out."""

    def __init__(self, rule: Rule, strides: int) -> None:
        self._rule = rule
        self._sorted = array("i", bytes(4 * strides))
        self._count = 0
        self.mean = self.sd = 0

    @micropython.native
    def add(self, value: int) -> bool:
        """True when this value completes the baseline: `mean` and `sd` are set."""
        kept = self._sorted
        at = self._count
        while at > 0 and kept[at - 1] > value:
            kept[at] = kept[at - 1]
            at -= 1
        kept[at] = value
        self._count += 1
        if self._count < len(kept):
            return False
        steady = self._summarise()
        self._count = 0
        return steady

    @micropython.native
    def _summarise(self) -> bool:
        kept = self._sorted
        median = kept[len(kept) >> 1]
        reach = part(self._rule, median, self._rule.steady)
        steady = total = 0
        for i in range(len(kept)):
            if -reach <= kept[i] - median <= reach:
                steady += 1
                total += kept[i]
        self.mean = mean = total // steady
        squares = rest = 0  # mean square of the deviations, divided as it grows: their sum would not fit
        for i in range(len(kept)):
            if -reach <= kept[i] - median <= reach:
                rest += (kept[i] - mean) * (kept[i] - mean)
                squares += rest // steady
                rest %= steady
        self.sd = isqrt(squares)
        return steady * 1000 >= len(kept) * _STEADY_LEAST_PM


class Anchor:
    """Mean over a time of running: what a new strapping shifts is found anew, what it leaves alone is kept."""

    def __init__(self, rate_hz: int, seconds: int) -> None:
        self._left_x16 = 16 * rate_hz * seconds
        self._total = self._strides = 0
        self.mean = 0

    def add(self, value: int, stride_x16: int) -> bool:
        """True when the time is over: `mean` is set."""
        self._total += value
        self._strides += 1
        self._left_x16 -= stride_x16
        if self._left_x16 > 0:
            return False
        self.mean = self._total // self._strides
        return True
