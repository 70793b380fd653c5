# SPDX-License-Identifier: MIT
"""MPU-6500, MPU-9250 and ICM-20689 at register level: as the MPU-6050, but for what is written here.

Ref: InvenSense RM-MPU-9250A-00 rev 1.4 (registers 29 to 31, 65, 105, 117); Linux, drivers/iio/imu/inv_mpu6050
(identities, thermometers, the ICM-20689's FIFO, bits of motion and rate in cycles).  All wake up asleep here, the
stricter reading.
Not modelled: the magnetometer, filters, FIFO sizes of the MPU-6500 beyond the 512 bytes its data sheet promises.
"""

from __future__ import annotations

from kneecore import chips

from .mpu6050 import SMPLRT_DIV, Mpu6050

ACCEL_CONFIG_2, LP_ACCEL_ODR, WOM_THR, MOT_DETECT_CTRL = 0x1D, 0x1E, 0x1F, 0x69

_SLOWEST_HZ = 500 / 2**11  # LP_ACCEL_ODR 0; each step doubles it
_WITH_LAST = 0xC0  # compare each sample with the one before it


class Mpu6500(Mpu6050):
    chip = chips.find("mpu6500")
    identity = 0x70
    fifo_bytes = 512

    def _temperature(self) -> int:
        return round((self.temperature_c - 21) * 333.87)

    def _cycle_hz(self) -> float:
        return _SLOWEST_HZ * (1 << min(self._value(LP_ACCEL_ODR), 11))

    def _motion(self, new: int) -> bool:
        return self._value(MOT_DETECT_CTRL) & _WITH_LAST == _WITH_LAST and self._moved(
            new, self._value(WOM_THR) * 0.004
        )


class Mpu9250(Mpu6500):
    chip = chips.find("mpu9250")
    identity = 0x71


class Icm20689(Mpu6500):
    chip = chips.find("icm20689")
    identity = 0x98
    motion_bits = 0xE0

    def _temperature(self) -> int:
        return round((self.temperature_c - 25) * 326.8)

    def _cycle_hz(self) -> float:
        return 1000 / (1 + self._value(SMPLRT_DIV))

    def _put(self, register: int, value: int) -> None:
        super()._put(register, value)  # which may be a reset
        self.fifo.capacity = 512 << (self._value(ACCEL_CONFIG_2) >> 6)
