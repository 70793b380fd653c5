# SPDX-License-Identifier: MIT
"""Vibration motor on a transistor, driven by finite pulses of the ESP32's RMT peripheral.

The pulse generator counts the pulses down in hardware and leaves the line low (idle level 0), so a hung or crashed
program cannot keep the motor on.  Ref: MicroPython documentation, esp32.RMT: 15-bit durations, 80 MHz source clock.
"""

CLOCK_DIV = 255
_TICKS_PER_S = 80_000_000 // CLOCK_DIV
_PULSE_MAX = 32767  # about 104 ms at this divider; longer pulses are written as several parts


class Motor:
    rise_ms = 60  # a coin ERM is felt 50 to 100 ms after the command

    def __init__(self, rmt, max_ms: int) -> None:
        self._rmt = rmt
        self._max_ms = max_ms

    def pulse(self, ms: int) -> int:
        """Start a pulse, cut to the build's maximum.  Returns its length in ms, 0 if one is still running."""
        return self.play((ms,))

    def play(self, pattern, delay_ms: int = 0) -> int:
        """Milliseconds on, off, on, ... after a delay.  Returns how long it takes, 0 if another is still running."""
        if not self._rmt.wait_done(timeout=0):
            return 0
        parts: "list[int]" = []
        levels: "list[bool]" = []
        total_ms = 0
        self._part(parts, levels, delay_ms, False)
        for i, ms in enumerate(pattern):
            ms = min(ms, self._max_ms)
            total_ms += ms
            self._part(parts, levels, ms, i % 2 == 0)
        if total_ms:
            self._rmt.write_pulses(parts, levels)
        return total_ms

    def stop(self) -> None:
        self._rmt.deinit()

    def _part(self, parts, levels, ms: int, level: bool) -> None:
        left = ms * _TICKS_PER_S // 1000
        while left > 0:
            parts.append(min(left, _PULSE_MAX))
            levels.append(level)
            left -= parts[-1]
