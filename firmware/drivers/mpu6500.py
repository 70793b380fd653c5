# SPDX-License-Identifier: MIT
"""MPU-6500, MPU-9250 and their kin: 250 frames a second, for the FIFO holds half of what the MPU-6050's does.

As the MPU-6050 but for a filter of the accelerometer's own, the thermometer and how to wait for motion.
Ref: InvenSense RM-MPU-9250A-00 rev 1.4 (registers 26, 29 to 31, 65, 105, 117: 0x71).  Identities 0x70 MPU-6500, 0x73
MPU-9255, 0x74 MPU-6515, 0x78 MPU-6880 and the thermometer's figures: Linux, drivers/iio/imu/inv_mpu6050, which drives
them all by one map of registers.  0x72 and 0x75, which cheap boards carry, stand in no source: they are refused.
Limits: the filters let pass 92 Hz, less than half the rate, and delay the gyroscope by 3.9 ms (MPU-6050: 1.9 ms).  The
die has 4 KB shared with its motion processor; only 512 bytes are promised for the FIFO.  The magnetometer stays off.
"""

from kneecore import wire

from .inertial import steps
from .mpu6050 import Mpu6050

try:
    from micropython import const
except ImportError:  # CPython
    from kneecore._cpython import const  # type: ignore

_SMPLRT_DIV = const(0x19)
_CONFIG = const(0x1A)
_ACCEL_CONFIG_2 = const(0x1D)
_LP_ACCEL_ODR = const(0x1E)
_WOM_THR = const(0x1F)
_INT_PIN_CFG = const(0x37)
_INT_ENABLE = const(0x38)
_MOT_DETECT_CTRL = const(0x69)
_PWR_MGMT_1 = const(0x6B)
_PWR_MGMT_2 = const(0x6C)

_LOW_PASS_92_HZ = const(2)  # in CONFIG and ACCEL_CONFIG_2
_LOW_PASS_184_HZ = const(1)
_LATCH_INT_EN = const(0x20)
_CYCLE = const(0x20)
_STANDBY_GYRO = const(7)
_WAKE_15_6_HZ = const(6)
_COMPARE_WITH_LAST = const(0xC0)  # each sample with the one before it


class Mpu6500(Mpu6050):
    NAME = "MPU-6500"
    CHIPS = {
        0x70: wire.CHIPS.index("mpu6500"),
        0x74: wire.CHIPS.index("mpu6500"),
        0x78: wire.CHIPS.index("mpu6500"),
        0x71: wire.CHIPS.index("mpu9250"),
        0x73: wire.CHIPS.index("mpu9250"),
    }
    SETTINGS = ((_SMPLRT_DIV, 3), (_CONFIG, _LOW_PASS_92_HZ)) + Mpu6050.SETTINGS[2:] + (
        (_ACCEL_CONFIG_2, _LOW_PASS_92_HZ),
    )  # fmt: skip
    START_MS = 70  # the gyroscope, as Linux waits for it
    FIFO_SAMPLES = 512 // 12

    def temperature_cdeg(self) -> int:
        return self._temperature() * 10_000 // 33_387 + 2100

    def _motion_settings(self, threshold_mg: int) -> "tuple[tuple[int, int], ...]":
        return (
            (_PWR_MGMT_1, 0),  # the clock of the gyroscope, which is switched off now, would stop
            (_PWR_MGMT_2, _STANDBY_GYRO),
            (_ACCEL_CONFIG_2, _LOW_PASS_184_HZ),
            (_INT_PIN_CFG, _LATCH_INT_EN),
            (_INT_ENABLE, self.MOTION),
            (_MOT_DETECT_CTRL, _COMPARE_WITH_LAST),
            (_WOM_THR, steps(threshold_mg, 4)),
            self._wake_rate(),
            (_PWR_MGMT_1, _CYCLE),
        )

    def _wake_rate(self) -> "tuple[int, int]":
        """Setting of how often a sample is taken while it waits for motion."""
        return _LP_ACCEL_ODR, _WAKE_15_6_HZ
