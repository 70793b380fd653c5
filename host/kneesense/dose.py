# SPDX-License-Identifier: MIT
"""Dose and retention of a programme: what each session brought, from the unit's SESSION records and its strides.

Dose: running time, cues, and the share of strides in band while cues were on.  Retention: the share in band in the
blocks without cues; it is what stays when nobody tells.  Values that hang on the strap (lean) are compared within one
session only; between sessions look at cadence and the range of lean.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean

from . import cadence, stored
from .records import Record, session_values
from .store import Key, Store

_SURE = 60  # confidence of strides that count for a mean, in percent


def held(store: Store, device: str, runner: str, first: Key = (0, 0)) -> list[Record]:
    """What the runner has run of the programme since `first`, one record a run, the oldest first."""
    rows = []
    for run, frame in store.sessions(device, first):
        if run.runner in (runner, None):
            told = stored.StoredRun(store, run)
            strides = [r for r in told.records if r["type"] == "stride"]
            rows.append(
                {
                    "run": run.id,
                    "start_utc": told.start["start_utc"],
                    **session_values(frame.values()),
                    "mean_cadence_spm": _cadence(strides),
                    "mean_lean_range_deg": mean_of(strides, "lean_range_deg"),
                }
            )
    return rows


def mean_of(strides: Iterable[Record], key: str) -> float | None:
    """Mean over the run strides that are sure; None without one."""
    values = [
        stride[key]
        for stride in strides
        if stride["gait"] == "run" and stride["confidence"] >= _SURE and stride[key] is not None
    ]
    return round(fmean(values), 2) if values else None


def _cadence(strides: Iterable[Record]) -> float | None:
    """The same for cadence: steps by time, as everywhere."""
    mean = cadence.of_running(stride for stride in strides if stride["confidence"] >= _SURE)
    return None if mean is None else round(mean, 2)


def share(rows: Sequence[Record], block: str) -> float | None:
    """Share of strides in band over several sessions; `block`: on (with cues) or off."""
    strides: int = sum(row[f"{block}_strides"] for row in rows)
    if not strides:
        return None
    in_band = sum((row[f"{block}_in_band"] or 0) * row[f"{block}_strides"] for row in rows)
    return round(float(in_band) / float(strides), 4)


def retention(rows: Sequence[Record]) -> float | None:
    """Share in band without cues, of the last complete session that had such blocks."""
    return next(
        (row["off_in_band"] for row in reversed(rows) if row["complete"] and row["off_strides"]), None
    )
