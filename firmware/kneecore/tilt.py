# SPDX-License-Identifier: MIT
"""Where gravity is in the shank's axes: a second-order low-pass of acceleration, carried along by the gyro.

Mean acceleration over a stride is gravity, so the impacts of running average out; no heading, no quaternion.  States
s (gravity, up) and u = v dt turn with the shank each sample, then

    u += (wc dt)^2 (a - s) - sqrt(2) wc dt u        s += u        wc = sqrt(2) / tau

Per sample the shank turns by d = w dt, by the midpoint rule s -= d x (s - d x s / 2).  Lean error from a gyro bias is
about bias x tau.  Limits: any integer rate of 200..1000 Hz, tau 500..10000 ms.

The filter works on a left leg: a right leg's sample is mirrored as it is read (a_z, w_x, w_y change sign), so that
mirrored recordings give identical results and lean, positive when the knee is medial of the ankle, needs no sign.

Formats, all within 31 bits for any input: a 1024 LSB/g, w 16 LSB/(deg/s), s 2^24 per g clamped to +-4 g, u 2^30 per g
clamped to +-1/64 g, d 2^13 per rad (0.18 rad at most).  What the shifts to d and to u cut off is carried to the next
sample, so that neither a slow turn nor a slow pull is lost.
"""

from array import array

from .fixed import SIGN, elevation_cdeg, length3, rounded_div
from .mount import LEFT

try:
    import micropython
    from micropython import const
except ImportError:  # CPython
    from . import _cpython as micropython  # type: ignore[no-redef]
    from ._cpython import const, ptr32

# Words of the state, x y z each
_S = const(0)
_U = const(3)
_D_CARRY = const(6)
_U_CARRY = const(9)
PULL = const(12)  # sum of u, 2^22 per g, over the samples since the reader set it to 0
PULLED = const(15)  # how many samples: at most PULLED_MAX, then the sum stands still
STATE = const(16)

PULLED_MAX = const(8191)

# Words of what follows from rate, tau and side
_MIRROR = const(0)
_TURN = const(1)
_TURN_SHIFT = const(2)
_PULL = const(3)
_DAMP = const(4)
_PULL_SHIFT = const(5)
_SIGN = const(6)  # as fixed.SIGN

_S_MAX = const(1 << 26)
_U_MAX = const(1 << 24)

# pi = 355/113 to 1e-7; w counts to rad: / (16 x 180)
_PI_NUMERATOR, _PI_DENOMINATOR = 355, 113


def _fraction_bits(numerator: int, denominator: int, bits: int) -> int:
    """Largest n so that numerator / denominator x 2^n fits `bits` bits.  The ratio is below 1."""
    n = 0
    while rounded_div(numerator << n + 1, denominator) < 1 << bits:
        n += 1
    return n


def derive(rate_hz: int, tau_ms: int, side: int) -> "array[int]":
    """Coefficients for one run.  `side` as in wire.SIDES, left or right."""
    mirror = 1 if side == LEFT else -1
    radians = 2880 * rate_hz * _PI_DENOMINATOR  # one count of w for one sample, _PI_NUMERATOR of these
    turn_bits = _fraction_bits(_PI_NUMERATOR, radians, 14)
    turn = rounded_div(_PI_NUMERATOR << turn_bits, radians)
    # (wc dt)^2 = 2 (dt / tau)^2 pulls a - s at 2^12 per g, sqrt(2) wc dt = 2 dt / tau damps u at 2^22 per g.  Both
    # products have one format, so that their sum is cut and carried once.
    steps = rate_hz * tau_ms
    bits = min(_fraction_bits(2000000, steps * steps, 11) + 12, _fraction_bits(2000, steps, 12) + 22)
    pull = rounded_div(2000000 << bits - 12, steps * steps)
    damp = rounded_div(2000 << bits - 22, steps)
    return array("i", (mirror, turn, turn_bits - 13, pull, damp, bits - 30, SIGN))


def new_state() -> "array[int]":
    return array("i", (0 for _ in range(STATE)))


def start(state: "array[int]", derived: "array[int]", sample: "array[int]") -> None:
    """Take the direction of one sample's acceleration for gravity: exact when still, settled after 3 tau otherwise."""
    length = max(length3(sample[0], sample[1], sample[2]), 1)
    for i in range(STATE):
        state[i] = 0
    for i in range(3):
        a = sample[i] if i < 2 else sample[i] * derived[_MIRROR]
        state[_S + i] = (a << 14) // length << 10


