# SPDX-License-Identifier: MIT
"""The accuracy targets, one line each: what was reached, what is wanted, what the trivial predictor reaches.

A line whose data the folder does not have is not there; one that needs a missing program is skipped, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .compare import LEANS, Tally
from .confidence import Curve
from .figures import MAIN_CELLS, pooled
from .mounting import Invariance
from .runners import QUIET, Measured
from .sets import Result
from .stats import Spread, leave_one_out, spread

F1_LEAST = 0.995
IC_BIAS_MS, IC_SD_MS = 5.0, {"walk": 6.0, "run": 4.0}
CONTACT_BIAS_MS, CONTACT_SD_MS = 10.0, 15.0
LEAN_RMS_DEG = 0.5
STANCE_SD_DEG, STANCE_R = 0.7, 0.8
METRIC_BIAS_DEG, METRIC_SD_DEG = 0.5, 0.7
INCLINATION_RATIO = 1.5
DECISION_MS, REST_MS = 100.0, 50.0
MOUNTING_DEG = 0.3
LABELS_RIGHT = 0.95
_NO_VQF = "vqf is not installed: pip install 'kneesense[analysis]'"
_GROUPS = {
    "walking": tuple(cell for cell in MAIN_CELLS if cell.startswith("walk")),
    "running": tuple(cell for cell in MAIN_CELLS if cell.startswith(("run", "sprint"))),
    "stairs": tuple(cell for cell in MAIN_CELLS if cell.startswith("stairs")),
}


@dataclass(frozen=True)
class Check:
    """`ok` None: skipped, `detail` says why."""

    name: str
    ok: bool | None
    detail: str
    target: str
    trivial: str = ""

    def record(self) -> dict[str, Any]:
        """The JSON record."""
        return {
            "type": "check", "name": self.name, "ok": self.ok, "detail": self.detail,
            "target": self.target, "trivial": self.trivial or None,
        }  # fmt: skip


def of_sets(results: Sequence[Result], have_vqf: bool) -> Iterator[Check]:
    for result in results:
        kind = result.name.rpartition("/")[2]
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
            f"{_text(got, 'ms')}; SD {left.sd:.1f} with the constant of the others",
            f"+-{IC_BIAS_MS:g} ms, SD <= {sd_limit:g} ms",
            _text(trivial.spread("ic_ms"), "ms"),
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
        all(abs(a.ramp) <= LEAN_RMS_DEG for a in result.agreements),
        ", ".join(f"{a.ramp:+.2f}" for a in result.agreements) + " deg",
        f"within {LEAN_RMS_DEG} deg at 0 to 3 deg/s",
    )


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


def of_simulator(measured: Sequence[Measured]) -> Iterator[Check]:
    main, everything, trivial = pooled(measured, ""), Tally(), Tally()
    for one in measured:
        everything.add(one.tally)
        trivial.add(one.trivial)
    cells = {
        cell: everything.of(cell).f1() or 0.0
        for cell in everything.cells()
        if everything.of(cell).n_true and cell != "standing"
    }
    if cells:
        worst = min(cells, key=lambda cell: cells[cell])
        yield Check(
            "simulator: strikes found",
            cells[worst] >= F1_LEAST,
            f"F1 {everything.f1():.4f} of {everything.n_true}; worst {cells[worst]:.4f} ({worst})",
            f"F1 >= {F1_LEAST} in the worst cell",
            f"F1 {trivial.f1():.3f}",
        )
    quiet = [one for one in measured if one.scenario in QUIET]
    if quiet:
        false = {one.name: one.tally.n_false for one in quiet if one.tally.n_false}
        yield Check(
            "simulator: no contact where nobody walks",
            not false,
            f"{sum(false.values())} in {len(quiet)} recordings" + (f": {', '.join(false)}" if false else ""),
            f"0 in {', '.join(QUIET)}",
            f"{sum(one.trivial.n_false for one in quiet)}",
        )
    for name, chosen in _GROUPS.items():
        yield from _timing(name, [main.of(cell) for cell in chosen])
    yield from _lean_metrics(main)
    yield from _decision(measured)
    yield from _track(pooled(measured, "track"))
    yield from _intervals(measured)


def _timing(name: str, cells: Sequence[Tally]) -> Iterator[Check]:
    group = Tally()
    for cell in cells:
        group.add(cell)
    ic, contact = group.spread("ic_ms"), group.spread("contact_ms")
    sd_limit = IC_SD_MS["run" if name == "running" else "walk"]
    if ic:
        yield Check(
            f"simulator: strike time, {name}",
            abs(ic.bias) <= IC_BIAS_MS and ic.sd <= sd_limit,
            _text(ic, "ms") + _worst(cells, "ic_ms"),
            f"+-{IC_BIAS_MS:g} ms, SD <= {sd_limit:g} ms",
        )
    if contact:
        constant = group.constant("contact_ms")
        yield Check(
            f"simulator: contact time, {name}",
            abs(contact.bias) <= CONTACT_BIAS_MS and contact.sd <= CONTACT_SD_MS,
            _text(contact, "ms") + _worst(cells, "contact_ms"),
            f"+-{CONTACT_BIAS_MS:g} ms, SD <= {CONTACT_SD_MS:g} ms",
            f"SD {constant.sd:.1f} ms" if constant else "",
        )


def _lean_metrics(main: Tally) -> Iterator[Check]:
    for metric in LEANS:
        straight = [pair for pair in main.pairs if not pair.true.get("turn")]
        got = spread(main.errors(metric, straight))
        if got:
            cells, constant = [main.of(cell) for cell in MAIN_CELLS], main.constant(metric)
            yield Check(
                f"simulator: {metric}",
                abs(got.bias) <= METRIC_BIAS_DEG and got.sd <= METRIC_SD_DEG,
                _text(got, "deg", 2) + _worst(cells, metric, 2),
                f"+-{METRIC_BIAS_DEG} deg, SD <= {METRIC_SD_DEG} deg",
                f"SD {constant.sd:.2f} deg" if constant else "",
            )


def _decision(measured: Sequence[Measured]) -> Iterator[Check]:
    decisions = [ms for one in measured for ms in one.decisions_ms]
    rests = [ms for one in measured for ms in one.rests_ms]
    if decisions:
        late = float(np.percentile(decisions, 99))
        yield Check(
            "simulator: decision",
            late <= DECISION_MS and min(rests) >= REST_MS,
            f"p99 {late:.0f} ms after the true toe-off, FIFO of 25 ms included; pulses end {min(rests):.0f} ms or"
            f" more before the next strike ({len(decisions)} cues)",
            f"<= {DECISION_MS:g} ms, >= {REST_MS:g} ms",
        )


def _track(track: Tally) -> Iterator[Check]:
    bends = [pair for pair in track.pairs if pair.true.get("turn")]
    straights = [pair for pair in track.pairs if not pair.true.get("turn") and pair.true.get("gait") == "run"]
    if not bends or not straights:
        return

    def unflagged(pairs: Sequence[Any]) -> list[Any]:
        return [pair for pair in pairs if "turn" not in pair.found["flags"]]

    left = track.errors("lean_mid_deg", unflagged(bends))
    base = track.errors("lean_mid_deg", unflagged(straights))
    drift = float(left.mean() - base.mean()) if len(left) and len(base) else 0.0
    flagged = 1 - len(unflagged(bends)) / len(bends)
    wrongly = 1 - len(unflagged(straights)) / len(straights)
    yield Check(
        "simulator: 400 m track",
        abs(drift) <= METRIC_BIAS_DEG,
        f"{flagged:.0%} of the bends' strides flagged, {wrongly:.0%} of the straights'; lean of unflagged strides"
        f" in bends off by {drift:+.2f} deg",
        f"unflagged within {METRIC_BIAS_DEG} deg of the straights",
    )


def _intervals(measured: Sequence[Measured]) -> Iterator[Check]:
    pairs = pooled(measured, "intervals").pairs
    if not pairs:
        return
    cues = sum(one.walking_cues for one in measured if one.scenario == "intervals")
    right = sum(pair.true["gait"] == pair.found["gait"] for pair in pairs) / len(pairs)
    wrong = sum({pair.true["gait"], pair.found["gait"]} == {"run", "walk"} for pair in pairs)
    yield Check(
        "simulator: 10 x (1 min run, 1 min walk)",
        right >= LABELS_RIGHT and cues == 0,
        f"{right:.1%} labelled right, {wrong} the other way round, the rest unsure; {cues} cues in walking",
        f">= {LABELS_RIGHT:.0%} right, no cue in walking",
        "50 % (all running)",
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
            "less confidence, more error, in every metric",
        )


def _text(values: Spread | None, unit: str, digits: int = 1) -> str:
    return "" if values is None else f"{values.bias:+.{digits}f} {unit}, SD {values.sd:.{digits}f}"


def _worst(cells: Sequence[Tally], metric: str, digits: int = 1) -> str:
    """The condition with the largest RMS error, as a tail of the text."""
    known = [(got.rms, cell.pairs[0].cell, got) for cell in cells if (got := cell.spread(metric))]
    if not known:
        return ""
    _, name, got = max(known, key=lambda entry: entry[0])
    return f"; worst {got.bias:+.{digits}f}, SD {got.sd:.{digits}f} ({name})"
