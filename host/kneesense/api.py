# SPDX-License-Identifier: MIT
"""Runs as numpy arrays, and the unit's own signal processing on them: for notebooks and own programs.

    with open_store() as runs:
        run = runs.run("last")
        running = run.strides[run.strides["gait"] == "run"]
        print(running["cadence_spm"].mean())

Columns, units and meanings are those of docs/exports.md.  Unknown is NaN, NaT or an empty text; a column of whole
numbers of which some are unknown is of floats.  Times ending in `_s` are seconds of the run's clock, those ending in
`_utc` datetime64 in UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from kneecore import chips
from kneecore.settings import Settings

from . import columns, rawsamples, recording, stored
from .calibration import Calibration
from .pace import RunPace
from .paths import store_file
from .records import Record, RunRecords
from .replay import replay
from .store import Store
from .times import utc_now

Array = NDArray[Any]

_UNKNOWN = {"text": "", "int": np.nan, "float": np.nan, "bool": False, "time": np.iinfo(np.int64).min}


def open_store(file: Path | str | None = None) -> Runs:
    """The recorded runs, to be read; default: this computer's store.  NothingFound or StoreError if there are none."""
    return Runs(store_file(Path(file) if file else None))


class Runs:
    """An open store; a context manager."""

    def __init__(self, file: Path) -> None:
        self.store = Store(file, read_only=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.store.close()

    def table(self, runner: str | None = None) -> Array:
        """One row a run, shape (runs,): table `runs` of docs/exports.md."""
        runs = [run for run in self.store.runs() if runner in (None, run.runner)]
        told = (columns.rows(stored.StoredRun(self.store, run)) for run in runs)
        return _array("runs", [row for rows in told for name, row in rows if name == "runs"])

    def run(self, which: int | str = "last", runner: str | None = None) -> RecordedRun:
        """By its number, or the last one.  NothingFound if there is none."""
        found = stored.find(self.store, str(which), runner)
        return RecordedRun(self.store, stored.StoredRun(self.store, found))


@dataclass(frozen=True, slots=True)
class Samples:
    """What the sensor measured, in its own axes, n samples in order; those that were lost are not there.

    Source: the unit's raw records.  To the leg's axes (x forward, y up the shin, z to the right) turn
    `acc_mps2 @ calibration.rotation.T`, after `calibration.acc_scale` and less `calibration.gyro_bias_rad_s`.
    """

    t_s: NDArray[np.float64]
    """(n,) s of the run's clock, by the measured rate."""
    acc_mps2: NDArray[np.float64]
    """(n, 3) m/s^2, specific force: at rest one g upward."""
    gyro_radps: NDArray[np.float64]
    """(n, 3) rad/s."""
    rate_hz: float
    """As measured over the run."""
    calibration: Calibration
    missing: int
    """Samples that the unit took and that are not here."""


class RecordedRun:
    """One run: `about` (its start record) and `summary` as in docs/contract.md, and its tables."""

    def __init__(self, store: Store, told: stored.StoredRun) -> None:
        self._store, self._stored = store, told
        self.about: Record = told.start
        self.summary: Record = told.summary
        self.records: list[Record] = told.records
        """All of it as docs/contract.md has it, in order."""

    @cached_property
    def _rows(self) -> Mapping[str, list[columns.Row]]:
        found: dict[str, list[columns.Row]] = {name: [] for name in columns.TABLES}
        for name, row in columns.rows(self._stored):
            found[name].append(row)
        return found

    @cached_property
    def strides(self) -> Array:
        """One row a stride, shape (strides,): table `strides` of docs/exports.md.  Source: the unit's records."""
        return _array("strides", self._rows["strides"])

    @cached_property
    def events(self) -> Array:
        """Cues, gaps, marks and more in order, shape (events,): table `events` of docs/exports.md."""
        return _array("events", self._rows["events"])

    @cached_property
    def sync_marks(self) -> Array:
        """Marks of kind `sync` among the events (`kneesense run` sets them): to join the run to another recording."""
        marks: Array = self.events[(self.events["type"] == "mark") & (self.events["what"] == "sync")]
        return marks

    def at_utc(self, t_s: NDArray[np.float64] | float) -> Array:
        """UTC of moments of the run's clock, shape as t_s, datetime64[us]; NaT while nobody knows the run's date."""
        moments = np.asarray(t_s, float)
        us = [self._stored.utc_us(float(moment)) for moment in moments.ravel()]
        return _column(us, "time").reshape(moments.shape)

    def samples(self) -> Samples:
        """Of a run recorded with `run --raw`; NothingFound of another."""
        found = rawsamples.of_run(self._store, self._stored.run)
        made = found.recording(f"run {self._stored.run.id}")
        worn = found.calibration(utc_now())
        return Samples(made.t_s, made.acc, made.gyro, found.true_hz, worn, found.missing)

    def replayed(self, settings: Settings | None = None) -> Array:
        """The strides that the unit's own code finds in the samples, as `strides`; with other `settings` if given.

        With the unit's settings they are the logged ones, integer for integer, but for `cue_state` and what the unit's
        own motor shook.
        """
        found = rawsamples.of_run(self._store, self._stored.run)
        made = found.recording(f"run {self._stored.run.id}")
        worn = found.calibration(utc_now())
        return replayed(made, worn, found.start["rate_hz"], settings)


def replayed(
    made: recording.Recording, worn: Calibration, rate_hz: int | None = None, settings: Settings | None = None
) -> Array:
    """Strides that the unit's own code finds in a recording (recording.load), worn so (calibration.load, selfcal.auto).

    Shape (strides,), columns as in RecordedRun.strides; `ic_s` and `to_s` are on the recording's own t_s.
    """
    chip = chips.find(worn.chip)
    counts = recording.quantise(made, rate_hz or chip.rate_hz, chip, worn.clock_ratio)
    rate = RunPace(counts.true_hz, counts.true_hz != counts.rate_hz)
    reader = RunRecords({}, t0_s=counts.t0_s, rate=rate)
    told = (reader.feed(name, fields) for name, fields in replay(counts, chip, worn, settings or Settings()))
    strides = [record for record in told if record is not None and record["type"] == "stride"]
    names = [column.name for column in columns.STRIDES]
    rows = [
        {name: record.get(name) for name in names} | {"flags": " ".join(record["flags"])}
        for record in strides
    ]
    return _array("strides", rows)


def _array(table: str, rows: Iterable[columns.Row]) -> Array:
    """Rows of a table as a structured array."""
    told = list(rows)
    names = {
        column.name: _column([row[column.name] for row in told], column.kind)
        for column in columns.TABLES[table]
    }
    array = np.empty(len(told), dtype=[(name, values.dtype) for name, values in names.items()])
    for name, values in names.items():
        array[name] = values
    return array


def _column(values: list[Any], kind: columns.Kind) -> Array:
    known = [_UNKNOWN[kind] if value is None else value for value in values]
    if kind == "text":
        return np.array(known, dtype=str) if known else np.empty(0, "U1")
    if kind == "time":
        return np.array(known, np.int64).astype("datetime64[us]")  # its least whole number is NaT
    if kind == "int":
        return np.array(known, np.int64 if None not in values else np.float64)
    return np.array(known, bool if kind == "bool" else np.float64)
