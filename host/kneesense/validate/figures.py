# SPDX-License-Identifier: MIT
"""Results to the numbers of the JSON summary: rounded, None where something is not known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from .compare import LEANS, METRICS, Pair, Tally
from .confidence import Curve
from .runners import QUIET, SCRIPT, Measured
from .sets import Result
from .stats import Spread, leave_one_out, rms, spread

Values = dict[str, Any]

MAIN_CELLS = tuple(dict.fromkeys(cell for cell, _ in SCRIPT if cell != "standing"))
GROUPS = {
    "walking": tuple(cell for cell in MAIN_CELLS if cell.startswith("walk")),
    "running": tuple(cell for cell in MAIN_CELLS if cell.startswith(("run", "sprint"))),
    "stairs": tuple(cell for cell in MAIN_CELLS if cell.startswith("stairs")),
}


def of_set(result: Result) -> Values:
    """One entry of `sets`."""
    lean, stances = _pooled_agreement(result), _pooled_stances(result)
    ic = result.tally.spread("ic_ms")
    return {
        "n": result.tally.n_true or sum(count.found for count in result.counts) or None,
        "trials": result.trials,
        **_events(result.tally),
        "ic_limits_ms": None if ic is None else [rounded(limit) for limit in ic.limits],
        "ic_loo_sd_ms": rounded(_sd(spread(leave_one_out(result.tally.errors("ic_ms"))))),
        "lean_rms_deg": rounded(lean[0]),
        "lean_unremoved_rms_deg": rounded(lean[1]),
        "lean_ramp_deg": rounded(lean[2]),
        "lean_sd_deg": rounded(stances[0]),
        "lean_r": rounded(stances[1]),
        "counts": {count.trial: [count.found, count.offline, count.off] for count in result.counts},
        "inclination_deg": {i.trial: [rounded(i.ours), rounded(i.peer)] for i in result.inclinations},
        "refused": dict(result.refused),
        "trivial": {
            **_events(result.trivial),
            "contact_sd_ms": rounded(_sd(result.tally.constant("contact_ms"))),
            "lean_agreement_sd_deg": rounded(lean[3]),
            "lean_sd_deg": rounded(stances[2]),
        },
    }


def of_simulator(measured: Sequence[Measured]) -> Values:
    """The entry `simulator`."""
    main = pooled(measured, "")
    everything = Tally()
    trivial = Tally()
    for one in measured:
        everything.add(one.tally)
        trivial.add(one.trivial)
    quiet = [one for one in measured if one.scenario in QUIET]
    decisions = [ms for one in measured for ms in one.decisions_ms]
    return {
        "recordings": len(measured),
        "runners": len({one.name.split(",")[0] for one in measured}),
        "n": everything.n_true,
        **_events(everything),
        "cells": {cell: of_cell(everything.of(cell)) for cell in everything.cells()},
        "groups": {name: of_group(main, cells) for name, cells in GROUPS.items()},
        "lean": {
            metric: {**(_spread(main.spread(metric)) or {}), "within_sd": rounded(within_sd(main, metric))}
            for metric in LEANS
        },
        "pta_axial_g": _spread(main.spread("pta_axial_g")),
        "cadence_spm": _spread(main.spread("cadence_spm")),
        "labels": labels(everything.pairs),
        "worst": worst_cases(measured),
        "quiet": {one.name: one.tally.n_false for one in quiet},
        "decision_p99_ms": rounded(float(np.percentile(decisions, 99))) if decisions else None,
        "refused": {one.name: one.refused for one in measured if one.refused},
        "trivial": _events(trivial),
    }


def of_cell(tally: Tally) -> Values:
    """One condition, with a constant as the trivial predictor."""
    return {
        "n": tally.n_true,
        **_events(tally),
        **{name: _spread(tally.spread(name)) for name in METRICS if name not in ("ic_ms", "contact_ms")},
        "lean_mid_within_sd": rounded(within_sd(tally, "lean_mid_deg")),
        "labels": labels(tally.pairs),
        "trivial": {name: rounded(_sd(tally.constant(name))) for name in METRICS if name != "ic_ms"},
    }


def of_group(main: Tally, cells: Sequence[str]) -> Values:
    """Every metric over some conditions of the common course, with limits of agreement."""
    group = Tally()
    for cell in cells:
        group.add(main.of(cell))
    return {name: _spread(group.spread(name)) for name in METRICS}


def of_curve(curve: Curve) -> Values:
    """Error over confidence, and of each way to spoil a recording its mean confidence and RMS lean error."""
    return {
        "bins": [
            {"low": b.low, "high": min(b.high, 100), "n": b.n}
            | {name: rounded(value) for name, value in b.rms.items()}
            for b in curve.bins
        ],
        "spoilt": {
            how: {"confidence": rounded(mean, 1), "lean_mid_deg": rounded(error)}
            for how, (mean, error) in curve.spoilt.items()
        },
    }


def pooled(measured: Sequence[Measured], scenario: str, *, ideal: bool = False) -> Tally:
    """All recordings of one scenario together."""
    out = Tally()
    for one in measured:
        if one.scenario == scenario:
            out.add(one.ideal if ideal else one.tally)
    return out


def within_sd(tally: Tally, metric: str) -> float:
    """SD of the errors about the mean of each runner in each condition: what a change within a run is measured with."""
    groups: dict[tuple[str, str], list[float]] = {}
    for pair in tally.pairs:
        if (error := pair.error(metric)) is not None:
            groups.setdefault((pair.group, pair.cell), []).append(error)
    kept = [np.array(errors) - np.mean(errors) for errors in groups.values() if len(errors) > 1]
    return rms(np.concatenate(kept)) if kept else 0.0


def worst_cases(measured: Sequence[Measured], most: int = 3) -> list[Values]:
    """Of each metric the runners and conditions with the largest RMS error; the most contacts missed, and false."""
    out: list[Values] = []
    for metric in ("ic_ms", "contact_ms", "lean_mid_deg"):
        groups: dict[tuple[str, str], list[float]] = {}
        for one in measured:
            for pair in one.tally.pairs:
                if (error := pair.error(metric)) is not None:
                    groups.setdefault((one.name, pair.cell), []).append(error)
        largest = sorted(groups, key=lambda key: -rms(np.array(groups[key])))[:most]
        out += [
            {
                "what": metric,
                "runner": name,
                "cell": cell,
                "error": rounded(rms(np.array(groups[name, cell]))),
            }
            for name, cell in largest
        ]
    for what in ("missed", "false"):
        counts = [
            (count, one.name, cell)
            for one in measured
            for cell, count in getattr(one.tally, what).items()
            if count
        ]
        out += [
            {"what": what, "runner": name, "cell": cell, "error": count}
            for count, name, cell in sorted(counts, key=lambda entry: -entry[0])[:most]
        ]
    return out


def labels(pairs: Sequence[Pair]) -> Values:
    """Counts of the true gait against the label."""
    counts = Counter(f"{pair.true['gait']} as {pair.found['gait']}" for pair in pairs if "gait" in pair.true)
    return dict(sorted(counts.items()))


def rounded(value: float | None, digits: int = 3) -> float | None:
    return None if value is None else round(float(value), digits)


def _events(tally: Tally) -> Values:
    ic, contact, n_true = tally.spread("ic_ms"), None, tally.n_true
    if any("contact_s" in pair.found for pair in tally.pairs):
        contact = tally.spread("contact_ms")
    return {
        "f1": rounded(tally.f1(), 4),
        "missed": tally.n_missed,
        "false": tally.n_false,
        "false_per_1000": rounded(1000 * tally.n_false / n_true) if n_true else None,
        "ic_bias_ms": rounded(ic.bias if ic else None),
        "ic_sd_ms": rounded(_sd(ic)),
        "contact_bias_ms": rounded(contact.bias if contact else None),
        "contact_sd_ms": rounded(_sd(contact)),
    }


def _spread(values: Spread | None) -> Values | None:
    if values is None:
        return None
    return {
        "n": values.n,
        "bias": rounded(values.bias),
        "sd": rounded(values.sd),
        "limits": [rounded(limit) for limit in values.limits],
        "worst": rounded(values.worst),
    }


def _sd(values: Spread | None) -> float | None:
    return values.sd if values else None


def _pooled_agreement(result: Result) -> tuple[float | None, float | None, float | None, float | None]:
    """RMS with the gyro bias removed, and not; shift by the ramp; the constant's SD: the worst trial's of each."""
    known = [a for a in result.agreements if a.error and a.unremoved]
    if not known:
        return None, None, None, None
    return (
        max(a.error.rms for a in known if a.error),
        max(a.unremoved.rms for a in known if a.unremoved),
        max((a.ramp for a in known if a.ramp is not None), key=abs, default=None),
        max(a.trivial_sd for a in known),
    )


def _pooled_stances(result: Result) -> tuple[float | None, float | None, float | None]:
    """SD of the error within stances, median r, SD of a constant's error."""
    if not result.stances:
        return None, None, None
    errors = np.concatenate([s.error_deg for s in result.stances])
    constant = np.concatenate([s.constant_deg for s in result.stances])
    known = [s.r for s in result.stances if s.r is not None]
    return float(errors.std()), float(np.median(known)) if known else None, float(constant.std())
