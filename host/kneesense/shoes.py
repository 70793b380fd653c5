# SPDX-License-Identifier: MIT
"""Running shoes and the kilometres in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from .diary import Entry
from .errors import InputError
from .store import Store


@dataclass(frozen=True, slots=True)
class Shoe:
    """One pair."""

    name: str
    metres: int
    """Before the diary and in it."""
    complete: bool
    """Whether all of its runs have a distance; else it has run more."""
    runs: int
    retired: date | None


def of(store: Store, runner: str, entries: Iterable[Entry]) -> list[Shoe]:
    """A runner's pairs, the oldest first; `entries`: all of diary.entries."""
    found = []
    known = list(entries)
    for row in store.shoes(runner):
        worn = [entry for entry in known if entry.shoe == row["name"] and entry.ran]
        found.append(
            Shoe(
                row["name"],
                row["before_m"] + sum(entry.distance_m or 0 for entry in worn),
                all(entry.distance_m is not None for entry in worn),
                len(worn),
                date.fromisoformat(row["retired_day"]) if row["retired_day"] else None,
            )
        )
    return found


def worn(shoes: Iterable[Shoe]) -> dict[str, tuple[int, bool]]:
    """For load.findings: name -> metres, and whether that is all."""
    return {shoe.name: (shoe.metres, shoe.complete) for shoe in shoes}


def chosen(store: Store, runner: str, name: str) -> str:
    """The pair a runner means, also with other capitals or its beginning.  InputError."""
    known = [row["name"] for row in store.shoes(runner)]
    for fits in (
        [each for each in known if each == name],
        [each for each in known if each.lower() == name.lower()],
        [each for each in known if each.lower().startswith(name.lower())],
    ):
        if len(fits) == 1:
            return str(fits[0])
    listed = ", ".join(known) or "none yet"
    raise InputError(f"{runner} has no shoes '{name}' ({listed})", f"kneesense diary shoes '{name}' --new")
