# SPDX-License-Identifier: MIT
"""The training diary: what a runner wrote, joined with what the units recorded; one entry a run, or a day without one.

A run that nobody has written about is an entry too: it counts for load.  Both legs of an outing are one entry.
Unknown is None, never 0: pain that was not asked for is not no pain.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from kneecore import wire

from . import dating, times
from .diarywords import MOMENTS
from .store import Run, Store

ASKED = tuple(moment for moment in MOMENTS if moment != "before")
"""The moments after which every run is asked about."""
OPEN_DAYS = 2
"""So long after a run its questions can be answered from memory."""
LEAST_S = 60
"""A recording shorter than this that nobody wrote about was a try, no run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One run, or one day without a run."""

    runner: str
    day: date
    """Local."""
    id: int | None = None
    """Number of what was written; None: nothing yet."""
    start_us: int | None = None
    """UTC since 1970."""
    run: int | None = None
    """Number of the recorded run; of an outing the first one."""
    distance_m: int | None = None
    source: str | None = None
    """Of the distance: said, gpx, tcx, fit."""
    duration_s: int | None = None
    """Of a recorded run from its start to its end by the unit, else as given."""
    surface: str | None = None
    shoe: str | None = None
    hills: str | None = None
    stairs: bool | None = None
    sleep_min: int | None = None
    warm_up: bool | None = None
    stretched: bool | None = None
    leg: str | None = None
    places: tuple[str, ...] | None = None
    """Where it hurts; (): nowhere, None: not asked.  Names of diarywords, as in what follows."""
    aggravators: tuple[str, ...] | None = None
    signs: tuple[str, ...] | None = None
    note: str | None = None
    pain: Mapping[str, int] = field(default_factory=dict)
    """Level 0 to 10 by moment; one that is not there was not asked."""
    pain_marked_s: tuple[int, ...] = ()
    """Seconds into the run of the pain marks that stand."""

    @property
    def ran(self) -> bool:
        """Whether it tells of a run."""
        return self.run is not None or bool(self.distance_m) or bool(self.duration_s)

    @property
    def worst(self) -> int | None:
        """The highest level in or after the run; None while unknown."""
        return max((self.pain[moment] for moment in ASKED if moment in self.pain), default=None)

    @property
    def painful(self) -> bool | None:
        """Whether it hurt, by a level or by a mark in the run; None while unknown."""
        if self.pain_marked_s:
            return True
        return None if self.worst is None else self.worst > 0

    def open(self, today: date) -> tuple[str, ...]:
        """Moments whose level is not known and can still be told."""
        if not self.ran or not 0 <= (today - self.day).days <= OPEN_DAYS:
            return ()
        return tuple(moment for moment in ASKED if moment not in self.pain)


def entries(store: Store, runner: str, since: date | None = None) -> list[Entry]:
    """All of a runner's entries from a local day on, the oldest first: written ones, and runs without a word.

    Every column of the store's rows is in them, so an exporter needs nothing else.  Runs whose day nobody knows and
    about which nothing is written are left out: `undated`.
    """
    written = store.diary(runner)
    outings = _outings(store, runner)
    found: list[Entry] = []
    taken: set[int] = set()
    for row in written:
        runs = outings.get(row["run"], [])
        taken |= {run.id for run in runs}
        found.append(_entry(store, runner, row, runs))
    for first, runs in outings.items():
        if first == runs[0].id and not taken & {run.id for run in runs}:
            bare = _bare(store, runner, runs)
            if bare is not None:
                found.append(bare)
    kept = (entry for entry in found if since is None or entry.day >= since)
    return sorted(kept, key=lambda entry: (entry.day, entry.start_us or 0, entry.id or 0))


def undated(store: Store, runner: str) -> list[int]:
    """Numbers of the runs that are left out of the diary because nobody knows their day (`kneesense date`)."""
    written = {row["run"] for row in store.diary(runner)}
    return [
        runs[0].id
        for first, runs in _outings(store, runner).items()
        if first == runs[0].id
        and not written & {run.id for run in runs}
        and all(_facts(store, run)[0] is None for run in runs)
    ]


def write(
    store: Store,
    runner: str,
    day: date,
    *,
    entry: int | None = None,
    run: Run | None = None,
    start_us: int | None = None,
    values: Mapping[str, Any] | None = None,
    pain: Mapping[str, int] | None = None,
) -> tuple[int, bool]:
    """Write what is given into that entry, or that of a run, start or day; (its id, whether it is new)."""
    first = run
    if run is not None and run.outing is not None:
        legs = [other for other in store.runs() if other.outing == run.outing]
        known = {row["run"] for row in store.diary(runner)}
        first = next((leg for leg in legs if leg.id in known), legs[0])
    return store.write_entry(
        runner,
        day.isoformat(),
        entry=entry,
        run=first.id if first else None,
        start_us=None if first else start_us,
        values={name: _stored(value) for name, value in (values or {}).items()},
        pain=pain or {},
    )


def day_of(store: Store, run: Run) -> date | None:
    """The local day of a recorded run; None while nobody knows it."""
    start_us, _, _ = _facts(store, run)
    return None if start_us is None else times.day(start_us)


def asked_now(start_us: int | None, duration_s: int, now_us: int) -> str | None:
    """For which moment "how is the knee?" counts when it is asked now; None: too late to be asked.

    Within half an hour of its end: right after the run.  Later on that day: 60 minutes after.  On the next day: next
    morning.  A run without a date was fetched just now and counts as just ended.
    """
    if start_us is None:
        return "after"
    end_us = start_us + duration_s * 1_000_000
    if now_us < end_us + 30 * 60 * 1_000_000:
        return "after"
    days = (times.day(now_us) - times.day(end_us)).days
    return {0: "hour", 1: "morning"}.get(days)


def _outings(store: Store, runner: str) -> dict[int, list[Run]]:
    """Every run's number -> the runs of its outing, itself included."""
    groups: dict[tuple[str, int], list[Run]] = defaultdict(list)
    for run in store.runs():
        if run.runner == runner:
            groups[("run", run.id) if run.outing is None else ("outing", run.outing)].append(run)
    return {run.id: runs for runs in groups.values() for run in runs}


