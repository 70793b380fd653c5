# SPDX-License-Identifier: MIT
"""Left against right, out of two units worn at the same time.

Each stride of one leg is matched with the contact of the other that lies within it, by the time of both clocks, never
by counting.  Contacts of two legs alternate; ones that coincide, or lie anyhow, say that something is wrong.

Index: 100 * (left - right) / mean of both, in percent (R. Robinson, W. Herzog and B. Nigg, "Use of force platform
variables to quantify the effects of chiropractic manipulation on gait symmetry", J. Manipulative Physiol. Ther. 10
(1987)).  Uncertainties are 95 % of the mean over strides that follow each other (G. Bayley and J. Hammersley, "The
effective number of independent observations in an autocorrelated time series", J. Royal Stat. Soc. Suppl. 8 (1946),
for neighbours only), to which UNIT_PERCENT adds what differs from unit to unit.

Not compared: any lean but its range, and what follows from it.  Each unit took its own zero, so how far one leg leans
against the other nobody has measured.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from .records import Record
from .table import Floats

LEAST = 30  # matched strides; of fewer the mean says little
_FEWEST = 10  # for the check of how contacts follow each other
_SURE = 1.96
_STEADY = 0.7  # length of the mean of phases as unit vectors: below it they lie anyhow
_TOGETHER, _APART = 0.15, 0.3  # parts of a stride
_TELLING = 0.1  # part of a stride by which the clocks may be wrong without harm to the check

NOT_COMPARED = ("lean_ic_deg", "lean_mid_deg", "lean_min_deg", "lean_max_deg", "valgus_est_deg")
_FROM_RECORD = ("contact_s", "stride_s", "pta_axial_g", "lean_range_deg")
STEP = "step_s"
# What 95 in 100 pairs of units stay below, in percent, on 60 simulated runners with two equal legs: each unit has other
# errors of its chip, another mounting, and is up to 8 cm higher or lower (docs/legs.md).
UNIT_PERCENT = {"contact_s": 3.5, "stride_s": 0.1, "pta_axial_g": 20.0, "lean_range_deg": 21.0, STEP: 4.0}


@dataclass(frozen=True, slots=True)
class Contact:
    """A stride's initial contact in UTC seconds, and its stride record."""

    t_s: float
    record: Record


@dataclass(frozen=True, slots=True)
class Metric:
    """One quantity of both legs.  `..._95`: half width of the interval; `clear`: it does not reach over 0."""

    name: str
    left: float
    right: float
    difference: float
    difference_95: float
    index_percent: float
    index_95: float
    strides: int

    @property
    def clear(self) -> bool:
        return abs(self.difference) > self.difference_95


@dataclass(frozen=True)
class Comparison:
    """`finding`: alternate, coincide, unsteady, shifted or few; see `finding`.  `phase`: None of too few strides."""

    finding: str
    phase: float | None
    """Where in the stride of the left leg the right one makes contact, in parts of it: 0.5 is the middle."""
    steadiness: float | None
    clock_error_s: float
    matched: int
    left_alone: int
    right_alone: int
    gait: str | None = None
    metrics: Sequence[Metric] = field(default_factory=list)


def compare(left: Sequence[Contact], right: Sequence[Contact], clock_error_s: float) -> Comparison:
    """`clock_error_s`: by how much the two clocks may differ."""
    pairs = _matched(left, right)
    phases = np.array([(b.t_s - a.t_s) / a.record["stride_s"] for a, b in pairs])
    found, phase, steadiness = finding(phases)
    unmatched = len(left) - len(pairs), len(right) - len({id(b) for _, b in pairs})
    gait = next((g for g in ("run", "walk") if len(_of_gait(pairs, g)) >= LEAST), None)
    metrics: list[Metric] = []
    if gait is not None and found in ("alternate", "shifted"):
        steady = _of_gait(pairs, gait)
        metrics = [m for name in _FROM_RECORD if (m := _from_records(name, steady)) is not None]
        if found == "alternate":
            metrics.append(_steps(steady, clock_error_s))
    return Comparison(found, phase, steadiness, clock_error_s, len(pairs), *unmatched, gait, metrics)


