# SPDX-License-Identifier: MIT
"""Initial contact and toe-off from one shank's sagittal rate and acceleration, sample by sample.

The swing is the landmark: a sagittal rate above an adaptive threshold, sweeping a real angle.  Its downward zero
crossing opens a window in which the braking of the shank, the steepest rise of forward acceleration, times the
contact.  A swing that ends without it (a leg swung in a chair, a pedal) is no contact.

Toe-off has two shapes.  Through stance the rate rises to a crest and falls again.  In running the crest is the toe-off
and the push-off peak of the axial acceleration comes with it; in walking the crest is heel-off, there is no such peak,
and toe-off is the end of the dip that follows.

Constants are from the recordings: 7 walking contacts on a force plate, 54 running stances on an instrumented treadmill
(virtual sensor).  The steepest rise comes 27 ms (SD 5) after contact in walking, 20 ms (SD 2) in running; the crest
11 ms (SD 7) before toe-off in running; 10 % of the dip's depth is regained 1 ms (SD 6) before toe-off in walking.
Limits: contact 90 ms to 1.5 s; toe-off in a real run has no reference.

Ref: K. Aminian et al., "Spatio-temporal parameters of gait measured by an ambulatory system using miniature
gyroscopes", J. Biomechanics 35 (2002): mid-swing and the landmarks around it.
"""

from array import array

from .rhythm import STRIDE_MAX_MS

try:
    import micropython
except ImportError:  # CPython
    from . import _cpython as micropython  # type: ignore[no-redef]

CONTACT = 1
TOE_OFF = 2
OPENED = 4  # a contact may follow

# States.  A fall back to WAIT is always allowed.
#   WAIT    no foot contact known          -> SWING   rate above the threshold
#   SWING   leg swings forward             -> WINDOW  rate crosses zero after a real sweep;  -> WAIT  sweep too small
#   WINDOW  contact expected               -> STANCE  braking seen: contact;                 -> WAIT  none seen
#   STANCE  rate rises to its crest        -> WAIT    crest with push-off: toe-off (run);    -> DIP   crest without
#   DIP     heel is off, rate dips         -> WAIT    dip regained: toe-off (walk)
#   STANCE and DIP go to SWING, toe-off unknown, when the rate is above the threshold.
_WAIT, _SWING, _WINDOW, _STANCE, _DIP = range(5)

_DPS = 16  # LSB per deg/s
_G = 1024  # LSB per g

_SWEEP_DEG = 15
_BRAKING = _G * 3 // 10  # rise over _LAG_MS that counts as a contact: 0.3 g; slow walking has 0.38 and more
_BRAKED = _G  # forward acceleration this far below its top: the braking is over, later rises are rebounds
_CREST = 20 * _DPS  # fall from the crest that confirms it
_CREST_LEVEL = -40 * _DPS  # or minus a quarter of the threshold; lower ones are ripples of the impact
_PUSH_OFF = _G * 29 // 20  # axial, 1.45 g; at the crest: runs 1.67 g and more, walks 1.29 g at most

# Milliseconds, converted to samples or sixteenths of a sample at construction
_LAG_MS = 8
_WINDOW_FROM_MS = 24  # earlier rises are of the swing; the contact's were 28 ms and more after the crossing
_WINDOW_MS = 90  # then the steepest rise so far was the contact's
_WINDOW_MAX_MS = 170  # contacts follow the zero crossing by about 20 ms, slow first steps by up to 130
_RISE_AFTER_CONTACT_MS = 24
_STANCE_MIN_MS = 90
_STANCE_MAX_MS = 1500
_SWING_MAX_MS = 1500
_CREST_TO_TOE_OFF_MS = 11
_PUSH_OFF_LEAK_MS = 100  # the peak is forgotten at 1 g in this time
_REFRACTORY_MS = 250  # and half of the last stride at least


