# SPDX-License-Identifier: MIT
"""Integer square root, vector length and elevation angle.  Every intermediate fits 31 bits; each states its range.

Ref: J. Volder, "The CORDIC trigonometric computing technique", IRE Trans. EC-8 (1959): rotations by atan(2^-i) need
only shifts and adds.  It keeps 31 bits at full precision, where a division would first have to drop bits.
"""

from array import array

try:
    import micropython
except ImportError:  # CPython
    from . import _cpython as micropython  # type: ignore[no-redef]
    from ._cpython import ptr16, ptr32


@micropython.viper
def _sign(words: ptr32) -> int:
    return 0 if int(words[0]) < 0 else 32


# `word << SIGN >> SIGN` is the signed value of a word loaded in viper: 64-bit builds do not extend the sign of 32 bits.
# 0 everywhere else.  Kept in each stage's array, where viper reads it at no cost.
SIGN = _sign(array("i", [-1]))

# atan(2^-i) in cdeg x 256, i = 0..15, and SIGN
TURNS_X256 = array("i", (
    1152000, 680065, 359328, 182400, 91554, 45822, 22916, 11459, 5730, 2865, 1432, 716, 358, 179, 90, 45, SIGN,
))  # fmt: skip
_ONE_VECTOR = array("i", [0, 0, 0])
_ONE_ANGLE = array("h", [0])


def rounded_div(a: int, b: int) -> int:
    """a / b to the nearest integer, halves away from zero.  b > 0; any size (for set-up, not per sample)."""
    return (2 * a + b) // (2 * b) if a >= 0 else -((b - 2 * a) // (2 * b))


@micropython.native
def isqrt(n: int) -> int:
    """Square root, rounded down.  0 <= n < 2^30."""
    root = 0
    bit = 1 << 28
    while bit:
        if n >= root + bit:
            n -= root + bit
            root = (root >> 1) + bit
        else:
            root >>= 1
        bit >>= 2
    return root


@micropython.native
def length3(x: int, y: int, z: int) -> int:
    """sqrt(x^2 + y^2 + z^2).  |x|, |y|, |z| <= 32768; relative error <= 2^-12, absolute <= 2 below 16384."""
    shift = 0
    while x > 16383 or y > 16383 or z > 16383 or x < -16383 or y < -16383 or z < -16383:
        x >>= 1
        y >>= 1
        z >>= 1
        shift += 1
    return isqrt(x * x + y * y + z * z) << shift


def elevation_cdeg(x: int, y: int, z: int) -> int:
    """Elevation of one vector, as `elevations_cdeg`."""
    _ONE_VECTOR[0] = x
    _ONE_VECTOR[1] = y
    _ONE_VECTOR[2] = z
    elevations_cdeg(_ONE_VECTOR, 0, 1, 0, TURNS_X256, _ONE_ANGLE, 0)
    return _ONE_ANGLE[0]


@micropython.viper
def elevations_cdeg(  # type: ignore[return]  # viper knows no None
    vectors: ptr32, first: int, count: int, zero_cdeg: int, turns: ptr32, out: ptr16, to: int
) -> object:
    """atan2(z, hypot(x, y)) - zero_cdeg of `count` vectors from the `first` on, into out[to:to + count].

    `turns`: TURNS_X256.
    The angle is an odd function of z, exactly 0 for z = 0.  |x|, |y|, |z| <= 2^26; within 0.01 degree if the vector is
    longer than 2^20.
    """
    sign = turns[16]
    k = 3 * first
    for n in range(count):
        x = vectors[k] << sign >> sign
        y = vectors[k + 1] << sign >> sign
        up = vectors[k + 2] << sign >> sign
        k += 3
        if x < 0:
            x = 0 - x
        if y < 0:
            y = 0 - y
        z = up if up >= 0 else 0 - up
        # x becomes 1.6467 hypot(x, y): 8 turns leave an angle under 2^-7, so a length right to 2^-15.
        for i in range(8):
            step = x >> i
            if y > 0:
                x += y >> i
                y -= step
            else:
                x -= y >> i
                y += step
        # z times the same gain, to 2^-15
        z += (z >> 1) + (z >> 3) + (z >> 6) + (z >> 8) + (z >> 9) + (z >> 12)
        angle = 128
        for i in range(16):
            step = x >> i
            if z > 0:
                x += z >> i
                z -= step
                angle += turns[i]
            else:
                x -= z >> i
                z += step
                angle -= turns[i]
        angle >>= 8
        out[to + n] = (angle if up > 0 else 0 - angle if up < 0 else 0) - zero_cdeg
