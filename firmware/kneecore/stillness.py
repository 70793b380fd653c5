# SPDX-License-Identifier: MIT
"""Is the unit at rest, and what does its gyro show then?  Raw counts, judged second by second.

Still is: no axis spreads by more than the settings `still_rate_mdps` and `still_acc_mg` allow (standard deviation
within the second; 0.6 deg/s at rest, 1 to 3 standing).  An axis that does not move at all is a frozen sensor, not rest.

Rounded alike for either sign, so that mirrored recordings give mirrored results.

Limits: deviations from the first sample of the second are cut at 511 counts, far above any limit, so that all sums fit
31 bits at 1000 Hz.
"""

from array import array

from .axes import unit_q14
from .fixed import isqrt, rounded_div
from .settings import Settings

try:
    import micropython
except ImportError:  # CPython
    from . import _cpython as micropython  # type: ignore[no-redef]

_CUT = 511
_DRIFT_MG = 50  # gravity may turn by 3 deg while standing
_LONGEST_S = 60
_MDPS_PER_RAD_X16 = 57296 >> 4


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

    @property
    def left(self) -> int:
        """Samples until the second is full."""
        return self._length - self._count

    def reset(self) -> None:
        """Samples are missing or none of rest: begin the second anew."""
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
        self.still = True
        self.frozen = False
        for i in range(6):
            mean_x16 = rounded_div(self._sum[i] << 4, self._length)
            spread = isqrt(max(self._square[i] // self._length - (mean_x16 * mean_x16 >> 8), 0))
            self.mean_x16[i] = (self._first[i] << 4) + mean_x16
            self.spread[i] = spread
            if spread > (self._acc_limit if i < 3 else self._gyro_limit):
                self.still = False
            if not self._square[i]:
                self.frozen = True
        if self.frozen:
            self.still = False


class Rest:
    """Still seconds in a row: `seconds` of them, gravity and gyro over them; a turn by 3 deg ends the row.

    `spread` [2]: the worst second's, of acceleration and rate, in counts.
    """

    def __init__(self, rate_hz: int, acc_lsb_per_g: int, gyro_lsb_per_10dps: int, settings: Settings) -> None:
        self.watch = Stillness(rate_hz, acc_lsb_per_g, gyro_lsb_per_10dps, settings)
        self._gyro_lsb_per_10dps = gyro_lsb_per_10dps
        self._drift_limit_x16 = (_DRIFT_MG * acc_lsb_per_g << 4) // 1000
        self._total_x16 = array("i", [0] * 6)
        self._first_x16 = array("i", [0] * 3)
        self.spread = array("i", [0, 0])
        self.seconds = 0

    def reset(self) -> None:
        self.watch.reset()
        self.seconds = 0

    def step(self, batch: "array[int]", offset: int) -> bool:
        """One sample.  True when a second is full; then `seconds` tells how long it has been still."""
        if not self.watch.step(batch, offset):
            return False
        means = self.watch.mean_x16
        if self.seconds == 0 or self.seconds == _LONGEST_S:
            self._begin()
        for i in range(6):
            self._total_x16[i] += means[i]
            if self.watch.spread[i] > self.spread[i // 3]:
                self.spread[i // 3] = self.watch.spread[i]
        self.seconds += 1
        for i in range(3):
            if abs(means[i] - self._first_x16[i]) > self._drift_limit_x16:
                self.seconds = 0
        if not self.watch.still:
            self.seconds = 0
        return True

    def _begin(self) -> None:
        self.seconds = 0
        for i in range(6):
            self._total_x16[i] = 0
        for i in range(3):
            self._first_x16[i] = self.watch.mean_x16[i]
        self.spread[0] = self.spread[1] = 0

    # Of the seconds so far, at least one.

    def gravity(self) -> "list[int]":
        """Mean acceleration, counts."""
        return [rounded_div(self._total_x16[i], self.seconds << 4) for i in range(3)]

    def bias_x16(self) -> "list[int]":
        """Mean rate less the sway of the leg, which also turned gravity (drift cross up); counts x 16."""
        gravity = self.gravity()
        up = unit_q14(gravity[0], gravity[1], gravity[2])
        length = max(isqrt(sum((c * c + 2) >> 2 for c in gravity)) << 1, 1)
        span = length * max(self.seconds - 1, 1)
        drift = [self.watch.mean_x16[i] - self._first_x16[i] for i in range(3)]
        bias = []
        for i in range(3):
            j, k = (i + 1) % 3, (i + 2) % 3
            turned_x16 = rounded_div(drift[j] * up[k] - drift[k] * up[j], 1 << 14)
            sway_mdps = rounded_div(turned_x16 * _MDPS_PER_RAD_X16, span)
            sway_x16 = rounded_div(sway_mdps * self._gyro_lsb_per_10dps, 10000 >> 4)
            bias.append(rounded_div(self._total_x16[i + 3], self.seconds) - sway_x16)
        return bias
