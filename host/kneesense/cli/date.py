# SPDX-License-Identifier: MIT
"""`kneesense date`: when a run was, said by the user where no clock knows."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from ..errors import InputError, NothingFound
from .output import DEFAULT_STORE, Output, StoreFlags


def date(
    run: str,
    started: str | None = None,
    /,
    *,
    forget: Annotated[bool, Parameter(negative=())] = False,
    flags: StoreFlags = DEFAULT_STORE,
) -> None:
    """Say when a run started, or show what is known of it.

    A unit has no clock of its own for dates: a computer tells it, at the latest when it fetches the run. A run that was
    recorded without one before the unit lost power is known only to lie between two moments. What you say is kept apart
    from what was measured, and goes before it.

    Examples: kneesense date 3; kneesense date 3 2026-11-30T07:15; kneesense date last "2026-11-30 06:15Z";
    kneesense date 3 --forget

    Parameters
    ----------
    run
        Number of the run as `kneesense runs` shows it, or `last`.
    started
        Date and time of its start: local, unless it says its zone.
    forget
        Forget what was said.
    """
    from .. import times
    from ..paths import store_file
    from ..store import Store
    from ..stored import StoredRun, find

    out = Output(flags.json)
    if started is not None and forget:
        raise InputError("--forget and a date", "leave one of them out")
    file = store_file(flags.store)
    if not file.exists():
        raise NothingFound(f"there are no runs in {file} yet", "kneesense run records one")
    said_us = times.meant(started) if started is not None else None
    with Store(file, read_only=said_us is None and not forget) as store:
        found = find(store, run)
        if said_us is not None or forget:
            store.say(found.id, said_us)
        start = StoredRun(store, found).start
    known = {key: start[key] for key in ("run", "start_utc", "utc_bounds", "utc_source")}
    bounds = times.between(start["utc_bounds"])
    if start["utc_source"] == "user":
        told = f"run {found.id} started {times.with_zone(start['start_utc'])}, as you say"
        if not times.within(start["start_utc"], start["utc_bounds"]):
            out.warn("outside_bounds", f"by the clocks it started {bounds}")
    elif start["utc_source"] == "clock":
        told = f"run {found.id} started {times.with_zone(start['start_utc'])}"
    else:
        told = f"run {found.id} started {bounds}\nto say when: kneesense date {found.id} 2026-11-30T07:15"
    out.record({"type": "date", **known}, told)
    out.record({"type": "summary", "run": found.id, "log": str(file)})
