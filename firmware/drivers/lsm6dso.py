# SPDX-License-Identifier: MIT
"""LSM6DSO, LSM6DSOX (+-16 g) and LSM6DSO32 (+-32 g), 2000 deg/s: 417 pairs of tagged words a second in a FIFO of 3 KB.

Ref: ST DocID032891 rev 1 (LSM6DSO32), by section below; DS12140 rev 2 (LSM6DSO); lsm6dso_reg.h and lsm6dsox_reg.h of
ST's own drivers.  They agree in all that is used but the ranges: the code of the widest one (9.12) means 32 g in the
LSM6DSO32, 16 g in the others.  All say 0x6C, so which it is must be known (setting imu_chip, or an earlier boot) or is
told by 1 g at rest.
Bandwidth: acceleration 208 Hz, half the rate (9.19), angular rate 136 Hz (6.4.2); the delays are told nowhere.
A count is 0.488 or 0.976 mg and 70 mdps (4.1), so the rate reaches 2000 deg/s at 28,571 counts; what the gyroscope
gives beyond, up to 32,767, is out of its range.
"""

from array import array

from kneecore import chips, wire

from . import ImuError
from .decode import NO_SLOT, OUT_OF_STEP, little_endian, tagged
from .inertial import Inertial

try:
    from micropython import const
except ImportError:  # CPython
    from kneecore._cpython import const  # type: ignore

_FIFO_CTRL3 = const(0x09)
_FIFO_CTRL4 = const(0x0A)
_CTRL1_XL = const(0x10)
_CTRL2_G = const(0x11)
_CTRL3_C = const(0x12)
_CTRL5_C = const(0x14)
_CTRL8_XL = const(0x17)
_CTRL9_XL = const(0x18)
_WAKE_UP_SRC = const(0x1B)
_OUT_TEMP_L = const(0x20)
_OUTX_L_A = const(0x28)
_FIFO_STATUS1 = const(0x3A)
_FIFO_STATUS2 = const(0x3B)
_TAP_CFG0 = const(0x56)
_TAP_CFG2 = const(0x58)
_WAKE_UP_THS = const(0x5B)
_WAKE_UP_DUR = const(0x5C)
_MD1_CFG = const(0x5E)
_INTERNAL_FREQ_FINE = const(0x63)

_BDU_IF_INC = const(0x44)  # the two bytes of a word are of one sample; a burst goes on to the next register
_SW_RESET = const(0x01)
_BYPASS = const(0)  # empties the FIFO
_CONTINUOUS = const(6)  # when it is full the oldest words go
_OVERRUN = const(0x48)  # "completely filled", now or since FIFO_STATUS2 was last read (9.39)
_WU_IA = const(0x08)
_REST_SAMPLES = const(8)

_DSO = wire.CHIPS.index("lsm6dso")
_DSO32 = wire.CHIPS.index("lsm6dso32")


