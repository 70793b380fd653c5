# SPDX-License-Identifier: MIT
"""Data that cannot be trusted, told from raw counts before anything is made of them.

FROZEN: all six channels have repeated bit for bit (zeros too) for over 100 ms, 50 samples at least; a working sensor's
noise never does.  CLIPPED: a channel at the end of its 16 bits; or an acceleration beyond 1.5 g that stays for 10 ms on
one count, the largest its axis has shown: the flat top of a range smaller than the number format.
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
_FLAT_TOLERANCE = 2  # counts: the two ends of a range differ by one, and resampling rounds


class Guard:
    """`frozen_for`: samples for which nothing has changed, the present one included."""

    def __init__(self, rate_hz: int, acc_lsb_per_g: int) -> None:
        self.frozen_for = 0
        self._frozen_from = max(_FROZEN_MS * rate_hz // 1000, _FROZEN_SAMPLES)
        self._flat_from = max(_FLAT_MS * rate_hz // 1000, _FLAT_SAMPLES)
        high = acc_lsb_per_g * 3 // 2
        self._top = array(
            "i", [high, high, high, 1 << 16, 1 << 16, 1 << 16]
        )  # largest count of each channel so far
        self._last = array("i", [0] * 6)
        self._same = array("i", [0] * 6)  # samples for which each channel has not changed

    def reset(self) -> None:
        """Samples are missing: what repeats across them is not one stretch."""
        self.frozen_for = 0
        for i in range(6):
            self._same[i] = 0

    @micropython.native
    def step(self, batch: "array[int]", offset: int) -> int:
        """FROZEN and CLIPPED bits of one sample, batch[offset:offset + 6]."""
        last = self._last
        same = self._same
        top = self._top
        least = same[0] + 1
        seen = 0
        for i in range(6):
            count = batch[offset + i]
            length = same[i] + 1 if count == last[i] else 1
            last[i] = count
            same[i] = length
            if length < least:
                least = length
            if count >= 32767 or count <= -32768:
                seen = CLIPPED
            size = count if count >= 0 else -count
            if size > top[i]:
                top[i] = size
            if length >= self._flat_from and size >= top[i] - _FLAT_TOLERANCE:
                seen = CLIPPED
        self.frozen_for = least
        return seen | FROZEN if least > self._frozen_from else seen
