# SPDX-License-Identifier: MIT
"""When to buzz: one engine for every rule of rules.py, decided at toe-off from the stride that this contact completed.

State of a stride, the first that applies (wire.CUE_STATES):

    off        the rule is off
    suspended  a pain mark; until resume, or a run started by hand
    muted      until resume or the next run
    refused    lean, and the strapping is unknown or has slipped, or the kept baseline is another runner's
    baseline   `baseline_strides` steady run strides
    anchoring  lean with a kept baseline: `lean_anchor_s` of running give the mean of this strapping
    faded      a block of the programme without cues
    holdoff    `cue_holdoff_strides` run strides after a cue
    armed      else

Only strides labelled run, of known length, enough confidence and without the rule's barred flags are seen; walking or
missing data empty the window of n.  The band's default is 2 SD: of strides that do not hang together, 3 of 5 fires 10
times in 5 minutes of unchanged running at 1 SD, and 0.03 times at 2 SD.  A mute goes on measuring; after a pain mark
nothing is, a painful gait is no baseline.
"""

from array import array

from . import wire
from .baseline import Anchor, Baseline, Kept
from .gait import RUN, WALK
from .programme import Plan, Progress
from .pulse import Pulse
from .rules import CADENCE, DECREASE, INCREASE, LEAN, METRONOME, NONE, RULES, UNKNOWN, may, part
from .rules import OFF as RULE_OFF
from .settings import Settings
from .stride import Stride

try:
    import micropython
except ImportError:  # CPython
    from . import _cpython as micropython  # type: ignore[no-redef]

OFF, BASELINE, ARMED, HOLDOFF, MUTED, SUSPENDED, REFUSED, ANCHORING, FADED = range(
    9
)  # index of wire.CUE_STATES
_BANDWIDTH, _EVERY_STEP, _EVERY_KTH, _SUMMARY = range(4)  # cue_mode
_NEVER_STEADY = wire.FLAG_TURN | wire.FLAG_GAP_BEFORE
_FINAL_S = 10  # a pain mark can be taken back so long


class Session:
    """What a run starts with beside settings and calibration.  `kept`: a baseline.Kept, `plan`: a programme.Plan."""

    def __init__(
        self,
        runner: int = 0,
        strap_session: int = 0,
        kept: "tuple[int, ...] | None" = None,
        plan: "tuple[int, ...] | None" = None,
        muted: bool = False,
        suspended: bool = False,
    ) -> None:
        self.runner = runner
        self.strap_session = strap_session
        self.kept = Kept(*kept) if kept else None
        self.plan = Plan(*plan) if plan else None
        self.muted = muted
        self.suspended = suspended


class Cue:
    """The fields of wire.CUE without its key, and `pulses`: 1, or 2 of `pulse_ms` each for the other way."""

    def __init__(self) -> None:
        self.ic_x16 = self.to_x16 = self.command_x16 = 0
        self.rule = RULE_OFF
        self.direction = NONE
        self.value = self.target = self.band = 0
        self.pulse_ms = self.rise_ms = 0
        self.pulses = 1


