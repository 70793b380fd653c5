# SPDX-License-Identifier: MIT
"""Bytes on the air, in the device log and in the host store: the only file that knows them.

A frame is ``magic+major u8 | code u8 | length u8 | payload | crc32 u32``, little-endian; the CRC covers everything
before it.  Frames form a byte stream: a notification or a flash block may hold several frames or a part of one, so
any MTU works and a cut frame is never decoded.

Rules of change: a field is never reordered, resized or reused.  New fields go at the end of a record and new records
take new codes (MINOR + 1): an older reader ignores the extra bytes, a newer one reports a missing field as None.
Anything else is MAJOR + 1.

The unit is the suffix of the name.  `_x16` counts sixteenths of a sample since the run started (its rate stands in the
START record); `t_us` is 64-bit device time since boot.  Times in sample units keep decisions independent of the clock.
"""

import struct
from binascii import crc32
from collections import namedtuple

TYPE_CHECKING = False  # what type checkers take for True
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

MAJOR = 1
MINOR = 3

_MAGIC = 0xA0  # high nibble of byte 0; MAJOR is the low one
HEAD = 3
TAIL = 4
OVERHEAD = HEAD + TAIL
FIRST_BYTE = _MAGIC | MAJOR  # of every frame
MAX_PAYLOAD = 255
MAX_FRAME = MAX_PAYLOAD + OVERHEAD

# "Not measured": a signed field holds this, an unsigned value 0xFFFF, an unsigned duration 0.
UNKNOWN_I16 = -32768
UNKNOWN_U16 = 0xFFFF

# Codes of meaning.  Only ever added to; a reader shows an unknown one, it never fails.
SIDES = ("unknown", "left", "right")
FACES = ("unknown", "medial", "lateral")  # which side of the tibia the unit sits on, lid outward
GAITS = ("unsure", "walk", "run")
CHIPS = ("unknown", "mpu6050", "mpu6500", "mpu9250", "lsm6dso", "lsm6dso32", "icm42688p", "icm20689")
RULES = ("off", "cadence", "lean", "impact", "metronome")
DIRECTIONS = ("none", "increase", "decrease")
GAP_REASONS = ("fifo_overflow", "realign", "bus_reset", "frozen", "nan", "time_jump", "reboot", "log_full")
MARKS = ("pain", "sync", "note", "mute", "pain_taken_back", "resume")
STRIDE_FLAGS = (
    "clipped", "gap_before", "backdated", "turn", "strap_loose", "bias_unsettled", "metric_missing",
    "shaken",  # since MINOR 2
)  # fmt: skip
(
    FLAG_CLIPPED,
    FLAG_GAP_BEFORE,
    FLAG_BACKDATED,
    FLAG_TURN,
    FLAG_STRAP_LOOSE,
    FLAG_BIAS,
    FLAG_MISSING,
    FLAG_SHAKEN,
) = (1 << i for i in range(8))
CUE_STATES = (
    "off", "baseline", "armed", "holdoff", "muted", "suspended", "refused", "anchoring", "faded",
)  # fmt: skip
ORIGINS = ("host", "button", "auto")  # what started a run
ENDINGS = ("host", "button", "auto", "fault", "battery")
NOTICES = (
    "error", "imu_missing", "imu_identity", "imu_one_g", "imu_settings", "bus_fault", "log_failed", "task_failed",
    "log_full", "rate_off", "motor_limit", "host_clock", "strap_slip", "motor_fault", "pairing_asked",
    "forget_asked", "log_missing", "log_damaged", "battery_low", "boots_failed", "sensor_back", "raw_stopped",
    "paired", "imu_frozen", "bus_freed",
)  # fmt: skip
RESETS = ("unknown", "power_on", "reset", "watchdog", "wake", "soft")  # why the unit booted
WAKES = ("none", "motion", "button", "timer")  # what ended its sleep
CHARGING = ("unknown", "no", "yes")
TROUBLES = ("sensor", "motor", "log", "log_full", "battery_low", "safe_mode")  # bits of what is wrong now
STATUSES = ("ok", "refused", "busy", "bad_value", "bad_state", "unknown_command", "failed")
OK, REFUSED, BUSY, BAD_VALUE, BAD_STATE, UNKNOWN_COMMAND, FAILED = range(7)

