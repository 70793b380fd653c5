# SPDX-License-Identifier: MIT
"""ICM-42688-P: 500 packets a second of +-16 g and 2000 deg/s in a FIFO of 2 KB.

Ref: TDK DS-000347 rev 1.8.  Bandwidth of both sensors: 246 Hz, third order, delay 1.6 ms (5.5), behind anti-alias
filters left as they come up, 585 Hz and 1163 Hz (5.3, 15.3, 16.1), whose delay is not told.
Packets of 16 bytes (6.1): a header, acceleration, rate, temperature, time.  A value of -32768 means that there was no
sample, and the least valid one, -32766, stands for all below it (14.34): it is passed on as -32768, a value cut off.
While a sensor is on only ranges, rates and modes may be changed (12.9).
"""

from array import array

from kneecore import wire

from .decode import big_endian, packets
from .inertial import Inertial

try:
    from micropython import const
except ImportError:  # CPython
    from kneecore._cpython import const  # type: ignore

_DEVICE_CONFIG = const(0x11)
_DRIVE_CONFIG = const(0x13)
_INT_CONFIG = const(0x14)
_FIFO_CONFIG = const(0x16)
_TEMP_DATA1 = const(0x1D)
_ACCEL_DATA_X1 = const(0x1F)
_INT_STATUS = const(0x2D)
_FIFO_COUNTH = const(0x2E)
_INT_STATUS2 = const(0x37)
_SIGNAL_PATH_RESET = const(0x4B)
_INTF_CONFIG0 = const(0x4C)
_INTF_CONFIG1 = const(0x4D)
_PWR_MGMT0 = const(0x4E)
_GYRO_CONFIG0 = const(0x4F)
_ACCEL_CONFIG0 = const(0x50)
_GYRO_CONFIG1 = const(0x51)
_GYRO_ACCEL_CONFIG0 = const(0x52)
_ACCEL_CONFIG1 = const(0x53)
_SMD_CONFIG = const(0x57)
_FIFO_CONFIG1 = const(0x5F)
_INT_CONFIG1 = const(0x64)
_INT_SOURCE1 = const(0x66)
_REG_BANK_SEL = const(0x76)
# Of other banks: the bank is the high byte.
_INTF_CONFIG6 = const(0x17C)
_ACCEL_WOM_X_THR = const(0x44A)

_SOFT_RESET = const(0x01)
_I2C_EDGES = const(0x09)  # of the outputs (12.3)
_FIFO_FLUSH = const(0x02)
_FIFO_FULL = const(0x02)
_RATES_HZ = {6: 1000, 7: 200, 15: 500}  # by ACCEL_ODR (14.38)


