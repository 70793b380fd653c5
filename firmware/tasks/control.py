# SPDX-License-Identifier: MIT
"""Commands of a host: one handler per record, one answer per command, nothing executed that is not in the table."""

from kneecore import mount, wire
from kneecore.patterns import PATTERNS
from kneecore.programme import ProgrammeError
from kneecore.settings import TABLE, SettingError, Settings
from kneecore.version import VERSION
from tasks import state
from tasks.runs import HOST, MUTE, PAIN, RESUME, TAKEN_BACK, Busy, NotReady

SETTINGS_FILE = "settings.json"
_LATER_FIELDS = ("runner", "pattern", "at_us", "error_us")  # an older host does not send them
_CALIBRATION_FIELDS = tuple(name for name, _ in wire.CALIBRATE.fields[1:])


class Refused(Exception):
    """A command that cannot be done; carries the status of the answer."""

    def __init__(self, status: int) -> None:
        super().__init__(wire.STATUSES[status])
        self.status = status


class Control:
    def __init__(
        self, unit_id, radio, journal, log, imu, voice, clock, settings, calibrator, coaching, runs, health
    ) -> None:
        self._unit_id = unit_id
        self._radio = radio
        self._journal = journal
        self._log = log
        self._imu = imu
        self._voice = voice
        self._clock = clock
        self._settings = settings
        self._calibrator = calibrator
        self._coaching = coaching
        self._runs = runs
        self._health = health
        self._notes = {
            PAIN: runs.pain,
            TAKEN_BACK: runs.take_back,
            MUTE: runs.mute,
            RESUME: runs.resume,
        }
        self._handlers = {
            wire.HELLO.code: self._hello,
            wire.GET.code: self._get,
            wire.SET.code: self._set,
            wire.CALIBRATE.code: self._calibrate,
            wire.RUN.code: self._run,
            wire.HALT.code: self._halt,
            wire.BUZZ.code: self._buzz,
            wire.FETCH.code: self._fetch,
            wire.ACK.code: self._ack,
            wire.TIME.code: self._time,
            wire.NOTE.code: self._note,
            wire.BEGIN.code: self._begin,
            wire.PROGRESS.code: self._progress,
            wire.PRESCRIBE.code: self._prescribe,
            wire.READ_PLAN.code: self._read_plan,
            wire.FORGET.code: self._forget,
            wire.STATUS.code: self._status,
            wire.ERASE.code: self._erase,
        }
        radio.on_command = self.on_command

    def on_command(self, code: int, frame: bytes, trusted: bool) -> None:
        values = wire.decode(frame)[1]
        token = values.get("token")
        if token is None:
            return  # no command, or cut before its token: nobody waits for an answer
        for name in _LATER_FIELDS:
            if values.get(name, 0) is None:
                values[name] = 0
        status, data = wire.OK, b""
        handler = self._handlers.get(code)
        if not trusted:
            status = wire.REFUSED
        elif handler is None:
            status = wire.UNKNOWN_COMMAND
        elif None in values.values():
            status = wire.BAD_VALUE
        else:
            try:
                data = handler(values) or b""
            except Refused as refused:
                status = refused.status
            except (SettingError, ProgrammeError, wire.WireError):
                status = wire.BAD_VALUE
            except Busy:
                status = wire.BUSY
            except NotReady:
                status = wire.BAD_STATE
            except Exception as error:  # the host must hear of it, and the radio must go on
                print("command failed:", repr(error))
                status = wire.FAILED
        answer = {"token": token, "command": code, "status": status, "t_us": self._clock.us(), "data": data}
        self._radio.reply(wire.frame(wire.REPLY, answer))

    def _hello(self, values) -> bytes:
        imu = self._imu
        if self._log.missing:
            self._journal.notice("log_missing")  # over the air, as often as somebody comes
        return wire.payload(
            wire.UNIT,
            {
                "major": wire.MAJOR,
                "minor": wire.MINOR,
                "fw_major": VERSION[0],
                "fw_minor": VERSION[1],
                "fw_patch": VERSION[2],
                "boot": self._journal.boot,
                "next_seq": self._log.next_seq,
                "first_seq": self._log.first_seq,
                "acked_seq": self._log.acked_seq,
                "running": int(self._runs.running),
                "chip": imu.chip if imu else 0,
                "rate_hz": imu.rate_hz if imu else 0,
                "unit_id": self._unit_id,
            },
        )

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

    def _status(self, values) -> bytes:
        return wire.payload(wire.HEALTH, self._health.values())

    def _erase(self, values) -> bytes:
        """Not all of it need be gone at once: the answer is the oldest record that is left, and the host asks again."""
        self._refuse_unless_idle()
        self._log.erase(min(values["to_seq"], self._log.next_seq - 1))
        return _i32(self._log.first_seq)

    def _fetch(self, values) -> None:
        self._radio.send_log(self._fetched(values["token"], values["from_seq"], values["to_seq"]))

    def _fetched(self, token: int, from_seq: int, to_seq: int):
        sent = 0
        for frame in self._log.read(from_seq, min(to_seq, self._log.next_seq - 1)):
            if frame is not None:
                sent += 1
            yield frame
        yield wire.frame(wire.FETCHED, {"token": token, "sent": sent})

    def _forget(self, values) -> None:
        self._radio.door.forget_peer()  # shown out once it has its answer

    def _ack(self, values) -> None:
        self._log.acknowledge(values["seq"])

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