STAGES = ("none", "still", "walk", "rezero")  # of a calibration
CALIBRATION_STATES = ("idle", "busy", "accepted", "refused")
REFUSALS = (  # bits of why a stage was refused
    "moved", "frozen", "one_g", "gyro_bias", "few_strides", "running", "direction", "axis", "disagree", "side",
    "tilted", "no_still", "sensor",
)  # fmt: skip
CAUTIONS = ("upside_down", "side_unchecked")  # bits of what is told of an accepted one

_RANGES = {
    "B": (0, 0xFF), "b": (-128, 127), "H": (0, 0xFFFF), "h": (-32768, 32767),
    "I": (0, 0xFFFFFFFF), "i": (-(1 << 31), (1 << 31) - 1), "Q": (0, (1 << 64) - 1), "q": (-(1 << 63), (1 << 63) - 1),
}  # fmt: skip

# `names` of the fields in order; `layout` as struct has it, a letter for each, but none for a last one that takes the
# rest of the payload as bytes.  Kept flat: pairs would cost the unit 5 KB.
Record = namedtuple("Record", ("name", "code", "names", "layout", "size"))

BY_CODE: "dict[int, Record]" = {}
BY_NAME: "dict[str, Record]" = {}


class WireError(ValueError):
    """A value that does not fit its field, or bytes that are no frame."""


def _record(name: str, code: int, *fields: str) -> Record:
    """`fields`: name, struct letter, name, letter, ... ; the letter ``*`` (last only) takes the rest as bytes."""
    pairs = range(0, len(fields), 2)
    names = tuple(fields[i] for i in pairs)
    layout = "<" + "".join(fields[i + 1] for i in pairs).rstrip("*")
    record = Record(name, code, names, layout, struct.calcsize(layout))
    if code in BY_CODE or name in BY_NAME:
        raise WireError("code or name used twice: " + name)
    BY_CODE[code] = record
    BY_NAME[name] = record
    return record


def fields(record: Record) -> "tuple[tuple[str, str], ...]":
    """(name, struct letter) of every field, the letter ``*`` for the rest."""
    return tuple(zip(record.names, record.layout[1:] + "*"))


def _spread(name: str, count: int, letter: str) -> "tuple[str, ...]":
    flat: "tuple[str, ...]" = ()
    for i in range(count):
        flat += (name + str(i), letter)
    return flat


_KEY = ("seq", "I", "boot", "H", "t_us", "Q")  # every logged record begins so

_CALIBRATION = (
    _spread("rotation_q14_", 9, "h")  # sensor to segment, row by row, 1.0 = 16384
    + _spread("gyro_bias_mdps_", 3, "h")  # sensor frame
    + ("acc_scale_q14", "H", "neutral_cdeg", "h", "side", "B", "face", "B", "chip", "B")
)