def finding(phases: Floats) -> tuple[str, float | None, float | None]:
    """What the phases of one leg's contacts in the strides of the other say; their mean; how well they agree.

    alternate: as two legs do.  coincide: as two units on one leg do.  shifted: neither, but always the same.
    unsteady: the contacts have nothing to do with each other.  few: too few to tell.
    """
    if len(phases) < _FEWEST:
        return "few", None, None
    mean = complex(np.exp(2j * math.pi * phases).mean())
    phase, steadiness = math.atan2(mean.imag, mean.real) / (2 * math.pi) % 1.0, abs(mean)
    if steadiness < _STEADY:
        return "unsteady", phase, steadiness
    if min(phase, 1 - phase) < _TOGETHER:
        return "coincide", phase, steadiness
    return "alternate" if _APART <= phase <= 1 - _APART else "shifted", phase, steadiness


def told(comparison: Comparison) -> tuple[str, str] | None:
    """(code, message) of what is wrong between the two units; None when nothing is."""
    c = comparison
    if c.finding in ("alternate", "few"):
        return None
    strides = [metric for metric in c.metrics if metric.name == "stride_s"]
    stride_s = strides[0].left if strides else 0.7
    if c.clock_error_s > _TELLING * stride_s:
        return (
            "clocks_unsure",
            f"the units' clocks are known to {1000 * c.clock_error_s:.0f} ms only: whether the legs alternate"
            " cannot be checked; kneesense sync while both are on",
        )
    return MESSAGES[c.finding]


MESSAGES = {
    "coincide": (
        "contacts_coincide",
        "both units feel the same steps at the same time: are both on the same leg, or one not worn?",
    ),
    "unsteady": (
        "contacts_unrelated",
        "the steps of the two units have nothing to do with each other: are both worn by the same runner?",
    ),
    "shifted": (
        "contacts_shifted",
        "the steps of the two units do not alternate evenly: check that both are on and strapped alike",
    ),
}


def _matched(left: Sequence[Contact], right: Sequence[Contact]) -> list[tuple[Contact, Contact]]:
    """Strides of the left leg with the one contact of the right that lies within each."""
    times = np.array([contact.t_s for contact in right])
    pairs = []
    for contact in left:
        length_s = contact.record["stride_s"]
        if length_s:
            first, end = np.searchsorted(times, (contact.t_s, contact.t_s + length_s))
            if end - first == 1:
                pairs.append((contact, right[first]))
    return pairs


def _of_gait(pairs: Sequence[tuple[Contact, Contact]], gait: str) -> list[tuple[Contact, Contact]]:
    """Both legs in that gait, straight on, firmly strapped."""
    return [
        pair
        for pair in pairs
        if all(
            side.record["gait"] == gait
            and side.record["stride_s"]
            and not {"turn", "strap_loose"} & set(side.record["flags"])
            for side in pair
        )
    ]


def _from_records(name: str, pairs: Sequence[tuple[Contact, Contact]]) -> Metric | None:
    values = [(left.record[name], right.record[name]) for left, right in pairs]
    known = np.array([pair for pair in values if None not in pair], dtype=float)
    return _metric(name, known[:, 0], known[:, 1]) if len(known) >= LEAST else None


def _steps(pairs: Sequence[tuple[Contact, Contact]], clock_error_s: float) -> Metric:
    """A leg's step ends with its contact.  A clock's error goes into both, one longer, one shorter."""
    right = np.array([b.t_s - a.t_s for a, b in pairs])
    left = np.array([a.record["stride_s"] for a, _ in pairs]) - right
    return _metric(STEP, left, right, 2 * clock_error_s)


def _metric(name: str, left: Floats, right: Floats, also: float = 0.0) -> Metric:
    """`also`: a further uncertainty of the difference."""
    size = (left.mean() + right.mean()) / 2
    difference = float(left.mean() - right.mean())
    unit = UNIT_PERCENT[name] / 100 * abs(size)
    half = math.sqrt((_SURE * _standard_error(left - right)) ** 2 + also**2 + unit**2)
    percent = 100 / size if size else math.nan
    return Metric(
        name, float(left.mean()), float(right.mean()), difference, half,
        float(percent * difference), float(abs(percent) * half), len(left),
    )  # fmt: skip


def _standard_error(values: Floats) -> float:
    """Of the mean; neighbouring strides resemble each other, so that they count for fewer."""
    off = values - values.mean()
    spread = float(off @ off)
    if spread == 0:
        return 0.0
    alike = min(max(float(off[:-1] @ off[1:]) / spread, 0.0), 0.9)
    return math.sqrt(spread / (len(values) - 1) / len(values) * (1 + alike) / (1 - alike))
