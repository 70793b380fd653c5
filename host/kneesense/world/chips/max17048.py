# SPDX-License-Identifier: MIT
"""A MAX17048 fuel gauge at register level, as far as the firmware reads it; faults by replacing a register.

Ref: Maxim 19-6171 rev 7, table 2: words, high byte first; VCELL 78.125 uV, SOC 1/256 %, CRATE 0.208 % an hour.
Modelled as settled: it knows the cell at once.  Quick-start and the alerts are not modelled.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Protocol

from kneecore import cell

ADDRESS = 0x36
VCELL, SOC, VERSION, CRATE = 0x02, 0x04, 0x08, 0x16
_CHARGING_RATE, _IDLE_RATE = 150, -20  # 31 % and -4 % an hour


class Battery(Protocol):
    mv: int
    charging: bool


class Max17048:
    """`registers` are read in the place of what the battery says."""

    def __init__(self, battery: Callable[[], Battery]) -> None:
        self._battery = battery
        self.registers: dict[int, int] = {}

    def read(self, address: int, register: int, n: int) -> bytes:
        self._check(address)
        return b"".join(self._word(register + i).to_bytes(2) for i in range(0, n, 2))

    def write(self, address: int, register: int, data: bytes) -> None:
        self._check(address)

    def _check(self, address: int) -> None:
        if address != ADDRESS:
            raise OSError(errno.ENODEV, "no answer")

    def _word(self, register: int) -> int:
        battery = self._battery()
        rate = _CHARGING_RATE if battery.charging else _IDLE_RATE
        values = {
            VCELL: battery.mv * 64 // 5,
            SOC: cell.percent(battery.mv) << 8,
            VERSION: 0x0012,
            CRATE: rate & 0xFFFF,
        }
        return self.registers.get(register, values.get(register, 0))
