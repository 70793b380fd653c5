# SPDX-License-Identifier: MIT
"""An MPU-6050 at register level: identity, sleep, ranges, sample clock, FIFO with real overflow, faults on demand.

Ref: InvenSense RM-MPU-6000A-00 rev 4.2 (registers 25 to 28, 35, 55 to 72, 106 to 108, 114 to 117); waiting for motion
(28, 31) as the maker's Motion Driver 5.1 uses it, inv_mpu.c, mpu_lp_motion_interrupt().  Where the text leaves room the
stricter reading is modelled: FIFO_RESET works only while FIFO_EN is 0, FIFO_OFLOW_INT needs its enable bit,
FIFO_COUNT_L is a copy made when FIFO_COUNT_H is read, and an overflow drops the oldest bytes, not frames.
Not modelled: the filters' delay (2 ms at 188 Hz), self-test, DMP, auxiliary bus, how long motion must last.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kneecore import chips

from ..feed import Counts, Feed, Floats
from .inertial import Faults, Inertial

FIFO_BYTES = 1024

SMPLRT_DIV, CONFIG, GYRO_CONFIG, ACCEL_CONFIG = 0x19, 0x1A, 0x1B, 0x1C
MOT_THR, FIFO_EN, INT_PIN_CFG, INT_ENABLE, INT_STATUS = 0x1F, 0x23, 0x37, 0x38, 0x3A
ACCEL_XOUT_H, GYRO_ZOUT_L = 0x3B, 0x48
USER_CTRL, PWR_MGMT_1, PWR_MGMT_2 = 0x6A, 0x6B, 0x6C
FIFO_COUNT_H, FIFO_COUNT_L, FIFO_R_W, WHO_AM_I = 0x72, 0x73, 0x74, 0x75

_DEVICE_RESET, _SLEEP, _CYCLE = 0x80, 0x40, 0x20
_FIFO_ON, _FIFO_RESET = 0x40, 0x04
_OVERFLOW, _DATA_READY = 0x10, 0x01
_INT_ACTIVE_LOW, _INT_OPEN_DRAIN, _INT_LATCHED = 0x80, 0x40, 0x20
_HPF, _HOLD = 0x07, 7  # of ACCEL_CONFIG
_CYCLE_HZ = (1.25, 5, 20, 40)
_SETTINGS = (SMPLRT_DIV, CONFIG, GYRO_CONFIG, ACCEL_CONFIG, FIFO_EN, PWR_MGMT_1, PWR_MGMT_2)
_READ_ONLY = (*range(INT_STATUS, GYRO_ZOUT_L + 1), FIFO_COUNT_H, FIFO_COUNT_L, FIFO_R_W, WHO_AM_I)
_FIFO_PARTS = ((0x08, (0, 1, 2)), (0x80, (3,)), (0x40, (4,)), (0x20, (5,)), (0x10, (6,)))  # bit, columns


class Mpu6050(Inertial):
    chip = chips.find("mpu6050")
    identity = 0x68
    fifo_bytes = FIFO_BYTES
    motion_bits = 0x40  # in INT_ENABLE and INT_STATUS

    def __init__(
        self,
        clock: Callable[[], int],
        feed: Feed,
        address: int = 0x68,
        rate_error: float = 0.0,
        faults: Faults | None = None,
    ) -> None:
        self._registers = bytearray(128)
        self._last_byte = 0
        self._reference: Floats | None = None  # acceleration that motion is reckoned from
        super().__init__(clock, feed, address, rate_error, faults)

    def _temperature(self) -> int:
        return round((self.temperature_c - 36.53) * 340)

    def _reset(self) -> None:
        self._registers[:] = bytes(128)
        self._registers[PWR_MGMT_1] = _SLEEP
        self._registers[WHO_AM_I] = self.identity
        self._reference = None

    def _nominal_hz(self) -> float:
        if self._value(PWR_MGMT_1) & _SLEEP:
            return 0
        if self._value(PWR_MGMT_1) & _CYCLE:
            return self._cycle_hz()
        base = 8000 if self._value(CONFIG) & 7 in (0, 7) else 1000
        return base / (1 + self._value(SMPLRT_DIV))

    def _cycle_hz(self) -> float:
        return _CYCLE_HZ[self._value(PWR_MGMT_2) >> 6]

    def _ranges(self) -> tuple[int, int]:
        return 1 << 3 - (self._value(ACCEL_CONFIG) >> 3 & 3), 1 << 3 - (self._value(GYRO_CONFIG) >> 3 & 3)

    def _fifo_on(self) -> bool:
        return bool(self._value(USER_CTRL) & _FIFO_ON and self._value(FIFO_EN))

    def _counts(self, n: int) -> Counts:
        counts = super()._counts(n)
        standby = self._value(PWR_MGMT_2)
        counts[:, [axis for axis in range(6) if standby >> 5 - axis & 1]] = 0
        return counts

    def _columns(self) -> list[int]:
        return [column for bit, columns in _FIFO_PARTS if self._value(FIFO_EN) & bit for column in columns]

    def _frame_bytes(self) -> int:
        return 2 * len(self._columns())

    def _frames(self, counts: Counts) -> bytes:
        return self._words(counts)[:, self._columns()].tobytes()

    def _taken_now(self, new: int) -> None:
        self._registers[INT_STATUS] |= _DATA_READY
        if self.fifo.dropped:
            self._registers[INT_STATUS] |= _OVERFLOW & self._value(INT_ENABLE)
        wanted = self._value(INT_ENABLE) & self.motion_bits
        if wanted and self._motion(new):
            self._registers[INT_STATUS] |= wanted

    def _motion(self, new: int) -> bool:
        """Without the filter's hold nothing is felt."""
        if self._reference is None:
            return False
        away = np.abs(self._acceleration_g(new) - self._reference).max()
        return bool(away > self._value(MOT_THR) * 0.032)

    def _hold(self, new: int) -> None:
        """A value of ACCEL_CONFIG: the sample there is now becomes the reference, or none is."""
        if new & _HPF != _HOLD or not self._taken:
            self._reference = None
        elif self._reference is None:
            self._reference = self._acceleration_g(1)

    @property
    def interrupt(self) -> bool:
        self._advance()
        pins = self._value(INT_PIN_CFG)
        if pins & (_INT_ACTIVE_LOW | _INT_OPEN_DRAIN) or not pins & _INT_LATCHED:
            raise AssertionError("INT is not active high, driven and latched: nothing would wake")
        return bool(self._value(INT_STATUS) & self._value(INT_ENABLE))

    def _value(self, register: int) -> int:
        return self.faults.registers.get(register, self._registers[register & 0x7F])

    def _get(self, register: int, n: int) -> bytes:
        if register == FIFO_R_W:  # which does not go on to the next register
            return self._pop(n)
        if ACCEL_XOUT_H <= register <= GYRO_ZOUT_L:
            self._latch()  # once, so that a burst is of one sample
        return bytes(self._read(register + i) for i in range(n))

    def _read(self, register: int) -> int:
        if register == FIFO_R_W:
            return self._pop(1)[0]
        if register == FIFO_COUNT_H:
            self._registers[FIFO_COUNT_H : FIFO_COUNT_L + 1] = len(self.fifo).to_bytes(2)
        value = self._value(register)
        if register == INT_STATUS:
            self._registers[INT_STATUS] = 0
        return value

    def _put(self, register: int, value: int) -> None:
        if register in _READ_ONLY:
            return
        if register == PWR_MGMT_1 and value & _DEVICE_RESET:
            self._reset_asked()
        elif register == USER_CTRL:
            self._control(value)
        else:
            if register == ACCEL_CONFIG:
                self._hold(value)
            self._registers[register & 0x7F] = value
            if register in _SETTINGS:
                self._settings_changed()

    def _control(self, value: int) -> None:
        if value & _FIFO_RESET and not value & _FIFO_ON:
            self._empty_fifo()
        self._registers[USER_CTRL] = value & ~_FIFO_RESET
        if self._fifo_on():
            self._fifo_started()

    def _pop(self, n: int) -> bytes:
        if not self._value(USER_CTRL) & _FIFO_ON:
            return bytes([self._last_byte] * n)
        data = self.fifo.pop(n)
        if data:
            self._last_byte = data[-1]
        return data + bytes([self._last_byte] * (n - len(data)))

    def _latch(self) -> None:
        if self._taken:
            self._registers[ACCEL_XOUT_H : GYRO_ZOUT_L + 1] = self._words(self._counts(1)).tobytes()

    def _words(self, counts: Counts) -> Counts:
        """[n, 7] as in the registers: acceleration, temperature, rate."""
        temperature = np.full((len(counts), 1), self._temperature())
        return np.hstack((counts[:, :3], temperature, counts[:, 3:])).astype(">i2")
