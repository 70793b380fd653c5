# SPDX-License-Identifier: MIT
"""A strap that has slipped: the unit sits askew of how it was calibrated, from one stride to the next.

At contact a shank points alike from stride to stride.  The mean of the last strides, which follows over about 8,
against what has been usual, over about 64 at this pace: in recorded walks and runs they differ by up to 1.8 deg in
lean and 3.0 deg fore and aft, on simulated stairs by 7.8; more than 5 or 10 deg is the unit.  A shank points otherwise
at another pace, so what is usual is learnt anew when the stride's length has changed by a twentieth.  A unit that turns
about the leg shows in lean, once it has turned by some 30 deg.  Strides in a turn are not for this: the leg leans.

Told once; the usual is not learned anew until the next run.
"""

from .fixed import elevation_cdeg

_SIDEWAYS_CDEG = 500
_SAGITTAL_CDEG = 1000
_LEARN_STRIDES = 16
_ANOTHER_PACE = 20  # one part in so many
_FAST, _SLOW = 3, 6  # shifts of the two means
_ONE = 6  # bits below a hundredth of a degree, so that the slow mean moves


class Slip:
    """`slipped`; `sideways_cdeg` and `sagittal_cdeg`: by how much when it was told."""

    def __init__(self) -> None:
        self.slipped = False
        self.sideways_cdeg = self.sagittal_cdeg = 0
        self._length_fast = self._length_slow = 0  # of a stride, as the means of where it points
        self._strides = 0
        self._side_fast = self._side_slow = self._fore_fast = self._fore_slow = 0

    def contact(self, x: int, y: int, z: int, length_x16: int) -> bool:
        """Gravity in segment axes when a stride ends, 2^24 per g, and its length.  True when it has just slipped."""
        side = elevation_cdeg(x, y, z) << _ONE
        fore = elevation_cdeg(y, z, x) << _ONE
        if self._strides == 0:
            self._length_fast = length_x16
        self._length_fast += (length_x16 - self._length_fast) >> _FAST
        if abs(self._length_fast - self._length_slow) * _ANOTHER_PACE > self._length_slow:
            self._length_slow = self._length_fast
            self._strides = 0
        self._strides += 1
        if self._strides <= _LEARN_STRIDES:
            shift = 0
            while 2 << shift <= self._strides:  # a plain mean, near enough
                shift += 1
            self._length_slow += self._length_fast - self._length_slow >> shift
            self._side_slow += side - self._side_slow >> shift
            self._fore_slow += fore - self._fore_slow >> shift
            self._side_fast = self._side_slow
            self._fore_fast = self._fore_slow
            return False
        self._side_fast += side - self._side_fast >> _FAST
        self._fore_fast += fore - self._fore_fast >> _FAST
        self._length_slow += self._length_fast - self._length_slow >> _SLOW
        self._side_slow += side - self._side_slow >> _SLOW
        self._fore_slow += fore - self._fore_slow >> _SLOW
        sideways = self._side_fast - self._side_slow >> _ONE
        sagittal = self._fore_fast - self._fore_slow >> _ONE
        if self.slipped or (abs(sideways) <= _SIDEWAYS_CDEG and abs(sagittal) <= _SAGITTAL_CDEG):
            return False
        self.slipped = True
        self.sideways_cdeg = sideways
        self.sagittal_cdeg = sagittal
        return True
