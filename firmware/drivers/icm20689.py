# SPDX-License-Identifier: MIT
"""ICM-20689, the die that many boards sold as MPU-6050 carry: 500 frames a second, a FIFO of 4 KB.

As the MPU-6500 but for the FIFO's size, the thermometer and how to wait for motion.
Ref: InvenSense DS-000143 rev 1.1; Linux, drivers/iio/imu/inv_mpu6050 (identity 0x98, size of the FIFO, thermometer,
bits of motion, 4 mg a step, the rate that SMPLRT_DIV sets in cycles, too).
Limits: that a board answers 0x98 is no proof of the die; its 4 KB are, for the setting is read back.
"""

from kneecore import wire

from .mpu6050 import Mpu6050
from .mpu6500 import Mpu6500

try:
    from micropython import const
except ImportError:  # CPython
    from kneecore._cpython import const  # type: ignore

_SMPLRT_DIV = const(0x19)
_ACCEL_CONFIG_2 = const(0x1D)

_LOW_PASS_218_HZ = const(1)  # of the accelerometer; the gyroscope's is 176 Hz
_FIFO_4_KB = const(3 << 6)
_DIVIDE_TO_16_HZ = const(62)


class Icm20689(Mpu6500):
    NAME = "ICM-20689"
    CHIPS = {0x98: wire.CHIPS.index("icm20689")}
    SETTINGS = Mpu6050.SETTINGS + ((_ACCEL_CONFIG_2, _FIFO_4_KB | _LOW_PASS_218_HZ),)
    START_MS = 100  # the gyroscope, as Linux waits for it
    FIFO_SAMPLES = 4096 // 12
    MOTION = 0xE0  # a bit for each axis

    def temperature_cdeg(self) -> int:
        return self._temperature() * 1000 // 3268 + 2500

    def _wake_rate(self) -> "tuple[int, int]":
        return _SMPLRT_DIV, _DIVIDE_TO_16_HZ
