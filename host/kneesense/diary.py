# SPDX-License-Identifier: MIT
"""The training diary: what a runner wrote, joined with what the units recorded; one entry a run, or a day without one.

A run that nobody has written about is an entry too: it counts for load.  Both legs of an outing are one entry.
Unknown is None, never 0: pain that was not asked for is not no pain.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from kneecore import wire

from . import dating, times
from .diarywords import MOMENTS
from .store import Run, Store

ASKED = tuple(moment for moment in MOMENTS if moment != "before")
"""The moments after which every run is asked about."""
_PAIN, _TAKEN_BACK = wire.MARKS.index("pain"), wire.MARKS.index("pain_taken_back")
OPEN_DAYS = 2
"""So long after a run its questions can be answered from memory."""
_SAME_NIGHT_US = 4 * 3600 * 1_000_000  # whoever ran until midnight has not slept yet
LEAST_STRIDES = 60
"""A recording of fewer that nobody wrote about was a try, or an exercise, and is no entry."""


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
    still_s: int = 0
    """Of these, standing still, by the unit."""
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
    def moving_s(self) -> int | None:
        """What counts as load: the time without standing still."""
        return None if self.duration_s is None else max(0, self.duration_s - self.still_s)

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
    about which nothing is written are left out: see `collected`.
    """
    return [entry for entry in collected(store, runner)[0] if since is None or entry.day >= since]


def collected(store: Store, runner: str) -> tuple[list[Entry], list[int]]:
    """(all entries, numbers of the runs that are left out because nobody knows their day: `kneesense date`)."""
    outings = _outings(store, runner)
    found: list[Entry] = []
    undated: list[int] = []
    written: set[int] = set()
    for row in store.diary(runner):
        runs = outings.get(row["run"], [])
        written |= {run.id for run in runs}
        found.append(_entry(runner, row, [facts(store, run) for run in runs]))
    for number, runs in outings.items():
        if number != runs[0].id or number in written:
            continue
        known = [facts(store, run) for run in runs]
        if max(f.strides for f in known) < LEAST_STRIDES:
            continue
        values = _joined(known)
        if values["start_us"] is None:
            undated.append(number)
        else:
            found.append(Entry(runner=runner, day=times.day(values["start_us"]), run=number, **values))
    return sorted(found, key=lambda entry: (entry.day, entry.start_us or 0, entry.id or 0)), undated


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


@dataclass(frozen=True, slots=True)
class Facts:
    """What the diary needs of a recorded run; cheap, its strides are not decoded."""

    start_us: int | None
    """UTC; None while nobody knows it."""
    duration_s: int
    still_s: int
    pain_marked_s: tuple[int, ...]
    """Of the marks that stand."""
    strides: int

    @property
    def day(self) -> date | None:
        """Local."""
        return None if self.start_us is None else times.day(self.start_us)


def facts(store: Store, run: Run) -> Facts:
    """Of one leg's run."""
    first_us, last_us = store.run_span(run)
    marks: list[int] = []
    for t_us, kind in store.marks(run):
        if kind == _PAIN:
            marks.append((t_us - first_us) // 1_000_000)
        elif kind == _TAKEN_BACK and marks:
            marks.pop()
    start_us = dating.of(store, run, first_us, last_us).start_us
    duration_s = (last_us - first_us) // 1_000_000
    return Facts(start_us, duration_s, store.still_s(run), tuple(marks), store.strides(run))


def asked_now(start_us: int | None, duration_s: int, now_us: int) -> str | None:
    """For which moment "how is the knee?" counts when it is asked now; None: too late to be asked.

    Within half an hour of its end: right after the run.  Later on that day, and within hours: 60 minutes after.  On the
    next day: next morning.  A run without a date was fetched just now and counts as just ended.
    """
    if start_us is None:
        return "after"
    end_us = start_us + duration_s * 1_000_000
    if now_us < end_us + 30 * 60 * 1_000_000:
        return "after"
    if now_us < end_us + _SAME_NIGHT_US:
        return "hour"
    days = (times.day(now_us) - times.day(end_us)).days
    return {0: "hour", 1: "morning"}.get(days)


def _outings(store: Store, runner: str) -> dict[int, list[Run]]:
    """Every run's number -> the runs of its outing, itself included."""
    groups: dict[tuple[str, int], list[Run]] = defaultdict(list)
    for run in store.runs():
        if run.runner == runner:
            groups[("run", run.id) if run.outing is None else ("outing", run.outing)].append(run)
    return {run.id: runs for runs in groups.values() for run in runs}


def _entry(runner: str, row: Mapping[str, Any], known: Sequence[Facts]) -> Entry:
    values = {**row, "day": date.fromisoformat(row["day"])}
    for name in ("stairs", "warm_up", "stretched"):
        values[name] = None if values[name] is None else bool(values[name])
    for name in ("places", "aggravators", "signs"):
        values[name] = None if values[name] is None else tuple(filter(None, values[name].split(",")))
    if known:
        values |= _joined(known)
        if values["start_us"] is not None:
            values["day"] = times.day(values["start_us"])
    return Entry(runner=runner, **values)


def _joined(known: Sequence[Facts]) -> dict[str, Any]:
    """Of the legs of an outing."""
    return {
        "start_us": min((f.start_us for f in known if f.start_us is not None), default=None),
        "duration_s": max(f.duration_s for f in known),
        "still_s": min(f.still_s for f in known),
        "pain_marked_s": tuple(sorted(mark for f in known for mark in f.pain_marked_s)),
    }


def _stored(value: Any) -> Any:
    return ",".join(value) if isinstance(value, tuple) else value


def last(found: Iterable[Entry], today: date, days: int) -> list[Entry]:
    """Those of the last `days` days before today, and of today."""
    return [entry for entry in found if today - timedelta(days=days) <= entry.day <= today]
