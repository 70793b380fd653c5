# SPDX-License-Identifier: MIT
"""How long a cue buzzes: longer for a larger error, over well before the next contact.

The contact is predicted from the shortest of the last strides, less a sixteenth: stride times scatter by about 1.5 %
in steady running, and twice that has to be borne.
"""

from array import array

from .rules import Rule, part
from .settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .coach import Cue

PAUSE_MS = 60  # between the two pulses of the other way
_LAST = 8  # strides
_QUIET_MS = 50  # before the next contact
_LATE_MS = 25  # the samples come from the sensor every 20 ms, the motor is told after that
_LEAST_MS = 20  # a shorter one is not felt
_UNKNOWN_X16 = 0xFFFF  # the longest that a record holds


class Pulse:
    """`stride` with each run stride; `fits` completes a cue."""

    def __init__(self, rate_hz: int, rule: Rule, settings: Settings) -> None:
        self._rate_hz = rate_hz
        self._rule = rule
        self._min_ms: int = settings.get("pulse_min_ms")
        self._max_ms: int = max(settings.get("pulse_max_ms"), self._min_ms)
        self._strides_x16 = array("H", [_UNKNOWN_X16] * _LAST)
        self._at = 0

    def forget(self) -> None:
        for i in range(_LAST):
            self._strides_x16[i] = _UNKNOWN_X16

    def stride(self, stride_x16: int) -> None:
        self._strides_x16[self._at] = stride_x16
        self._at = (self._at + 1) % _LAST

    def fits(self, cue: "Cue", direction: int, now: int, ic_x16: int) -> bool:
        """Set the cue's direction, `pulses` and `pulse_ms`; False when too little time is left before the contact."""
        shortest_x16 = _UNKNOWN_X16
        for i in range(_LAST):
            if self._strides_x16[i] < shortest_x16:
                shortest_x16 = self._strides_x16[i]
        left_x16 = ic_x16 + shortest_x16 - (shortest_x16 >> 4) - (now << 4)
        room_ms = left_x16 * 1000 // (16 * self._rate_hz) - _QUIET_MS - _LATE_MS
        cue.direction = direction
        cue.pulses = 1
        if direction == self._rule.other:
            cue.pulses = 2
            room_ms = (room_ms - PAUSE_MS) >> 1
        cue.pulse_ms = min(self._wanted_ms(cue), room_ms)
        return cue.pulse_ms >= _LEAST_MS

    def _wanted_ms(self, cue: "Cue") -> int:
        beyond = abs(cue.value - cue.target) - cue.band
        full = part(self._rule, cue.target, self._rule.full)
        span_ms = self._max_ms - self._min_ms
        return self._min_ms + min(span_ms * beyond // max(full, 1), span_ms)
