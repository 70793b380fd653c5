# SPDX-License-Identifier: MIT
"""Chip counts in sensor axes to common units in segment axes: x forward, y up along the tibia, z to the right.

One matrix does it all: rotation, scales, accelerometer scale error and gyro bias are folded in, so that a
normalised sample costs six rows.  Acceleration comes out at 1024 LSB/g (int16 holds 32 g), angular rate at
16 LSB/(deg/s).  The bias is subtracted before rounding, at 1/8192 of an output step: the tilt filter turns a
constant rate error into a lean error of error x tau.

Only proper rotations are accepted.  A mirror (determinant -1) applied to both sensors is not a rotation: angular
rate is an axial vector and mirrors with the opposite signs.
"""

from array import array

from .fixed import SIGN, rounded_div
from .wire import SIDES

try:
    import micropython
    from micropython import const
except ImportError:  # CPython
    from . import _cpython as micropython  # type: ignore[no-redef]
    from ._cpython import const, ptr16, ptr32

ACC_LSB_PER_G = 1024
GYRO_LSB_PER_DPS = 16
AXES = 6  # ax ay az gx gy gz

LEFT, RIGHT = SIDES.index("left"), SIDES.index("right")
ACC_SCALE_Q14 = (13926, 18842)  # 0.85 to 1.15: the MPU-6050 is specified to 3 % of scale and 0.08 g of offset
NEUTRAL_LIMIT_CDEG = 4500  # lean less neutral still fits the wire

# Words of the matrix: minus the gyro bias about x, y and z of the segment, 2^13 per step of the output.  They may be
# changed from one sample to the next, within +-BIAS_LIMIT.
BIAS_X, BIAS_Y, BIAS_Z = 15, 19, 23
_SIGN = const(24)  # as fixed.SIGN

_ONE_Q14 = 1 << 14
_TOLERANCE_Q14 = 164  # 1 %: axes skewed by 1 deg or scaled by 1 % are refused, rounding to Q14 is far below
_HALF_Q13 = 1 << 12


class MountError(ValueError):
    """The calibration is no mounting; the text says why."""


def problem(calibration: "dict[str, int]") -> str:
    """Why the wire fields of a calibration are no mounting, "" if they are one.

    The rotation must have rows of length 1 at right angles and determinant +1; the side must be known, since the
    sign of lean hangs on it.
    """
    r = _rotation(calibration)
    for i in range(3):
        for j in range(i, 3):
            dot = rounded_div(sum(r[3 * i + k] * r[3 * j + k] for k in range(3)), _ONE_Q14)
            if i == j and abs(dot - _ONE_Q14) > _TOLERANCE_Q14:
                return "rotation row %d has length^2 %d/16384, not 1" % (i + 1, dot)
            if i != j and abs(dot) > _TOLERANCE_Q14:
                return "rotation rows %d and %d are not at right angles" % (i + 1, j + 1)
    x_cross_y = (r[1] * r[5] - r[2] * r[4], r[2] * r[3] - r[0] * r[5], r[0] * r[4] - r[1] * r[3])
    if x_cross_y[0] * r[6] + x_cross_y[1] * r[7] + x_cross_y[2] * r[8] < 0:
        return "rotation is a mirror (determinant -1)"
    if not ACC_SCALE_Q14[0] <= calibration["acc_scale_q14"] <= ACC_SCALE_Q14[1]:
        return "acc_scale %d/16384 is not near 1" % calibration["acc_scale_q14"]
    if abs(calibration["neutral_cdeg"]) > NEUTRAL_LIMIT_CDEG:
        return "neutral lean of %d/100 deg" % calibration["neutral_cdeg"]
    if calibration["side"] not in (LEFT, RIGHT):
        return "side must be left or right"
    return ""


def _rotation(calibration: "dict[str, int]") -> "list[int]":
    return [calibration["rotation_q14_" + str(i)] for i in range(9)]


