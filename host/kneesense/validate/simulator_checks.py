# SPDX-License-Identifier: MIT
"""The accuracy targets that simulated runners answer, one line each (see checks.py)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from .checks import IC_BIAS_MS, IC_SD_MS, Check, text_of
from .compare import LEANS, Pair, Tally
from .figures import GROUPS, MAIN_CELLS, pooled, within_sd
from .runners import QUIET, Measured
from .stats import spread

F1_LEAST = 0.995
CONTACT_BIAS_MS, CONTACT_SD_MS = 10.0, 15.0
METRIC_BIAS_DEG, METRIC_SD_DEG = 0.5, 0.7
DECISION_MS, REST_MS = 100.0, 50.0
LABELS_RIGHT = 0.95
_UNSURE_LEAN = {"turn", "bias_unsettled", "strap_loose"}


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
    for name, chosen in GROUPS.items():
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
            text_of(ic, "ms") + _worst(cells, "ic_ms"),
            f"+-{IC_BIAS_MS:g} ms, SD <= {sd_limit:g} ms",
        )
    if contact:
        constant = group.constant("contact_ms")
        yield Check(
            f"simulator: contact time, {name}",
            abs(contact.bias) <= CONTACT_BIAS_MS and contact.sd <= CONTACT_SD_MS,
            text_of(contact, "ms") + _worst(cells, "contact_ms"),
            f"+-{CONTACT_BIAS_MS:g} ms, SD <= {CONTACT_SD_MS:g} ms",
            f"SD {constant.sd:.1f} ms" if constant else "",
        )


def _lean_metrics(main: Tally) -> Iterator[Check]:
    """Of the strides the unit does not flag as unsure; what all of them reach stands beside."""
    straight = [pair for pair in main.pairs if not pair.true.get("turn")]
    trusted = [pair for pair in straight if _UNSURE_LEAN.isdisjoint(pair.found["flags"])]
    for metric in LEANS:
        got, everything = spread(main.errors(metric, trusted)), spread(main.errors(metric, straight))
        if got and everything:
            cells, constant = [main.of(cell) for cell in MAIN_CELLS], main.constant(metric)
            yield Check(
                f"simulator: {metric}",
                abs(got.bias) <= METRIC_BIAS_DEG and got.sd <= METRIC_SD_DEG,
                f"{text_of(got, 'deg', 2)}; with the {1 - len(trusted) / len(straight):.0%} that the unit itself flags"
                f" as unsure {text_of(everything, 'deg', 2)}, {within_sd(main, metric):.2f} within a runner's pace"
                + _worst(cells, metric, 2),
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

    def unflagged(pairs: Sequence[Pair]) -> list[Pair]:
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
        f">= {LABELS_RIGHT:.0%} right, no cue from the second walking stride on",
        "50 % (all running)",
    )


def _worst(cells: Sequence[Tally], metric: str, digits: int = 1) -> str:
    """The condition with the largest RMS error, as a tail of the text."""
    known = [(got.rms, cell.pairs[0].cell, got) for cell in cells if (got := cell.spread(metric))]
    if not known:
        return ""
    _, name, got = max(known, key=lambda entry: entry[0])
    return f"; worst {got.bias:+.{digits}f}, SD {got.sd:.{digits}f} ({name})"