class Coach:
    """Feed `stride` with every stride, in order, and ask `toe_off` whether to buzz; then `cue` says how.

    `side`: of the leg, index of wire.SIDES.  A stride is any object with the fields of wire.STRIDE.
    """

    def __init__(
        self, rate_hz: int, settings: Settings, side: int = 0, session: "Session | None" = None
    ) -> None:
        get = settings.get
        session = session or Session()
        number = get("cue_rule")
        self.cue = Cue()
        self.cue.rule = number
        self.muted = session.muted
        self.suspended = session.suspended
        self.asked = NONE  # what the last stride asked for; NONE as well when it did not count
        self.progress = Progress(session.plan, rate_hz) if session.plan else None
        self._rate_hz = rate_hz
        self._centi_steps_x16 = 120 * 100 * 16 * rate_hz  # / stride_x16 = cadence
        self._rule = rule = RULES.get(number, RULES[CADENCE])
        self._value = rule.value
        self._offset: int = get(rule.offset)
        self._band: int = get(rule.band)
        self._may_increase, self._may_decrease = may(rule, get("cue_side"), self._offset)
        self._mode: int = get("cue_mode")
        self._m: int = get("cue_m")
        self._every: int = get("cue_every")
        self._summary_x16 = 16 * rate_hz * get("cue_summary_s")
        self._holdoff: int = get("cue_holdoff_strides")
        self._confidence_min: int = get("confidence_min")
        self._pulse = Pulse(rate_hz, rule, settings)
        self._window = array("b", [0] * get("cue_n"))  # direction each stride asked for, a ring
        self._at = 0
        self._left = 0  # of the hold-off
        self._out = 0  # strides out of band since the last cue
        self._total = self._strides = self._ran_x16 = 0  # since the last summary
        self._due = NONE
        self._pain_at = -1  # sample of a pain mark that can be taken back
        self._running = False
        self._mean = self._sd = 0  # of the baseline once it is known
        self._whose = (number, session.runner, side, session.strap_session)
        self._begin(number, session, settings)

    def _begin(self, number: int, session: Session, settings: Settings) -> None:
        """What is measured first, if anything: `_phase`."""
        kept = session.kept
        if kept and kept.rule != number:
            kept = None
        own = kept and kept.runner == session.runner and kept.side == self._whose[2]
        self._refused = number == LEAN and (session.strap_session == 0 or bool(kept and not own))
        beat_cspm = settings.get("metronome_cspm") if number == METRONOME else 0
        self._phase = OFF if number == RULE_OFF else BASELINE
        self._baseline = Baseline(self._rule, settings.get("baseline_strides") if self._phase else 0)
        self._anchor = Anchor(self._rate_hz, settings.get("lean_anchor_s"))
        if beat_cspm:
            self._offset = 0
            self._arm(beat_cspm, 0)
            self._mean = 0  # a tempo is no baseline
        elif kept and own and number == LEAN:
            self._baseline.sd = kept.sd
            self._phase = ANCHORING
        elif kept and own and session.plan:  # its target stands still over the whole programme
            self._arm(kept.mean, kept.sd)

    @property
    def state(self) -> int:
        if self._phase == OFF:
            return OFF
        if self.suspended:
            return SUSPENDED
        if self.muted:
            return MUTED
        if self._refused:
            return REFUSED
        if self._phase < ARMED or self._phase == ANCHORING:
            return self._phase
        if self.progress and not self.progress.cueing:
            return FADED
        return self._phase

    @property
    def kept(self) -> "Kept | None":
        """The baseline to keep for later runs; None before it is known."""
        return Kept(*self._whose, self._mean, self._sd) if self._mean or self._sd else None

    @property
    def beat_cspm(self) -> int:
        """Tempo of the metronome now, 0 without one."""
        if self.cue.rule == METRONOME and self._running and self.state == ARMED:
            return self.cue.target
        return 0

    def pain(self, now: int) -> None:
        """The runner marks pain at the sample `now`: no cue until `resume`, or `take_back` within 10 s."""
        if not self.suspended:
            self._pain_at = now
        self.suspended = True
        self.forget()

    def take_back(self, now: int) -> bool:
        """The mark was a mistake; False when it is final, or there was none in this run."""
        if self._pain_at < 0 or now - self._pain_at > _FINAL_S * self._rate_hz:
            return False
        self._pain_at = -1
        self.suspended = False
        return True

    def mute(self) -> None:
        self.muted = True
        self.forget()

    def resume(self) -> None:
        """The host switches cues on again."""
        self.muted = self.suspended = False
        self._pain_at = -1

    def slipped(self) -> None:
        """The strap is not where it was calibrated."""
        self._refused = self.cue.rule == LEAN

    def forget(self) -> None:
        """Data are missing, or the runner walks: what was seen of the form is out of date."""
        self._due = NONE
        self._running = False
        self._out = 0
        self._pulse.forget()
        for i in range(len(self._window)):
            self._window[i] = NONE

    @micropython.native
    def stride(self, stride: Stride) -> None:
        self._due = self.asked = NONE
        if self._phase == OFF:
            return
        if stride.gait == WALK or stride.stride_x16 == 0 or stride.flags & wire.FLAG_GAP_BEFORE:
            self.forget()
        if stride.gait != RUN or stride.stride_x16 == 0:
            self._running = False
            return
        self._running = True
        if self.progress and not (self.muted or self.suspended or self._refused):
            self.progress.ran(stride.stride_x16, self._phase == ARMED or self._phase == HOLDOFF)
        if stride.confidence < self._confidence_min:
            return
        self._pulse.stride(stride.stride_x16)
        if self._refused or stride.flags & self._rule.barred:
            return
        value = self._value(stride, self._centi_steps_x16)
        if value == UNKNOWN:
            return
        if self._phase == BASELINE or self._phase == ANCHORING:
            if not self.suspended and not stride.flags & _NEVER_STEADY:
                self._measure(value, stride.stride_x16)
            return
        self._judge(value, stride.stride_x16)

    def _measure(self, value: int, stride_x16: int) -> None:
        baseline = self._baseline
        if self._phase == BASELINE:
            if baseline.add(value):
                self._arm(baseline.mean, baseline.sd)
        elif self._anchor.add(value, stride_x16):
            self._arm(self._anchor.mean, baseline.sd)

    def _arm(self, mean: int, sd: int) -> None:
        rule = self._rule
        self.cue.target = mean + part(rule, mean, self._offset)
        if self._band:
            self.cue.band = part(rule, mean, self._band)
        else:
            self.cue.band = max(2 * sd, part(rule, mean, rule.band_least))
        self._mean = mean
        self._sd = sd
        self._phase = ARMED

    @micropython.native
    def _judge(self, value: int, stride_x16: int) -> None:
        """A stride that counts, with target and band known."""
        self.cue.value = value
        self.asked = asked = self._asks(value)
        if self.progress and not (self.muted or self.suspended):
            self.progress.count(value, asked == NONE)
        self._window[self._at] = asked
        self._at = (self._at + 1) % len(self._window)
        if self._phase == HOLDOFF:
            if self._left > 0:
                self._left -= 1
                return
            self._phase = ARMED
        if self.cue.rule == METRONOME:
            return
        due = self._wants(value, stride_x16)
        if self.state == ARMED:
            self._due = due

    def _asks(self, value: int) -> int:
        cue = self.cue
        if value < cue.target - cue.band and self._may_increase:
            return INCREASE
        if value > cue.target + cue.band and self._may_decrease:
            return DECREASE
        return NONE

    def _wants(self, value: int, stride_x16: int) -> int:
        """The correction to tell after this stride, as the mode has it."""
        asked = self.asked
        if self._mode == _SUMMARY:
            return self._summarise(value, stride_x16)
        if not asked:
            return NONE
        if self._mode == _EVERY_STEP:
            return asked
        if self._mode == _EVERY_KTH:
            self._out += 1
            return asked if self._out >= self._every else NONE
        return asked if self._count(asked) >= self._m else NONE

    def _summarise(self, value: int, stride_x16: int) -> int:
        self._total += value
        self._strides += 1
        self._ran_x16 += stride_x16
        if self._ran_x16 < self._summary_x16:
            return NONE
        self.cue.value = mean = self._total // self._strides
        self._total = self._strides = self._ran_x16 = 0
        return self._asks(mean)

    def _count(self, direction: int) -> int:
        count = 0
        for i in range(len(self._window)):
            if self._window[i] == direction:
                count += 1
        return count

    def toe_off(self, now: int, ic_x16: int, to_x16: int) -> bool:
        """True: buzz `cue.pulses` times for `cue.pulse_ms`."""
        if self._due == NONE or not self._pulse.fits(self.cue, self._due, now, ic_x16):
            return False
        cue = self.cue
        cue.ic_x16 = ic_x16
        cue.to_x16 = to_x16
        cue.command_x16 = now << 4
        self.cued()
        return True

    def cued(self) -> None:
        """A cue is given: the hold-off begins.  For whoever follows a unit's records and decides nothing."""
        self._due = NONE
        self._out = 0
        if self._mode == _BANDWIDTH:
            self._left = self._holdoff
            self._phase = HOLDOFF
        if self.progress:
            self.progress.cues += 1

    def session(self) -> "dict[str, int] | None":
        """The fields of wire.SESSION without its key; None outside a programme."""
        if not self.progress:
            return None
        cue = self.cue
        return self.progress.values(cue.rule, self._mean, cue.target, cue.band)