class Lsm6dso(Inertial):
    NAME = "LSM6DSO"
    WHO_AM_I = 0x0F
    CHIPS = {0x6C: 0}  # which of them, _which() finds out
    SETTINGS = (
        (_CTRL3_C, _BDU_IF_INC),
        (_CTRL9_XL, 0xE2),  # MIPI I3C off, as is recommended where it is not used (9.20)
        (_CTRL8_XL, 0x00),  # no filter besides; the code of the widest range means that
        (_FIFO_CTRL3, 0x66),  # both sensors into the FIFO at 417 Hz
        (_CTRL1_XL, 0x64),  # 416 Hz, high performance, +-16 g or +-32 g
        (_CTRL2_G, 0x6C),  # 416 Hz, high performance, +-2000 deg/s
    )
    START_MS = 100  # the gyroscope from power-down: 70 and a few samples (AN5130 page 20, of the same family)
    FIFO_DATA = 0x78  # tag and three axes; a burst goes round to the tag of the next word
    FRAME = 14
    FIFO_SAMPLES = 255  # of 512 words; the last one would set the flag of an overrun
    _slot = NO_SLOT  # of the pair decoded last

    def _reset(self) -> None:
        self._write(_CTRL1_XL, 0)
        self._write(_CTRL2_G, 0)
        self._write(_CTRL3_C, _SW_RESET)
        self._insist(_CTRL3_C, _BDU_IF_INC)

    def _rate_hz(self) -> int:
        """The part knows its own clock: steps of 0.15 % from 6667 Hz / 16 (9.52)."""
        fine = (self._read(_INTERNAL_FREQ_FINE) ^ 0x80) - 0x80
        return (6667 * (10_000 + 15 * fine) // 10_000 + 8) >> 4

    def _which(self, identity: int, chip: int) -> int:
        if chip in (_DSO, _DSO32):
            return chip
        length = self._length_at_rest(_REST_SAMPLES, chips.TABLE[_DSO32].acc_lsb_per_g)
        for code in (_DSO, _DSO32):
            if length is not None and abs(length / chips.TABLE[code].acc_lsb_per_g - 1) < 0.25:
                return code
        text = (
            "LSM6DSO or LSM6DSO32? %s, so 1 g does not tell: lay the unit still, or set imu_chip to %d or %d"
        )
        seen = "the unit moves" if length is None else "at rest it reads %d" % length
        raise ImuError("imu_identity", self.address, identity, text % (seen, _DSO, _DSO32))

    def acceleration(self, reading) -> None:
        self._read_into(_OUTX_L_A, self._bytes[6])
        little_endian(self._buffer, 3, reading, 0)

    def temperature_cdeg(self) -> int:
        reading = array("h", (0,))
        self._read_into(_OUT_TEMP_L, self._bytes[2])
        little_endian(self._buffer, 1, reading, 0)
        return reading[0] * 100 // 256 + 2500  # table 5; the offset may be 15 degrees

    def stop(self) -> None:
        self._write(_FIFO_CTRL4, _BYPASS)

    def _restart_fifo(self) -> None:
        self._write(_FIFO_CTRL4, _BYPASS)
        self._write(_FIFO_CTRL4, _CONTINUOUS)
        self._read(_FIFO_STATUS2)  # forget an earlier overrun
        self._slot = NO_SLOT

    def _waiting(self) -> int:
        self._read_into(_FIFO_STATUS1, self._bytes[2])
        if self._buffer[1] & _OVERRUN:
            return self._lose("fifo_overflow")
        words = self._buffer[0] | (self._buffer[1] & 3) << 8
        return words >> 1  # of the last pair one word may still be missing

    def _decode(self, frames: int, batch, at: int) -> bool:
        self._slot = tagged(self._buffer, frames, batch, at, self._slot)
        return self._slot != OUT_OF_STEP

    def _overflowed(self) -> bool:
        self._i2c.readfrom_mem_into(self.address, _FIFO_STATUS2, self._bytes[1])
        return bool(self._buffer[0] & _OVERRUN)

    def _motion_settings(self, threshold_mg: int) -> "tuple[tuple[int, int], ...]":
        """The smallest range, +-2 g or +-4 g; half the change of two samples at 26 Hz is compared (AN5130 p. 36)."""
        range_mg = 4000 if self.chip == _DSO32 else 2000
        return (
            (_CTRL1_XL, 0x00),  # ultra-low power is switched while the accelerometer is off (6.2.1)
            (_CTRL2_G, 0x00),
            (_CTRL5_C, 0x80),
            (_TAP_CFG0, 0x41),  # slope filter; latched until WAKE_UP_SRC is read
            (_WAKE_UP_DUR, 0x10),  # one sample is enough; a step of the threshold is 1/256 of the range
            (_WAKE_UP_THS, min(max(threshold_mg * 256 // (2 * range_mg), 1), 63)),
            (_MD1_CFG, 0x20),  # to INT1, which is active high and driven as CTRL3_C stands
            (_CTRL1_XL, 0x20),  # 26 Hz
            (_TAP_CFG2, 0x80),
        )

    def motion_seen(self) -> bool:
        return bool(self._read(_WAKE_UP_SRC) & _WU_IA)
