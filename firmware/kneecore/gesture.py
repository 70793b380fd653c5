# SPDX-License-Identifier: MIT
"""What the runner means with the button: a table.  Milliseconds of a counter that wraps at 2^30 (ticks.py).

A button that is down at the start says nothing until it was up: one that is stuck neither marks pain nor forgets.
"""

from .ticks import after

# Codes of gestures
GESTURES = ("none", "pain", "take_back", "mute", "start", "rising", "pairing", "forget")
NONE, PAIN, TAKE_BACK, MUTE, START, RISING, PAIRING, FORGET = range(len(GESTURES))

# Where the button is pressed
IN_RUN, AFTER_RUN, IDLE = range(3)

AFTER_RUN_MS = 10 * 60 * 1000  # since an automatic stop
TAKE_BACK_MS = 10 * 1000
_SETTLE_MS = 30  # a level counts once it has lasted so long

_HOLDS = tuple((ms, RISING, PAIRING) for ms in range(3000, 10000, 1000)) + ((10000, FORGET, NONE),)

# (held so long in ms, gesture at that moment, gesture when let go from then on)
TABLE = {
    IN_RUN: ((0, NONE, PAIN), (2000, MUTE, NONE)),
    AFTER_RUN: ((0, NONE, PAIN), (2000, NONE, NONE)) + _HOLDS,
    IDLE: ((0, NONE, START), (1000, NONE, NONE)) + _HOLDS,
}  # fmt: skip


def place(running: bool, since_auto_stop_ms: int) -> int:
    """`since_auto_stop_ms`: negative when the last run did not end by itself."""
    if running:
        return IN_RUN
    return AFTER_RUN if 0 <= since_auto_stop_ms < AFTER_RUN_MS else IDLE


class Button:
    """Feed `poll` every 20 ms or so."""

    def __init__(self) -> None:
        self._raw = True  # down, and not yet seen up
        self._since_ms = 0  # since when the level is as it is
        self._down = True
        self._rows: "tuple[tuple[int, int, int], ...]" = ()
        self._row = 0
        self._down_ms = 0
        self._pained = False
        self._pain_ms = 0

    @property
    def busy(self) -> bool:
        """Whether it must be polled: it is down, was so a moment ago, or a pain mark can be taken back."""
        return self._raw or self._down or self._pained

    def poll(self, down: bool, now_ms: int, where: int) -> int:
        """The gesture that is complete now.  `down`: the level; `where` counts when the button goes down."""
        if self._pained and after(now_ms, self._pain_ms) >= TAKE_BACK_MS:
            self._pained = False
        if down != self._raw:
            self._raw = down
            self._since_ms = now_ms
        if down != self._down and after(now_ms, self._since_ms) >= _SETTLE_MS:
            self._down = down
            if not down:
                return self._released(now_ms)
            self._rows = TABLE[where]
            self._row = 0
            self._down_ms = self._since_ms
        return self._held(now_ms) if self._down else NONE

    def _held(self, now_ms: int) -> int:
        follows = self._row + 1
        if follows >= len(self._rows) or after(now_ms, self._down_ms) < self._rows[follows][0]:
            return NONE
        self._row = follows
        return self._rows[follows][1]

    def _released(self, now_ms: int) -> int:
        rows, self._rows = self._rows, ()
        gesture = rows[self._row][2] if rows else NONE
        if gesture != PAIN:
            return gesture
        self._pained = not self._pained
        self._pain_ms = now_ms
        return PAIN if self._pained else TAKE_BACK
