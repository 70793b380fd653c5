# SPDX-License-Identifier: MIT
"""Which entry of the diary is meant: by a run, an entry's number, a day, a start, a track, or by saying nothing.

A run is known by when it was, never by a file's name or the minute it began: two that overlap by half of the shorter
one are one run, two that only touch are two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from . import times
from .diary import OPEN_DAYS, Entry
from .errors import InputError, NothingFound
from .trackfile import Track

_NEAR_US = 600_000_000  # where a length is not known, starts so near are of one run


@dataclass(frozen=True, slots=True)
class Target:
    """Where to write; `entry` is what is there already."""

    day: date
    run: int | None = None
    start_us: int | None = None
    entry: Entry | None = None


def of_entry(entry: Entry) -> Target:
    return Target(entry.day, entry.run, entry.start_us if entry.run is None else None, entry)


def numbered(entries: Sequence[Entry], number: int) -> Target:
    """NothingFound."""
    for entry in entries:
        if entry.id == number:
            return of_entry(entry)
    raise NothingFound(f"there is no entry {number}", "kneesense diary lists them")


def of_run(entries: Sequence[Entry], run: int, legs: set[int], day: date) -> Target:
    """A recorded run's; `legs`: the runs of its outing, `day`: when it was, or today."""
    known = next((entry for entry in entries if entry.run in {run, *legs}), None)
    return of_entry(known) if known else Target(day, run)


def on_day(entries: Sequence[Entry], day: date) -> Target:
    """The only run of that day, else the day itself.  InputError when there are several."""
    runs = [entry for entry in entries if entry.day == day and entry.ran]
    if len(runs) > 1:
        raise InputError(
            f"there are {len(runs)} runs on {day}", "name one: --run RUN, --entry ENTRY or --at TIME"
        )
    if runs:
        return of_entry(runs[0])
    rest = [entry for entry in entries if entry.day == day and entry.start_us is None]
    return of_entry(rest[0]) if rest else Target(day)


def at(entries: Sequence[Entry], start_us: int, duration_s: int | None = None) -> Target:
    """The run that was then, else a new one that began then."""
    for entry in entries:
        if entry.start_us is not None and _same(entry, start_us, duration_s):
            return of_entry(entry)
    return Target(times.day(start_us), start_us=start_us)


def of_track(entries: Sequence[Entry], track: Track, another: bool) -> Target | None:
    """The run that a file tells of; None when it does not say when it was.

    InputError when a run of that day was written down without a time of day: only the runner knows whether it is this
    one.  `another`: it is not.
    """
    if track.start_us is None:
        return None
    found = at(entries, track.start_us, track.duration_s)
    untimed = [e for e in entries if e.day == found.day and e.ran and e.start_us is None]
    if found.entry is None and untimed and not another:
        raise InputError(
            f"entry {untimed[0].id} is a run of {found.day} without a time of day",
            f"--entry {untimed[0].id} if this file is of that run, --another if not",
        )
    return found


def now(entries: Sequence[Entry], today: date, morning_only: bool) -> Target:
    """Nothing said: the run or the day of today; how the knee was next morning is about the run before."""
    if morning_only:
        runs = [e for e in entries if e.ran and 0 < (today - e.day).days <= OPEN_DAYS]
        if not runs:
            raise NothingFound(
                f"there is no run in the {OPEN_DAYS} days before today", "name it: --run or --day"
            )
        return of_entry(runs[-1])
    return on_day(entries, today)


def _same(entry: Entry, start_us: int, duration_s: int | None) -> bool:
    assert entry.start_us is not None
    if not entry.duration_s or not duration_s:
        return abs(entry.start_us - start_us) <= _NEAR_US
    end_us = min(entry.start_us + entry.duration_s * 1_000_000, start_us + duration_s * 1_000_000)
    shared_us = end_us - max(entry.start_us, start_us)
    return 2 * shared_us >= min(entry.duration_s, duration_s) * 1_000_000
