# SPDX-License-Identifier: MIT
"""A stored run as a FIT activity: native fields where the unit measures what they mean, developer fields for the rest.

FIT counts whole seconds, so a second has one record: the last stride that began in it, with its number in the
field `stride`.  All strides are in the CSV.  Not measured and so not in the file: distance, speed, heart rate.

Ref: FIT SDK 21, profile (numbers and scales of messages and fields).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

from kneecore import wire

from . import cadence, stints, times
from .codes import named
from .errors import InputError
from .fitwriter import Field, FitWriter, Value
from .stints import Stint
from .stored import StoredRun

Record = Mapping[str, Any]
Pairs = list[tuple[Field, Value]]

FILE_ID, SESSION, LAP, RECORD, EVENT, ACTIVITY, DESCRIPTION, DEVELOPER = 0, 18, 19, 20, 21, 34, 206, 207
_TIMESTAMP, _INDEX = Field(253, "uint32"), Field(254, "uint16")
_EVENT, _EVENT_TYPE = Field(0, "enum"), Field(1, "enum")
_TIMER, _OF_SESSION, _OF_LAP, _OF_ACTIVITY, _USER_MARKER = 0, 8, 9, 26, 32
_START, _STOP, _MARKER, _STOP_ALL = 0, 1, 3, 4
_RUNNING, _WALKING = 1, 6  # activity_type; sport has 1 too
_DEVELOPMENT = 255  # manufacturer: of files that no registered one made

_CADENCE, _FRACTION = Field(4, "uint8"), Field(53, "uint8")
_STANCE, _STANCE_PERCENT = Field(41, "uint16", 10_000), Field(40, "uint16", 10_000)
_GAIT = Field(42, "enum")

# Our own fields of a record: number, name, unit, base type, key of the stride record
OWN = (
    (0, "stride", "", "uint32", "stride"),
    (1, "pta_axial", "g", "float32", "pta_axial_g"),
    (2, "pta_resultant", "g", "float32", "pta_resultant_g"),
    (3, "lean_ic", "deg", "float32", "lean_ic_deg"),
    (4, "lean_mid", "deg", "float32", "lean_mid_deg"),
    (5, "lean_range", "deg", "float32", "lean_range_deg"),
    (6, "confidence", "percent", "uint8", "confidence"),
    (7, "flags", "bits", "uint16", "flags"),
    (8, "cue_state", "code", "uint8", "cue_state"),
    (9, "cues", "count", "uint16", "cues"),
)
SIDE = 10  # of the session
_FIELDS = [(Field(number, base, own=True), key) for number, _, _, base, key in OWN]
_SIDE = Field(SIDE, "string", own=True)


def encoded(stored: StoredRun) -> bytes:
    """The file.  InputError for a run of which nobody knows when it was."""
    if stored.date.start_us is None:
        number = stored.run.id
        raise InputError(
            f"run {number}: nobody knows when it was, and a FIT file has to say",
            f"kneesense date {number} WHEN",
        )
    return _Activity(stored).finished()


class _Activity:
    def __init__(self, stored: StoredRun) -> None:
        self.stored = stored
        self.strides = [r for r in stored.records if r["type"] == "stride"]
        self.marks = [r for r in stored.records if r["type"] == "mark" and r["t_s"] is not None]
        self.cues = [r["t_s"] for r in stored.records if r["type"] == "cue"]
        self.duration_s = stored.summary["duration_s"] or 0.0
        self.stints = stints.of(stored.records, self.duration_s)
        self.timer_s = sum(stint.length_s for stint in self.stints)
        self.file = FitWriter()

    def finished(self) -> bytes:
        self._head()
        following = [*(stint.begin_s for stint in self.stints[1:]), math.inf]
        for index, stint in enumerate(self.stints):
            strides = [r for r in self.strides if stint.begin_s <= r["ic_s"] <= stint.end_s]
            marks = [
                r for r in self.marks if (stint.begin_s if index else 0.0) <= r["t_s"] < following[index]
            ]
            self._records([], [r for r in marks if r["t_s"] < stint.begin_s])
            self._event(stint.begin_s, _TIMER, _START)
            self._records(strides, [r for r in marks if stint.begin_s <= r["t_s"] <= stint.end_s])
            self._event(stint.end_s, _TIMER, _STOP if index < len(self.stints) - 1 else _STOP_ALL)
            self._records([], [r for r in marks if r["t_s"] > stint.end_s])
            self._lap(index, stint, strides)
        self._session()
        self._foot()
        return self.file.finished()

    def at(self, t_s: float) -> int:
        """FIT's time of a moment of the run."""
        us = self.stored.utc_us(t_s)
        assert us is not None
        return times.to_fit(us)

    def _head(self) -> None:
        serial = int(self.stored.run.device, 16) & 0xFFFFFFFF
        made: Pairs = [(Field(0, "enum"), 4), (Field(1, "uint16"), _DEVELOPMENT), (Field(2, "uint16"), 1)]
        made += [(Field(3, "uint32z"), serial or 1), (Field(4, "uint32"), self.at(0.0))]
        self.file.message(FILE_ID, made)
        us: Pairs = [(Field(1, "byte"), uuid5(NAMESPACE_DNS, "kneesense").bytes), (Field(3, "uint8"), 0)]
        self.file.message(DEVELOPER, us)
        for number, name, unit, base, _ in (*OWN, (SIDE, "side", "", "string", "")):
            told: Pairs = [(Field(0, "uint8"), 0), (Field(1, "uint8"), number)]
            told += [(Field(2, "uint8"), Field(0, base).code), (Field(3, "string"), name)]
            self.file.message(DESCRIPTION, [*told, (Field(8, "string"), unit or None)])

    def _event(self, t_s: float, event: int, kind: int, data: int | None = None) -> None:
        values: Pairs = [(_TIMESTAMP, self.at(t_s)), (_EVENT, event), (_EVENT_TYPE, kind)]
        self.file.message(EVENT, [*values, (Field(3, "uint32"), data)])

    def _records(self, strides: Sequence[Record], marks: Sequence[Record]) -> None:
        """The last stride of each second; between them the marks."""
        told = [*_of_seconds(strides, self.at), *((self.at(r["t_s"]), r) for r in marks)]
        cues, given = self.cues, 0
        for second, record in sorted(told, key=lambda each: each[0]):
            if record["type"] == "mark":
                kind = wire.MARKS.index(record["kind"]) if record["kind"] in wire.MARKS else None
                self._event(record["t_s"], _USER_MARKER, _MARKER, kind)
                continue
            while given < len(cues) and cues[given] <= record["ic_s"] + (record["stride_s"] or 0.0):
                given += 1
            self._stride(second, record, given)

    def _stride(self, second: int, r: Record, cues: int) -> None:
        whole, part = cadence.to_fit(r["cadence_spm"])
        values: Pairs = [
            (_TIMESTAMP, second),
            (_CADENCE, whole),
            (_FRACTION, part),
            (_STANCE, _STANCE.holds(r["contact_s"])),
            (_STANCE_PERCENT, _STANCE_PERCENT.holds(r["duty_factor"])),
            (_GAIT, {"run": _RUNNING, "walk": _WALKING}.get(r["gait"])),
        ]
        coded = {**r, "flags": _bits(r["flags"]), "cue_state": _code(r["cue_state"]), "cues": cues}
        values += [(field, field.holds(coded[key])) for field, key in _FIELDS]
        self.file.message(RECORD, values)

    def _totals(self, begin_s: float, end_s: float, timer_s: float) -> Pairs:
        return [
            (_TIMESTAMP, self.at(end_s)),
            (Field(2, "uint32"), self.at(begin_s)),
            (Field(7, "uint32", 1000), end_s - begin_s),
            (Field(8, "uint32", 1000), timer_s),
        ]

    def _lap(self, index: int, stint: Stint, strides: Sequence[Record]) -> None:
        last = index == len(self.stints) - 1
        values = self._totals(stint.begin_s, stint.end_s, stint.length_s)
        values += [(_INDEX, index), (_EVENT, _OF_LAP), (_EVENT_TYPE, _STOP), (Field(25, "enum"), _RUNNING)]
        values += [(Field(24, "enum"), 7 if last else 0), (Field(10, "uint32"), len(strides))]
        values += _averages(strides, cadence_at=(17, 80), stance=(79, 78))
        self.file.message(LAP, values)

    def _session(self) -> None:
        values = self._totals(0.0, self.duration_s, self.timer_s)
        values += [(_INDEX, 0), (_EVENT, _OF_SESSION), (_EVENT_TYPE, _STOP), (Field(5, "enum"), _RUNNING)]
        values += [(Field(6, "enum"), 0), (Field(10, "uint32"), len(self.strides)), (Field(25, "uint16"), 0)]
        values += [(Field(26, "uint16"), len(self.stints)), (Field(28, "enum"), 0)]
        values += _averages(self.strides, cadence_at=(18, 92), stance=(91, 90))
        self.file.message(SESSION, [*values, (_SIDE, self.stored.start["side"])])

    def _foot(self) -> None:
        end_us = self.stored.utc_us(self.duration_s)
        assert end_us is not None
        local = times.to_fit(end_us) + times.offset_s(end_us)
        values: Pairs = [(_TIMESTAMP, times.to_fit(end_us)), (Field(0, "uint32", 1000), self.timer_s)]
        values += [(Field(1, "uint16"), 1), (Field(2, "enum"), 0), (Field(3, "enum"), _OF_ACTIVITY)]
        self.file.message(ACTIVITY, [*values, (Field(4, "enum"), _STOP), (Field(5, "uint32"), local)])


def _of_seconds(strides: Sequence[Record], at: Callable[[float], int]) -> Iterator[tuple[int, Record]]:
    by_second = {at(record["ic_s"]): record for record in strides if record["stride_s"]}
    yield from by_second.items()


def _averages(strides: Sequence[Record], cadence_at: tuple[int, int], stance: tuple[int, int]) -> Pairs:
    """Of the running; nothing without any."""
    running = [r for r in strides if r["gait"] == "run"]
    whole, part = cadence.to_fit(cadence.of_running(strides))
    values: Pairs = [(Field(cadence_at[0], "uint8"), whole), (Field(cadence_at[1], "uint8"), part)]
    for number, key in zip(stance, ("contact_s", "duty_factor"), strict=True):
        known = [r[key] for r in running if r[key] is not None]
        field = Field(number, "uint16", 10_000)
        values.append((field, field.holds(sum(known) / len(known)) if known else None))
    return values


def _bits(flags: Sequence[str]) -> int:
    return sum(1 << bit for bit in range(16) if named(wire.STRIDE_FLAGS, bit) in flags)


def _code(state: str | None) -> int | None:
    return wire.CUE_STATES.index(state) if state in wire.CUE_STATES else None
