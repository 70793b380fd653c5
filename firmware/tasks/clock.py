# SPDX-License-Identifier: MIT
"""64-bit device time from the wrapping tick counter.

ESP32 ticks_us() wraps every 2^30 us (17.9 min) and a difference is good to half of that, so `us()` must be called at
least every 8 minutes; the sampler and the log's flush do.  Ticks are injected, so that tests can wrap them at will.
"""


class DeviceClock:
    def __init__(self, ticks_us, ticks_diff) -> None:
        self._ticks_us = ticks_us
        self._ticks_diff = ticks_diff
        self._last = ticks_us()
        self._us = 0

    def us(self) -> int:
        """Microseconds since boot; never decreases."""
        now = self._ticks_us()
        passed = self._ticks_diff(now, self._last)
        if passed > 0:
            self._us += passed
            self._last = now
        return self._us
