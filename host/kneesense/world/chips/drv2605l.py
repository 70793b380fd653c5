# SPDX-License-Identifier: MIT
"""A DRV2605L at register level: identity, standby, EN, sequencer with its own time, calibration, faults on demand.

Ref: TI SLOS854D, register map 8.6.  What it drives is written to the motor's trace when GO is set, for all the time to
come, and cut when the part is told or made to stop: a program that hangs changes nothing of it.  RTP (mode 5) is
refused: nothing may drive the motor without an end.
Modelled of the library are the two alerts whose lengths the list of effects names (15 and 16); another raises KeyError.
Not modelled: braking, overdrive, resonance, the over-current detector itself (see `warn`).
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass

from ..motor import Line

STATUS, MODE, RTP, LIBRARY, SEQUENCE, GO = 0x00, 0x01, 0x02, 0x03, 0x04, 0x0C
A_CAL_COMP, FEEDBACK, CONTROL4, CONTROL5 = 0x18, 0x1A, 0x1E, 0x1F
ADDRESS = 0x5A

_RESET_VALUES = {
    STATUS: 0xE0, MODE: 0x40, SEQUENCE: 0x01, 0x11: 0x05, 0x12: 0x19, 0x13: 0xFF, 0x14: 0x19, 0x15: 0xFF,
    0x16: 0x3F, 0x17: 0x89, A_CAL_COMP: 0x0D, 0x19: 0x6D, FEEDBACK: 0x36, 0x1B: 0x93, 0x1C: 0xF5, 0x1D: 0xA0,
    CONTROL4: 0x20, CONTROL5: 0x80,
}  # fmt: skip
_EFFECT_STEPS = {15: 150, 16: 200}  # of the playback interval
_CALIBRATION_MS = (350, 500, 700, 1200)  # the longest of each AUTO_CAL_TIME
_STANDBY, _RESET, _MODES = 0x40, 0x80, 0x07
_INTERNAL_TRIGGER, _REAL_TIME, _CALIBRATE = 0, 5, 7


def _no_error(register: int) -> int:
    return 0


@dataclass
class Faults:
    """What is wrong with this part; all may be changed while it runs."""

    write: Callable[[int], int] = _no_error  # errno for a write to a register, 0: none
    calibration_fails: bool = False
    deaf_to_go: bool = False  # clearing GO is not heard


class Drv2605l:
    """One part on the bus.  `clock` returns the time in microseconds; connect `enable` to the pin of EN."""

    def __init__(self, clock: Callable[[], int], motor: Line, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self._clock = clock
        self._motor = motor
        self._enabled = False
        self._registers = bytearray(0x23)
        self._until_us = 0
        self._reset()

    def enable(self, level: int) -> None:
        """EN: low ends the output at once, the part is deaf; its registers stay."""
        self._enabled = bool(level)
        if not level:
            self._stop()

    def power_cycle(self) -> None:
        self._stop()
        self._reset()

    def warn(self, bits: int) -> None:
        """Set bits of STATUS until it is read; over-current (1) cuts the output."""
        self._registers[STATUS] |= bits
        if bits & 1:
            self._stop()

    def read(self, address: int, register: int, n: int) -> bytes:
        self._begin(address)
        self._registers[GO] = int(self._clock() < self._until_us)
        data = bytes(self._registers[register : register + n])
        if register == STATUS:
            self._registers[STATUS] &= 0xFC  # the two warnings are cleared by reading them
        return data

    def write(self, address: int, register: int, data: bytes) -> None:
        self._begin(address)
        code = self.faults.write(register)
        if code:
            raise OSError(code, "transfer failed")
        for i, value in enumerate(data):
            self._write(register + i, value)

    def _begin(self, address: int) -> None:
        if address != ADDRESS or not self._enabled:
            raise OSError(errno.ENODEV, "no answer")

    def _reset(self) -> None:
        self._registers[:] = bytes(len(self._registers))
        for register, value in _RESET_VALUES.items():
            self._registers[register] = value

    def _write(self, register: int, value: int) -> None:
        if register == STATUS:
            return
        if register == MODE and value & _RESET:
            self.power_cycle()
            return
        if register == MODE and value & _MODES == _REAL_TIME:
            raise AssertionError("real-time playback drives the motor without an end")
        if register == GO:
            self._go(value & 1)
            return
        self._registers[register] = value
        if register == MODE and value & _STANDBY:
            self._stop()

    def _go(self, go: int) -> None:
        if not go:
            if not self.faults.deaf_to_go:
                self._stop()
        elif not self._registers[MODE] & _STANDBY and self._clock() >= self._until_us:
            if self._registers[MODE] & _MODES == _CALIBRATE:
                self._calibrate()
            elif self._registers[MODE] & _MODES == _INTERNAL_TRIGGER:
                self._drive(self._steps())

    def _steps(self) -> list[tuple[int, bool]]:
        """(milliseconds, driven) of the sequence."""
        interval_ms = 1 if self._registers[CONTROL5] & 0x10 else 5
        steps = []
        for slot in self._registers[SEQUENCE : SEQUENCE + 8]:
            if slot & 0x80:
                steps.append((10 * (slot & 0x7F), False))
            elif slot:
                steps.append((_EFFECT_STEPS[slot] * interval_ms, True))
            else:
                break
        return steps

    def _calibrate(self) -> None:
        self._drive([(_CALIBRATION_MS[self._registers[CONTROL4] >> 4 & 3], True)])
        self._registers[STATUS] = self._registers[STATUS] & 0xF7 | (8 if self.faults.calibration_fails else 0)
        self._registers[A_CAL_COMP : A_CAL_COMP + 2] = b"\x0a\x70"

    def _drive(self, steps: list[tuple[int, bool]]) -> None:
        now_us = self._clock()
        self._motor.drive(now_us, [ms * 1_000_000 for ms, _ in steps], [driven for _, driven in steps])
        self._until_us = now_us + 1000 * sum(ms for ms, _ in steps)

    def _stop(self) -> None:
        self._motor.rest(self._clock())
        self._until_us = 0
