# SPDX-License-Identifier: MIT
"""An LSM6DSO or LSM6DSO32 at register level: ranges, sample clock with its trim, tagged FIFO, wake-up interrupt.

The two answer alike: which of them a part is shows only in the counts of 1 g.  Ref: ST DocID032891 rev 1 (LSM6DSO32;
sections 4.1, 4.3, 6.2, 6.5, 8, 9), DS12140 rev 2 (LSM6DSO), lsm6dso_reg.h of ST's lsm6dso-pid (its codes of ranges).
Where the text leaves room the stricter reading is modelled: FIFO_OVR_IA and its latched twin mean "completely filled"
(9.39), so they come one word before anything is lost; the gyroscope gives rubbish for 70 ms after it is switched on.
The wake-up function compares half the difference of two samples with its threshold (AN5130 page 36, same family).
Not modelled: rates of their own of the two sensors, filters, compression, watermark pin, the other embedded functions,
MIPI I3C.  Whether a word that was read in part comes once more is not known: here it does not.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kneecore import chips

from ..feed import Counts, Feed
from .inertial import RUBBISH, Faults, Inertial

FIFO_WORDS, WORD_BYTES = 512, 7

FIFO_CTRL1, FIFO_CTRL3, FIFO_CTRL4 = 0x07, 0x09, 0x0A
WHO_AM_I, CTRL1_XL, CTRL2_G, CTRL3_C, CTRL4_C = 0x0F, 0x10, 0x11, 0x12, 0x13
CTRL5_C, CTRL6_C, CTRL7_G, CTRL8_XL, CTRL9_XL = 0x14, 0x15, 0x16, 0x17, 0x18
ALL_INT_SRC, WAKE_UP_SRC, STATUS_REG = 0x1A, 0x1B, 0x1E
OUT_TEMP_L, OUTZ_H_A = 0x20, 0x2D
FIFO_STATUS1, FIFO_STATUS2 = 0x3A, 0x3B
TAP_CFG0, TAP_CFG2, WAKE_UP_THS, WAKE_UP_DUR, MD1_CFG = 0x56, 0x58, 0x5B, 0x5C, 0x5E
INTERNAL_FREQ_FINE, FIFO_TAG, FIFO_Z_H = 0x63, 0x78, 0x7E

GYRO, ACCELEROMETER = 1, 2  # TAG_SENSOR

_SW_RESET, _BOOT, _IF_INC = 0x01, 0x80, 0x04
_PIN_LOW, _OPEN_DRAIN = 0x20, 0x10  # in CTRL3_C
_WTM, _OVR, _FULL, _OVR_LATCHED = 0x80, 0x40, 0x20, 0x08
_CONTINUOUS = 6
_WU_IA, _INT1_WU, _INTERRUPTS_ENABLE, _LATCHED = 0x08, 0x20, 0x80, 0x41
_BASE_HZ, _TRIM_STEP = 6667, 0.0015  # AN5473 6.4
_GYRO_ON_US = 70_000
_SETTINGS = (CTRL1_XL, CTRL2_G, CTRL4_C, CTRL5_C, CTRL6_C, CTRL7_G, CTRL8_XL, FIFO_CTRL3)
_READ_ONLY = (WHO_AM_I, *range(ALL_INT_SRC, TAP_CFG0), INTERNAL_FREQ_FINE, *range(FIFO_TAG, FIFO_Z_H + 1))
# How many times narrower than the widest is the range of a code of FS_XL: 2, 16, 4, 8 g, or 4, 32, 8, 16 g.
_ACC_GAINS = (8, 1, 4, 2)
_XL_FS_MODE = 0x02  # of the LSM6DSO only: code 1 means 2 g
_GYRO_GAINS = (8, 4, 2, 1)


def tag(sensor: int, slot: int) -> int:
    """The byte before a word: sensor, two bits of the time slot's number, and a bit that makes the parity even."""
    bits = sensor << 3 | (slot & 3) << 1
    return bits | bits.bit_count() & 1


