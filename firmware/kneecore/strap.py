# SPDX-License-Identifier: MIT
"""A loose strap, heard by how the unit shakes in mid-stance.

The shank is quiet 130 to 230 ms after contact, when the impact is over and push-off has not begun; a unit that
swings on its strap rings on at 15 to 30 Hz.  Where the foot is off by then (from about 4 m/s on) nothing is heard.  The
measure is the mean second difference of acceleration over 16 ms, which passes 18 Hz nine times better than 5 Hz, of the
axis that shakes most.

Measured over strides: up to 0.38 g in treadmill runs, 0.47 g in fast walking; median 0.6 g in those runs with a ring
of 0.6 g, 18 Hz, 60 ms decay added on all axes 90 ms after the impact, 0.4 to 0.55 g with it on one axis.
"""

from array import array

from .fixed import SIGN

try:
    import micropython
    from micropython import const
except ImportError:  # CPython
    from . import _cpython as micropython  # type: ignore[no-redef]
    from ._cpython import const, ptr32

_FROM_MS = 130
_TO_MS = 230
_LAG_MS = 16
_LOOSE = 492  # 0.48 g at 1024 LSB/g, mean that follows over about four strides
_SHAKE_PERCENT = 10


# Words of the state
_SIGN = const(0)  # as fixed.SIGN
_LAG = const(1)  # samples
_AT = const(2)  # samples of this stance so far
_SAMPLES = const(3)  # of a stance
_SUMS = const(4)  # of the second differences, x y z
_NEVER = const((1 << 30) - 1)


class Strap:
    """`loose` after the stances so far.  `begin`: the sample from which `add` wants to see them; far off if none."""

    def __init__(self, rate_hz: int) -> None:
        lag = max(_LAG_MS * rate_hz // 1000, 1)
        samples = (_TO_MS - _FROM_MS) * rate_hz // 1000 + 2 * lag
        self._from = _FROM_MS * rate_hz // 1000 - 2 * lag
        self._kept = array("i", bytes(4 * 3 * samples))
        self._state = array("i", (SIGN, lag, samples, samples, 0, 0, 0))
        self._counted = samples - 2 * lag
        self._level = 0
        self._end = 0  # of what is looked at in this stance, a sample
        self._heard = -1  # mean second difference of this stance, -1 not yet known
        self.begin = _NEVER

    @property
    def loose(self) -> bool:
        return self._level > _LOOSE

    @property
    def shake_percent(self) -> int:
        """What it costs a stride's confidence, short of the flag."""
        return min(self._level * _SHAKE_PERCENT // _LOOSE, _SHAKE_PERCENT)

    def contact(self, ic_sample: int) -> None:
        self.begin = ic_sample + self._from
        self._end = self.begin + self._state[_SAMPLES]
        self._heard = -1
        for i in range(_AT, len(self._state)):
            if i != _SAMPLES:
                self._state[i] = 0

    def add(self, samples: "array[int]", count: int, now: int) -> None:
        """`count` samples in common units, the first the `now`-th."""
        state = self._state
        if _add(state, self._kept, samples, max(self.begin - now, 0), count):
            self.begin = _NEVER
            shake = max(state[_SUMS], state[_SUMS + 1], state[_SUMS + 2])
            self._heard = shake // self._counted

    def toe_off(self, to_sample: int) -> None:
        """The stance was long enough, or not, for what was heard to be of it."""
        if self._heard >= 0 and to_sample >= self._end:
            self._level += (self._heard - self._level) >> 2
        self._heard = -1


@micropython.viper
def _add(state: ptr32, kept: ptr32, samples: ptr32, first: int, count: int) -> int:
    """1 when the stance is complete."""
    sign = state[_SIGN]
    lag = 3 * state[_LAG]
    row = 3 * state[_AT]
    end = 3 * state[_SAMPLES]
    k = 6 * first
    while first < count and row < end:
        for axis in range(3):
            value = samples[k + axis] << sign >> sign
            at = row + axis
            kept[at] = value
            if row >= 2 * lag:
                bend = value - 2 * (kept[at - lag] << sign >> sign) + (kept[at - 2 * lag] << sign >> sign)
                state[_SUMS + axis] += bend if bend >= 0 else 0 - bend
        row += 3
        k += 6
        first += 1
    state[_AT] = row // 3
    return 1 if row == end else 0
