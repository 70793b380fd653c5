# SPDX-License-Identifier: MIT
"""Wire records of one run, in their order, to the JSON records of docs/contract.md and their summary.

Integers become floats with a unit in their name, what is unknown becomes None, codes become names; a code this version
does not know is shown as it is.  The same for a live run, a stored one, a replay and the demo.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kneecore import wire

from . import battery, calibration, valgus
from .answers import cell
from .codes import bit_names, named
from .cuesettings import NUMBERS, Number
from .frames import is_cut
from .pace import RunPace, sample_zero_us

Values = Mapping[str, Any]
Record = dict[str, Any]

SCHEMA = 1
_BARE = Number("", "", 1)  # of a rule not known here
RATE_MEASURED = "rate_measured"
_UNSEEN_PART = 2000  # of the rate: so little changes no cadence that is shown

_NOTICES = {
    "error": "the unit met an error",
    "imu_missing": "no motion sensor answers",
    "imu_identity": "the motion sensor is of an unknown kind",
    "imu_one_g": "the motion sensor does not measure 1 g at rest",
    "imu_settings": "the motion sensor did not take its settings",
    "imu_frozen": "the motion sensor repeats itself and was set up anew",
    "bus_fault": "the bus to the motion sensor failed",
    "bus_freed": "a part held the bus to the motion sensor, and was made to let go",
    "log_failed": "the log cannot be written",
    "task_failed": "a part of the firmware failed and was started again",
    "log_full": "the log is full",
    "rate_off": "the motion sensor runs at another rate than it should",
    "motor_limit": "a pulse was cut at the motor's limit",
    "host_clock": "the host's clock cannot be trusted",
    "strap_slip": "the strap has slipped: lean is not to be trusted until the next calibration",
    "motor_fault": "the motor's driver failed or protected itself: buzzes may be missing",
    "pairing_asked": "the button asked for pairing: for a minute a new computer may pair",
    "forget_asked": "the button asked to forget all computers",
    "paired": "a new computer was paired",
    "log_missing": "the flash has no place for a log: nothing is kept, cues go on",
    "log_damaged": "a part of the log cannot be read",
    "battery_low": "the battery is empty: what was recorded is safe, the unit stops",
    "boots_failed": "the unit failed to start several times and is in safe mode",
    "sensor_back": "the motion sensor works again",
    "raw_stopped": "raw recording stopped: the rest of the log is kept for strides",
}


class RunRecords:
    """Feed START first, then the rest; counts what the summary needs.

    `about`: run, start_utc, utc_bounds, utc_source, runner, source of the start record.  `t0_s`: time of the first
    sample on the run's clock.  `rate`: of the whole run, where it is known; else times go by the rate in START until
    the unit has measured it.
    """

    def __init__(
        self,
        about: Values | None = None,
        t0_s: float = 0.0,
        rate: RunPace | None = None,
    ) -> None:
        self._about = about or {}
        self._t0_s = t0_s
        self._rate = rate
        self._rate_hz = rate.rate_hz if rate else 0.0
        self._zero_us = rate.zero_us if rate else None
        self._told_hz: float = 0
        self._began = False
        self._side: str | None = None
        self._stop: Values | None = None
        self._contacts: dict[int, int] = {}  # ic_x16 of a stride -> its number
        self._stride_s: list[float] = []
        self._gaps = self._cues = 0
        self._make: dict[str, Callable[[Values], Record | None]] = {
            "start": self._started,
            "stride": self._stride,
            "cue": self._cue,
            "gap": self._gap,
            "mark": self._mark,
            "notice": self._notice,
            "pace": self._paced,
            "session": self._session,
            "battery": self._battery,
            "boot": self._boot,
            "stop": self._stopped,
        }

    def feed(self, name: str, values: Values) -> Record | None:
        """One wire record, its name and fields, to one JSON record; None where the contract has none for it."""
        make = self._make.get(name)
        if make is None:
            return None
        if is_cut(values):
            message = f"a {name} record is cut short and not shown"
            return {"type": "warning", "t_s": None, "code": "cut_record", "message": message}
        return make(values)

    def summary(self, log: str | None, duration_s: float | None = None, end_utc: str | None = None) -> Record:
        """The last record of a run.  Without a STOP record the times are unknown but for `duration_s`."""
        stop = self._stop or {}

        def seconds(field: str, per_second: float) -> float | None:
            value = stop.get(field)
            return None if value is None or not self._rate_hz else value / (per_second * self._rate_hz)

        total_s = sum(self._stride_s)
        return {
            "type": "summary",
            "strides": len(self._contacts),
            "mean_cadence_spm": _rounded(120 * len(self._stride_s) / total_s, 2) if total_s else None,
            "end_utc": end_utc,
            "duration_s": _rounded(seconds("samples", 1) if stop else duration_s, 3),
            "run_s": _rounded(seconds("run_x16", 16), 3),
            "walk_s": _rounded(seconds("walk_x16", 16), 3),
            "unsure_s": _rounded(seconds("unsure_x16", 16), 3),
            "still_s": _rounded(seconds("still_x16", 16), 3),
            "gap_s": _rounded(seconds("gap_samples", 1), 3),
            "gaps": self._gaps,
            "cues": self._cues,
            "log": log,
        }

    def _at(self, x16: int) -> float:
        """Seconds on the run's clock."""
        return round(self._t0_s + self._length(x16), 4)

    def _length(self, x16: int) -> float:
        return x16 / 16 / (self._rate_hz or 1.0)

    def _device_s(self, values: Values) -> float | None:
        """The same by the unit's clock; None in a replay."""
        t_us = values.get("t_us")
        if t_us is None or self._zero_us is None:
            return None
        since_us: int = max(0, t_us - self._zero_us)
        return round(since_us / 1e6, 4)

    def _started(self, values: Values) -> Record:
        self._began = True
        self._told_hz = values["rate_hz"]
        self._rate_hz = self._rate_hz or self._told_hz
        if self._zero_us is None:
            self._zero_us = values.get("t_us")
        self._side = named(wire.SIDES, values["side"])
        about = self._about
        firmware = [values["fw_major"], values["fw_minor"], values["fw_patch"]]
        return {
            "type": "start",
            "schema": SCHEMA,
            "run": about.get("run"),
            "start_utc": about.get("start_utc"),
            "utc_bounds": about.get("utc_bounds"),
            "utc_source": about.get("utc_source"),
            "runner": about.get("runner"),
            "side": self._side,
            "face": named(wire.FACES, values["face"]),
            "chip": named(wire.CHIPS, values["chip"]),
            "rate_hz": values["rate_hz"],
            "rate_measured_hz": round(self._rate.rate_hz, 3) if self._rate and self._rate.measured else None,
            "calibration": calibration.described(values),
            "versions": {"firmware": ".".join(map(str, firmware)), "wire": f"{wire.MAJOR}.{wire.MINOR}"},
            "source": about.get("source"),
            "origin": named(wire.ORIGINS, values.get("origin")),
            "strap_session": values.get("strap_session") or None,
            "session": values.get("session") or None,
        }

    def _stride(self, values: Values) -> Record:
        number = self._contacts.setdefault(values["ic_x16"], len(self._contacts) + 1)
        stride_s = self._length(values["stride_x16"]) if values["stride_x16"] else None
        contact_s = self._length(values["contact_x16"]) if values["contact_x16"] else None
        if stride_s:
            self._stride_s.append(stride_s)
        least, most = _degrees(values["lean_min_cdeg"]), _degrees(values["lean_max_cdeg"])
        middle = _degrees(values["lean_mid_cdeg"])
        lean_range = None if least is None or most is None else round(most - least, 2)
        flags = bit_names(wire.STRIDE_FLAGS, values["flags"])
        return {
            "type": "stride",
            "stride": number,
            "seq": values.get("seq"),
            "boot": values.get("boot"),
            "side": self._side,
            "gait": named(wire.GAITS, values["gait"]),
            "ic_s": self._at(values["ic_x16"]),
            "to_s": self._at(values["ic_x16"] + values["contact_x16"]) if contact_s else None,
            "stride_s": _rounded(stride_s, 4),
            "contact_s": _rounded(contact_s, 4),
            "duty_factor": _rounded(contact_s / stride_s, 4) if contact_s and stride_s else None,
            "cadence_spm": _rounded(120 / stride_s, 2) if stride_s else None,
            "pta_axial_g": _g(values["pta_axial_mg"]),
            "pta_resultant_g": _g(values["pta_resultant_mg"]),
            "clipped": "clipped" in flags,
            "lean_ic_deg": _degrees(values["lean_ic_cdeg"]),
            "lean_mid_deg": middle,
            "lean_min_deg": least,
            "lean_max_deg": most,
            "lean_range_deg": lean_range,
            "lean_max_time_ms": None
            if most is None
            else round(self._length(values["lean_max_x16"]) * 1000, 1),
            "valgus_est_deg": None if middle is None else _rounded(valgus.from_shank(middle), 2),
            "valgus_source": None if middle is None else "model",
            "confidence": values["confidence"],
            "flags": flags,
            "lean_cue_deg": _degrees(values.get("lean_cue_cdeg")),
            "cue_state": named(wire.CUE_STATES, values.get("cue_state")),
        }

    def _cue(self, values: Values) -> Record:
        self._cues += 1
        rule = named(wire.RULES, values["rule"])
        number = NUMBERS.get(rule or "", _BARE)
        rise_ms = values.get("rise_ms")
        latency_ms = self._length(values["command_x16"] - values["to_x16"]) * 1000
        return {
            "type": "cue",
            # the stride under way: its own record follows when it is complete
            "stride": self._contacts.get(values["ic_x16"], len(self._contacts) + 1),
            "t_s": self._at(values["command_x16"]),
            "rule": rule,
            "direction": named(wire.DIRECTIONS, values["direction"]),
            "metric": number.metric or None,
            "value": values["value"] / number.per,
            "target": values["target"] / number.per,
            "band": values["band"] / number.per,
            "pulse_ms": values["pulse_ms"],
            "latency_ms": _rounded(latency_ms, 1),
            "felt_ms": None if rise_ms is None else _rounded(latency_ms + rise_ms, 1),
        }

    def _gap(self, values: Values) -> Record:
        self._gaps += 1
        return {
            "type": "gap",
            "t_s": self._at(values["at_x16"]),
            "duration_s": _rounded(self._length(16 * values["samples"]), 4),
            "reason": named(wire.GAP_REASONS, values["reason"]),
        }

    def _mark(self, values: Values) -> Record:
        return {"type": "mark", "t_s": self._device_s(values), "kind": named(wire.MARKS, values["kind"])}

    def _notice(self, values: Values) -> Record:
        code = named(wire.NOTICES, values["notice"]) or ""
        numbers = f" ({values['a']}, {values['b']})" if values["a"] or values["b"] else ""
        message = _NOTICES.get(code, code) + numbers
        return {"type": "warning", "t_s": self._device_s(values), "code": code, "message": message}

    def _session(self, values: Values) -> Record:
        return {"type": "session", "t_s": self._device_s(values), **session_values(values)}

    def _paced(self, values: Values) -> Record | None:
        zero_us = sample_zero_us(values)
        if self._rate is None and zero_us is not None:
            self._zero_us = zero_us
        return self._measured(values)

    def _battery(self, values: Values) -> Record:
        mv, percent, charging = cell(values["mv"], values["percent"], values["charging"])
        low = battery.is_low(percent, charging)
        return {
            "type": "battery",
            "t_s": self._device_s(values),
            "code": "battery_low" if low else "battery",
            "message": f"battery: {battery.told(mv, percent, charging)}",
            "mv": mv,
            "percent": percent,
            "charging": charging,
        }

    def _boot(self, values: Values) -> Record:
        """`restarted`: in a run, which the unit therefore did not end."""
        restarted = self._began and self._stop is None
        cause = named(wire.RESETS, values["cause"]) if values["cause"] else None
        firmware = [values["fw_major"], values["fw_minor"], values["fw_patch"]]
        what = "restarted in the run, what it had recorded is safe" if restarted else "started"
        failed = f"; {values['failed']} boots before failed" if values["failed"] else ""
        return {
            "type": "boot",
            "t_s": None,
            "code": "restarted" if restarted else "boot",
            "message": f"the unit {what} (cause: {(cause or 'unknown').replace('_', ' ')}){failed}",
            "cause": cause,
            "wake": named(wire.WAKES, values["wake"]) if values["wake"] else None,
            "failed_boots": values["failed"],
            "firmware": ".".join(map(str, firmware)),
            "battery_mv": values["battery_mv"] or None,
        }

    def _stopped(self, values: Values) -> Record | None:
        self._stop = values
        return self._measured(values)

    def _measured(self, values: Values) -> Record | None:
        """A warning where the rate measured is not the one that times were told by; of a stored run: that of START."""
        rate_hz = values["rate_mhz"] / 1000
        if not rate_hz:
            return None
        if self._rate is None:
            self._rate_hz = rate_hz
        before_hz = self._told_hz
        if abs(rate_hz - before_hz) * _UNSEEN_PART <= before_hz:
            return None
        self._told_hz = rate_hz
        message = f"sensor runs at {rate_hz:.2f} Hz, not {before_hz:g}: times go by that"
        return {"type": "warning", "t_s": self._device_s(values), "code": RATE_MEASURED, "message": message}