def _facts(store: Store, run: Run) -> tuple[int | None, int, tuple[int, ...]]:
    """UTC of its start, seconds it lasted, seconds of the pain marks that stand."""
    first_us, last_us = store.run_span(run)
    start_us = dating.of(store, run, first_us, last_us).start_us
    marks: list[int] = []
    for t_us, kind in store.marks(run):
        if wire.MARKS[kind] == "pain":
            marks.append((t_us - first_us) // 1_000_000)
        elif wire.MARKS[kind] == "pain_taken_back" and marks:
            marks.pop()
    return start_us, (last_us - first_us) // 1_000_000, tuple(marks)


def _entry(store: Store, runner: str, row: Mapping[str, Any], runs: list[Run]) -> Entry:
    values = {**row, "day": date.fromisoformat(row["day"])}
    for name in ("stairs", "warm_up", "stretched"):
        values[name] = None if values[name] is None else bool(values[name])
    for name in ("places", "aggravators", "signs"):
        values[name] = None if values[name] is None else tuple(filter(None, values[name].split(",")))
    if runs:
        values |= _joined(store, runs)
        if values["start_us"] is not None:
            values["day"] = times.day(values["start_us"])
    return Entry(runner=runner, **values)


def _bare(store: Store, runner: str, runs: list[Run]) -> Entry | None:
    values = _joined(store, runs)
    if values["start_us"] is None or values["duration_s"] < LEAST_S:
        return None
    return Entry(runner=runner, day=times.day(values["start_us"]), run=runs[0].id, **values)


def _joined(store: Store, runs: list[Run]) -> dict[str, Any]:
    facts = [_facts(store, run) for run in runs]
    starts = [start_us for start_us, _, _ in facts if start_us is not None]
    return {
        "start_us": min(starts, default=None),
        "duration_s": max(duration_s for _, duration_s, _ in facts),
        "pain_marked_s": tuple(sorted(mark for _, _, marks in facts for mark in marks)),
    }


def _stored(value: Any) -> Any:
    return ",".join(value) if isinstance(value, tuple) else value


def last(found: Iterable[Entry], today: date, days: int) -> list[Entry]:
    """Those of the last `days` days before today, and of today."""
    return [entry for entry in found if today - timedelta(days=days) <= entry.day <= today]
