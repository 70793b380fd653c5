# SPDX-License-Identifier: MIT
"""A run out of the store as the records of docs/contract.md; a run still under way is one without its end."""

from __future__ import annotations

from typing import Any

from kneecore import wire

from .errors import NothingFound
from .frames import LogFrame
from .records import Record, RunRecords
from .store import Run, Store
from .times import utc


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
        """Whether the run's STOP record is here; it knows the rate as measured over the run."""
        rate_hz = frames[-1].values()["rate_mhz"] / 1000 if self.ended else None
        reader = RunRecords(about(store, run, frames[0]), rate_hz=rate_hz)
        self.records: list[Record] = []
        self.t_us: list[int] = []
        """Device time of each of them."""
        for frame in [*frames, *([cut] if cut else [])]:
            record = reader.feed(frame.name, frame.values())
            if record is not None:
                self.records.append(record)
                self.t_us.append(frame.t_us)
        self.start = self.records[0]
        self.summary = reader.summary(str(store.file), (frames[-1].t_us - frames[0].t_us) / 1e6)


def about(store: Store, run: Run, start: LogFrame) -> dict[str, Any]:
    """What the start record says beyond the unit's own START: number, date as far as it is known, runner."""
    clock = store.clock(run.device, run.boot)
    start_utc = bounds = None
    if clock is not None:
        utc_us = start.t_us + clock.offset_us
        start_utc = utc(utc_us)
        bounds = [utc(utc_us - clock.error_us), utc(utc_us + clock.error_us)]
    return {
        "run": run.id,
        "start_utc": start_utc,
        "utc_bounds": bounds,
        "runner": run.runner,
        "source": f"unit {run.device}",
    }
