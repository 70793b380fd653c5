# SPDX-License-Identifier: MIT
"""64-bit device time from the wrapping tick counter.

ESP32 ticks_us() wraps every 2^30 us (17.9 min) and a difference is good to half of that, so `us()` must be called at
least every 8.9 minutes whatever else the unit does: the journal's task does every second, and the watchdog resets a
unit whose journal stands still for two.

One number is kept, and the ticks that belong to it follow from it: whoever asks while another is just asking gets the
right time, and nothing is counted twice.
"""

from kneecore.ticks import after, plus


class DeviceClock:
    def __init__(self, ticks_us) -> None:
        self._ticks_us = ticks_us
        self._start = ticks_us()
        self._us = 0

    def us(self) -> int:
        """Microseconds since boot; never decreases."""
        known = self._us
        passed = after(self._ticks_us(), plus(self._start, known))
        if passed > 0:
            self._us = known = known + passed
        return known
