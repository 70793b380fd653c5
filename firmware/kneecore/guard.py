# SPDX-License-Identifier: MIT
"""Data that cannot be trusted, told from raw counts before anything is made of them.

FROZEN: all six channels have repeated bit for bit (zeros too) for over 100 ms, 50 samples at least; a working sensor's
noise never does.  CLIPPED: a channel at the end of its 16 bits, or an acceleration beyond 1.5 g that stays on one count
for 10 ms: the flat top of a range smaller than the number format.
"""

from array import array

try:
    import micropython
except ImportError:  # CPython
    from . import _cpython as micropython  # type: ignore[no-redef]

FROZEN = 1
CLIPPED = 2

_FROZEN_MS = 100
_FROZEN_SAMPLES = 50
_FLAT_MS = 10
_FLAT_SAMPLES = 3


class Guard:
    """`frozen_for`: samples for which nothing has changed, the present one included."""

    def __init__(self, rate_hz: int, acc_lsb_per_g: int) -> None:
        self.frozen_for = 0
        self._frozen_from = max(_FROZEN_MS * rate_hz // 1000, _FROZEN_SAMPLES)
        self._flat_from = max(_FLAT_MS * rate_hz // 1000, _FLAT_SAMPLES)
        self._high = acc_lsb_per_g * 3 // 2
        self._last = array("i", [0] * 6)
        self._same = array("i", [0] * 6)  # samples for which each channel has not changed

    @micropython.native
    def step(self, batch: "array[int]", offset: int) -> int:
        """FROZEN and CLIPPED bits of one sample, batch[offset:offset + 6]."""
        last = self._last
        same = self._same
        least = same[0] + 1
        seen = 0
        for i in range(6):
            count = batch[offset + i]
            length = same[i] + 1 if count == last[i] else 1
            last[i] = count
            same[i] = length
            if length < least:
                least = length
            flat = i < 3 and length >= self._flat_from and (count > self._high or count < -self._high)
            if flat or count >= 32767 or count <= -32768:
                seen = CLIPPED
        self.frozen_for = least
        return seen | FROZEN if least > self._frozen_from else seen
