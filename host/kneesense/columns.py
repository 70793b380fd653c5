# SPDX-License-Identifier: MIT
"""The tables in which runs leave the store, for CSV, Parquet and arrays alike: every column with unit and meaning.

Names of columns are the keys of docs/contract.md where there is one.  docs/exports.md lists them from here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .stored import StoredRun

Kind = Literal["text", "int", "float", "bool", "time"]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """`unit` is empty where a name or a count has none."""

    name: str
    kind: Kind
    unit: str
    meaning: str


_RUN = Column("run", "int", "", "number of the run in the store it came from")

RUNS = (
    _RUN,
    Column("runner", "text", "", "who ran"),
    Column("device", "text", "", "id of the unit"),
    Column("side", "text", "", "leg: left or right"),
    Column("face", "text", "", "side of the shin the unit sits on"),
    Column("chip", "text", "", "motion sensor"),
    Column("start_utc", "time", "", "when second 0 was"),
    Column("end_utc", "time", "", "when the run ended"),
    Column("utc_source", "text", "", "clock: measured; user: said"),
    Column("duration_s", "float", "s", "from first to last sample"),
    Column("run_s", "float", "s", "of it running"),
    Column("walk_s", "float", "s", "of it walking"),
    Column("unsure_s", "float", "s", "of it neither surely"),
    Column("still_s", "float", "s", "of it without steps"),
    Column("gap_s", "float", "s", "of it without samples"),
    Column("strides", "int", "", "initial contacts of this leg"),
    Column("mean_cadence_spm", "float", "steps/min", "of all strides, both feet"),
    Column("cues", "int", "", "buzzes"),
    Column("gaps", "int", "", "how often samples are missing"),
    Column("rate_hz", "int", "Hz", "what the sensor was set to"),
    Column("rate_measured_hz", "float", "Hz", "what it ran at by the unit's clock"),
    Column("session", "int", "", "of the programme"),
    Column("strap_session", "int", "", "lean may be compared within one only"),
    Column("firmware", "text", "", "version on the unit"),
    Column("outing", "int", "", "the same for the runs of two legs"),
    Column("ended", "bool", "", "false: the end has not been fetched"),
)

STRIDES = (
    _RUN,
    Column("stride", "int", "", "1, 2, ... in the run"),
    Column("side", "text", "", "leg"),
    Column("gait", "text", "", "run, walk or unsure"),
    Column("ic_utc", "time", "", "initial contact"),
    Column("ic_s", "float", "s", "initial contact, since the run's start"),
    Column("to_s", "float", "s", "toe-off, since the run's start"),
    Column("stride_s", "float", "s", "contact to next contact of this leg"),
    Column("contact_s", "float", "s", "contact to toe-off: the weakest number"),
    Column("duty_factor", "float", "", "contact_s / stride_s"),
    Column("cadence_spm", "float", "steps/min", "both feet: 120 / stride_s"),
    Column("pta_axial_g", "float", "g", "peak acceleration along the shank"),
    Column("pta_resultant_g", "float", "g", "peak acceleration, all directions"),
    Column("clipped", "bool", "", "the sensor was at the end of its range"),
    Column("lean_ic_deg", "float", "deg", "lean of the shank at contact, medial positive"),
    Column("lean_mid_deg", "float", "deg", "lean in mid-stance"),
    Column("lean_min_deg", "float", "deg", "least in stance"),
    Column("lean_max_deg", "float", "deg", "most in stance"),
    Column("lean_range_deg", "float", "deg", "most minus least: does not hang on the strap"),
    Column("lean_max_time_ms", "float", "ms", "contact to the most"),
    Column("lean_cue_deg", "float", "deg", "what a lean cue looks at"),
    Column("valgus_est_deg", "float", "deg", "a model's estimate from lean_mid_deg; its mean only"),
    Column("valgus_source", "text", "", "model"),
    Column("confidence", "int", "%", "that this is a stride of that gait"),
    Column("flags", "text", "", "what to know of it, parted by blanks"),
    Column("cue_state", "text", "", "of the cue engine after the stride"),
    Column("boot", "int", "", "key of the unit's log"),
    Column("seq", "int", "", "key of the unit's log"),
)

EVENTS = (
    _RUN,
    Column("type", "text", "", "cue, gap, mark, battery, boot or warning"),
    Column("t_utc", "time", "", "when"),
    Column("t_s", "float", "s", "when, since the run's start"),
    Column("stride", "int", "", "of a cue"),
    Column("what", "text", "", "rule of a cue, reason of a gap, kind of a mark, code of others"),
    Column("direction", "text", "", "of a cue: the correction asked for"),
    Column("metric", "text", "", "of a cue: the column of a stride it looks at"),
    Column("value", "float", "as metric", "of a cue: what was seen"),
    Column("target", "float", "as metric", "of a cue"),
    Column("band", "float", "as metric", "of a cue: half width without cues"),
    Column("pulse_ms", "int", "ms", "length of the buzz"),
    Column("latency_ms", "float", "ms", "estimated toe-off to the motor's command"),
    Column("felt_ms", "float", "ms", "the same and the motor's rise"),
    Column("duration_s", "float", "s", "of a gap"),
    Column("message", "text", "", "of battery, boot and warning"),
)

SESSIONS = (
    _RUN,
    Column("session", "int", "", "of the programme"),
    Column("complete", "bool", "", "else it is repeated"),
    Column("planned_s", "int", "s", "of running"),
    Column("run_s", "int", "s", "of running, done"),
    Column("cues", "int", "", "buzzes"),
    Column("on_strides", "int", "", "strides in blocks with cues (dose)"),
    Column("on_in_band", "float", "", "share of them in band"),
    Column("on_mean", "float", "as metric", "their mean"),
    Column("off_strides", "int", "", "strides in blocks without cues (retention)"),
    Column("off_in_band", "float", "", "share of them in band"),
    Column("off_mean", "float", "as metric", "their mean"),
    Column("rule", "text", "", "what is cued"),
    Column("metric", "text", "", "the column of a stride it looks at"),
    Column("baseline", "float", "as metric", "before the programme"),
    Column("target", "float", "as metric", "aimed at"),
    Column("band", "float", "as metric", "half width without cues"),
)

TABLES = {"runs": RUNS, "strides": STRIDES, "events": EVENTS, "sessions": SESSIONS}

_WHAT = {"cue": "rule", "gap": "reason", "mark": "kind", "battery": "code", "boot": "code", "warning": "code"}


def rows(stored: StoredRun) -> Iterator[tuple[str, Row]]:
    """(table, row) of all of a run; a row has a value, or None, for every column of its table.

    Times are microseconds since 1970, lists of names one text.
    """
    for name, row in _told(stored):
        yield name, {column.name: _plain(row.get(column.name)) for column in TABLES[name]}


def _told(stored: StoredRun) -> Iterator[tuple[str, Row]]:
    run = stored.run
    own = {
        "run": run.id,
        "runner": run.runner,
        "device": run.device,
        "outing": run.outing,
        "ended": stored.ended,
        "firmware": stored.start["versions"]["firmware"],
        "start_utc": stored.utc_us(0.0),
        "end_utc": stored.end_us,
    }
    yield "runs", {**stored.start, **stored.summary, **own}
    for record in stored.records:
        kind = record["type"]
        if kind == "stride":
            yield "strides", {**record, "run": run.id, "ic_utc": stored.utc_us(record["ic_s"])}
        elif kind == "session":
            yield "sessions", {**record, "run": run.id}
        elif kind in _WHAT:
            at = None if record["t_s"] is None else stored.utc_us(record["t_s"])
            yield "events", {**record, "run": run.id, "what": record[_WHAT[kind]], "t_utc": at}


def _plain(value: Any) -> Any:
    return " ".join(value) if isinstance(value, list) else value


def described(name: str) -> Mapping[str, str]:
    """Column -> unit and meaning in a line."""
    return {c.name: f"[{c.unit}] {c.meaning}" if c.unit else c.meaning for c in TABLES[name]}
