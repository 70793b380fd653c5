# SPDX-License-Identifier: MIT
"""When to buzz: the cadence rule, decided at toe-off from the stride that the present contact completed.

    state     until                                    then
    off       (rule off, or one not built yet)
    baseline  `baseline_strides` steady run strides    armed; starts again if fewer than 4 of 5 were steady
    armed     m of the last n run strides, this one    cue, holdoff
              among them, out of the band on one side
    holdoff   `cue_holdoff_strides` run strides        armed

Only strides labelled run, of known length and enough confidence, are seen; walking or missing data empties the window
of n.  Cadence is in hundredths of a step per minute, both feet.  Baseline: strides within 5 % of their median, their
mean and SD.  The band's default is 2 SD: at 1 SD, 3 of 5 fires 79 times in 5 minutes of unchanged running, at 2 SD 0.4.
"""

from array import array

from . import wire
from .fixed import isqrt
from .gait import RUN, WALK
from .settings import Settings
from .stride import Stride

try:
    import micropython
except ImportError:  # CPython
    from . import _cpython as micropython  # type: ignore[no-redef]

OFF, BASELINE, ARMED, HOLDOFF = range(4)  # index of wire.CUE_STATES
_CADENCE_RULE = 1
_NONE, _INCREASE, _DECREASE = range(3)  # index of wire.DIRECTIONS

_STEADY_PM = 50
_STEADY_LEAST_PM = 800  # of the baseline's strides
_BAND_LEAST_PM = 20
_FULL_PULSE_PM = 100  # a cadence this far beyond the band gets the longest pulse
_QUIET_MS = 50  # before the next contact
_PULSE_LEAST_MS = 20  # a shorter one is not felt


class Cue:
    """The fields of wire.CUE without its key."""

    def __init__(self) -> None:
        self.ic_x16 = self.to_x16 = self.command_x16 = 0
        self.rule = _CADENCE_RULE
        self.direction = _NONE
        self.value = self.target = self.band = 0
        self.pulse_ms = self.rise_ms = 0


