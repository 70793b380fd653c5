# SPDX-License-Identifier: MIT
"""First stage of a calibration, standing still: where up is, the gyro bias, the error of 1 g.

Gravity is y (up along the tibia).  The bias is the mean rate less the sway of the standing leg, which also turned
gravity.  Fed with raw counts; allocates nothing per sample and stays within 31 bits.
"""

from array import array

from .axes import unit_q14
from .fixed import isqrt, rounded_div
from .settings import Settings
from .stillness import Rest
from .wire import refusal

_DEADLINE = 4  # times the still seconds asked for
_BIAS_LIMIT_MDPS = 25000  # parts are specified to 20 deg/s


class Still:
    """Stand still: done after `calibrate_still_s` still seconds in a row, or given up after four times as many.

    After a `step` that returned True: `refused` (bits of wire.REFUSALS, 0 accepted), `up_q14`, `bias_mdps`,
    `acc_scale_q14`, `one_g_pm` (error of 1 g in permille), `spread_mdps` and `spread_mg` of the worst second.
    """

    def __init__(self, rate_hz: int, acc_lsb_per_g: int, gyro_lsb_per_10dps: int, settings: Settings) -> None:
        self._acc_lsb_per_g = acc_lsb_per_g
        self._gyro_lsb_per_10dps = gyro_lsb_per_10dps
        self._one_g_limit_pm: int = settings.get("calibrate_one_g_pm")
        self._rest = Rest(rate_hz, acc_lsb_per_g, gyro_lsb_per_10dps, settings)
        self._needed_s: int = settings.get("calibrate_still_s")
        self._left_s = _DEADLINE * self._needed_s
        self.refused = 0
        self.up_q14 = [0, 0, 0]
        self.bias_mdps = [0, 0, 0]
        self.acc_scale_q14 = 1 << 14
        self.one_g_pm = self.spread_mg = self.spread_mdps = 0

    @property
    def still_s(self) -> int:
        return self._rest.seconds

    def lost(self) -> None:
        """Samples are missing: begin anew."""
        self._rest.reset()

    def step(self, batch: "array[int]", offset: int) -> bool:
        """One sample.  True when the stage is over."""
        if not self._rest.step(batch, offset):
            return False
        self._left_s -= 1
        if self._rest.seconds < self._needed_s and self._left_s > 0:
            return False
        self._finish()
        return True

    def _finish(self) -> None:
        rest = self._rest
        self.spread_mg = rest.spread[0] * 1000 // self._acc_lsb_per_g
        self.spread_mdps = rest.spread[1] * 10000 // self._gyro_lsb_per_10dps
        if rest.seconds < self._needed_s:
            self.refused = refusal("frozen" if rest.watch.frozen else "moved")
            return
        gravity = rest.gravity()
        length = max(isqrt(sum((c * c + 2) >> 2 for c in gravity)) << 1, 1)
        self.one_g_pm = rounded_div(1000 * length, self._acc_lsb_per_g) - 1000
        if abs(self.one_g_pm) > self._one_g_limit_pm:
            self.refused = refusal("one_g")
            return
        self.acc_scale_q14 = rounded_div(self._acc_lsb_per_g << 14, length)
        self.up_q14 = unit_q14(gravity[0], gravity[1], gravity[2])
        self.bias_mdps = [
            rounded_div(x16 * (10000 >> 4), self._gyro_lsb_per_10dps) for x16 in rest.bias_x16()
        ]
        if max(abs(bias) for bias in self.bias_mdps) > _BIAS_LIMIT_MDPS:
            self.refused = refusal("gyro_bias")
