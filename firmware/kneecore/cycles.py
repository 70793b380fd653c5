# SPDX-License-Identifier: MIT
"""Leg cycles in the angular rate about an axis whose sign is not known yet, for the calibration walk.

A cycle goes from one rise of the rate through 60 deg/s to the next, having fallen through -60 between, and is the same
for either sign.  Kept of each: fastest rate either way, length, hardest push along the shank, and the jerks that follow
the rate's way down and up through zero, one of which is the foot strike's.  Allocates nothing per block of 10 ms.
"""

from array import array

_LEVEL_DPS = 60  # noise, sway and the wobble of mid-stance stay below
_STRIDE_MS = (500, 2200)
_IMPACT_MS = 100  # the strike is looked for so long after the zero crossing


class Cycles:
    """Up to `needed` of them; `count` so far."""

    def __init__(self, needed: int, blocks_per_s: int) -> None:
        self.needed = needed
        self._blocks_per_s = blocks_per_s
        self._impact_blocks = _IMPACT_MS * blocks_per_s // 1000
        self._tops = array("i", [0] * needed)
        self._bottoms = array("i", [0] * needed)
        self._lengths = array("i", [0] * needed)
        self._impacts = array("i", [0] * needed)
        self.forget()

    def forget(self) -> None:
        """Begin anew: the axis was not known yet."""
        self.count = 0
        self._last = self._smooth = 0
        self._high = False
        self._down_left = self._up_left = 0
        self._down_jerk = self._up_jerk = 0
        self.down_sum = self.up_sum = 0
        self.interrupt()

    def interrupt(self) -> None:
        """Samples are missing: the cycle under way does not count."""
        self._since = -1  # blocks since the last rise; -1 before the first
        self._top = self._bottom = self._hardest = 0

    def block(self, rate_dps: int, jerk: int, axial: int) -> None:
        """10 ms: mean rate, largest jerk and largest push in counts."""
        last = self._last
        self._last = rate_dps
        smooth = (rate_dps + last) >> 1
        self._top = max(self._top, smooth)
        self._bottom = min(self._bottom, smooth)
        self._hardest = max(self._hardest, axial)
        self._crossings(last, rate_dps, jerk)
        if self._since >= 0:
            self._since += 1
        if self._high and smooth < -_LEVEL_DPS:
            self._high = False
        elif not self._high and smooth > _LEVEL_DPS:
            self._high = True
            self._close()

    def _crossings(self, last: int, rate: int, jerk: int) -> None:
        if self._high and last >= 0 > rate:
            self._down_left = self._impact_blocks
            self._down_jerk = 0
        elif not self._high and last <= 0 < rate:
            self._up_left = self._impact_blocks
            self._up_jerk = 0
        if self._down_left:
            self._down_left -= 1
            self._down_jerk = max(self._down_jerk, jerk)
        if self._up_left:
            self._up_left -= 1
            self._up_jerk = max(self._up_jerk, jerk)

    def _close(self) -> None:
        length_ms = self._since * 1000 // self._blocks_per_s
        at = self.count
        if self._since > 0 and _STRIDE_MS[0] <= length_ms <= _STRIDE_MS[1] and at < self.needed:
            self._tops[at] = self._top
            self._bottoms[at] = -self._bottom
            self._lengths[at] = length_ms
            self._impacts[at] = self._hardest
            self.down_sum += self._down_jerk >> 4  # 18 bits of jerk, 40 cycles, and room for permille
            self.up_sum += self._up_jerk >> 4
            self.count = at + 1
        self.interrupt()
        self._since = 0

    # Medians, once there are `needed` cycles.

    @property
    def top_dps(self) -> int:
        return _median(self._tops)

    @property
    def bottom_dps(self) -> int:
        """Fastest the other way, positive."""
        return _median(self._bottoms)

    @property
    def length_ms(self) -> int:
        return _median(self._lengths)

    @property
    def impact(self) -> int:
        return _median(self._impacts)


def _median(values: "array[int]") -> int:
    return sorted(values)[len(values) // 2]
