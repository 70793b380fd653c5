# SPDX-License-Identifier: MIT
"""Second stage of a calibration, walking straight on: where right and forward are.

z (to the right) is the principal axis of the angular rate across y (up); x = y cross z points forward.  The sign of z:
the shank swings forward faster than it comes back, `calibrate_sign_pm` in the median over strides, and the foot strikes
after the rate's way down through zero, not up.  Running has a thin margin and steps on the spot have none, so both are
refused.  The axes are orthogonal by construction: no mirror is possible.

The rate is averaged over 10 ms and held in deg/s, so that every sum fits 31 bits for the 40 s the stage may last.
Allocates nothing per sample.
"""

from array import array

from .axes import ONE_Q14, across, cross_q14, dot_q14, principal, unit_q14
from .cycles import Cycles
from .fixed import rounded_div
from .settings import Settings
from .wire import refusal

try:
    import micropython
except ImportError:  # CPython
    from . import _cpython as micropython  # type: ignore[no-redef]

DEADLINE_S = 40

_BLOCKS_PER_S = 100
_CUT_DPS = 500  # squares of a whole stage sum to 2^30; swings of a walk reach 450
_SAME_AXIS_Q14 = 14845  # cos 25 deg: an axis that turned further was not known yet
_RUN_MS = (800, 950)  # a stride below the first is running, below the second if it also lands hard
_SIDEWAYS_Q14 = 3407  # sin 12 deg between standing and walking; 1 to 4 deg are usual


class Walk:
    """`up_q14`, `bias_mdps`: of the first stage, sensor axes.

    After a `step` that returned True: `refused` (bits of wire.REFUSALS), `rotation_q14` [9] sensor to segment,
    `axis_pm` (part of the squared rate on z), `sign_pm` (forward swing against the way back), `impact_pm` (jerk after
    the way down through zero against the way up), `stride_ms`.
    """

    def __init__(
        self,
        rate_hz: int,
        acc_lsb_per_g: int,
        gyro_lsb_per_10dps: int,
        settings: Settings,
        up_q14: "list[int]",
        bias_mdps: "list[int]",
    ) -> None:
        self._block = max(rate_hz // _BLOCKS_PER_S, 1)
        self._to_dps_x8 = self._block * gyro_lsb_per_10dps
        self._hard = settings.get("run_impact_mg") * acc_lsb_per_g // 1000
        self._sign_from_pm: int = settings.get("calibrate_sign_pm")
        self._axis_from_pm: int = settings.get("calibrate_axis_pm")
        p, q = across(up_q14)
        self._up = array("i", up_q14)
        self._p = array("i", p)
        self._q = array("i", q)
        self._bias_x8 = array("i", [rounded_div(bias, 125) for bias in bias_mdps])
        self._blocks_per_s = rate_hz // self._block
        self._left = DEADLINE_S * self._blocks_per_s
        self._count = self._jerk = self._axial = 0  # of the block under way, as are
        self._sum = array("i", [0] * 3)  # of the gyro
        self._last = array("i", [0] * 3)  # acceleration of the last sample
        self._pp = self._qq = self._pq = self._uu = 0
        self._force = array("i", [0] * 3)
        self._cos = ONE_Q14
        self._sin = 0
        self._cycles = Cycles(settings.get("calibrate_strides"), self._blocks_per_s)
        self.refused = self.axis_pm = self.sign_pm = self.impact_pm = self.stride_ms = 0
        self.rotation_q14 = [0] * 9

    @property
    def strides(self) -> int:
        return self._cycles.count

    def lost(self) -> None:
        """Samples are missing: the stride under way does not count."""
        self._cycles.interrupt()

    @micropython.native
    def step(self, batch: "array[int]", offset: int) -> bool:
        """One sample, counts at batch[offset:offset + 6].  True when the stage is over."""
        jerk = axial = 0
        last = self._last
        up = self._up
        sums = self._sum
        for i in range(3):
            a = batch[offset + i]
            off = a - last[i]
            jerk += off if off >= 0 else -off
            last[i] = a
            axial += a * up[i] >> 14
            sums[i] += batch[offset + 3 + i]
        if jerk > self._jerk:
            self._jerk = jerk
        if axial > self._axial:
            self._axial = axial
        self._count += 1
        if self._count < self._block:
            return False
        self._close_block()
        if self._cycles.count < self._cycles.needed and self._left > 0:
            return False
        self._finish()
        return True

    def _close_block(self) -> None:
        x8 = self._sum
        for i in range(3):
            x8[i] = x8[i] * 80 // self._to_dps_x8 - self._bias_x8[i]
        p = self._along(self._p)
        q = self._along(self._q)
        u = self._along(self._up)
        self._pp += p * p
        self._qq += q * q
        self._pq += p * q
        self._uu += u * u
        for i in range(3):
            self._force[i] += self._last[i]
            x8[i] = 0
        self._cycles.block((p * self._cos + q * self._sin) >> 14, self._jerk, self._axial)
        self._jerk = self._axial = self._count = 0
        self._left -= 1
        if self._left % self._blocks_per_s == 0:
            self._look()

    def _along(self, axis: "array[int]") -> int:
        """The block's rate about an axis, deg/s."""
        x8 = self._sum
        dps = (x8[0] * axis[0] + x8[1] * axis[1] + x8[2] * axis[2] + (1 << 16)) >> 17
        return min(max(dps, -_CUT_DPS), _CUT_DPS)

    def _look(self) -> int:
        """The axis as known by now, and its part of the rate across y; if it turned far, no cycle so far counts."""
        cos, sin, part_pm = principal(self._pp, self._qq, self._pq)
        same = (cos * self._cos + sin * self._sin) >> 14
        self._cos = cos if same >= 0 else -cos
        self._sin = sin if same >= 0 else -sin
        if abs(same) < _SAME_AXIS_Q14:
            self._cycles.forget()
        return part_pm

    def _finish(self) -> None:
        cycles = self._cycles
        across_pm = self._look()
        level = (self._pp >> 2) + (self._qq >> 2)
        whole = level + (self._uu >> 2)
        while whole >= 1 << 20:
            level >>= 1
            whole >>= 1
        self.axis_pm = across_pm * level // max(whole, 1)
        if cycles.count < cycles.needed:
            self.refused = refusal("few_strides")
            return
        sign = 1
        top, bottom, down, up = cycles.top_dps, cycles.bottom_dps, cycles.down_sum, cycles.up_sum
        if bottom > top:
            sign, top, bottom, down, up = -1, bottom, top, up, down
        self.sign_pm = min(1000 * top // max(bottom, 1), 9999)
        self.impact_pm = min(1000 * down // max(up, 1), 9999)
        self.stride_ms = cycles.length_ms
        right = [sign * (self._p[i] * self._cos + self._q[i] * self._sin) >> 14 for i in range(3)]
        right = unit_q14(*right)
        up_q14 = list(self._up)
        self.rotation_q14 = cross_q14(up_q14, right) + up_q14 + right
        self._judge(right)

    def _judge(self, right: "list[int]") -> None:
        hard = self._cycles.impact >= self._hard
        if self.stride_ms < _RUN_MS[0] or (hard and self.stride_ms < _RUN_MS[1]):
            self.refused |= refusal("running")
        if self.sign_pm < self._sign_from_pm or self.impact_pm < 1000:
            self.refused |= refusal("direction")
        if self.axis_pm < self._axis_from_pm:
            self.refused |= refusal("axis")
        if abs(dot_q14(unit_q14(*self._force), right)) > _SIDEWAYS_Q14:
            self.refused |= refusal("disagree")