class Strike:
    """`step` returns CONTACT or TOE_OFF when one is found; `ic_x16` and `to_x16` say when it was.

    OPENED comes at the zero crossing before a contact, and when none follows.  Times are in sixteenths of a sample.
    `floor_dps`: least mid-swing rate taken for a swing.  Works at any integer rate of 200..1000 Hz.
    """

    def __init__(self, rate_hz: int, floor_dps: int) -> None:
        ms_x16 = rate_hz * 16  # x ms // 1000
        self._floor = floor_dps * _DPS
        self._sweep = _SWEEP_DEG * _DPS * rate_hz
        self._lag = max(_LAG_MS * rate_hz // 1000, 1)
        self._window_from = _WINDOW_FROM_MS * rate_hz // 1000
        self._window = _WINDOW_MS * rate_hz // 1000
        self._window_max = _WINDOW_MAX_MS * rate_hz // 1000
        self._swing_max = _SWING_MAX_MS * rate_hz // 1000
        self._contact_back_x16 = self._lag * 8 + _RISE_AFTER_CONTACT_MS * ms_x16 // 1000
        self._stance_min_x16 = _STANCE_MIN_MS * ms_x16 // 1000
        self._stance_max_x16 = _STANCE_MAX_MS * ms_x16 // 1000
        self._crest_on_x16 = _CREST_TO_TOE_OFF_MS * ms_x16 // 1000
        self._refractory_x16 = _REFRACTORY_MS * ms_x16 // 1000
        self._stride_max_x16 = STRIDE_MAX_MS * ms_x16 // 1000
        self._leak = _G * 1000 // (_PUSH_OFF_LEAK_MS * rate_hz)
        self._forward = array("i", [0] * self._lag)  # ring of the last values
        self._peaks = array("i", [0] * 3)  # of the last three swings, a ring
        self.reset()

    def reset(self) -> None:
        """Forget everything, as at power-on or after missing samples."""
        self.ic_x16 = self.to_x16 = self._opened = 0
        self._state = _WAIT
        self._at = self._peak_at = 0
        self._rise = self._rise1 = self._push = 0
        self._refractory_until_x16 = self._forget_at_x16 = 0
        self._swing_from = self._area = self._peak = 0
        self._best = self._left = self._right = self._best_at = self._top = 0
        self._crest = self._crest_at = self._crest_level = self._crest_push = 0
        self._dip = self._regained_at = 0
        self._forget_swings()

    def _forget_swings(self) -> None:
        self._peaks[0] = self._peaks[1] = self._peaks[2] = 0
        self._threshold = self._floor

    @micropython.native
    def step(self, now: int, sagittal: int, forward: int, axial: int) -> int:
        """One sample, the `now`-th, in common units: rate about z, acceleration along x and along y."""
        rise2 = self._rise1
        self._rise1 = self._rise
        self._rise = forward - self._forward[self._at]
        self._forward[self._at] = forward
        self._at = self._at + 1 if self._at + 1 < self._lag else 0
        push = self._push - self._leak
        self._push = axial if axial > push else push

        state = self._state
        if state == _SWING:
            return self._swing_step(now, sagittal)
        if state == _WINDOW:
            return self._window_step(now, forward, rise2)
        if sagittal > self._threshold:
            self._state = _SWING
            self._swing_from = now
            self._area = self._peak = 0
        elif state == _STANCE:
            return self._stance_step(now, sagittal)
        elif state == _DIP:
            return self._dip_step(now, sagittal)
        elif now << 4 > self._forget_at_x16:
            self._forget_swings()
        return 0

    @micropython.native
    def _swing_step(self, now: int, sagittal: int) -> int:
        if sagittal > 0:
            self._area += sagittal
            if sagittal > self._peak:
                self._peak = sagittal
            if now - self._swing_from > self._swing_max:
                self._state = _WAIT
        elif self._area < self._sweep or now << 4 < self._refractory_until_x16:
            self._state = _WAIT
        else:
            self._state = _WINDOW
            self._opened = now
            self._best = 0
            self._top = -32768
            return OPENED
        return 0

    @micropython.native
    def _window_step(self, now: int, forward: int, rise2: int) -> int:
        if now - self._opened < self._window_from:
            return 0
        rise1 = self._rise1
        if rise1 > self._best and rise1 >= rise2 and rise1 >= self._rise:
            self._best = rise1
            self._left = rise2
            self._right = self._rise
            self._best_at = now - 1
        if self._best >= _BRAKING:
            if forward > self._top:
                self._top = forward
            if forward < self._top - _BRAKED or now - self._opened >= self._window:
                self._contact()
                return CONTACT
        elif now - self._opened >= self._window_max:
            self._state = _WAIT
        return 0

    def _contact(self) -> None:
        bend = (
            self._left - 2 * self._best + self._right
        )  # of the parabola through the three rises: never positive
        x16 = (self._best_at << 4) - self._contact_back_x16
        if bend:
            x16 += 8 * (self._left - self._right) // bend
        stride_x16 = x16 - self.ic_x16
        refractory_x16 = self._refractory_x16
        if x16 < self._forget_at_x16 and stride_x16 > 2 * refractory_x16:
            refractory_x16 = stride_x16 >> 1
        self._refractory_until_x16 = x16 + refractory_x16
        self._forget_at_x16 = x16 + self._stride_max_x16
        self.ic_x16 = max(x16, 0)
        peaks = self._peaks
        peaks[self._peak_at] = self._peak
        self._peak_at = (self._peak_at + 1) % 3
        self._threshold = max((peaks[0] + peaks[1] + peaks[2]) // 6, self._floor)
        self._crest_level = min(_CREST_LEVEL, -self._threshold >> 2)
        self._crest = -32768
        self._state = _STANCE

    @micropython.native
    def _stance_step(self, now: int, sagittal: int) -> int:
        since_x16 = (now << 4) - self.ic_x16
        if since_x16 < self._stance_min_x16:
            return 0
        if sagittal > self._crest:
            self._crest = sagittal
            self._crest_at = now
            self._crest_push = self._push
        elif self._push > self._crest_push:
            self._crest_push = self._push
        if sagittal < self._crest - _CREST and self._crest > self._crest_level:
            if self._crest_push >= _PUSH_OFF:
                return self._toe_off(now, (self._crest_at << 4) + self._crest_on_x16)
            self._state = _DIP
            self._dip = sagittal
        elif since_x16 > self._stance_max_x16:
            self._state = _WAIT
        return 0

    @micropython.native
    def _dip_step(self, now: int, sagittal: int) -> int:
        if sagittal < self._dip:
            self._dip = sagittal
        if sagittal * 10 < self._dip * 9:
            self._regained_at = now + 1
        elif sagittal * 4 > self._dip * 3 and self._dip * 3 < -self._threshold:
            return self._toe_off(now, self._regained_at << 4)
        elif (now << 4) - self.ic_x16 > self._stance_max_x16:
            self._state = _WAIT
        return 0

    def _toe_off(self, now: int, x16: int) -> int:
        self._state = _WAIT
        self.to_x16 = min(x16, now << 4)  # a crest can be confirmed before the foot is off
        return TOE_OFF
