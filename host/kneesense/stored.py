# SPDX-License-Identifier: MIT
"""A run out of the store as the records of docs/contract.md; a run still under way is one without its end."""

from __future__ import annotations

from typing import Any

from kneecore import wire

from . import dating, pace
from .errors import NothingFound
from .frames import LogFrame
from .records import Record, RunRecords
from .store import Run, Store
from .tie import Jump
from .times import is_date, utc

CLOCK_SET = "clock_set"


def find(store: Store, word: str, runner: str | None = None) -> Run:
    """The run a user means: its number, or `last`, of that runner.  Raises NothingFound."""
    runs = {str(run.id): run for run in store.runs() if runner in (None, run.runner)}
    if word == "last" and runs:
        return runs[max(runs, key=int)]
    if word in runs:
        return runs[word]
    whose = f" of {runner}" if runner else ""
    raise NothingFound(
        f"there is no run {word}{whose} in {store.file}"
        if runs
        else f"there are no runs{whose} in {store.file} yet",
        "kneesense runs lists them" if runs else "kneesense run records one",
    )


def at(store: Store, device: str, start: tuple[int, int]) -> Run | None:
    """The run whose START record has that key."""
    return next((run for run in store.runs() if (run.device, run.boot, run.seq) == (device, *start)), None)


class StoredRun:
    """All of a run: `records` in order and their `summary`."""

    def __init__(self, store: Store, run: Run) -> None:
        frames = store.run_records(run, raw=False)
        cut = store.boot_after(run) if frames[-1].code != wire.STOP.code else None
        self.run = run
        self.ended = frames[-1].code == wire.STOP.code
        """Whether the run's STOP record is here."""
        rate = pace.of(frames)
        last_us = frames[-1].t_us
        self.date = dating.of(store, run, rate.zero_us, last_us)
        reader = RunRecords(_about(run, self.date), rate=rate)
        self.records: list[Record] = []
        self.t_us: list[int] = []
        """Device time of each of them."""
        jumps = self.date.jumps(last_us)
        for frame in [*frames, *([cut] if cut else [])]:
            while jumps and jumps[0].t_us <= frame.t_us:
                jump = jumps.pop(0)
                self.records.append(_clock_set(jump, rate.zero_us))
                self.t_us.append(jump.t_us)
            record = reader.feed(frame.name, frame.values())
            if record is not None:
                self.records.append(record)
                self.t_us.append(frame.t_us)
        self.start = self.records[0]
        self.end_us = self.date.utc_us(last_us)
        """UTC of its last record."""
        self.summary = reader.summary(str(store.file), (last_us - rate.zero_us) / 1e6, _utc(self.end_us))

    def utc_us(self, t_s: float) -> int | None:
        """UTC of a moment of the run's clock; None while its date is unknown."""
        return self.date.utc_us(self.date.zero_us + round(t_s * 1e6))


def about(store: Store, run: Run, start: LogFrame) -> dict[str, Any]:
    """What the start record of a run under way says beyond the unit's own START: number, date, runner."""
    return _about(run, dating.of(store, run, start.t_us, start.t_us))


def _about(run: Run, date: dating.Date) -> dict[str, Any]:
    bounds = [_utc(us) for us in date.bounds_us]
    return {
        "run": run.id,
        "start_utc": _utc(date.start_us),
        "utc_bounds": bounds if any(bounds) else None,
        "utc_source": date.source,
        "runner": run.runner,
        "source": f"unit {run.device}",
    }


def _clock_set(jump: Jump, zero_us: int) -> Record:
    message = (
        f"a computer's clock was set by {jump.by_us / 1e6:+.0f} s: dates go by what it showed afterwards,"
        " durations are not touched"
    )
    return {
        "type": "warning",
        "t_s": round((jump.t_us - zero_us) / 1e6, 4),
        "code": CLOCK_SET,
        "message": message,
    }


def _utc(us: int | None) -> str | None:
    return utc(us) if us is not None and is_date(us) else None
