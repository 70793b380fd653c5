# SPDX-License-Identifier: MIT
"""The chip's watchdog, fed only when every task it guards has given a sign of life since it was last fed.

`machine.WDT` cannot be stopped once it runs, and resets the chip TIMEOUT_MS after it was last fed.  Making another one
sets its time anew (ports/esp32/machine_wdt.c), so somebody who takes over at the serial line is given an hour.
"""

TIMEOUT_MS = 2000  # the slowest sign comes every 1000
TAKEN_OVER_MS = 3_600_000


class Watchdog:
    """`wdt`: with feed()."""

    def __init__(self, wdt, names) -> None:
        self._wdt = wdt
        self._names = names
        self._missing = set(names)

    def sign(self, name: str) -> None:
        """The task of that name goes on."""
        self._missing.discard(name)
        if not self._missing:
            self._wdt.feed()
            self._missing.update(self._names)
