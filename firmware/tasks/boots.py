# SPDX-License-Identifier: MIT
"""Counts boots over power cycles, and how many failed in a row.

A boot counts as failed until well() is called, for it is written down in advance: a crash needs nobody to tell of it.
A soft reset is somebody at the serial line: it takes a new number, and neither counts as failed nor forgives.
"""

from kneecore import wire
from kneecore.version import VERSION
from tasks import state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from machine import Timer

SAFE_AFTER = 3  # failed boots in a row, then only what reading the log and deploying need
POWERLESS_AFTER = 5  # of them that end in a loss of power: it does not carry the radio
POWER_ON, WAKE, SOFT = 1, 4, 5  # of wire.RESETS, which are machine's numbers
_FILE = "boot.json"

this: "Boot | None" = None  # the present one, for main.py, which starts after boot.py has counted


class Boot:
    """`failed`: how many did before it.  `guard`: a timer that starts over if the program never comes up."""

    def __init__(self, number: int, failed: int, cause: int, wake: int, battery_mv: int) -> None:
        self.number = number
        self.failed = failed
        self.cause = cause
        self.wake = wake
        self.battery_mv = battery_mv
        self.guard: "Timer | None" = None
        self._kept = failed + (cause != SOFT)
        self._keep()

    def values(self):
        """Fields of wire.BOOT."""
        return {
            "cause": self.cause if self.cause < len(wire.RESETS) else 0,
            "wake": self.wake,
            "failed": self.failed,
            "fw_major": VERSION[0],
            "fw_minor": VERSION[1],
            "fw_patch": VERSION[2],
            "battery_mv": self.battery_mv,
        }

    @property
    def safe(self) -> bool:
        return self.failed >= SAFE_AFTER and self.cause != SOFT

    @property
    def powerless(self) -> bool:
        return self.failed >= POWERLESS_AFTER and self.cause == POWER_ON

    def well(self) -> None:
        """It is none that failed.  A safe one proves nothing: one more failure of the program and it comes back."""
        kept = SAFE_AFTER - 1 if self.safe else 0
        if kept != self._kept:
            self._kept = kept
            self._keep()

    def up(self) -> None:
        """The program runs and has its own watchdog."""
        if self.guard:
            self.guard.deinit()
            self.guard = None

    def _keep(self) -> None:
        try:
            state.save(_FILE, [self.number, self._kept])
        except OSError as error:  # a full flash must not keep the unit from starting
            print("boot not counted:", error)


def present() -> Boot:
    """As boot.py has counted it; counted here if a program was started by hand."""
    return this or begin(0, 0, 0)


def begin(cause: int, wake: int, battery_mv: int) -> Boot:
    global this
    kept = state.load(_FILE, None)
    number, failed = kept if isinstance(kept, list) and len(kept) == 2 else (kept, 0)
    number = number if isinstance(number, int) else 0
    failed = failed if isinstance(failed, int) else 0
    this = Boot((number + 1) & 0xFFFF, min(failed, 254), cause, wake, battery_mv)
    return this
