# SPDX-License-Identifier: MIT
"""First stage of a calibration, standing still: where up is, the gyro bias, the error of 1 g.

Gravity is y (up along the tibia).  The bias is the mean rate less the sway of the standing leg, which also turned
gravity.  Fed with raw counts; allocates nothing per sample and stays within 31 bits.
"""

from array import array

from .axes import unit_q14
from .fixed import isqrt, rounded_div
from .settings import Settings
from .stillness import Stillness
from .wire import refusal

_DEADLINE = 4  # times the still seconds asked for
_BIAS_LIMIT_MDPS = 25000  # parts are specified to 20 deg/s
_DRIFT_MG = 50  # gravity may turn by 3 deg while standing

_MDPS_PER_RAD = 57296


class Still:
    """Stand still: done after `calibrate_still_s` still seconds in a row, or given up after four times as many.

    After a `step` that returned True: `refused` (bits of wire.REFUSALS, 0 accepted), `up_q14`, `bias_mdps`,
    `acc_scale_q14`, `one_g_pm` (error of 1 g in permille), `spread_mdps` and `spread_mg` of the worst second.
    """

    def __init__(self, rate_hz: int, acc_lsb_per_g: int, gyro_lsb_per_10dps: int, settings: Settings) -> None:
        self._acc_lsb_per_g = acc_lsb_per_g
        self._gyro_lsb_per_10dps = gyro_lsb_per_10dps
        self._one_g_limit_pm: int = settings.get("calibrate_one_g_pm")
        self._watch = Stillness(rate_hz, acc_lsb_per_g, gyro_lsb_per_10dps, settings)
        self.needed_s: int = settings.get("calibrate_still_s")
        self._left_s = _DEADLINE * self.needed_s
        self._total_x16 = array("i", [0] * 6)
        self._first_x16 = array("i", [0] * 3)
        self._spread = array("i", [0, 0])
        self.still_s = 0
        self.refused = 0
        self.up_q14 = [0, 0, 0]
        self.bias_mdps = [0, 0, 0]
        self.acc_scale_q14 = 1 << 14
        self.one_g_pm = self.spread_mg = self.spread_mdps = 0

    def lost(self) -> None:
        """Samples are missing: begin the second anew."""
        self._watch.reset()
        self.still_s = 0

    def step(self, batch: "array[int]", offset: int) -> bool:
        """One sample.  True when the stage is over."""
        if not self._watch.step(batch, offset):
            return False
        watch = self._watch
        self._left_s -= 1
        if not self.still_s:
            self._begin()
        for i in range(6):
            self._total_x16[i] += watch.mean_x16[i]
            self._spread[i // 3] = max(self._spread[i // 3], watch.spread[i])
        self.still_s = self.still_s + 1 if watch.still and not self._drifted() else 0
        if self.still_s < self.needed_s and self._left_s > 0:
            return False
        self._finish()
        return True

    def _begin(self) -> None:
        for i in range(6):
            self._total_x16[i] = 0
        for i in range(3):
            self._first_x16[i] = self._watch.mean_x16[i]
        self._spread[0] = self._spread[1] = 0

    def _drifted(self) -> bool:
        limit_x16 = (_DRIFT_MG * self._acc_lsb_per_g << 4) // 1000
        return any(abs(self._watch.mean_x16[i] - self._first_x16[i]) > limit_x16 for i in range(3))

    def _finish(self) -> None:
        self.spread_mg = self._spread[0] * 1000 // self._acc_lsb_per_g
        self.spread_mdps = self._spread[1] * 10000 // self._gyro_lsb_per_10dps
        if self.still_s < self.needed_s:
            self.refused = refusal("frozen" if self._watch.frozen else "moved")
            return
        gravity = [rounded_div(self._total_x16[i], self.still_s << 4) for i in range(3)]
        length = max(isqrt(sum((c * c + 2) >> 2 for c in gravity)) << 1, 1)
        self.one_g_pm = rounded_div(1000 * length, self._acc_lsb_per_g) - 1000
        if abs(self.one_g_pm) > self._one_g_limit_pm:
            self.refused |= refusal("one_g")
            return
        self.acc_scale_q14 = rounded_div(self._acc_lsb_per_g << 14, length)
        self.up_q14 = unit_q14(*gravity)
        for i in range(3):
            j, k = (i + 1) % 3, (i + 2) % 3
            mean_x16 = rounded_div(self._total_x16[i + 3], self.still_s)
            mean_mdps = rounded_div(mean_x16 * (10000 >> 4), self._gyro_lsb_per_10dps)
            self.bias_mdps[i] = mean_mdps - self._sway_mdps(j, k, length)
        if max(abs(bias) for bias in self.bias_mdps) > _BIAS_LIMIT_MDPS:
            self.refused |= refusal("gyro_bias")

    def _sway_mdps(self, j: int, k: int, length: int) -> int:
        """What the gyro truly turned about the third axis, seen from how far gravity moved: drift cross up."""
        if self.still_s < 2:
            return 0
        drift = [self._watch.mean_x16[i] - self._first_x16[i] for i in range(3)]
        turned = (drift[j] * self.up_q14[k] - drift[k] * self.up_q14[j]) >> 14  # x16 counts
        return rounded_div(turned * (_MDPS_PER_RAD >> 4), length * (self.still_s - 1))
