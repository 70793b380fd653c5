# SPDX-License-Identifier: MIT
"""Commands of a host to the whole unit: those of commands.py, and all that runs, calibrates, sets and buzzes."""

from kneecore import mount, wire
from kneecore.patterns import PATTERNS
from kneecore.programme import ProgrammeError
from kneecore.settings import TABLE, SettingError, Settings
from tasks import state
from tasks.commands import Commands, Refused
from tasks.runs import HOST, MUTE, PAIN, RESUME, TAKEN_BACK, Busy, NotReady

SETTINGS_FILE = "settings.json"
_LATER_FIELDS = ("runner", "pattern", "at_us", "error_us")  # an older host does not send them
_CALIBRATION_FIELDS = wire.CALIBRATE.names[1:]


class Control(Commands):
    def __init__(
        self, unit_id, radio, journal, log, imu, voice, clock, settings, calibrator, coaching, runs, health
    ) -> None:
        super().__init__(unit_id, radio, journal, log, imu, clock, health)
        self._voice = voice
        self._settings = settings
        self._calibrator = calibrator
        self._coaching = coaching
        self._runs = runs
        self._notes = {
            PAIN: runs.pain,
            TAKEN_BACK: runs.take_back,
            MUTE: runs.mute,
            RESUME: runs.resume,
        }
        self._handlers.update({
            wire.GET.code: self._get,
            wire.SET.code: self._set,
            wire.CALIBRATE.code: self._calibrate,
            wire.RUN.code: self._run,
            wire.HALT.code: self._halt,
            wire.BUZZ.code: self._buzz,
            wire.TIME.code: self._time,
            wire.NOTE.code: self._note,
            wire.BEGIN.code: self._begin,
            wire.PROGRESS.code: self._progress,
            wire.PRESCRIBE.code: self._prescribe,
            wire.READ_PLAN.code: self._read_plan,
            wire.FORGET.code: self._forget,
            wire.ERASE.code: self._erase,
        })  # fmt: skip

    def _running(self) -> bool:
        return self._runs.running

    def _complete(self, values) -> None:
        for name in _LATER_FIELDS:
            if values.get(name, 0) is None:
                values[name] = 0

    def _status_of(self, error) -> int:
        if isinstance(error, (SettingError, ProgrammeError)):
            return wire.BAD_VALUE
        if isinstance(error, Busy):
            return wire.BUSY
        if isinstance(error, NotReady):
            return wire.BAD_STATE
        return super()._status_of(error)

    def _get(self, values) -> bytes:
        return _i32(self._settings.get(values["setting"]))

    def _set(self, values) -> bytes:
        self._settings.set(values["setting"], values["value"])
        state.save(SETTINGS_FILE, {setting.name: self._settings.get(setting.name) for setting in TABLE})
        return _i32(self._settings.get(values["setting"]))

    def _calibrate(self, values) -> None:
        calibration = {name: values[name] for name in _CALIBRATION_FIELDS}
        self._refuse_unless_idle()
        if mount.problem(calibration):
            raise Refused(wire.BAD_VALUE)
        self._calibrator.push(calibration)

    def _begin(self, values) -> None:
        if values["stage"] >= len(wire.STAGES) or values["face"] >= len(wire.FACES):
            raise Refused(wire.BAD_VALUE)
        if values["side"] not in (mount.LEFT, mount.RIGHT):
            raise Refused(wire.BAD_VALUE)
        if self._imu is None or self._runs.running:
            raise Refused(wire.BAD_STATE)
        if not self._calibrator.begin(values["stage"], values["side"], values["face"]):
            raise Refused(wire.BAD_STATE)

    def _progress(self, values) -> bytes:
        return wire.payload(wire.STAGE, self._calibrator.progress())

    def _refuse_unless_idle(self) -> None:
        if self._runs.running or self._calibrator.busy:
            raise Refused(wire.BAD_STATE)

    def _run(self, values) -> bytes:
        seq = self._runs.start(HOST, values["runner"])
        self._time(values)
        return _i32(seq)

    def _halt(self, values) -> bytes:
        if not self._runs.running:
            raise Refused(wire.BAD_STATE)
        return _i32(self._runs.stop(HOST))

    def _buzz(self, values) -> bytes:
        number = values["pattern"]
        if number > len(PATTERNS):
            raise Refused(wire.BAD_VALUE)
        return _i32(self._voice.host(PATTERNS[number - 1] if number else (values["pulse_ms"],)))

    def _prescribe(self, values) -> None:
        self._refuse_unless_idle()  # a run's session ends by the programme it began with
        self._coaching.prescribe(values["runner"], values["next"], values["sessions"])

    def _read_plan(self, values) -> bytes:
        return wire.payload(wire.PLAN, self._coaching.plan(self._settings.get("cue_rule")))

    def _erase(self, values) -> bytes:
        """Not all of it need be gone at once: the answer is the oldest record that is left, and the host asks again."""
        self._refuse_unless_idle()
        self._log.erase(min(values["to_seq"], self._log.next_seq - 1))
        return _i32(self._log.first_seq)

    def _forget(self, values) -> None:
        self._radio.door.forget_peer()  # shown out once it has its answer

    def _time(self, values) -> None:
        self._journal.record(wire.ANCHOR, {name: values[name] for name in ("utc_us", "at_us", "error_us")})

    def _note(self, values) -> None:
        if values["kind"] >= len(wire.MARKS):
            raise Refused(wire.BAD_VALUE)
        act = self._notes.get(values["kind"])
        if act is None:
            self._journal.record(wire.MARK, {"kind": values["kind"]})
        elif not act():
            raise Refused(wire.BAD_STATE)


def kept_settings() -> Settings:
    """Those a host has set.  Before any: no cues, for nobody has asked the runner what speaks against them."""
    settings = Settings()
    kept = state.load(SETTINGS_FILE, {})
    if not kept:
        settings.set("cue_rule", 0)
    for name, value in kept.items():
        try:
            settings.set(name, value)
        except SettingError as error:
            print("kept setting ignored:", error)
    return settings


def _i32(value: int) -> bytes:
    return bytes(value >> shift & 0xFF for shift in (0, 8, 16, 24))