@micropython.viper
def step(state: ptr32, derived: ptr32, samples: ptr32, count: int, up: ptr32) -> object:  # type: ignore[return]  # viper knows no None
    """`count` samples from mount.apply (any int16 values) into the state; up[0:3 * count]: s after each, z negated."""
    sign = derived[_SIGN]
    mirror = derived[_MIRROR] << sign >> sign
    turn = derived[_TURN]
    turn_shift = derived[_TURN_SHIFT]
    turn_mask = (1 << turn_shift) - 1
    pull = derived[_PULL]
    damp = derived[_DAMP]
    pull_shift = derived[_PULL_SHIFT]
    pull_mask = (1 << pull_shift) - 1
    sx = state[_S] << sign >> sign
    sy = state[_S + 1] << sign >> sign
    sz = state[_S + 2] << sign >> sign
    ux = state[_U] << sign >> sign
    uy = state[_U + 1] << sign >> sign
    uz = state[_U + 2] << sign >> sign
    for i in range(count):
        k = 6 * i
        x = (samples[k + 3] << sign >> sign) * mirror * turn + state[_D_CARRY]
        y = (samples[k + 4] << sign >> sign) * mirror * turn + state[_D_CARRY + 1]
        z = (samples[k + 5] << sign >> sign) * turn + state[_D_CARRY + 2]
        state[_D_CARRY] = x & turn_mask
        state[_D_CARRY + 1] = y & turn_mask
        state[_D_CARRY + 2] = z & turn_mask
        dx = x >> turn_shift
        dy = y >> turn_shift
        dz = z >> turn_shift

        # s at 2^16 per g for the products: 2^13 * 2^16 back to 2^24 is >> 5, halved for the midpoint >> 6
        x = sx >> 8
        y = sy >> 8
        z = sz >> 8
        mx = (sx - ((dy * z - dz * y) >> 6)) >> 8
        my = (sy - ((dz * x - dx * z) >> 6)) >> 8
        mz = (sz - ((dx * y - dy * x) >> 6)) >> 8
        sx -= (dy * mz - dz * my) >> 5
        sy -= (dz * mx - dx * mz) >> 5
        sz -= (dx * my - dy * mx) >> 5

        # u at 2^24 per g: 2^13 * 2^24 back to 2^30 is >> 7.  Rounded: a bias of half a step in u tilts s by 0.03 deg.
        x = (ux + 32) >> 6
        y = (uy + 32) >> 6
        z = (uz + 32) >> 6
        mx = (ux - ((dy * z - dz * y) >> 8) + 32) >> 6
        my = (uy - ((dz * x - dx * z) >> 8) + 32) >> 6
        mz = (uz - ((dx * y - dy * x) >> 8) + 32) >> 6
        ux -= (dy * mz - dz * my + 64) >> 7
        uy -= (dz * mx - dx * mz + 64) >> 7
        uz -= (dx * my - dy * mx + 64) >> 7

        x = (samples[k] << sign >> sign << 2) - ((sx + 2048) >> 12)
        y = (samples[k + 1] << sign >> sign << 2) - ((sy + 2048) >> 12)
        z = ((samples[k + 2] << sign >> sign) * mirror << 2) - ((sz + 2048) >> 12)
        x = x * pull - ((ux + 128) >> 8) * damp + state[_U_CARRY]
        y = y * pull - ((uy + 128) >> 8) * damp + state[_U_CARRY + 1]
        z = z * pull - ((uz + 128) >> 8) * damp + state[_U_CARRY + 2]
        state[_U_CARRY] = x & pull_mask
        state[_U_CARRY + 1] = y & pull_mask
        state[_U_CARRY + 2] = z & pull_mask
        ux += x >> pull_shift
        uy += y >> pull_shift
        uz += z >> pull_shift

        ux = _U_MAX if ux > _U_MAX else -_U_MAX if ux < -_U_MAX else ux
        uy = _U_MAX if uy > _U_MAX else -_U_MAX if uy < -_U_MAX else uy
        uz = _U_MAX if uz > _U_MAX else -_U_MAX if uz < -_U_MAX else uz
        sx += (ux + 32) >> 6
        sy += (uy + 32) >> 6
        sz += (uz + 32) >> 6
        sx = _S_MAX if sx > _S_MAX else -_S_MAX if sx < -_S_MAX else sx
        sy = _S_MAX if sy > _S_MAX else -_S_MAX if sy < -_S_MAX else sy
        sz = _S_MAX if sz > _S_MAX else -_S_MAX if sz < -_S_MAX else sz
        k = 3 * i
        up[k] = sx
        up[k + 1] = sy
        up[k + 2] = 0 - sz

        if state[PULLED] < PULLED_MAX:
            state[PULL] += (ux + 128) >> 8
            state[PULL + 1] += (uy + 128) >> 8
            state[PULL + 2] += (uz + 128) >> 8
            state[PULLED] += 1
    state[_S] = sx
    state[_S + 1] = sy
    state[_S + 2] = sz
    state[_U] = ux
    state[_U + 1] = uy
    state[_U + 2] = uz


def lean_cdeg(state: "array[int]", neutral_cdeg: int) -> int:
    """Frontal inclination of the tibia, positive when the knee is medial of the ankle, in hundredths of a degree."""
    return elevation_cdeg(state[0], state[1], -state[2]) - neutral_cdeg
