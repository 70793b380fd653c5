# SPDX-License-Identifier: MIT
"""From raw counts to strides and cues: the stages in their order, from one event to the next.

    guard (frozen? clipped?) - mount (segment axes) - strike (contact, toe-off) - tilt (gravity) - tally (sums, peaks)
    - rhythm (is it gait?) - stride and strap (the numbers) - gait (run or walk?) - coach (buzz?)

The stages up to tally look at every sample: stages.py.  It stops where something happens, and what that means is
decided here.

The same integers come out on the ESP32, desktop MicroPython and CPython.  `advance` allocates nothing.
Times are in sixteenths of a sample since the first sample.  Limits: an integer rate of 200..1000 Hz, 18 h at 1000 Hz.
"""

from array import array

from . import guard, mount, strike, tally, tilt, wire
from .coach import Coach, Session
from .gait import Gait, Ledger
from .rhythm import STRIDE_MAX_MS, Rhythm
from .seat import Seat
from .settings import Settings
from .stages import Stages
from .strap import Strap
from .stride import Meter, Stride

try:
    import micropython
except ImportError:  # CPython
    from . import _cpython as micropython  # type: ignore[no-redef]

EV_CONTACT = 1  # a contact of a locked gait; `ic_x16`
EV_TOE_OFF = 2  # its toe-off; `to_x16`
EV_STRIDE = 4  # `stride` is complete; several back-dated ones come with the steps that follow
EV_CUE = 8  # buzz now; `cue`
EV_GAP = 16  # data were missing or frozen up to now; `gap_at_x16`, `gap_length`, `gap_reason`
EV_SLIP = 32  # the strap has slipped since the calibration; `slip`

_FROZEN_REASON = wire.GAP_REASONS.index("frozen")
_SLOTS = 4  # two pending strides, the open one, and the one last handed out
_NEVER = (1 << 30) - 1
_SETTLED_TAUS = 3  # the gravity filter after a start in motion or a gap


