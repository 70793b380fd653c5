# SPDX-License-Identifier: MIT
"""The numbers of one stride, collected while it happens.

Peak tibial acceleration is taken from the zero crossing before contact to 90 ms after it, gravity left in, at the
run's own rate.  Lean is kept from that crossing to toe-off and evaluated at toe-off, when the length of the contact is
known.  Positive lean: knee medial of the ankle.  Contact time and lean have no reference in real running.
"""

from array import array

from . import tally, wire
from .fixed import TURNS_X256, elevations_cdeg, isqrt

try:
    import micropython
except ImportError:  # CPython
    from . import _cpython as micropython  # type: ignore[no-redef]

_PEAK_MS = 90
_LEAN_MS = 1700  # the longest contact and the crossing before it

# Turns: the mean rate about the vertical over about four strides, less what it is when running straight on (a bias,
# which is followed over about 64 strides).  The bend of a 400 m track is 4.5 deg/s at 3 m/s and 6 at 4 m/s; in recorded
# straight runs the mean stays within 1.6.  In a bend the apparent vertical tilts, and lean follows it by the filter's
# tau: so a turn is flagged for two tau more.
_TURN_X16_DPS = 40  # sixteenths of a deg/s
_YAW_MOST_X16_DPS = 144  # so that one odd stride, the first from standing say, is no turn
_TURN_HOLD_TAUS = 2
_STRAIGHT_MOST_X16_DPS = 32

_DUTY_LEAST_PM, _DUTY_MOST_PM = 150, 850  # sprinters have 200 and more, slow walkers 750 at most

# What a flag costs of 100; cues need 60 by default, so a stride with no toe-off or an odd length never cues,
# nor one that is clipped or worn loosely.  Unsettled lean bars cues of lean by its flag (rules.py): cadence is none the
# worse for it.
PENALTIES = (
    (wire.FLAG_CLIPPED, 45),
    (wire.FLAG_GAP_BEFORE, 10),
    (wire.FLAG_BACKDATED, 10),
    (wire.FLAG_STRAP_LOOSE, 45),
    (wire.FLAG_BIAS, 25),
    (wire.FLAG_MISSING, 50),
)
IRREGULAR_PENALTY = 45  # the interval is not like the one before it


class Stride:
    """The fields of wire.STRIDE without its key, and what is needed to complete them."""

    def __init__(self) -> None:
        self.begin(0, 0)

    def begin(self, ic_x16: int, flags: int) -> None:
        self.ic_x16 = ic_x16
        self.stride_x16 = self.contact_x16 = 0
        self.pta_axial_mg = self.pta_resultant_mg = wire.UNKNOWN_U16
        self.lean_ic_cdeg = self.lean_mid_cdeg = self.lean_min_cdeg = self.lean_max_cdeg = wire.UNKNOWN_I16
        self.lean_cue_cdeg = wire.UNKNOWN_I16
        self.lean_max_x16 = 0
        self.flags = flags
        self.gait = self.confidence = self.cue_state = 0
        self.axial_mg = 0  # as pta_axial_mg, but known when clipped, then a lower bound; 0 unknown
        self.regular = True  # its length is like that of the stride before it
        self.shake_percent = 0  # of the confidence that the unit's shaking costs
        self.still_x16 = 0  # how much of it looked like stillness

    def end(self, stride_x16: int) -> None:
        """The next contact is known, or (0) none follows.  A toe-off that leaves no possible duty factor is withheld,
        and with it what was measured up to it."""
        self.stride_x16 = stride_x16
        contact_x16 = self.contact_x16
        if stride_x16 and not stride_x16 * _DUTY_LEAST_PM <= contact_x16 * 1000 <= stride_x16 * _DUTY_MOST_PM:
            self.contact_x16 = self.lean_max_x16 = 0
            self.lean_mid_cdeg = self.lean_min_cdeg = self.lean_max_cdeg = self.lean_cue_cdeg = (
                wire.UNKNOWN_I16
            )

    def judge(self) -> None:
        """Withhold an impact that was clipped or shaken, flag what is missing, and set the confidence."""
        if self.flags & (wire.FLAG_CLIPPED | wire.FLAG_SHAKEN):
            self.pta_axial_mg = self.pta_resultant_mg = wire.UNKNOWN_U16
        if self.contact_x16 == 0 or self.axial_mg == 0:
            self.flags |= wire.FLAG_MISSING
        confidence = 100 - self.shake_percent
        if not self.regular:
            confidence -= IRREGULAR_PENALTY
        for flag, penalty in PENALTIES:
            if self.flags & flag:
                confidence -= penalty
        self.confidence = max(confidence, 0)


