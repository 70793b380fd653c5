# SPDX-License-Identifier: MIT
"""Initial contact and toe-off from one shank's sagittal rate and acceleration, sample by sample.

The swing is the landmark: a sagittal rate above an adaptive threshold, sweeping a real angle.  Its downward zero
crossing opens a window in which the braking of the shank, the steepest rise of forward acceleration, times the
contact.  A swing that ends without it (a leg swung in a chair, a pedal) is no contact.

Toe-off has two shapes.  Through stance the rate rises to a crest and falls again.  In running the crest is the toe-off
and the push-off peak of the axial acceleration comes with it; in walking the crest is heel-off, there is no such peak,
and toe-off is the end of the dip that follows.

Constants are from the recordings: 7 walking contacts on a force plate, 54 running stances on an instrumented treadmill
(virtual sensor).  The steepest rise comes 27 ms (SD 5) after contact in walking, 20 ms (SD 2) in running, the least
rate 23 ms (SD 3) in both; the crest
11 ms (SD 7) before toe-off in running; 10 % of the dip's depth is regained 1 ms (SD 6) before toe-off in walking.
Limits: contact 90 ms to 1.5 s; toe-off in a real run has no reference.

Ref: K. Aminian et al., "Spatio-temporal parameters of gait measured by an ambulatory system using miniature
gyroscopes", J. Biomechanics 35 (2002): mid-swing and the landmarks around it.
"""

from array import array

from .fixed import SIGN
from .rhythm import STRIDE_MAX_MS

try:
    import micropython
    from micropython import const
except ImportError:  # CPython
    from . import _cpython as micropython  # type: ignore[no-redef]
    from ._cpython import const, ptr32

CONTACT = const(1)
TOE_OFF = const(2)
OPENED = const(4)  # a contact may follow

# States.  A fall back to WAIT is always allowed.
#   WAIT    no foot contact known          -> SWING   rate above the threshold
#   SWING   leg swings forward             -> WINDOW  rate crosses zero after a real sweep;  -> WAIT  sweep too small
#   WINDOW  contact expected               -> STANCE  braking seen: contact;                 -> WAIT  none seen
#   STANCE  rate rises to its crest        -> WAIT    crest with push-off: toe-off (run);    -> DIP   crest without
#   DIP     heel is off, rate dips         -> WAIT    dip regained: toe-off (walk)
#   STANCE and DIP go to SWING, toe-off unknown, when the rate is above the threshold.
_WAIT = const(0)
_SWING = const(1)
_WINDOW = const(2)
_STANCE = const(3)
_DIP = const(4)

_DPS = const(16)  # LSB per deg/s
_G = const(1024)  # LSB per g

