# SPDX-License-Identifier: MIT
"""Is the unit at rest?  Raw counts, judged second by second: mean and spread of each of the six axes.

Still is: no axis spreads by more than the settings `still_rate_mdps` and `still_acc_mg` allow (standard deviation
within the second; 0.6 deg/s at rest, 1 to 3 standing).  Six axes that do not move at all are a frozen sensor, not rest.

Limits: deviations from the first sample of the second are cut at 511 counts, far above any limit, so that all sums fit
31 bits at 1000 Hz.
"""

from array import array

from .fixed import isqrt
from .settings import Settings

try:
    import micropython
except ImportError:  # CPython
    from . import _cpython as micropython  # type: ignore[no-redef]

_CUT = 511


class Stillness:
    """Feed samples; each full second leaves `still`, `frozen`, `mean_x16` [6] and `spread` [6] (counts) behind."""

    def __init__(self, rate_hz: int, acc_lsb_per_g: int, gyro_lsb_per_10dps: int, settings: Settings) -> None:
        self._length = rate_hz
        self._acc_limit = settings.get("still_acc_mg") * acc_lsb_per_g // 1000
        self._gyro_limit = settings.get("still_rate_mdps") * gyro_lsb_per_10dps // 10000
        self._first = array("i", [0] * 6)
        self._sum = array("i", [0] * 6)
        self._square = array("i", [0] * 6)
        self.mean_x16 = array("i", [0] * 6)
        self.spread = array("i", [0] * 6)
        self.reset()

    def reset(self) -> None:
        self._count = 0
        self.still = self.frozen = False

    @micropython.native
    def step(self, batch: "array[int]", offset: int) -> bool:
        """One sample, counts at batch[offset:offset + 6].  True when a second is full."""
        first = self._first
        sums = self._sum
        squares = self._square
        if self._count == 0:
            for i in range(6):
                first[i] = batch[offset + i]
                sums[i] = squares[i] = 0
        for i in range(6):
            off = batch[offset + i] - first[i]
            if off > _CUT:
                off = _CUT
            elif off < -_CUT:
                off = -_CUT
            sums[i] += off
            squares[i] += off * off
        self._count += 1
        if self._count < self._length:
            return False
        self._judge()
        self._count = 0
        return True

    def _judge(self) -> None:
        self.still = self.frozen = True
        for i in range(6):
            mean_x16 = (self._sum[i] << 4) // self._length
            spread = isqrt(max(self._square[i] // self._length - (mean_x16 * mean_x16 >> 8), 0))
            self.mean_x16[i] = (self._first[i] << 4) + mean_x16
            self.spread[i] = spread
            if spread > (self._acc_limit if i < 3 else self._gyro_limit):
                self.still = False
            if self._square[i]:
                self.frozen = False
        if self.frozen:
            self.still = False
