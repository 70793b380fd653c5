# SPDX-License-Identifier: MIT
"""The two legs of one outing, out of the store: who they are, when each contact was, what to know, how they compare.

A stride's record is logged a short while after its closing contact, the same for both units; how long after scatters by
the pace at which samples are fetched, so the mean way from the run's clock to the unit's is taken over neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np

from . import outings, symmetry
from .records import Record
from .store import Run, Store
from .stored import StoredRun
from .symmetry import Comparison, Contact
from .tie import Tie

SIDES = ("left", "right")
_NEIGHBOURS = 31  # strides; odd


@dataclass(frozen=True)
class Leg:
    """The runs of one unit in an outing: more than one when it restarted."""

    device: str
    side: str | None
    runs: Sequence[StoredRun]
    contacts: Sequence[Contact]
    clock_error_s: float | None
    """None: at least one run's clock is unknown."""


class Pair:
    """Two legs.  Which is left and which is right their calibrations say."""

    def __init__(self, first: Leg, second: Leg) -> None:
        self.legs = sorted((first, second), key=lambda leg: leg.side or "")
        self.same_side = first.side == second.side

    @cached_property
    def comparison(self) -> Comparison | None:
        """None while a clock is unknown."""
        first, second = self.legs
        if first.clock_error_s is None or second.clock_error_s is None:
            return None
        error_s = first.clock_error_s + second.clock_error_s
        return symmetry.compare(first.contacts, second.contacts, error_s)

    def warnings(self) -> list[tuple[str, str]]:
        """(code, message) of what is wrong between the two."""
        found = [same_side(self.legs[0].side or "")] if self.same_side else []
        if self.comparison is None:
            found.append(
                ("clocks_unknown", "strides cannot be matched: kneesense sync while both units are on")
            )
        elif (told := symmetry.told(self.comparison)) is not None:
            found.append(told)
        return found

    def records(self) -> list[Record]:
        """As docs/contract.md has them: the pair, what to know, one for each quantity that is compared."""
        about = {f"{side}_runs": [run.run.id for run in leg.runs] for side, leg in self._by_side()}
        compared = self.comparison
        pair: Record = {
            "type": "pair",
            "outing": self.legs[0].runs[0].run.outing,
            **about,
            "finding": compared.finding if compared else None,
            "phase": _rounded(compared.phase, 3) if compared else None,
            "clock_error_ms": _rounded(1000 * compared.clock_error_s, 1) if compared else None,
            "matched": compared.matched if compared else None,
            "left_alone": compared.left_alone if compared else None,
            "right_alone": compared.right_alone if compared else None,
            "gait": compared.gait if compared else None,
            "not_compared": list(symmetry.NOT_COMPARED),
        }
        told = [{"type": "warning", "t_s": None, "code": c, "message": m} for c, m in self.warnings()]
        metrics = compared.metrics if compared and not self.same_side else []
        return [pair, *told, *map(_metric, metrics)]

    def _by_side(self) -> list[tuple[str, Leg]]:
        return list(zip(SIDES, self.legs, strict=True))


def same_side(side: str) -> tuple[str, str]:
    """(code, message) of two units set to one leg."""
    other = SIDES[side == "left"]
    return "same_side", f"both units are set to the {side} leg: pair and calibrate one with --side {other}"


def of(store: Store, run: Run) -> Pair | None:
    """The pair that a run belongs to; None when it has no other leg."""
    by_device: dict[str, list[StoredRun]] = {}
    for other in outings.of(store, run):
        by_device.setdefault(other.device, []).append(StoredRun(store, other))
    legs = [_leg(device, runs) for device, runs in by_device.items()]
    own = next(leg for leg in legs if leg.device == run.device)
    rest = [leg for leg in legs if leg is not own]
    if not rest:
        return None
    return Pair(own, next((leg for leg in rest if leg.side != own.side), rest[0]))


def summary(legs: Sequence[Record]) -> Record:
    """Of an outing, from those of its legs: strides, cues and gaps of all, times of the longest."""
    longest = max(legs, key=lambda leg: leg["duration_s"] or 0.0)
    paced = [leg for leg in legs if leg["mean_cadence_spm"]]
    total_s = sum(leg["strides"] / leg["mean_cadence_spm"] for leg in paced)
    mean = sum(leg["strides"] for leg in paced) / total_s if total_s else None
    counted = {key: sum(leg[key] for leg in legs) for key in ("strides", "cues", "gaps")}
    return {**longest, **counted, "mean_cadence_spm": _rounded(mean, 2)}


def _leg(device: str, runs: Sequence[StoredRun]) -> Leg:
    contacts: list[Contact] = []
    error_us: int | None = 0
    for stored in sorted(runs, key=lambda stored: stored.run.start):
        tie = stored.date.tie
        if tie is None:
            error_us = None
        elif error_us is not None:
            error_us = max(error_us, tie.error_us(stored.t_us[0]), tie.error_us(stored.t_us[-1]))
            contacts += _contacts(stored, tie)
    return Leg(device, runs[0].start["side"], runs, contacts, None if error_us is None else error_us / 1e6)


def _contacts(stored: StoredRun, tie: Tie) -> list[Contact]:
    strides = [
        (record, t_us)
        for record, t_us in zip(stored.records, stored.t_us, strict=True)
        if record["type"] == "stride"
    ]
    told = [(r, t_us) for r, t_us in strides if r["stride_s"] and "backdated" not in r["flags"]]
    if not told:
        return []
    at_s = np.array([record["ic_s"] for record, _ in told])
    way_s = np.array([tie.utc_us(t_us) / 1e6 - r["ic_s"] - r["stride_s"] for r, t_us in told])
    ends = np.pad(way_s, _NEIGHBOURS // 2, mode="reflect" if len(way_s) > _NEIGHBOURS else "edge")
    usual_s = np.median(np.lib.stride_tricks.sliding_window_view(ends, _NEIGHBOURS), axis=1)
    ic_s = np.array([record["ic_s"] for record, _ in strides])
    utc_s = ic_s + np.interp(ic_s, at_s, usual_s)
    return [Contact(float(t_s), record) for t_s, (record, _) in zip(utc_s, strides, strict=True)]


def _metric(metric: symmetry.Metric) -> Record:
    values = asdict(metric)
    digits = {"index_percent": 1, "index_95": 1}
    return {
        "type": "symmetry",
        "metric": values.pop("name"),
        **{k: _rounded(v, digits.get(k, 4)) if isinstance(v, float) else v for k, v in values.items()},
        "clear": metric.clear,
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
