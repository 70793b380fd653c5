# SPDX-License-Identifier: MIT
"""The light on the case: blinked so shortly that it costs little, dark while the unit sleeps.

For who handles the unit, not for the runner, who cannot see it.
"""

import asyncio

# What the unit does: milliseconds on and off in turn, over and over.
TABLE = {
    "safe_mode": (20, 180, 20, 180, 20, 1580),
    "fault": (20, 180, 20, 1780),
    "battery_low": (20, 480),
    "calibrating": (100, 100),
    "run": (20, 4980),
    "connected": (20, 1980),
    "advertising": (20, 980),
}


class Lamp:
    """`pin` is high for light; `state()` gives a name of TABLE."""

    def __init__(self, pin, state) -> None:
        self._pin = pin
        self._state = state

    async def run(self) -> None:
        while True:
            level = 1
            for ms in TABLE[self._state()]:
                self._pin.value(level)
                level = 1 - level
                await asyncio.sleep_ms(ms)
