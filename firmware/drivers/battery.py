# SPDX-License-Identifier: MIT
"""The cell on an ADC pin, halved by two resistors, and the charger's open-drain "charging" pin.

`read()` of every battery gives millivolts (0 unknown), wire.CHARGING, and percent (0xFF: it does not know).
Ref: MicroPython's ports/esp32/machine_adc.c: read_uv() uses the calibration burnt into the chip; ESP32 datasheet 4.6,
table 4-3: with 11 dB good between 150 and 2450 mV, so between 0.3 and 4.9 V of the cell.
"""

from kneecore.cell import CHARGING, NOT_CHARGING, UNKNOWN, believed, middle

_READINGS = 64  # 5 ms; noise of 80 mV leaves 6


class AdcBattery:
    """`adc` as machine.ADC; `charge` is low while charging."""

    def __init__(self, adc, charge) -> None:
        self._adc = adc
        self._charge = charge

    def read(self) -> "tuple[int, int, int]":
        uv = middle([self._adc.read_uv() for _ in range(_READINGS)])
        charging = NOT_CHARGING if self._charge.value() else CHARGING
        return believed(uv * 2 // 1000), charging, UNKNOWN