class Meter:
    """Writes into the stride under way what the samples gave; `recording` while it wants the lean.

    `tallied`: the array of tally.py, `peak_until` the last sample that counts for the peaks.
    """

    def __init__(self, rate_hz: int, tau_ms: int, tallied: "array[int]") -> None:
        self._turn_hold_x16 = _TURN_HOLD_TAUS * tau_ms * rate_hz // 1000 << 4
        self._straight_x1024 = 0  # rate about the vertical when running straight on, as it seems
        self._lean = array("h", bytes(2 * (_LEAN_MS * rate_hz // 1000)))
        self._peak = _PEAK_MS * rate_hz // 1000
        self._tallied = tallied
        self._nobody = Stride()
        self._stride = self._nobody
        self._turn_x16 = 0
        self._turning_until_x16 = -1
        self._shaken_from = self._shaken_until = -1  # samples
        self.stop()

    def stop(self) -> None:
        """The stride under way ends with nothing after it."""
        self._complete()
        self._hand_over_clipped()
        self._stride = self._nobody
        self.recording = False
        self._opened = self._kept = 0
        self._begin_peak(-1)
        self._turn_x16 = 0
        self._turning_until_x16 = -1

    def open(self, now: int) -> None:
        """A contact is expected: begin to record for the stride it will start."""
        self._hand_over_clipped()
        self.recording = True
        self._opened = now
        self._kept = 0
        self._begin_peak(now + 2 * self._peak)

    def contact(self, stride: Stride) -> None:
        """The stride under way ends with the contact that begins `stride`."""
        self._complete()
        self._stride = stride
        self._hand_over_clipped()
        ic = (stride.ic_x16 + 8) >> 4
        self.peak_until = self._tallied[tally.PEAK_UNTIL] = ic + self._peak
        at = max(ic - self._opened, 0)
        if at < self._kept:
            stride.lean_ic_cdeg = self._lean[at]

    def _begin_peak(self, until: int) -> None:
        self.peak_until = self._tallied[tally.PEAK_UNTIL] = until
        self._tallied[tally.AXIAL] = self._tallied[tally.RESULTANT2] = 0

    def _complete(self) -> None:
        """The stride under way is over: was it in a turn?"""
        stride = self._stride
        tallied = self._tallied
        if tallied[tally.YAWED] and stride is not self._nobody:
            yaw_x16 = tallied[tally.YAW] * (16 // tally.YAW_LSB_PER_DPS) // tallied[tally.YAWED]
            yaw_x16 = min(max(yaw_x16, -_YAW_MOST_X16_DPS), _YAW_MOST_X16_DPS)
            self._turn_x16 += (yaw_x16 - self._turn_x16) >> 2
        tallied[tally.YAW] = tallied[tally.YAWED] = 0
        straight_x16 = self._straight_x1024 >> 6
        if abs(self._turn_x16 - straight_x16) > _TURN_X16_DPS:
            self._turning_until_x16 = stride.ic_x16 + self._turn_hold_x16
        elif stride.ic_x16 > self._turning_until_x16 and abs(self._turn_x16) <= _STRAIGHT_MOST_X16_DPS:
            self._straight_x1024 += self._turn_x16 - straight_x16
        if stride.ic_x16 <= self._turning_until_x16:
            stride.flags |= wire.FLAG_TURN

    def _hand_over_clipped(self) -> None:
        if self._tallied[tally.CLIPPED]:
            self._stride.flags |= wire.FLAG_CLIPPED
        self._tallied[tally.CLIPPED] = 0

    def shaking(self, now: int, until: int) -> None:
        """The unit's own motor shakes it from sample `now` until another; corrected by calling again."""
        if now > self._shaken_until:
            self._shaken_from = now
        self._shaken_until = until

    def peak(self) -> None:
        """The sample `peak_until` has been seen."""
        stride = self._stride
        if self._shaken_from <= self.peak_until and self._shaken_until >= self._opened:
            stride.flags |= wire.FLAG_SHAKEN
        stride.axial_mg = stride.pta_axial_mg = self._tallied[tally.AXIAL] * 1000 >> 10
        stride.pta_resultant_mg = isqrt(self._tallied[tally.RESULTANT2]) * 2000 >> 10

    def keep_lean(self, up: "array[int]", first: int, count: int, neutral_cdeg: int) -> None:
        """Of `count` samples from the `first` on in `up`, gravity as tilt.step gives it."""
        kept = self._kept
        room = len(self._lean) - kept
        if count > room:
            count = room
            self.recording = False
        elevations_cdeg(up, first, count, neutral_cdeg, TURNS_X256, self._lean, kept)
        self._kept = kept + count

    @micropython.native
    def toe_off(self, to_x16: int) -> None:
        """Mean lean from 20 to 40 and to 60 % of the contact, least and greatest lean from 0 to 60 % of it."""
        self.recording = False
        stride = self._stride
        ic_x16 = stride.ic_x16
        contact_x16 = to_x16 - ic_x16
        stride.contact_x16 = contact_x16
        first = ((ic_x16 + 15) >> 4) - self._opened
        last = ((ic_x16 + contact_x16 * 3 // 5) >> 4) - self._opened
        if first < 0:
            first = 0
        if last >= self._kept:
            return
        mid_from = ((ic_x16 + contact_x16 // 5) >> 4) - self._opened
        mid_to = ((ic_x16 + contact_x16 * 2 // 5) >> 4) - self._opened
        lean = self._lean
        low = high = lean[first]
        high_at = first
        total = cued = 0
        for i in range(first, last + 1):
            value = lean[i]
            if value < low:
                low = value
            elif value > high:
                high = value
                high_at = i
            if i > mid_from:
                cued += value
                if i <= mid_to:
                    total += value
        stride.lean_min_cdeg = low
        stride.lean_max_cdeg = high
        at_x16 = ((high_at + self._opened) << 4) - ic_x16
        stride.lean_max_x16 = at_x16 if at_x16 > 0 else 0
        if mid_to > mid_from:
            stride.lean_mid_cdeg = total // (mid_to - mid_from)
        if last > mid_from:
            stride.lean_cue_cdeg = cued // (last - mid_from)