# Logged records, 0x01..0x3F
START = _record(
    "start", 0x01, *_KEY, "rate_hz", "H", "acc_lsb_per_g", "H", "gyro_lsb_per_10dps", "H",
    "fw_major", "B", "fw_minor", "B", "fw_patch", "B", *_CALIBRATION,
    "strap_session", "H",  # 0 unknown
    "runner", "H", "origin", "B", "session", "B",  # since MINOR 2; 0 unknown; session of the programme, 0 none
)  # fmt: skip
STOP = _record(
    "stop", 0x02, *_KEY, "samples", "I", "gap_samples", "I", "run_x16", "I", "walk_x16", "I",
    "unsure_x16", "I", "still_x16", "I", "strides", "I", "rate_mhz", "I",
    "ending", "B",  # since MINOR 2
)  # fmt: skip
STRIDE = _record(
    "stride", 0x03, *_KEY, "ic_x16", "I", "stride_x16", "H", "contact_x16", "H", "pta_axial_mg", "H",
    "pta_resultant_mg", "H", "lean_ic_cdeg", "h", "lean_mid_cdeg", "h", "lean_min_cdeg", "h",
    "lean_max_cdeg", "h", "lean_max_x16", "H", "gait", "B", "confidence", "B", "flags", "H",
    "cue_state", "B",
    "lean_cue_cdeg", "h",  # since MINOR 2
)  # fmt: skip
CUE = _record(
    "cue", 0x04, *_KEY, "ic_x16", "I", "to_x16", "I", "command_x16", "I", "rule", "B", "direction", "B",
    "value", "i", "target", "i", "band", "i", "pulse_ms", "H",
    "rise_ms", "B",  # since MINOR 2: what the actuator needs to be felt
)  # fmt: skip
GAP = _record("gap", 0x05, *_KEY, "at_x16", "I", "samples", "I", "reason", "B")
MARK = _record("mark", 0x06, *_KEY, "kind", "B")
NOTICE = _record("notice", 0x07, *_KEY, "notice", "B", "a", "i", "b", "i")
ANCHOR = _record(  # a host's wall clock: utc_us at device time at_us, give or take error_us; 0, 0: about at t_us
    "anchor", 0x08, *_KEY, "utc_us", "q",
    "at_us", "Q", "error_us", "I",  # since MINOR 3
)  # fmt: skip
VERDICT = _record(  # one stage of a calibration is over; `refused` and `cautions` are bits of REFUSALS, CAUTIONS
    "verdict", 0x09, *_KEY, "stage", "B", "refused", "H", "cautions", "H", "strap_session", "H",
    "spread_mdps", "H", "spread_mg", "H", "one_g_pm", "h", "temperature_cdeg", "h", "strides", "B",
    "stride_ms", "H", "axis_pm", "H", "sign_pm", "H", "impact_pm", "H", *_CALIBRATION,
)  # fmt: skip

SESSION = _record(  # a run of the programme is over: dose in blocks with cues ("on"), retention in blocks without
    "session", 0x0A, *_KEY, "session", "B", "complete", "B", "planned_s", "H", "run_s", "H", "cues", "H",
    "on_strides", "H", "on_in_band", "H", "on_mean", "i", "off_strides", "H", "off_in_band", "H",
    "off_mean", "i", "rule", "B", "baseline", "i", "target", "i", "band", "i",
)  # fmt: skip

# Since MINOR 3
BATTERY = _record("battery", 0x0B, *_KEY, "mv", "H", "percent", "B", "charging", "B")  # 0, 0xFF unknown
BOOT = _record(  # the first record of every boot
    "boot", 0x0C, *_KEY, "cause", "B", "wake", "B", "failed", "B", "fw_major", "B", "fw_minor", "B",
    "fw_patch", "B", "battery_mv", "H",
)  # fmt: skip
RAW = _record(  # samples as the chip counts them, six int16 each: ax ay az gx gy gz; `sample`: index of the first
    "raw", 0x0D, *_KEY, "sample", "I", "counts", "*"
)
RAW_SAMPLES = 19  # in a full record
PACE = _record(  # ties samples to device time: at t_us the run was at at_x16; rate measured since its start
    "pace", 0x0E, *_KEY, "at_x16", "I", "rate_mhz", "I"
)