class Pipeline:
    """One run.  `calibration`: the fields of the wire's CALIBRATE; MountError if it is no rotation.

    `take` a batch, then `advance` until it returns 0.  `sample` counts the samples so far, missing ones included.
    `run_x16`, `walk_x16`, `unsure_x16`, `still_x16` and `gap_samples` x 16 sum to `sample` x 16.
    """

    def __init__(
        self,
        rate_hz: int,
        acc_lsb_per_g: int,
        gyro_lsb_per_10dps: int,
        calibration: "dict[str, int]",
        settings: Settings,
        session: "Session | None" = None,
    ) -> None:
        tau_ms: int = settings.get("filter_tau_ms")
        matrix = mount.fold(calibration, acc_lsb_per_g, gyro_lsb_per_10dps)
        side = 1 if calibration["side"] == mount.LEFT else -1
        self._neutral_cdeg = calibration["neutral_cdeg"]
        self._seat = Seat(rate_hz, acc_lsb_per_g, gyro_lsb_per_10dps, settings, side, matrix)
        self._tally = tally.new_state(rate_hz, STRIDE_MAX_MS * rate_hz // 1000, side)
        self._guard = guard.new_state(rate_hz, acc_lsb_per_g, gyro_lsb_per_10dps)
        self._strike = strike.Strike(rate_hz, settings.get("swing_floor_dps"))
        self._rhythm = Rhythm(rate_hz)
        self._meter = Meter(rate_hz, tau_ms, self._tally)
        self._strap = Strap(rate_hz)
        tilting = tilt.derive(rate_hz, tau_ms, calibration["side"])
        self._stages = Stages(
            self._guard, matrix, self._strike.state, tilting, self._tally, self._seat, self._strap
        )
        self.slip = self._seat.slip
        self._gait = Gait(settings)
        self._ledger = Ledger(self._tally)
        self.coach = Coach(rate_hz, settings, calibration["side"], session)
        self._settle = _SETTLED_TAUS * tau_ms * rate_hz // 1000
        self._settled_at = self._settle
        # Strides in order of time, a ring: `ready` to be handed out, `pending` until the rhythm locks on, an open one
        self._strides = [Stride() for _ in range(_SLOTS)]
        self._first = self._ready = self._pending = self._flags_next = 0
        self._open = self._started = self._frozen = False
        self._singly = True  # one sample a stretch: at the start, while strides are ready or data frozen
        self._due = _NEVER  # a stretch must not go beyond the sample before this one: something is due there
        self._frozen_from = 0
        self.ic_x16 = self.to_x16 = 0
        self.stride = self._strides[0]
        self.cue = self.coach.cue
        self.gap_at_x16 = self.gap_length = self.gap_reason = 0

    @property
    def sample(self) -> int:
        """Samples so far, missing ones included."""
        return self._stages.sample

    @property
    def run_x16(self) -> int:
        """Running so far."""
        return self._ledger.run_x16

    @property
    def walk_x16(self) -> int:
        """Walking so far."""
        return self._ledger.walk_x16

    @property
    def still_x16(self) -> int:
        """Standing so far."""
        return self._ledger.still_x16

    @property
    def unsure_x16(self) -> int:
        """Neither of them for sure, so far."""
        return self._ledger.unsure_x16(self.sample)

    @property
    def gap_samples(self) -> int:
        """Missing or frozen so far."""
        return self._ledger.gap_samples

    def lean_cdeg(self) -> int:
        """Lean at the last sample."""
        return tilt.lean_cdeg(self._stages.gravity, self._neutral_cdeg)

    def sagittal_rate(self) -> int:
        """Rate about z at the last sample, 16 LSB per deg/s, positive when the shank swings forward."""
        return self._stages.sagittal_rate()

    @property
    def seen(self) -> int:
        """Bits of guard.py of the last sample."""
        return self._stages.seen

    @micropython.native
    def take(self, batch: "array[int]", first: int, count: int) -> None:
        """Go on with `count` samples of array('h') `batch`, six counts each, from its `first` on (in samples).

        The batch must not change, nor `gap` or `finish` be called, until `advance` returned 0.
        """
        self._stages.take(batch, first, count)

    def step(self, batch: "array[int]", offset: int) -> int:
        """Event bits of the one sample at batch[offset]."""
        self.take(batch, offset // mount.AXES, 1)
        return self.advance()

    @micropython.native
    def advance(self) -> int:
        """Event bits of the next sample that has any; 0 when the batch is used up."""
        event = 0
        stages = self._stages
        while stages.left and not event:
            if stages.look() or self._singly:
                event = self._single()
            else:
                event = self._stretch(stages.ready)
            if self._ready:
                event |= self._hand_out()
        return event

    @micropython.native
    def _single(self) -> int:
        """One sample, which may be frozen, or the first after that, or the first of all."""
        now = self.sample
        if self._stages.frozen:
            self._stages.skip(1)
            if not self._frozen:
                self._freeze(now)
            return 0
        self._singly = False
        event = self._thaw(now) if self._frozen else 0
        return event | self._stretch(1)

    @micropython.native
    def _stretch(self, count: int) -> int:
        """`count` samples, none of them frozen, or fewer: up to the first at which something happens."""
        stages = self._stages
        until_due = self._due - stages.sample
        if count > until_due:
            count = until_due
        resting = not self._rhythm.locked
        if resting and count > self._seat.left:
            count = self._seat.left
        found = stages.stretch(count, resting)
        if found or stages.sample == self._due:
            return self._happen(found)
        if self._meter.recording:
            self._meter.keep_lean(stages.up, 0, stages.count, self._neutral_cdeg)
        return 0

    def _happen(self, found: int) -> int:
        """What is due at the last sample of a stretch: the end of the peaks, an event found, a contact overdue."""
        event = 0
        now = self.sample - 1
        up = self._stages.up
        last = self._stages.count - 1
        meter = self._meter
        if meter.peak_until == now:
            meter.peak()
        if meter.recording:
            meter.keep_lean(up, 0, last, self._neutral_cdeg)
        if found:
            event = self._found(now, found)
        if meter.recording:
            meter.keep_lean(up, last, 1, self._neutral_cdeg)
        if self._rhythm.overdue(now):
            self._let_go()
        self._due = self._rhythm.overdue_at + 1
        if now < meter.peak_until < self._due:
            self._due = meter.peak_until + 1
        return event

    @property
    def frozen_for(self) -> int:
        """Samples of the gap that goes on because the data are frozen, 0 if there is none."""
        return self.sample - self._frozen_from if self._frozen else 0

    def shaking(self, until: int) -> None:
        """The unit's own motor shakes it from the next sample on until that one: no impact is measured meanwhile."""
        self._meter.shaking(self.sample, until)

    def gap(self, samples: int, reason: int) -> int:
        """`samples` are missing before the next one (reason: index of wire.GAP_REASONS).  Breaks the stride."""
        at = self._frozen_from if self._frozen else self.sample
        self._frozen = False
        self._stages.sample += samples
        guard.reset(self._guard)
        self._break(self.sample)
        return self._note_gap(at, self.sample - at, reason) | self._hand_out()

    def finish(self) -> int:
        """The run is over: hands out the open stride.  Call until it returns 0."""
        event = self._thaw(self.sample) if self._frozen else 0
        self._let_go()
        return event | self._hand_out()

    def _found(self, now: int, found: int) -> int:
        if found == strike.OPENED:
            self._meter.open(now)
            return 0
        if found == strike.CONTACT:
            self._strike.contact()
            event = self._contact()
            return EV_CONTACT | event if self._rhythm.locked else 0
        if not self._open:  # the toe-off of a stance that was given up
            return 0
        self.to_x16 = self._strike.to_x16
        self._meter.toe_off(self.to_x16)
        self._strap.toe_off(self.to_x16 >> 4)
        if not self._rhythm.locked:
            return 0
        if self.coach.toe_off(now, self.ic_x16, self.to_x16):
            return EV_TOE_OFF | EV_CUE
        return EV_TOE_OFF

    def _contact(self) -> int:
        """The open stride is complete, the next one begins.  EV_SLIP if it shows that, else 0."""
        self.ic_x16 = ic_x16 = self._strike.ic_x16
        interval_x16 = self._rhythm.contact(ic_x16)
        last = self._slot()
        if self._open:
            self._pending += 1
        begun = self._slot()
        begun.begin(ic_x16, self._flags_next)
        self._flags_next = 0
        begun.still_x16 = self._ledger.still_x16
        self._meter.contact(begun)
        straight = (
            self._open and self._rhythm.locked and self._rhythm.regular and not last.flags & wire.FLAG_TURN
        )
        if (
            ic_x16 >> 4 < self._settled_at != self._settle
        ):  # after missing samples: where gravity is, is not known
            straight = False
        slipped = self._seat.stride(self._stages.gravity, interval_x16, straight)
        if self._open:
            self._close(last, interval_x16)
            if self._rhythm.locked:
                self._confirm()
            elif self._pending == 2:  # an odd interval: what came before it is no part of the rhythm
                self._pending = 1
                self._first = (self._first + 1) % _SLOTS
        self._strap.contact(ic_x16 >> 4)
        self._open = True
        if slipped:
            self.coach.slipped()
        return EV_SLIP if slipped else 0

    def _slot(self) -> Stride:
        """The one after those ready and pending."""
        return self._strides[(self._first + self._ready + self._pending) % _SLOTS]

    def _close(self, stride: Stride, interval_x16: int) -> None:
        stride.end(interval_x16)
        stride.regular = self._rhythm.regular
        stride.still_x16 = self._ledger.still_x16 - stride.still_x16 if interval_x16 else 0
        stride.shake_percent = self._strap.shake_percent
        if self._strap.loose or self.slip.slipped:
            stride.flags |= wire.FLAG_STRAP_LOOSE
        if self._tally[tally.TURN_LOST_AT] >= 0:
            self._settled_at = max(self._settled_at, self._tally[tally.TURN_LOST_AT] + self._settle)
        if stride.ic_x16 >> 4 < self._settled_at or self._seat.surprised:
            stride.flags |= wire.FLAG_BIAS

    def _confirm(self) -> None:
        """All pending strides are gait: label them, account for them, let the coach see them.

        All are noted before the first is labelled, so that back-dated strides get the label they led to.
        """
        first = self._first + self._ready
        count = self._pending
        self._pending = 0
        self._ready += count
        for i in range(first, first + count):
            stride = self._strides[i % _SLOTS]
            length_x16 = stride.stride_x16 or self._rhythm.expected_x16
            stride.gait = self._gait.note(length_x16, stride.contact_x16, stride.axial_mg)
        for i in range(first, first + count):
            stride = self._strides[i % _SLOTS]
            if count > 1:
                stride.flags |= wire.FLAG_BACKDATED
            stride.judge()
            stride.gait = self._gait.label(stride.gait)
            self._ledger.stride(stride.gait, stride.stride_x16, stride.still_x16)
            self.coach.stride(stride)
            stride.cue_state = self.coach.state

    def _let_go(self) -> None:
        """No contact follows: close the open stride, without a length, and forget what was pending."""
        if not self._open:
            return
        self._meter.stop()
        if self._rhythm.locked:
            self._close(self._slot(), 0)
            self._pending += 1
            self._confirm()
        self._pending = 0
        self._open = False
        self._rhythm.lost()
        self._gait.reset()

    def _break(self, resumed: int) -> None:
        """Data are missing up to the sample `resumed`."""
        self._let_go()
        self._strike.reset()
        self._seat.moved()
        self._settled_at = resumed + self._settle
        self._flags_next = wire.FLAG_GAP_BEFORE
        self._due = _NEVER

    def _freeze(self, now: int) -> None:
        """The sample `now`, the last one seen, shows that nothing has changed for long.

        Where it is one axis alone, strides may have been told since it stopped: the gap begins here.
        """
        samples = 0 if self._stages.seen & guard.STUCK else self._guard[guard.FROZEN_FROM]
        self._frozen = self._singly = True
        self._frozen_from = now - samples
        self._ledger.take_back(now, samples)
        self._break(now)

    def _thaw(self, resumed: int) -> int:
        self._frozen = False
        self._settled_at = resumed + self._settle
        return self._note_gap(self._frozen_from, resumed - self._frozen_from, _FROZEN_REASON)

    def _note_gap(self, at: int, samples: int, reason: int) -> int:
        self._ledger.gap(samples)
        self.gap_at_x16 = at << 4
        self.gap_length = samples
        self.gap_reason = reason
        return EV_GAP

    def _hand_out(self) -> int:
        if not self._ready:
            return 0
        self.stride = self._strides[self._first]
        self._first = (self._first + 1) % _SLOTS
        self._ready -= 1
        if self._ready:
            self._singly = True
        return EV_STRIDE