class Lsm6dso(Inertial):
    """`trim`: INTERNAL_FREQ_FINE, what the part itself says of its clock; `rate_error` comes on top of it."""

    chip = chips.find("lsm6dso")
    fifo_bytes = FIFO_WORDS * WORD_BYTES
    fifo_step = WORD_BYTES
    widest_g = 16

    def __init__(
        self,
        clock: Callable[[], int],
        feed: Feed,
        address: int = 0x6A,
        rate_error: float = 0.0,
        faults: Faults | None = None,
        trim: int = 0,
    ) -> None:
        self.trim = trim
        self._registers = bytearray(128)
        self._gyro_on_us = 0
        super().__init__(clock, feed, address, rate_error, faults)

    def _reset(self) -> None:
        self._registers[:] = bytes(128)
        self._registers[WHO_AM_I] = 0x6C
        self._registers[CTRL3_C] = _IF_INC
        self._registers[CTRL9_XL] = 0xE0
        self._registers[INTERNAL_FREQ_FINE] = self.trim & 0xFF
        self._word = bytes(WORD_BYTES)  # that is being read

    def _nominal_hz(self) -> float:
        code = max(self._value(CTRL1_XL) >> 4, self._value(CTRL2_G) >> 4)
        if not 1 <= code <= 10:
            return 0
        return _BASE_HZ / (1 << 10 - code) * (1 + _TRIM_STEP * self.trim)

    def _ranges(self) -> tuple[int, int]:
        code = self._value(CTRL1_XL) >> 2 & 3
        if code == 1 and self._value(CTRL8_XL) & _XL_FS_MODE:
            code = 0
        return _ACC_GAINS[code], _GYRO_GAINS[self._value(CTRL2_G) >> 2 & 3]

    def _fifo_on(self) -> bool:
        return self._value(FIFO_CTRL4) & 7 == _CONTINUOUS and self._frame_bytes() > 0

    def _frame_bytes(self) -> int:
        batched = self._value(FIFO_CTRL3)
        return WORD_BYTES * (bool(batched >> 4) + bool(batched & 15))

    def _frames(self, counts: Counts) -> bytes:
        batched, data = self._value(FIFO_CTRL3), bytearray()
        slot = self._taken - len(counts)
        for frame in counts.astype("<i2"):
            slot += 1
            if batched >> 4:
                data += bytes((tag(GYRO, slot),)) + frame[3:].tobytes()
            if batched & 15:
                data += bytes((tag(ACCELEROMETER, slot),)) + frame[:3].tobytes()
        return bytes(data)

    def _counts(self, n: int) -> Counts:
        counts = super()._counts(n)
        t_us = self._grid_us + np.arange(self._taken - n, self._taken) * self._period_us
        counts[t_us < self._gyro_on_us + _GYRO_ON_US, 3:] = RUBBISH
        return counts

    def _taken_now(self, new: int) -> None:
        self._registers[STATUS_REG] |= 7
        if self.fifo.dropped or len(self.fifo) == self.fifo_bytes:
            self._registers[FIFO_STATUS2] |= _OVR_LATCHED
        if self._value(TAP_CFG2) & _INTERRUPTS_ENABLE and self._moved(new, self._wake_up_g()):
            self._registers[WAKE_UP_SRC] |= _WU_IA

    def _wake_up_g(self) -> float:
        steps = 256 if self._value(WAKE_UP_DUR) & 0x10 else 64
        return 2 * (self._value(WAKE_UP_THS) & 63) / steps * self.widest_g / self._ranges()[0]

    @property
    def interrupt(self) -> bool:
        self._advance()
        if self._value(CTRL3_C) & (_PIN_LOW | _OPEN_DRAIN) or self._value(TAP_CFG0) & _LATCHED != _LATCHED:
            raise AssertionError("INT1 is not active high, driven and latched until read: nothing would wake")
        return bool(self._value(MD1_CFG) & _INT1_WU and self._value(WAKE_UP_SRC) & _WU_IA)

    def _value(self, register: int) -> int:
        return self.faults.registers.get(register, self._registers[register & 0x7F])

    def _get(self, register: int, n: int) -> bytes:
        if OUT_TEMP_L <= register <= OUTZ_H_A:
            self._latch()  # once, so that a burst is of one sample
        data = bytearray()
        for _ in range(n):
            data.append(self._read(register))
            if self._value(CTRL3_C) & _IF_INC:
                register = FIFO_TAG if register == FIFO_Z_H else register + 1
        return bytes(data)

    def _read(self, register: int) -> int:
        if FIFO_TAG <= register <= FIFO_Z_H:
            return self._of_word(register - FIFO_TAG)
        if register == FIFO_STATUS1:
            return self._words() & 0xFF
        value = self._value(register)
        if register == FIFO_STATUS2:
            value |= self._fifo_flags()
            self._registers[FIFO_STATUS2] = 0
        elif register == WAKE_UP_SRC:
            self._registers[WAKE_UP_SRC] = 0
        return value

    def _words(self) -> int:
        return len(self.fifo) // WORD_BYTES

    def _fifo_flags(self) -> int:
        words = self._words()
        mark = self._value(FIFO_CTRL1) | (self._value(FIFO_CTRL1 + 1) & 1) << 8
        full = (_FULL if words >= FIFO_WORDS - 2 else 0) | (_OVR if words == FIFO_WORDS else 0)
        return words >> 8 | full | (_WTM if mark and words >= mark else 0)

    def _of_word(self, byte: int) -> int:
        """Zeros, tag and all, when the FIFO is empty."""
        if byte == 0:
            self._word = self.fifo.pop(WORD_BYTES) or bytes(WORD_BYTES)
        return self._word[byte]

    def _put(self, register: int, value: int) -> None:
        if register in _READ_ONLY:
            return
        if register == CTRL3_C and value & (_SW_RESET | _BOOT):
            self._reset_asked()
            return
        if register == CTRL2_G and value >> 4 and not self._value(CTRL2_G) >> 4:
            self._gyro_on_us = self._clock()
        self._registers[register & 0x7F] = value
        if register in _SETTINGS:
            self._settings_changed()
        elif register == FIFO_CTRL4 and value & 7 == 0:
            self._empty_fifo()
        elif register == FIFO_CTRL4:
            self._fifo_started()

    def _latch(self) -> None:
        if self._taken:
            sample = self._counts(1)[0]
            words = np.concatenate(((round((self.temperature_c - 25) * 256),), sample[3:], sample[:3]))
            self._registers[OUT_TEMP_L : OUTZ_H_A + 1] = words.astype("<i2").tobytes()


class Lsm6dso32(Lsm6dso):
    chip = chips.find("lsm6dso32")
    widest_g = 32