# Commands, 0x40..0x5F: each begins with a token that its REPLY repeats
HELLO = _record("hello", 0x40, "token", "H", "major", "B", "minor", "B")
GET = _record("get", 0x41, "token", "H", "setting", "B")
SET = _record("set", 0x42, "token", "H", "setting", "B", "value", "i")
CALIBRATE = _record("calibrate", 0x43, "token", "H", *_CALIBRATION)
RUN = _record(  # as in ANCHOR since MINOR 3
    "run", 0x44, "token", "H", "utc_us", "q", "runner", "H", "at_us", "Q", "error_us", "I"
)
HALT = _record("halt", 0x45, "token", "H")
BUZZ = _record(  # `pattern` since MINOR 2: its number in patterns.py + 1, 0: a pulse of pulse_ms
    "buzz", 0x46, "token", "H", "pulse_ms", "H", "pattern", "B"
)
FETCH = _record("fetch", 0x47, "token", "H", "from_seq", "I", "to_seq", "I")
ACK = _record("ack", 0x48, "token", "H", "boot", "H", "seq", "I")
TIME = _record("time", 0x49, "token", "H", "utc_us", "q", "at_us", "Q", "error_us", "I")  # as in ANCHOR
NOTE = _record("note", 0x4A, "token", "H", "kind", "B")
BEGIN = _record("begin", 0x4B, "token", "H", "stage", "B", "side", "B", "face", "B")
PROGRESS = _record("progress", 0x4C, "token", "H")
# Three bytes a session in `sessions`: minutes of running, then tens of seconds with and without cues in turn (0
# without: cues throughout).  No session: no programme.  `next`: the session the next run will be, counted from 1.
PRESCRIBE = _record("prescribe", 0x4D, "token", "H", "runner", "H", "next", "B", "sessions", "*")
READ_PLAN = _record("read_plan", 0x4E, "token", "H")
STATUS = _record("status", 0x4F, "token", "H")
ERASE = _record("erase", 0x50, "token", "H", "to_seq", "I")  # the log up to and including that record

# Answers, 0x60..0x7F
REPLY = _record("reply", 0x60, "token", "H", "command", "B", "status", "B", "t_us", "Q", "data", "*")
UNIT = _record(  # data of the answer to HELLO
    "unit", 0x61, "major", "B", "minor", "B", "fw_major", "B", "fw_minor", "B", "fw_patch", "B",
    "boot", "H", "next_seq", "I", "first_seq", "I", "acked_seq", "I", "running", "B", "chip", "B",
    "rate_hz", "H", "unit_id", "*",
)  # fmt: skip
FETCHED = _record("fetched", 0x62, "token", "H", "sent", "I")  # ends a log transfer
STAGE = _record(  # data of the answer to PROGRESS; `verdict_seq` once the stage is over
    "stage", 0x63, "stage", "B", "state", "B", "still_s", "B", "strides", "B", "verdict_seq", "I",
)  # fmt: skip
PLAN = _record(  # data of the answer to READ_PLAN; `baseline` and `sd` in the rule's unit, 0 before the first session
    "plan", 0x64, "runner", "H", "next", "B", "baseline", "i", "sd", "i", "sessions", "*",
)  # fmt: skip
FORGET = _record("forget", 0x51, "token", "H")  # the peer that says so
HEALTH = _record(  # data of the answer to STATUS; `troubles` are bits of TROUBLES; sizes in bytes
    "health", 0x65, "troubles", "H", "cause", "B", "failed", "B", "battery_mv", "H", "percent", "B",
    "charging", "B", "temperature_cdeg", "h", "log_capacity", "I", "log_used", "I", "log_unfetched", "I",
    "log_erased", "I", "log_damaged", "H", "heap_free", "I", "flash_worst_ms", "H",
)  # fmt: skip

COMMANDS = (
    HELLO, GET, SET, CALIBRATE, RUN, HALT, BUZZ, FETCH, ACK, TIME, NOTE,
    BEGIN, PROGRESS, PRESCRIBE, READ_PLAN, STATUS, ERASE, FORGET,
)  # fmt: skip
LOGGED = (START, STOP, STRIDE, CUE, GAP, MARK, NOTICE, ANCHOR, VERDICT, SESSION, BATTERY, BOOT, RAW, PACE)


def refusal(name: str) -> int:
    """The bit of a verdict's `refused`."""
    return 1 << REFUSALS.index(name)


def caution(name: str) -> int:
    """The bit of a verdict's `cautions`."""
    return 1 << CAUTIONS.index(name)