def fold(calibration: "dict[str, int]", acc_lsb_per_g: int, gyro_lsb_per_10dps: int) -> "array[int]":
    """Matrix for `apply`: six rows of three Q13 coefficients and a Q13 offset (minus the rotated gyro bias),
    and fixed.SIGN.

    `calibration` has the fields of the wire.  MountError if it has a `problem`, or if full-scale counts could leave
    31 bits (a chip under 512 LSB/g).  Runs once per run; on the device its products are big integers.
    """
    text = problem(calibration)
    if text:
        raise MountError(text)
    r = _rotation(calibration)
    scale = calibration["acc_scale_q14"] * ACC_LSB_PER_G
    rows = []
    for i in (0, 3, 6):
        rows += [
            rounded_div(c * scale, acc_lsb_per_g << 15) for c in r[i : i + 3]
        ]  # Q14 x Q14 is Q28: 15 too many
        rows.append(0)
    for i in (0, 3, 6):
        bias = sum(r[i + k] * calibration["gyro_bias_mdps_" + str(k)] for k in range(3))
        rows += [rounded_div(c * GYRO_LSB_PER_DPS * 10, gyro_lsb_per_10dps << 1) for c in r[i : i + 3]]
        rows.append(-rounded_div(bias * GYRO_LSB_PER_DPS, 1000 << 1))
    for i in range(0, len(rows), 4):
        reach = 32768 * sum(abs(c) for c in rows[i : i + 3]) + abs(rows[i + 3]) + _HALF_Q13
        if reach >= 1 << 30:
            raise MountError("row %d of the folded calibration leaves 31 bits at full scale" % (i // 4 + 1))
    return array("i", rows + [SIGN])


@micropython.viper
def apply(matrix: ptr32, batch: ptr16, at: int, count: int, out: ptr32) -> object:  # type: ignore[return]  # viper knows no None
    """`count` samples of counts from batch[at] on, into out[0:6 * count] in common units, saturated to +-32767.

    Halves round away from zero, so that a mirrored sample comes out exactly mirrored.
    """
    sign = matrix[_SIGN]
    row = 0
    for sensor in range(0, 6, 3):
        xx = matrix[row] << sign >> sign
        xy = matrix[row + 1] << sign >> sign
        xz = matrix[row + 2] << sign >> sign
        x0 = matrix[row + 3] << sign >> sign
        yx = matrix[row + 4] << sign >> sign
        yy = matrix[row + 5] << sign >> sign
        yz = matrix[row + 6] << sign >> sign
        y0 = matrix[row + 7] << sign >> sign
        zx = matrix[row + 8] << sign >> sign
        zy = matrix[row + 9] << sign >> sign
        zz = matrix[row + 10] << sign >> sign
        z0 = matrix[row + 11] << sign >> sign
        row += 12
        k = at + sensor
        to = sensor
        for _ in range(count):
            a = ((batch[k] & 0xFFFF) ^ 0x8000) - 0x8000  # pointers to 16 bits are unsigned
            b = ((batch[k + 1] & 0xFFFF) ^ 0x8000) - 0x8000
            c = ((batch[k + 2] & 0xFFFF) ^ 0x8000) - 0x8000
            x = xx * a + xy * b + xz * c + x0
            y = yx * a + yy * b + yz * c + y0
            z = zx * a + zy * b + zz * c + z0
            x = (x + 4096 + (x >> 30)) >> 13  # x >> 30 is -1 for negatives, else 0
            y = (y + 4096 + (y >> 30)) >> 13
            z = (z + 4096 + (z >> 30)) >> 13
            out[to] = 32767 if x > 32767 else -32767 if x < -32767 else x
            out[to + 1] = 32767 if y > 32767 else -32767 if y < -32767 else y
            out[to + 2] = 32767 if z > 32767 else -32767 if z < -32767 else z
            k += 6
            to += 6