class Baseline:
    """Cadences kept in order of size: their median is always at hand, and what is far from it stays out."""

    def __init__(self, strides: int) -> None:
        self._sorted = array("H", bytes(2 * strides))
        self._count = 0
        self.mean = self.sd = 0

    @micropython.native
    def add(self, value: int) -> bool:
        """True when this value completes the baseline: `mean` and `sd` are set."""
        kept = self._sorted
        at = self._count
        while at > 0 and kept[at - 1] > value:
            kept[at] = kept[at - 1]
            at -= 1
        kept[at] = value
        self._count += 1
        if self._count < len(kept):
            return False
        steady = self._summarise()
        self._count = 0
        return steady

    @micropython.native
    def _summarise(self) -> bool:
        kept = self._sorted
        median = kept[len(kept) >> 1]
        reach = median * _STEADY_PM // 1000
        steady = total = 0
        for i in range(len(kept)):
            if -reach <= kept[i] - median <= reach:
                steady += 1
                total += kept[i]
        self.mean = mean = total // steady
        squares = 0  # of deviations, / 16: 2000 values at 5 % of 480 steps/min stay in 31 bits
        for i in range(len(kept)):
            if -reach <= kept[i] - median <= reach:
                squares += (kept[i] - mean) * (kept[i] - mean) >> 4
        self.sd = isqrt(squares // steady << 4)
        return steady * 1000 >= len(kept) * _STEADY_LEAST_PM


class Coach:
    """Feed `stride` with every complete stride, in order, and ask `toe_off` whether to buzz; then `cue` says how."""

    def __init__(self, rate_hz: int, settings: Settings) -> None:
        get = settings.get
        self.cue = Cue()
        self.state = BASELINE if get("cue_rule") == _CADENCE_RULE else OFF
        self._rate_hz = rate_hz
        self._centi_steps_x16 = 120 * 100 * 16 * rate_hz  # / stride_x16 = cadence
        self._offset_pm: int = get("cadence_offset_pm")
        self._band_pm: int = get("cadence_band_pm")
        side = get("cue_side")
        self._may_increase = side in (1, 2) or (side == 0 and self._offset_pm >= 0)
        self._may_decrease = side in (1, 3) or (side == 0 and self._offset_pm <= 0)
        self._m: int = get("cue_m")
        self._holdoff: int = get("cue_holdoff_strides")
        self._confidence_min: int = get("confidence_min")
        self._pulse_min_ms: int = get("pulse_min_ms")
        self._pulse_max_ms: int = max(get("pulse_max_ms"), self._pulse_min_ms)
        self._baseline = Baseline(get("baseline_strides"))
        self._window = array("b", [0] * get("cue_n"))  # direction each stride asked for, a ring
        self._at = 0
        self._left = 0  # of the hold-off
        self._stride_x16 = 0
        self._due = _NONE

    def forget(self) -> None:
        """Data are missing, or the runner walks: what was seen of the form is out of date."""
        self._due = _NONE
        for i in range(len(self._window)):
            self._window[i] = _NONE

    @micropython.native
    def stride(self, stride: Stride) -> None:
        self._due = _NONE
        if self.state == OFF:
            return
        if stride.gait == WALK:
            self.forget()
        if stride.gait != RUN or stride.stride_x16 == 0 or stride.confidence < self._confidence_min:
            return
        self._stride_x16 = stride.stride_x16
        value = self._centi_steps_x16 // stride.stride_x16
        if self.state == BASELINE:
            if not stride.flags & (wire.FLAG_TURN | wire.FLAG_GAP_BEFORE) and self._baseline.add(value):
                self._arm()
            return
        self.cue.value = value
        asked = self._asked(value)
        self._window[self._at] = asked
        self._at = (self._at + 1) % len(self._window)
        if self.state == HOLDOFF:
            if self._left > 0:
                self._left -= 1
                return
            self.state = ARMED
        if asked and self._count(asked) >= self._m:
            self._due = asked

    def _arm(self) -> None:
        mean = self._baseline.mean
        self.cue.target = mean * (1000 + self._offset_pm) // 1000
        if self._band_pm:
            self.cue.band = mean * self._band_pm // 1000
        else:
            self.cue.band = max(2 * self._baseline.sd, mean * _BAND_LEAST_PM // 1000)
        self.state = ARMED

    def _asked(self, value: int) -> int:
        cue = self.cue
        if value < cue.target - cue.band and self._may_increase:
            return _INCREASE
        if value > cue.target + cue.band and self._may_decrease:
            return _DECREASE
        return _NONE

    def _count(self, direction: int) -> int:
        count = 0
        for i in range(len(self._window)):
            if self._window[i] == direction:
                count += 1
        return count

    def toe_off(self, now: int, ic_x16: int, to_x16: int) -> bool:
        """True: buzz for `cue.pulse_ms`."""
        if self._due == _NONE:
            return False
        cue = self.cue
        room_ms = (ic_x16 + self._stride_x16 - (now << 4)) * 1000 // (16 * self._rate_hz) - _QUIET_MS
        cue.pulse_ms = min(self._pulse_ms(), room_ms)
        if cue.pulse_ms < _PULSE_LEAST_MS:
            return False
        cue.ic_x16 = ic_x16
        cue.to_x16 = to_x16
        cue.command_x16 = now << 4
        cue.direction = self._due
        self._due = _NONE
        self._left = self._holdoff
        self.state = HOLDOFF
        return True

    def _pulse_ms(self) -> int:
        """Longer for a larger error beyond the band, between the two settings."""
        cue = self.cue
        beyond = abs(cue.value - cue.target) - cue.band
        full = cue.target * _FULL_PULSE_PM // 1000
        span_ms = self._pulse_max_ms - self._pulse_min_ms
        return self._pulse_min_ms + min(span_ms * beyond // full, span_ms)
