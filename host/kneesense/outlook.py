# SPDX-License-Identifier: MIT
"""What a runner's diary says on a day: entries, findings, how long the next run may be; from the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from . import diary, load, prescription_reader, shoes
from .advice import Finding
from .diary import Entry
from .load import Limit, Longest
from .store import Store


@dataclass(frozen=True, slots=True)
class Outlook:
    """Of one runner."""

    entries: list[Entry]
    findings: list[Finding]
    """The most urgent first."""
    next_run: Limit | None
    undated: list[int]
    """Runs that are left out because nobody knows their day."""

    @property
    def wants_longest(self) -> bool:
        """Whether what was before the diary is to be asked for."""
        return any(finding.code == "no_history" for finding in self.findings)


def of(store: Store, runner: str, today: date, planned: Limit | None = None) -> Outlook:
    """Everything that is known on that day.  `planned`: as load.next_run."""
    entries, undated = diary.collected(store, runner)
    toml = store.prescription(runner)
    found = load.findings(
        entries,
        today,
        longest=longest(store, runner),
        rule=prescription_reader.loads(toml).pain if toml else None,
        shoes=shoes.worn(shoes.of(store, runner, entries)),
        planned=planned,
    )
    return Outlook(entries, found, load.next_run(entries, today, planned), undated)


def longest(store: Store, runner: str) -> Longest | None:
    """What the runner has said of the time before the diary."""
    row = store.longest(runner)
    return Longest(date.fromisoformat(row["day"]), row["distance_m"], row["duration_s"]) if row else None
