# SPDX-License-Identifier: MIT
"""What is kept of every sample until something is made of it: movement, clipping, turning, peaks.

One array of numbers, filled by `add` sample by sample; gait.Ledger and stride.Meter read it and set it back.
"""

from array import array

from .fixed import SIGN

try:
    import micropython
    from micropython import const
except ImportError:  # CPython
    from . import _cpython as micropython  # type: ignore[no-redef]
    from ._cpython import const, ptr32

# Words
_SIGN = const(0)  # as fixed.SIGN
_MIRROR = const(1)  # 1 left leg, -1 right
HOLD = const(2)  # samples without movement before a sample is still
MOVED_AT = const(3)  # the last sample with movement
STILL = const(4)  # still samples
CLIPPED = const(5)  # 1: one of the samples
YAW = const(6)  # sum of the rate at which z turns about the vertical, 4 LSB per deg/s
YAWED = const(7)  # over so many samples, YAW_LIMIT at most
YAW_LIMIT = const(8)
PEAK_UNTIL = const(9)  # the last sample that counts for the peaks
AXIAL = const(10)  # greatest acceleration along y, 1024 LSB/g
RESULTANT2 = const(11)  # greatest square of its length, / 4
TURN_LOST_AT = const(12)  # the last sample with a clipped rate, -1 none: how far it turned is not known

YAW_LSB_PER_DPS = 4

_MOVING = const(30 * 16)  # 30 deg/s about any axis
_CLIPPED_BIT = const(2)  # guard.CLIPPED
_TURN_CLIPPED_BIT = const(4)  # guard.TURN_CLIPPED


def new_state(rate_hz: int, yaw_limit: int, mirror: int) -> "array[int]":
    return array("i", (SIGN, mirror, rate_hz, -rate_hz - 1, 0, 0, 0, 0, yaw_limit, -1, 0, 0, -1))


@micropython.viper
def add(state: ptr32, samples: ptr32, up: ptr32, seen: ptr32, at: int, count: int, now: int) -> object:  # type: ignore[return]  # viper knows no None
    """`count` samples in common units with gravity as tilt.step gives it, the first the `now`-th; seen[at] is its."""
    sign = state[_SIGN]
    mirror = state[_MIRROR] << sign >> sign
    for i in range(count):
        k = 6 * i
        x = samples[k + 3] << sign >> sign
        y = samples[k + 4] << sign >> sign
        z = samples[k + 5] << sign >> sign
        if x > _MOVING or x < -_MOVING or y > _MOVING or y < -_MOVING or z > _MOVING or z < -_MOVING:
            state[MOVED_AT] = now
        elif now - (state[MOVED_AT] << sign >> sign) > state[HOLD]:
            state[STILL] += 1
        if seen[at + i] & _CLIPPED_BIT:
            state[CLIPPED] = 1
            if seen[at + i] & _TURN_CLIPPED_BIT:
                state[TURN_LOST_AT] = now
        if state[YAWED] < state[YAW_LIMIT]:
            # The rate about z itself is left out: in a closed leg cycle the whole rate about gravity has a mean of its
            # own (the cone it describes), this has none.  Gravity at 2^10 per g, so each product is below 2^27.
            x *= (up[3 * i] << sign >> sign) >> 14
            y *= (up[3 * i + 1] << sign >> sign) >> 14
            state[YAW] += (x + y) * mirror >> 12
            state[YAWED] += 1
        if now <= (state[PEAK_UNTIL] << sign >> sign):
            x = samples[k] << sign >> sign
            y = samples[k + 1] << sign >> sign
            z = samples[k + 2] << sign >> sign
            if y > state[AXIAL]:
                state[AXIAL] = y
            squared = (x * x >> 2) + (y * y >> 2) + (z * z >> 2)
            if squared > state[RESULTANT2]:
                state[RESULTANT2] = squared
        now += 1
