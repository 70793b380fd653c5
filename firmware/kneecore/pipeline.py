# SPDX-License-Identifier: MIT
"""From raw counts to strides and cues: the stages in their order, one sample per call.

    guard (frozen? clipped?) - mount (segment axes) - tilt (gravity) - strike (contact, toe-off) - rhythm (is it gait?)
    - stride and strap (the numbers) - gait (run or walk?) - coach (buzz?)

The same integers come out on the ESP32, desktop MicroPython and CPython.  `step` allocates nothing after construction.
Times are in sixteenths of a sample since the first sample.  Limits: an integer rate of 200..1000 Hz, 18 h at 1000 Hz.
"""

from array import array

from . import mount, tilt, wire
from .coach import Coach
from .gait import Gait, Ledger
from .guard import CLIPPED, FROZEN, Guard
from .rhythm import Rhythm
from .settings import Settings
from .strap import Strap
from .stride import Meter, Stride
from .strike import CONTACT, OPENED, Strike

try:
    import micropython
except ImportError:  # CPython
    from . import _cpython as micropython  # type: ignore[no-redef]

EV_CONTACT = 1  # a contact of a locked gait; `ic_x16`
EV_TOE_OFF = 2  # its toe-off; `to_x16`
EV_STRIDE = 4  # `stride` is complete; several back-dated ones come with the steps that follow
EV_CUE = 8  # buzz now; `cue`
EV_GAP = 16  # data were missing or frozen up to now; `gap_at_x16`, `gap_length`, `gap_reason`

_FROZEN_REASON = wire.GAP_REASONS.index("frozen")
_SLOTS = 4  # two pending strides, the open one, and the one last handed out
_MOVING = 30 * 16  # 30 deg/s about any axis
_SETTLED_TAUS = 3  # the gravity filter after a start in motion or a gap