_SWEEP_DEG = 12
_BRAKING = const(
    _G * 3 // 10
)  # rise over _LAG_MS that counts as a contact: 0.3 g; slow walking has 0.38 and more
_BRAKED = const(
    _G
)  # forward acceleration this far below its top: the braking is over, later rises are rebounds
_CREST = const(20 * _DPS)  # fall from the crest that confirms it
_DIP_LEAST = -80 * _DPS  # shallower ones are ripples of the impact
_CREST_LEVEL = -40 * _DPS  # or minus a third of the threshold; lower ones are ripples of the impact
_PUSH_OFF = const(_G * 29 // 20)  # axial, 1.45 g; at the crest: runs 1.67 g and more, walks 1.29 g at most

# Milliseconds, converted to samples or sixteenths of a sample at construction
_LAG_MS = 8
_WINDOW_FROM_MS = 24  # earlier rises are of the swing; the contact's were 28 ms and more after the crossing
_WINDOW_MS = 90  # then the steepest rise so far was the contact's
_WINDOW_MAX_MS = 170  # contacts follow the zero crossing by about 20 ms, slow first steps by up to 130
_RISE_AFTER_CONTACT_MS = 23
_LOW_AFTER_MS = 4  # the least rate follows the steepest rise by this,
_LOW_OFF_MS = 12  # give or take this, or it belongs to something else
_STANCE_MIN_MS = 90
_STANCE_MAX_MS = 1500
_SWING_MAX_MS = 1500
_CREST_TO_TOE_OFF_MS = 11
_PUSH_OFF_LEAK_MS = 100  # the peak is forgotten at 1 g in this time
_REFRACTORY_MS = 250  # and half of the last stride at least,
_REFRACTORY_MOST_MS = 400  # but no longer: who walks slowly may run fast (0.5 s a stride) with the next step

# Words of the state: lengths in samples, times in samples or (_X16) sixteenths, rates and accelerations in common units
_SIGN = const(0)  # as fixed.SIGN
FOUND = const(1)  # the event of the last sample taken, 0 if none
_STATE = const(2)
_THRESHOLD = const(3)
# constants of the run
_FLOOR = const(4)
_SWEEP = const(5)
_LAG = const(6)
_WINDOW_FROM = const(7)
_WINDOW_LENGTH = const(8)
_WINDOW_MAX = const(9)
_SWING_MAX = const(10)
_STANCE_MIN_X16 = const(11)
_STANCE_MAX_X16 = const(12)
_CREST_ON_X16 = const(13)
_LEAK = const(14)
# followed always
_RISE = const(15)
_RISE1 = const(16)  # the one before
_PUSH = const(17)
_AT = const(18)  # in the ring of forward accelerations
# of the stride
_IC_X16 = const(19)
_TO_X16 = const(20)
_REFRACTORY_UNTIL_X16 = const(21)
_FORGET_AT_X16 = const(22)
# of the swing
_SWING_FROM = const(23)
_AREA = const(24)
_PEAK = const(25)
# of the window: the steepest rise, those beside it, when; the top of the forward acceleration
_OPENED_AT = const(26)
_BEST = const(27)
_LEFT = const(28)
_RIGHT = const(29)
_BEST_AT = const(30)
_TOP = const(31)
# of the stance and the dip
_CREST_LEVEL_NOW = const(32)
_CREST_RATE = const(33)
_CREST_AT = const(34)
_CREST_PUSH = const(35)
_DIP_RATE = const(36)
_REGAINED_AT = const(37)
_DIP_DEEP = const(38)  # a dip that is not below this is a ripple
_BRAKING_USUAL = const(39)  # half of the last stride's: a weaker rise may be the swing's end
_LOW = const(40)  # least rate since the crossing, and when
_LOW_AT = const(41)
# rings
_PEAKS = const(42)  # of the last three swings
_FORWARD = const(45)  # the last _LAG accelerations


class Strike:
    """`scan` on `state` finds what happens; call `contact` when it found one.  `ic_x16` and `to_x16` say when it was.

    OPENED comes at the zero crossing before a contact, and when none follows.  Times are in sixteenths of a sample.
    `floor_dps`: least mid-swing rate taken for a swing.  Works at any integer rate of 200..1000 Hz.
    """

    def __init__(self, rate_hz: int, floor_dps: int) -> None:
        ms_x16 = rate_hz * 16  # x ms // 1000
        lag = max(_LAG_MS * rate_hz // 1000, 1)
        self._contact_back_x16 = lag * 8 + _RISE_AFTER_CONTACT_MS * ms_x16 // 1000
        self._refractory_x16 = _REFRACTORY_MS * ms_x16 // 1000
        self._refractory_most_x16 = _REFRACTORY_MOST_MS * ms_x16 // 1000
        self._stride_max_x16 = STRIDE_MAX_MS * ms_x16 // 1000
        self._peak_at = self._half_stride_x16 = 0
        self._low_after_x16 = _LOW_AFTER_MS * ms_x16 // 1000
        self._low_off_x16 = _LOW_OFF_MS * ms_x16 // 1000
        self.state = state = array("i", [0] * (_FORWARD + lag))
        state[_SIGN] = SIGN
        state[_FLOOR] = floor_dps * _DPS
        state[_SWEEP] = _SWEEP_DEG * _DPS * rate_hz
        state[_LAG] = lag
        state[_WINDOW_FROM] = _WINDOW_FROM_MS * rate_hz // 1000
        state[_WINDOW_LENGTH] = _WINDOW_MS * rate_hz // 1000
        state[_WINDOW_MAX] = _WINDOW_MAX_MS * rate_hz // 1000
        state[_SWING_MAX] = _SWING_MAX_MS * rate_hz // 1000
        self._stance_min_x16 = _STANCE_MIN_MS * ms_x16 // 1000
        state[_STANCE_MAX_X16] = _STANCE_MAX_MS * ms_x16 // 1000
        state[_CREST_ON_X16] = _CREST_TO_TOE_OFF_MS * ms_x16 // 1000
        state[_LEAK] = _G * 1000 // (_PUSH_OFF_LEAK_MS * rate_hz)
        self._one = array("i", [0] * 6)
        self.reset()

    @property
    def ic_x16(self) -> int:
        return self.state[_IC_X16]

    @property
    def to_x16(self) -> int:
        return self.state[_TO_X16]

    def reset(self) -> None:
        """Forget everything but the last forward accelerations, as after missing samples."""
        state = self.state
        for i in range(_RISE, _FORWARD):
            state[i] = 0
        self._peak_at = self._half_stride_x16 = 0
        state[FOUND] = 0
        state[_STATE] = _WAIT
        state[_THRESHOLD] = state[_FLOOR]

    def step(self, now: int, sagittal: int, forward: int, axial: int) -> int:
        """One sample, the `now`-th, in common units: rate about z, acceleration along x and along y."""
        one = self._one
        one[0] = forward
        one[1] = axial
        one[5] = sagittal
        scan(self.state, one, 1, now)
        found = self.state[FOUND]
        if found == CONTACT:
            self.contact()
        return found

    def contact(self) -> None:
        """Time the contact that `scan` found, and set what follows from its swing."""
        state = self.state
        left, best, right = state[_LEFT], state[_BEST], state[_RIGHT]
        bend = left - 2 * best + right  # of the parabola through the three rises: never positive
        x16 = (state[_BEST_AT] << 4) - self._contact_back_x16
        if bend:
            x16 += 8 * (left - right) // bend
        # Fused with the least rate, which is as regular in fast running; in walking it may come much later.
        off_x16 = (state[_LOW_AT] << 4) - self._contact_back_x16 - x16 - self._low_after_x16
        if -self._low_off_x16 <= off_x16 <= self._low_off_x16:
            x16 += off_x16 * 3 >> 3
        stride_x16 = x16 - state[_IC_X16]
        refractory_x16 = self._refractory_x16
        if x16 < state[_FORGET_AT_X16] and stride_x16 > 2 * refractory_x16:
            refractory_x16 = stride_x16 >> 1
            if self._half_stride_x16:  # a stride that was missed must not have the next ones missed too
                refractory_x16 = min(refractory_x16, self._half_stride_x16 * 3 >> 1)
            self._half_stride_x16 = refractory_x16
        state[_REFRACTORY_UNTIL_X16] = x16 + min(refractory_x16, self._refractory_most_x16)
        state[_STANCE_MIN_X16] = max(refractory_x16 * 3 >> 3, self._stance_min_x16)
        state[_FORGET_AT_X16] = x16 + self._stride_max_x16
        state[_IC_X16] = max(x16, 0)
        state[_PEAKS + self._peak_at] = state[_PEAK]
        self._peak_at = (self._peak_at + 1) % 3
        peaks = state[_PEAKS] + state[_PEAKS + 1] + state[_PEAKS + 2]
        state[_THRESHOLD] = max(peaks * 2 // 15, state[_FLOOR])
        state[_CREST_LEVEL_NOW] = min(_CREST_LEVEL, -state[_THRESHOLD] // 3)
        state[_CREST_RATE] = -32768
        state[_DIP_DEEP] = min(-state[_THRESHOLD] * 3 // 4, _DIP_LEAST)
        state[_BRAKING_USUAL] = best >> 1
        state[_STATE] = _STANCE


@micropython.viper
def scan(state: ptr32, samples: ptr32, count: int, now: int) -> int:
    """Looks through `count` samples in common units, the first the `now`-th.  Returns how many it took: all, or up to
    the first with an event, state[FOUND]."""
    sign = state[_SIGN]
    lag = state[_LAG]
    leak = state[_LEAK]
    at = state[_AT]
    rise = state[_RISE] << sign >> sign
    rise1 = state[_RISE1] << sign >> sign
    push = state[_PUSH] << sign >> sign
    mode = state[_STATE]
    threshold = state[_THRESHOLD]
    found = 0
    taken = 0
    k = 0
    while taken < count and found == 0:
        forward = samples[k] << sign >> sign
        axial = samples[k + 1] << sign >> sign
        sagittal = samples[k + 5] << sign >> sign
        rise2 = rise1
        rise1 = rise
        rise = forward - (state[_FORWARD + at] << sign >> sign)
        state[_FORWARD + at] = forward
        at += 1
        if at >= lag:
            at = 0
        push -= leak
        if push < axial:
            push = axial

        if mode == _SWING:
            if sagittal > 0:
                state[_AREA] += sagittal
                if sagittal > state[_PEAK]:
                    state[_PEAK] = sagittal
                if now - state[_SWING_FROM] > state[_SWING_MAX]:
                    mode = _WAIT
            elif state[_AREA] < state[_SWEEP] or now << 4 < (state[_REFRACTORY_UNTIL_X16] << sign >> sign):
                mode = _WAIT
            else:
                mode = _WINDOW
                state[_OPENED_AT] = now
                state[_BEST] = 0
                state[_TOP] = -32768
                state[_LOW] = 0
                found = OPENED
        elif mode == _WINDOW:
            since = now - state[_OPENED_AT]
            if sagittal < state[_LOW] << sign >> sign:
                state[_LOW] = sagittal
                state[_LOW_AT] = now
            if since >= state[_WINDOW_FROM]:
                if rise1 > state[_BEST] and rise1 >= rise2 and rise1 >= rise:
                    state[_BEST] = rise1
                    state[_LEFT] = rise2
                    state[_RIGHT] = rise
                    state[_BEST_AT] = now - 1
                best = state[_BEST]
                if best >= _BRAKING:
                    if forward > (state[_TOP] << sign >> sign):
                        state[_TOP] = forward
                    low = (state[_TOP] << sign >> sign) - _BRAKED
                    if (forward < low and best >= state[_BRAKING_USUAL]) or since >= state[_WINDOW_LENGTH]:
                        found = CONTACT
                elif since >= state[_WINDOW_MAX]:
                    mode = _WAIT
        elif sagittal > threshold:
            mode = _SWING
            state[_SWING_FROM] = now
            state[_AREA] = 0
            state[_PEAK] = 0
        elif mode == _STANCE:
            since = (now << 4) - state[_IC_X16]
            if since < state[_STANCE_MIN_X16]:
                push = axial  # so far it is the impact's
            else:
                crest = state[_CREST_RATE] << sign >> sign
                crest_push = state[_CREST_PUSH] << sign >> sign
                if sagittal > crest:
                    crest = sagittal
                    state[_CREST_AT] = now
                    crest_push = push
                elif push > crest_push:
                    crest_push = push
                state[_CREST_RATE] = crest
                state[_CREST_PUSH] = crest_push
                if sagittal < crest - _CREST and crest > (state[_CREST_LEVEL_NOW] << sign >> sign):
                    if crest_push >= _PUSH_OFF:
                        to_x16 = (state[_CREST_AT] << 4) + state[_CREST_ON_X16]
                        # a crest can be confirmed before the foot is off
                        state[_TO_X16] = to_x16 if to_x16 < now << 4 else now << 4
                        mode = _WAIT
                        found = TOE_OFF
                    else:
                        mode = _DIP
                        state[_DIP_RATE] = sagittal
                elif since > state[_STANCE_MAX_X16]:
                    mode = _WAIT
        elif mode == _DIP:
            dip = state[_DIP_RATE] << sign >> sign
            if sagittal < dip:
                dip = sagittal
                state[_DIP_RATE] = dip
            if sagittal * 10 < dip * 9:
                state[_REGAINED_AT] = now + 1
            elif dip > state[_DIP_DEEP] << sign >> sign:
                if sagittal > state[_CREST_RATE] << sign >> sign:
                    state[_CREST_RATE] = sagittal
                    state[_CREST_AT] = now
                    state[_CREST_PUSH] = push
                    mode = _STANCE
                elif (now << 4) - state[_IC_X16] > state[_STANCE_MAX_X16]:
                    mode = _WAIT
            elif sagittal * 4 > dip * 3:
                to_x16 = state[_REGAINED_AT] << 4
                state[_TO_X16] = to_x16 if to_x16 < now << 4 else now << 4
                mode = _WAIT
                found = TOE_OFF
            elif (now << 4) - state[_IC_X16] > state[_STANCE_MAX_X16]:
                mode = _WAIT
        elif now << 4 > (state[_FORGET_AT_X16] << sign >> sign):
            state[_PEAKS] = 0
            state[_PEAKS + 1] = 0
            state[_PEAKS + 2] = 0
            threshold = state[_FLOOR]
        k += 6
        taken += 1
        now += 1
    state[_AT] = at
    state[_RISE] = rise
    state[_RISE1] = rise1
    state[_PUSH] = push
    state[_STATE] = mode
    state[_THRESHOLD] = threshold
    state[FOUND] = found
    return taken
