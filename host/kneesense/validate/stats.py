# SPDX-License-Identifier: MIT
"""The few statistics of the report, on plain arrays.  An empty input gives None, never NaN: None is "not known".

Limits of agreement are bias +- 1.96 SD.  ICC is the one-way random, single measure ICC(1,1).
Ref: J. M. Bland, D. G. Altman, Lancet 327 (1986): limits of agreement; P. E. Shrout, J. L. Fleiss, Psychological
Bulletin 86 (1979): ICC.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..table import Floats

_LIMITS = 1.96


@dataclass(frozen=True)
class Spread:
    """Errors in one unit: how many, mean, standard deviation, root mean square, largest size."""

    n: int
    bias: float
    sd: float
    rms: float
    worst: float

    @property
    def limits(self) -> tuple[float, float]:
        """Limits of agreement."""
        return self.bias - _LIMITS * self.sd, self.bias + _LIMITS * self.sd


def spread(errors: Sequence[float] | Floats) -> Spread | None:
    """None without errors; SD 0 of a single one."""
    values = np.asarray(errors, float)
    if not len(values):
        return None
    sd = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return Spread(len(values), float(values.mean()), sd, rms(values), float(np.abs(values).max()))


def rms(values: Floats) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def leave_one_out(errors: Sequence[float] | Floats) -> Floats:
    """Each error less the mean of all others: what a constant fitted without it would have left."""
    values = np.asarray(errors, float)
    if len(values) < 2:
        return np.zeros(0)
    left: Floats = values - (values.sum() - values) / (len(values) - 1)
    return left


def match(found_s: Floats, true_s: Floats, within_s: float) -> list[tuple[int, int]]:
    """(found, true) indices of the nearest pairs, each used once, no further apart than `within_s`."""
    near = [
        (abs(found_s[i] - true_s[j]), i, j)
        for j in range(len(true_s))
        for i in range(
            int(np.searchsorted(found_s, true_s[j] - within_s)),
            int(np.searchsorted(found_s, true_s[j] + within_s, "right")),
        )
    ]
    pairs: list[tuple[int, int]] = []
    taken: tuple[set[int], set[int]] = (set(), set())
    for _, i, j in sorted(near):
        if i not in taken[0] and j not in taken[1]:
            taken[0].add(i)
            taken[1].add(j)
            pairs.append((i, j))
    return sorted(pairs, key=lambda pair: pair[1])


def f1(matched: int, missed: int, false: int) -> float | None:
    """Harmonic mean of recall and precision; None when there was nothing and nothing was found."""
    total = 2 * matched + missed + false
    return 2 * matched / total if total else None


def correlation(a: Floats, b: Floats) -> float | None:
    """Pearson's r; None when one of them is constant."""
    if len(a) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(np.corrcoef(a, b)[0, 1])


def icc(groups: Sequence[Sequence[float]]) -> float | None:
    """Share of the variance that lies between groups; groups of unequal size are weighted as in one-way ANOVA."""
    kept = [np.asarray(group, float) for group in groups if len(group) > 1]
    if len(kept) < 2:
        return None
    sizes = np.array([len(group) for group in kept])
    total = sizes.sum()
    means = np.array([group.mean() for group in kept])
    grand = float((sizes * means).sum() / total)
    between = float((sizes * (means - grand) ** 2).sum() / (len(kept) - 1))
    within = float(sum(((group - group.mean()) ** 2).sum() for group in kept) / (total - len(kept)))
    size = (total - (sizes**2).sum() / total) / (len(kept) - 1)
    return (between - within) / (between + (size - 1) * within) if between + within else None


def slope(x: Floats, y: Floats) -> float | None:
    """Least-squares slope of y over x; None when x is constant."""
    if len(x) < 2 or np.ptp(x) == 0:
        return None
    return float(np.polyfit(x, y, 1)[0])
