# SPDX-License-Identifier: MIT
"""Where a user is on the way from a new board to the first run, and the next step: the end of a bare `kneesense`."""

from __future__ import annotations

from contextlib import suppress

from kneecore import wire

from ..errors import KneesenseError
from ..paths import store_file
from ..store import Store, Unit

_NEW = (
    "You are here: no unit is paired yet.\n"
    "Next: kneesense pair; with a new board before that: kneesense flash; without one: kneesense demo"
)


def where() -> str:
    """By what is kept on this computer alone; "" when that cannot be read: other commands say why."""
    with suppress(KneesenseError):
        file = store_file()
        if not file.exists():
            return _NEW
        with Store(file, read_only=True) as store:
            return _reached(store)
    return ""


def _reached(store: Store) -> str:
    units, runs = store.units(), store.runs()
    if not units:
        return _NEW
    with_runs = {run.device for run in runs}
    for unit in units:
        if unit.device not in with_runs and not _calibrated(store, unit):
            named = f" --unit {unit.handle}" if len(units) > 1 else ""
            return (
                f"You are here: unit {unit.handle} is paired ({unit.runner}, {unit.side} leg), not yet calibrated.\n"
                f"Next: kneesense calibrate{named}"
            )
    recorded = f"{len(runs)} run{'s' * (len(runs) != 1)} recorded" if runs else "paired and calibrated"
    return f"You are here: {recorded}.\nNext: kneesense run; after every strapping on: kneesense calibrate"


def _calibrated(store: Store, unit: Unit) -> bool:
    """A unit without runs has few records."""
    walk = wire.STAGES.index("walk")
    return any(
        record.code == wire.VERDICT.code
        and not (values := record.values())["refused"]
        and values["stage"] == walk
        for record in store.records(unit.device, raw=False)
    )