class Pipeline:
    """One run.  `calibration`: the fields of the wire's CALIBRATE; MountError if it is no rotation.

    `sample` counts the samples so far, missing ones included; `seen` has the bits that guard.py gave the last one.
    `run_x16`, `walk_x16`, `unsure_x16`, `still_x16` and `gap_samples` x 16 sum to `sample` x 16.
    """

    def __init__(
        self,
        rate_hz: int,
        acc_lsb_per_g: int,
        gyro_lsb_per_10dps: int,
        calibration: "dict[str, int]",
        settings: Settings,
    ) -> None:
        tau_ms: int = settings.get("filter_tau_ms")
        self._matrix = mount.fold(calibration, acc_lsb_per_g, gyro_lsb_per_10dps)
        self._side = 1 if calibration["side"] == mount.LEFT else -1
        self._neutral_cdeg = calibration["neutral_cdeg"]
        self._tilt = tilt.derive(rate_hz, tau_ms, self._side)
        self._gravity = tilt.new_state()
        self._six = array("i", [0] * mount.AXES)
        self._guard = Guard(rate_hz, acc_lsb_per_g)
        self._strike = Strike(rate_hz, settings.get("swing_floor_dps"))
        self._rhythm = Rhythm(rate_hz)
        self._meter = Meter(rate_hz)
        self._strap = Strap(rate_hz)
        self._gait = Gait(settings)
        self._ledger = Ledger(rate_hz)
        self._coach = Coach(rate_hz, settings)
        self._settle = _SETTLED_TAUS * tau_ms * rate_hz // 1000
        self._settled_at = self._settle
        # Strides in order of time, a ring: `ready` to be handed out, `pending` until the rhythm locks on, an open one
        self._strides = [Stride() for _ in range(_SLOTS)]
        self._first = self._ready = self._pending = 0
        self._open = False
        self._flags_next = 0
        self._started = False
        self._frozen = False
        self._frozen_from = 0
        self.sample = self.seen = 0
        self.ic_x16 = self.to_x16 = 0
        self.stride = self._strides[0]
        self.cue = self._coach.cue
        self.gap_at_x16 = self.gap_length = self.gap_reason = 0

    @property
    def run_x16(self) -> int:
        return self._ledger.run_x16

    @property
    def walk_x16(self) -> int:
        return self._ledger.walk_x16

    @property
    def still_x16(self) -> int:
        return self._ledger.still_x16

    @property
    def unsure_x16(self) -> int:
        return self._ledger.unsure_x16(self.sample)

    @property
    def gap_samples(self) -> int:
        return self._ledger.gap_samples

    def lean_cdeg(self) -> int:
        """Lean at the last sample."""
        return tilt.lean_cdeg(self._gravity, self._neutral_cdeg)

    def sagittal_rate(self) -> int:
        """Rate about z at the last sample, 16 LSB per deg/s, positive when the shank swings forward."""
        return self._six[5]

    @micropython.native
    def step(self, batch: "array[int]", offset: int) -> int:
        """One sample: counts ax ay az gx gy gz at batch[offset].  Returns event bits, mostly 0."""
        now = self.sample
        self.sample = now + 1
        self.seen = seen = self._guard.step(batch, offset)
        if seen & FROZEN:
            return self._freeze(now)
        event = self._thaw(now) if self._frozen else 0
        six = self._six
        mount.apply(self._matrix, batch, offset, six)
        gravity = self._gravity
        if self._started:
            tilt.step(gravity, self._tilt, six)
        else:
            tilt.start(gravity, self._tilt, six)
            self._started = True
        x = six[3]
        y = six[4]
        z = six[5]
        moving = x > _MOVING or x < -_MOVING or y > _MOVING or y < -_MOVING or z > _MOVING or z < -_MOVING
        self._ledger.sample(now, moving)
        # Rate at which z turns about the vertical, 4 LSB per deg/s.  The rate about z itself is left out: in a
        # closed leg cycle the whole rate about gravity has a mean of its own (the cone it describes), this has none.
        # Gravity at 2^10 per g, so each product is below 2^27.
        yaw = (x * (gravity[0] >> 14) + y * (gravity[1] >> 14)) * self._side >> 12
        self._meter.step(now, six, yaw, seen & CLIPPED)
        self._strap.step(now, six)
        found = self._strike.step(now, z, six[0], six[1])
        if found:
            event |= self._found(now, found)
        if self._meter.recording:
            self._meter.keep_lean(tilt.lean_cdeg(gravity, self._neutral_cdeg))
        if self._rhythm.overdue(now):
            self._let_go()
        return event | self._hand_out()

    def gap(self, samples: int, reason: int) -> int:
        """`samples` are missing before the next one (reason: index of wire.GAP_REASONS).  Breaks the stride."""
        at = self._frozen_from if self._frozen else self.sample
        self._frozen = False
        self.sample += samples
        self._guard.reset()
        self._break(self.sample)
        return self._note_gap(at, self.sample - at, reason) | self._hand_out()

    def finish(self) -> int:
        """The run is over: hands out the open stride.  Call until it returns 0."""
        event = self._thaw(self.sample) if self._frozen else 0
        self._let_go()
        return event | self._hand_out()

    def _found(self, now: int, found: int) -> int:
        if found == OPENED:
            self._meter.open(now)
            return 0
        if found == CONTACT:
            self._contact()
            return EV_CONTACT if self._rhythm.locked else 0
        if not self._open:  # the toe-off of a stance that was given up
            return 0
        self.to_x16 = self._strike.to_x16
        self._meter.toe_off(self.to_x16)
        if not self._rhythm.locked:
            return 0
        if self._coach.toe_off(now, self.ic_x16, self.to_x16):
            return EV_TOE_OFF | EV_CUE
        return EV_TOE_OFF

    def _contact(self) -> None:
        """The open stride is complete, the next one begins."""
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
        if self._open:
            self._close(last, interval_x16)
            if self._rhythm.locked:
                self._confirm()
            elif self._pending == 2:  # an odd interval: what came before it is no part of the rhythm
                self._pending = 1
                self._first = (self._first + 1) % _SLOTS
        self._strap.contact(ic_x16 >> 4)
        self._open = True

    def _slot(self) -> Stride:
        """The one after those ready and pending."""
        return self._strides[(self._first + self._ready + self._pending) % _SLOTS]

    def _close(self, stride: Stride, interval_x16: int) -> None:
        stride.stride_x16 = interval_x16
        stride.regular = self._rhythm.regular
        stride.still_x16 = self._ledger.still_x16 - stride.still_x16 if interval_x16 else 0
        stride.shake_percent = self._strap.shake_percent
        if self._strap.loose:
            stride.flags |= wire.FLAG_STRAP_LOOSE
        if stride.ic_x16 >> 4 < self._settled_at:
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
            self._coach.stride(stride)
            stride.cue_state = self._coach.state

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
        self._coach.forget()

    def _break(self, resumed: int) -> None:
        """Data are missing up to the sample `resumed`."""
        self._let_go()
        self._strike.reset()
        self._settled_at = resumed + self._settle
        self._flags_next = wire.FLAG_GAP_BEFORE

    def _freeze(self, now: int) -> int:
        if not self._frozen:
            self._frozen = True
            self._frozen_from = now + 1 - self._guard.frozen_for
            self._ledger.take_back(now, now - self._frozen_from)
            self._break(now)
        return self._hand_out()

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
        return EV_STRIDE
