# SPDX-License-Identifier: MIT
"""The light on the case: a table of states, blinked so shortly that it costs little; dark while the unit sleeps.

For who handles the unit, not for the runner, who cannot see it.
"""

import asyncio

# State: milliseconds on and off in turn, over and over.  The first in this order that holds is shown.
TABLE = (
    ("safe_mode", (20, 180, 20, 180, 20, 1580)),
    ("fault", (20, 180, 20, 1780)),
    ("battery_low", (20, 480)),
    ("calibrating", (100, 100)),
    ("run", (20, 4980)),
    ("connected", (20, 1980)),
    ("advertising", (20, 980)),
)


class Lamp:
    """`pin` is high for light.  `states`: name -> whether it holds, asked at every turn; a missing one never does."""

    def __init__(self, pin, states) -> None:
        self._pin = pin
        self._states = states

    @property
    def state(self) -> str:
        for name, _ in TABLE[:-1]:
            holds = self._states.get(name)
            if holds and holds():
                return name
        return TABLE[-1][0]

    async def run(self) -> None:
        patterns = dict(TABLE)
        while True:
            level = 1
            for ms in patterns[self.state]:
                self._pin.value(level)
                level = 1 - level
                await asyncio.sleep_ms(ms)
