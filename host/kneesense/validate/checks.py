# SPDX-License-Identifier: MIT
"""The accuracy targets, one line each: what was reached, what is wanted, what the trivial predictor reaches.

A line whose data the folder does not have is not there; one that needs a missing program is skipped, with the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .confidence import Curve
from .mounting import Invariance
from .sets import Result
from .stats import Spread, leave_one_out, spread

IC_BIAS_MS, IC_SD_MS = 5.0, {"walk": 6.0, "run": 4.0}
LEAN_RMS_DEG = 0.5
STANCE_SD_DEG, STANCE_R = 0.7, 0.8
INCLINATION_RATIO = 1.5
MOUNTING_DEG = 0.3
_KNOWN = ("events", "cycles", "truth", "orientation")
_NO_VQF = "vqf is not installed: pip install -e '.[analysis]' in the clone"


@dataclass(frozen=True)
class Check:
    """`ok` None: skipped, `detail` says why; or for information, a figure without a target."""

    name: str
    ok: bool | None
    detail: str
    target: str = ""
    trivial: str = ""

    @property
    def state(self) -> str:
        """holds, missed, skipped or info."""
        if self.ok is None:
            return "skipped" if self.target else "info"
        return "holds" if self.ok else "missed"

    def record(self) -> dict[str, Any]:
        """The JSON record."""
        return {
            "type": "check", "name": self.name, "ok": self.ok, "state": self.state, "detail": self.detail,
            "target": self.target or None, "trivial": self.trivial or None,
        }  # fmt: skip


def verdict(checks: Sequence[Check]) -> str:
    """How many targets hold, are missed, were skipped."""
    counts = Counter(check.state for check in checks)
    judged = counts["holds"] + counts["missed"]
    skipped = f", {counts['skipped']} skipped" if counts["skipped"] else ""
    return f"{counts['holds']} of {judged} targets hold, {counts['missed']} missed{skipped}"


def of_sets(results: Sequence[Result], have_vqf: bool) -> Iterator[Check]:
    for result in results:
        kind = result.name.rpartition("/")[2]
        if result.refused and kind in _KNOWN:
            yield Check(
                f"{result.name}: recordings used",
                False,
                f"{result.trials - len(result.refused)} of {result.trials}; {': '.join(result.refused[0])}",
                "all, since something is known about each",
            )
        if kind in ("events", "cycles", "truth") and result.tally.n_true:
            yield from _events(result, kind)
        if result.counts:
            yield from _counts(result)
        if result.stances:
            yield _stances(result)
        if result.agreements:
            yield from _agreement(result)
        elif kind == "free" and not have_vqf:
            yield Check(f"{result.name}: lean against VQF", None, _NO_VQF, f"<= {LEAN_RMS_DEG} deg RMS")
        if result.inclinations:
            yield _inclination(result, have_vqf)


def _events(result: Result, kind: str) -> Iterator[Check]:
    tally, trivial = result.tally, result.trivial
    yield Check(
        f"{result.name}: strikes found",
        tally.n_missed == tally.n_false == 0,
        f"{len(tally.pairs)} of {tally.n_true}, {tally.n_false} false",
        "all, none doubled",
        f"{len(trivial.pairs)} of {trivial.n_true}, {trivial.n_false} false",
    )
    if kind == "truth":
        return
    sd_limit = IC_SD_MS["walk" if kind == "events" else "run"]
    got, left = tally.spread("ic_ms"), spread(leave_one_out(tally.errors("ic_ms")))
    if got and left:
        yield Check(
            f"{result.name}: strike time",
            abs(got.bias) <= IC_BIAS_MS and left.sd <= sd_limit,
            f"{text_of(got, 'ms')}; SD {left.sd:.1f} with the constant of the others",
            f"+-{IC_BIAS_MS:g} ms, SD <= {sd_limit:g} ms",
            text_of(trivial.spread("ic_ms"), "ms"),
        )


def _counts(result: Result) -> Iterator[Check]:
    idle = [count for count in result.counts if count.offline == 0]
    if idle:
        total = sum(count.found for count in idle)
        names = ", ".join(count.trial for count in idle)
        yield Check(
            f"{result.name}: no contact where nobody walks",
            total == 0,
            f"{total} in {names}",
            "0",
            f"{result.trivial.n_false}",
        )
    steady = [count for count in result.counts if count.trial.startswith("treadmill")]
    if steady:
        counts = ", ".join(f"{count.found} ({count.offline})" for count in steady)
        off = sum(count.off for count in steady)
        yield Check(
            f"{result.name}: contacts counted",
            all(abs(count.found - count.offline) <= 1 for count in steady) and off == 0,
            f"{counts}; {off} odd intervals",
            "within 1 of an offline count of mid-swings (in brackets), no interval outside +-20 %",
        )


def _stances(result: Result) -> Check:
    errors = np.concatenate([s.error_deg for s in result.stances])
    constant = np.concatenate([s.constant_deg for s in result.stances])
    r = float(np.median([s.r for s in result.stances if s.r is not None] or [0.0]))
    return Check(
        f"{result.name}: lean in 0 to 60 % of stance",
        float(errors.std()) <= STANCE_SD_DEG and r >= STANCE_R,
        f"SD {errors.std():.2f} deg, median r {r:.2f}",
        f"SD <= {STANCE_SD_DEG} deg, r >= {STANCE_R}",
        f"SD {constant.std():.2f} deg",
    )


def _agreement(result: Result) -> Iterator[Check]:
    target = f"<= {LEAN_RMS_DEG} deg RMS"
    trivial = ", ".join(f"{a.trivial_sd:.1f}" for a in result.agreements) + " deg"
    for name, errors in (
        ("gyro bias removed", [a.error for a in result.agreements]),
        ("gyro bias not removed", [a.unremoved for a in result.agreements]),
    ):
        known = [e for e in errors if e]
        detail = ", ".join(f"{e.rms:.2f} ({e.sd:.2f} without offset)" for e in known) + " deg"
        yield Check(
            f"{result.name}: lean against VQF, {name}",
            all(e.rms <= LEAN_RMS_DEG for e in known),
            detail,
            target,
            trivial,
        )
    yield Check(
        f"{result.name}: mean lean under a bias ramp",
        all(a.ramp is not None and abs(a.ramp) <= LEAN_RMS_DEG for a in result.agreements),
        _moved([a.ramp for a in result.agreements]),
        f"within {LEAN_RMS_DEG} deg at 0 to 3 deg/s over 20 minutes, the run repeated",
    )
    yield Check(
        f"{result.name}: the same ramp within one minute (worst case, not a target)",
        None,
        _moved([a.ramp_fast for a in result.agreements]),
    )


def _moved(shifts: Sequence[float | None]) -> str:
    return ", ".join("too few contacts" if shift is None else f"{shift:+.2f}" for shift in shifts) + " deg"


def _inclination(result: Result, have_vqf: bool) -> Check:
    name, target = f"{result.name}: inclination", f"<= {INCLINATION_RATIO} x VQF 6D online"
    if not have_vqf:
        return Check(name, None, _NO_VQF, target)
    return Check(
        name,
        all(i.peer is not None and i.ours <= INCLINATION_RATIO * i.peer for i in result.inclinations),
        ", ".join(f"{i.ours:.2f} (VQF {i.peer:.2f})" for i in result.inclinations) + " deg RMS",
        target,
        ", ".join(f"{i.constant:.0f}" for i in result.inclinations) + " deg",
    )


def of_studies(invariance: Invariance | None, curve: Curve | None) -> Iterator[Check]:
    if invariance:
        yield Check(
            "mounting: 24 alignments, each also 30 deg askew",
            invariance.strides_changed == 0 and invariance.lean_deg <= MOUNTING_DEG,
            f"{invariance.strides_changed} strides changed, lean by up to {invariance.lean_deg:.2f} deg"
            f" ({invariance.name})",
            f"no stride, <= {MOUNTING_DEG} deg",
        )
    if curve:
        yield Check(
            "confidence predicts error",
            curve.predicts,
            curve.text(),
            "strides below the gate worse than the most trusted, in every metric",
        )


def text_of(values: Spread | None, unit: str, digits: int = 1) -> str:
    """Bias and SD; empty when unknown."""
    return "" if values is None else f"{values.bias:+.{digits}f} {unit}, SD {values.sd:.{digits}f}"
