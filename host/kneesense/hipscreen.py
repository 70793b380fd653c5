# SPDX-License-Identifier: MIT
"""Single-leg squats of the left leg against those of the right: what differs, and how surely.

Means over repetitions, their difference with the half width of its 95 % interval (B. L. Welch, "The generalization of
Student's problem when several different population variances are involved", Biometrika 34 (1947)).  To lean comes what
two strappings differ by anyhow: each calibration knows the way forward to AXIS_DEG only, so that part of the depth
shows as lean.  Words stop at "differs": why, and whether it matters, a look at the person tells, not this.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, variance

from .errors import InputError
from .hipreps import Rep

LEAST = 3
AXIS_DEG = 3.0
"""docs/accuracy.md: "a few degrees of the sagittal angle leak into lean"."""
_DEPTH_DEG = 1.0  # by which two calibrations differ in upright
# Student's t, 97.5 %, for 1 to 30 degrees of freedom; beyond it is near 1.96.
_T = (
    *(
        12.71,
        4.30,
        3.18,
        2.78,
        2.57,
        2.45,
        2.36,
        2.31,
        2.26,
        2.23,
        2.20,
        2.18,
        2.16,
        2.14,
        2.13,
        2.12,
        2.11,
        2.10,
    ),
    *(2.09, 2.09, 2.08, 2.07, 2.07, 2.06, 2.06, 2.06, 2.05, 2.05, 2.05, 2.04),
)


@dataclass(frozen=True, slots=True)
class Measure:
    """One quantity of both legs, in degrees."""

    metric: str
    left: float
    right: float
    difference_95: float
    """Half width of the interval of the difference, strapping included."""
    reps_left: int
    reps_right: int

    @property
    def difference(self) -> float:
        return self.left - self.right

    @property
    def differs(self) -> bool:
        """Whether 0 lies outside of the interval."""
        return abs(self.difference) > self.difference_95


METRICS = ("lean_change_deg", "lean_range_deg", "depth_deg")


def compare(left: Sequence[Rep], right: Sequence[Rep]) -> list[Measure]:
    """All of METRICS.  InputError for too few repetitions, or ones without lean."""
    for side, reps in (("left", left), ("right", right)):
        if len(reps) < LEAST:
            raise InputError(f"{len(reps)} repetitions of the {side} leg", f"at least {LEAST} are needed")
        if any(rep.lean_change_deg is None for rep in reps):
            raise InputError(
                f"lean of the {side} leg is not known without a calibration",
                "a run recorded with run --raw, or --calibration",
            )
    depth = fmean(rep.size for rep in (*left, *right))
    leak = math.sqrt(2) * depth * math.radians(AXIS_DEG)
    return [
        _measured("lean_change_deg", _of("lean_change_deg", left), _of("lean_change_deg", right), leak),
        _measured("lean_range_deg", _of("lean_range_deg", left), _of("lean_range_deg", right), leak),
        _measured("depth_deg", _of("size", left), _of("size", right), math.sqrt(2) * _DEPTH_DEG),
    ]


def _of(name: str, reps: Sequence[Rep]) -> list[float]:
    return [float(getattr(rep, name)) for rep in reps]


def _measured(metric: str, left: list[float], right: list[float], systematic: float) -> Measure:
    half = math.hypot(_welch_95(left, right), systematic)
    return Measure(metric, fmean(left), fmean(right), half, len(left), len(right))


def _welch_95(a: Sequence[float], b: Sequence[float]) -> float:
    parts = [(variance(values) / len(values), len(values) - 1) for values in (a, b)]
    total = sum(part for part, _ in parts)
    if total == 0:
        return 0.0
    freedom = int(1 / sum((part / total) ** 2 / n for part, n in parts))
    return math.sqrt(total) * (_T[freedom - 1] if freedom <= len(_T) else 1.96)