class Icm42688p(Inertial):
    NAME = "ICM-42688-P"
    WHO_AM_I = 0x75
    CHIPS = {0x47: wire.CHIPS.index("icm42688p")}
    SETTINGS = (
        (_DRIVE_CONFIG, _I2C_EDGES),
        (_INTF_CONFIG6, 0x5C),  # MIPI I3C off (12.3)
        (_INTF_CONFIG0, 0x30),  # invalid samples are marked; the FIFO counts bytes; the high byte comes first
        (_FIFO_CONFIG, 0x40),  # a stream: when it is full the oldest go
        (_FIFO_CONFIG1, 0x47),  # acceleration, rate, temperature; read in parts
        (_GYRO_CONFIG1, 0x1A),  # third order
        (_ACCEL_CONFIG1, 0x15),
        (_GYRO_ACCEL_CONFIG0, 0x00),  # half the rate
        (_GYRO_CONFIG0, 0x0F),  # +-2000 deg/s, 500 Hz
        (_ACCEL_CONFIG0, 0x0F),  # +-16 g, 500 Hz
        (_PWR_MGMT0, 0x0F),  # both in low-noise mode
    )
    START_MS = 60  # the gyroscope, typically 30 (3.1); Linux waits for 60, inv_icm42600.h
    FIFO_DATA = 0x30
    FRAME = 16
    FIFO_SAMPLES = 126  # of 128 one is kept free (6.3); the next one would set the flag of a full FIFO

    def _reset(self) -> None:
        self._write(_PWR_MGMT0, 0x00)  # or a part that does not hear its reset would not take the settings
        self._write(_DEVICE_CONFIG, _SOFT_RESET)
        self._insist(_DRIVE_CONFIG, _I2C_EDGES)  # which waits longer than the 1 ms of 14.1

    def _identify(self) -> int:
        self._write(_REG_BANK_SEL, 0)  # an earlier access may have ended in an error half-way
        return super()._identify()

    def _rate_hz(self) -> int:
        return _RATES_HZ[self._read(_ACCEL_CONFIG0) & 15]

    def acceleration(self, reading) -> None:
        self._read_into(_ACCEL_DATA_X1, self._bytes[6])
        big_endian(self._buffer, 3, reading, 0)

    def temperature_cdeg(self) -> int:
        reading = array("h", (0,))
        self._read_into(_TEMP_DATA1, self._bytes[2])
        big_endian(self._buffer, 1, reading, 0)
        return reading[0] * 10_000 // 13_248 + 2500  # 4.13

    def stop(self) -> None:
        """The stream goes on, for its register must not be touched; nobody reads it, and start() empties it."""

    def _restart_fifo(self) -> None:
        self._write(_SIGNAL_PATH_RESET, _FIFO_FLUSH)
        self._read(_INT_STATUS)  # forget an earlier overflow

    def _waiting(self) -> int:
        self._read_into(_FIFO_COUNTH, self._bytes[2])  # the high byte first: reading it fixes both
        count = self._buffer[0] << 8 | self._buffer[1]
        if count > self.FIFO_SAMPLES * self.FRAME:
            return self._lose("fifo_overflow")
        return count // self.FRAME

    def _decode(self, frames: int, batch, at: int) -> bool:
        return packets(self._buffer, frames, batch, at)

    def _overflowed(self) -> bool:
        self._i2c.readfrom_mem_into(self.address, _INT_STATUS, self._bytes[1])
        return bool(self._buffer[0] & _FIFO_FULL)

    def _motion_settings(self, threshold_mg: int) -> "tuple[tuple[int, int], ...]":
        """Each sample at 50 Hz is compared with the one before it; in the order of 8.7."""
        threshold = min(max(threshold_mg * 256 // 1000, 1), 255)  # 1/256 g a step, whatever the range (18.10)
        return (
            (_PWR_MGMT0, 0x00),
            (_FIFO_CONFIG, 0x00),
            (_INT_CONFIG, 0x07),  # INT1 active high, driven, latched
            (_INT_CONFIG1, 0x00),  # must be so for the pin to work (12.6)
            (_INTF_CONFIG1, 0x91),  # the accelerometer alone runs from the wake-up oscillator
            (_GYRO_ACCEL_CONFIG0, 0x11),  # one measurement a sample
            (_ACCEL_CONFIG0, 0x09),  # 50 Hz
            (_PWR_MGMT0, 0x02),  # accelerometer in low-power mode
            (_ACCEL_WOM_X_THR, threshold),
            (_ACCEL_WOM_X_THR + 1, threshold),
            (_ACCEL_WOM_X_THR + 2, threshold),
            (_INT_SOURCE1, 0x07),
            (_SMD_CONFIG, 0x05),
        )

    def motion_seen(self) -> bool:
        return bool(self._read(_INT_STATUS2) & 0x07)

    def _write(self, register: int, value: int) -> None:
        bank = register >> 8
        if bank:
            super()._write(_REG_BANK_SEL, bank)
        super()._write(register & 0xFF, value)
        if bank:
            super()._write(_REG_BANK_SEL, 0)

    def _read(self, register: int) -> int:
        bank = register >> 8
        if bank:
            super()._write(_REG_BANK_SEL, bank)
        value = super()._read(register & 0xFF)
        if bank:
            super()._write(_REG_BANK_SEL, 0)
        return value
