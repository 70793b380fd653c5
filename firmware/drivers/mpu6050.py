# SPDX-License-Identifier: MIT
"""MPU-6050 accelerometer and gyroscope: 500 frames a second through its FIFO, +-16 g and 2000 deg/s, raw counts.

Ref: InvenSense RM-MPU-6000A-00 rev 4.2 (registers), PS-MPU-6000A-00 rev 3.4 (scales, start-up times).  Rev 4.2 has left
out how to wait for motion: that is from the maker's own Motion Driver 5.1, inv_mpu.c, mpu_lp_motion_interrupt().
Limits: the FIFO has no watermark pin, so it is drained by time.  1024 bytes are no multiple of a frame: after an
overflow every frame would come shifted, so all of them are thrown away.  A step of the threshold for motion is 32 mg
by the Motion Driver, 2 mg by RM rev 3.2; by the latter motion would be seen at a sixteenth of what was asked for.
"""

from array import array

from kneecore import wire

from .decode import big_endian
from .inertial import Inertial, steps

try:
    from micropython import const
except ImportError:  # CPython
    from kneecore._cpython import const  # type: ignore

_SMPLRT_DIV = const(0x19)
_CONFIG = const(0x1A)
_GYRO_CONFIG = const(0x1B)
_ACCEL_CONFIG = const(0x1C)
_MOT_THR = const(0x1F)
_MOT_DUR = const(0x20)
_FIFO_EN = const(0x23)
_INT_PIN_CFG = const(0x37)
_INT_ENABLE = const(0x38)
_INT_STATUS = const(0x3A)
_ACCEL_XOUT_H = const(0x3B)
_TEMP_OUT_H = const(0x41)
_USER_CTRL = const(0x6A)
_PWR_MGMT_1 = const(0x6B)
_PWR_MGMT_2 = const(0x6C)
_FIFO_COUNT_H = const(0x72)

_DEVICE_RESET = const(0x80)
_CLOCK_PLL_X = const(0x01)  # SLEEP off; steadier than the internal oscillator
_FIFO_RUN = const(0x40)
_FIFO_RESET = const(0x04)  # heeded only while the FIFO is off
_FIFO_OFLOW = const(0x10)  # in INT_ENABLE and INT_STATUS; reading clears it
_LATCH_INT_EN = const(0x20)  # INT is active high, and high until INT_STATUS is read
_HPF_HOLD = const(7)  # of ACCEL_CONFIG: compare with the sample there was when this was written
_CYCLE = const(0x20)  # sleep but for a sample now and then
_WAKE_20_HZ = const(2 << 6)
_STANDBY_GYRO = const(7)
_COUNT_TRIES = const(3)


class Mpu6050(Inertial):
    NAME = "MPU-6050"
    WHO_AM_I = 0x75
    CHIPS = {0x68: wire.CHIPS.index("mpu6050")}  # MPU-6000 and MPU-9150, too: the same die
    SETTINGS: "tuple[tuple[int, int], ...]" = (
        (_SMPLRT_DIV, 1),  # 1 kHz / (1 + 1)
        (_CONFIG, 1),  # low-pass 184 Hz, delay 2 ms; without it the base rate would be 8 kHz
        (_GYRO_CONFIG, 3 << 3),  # +-2000 deg/s
        (_ACCEL_CONFIG, 3 << 3),  # +-16 g: running impacts at the shank reach 8 g and more
        # All six axes; they lie in the FIFO in the order of their registers, acceleration first.
        (_FIFO_EN, 0x78),
        (_INT_ENABLE, _FIFO_OFLOW),  # without it the status bit is not promised
        (_PWR_MGMT_1, _CLOCK_PLL_X),
        (_PWR_MGMT_2, 0),  # all axes on
    )
    START_MS = 50  # the gyroscope, typically 30, PS table 6.1
    FIFO_DATA = 0x74
    FRAME = 12
    FIFO_SAMPLES = 1024 // 12
    MOTION = 0x40  # in INT_ENABLE and INT_STATUS

    def _reset(self) -> None:
        self._write(_PWR_MGMT_1, _DEVICE_RESET)
        self._insist(_PWR_MGMT_1, _CLOCK_PLL_X)

    def _rate_hz(self) -> int:
        base_hz = 8000 if self._read(_CONFIG) & 7 in (0, 7) else 1000
        return base_hz // (1 + self._read(_SMPLRT_DIV))

    def acceleration(self, reading) -> None:
        self._read_into(_ACCEL_XOUT_H, self._bytes[6])
        big_endian(self._buffer, 3, reading, 0)

    def temperature_cdeg(self) -> int:
        return self._temperature() * 100 // 340 + 3653  # RM 4.18

    def _temperature(self) -> int:
        reading = array("h", (0,))
        self._read_into(_TEMP_OUT_H, self._bytes[2])
        big_endian(self._buffer, 1, reading, 0)
        return reading[0]

    def stop(self) -> None:
        self._write(_USER_CTRL, 0)

    def _motion_settings(self, threshold_mg: int) -> "tuple[tuple[int, int], ...]":
        return (
            (_PWR_MGMT_1, 0),  # the clock of the gyroscope, which is switched off now, would stop
            (_PWR_MGMT_2, _STANDBY_GYRO),
            (_CONFIG, 0),  # no low-pass, which would need more samples than one
            (_INT_PIN_CFG, _LATCH_INT_EN),
            (_INT_ENABLE, self.MOTION),
            (_MOT_THR, steps(threshold_mg, 32)),
            (_MOT_DUR, 1),  # ms
            (_ACCEL_CONFIG, 3 << 3 | _HPF_HOLD),
            (_PWR_MGMT_2, _WAKE_20_HZ | _STANDBY_GYRO),
            (_PWR_MGMT_1, _CYCLE),
        )

    def motion_seen(self) -> bool:
        return bool(self._read(_INT_STATUS) & self.MOTION)

    def _restart_fifo(self) -> None:
        self._write(_USER_CTRL, 0)
        self._write(_USER_CTRL, _FIFO_RESET)
        self._write(_USER_CTRL, _FIFO_RUN)
        self._read(_INT_STATUS)  # forget an earlier overflow

    def _waiting(self) -> int:
        for _ in range(_COUNT_TRIES):
            self._read_into(_FIFO_COUNT_H, self._bytes[2])
            count = self._buffer[0] << 8 | self._buffer[1]
            if count > self.FIFO_SAMPLES * self.FRAME:
                return self._lose("fifo_overflow")
            if count % self.FRAME == 0:
                return count // self.FRAME
        return self._lose("realign")  # not just a frame being written

    def _decode(self, frames: int, batch, at: int) -> bool:
        big_endian(self._buffer, 6 * frames, batch, at)
        return True

    def _overflowed(self) -> bool:
        self._i2c.readfrom_mem_into(self.address, _INT_STATUS, self._bytes[1])
        return bool(self._buffer[0] & _FIFO_OFLOW)