def session_values(values: Values) -> Record:
    """A SESSION record in its rule's unit: dose in the blocks with cues, retention in those without.

    A share or a mean over no stride is None.
    """
    rule = named(wire.RULES, values["rule"])
    number = NUMBERS.get(rule or "", _BARE)
    blocks: Record = {}
    for block in ("on", "off"):
        strides = values[f"{block}_strides"]
        blocks[f"{block}_strides"] = strides
        blocks[f"{block}_in_band"] = _rounded(values[f"{block}_in_band"] / strides, 4) if strides else None
        blocks[f"{block}_mean"] = values[f"{block}_mean"] / number.per if strides else None
    known = values["band"] or values["target"] or values["baseline"]
    return {
        "session": values["session"],
        "complete": bool(values["complete"]),
        "planned_s": values["planned_s"],
        "run_s": values["run_s"],
        "cues": values["cues"],
        **blocks,
        "rule": rule,
        "metric": number.metric or None,
        "baseline": values["baseline"] / number.per if known else None,
        "target": values["target"] / number.per if known else None,
        "band": values["band"] / number.per if known else None,
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _degrees(cdeg: int | None) -> float | None:
    return None if cdeg is None or cdeg == wire.UNKNOWN_I16 else cdeg / 100


def _g(mg: int) -> float | None:
    return None if mg == wire.UNKNOWN_U16 else mg / 1000
