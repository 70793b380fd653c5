# SPDX-License-Identifier: MIT
"""MAX17048 fuel gauge: voltage, percentage and whether it rises.

Ref: Maxim 19-6171 rev 7: table 2 (registers), VCELL, SOC, CRATE and VERSION sections; two-wire address 0x36.
It is never told to quick-start: the data sheet advises against it where the cell is soldered in, as the part then takes
the best of its first 16 readings by itself.  CRATE follows a change of current within minutes.
A part that does not answer is an unknown battery, no error: the unit works on.
"""

from kneecore.cell import CHARGING, CHARGING_UNKNOWN, NOT_CHARGING, UNKNOWN, believed

try:
    from micropython import const
except ImportError:  # CPython
    from kneecore._cpython import const  # type: ignore

_ADDRESS = const(0x36)
_VCELL = const(0x02)  # 78.125 uV
_SOC = const(0x04)  # 1/256 %
_VERSION = const(0x08)
_CRATE = const(0x16)  # 0.208 % an hour, signed
_FAMILY = const(0x001)
_RISING = const(10)  # 2 % an hour: no rest or warming looks like that
_NOTHING = (0, CHARGING_UNKNOWN, UNKNOWN)


class Max17048:
    """`i2c` as machine.I2C."""

    def __init__(self, i2c) -> None:
        self._i2c = i2c

    def read(self) -> "tuple[int, int, int]":
        """As AdcBattery.read."""
        try:
            if self._word(_VERSION) >> 4 != _FAMILY:
                return _NOTHING
            mv = believed(self._word(_VCELL) * 5 // 64)
            percent = self._word(_SOC) >> 8
            rate = self._word(_CRATE)
        except OSError:
            return _NOTHING
        if not mv:
            return _NOTHING
        charging = CHARGING if _RISING <= rate < 0x8000 else NOT_CHARGING
        return mv, charging, UNKNOWN if percent == 0xFF else min(percent, 100)

    def _word(self, register: int) -> int:
        high, low = self._i2c.readfrom_mem(_ADDRESS, register, 2)
        return high << 8 | low
