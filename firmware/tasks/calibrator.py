# SPDX-License-Identifier: MIT
"""Calibration on the unit, stage by stage as a host asks for it; each ends in a VERDICT record and a buzz.

A calibration that is accepted is kept and begins a strap session.  A session ends with the next calibration, when the
strap is seen to have slipped, and at power-off: after power-on it is unknown (0).  Deep sleep keeps it.
"""

from drivers import ImuError
from kneecore import calibrate, wire
from kneecore.mount import AXES
from kneecore.patterns import OK, STOP
from kneecore.standing import Still
from kneecore.walking import Walk
from tasks import state

CALIBRATION_FILE = "calibration.json"
SESSION_FILE = "session.json"

_NONE, _STILL, _WALK, _REZERO = range(len(wire.STAGES))
_IDLE, _BUSY, _ACCEPTED, _REFUSED = range(len(wire.CALIBRATION_STATES))
_MEASURED = (  # of VERDICT, and attributes of the stages
    ("spread_mdps", "spread_mg", "one_g_pm"),
    ("strides", "stride_ms", "axis_pm", "sign_pm", "impact_pm"),
)
_NO_CALIBRATION = calibrate.fields([0] * 9, [0] * 3, 0, 0, 0, 0)


class Calibrator:
    """`lid`, `top`: see kneecore.calibrate."""

    def __init__(self, imu, sampler, voice, journal, settings, lid, top) -> None:
        self._imu = imu
        self._sampler = sampler
        self._voice = voice
        self._journal = journal
        self._settings = settings
        self._lid = lid
        self._top = top
        self.calibration = state.load(CALIBRATION_FILE, None)
        self.strap_session = 0
        if sampler:
            sampler.on_slip = self._slipped
        self._still: "Still | None" = None  # accepted, waiting for the walk
        self._active: "Still | Walk | None" = None
        self._measured_still_s = self._measured_strides = 0  # of the stage that is over
        self._stage = _NONE
        self._state = _IDLE
        self._side = self._face = 0
        self._temperature_cdeg = wire.UNKNOWN_I16
        self._verdict_seq = 0

    @property
    def busy(self) -> bool:
        return self._active is not None

    def _slipped(self) -> None:
        self.strap_session = 0

    def push(self, calibration) -> None:
        """A calibration made elsewhere; which strapping it is of is not known."""
        state.save(CALIBRATION_FILE, calibration)
        self.calibration = calibration
        self.strap_session = 0

    def begin(self, stage: int, side: int, face: int) -> bool:
        """Start a stage; `none` gives up the one under way.  False: it cannot be started now."""
        self.cancel()
        if stage == _NONE:
            return True
        imu = self._imu
        scales = (imu.rate_hz, imu.acc_lsb_per_g, imu.gyro_lsb_per_10dps, self._settings)
        if stage == _WALK:
            if self._still is None:
                return False
            self._active = Walk(*scales, self._still.up_q14, self._still.bias_mdps)
        elif stage == _STILL or (stage == _REZERO and self.calibration is not None):
            self._still = None
            self._active = Still(*scales)
        else:
            return False
        self._side, self._face = side, face
        self._stage, self._state, self._verdict_seq = stage, _BUSY, 0
        try:
            self._temperature_cdeg = imu.temperature_cdeg()
            self._sampler.watch(self)
        except ImuError:
            self.failed()
            return True
        return True

    def cancel(self) -> None:
        if self._active is None:
            return
        self._active = None
        self._stage, self._state = _NONE, _IDLE
        self._sampler.rest()

    def progress(self):
        """Fields of wire.STAGE."""
        active = self._active
        return {
            "stage": self._stage,
            "state": self._state,
            "still_s": getattr(active, "still_s", 0) if active else self._measured_still_s,
            "strides": getattr(active, "strides", 0) if active else self._measured_strides,
            "verdict_seq": self._verdict_seq,
        }

    # The sampler feeds its watcher.

    def take(self, batch, count: int) -> bool:
        """True when the stage is over."""
        active = self._active
        if active is None:
            return True
        for i in range(count):
            if active.step(batch, AXES * i):
                self._decide(active)
                return True
        return False

    def _decide(self, active) -> None:
        if active.refused:
            self._end(active.refused, 0, _NO_CALIBRATION)
        elif isinstance(active, Walk):
            self._end_walk(active)
        elif self._stage == _STILL:
            self._still = active
            self._end(0, 0, _NO_CALIBRATION)
        else:
            self._end_rezero(active)

    def lost(self) -> None:
        """Samples are missing."""
        if self._active:
            self._active.lost()

    def failed(self) -> None:
        """The sensor does not answer."""
        self._end(wire.refusal("sensor"), 0, _NO_CALIBRATION)

    def _end_walk(self, walk) -> None:
        still = self._still
        if still is None:
            return
        found = calibrate.fields(
            walk.rotation_q14, still.bias_mdps, still.acc_scale_q14, self._side, self._face, self._imu.chip
        )
        refused = calibrate.side_refused(walk.rotation_q14, self._side, self._face, self._lid)
        cautions = calibrate.cautions(walk.rotation_q14, self._face, self._lid, self._top)
        if not refused:
            self.push(found)
            session = state.load(SESSION_FILE, 0) % 0xFFFF + 1
            state.save(SESSION_FILE, session)
            self.strap_session = session
        self._end(refused, cautions, found)
        self._still = None

    def _end_rezero(self, still) -> None:
        """Only the neutral lean changes: the mounting, and with it the strap session, stays."""
        neutral = calibrate.neutral_cdeg(self.calibration, still.up_q14)
        if neutral is None:
            self._end(wire.refusal("tilted"), 0, self.calibration)
            return
        changed = dict(self.calibration)
        changed["neutral_cdeg"] = neutral
        state.save(CALIBRATION_FILE, changed)
        self.calibration = changed
        self._end(0, 0, changed)

    def _end(self, refused: int, cautions: int, calibration) -> None:
        stage = self._stage
        values = dict(calibration)
        for names, measured in zip(_MEASURED, (self._still or self._active, self._active)):
            for name in names:
                values[name] = getattr(measured, name, 0)
        values["stage"] = stage
        values["refused"] = refused
        values["cautions"] = cautions
        values["strap_session"] = self.strap_session
        values["temperature_cdeg"] = self._temperature_cdeg
        self._measured_still_s = getattr(self._active, "still_s", 0)
        self._measured_strides = getattr(self._active, "strides", 0)
        self.cancel()
        self._stage = stage
        self._state = _REFUSED if refused else _ACCEPTED
        self._voice.say(STOP if refused else OK)
        self._verdict_seq = self._journal.record(wire.VERDICT, values)