def payload(record: Record, values: "Mapping[str, Any]") -> bytes:
    """Bytes of one record's payload.  `values` maps every field name to an int (bytes for ``*``).

    A value that does not fit raises WireError naming the field: MicroPython would cut it silently, CPython raise
    something else.
    """
    numbers = []
    rest = b""
    layout = record.layout
    for i, name in enumerate(record.names, 1):
        value = values[name]
        if i == len(layout):
            rest = bytes(value)
            continue
        low, high = _RANGES[layout[i]]
        if not low <= value <= high:
            raise WireError("%s.%s = %d does not fit %d..%d" % (record.name, name, value, low, high))
        numbers.append(value)
    data = struct.pack(record.layout, *numbers) + rest
    if len(data) > MAX_PAYLOAD:
        raise WireError("%s payload of %d bytes is over %d" % (record.name, len(data), MAX_PAYLOAD))
    return data


def frame(record: Record, values: "Mapping[str, Any]") -> bytes:
    """A whole frame, ready for the log or the air."""
    body = payload(record, values)
    head = bytes((FIRST_BYTE, record.code, len(body))) + body
    return head + struct.pack("<I", crc32(head) & 0xFFFFFFFF)


def seal(buffer: bytearray, size: int) -> int:
    """Complete the frame whose code and payload of `size` bytes lie in `buffer`; returns the frame's length."""
    end = HEAD + size
    buffer[0] = _MAGIC | MAJOR
    buffer[2] = size
    struct.pack_into("<I", buffer, end, crc32(memoryview(buffer)[:end]) & 0xFFFFFFFF)
    return end + TAIL


def parse(record: Record, body: bytes) -> "dict[str, Any]":
    """Payload bytes to a dict; a field an older peer did not send is None, later ones it added are ignored."""
    values: "dict[str, Any]" = {}
    at = 0
    layout = record.layout
    for i, name in enumerate(record.names, 1):
        if i == len(layout):
            values[name] = bytes(body[at:])
            break
        letter = layout[i]
        size = struct.calcsize("<" + letter)
        if at + size > len(body):
            values[name] = None
            continue
        values[name] = struct.unpack_from("<" + letter, body, at)[0]
        at += size
    return values


def check(data: "bytes | bytearray | memoryview", at: int = 0) -> int:
    """Length of the valid frame at `at`; 0 if more bytes are needed; -1 if none begins there."""
    left = len(data) - at
    if left < 1:
        return 0
    if data[at] != FIRST_BYTE:
        return -1
    if left < HEAD:
        return 0
    size: int = data[at + 2] + OVERHEAD
    if left < size:
        return 0
    end = at + size - TAIL
    if crc32(bytes(data[at:end])) & 0xFFFFFFFF != struct.unpack_from("<I", data, end)[0]:
        return -1
    return size


class Stream:
    """Byte chunks in, whole frames out.  Garbage is skipped to the next valid frame and counted in `skipped`."""

    def __init__(self) -> None:
        self.skipped = 0
        self._data = bytearray()

    def feed(self, chunk: bytes) -> "list[tuple[int, bytes]]":
        """List of (code, frame bytes) completed by `chunk`."""
        data = self._data
        data.extend(chunk)
        out = []
        at = 0
        while at < len(data):
            size = check(data, at)
            if size == 0:
                break
            if size < 0:
                self.skipped += 1
                at += 1
                continue
            out.append((data[at + 1], bytes(data[at : at + size])))
            at += size
        self._data = data[at:]
        return out

    def finish(self) -> "list[tuple[int, bytes]]":
        """No more bytes follow: the frames behind one that was cut and promised more than there is."""
        out = []
        while self._data:
            rest = bytes(self._data[1:])
            self._data = bytearray()
            self.skipped += 1
            out += self.feed(rest)
        return out

    def reset(self) -> None:
        """Forget a cut frame, counting its bytes: a new connection begins at a frame."""
        self.skipped += len(self._data)
        self._data = bytearray()


def body_of(frame_bytes: bytes) -> bytes:
    """Payload of a frame that `check` or `Stream` found valid."""
    return frame_bytes[HEAD:-TAIL]


def decode(frame_bytes: bytes) -> "tuple[Record | None, dict[str, Any]]":
    """(record or None if the code is unknown, values) of one valid frame."""
    record = BY_CODE.get(frame_bytes[1])
    if record is None:
        return None, {}
    return record, parse(record, body_of(frame_bytes))
