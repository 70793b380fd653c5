# SPDX-License-Identifier: MIT
"""Found strides against true ones: pairs, what was missed, what was false, and the error of every metric.

A true stride is a mapping with the keys of docs/simulator.md; an absent or None value is not judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..table import Floats
from .found import Record
from .stats import Spread, f1, match, spread

WITHIN_S = 0.2  # a contact further off is another one, or none

# name of the error -> (key of both records, factor)
METRICS = {
    "ic_ms": ("ic_s", 1000.0),
    "contact_ms": ("contact_s", 1000.0),
    "cadence_spm": ("cadence_spm", 1.0),
    "pta_axial_g": ("pta_axial_g", 1.0),
    "lean_ic_deg": ("lean_ic_deg", 1.0),
    "lean_mid_deg": ("lean_mid_deg", 1.0),
    "lean_min_deg": ("lean_min_deg", 1.0),
    "lean_max_deg": ("lean_max_deg", 1.0),
}
LEANS = ("lean_ic_deg", "lean_mid_deg", "lean_min_deg", "lean_max_deg")


@dataclass(frozen=True)
class Pair:
    """One true stride and what was found of it; `group` says which person and recording."""

    cell: str
    group: str
    true: Mapping[str, Any]
    found: Record

    def error(self, metric: str) -> float | None:
        """Found less true; None where one of them is unknown."""
        key, factor = METRICS[metric]
        true, found = self.true.get(key), self.found.get(key)
        return None if true is None or found is None else factor * (found - true)


@dataclass
class Tally:
    """Pairs, and the counts of what has no partner, by cell."""

    pairs: list[Pair] = field(default_factory=list)
    missed: dict[str, int] = field(default_factory=dict)
    false: dict[str, int] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        self.pairs += other.pairs
        for mine, theirs in ((self.missed, other.missed), (self.false, other.false)):
            for cell, count in theirs.items():
                mine[cell] = mine.get(cell, 0) + count

    def cells(self) -> list[str]:
        """Names, sorted."""
        return sorted({pair.cell for pair in self.pairs} | set(self.missed) | set(self.false))

    def of(self, cell: str) -> Tally:
        return Tally(
            [pair for pair in self.pairs if pair.cell == cell],
            {cell: self.missed.get(cell, 0)},
            {cell: self.false.get(cell, 0)},
        )

    @property
    def n_missed(self) -> int:
        return sum(self.missed.values())

    @property
    def n_false(self) -> int:
        return sum(self.false.values())

    @property
    def n_true(self) -> int:
        return len(self.pairs) + self.n_missed

    def f1(self) -> float | None:
        return f1(len(self.pairs), self.n_missed, self.n_false)

    def errors(self, metric: str, pairs: Iterable[Pair] | None = None) -> Floats:
        """Of those pairs (all, by default) in which it is known."""
        chosen = self.pairs if pairs is None else pairs
        return np.array([error for pair in chosen if (error := pair.error(metric)) is not None])

    def spread(self, metric: str) -> Spread | None:
        return spread(self.errors(metric))

    def constant(self, metric: str) -> Spread | None:
        """The trivial predictor of a metric: its mean over all true strides, whatever the sensor felt."""
        key, factor = METRICS[metric]
        true = np.array([pair.true[key] for pair in self.pairs if pair.error(metric) is not None])
        return spread(factor * (true.mean() - true)) if len(true) else None


def compare(
    found: Sequence[Record],
    true: Sequence[Mapping[str, Any]],
    cells: Sequence[str],
    group: str,
    window: tuple[float, float] | None = None,
) -> Tally:
    """`cells`: one for each true stride.  `window`: the truth is complete in it (everywhere, by default).

    A false contact counts in the cell of the true stride nearest in time.
    """
    inside = [r for r in found if window is None or window[0] <= r["ic_s"] <= window[1]]
    found_s = np.array([r["ic_s"] for r in inside], float)
    true_s = np.array([t["ic_s"] for t in true], float)
    pairs = match(found_s, true_s, WITHIN_S)
    tally = Tally([Pair(cells[j], group, true[j], inside[i]) for i, j in pairs])
    for j in set(range(len(true))) - {j for _, j in pairs}:
        tally.missed[cells[j]] = tally.missed.get(cells[j], 0) + 1
    for i in set(range(len(inside))) - {i for i, _ in pairs}:
        cell = cells[int(np.argmin(np.abs(true_s - found_s[i])))] if len(true) else group
        tally.false[cell] = tally.false.get(cell, 0) + 1
    return tally


def as_records(times_s: Floats) -> list[Record]:
    """Bare contacts, for the trivial predictor."""
    return [{"ic_s": float(t)} for t in times_s]
