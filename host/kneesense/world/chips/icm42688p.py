# SPDX-License-Identifier: MIT
"""An ICM-42688-P at register level: banks, ranges, sample clock, FIFO packets with their header, wake on motion.

Ref: TDK DS-000347 rev 1.8 (sections 3.1, 4.13, 5.6, 6, 8.7, 12.8, 12.9, 13, 14, 15.19, 16, 18.10).  Where the text
leaves room the stricter reading is modelled: no access for 1 ms after a reset (14.1); registers of the signal path and
the FIFO do not take while a sensor is on (12.9); FIFO_FULL_INT means full (14.21), so it comes before anything is lost;
one packet of the 2048 bytes is reserved and the read cache does not count (6.3).  A stream drops its oldest packets:
the data sheet names the mode without a word on that.
Not modelled: filters, different rates of the two sensors, 20-bit packets, watermark pin, timestamps (they read 0),
FIFO_LOST_PKT (whose bytes 13.1 and 14.55 order differently), FSYNC, the other motion functions; motion thresholds of Y
and Z are taken to be that of X.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kneecore import chips

from ..feed import Counts, Feed
from .inertial import Faults, Inertial

FIFO_BYTES, PACKET = 2048, 16

DEVICE_CONFIG, DRIVE_CONFIG, INT_CONFIG, FIFO_CONFIG = 0x11, 0x13, 0x14, 0x16
TEMP_DATA1, ACCEL_DATA_X1, GYRO_DATA_Z0 = 0x1D, 0x1F, 0x2A
INT_STATUS, FIFO_COUNTH, FIFO_COUNTL, FIFO_DATA, INT_STATUS2 = 0x2D, 0x2E, 0x2F, 0x30, 0x37
SIGNAL_PATH_RESET, INTF_CONFIG0, INTF_CONFIG1, PWR_MGMT0 = 0x4B, 0x4C, 0x4D, 0x4E
GYRO_CONFIG0, ACCEL_CONFIG0, GYRO_CONFIG1, GYRO_ACCEL_CONFIG0, ACCEL_CONFIG1 = 0x4F, 0x50, 0x51, 0x52, 0x53
SMD_CONFIG, FIFO_CONFIG1, INT_CONFIG1, INT_SOURCE1 = 0x57, 0x5F, 0x64, 0x66
WHO_AM_I, REG_BANK_SEL = 0x75, 0x76
# Registers of the other banks, with the bank in front.
INTF_CONFIG6, ACCEL_WOM_X_THR = 0x17C, 0x44A

INVALID = -32768

_DEFAULTS = {
    DRIVE_CONFIG: 0x05, INT_STATUS: 0x10, INTF_CONFIG0: 0x30, INTF_CONFIG1: 0x91, GYRO_CONFIG0: 0x06,
    ACCEL_CONFIG0: 0x06, GYRO_CONFIG1: 0x16, GYRO_ACCEL_CONFIG0: 0x11, ACCEL_CONFIG1: 0x0D, INT_CONFIG1: 0x10,
    WHO_AM_I: 0x47, INTF_CONFIG6: 0x5F,
}  # fmt: skip
_WHILE_OFF = (
    *(DRIVE_CONFIG, FIFO_CONFIG, INTF_CONFIG0, INTF_CONFIG1, GYRO_CONFIG1, GYRO_ACCEL_CONFIG0),
    *(ACCEL_CONFIG1, FIFO_CONFIG1, INTF_CONFIG6),
)
_READ_ONLY = (*range(TEMP_DATA1, INT_STATUS2 + 2), WHO_AM_I)
_RATES_HZ = (0.0, 32e3, 16e3, 8e3, 4e3, 2e3, 1e3, 200.0, 100.0, 50.0, 25.0, 12.5, 6.25, 3.125, 1.5625, 500.0)
_BUSY_US = 1000  # after a reset
_GYRO_ON_US = 30_000  # typical, from enabled to ready
_SOFT_RESET, _FLUSH, _RESUME = 0x01, 0x02, 0x40
_DATA_RDY, _FIFO_FULL = 0x08, 0x02
_HOLD_LAST, _COUNT_RECORDS, _COUNT_BIG, _DATA_BIG = 0x80, 0x40, 0x20, 0x10
_INT1_HIGH_DRIVEN_LATCHED, _INT_ASYNC_RESET = 0x07, 0x10
_COMPARE_PREVIOUS, _WOM = 0x04, 0x01  # in SMD_CONFIG
_LOW_NOISE = 3


class Icm42688p(Inertial):
    chip = chips.find("icm42688p")
    fifo_bytes = FIFO_BYTES - PACKET
    fifo_step = PACKET

    def __init__(
        self,
        clock: Callable[[], int],
        feed: Feed,
        address: int = 0x68,
        rate_error: float = 0.0,
        faults: Faults | None = None,
    ) -> None:
        self._registers: dict[int, int] = {}
        self._gyro_on_us = 0
        self._busy_until_us = 0
        super().__init__(clock, feed, address, rate_error, faults)

    def _reset(self) -> None:
        self._registers = dict(_DEFAULTS)
        self._bank = 0
        self._rates_changed = True
        self._count = bytes(2)  # of the FIFO, as it was latched

    @property
    def _gyro_mode(self) -> int:
        return self._value(PWR_MGMT0) >> 2 & 3

    def _nominal_hz(self) -> float:
        if self._value(PWR_MGMT0) & 3 > 1:
            return _RATES_HZ[self._value(ACCEL_CONFIG0) & 15]
        return _RATES_HZ[self._value(GYRO_CONFIG0) & 15] if self._gyro_mode == _LOW_NOISE else 0

    def _ranges(self) -> tuple[int, int]:
        return 1 << min(self._value(ACCEL_CONFIG0) >> 5, 3), 1 << (self._value(GYRO_CONFIG0) >> 5)

    def _fifo_on(self) -> bool:
        return bool(self._value(FIFO_CONFIG)) and self._value(FIFO_CONFIG1) & 3 == 3

    def _frame_bytes(self) -> int:
        return PACKET

    def _frames(self, counts: Counts) -> bytes:
        header = b"\x6b" if self._rates_changed else b"\x68"
        self._rates_changed = False
        rest = bytes((round((self.temperature_c - 25) * 2.07) & 0xFF, 0, 0))
        data = bytearray()
        for frame in counts.astype(self._order):
            data += header + frame.tobytes() + rest
            header = b"\x68"
        return bytes(data)

    @property
    def _order(self) -> str:
        return ">i2" if self._value(INTF_CONFIG0) & _DATA_BIG else "<i2"

    def _counts(self, n: int) -> Counts:
        counts = super()._counts(n)
        if not self._value(INTF_CONFIG0) & _HOLD_LAST:
            counts = np.maximum(counts, np.int16(INVALID + 2))  # the code is kept free, and one more
        t_us = self._grid_us + np.arange(self._taken - n, self._taken) * self._period_us
        if self._gyro_mode == _LOW_NOISE:
            counts[t_us < self._gyro_on_us + _GYRO_ON_US, 3:] = INVALID
        else:
            counts[:, 3:] = INVALID
        return counts

    def _taken_now(self, new: int) -> None:
        status = _DATA_RDY
        if self.fifo.dropped or len(self.fifo) == self.fifo_bytes:
            status |= _FIFO_FULL
        self._registers[INT_STATUS] = self._registers.get(INT_STATUS, 0) | status
        threshold = self._value(ACCEL_WOM_X_THR)
        wanted = _COMPARE_PREVIOUS | _WOM
        if self._value(SMD_CONFIG) & wanted == wanted and threshold and self._moved(new, threshold / 256):
            self._registers[INT_STATUS2] = 7

    @property
    def interrupt(self) -> bool:
        self._advance()
        driven = self._value(INT_CONFIG) & _INT1_HIGH_DRIVEN_LATCHED == _INT1_HIGH_DRIVEN_LATCHED
        if not driven or self._value(INT_CONFIG1) & _INT_ASYNC_RESET:
            raise AssertionError(
                "INT1 is not active high, driven and latched (14.3, 12.6): nothing would wake"
            )
        return bool(self._value(INT_STATUS2) & self._value(INT_SOURCE1) & 7)

    def _value(self, register: int) -> int:
        return self.faults.registers.get(register, self._registers.get(register, 0))

    def _get(self, register: int, n: int) -> bytes:
        if self._clock() < self._busy_until_us:
            return bytes(n)
        if not self._bank and TEMP_DATA1 <= register <= GYRO_DATA_Z0:
            self._latch()  # once, so that a burst is of one sample
        data = bytearray()
        while len(data) < n:
            if not self._bank and register == FIFO_DATA:  # which does not go on to the next register
                data += self._pop(n - len(data))
            else:
                data.append(self._read(register))
                register += 1
        return bytes(data)

    def _read(self, register: int) -> int:
        if register == REG_BANK_SEL:
            return self._bank
        register |= self._bank << 8
        if register == FIFO_COUNTH:
            count = len(self.fifo) // (PACKET if self._value(INTF_CONFIG0) & _COUNT_RECORDS else 1)
            self._count = count.to_bytes(2, "big" if self._value(INTF_CONFIG0) & _COUNT_BIG else "little")
        if register in (FIFO_COUNTH, FIFO_COUNTL):
            return self.faults.registers.get(register, self._count[register - FIFO_COUNTH])
        value = self._value(register)
        if register in (INT_STATUS, INT_STATUS2):
            self._registers[register] = 0
        return value

    def _put(self, register: int, value: int) -> None:
        if self._clock() < self._busy_until_us:
            return
        if register == REG_BANK_SEL:
            self._bank = value & 7
            return
        register |= self._bank << 8
        if register == DEVICE_CONFIG and value & _SOFT_RESET:
            self._reset_asked()
            self._busy_until_us = self._clock() + _BUSY_US
        elif register == SIGNAL_PATH_RESET and value & _FLUSH:
            self._flush()
        elif register not in _READ_ONLY and not (register in _WHILE_OFF and self._nominal_hz()):
            self._set(register, value)

    def _flush(self) -> None:
        """A driver begins.  What went into the stream before the first one is not counted: it was for nobody."""
        self._empty_fifo()
        if self.start_us is None:
            self._produced = self._overflowed = 0
        self._fifo_started()

    def _set(self, register: int, value: int) -> None:
        mode = self._gyro_mode
        self._registers[register] = value
        if self._gyro_mode == _LOW_NOISE != mode:
            self._gyro_on_us = self._clock()
        if register in (PWR_MGMT0, GYRO_CONFIG0, ACCEL_CONFIG0):
            self._rates_changed = True
            self._settings_changed()

    def _pop(self, n: int) -> bytes:
        """As if empty, its reset value: as a header that says so too."""
        if n < len(self.fifo) and not self._value(FIFO_CONFIG1) & _RESUME:
            raise AssertionError("the FIFO is read in parts without FIFO_RESUME_PARTIAL_RD (14.45)")
        data = self.fifo.pop(n)
        return data + b"\xff" * (n - len(data))

    def _latch(self) -> None:
        if self._taken:
            words = np.append(round((self.temperature_c - 25) * 132.48), self._counts(1)[0])
            for i, byte in enumerate(words.astype(self._order).tobytes()):
                self._registers[TEMP_DATA1 + i] = byte
