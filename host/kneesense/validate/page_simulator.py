# SPDX-License-Identifier: MIT
"""The report's part on strides with known truth: simulated runners, confidence, the study of lean metrics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

import numpy as np

from . import plots
from .compare import METRICS, Tally
from .confidence import ERRORS, Curve
from .figures import GROUPS, of_cell, of_group, pooled, worst_cases
from .lean_metrics import Study
from .markup import NOT_KNOWN, TITLES, figures, number, table
from .runners import Measured

CELL_HEAD = (
    "condition", "n", "missed", "false", "F1", "strike, ms", "contact, ms", "a constant: SD, ms",
    "mid-stance lean, deg", "SD within a pace", "peak, g", "gait right", "run as walk, walk as run",
)  # fmt: skip
BIAS_SD = "<p class=soft>Of errors: bias \u00b1 SD, found less true.</p>"


def cell_row(name: str, tally: Tally) -> tuple[Any, ...]:
    """Cells of one condition, in the order of CELL_HEAD."""
    values = of_cell(tally)
    labelled = [(pair.true["gait"], pair.found["gait"]) for pair in tally.pairs if "gait" in pair.true]
    right, swapped = NOT_KNOWN, NOT_KNOWN
    if labelled:
        right = f"{sum(true == told for true, told in labelled) / len(labelled):.1%}"
        swapped = str(sum({true, told} == {"run", "walk"} for true, told in labelled))

    def both(metric: str, digits: int = 1) -> str:
        got = tally.spread(metric)
        return NOT_KNOWN if got is None else f"{got.bias:+.{digits}f} +- {got.sd:.{digits}f}"

    return (
        name, values["n"], values["missed"], values["false"], number(values["f1"], 4), both("ic_ms"),
        both("contact_ms"), number(values["trivial"]["contact_ms"], 0), both("lean_mid_deg", 2),
        number(values["lean_mid_within_sd"] if tally.spread("lean_mid_deg") else None),
        both("pta_axial_g", 2), right, swapped,
    )  # fmt: skip


def timing_plots(tally: Tally) -> Iterator[tuple[str, str]]:
    """(caption, SVG): the errors of strike time, and contact time against the truth."""
    ic = tally.errors("ic_ms")
    if len(ic) > 2:
        caption = "Strike time, found less true; the outermost bars hold all beyond"
        yield caption, plots.histogram("Errors of strike time", ic, "ms")
    known = [(pair, error) for pair in tally.pairs if (error := pair.error("contact_ms")) is not None]
    if len(known) > 2:
        true = np.array([1000 * pair.true["contact_s"] for pair, _ in known])
        errors = np.array([error for _, error in known])
        picture = plots.bland_altman("Contact time, Bland-Altman", true + errors, true, "ms")
        yield "Contact time with bias and limits of agreement", picture


def simulator(measured: Sequence[Measured]) -> str:
    """The section on simulated runners."""
    everything = Tally()
    for one in measured:
        everything.add(one.tally)
    cells = [(cell, everything.of(cell)) for cell in everything.cells() if everything.of(cell).n_true]
    main = pooled(measured, "")
    pictures = list(timing_plots(main))
    for metric in ("ic_ms", "contact_ms", "lean_mid_deg", "lean_ic_deg"):
        rows = [(name, got.bias, got.sd) for name, cell in cells if (got := cell.spread(metric))]
        title = f"{TITLES[metric]}, by condition"
        if rows:
            pictures.append((title, plots.whiskers(title, rows, metric.rpartition("_")[2])))
    worst = [
        (w["runner"], w["cell"], TITLES[w["what"]], f"{w['error']:.{2 if 'deg' in w['what'] else 0}f}")
        for w in worst_cases(measured)
    ]
    refused = [(one.name, one.refused) for one in measured if one.refused]
    parts = [
        "<h2>Simulated runners</h2>",
        f"<p>{len(measured)} recordings, {everything.n_true} strides with known truth, {len(main.pairs)} of them on the"
        " common course. Each runner wears another sensor, in another of 24 mountings up to 30 degrees askew,"
        " calibrated by standing and walking.</p>",
        table(CELL_HEAD, [cell_row(name, cell) for name, cell in cells]),
        BIAS_SD,
        "<h3>Limits of agreement, common course</h3>",
        "<p>Between them lie 95 of 100 errors, if these are normal: bias \u00b1 1.96 SD.</p>",
        table(("metric", *(f"{name}: {what}" for name in GROUPS for what in ("bias", "limits"))), _limits(main)),
        "<h3>Common course: what part of the error is the calibration's</h3>",
        table(("metric", "bias", "SD", "with true calibration: bias", "SD", "a constant: SD"),
              _calibrations_part(main, pooled(measured, "", ideal=True))),
        "<h3>Worst cases</h3>",
        table(("runner", "condition", "what", "RMS error, or count"), worst),
    ]  # fmt: skip
    if refused:
        parts += [
            "<h3>Calibration refused; the true one was used</h3>",
            table(("recording", "why"), refused),
        ]
    return "\n".join([*parts, figures(pictures)])


def _limits(main: Tally) -> Iterator[tuple[str, ...]]:
    groups = [of_group(main, cells) for cells in GROUPS.values()]
    for metric in METRICS:
        cells: list[str] = []
        for group in groups:
            got = group[metric]
            low, high = got["limits"] if got else (None, None)
            cells += (f"{got['bias']:+.2f}", f"{low:+.2f} to {high:+.2f}") if got else (NOT_KNOWN, NOT_KNOWN)
        yield TITLES[metric], *cells


def _calibrations_part(main: Tally, ideal: Tally) -> Iterator[tuple[str, ...]]:
    for name in METRICS:
        got, best, flat = main.spread(name), ideal.spread(name), main.constant(name)
        if name != "ic_ms" and got and best and flat:
            values = (got.bias, got.sd, best.bias, best.sd, flat.sd)
            yield TITLES[name], *map(number, values)


def confidence(curve: Curve) -> str:
    """Error over confidence."""
    names = [f"{b.low} to {min(b.high, 100)}" for b in curve.bins]
    rows = [
        (name, b.n, *(number(b.rms[metric]) for metric in ERRORS))
        for name, b in zip(names, curve.bins, strict=True)
    ]
    pictures = [
        (
            f"{TITLES[metric]}: RMS error over confidence",
            plots.steps(TITLES[metric], names, [b.rms[metric] for b in curve.bins], "confidence", unit),
        )
        for metric, unit in ERRORS.items()
    ]
    spoilt = [(how, number(mean, 0), number(error)) for how, (mean, error) in curve.spoilt.items()]
    return "\n".join(
        (
            "<h2>Does confidence predict error?</h2>",
            "<p>Strides of running, as they are and spoilt; RMS error by the confidence the unit gave.</p>",
            table(("confidence", "strides", *(f"{TITLES[metric]}: RMS" for metric in ERRORS)), rows),
            table(("spoilt by", "mean confidence", "mid-stance lean, RMS deg"), spoilt),
            figures(pictures),
        )
    )


def study(found: Study) -> str:
    """The comparison of lean metrics."""
    return "\n".join(
        (
            "<h2>Which lean metric should drive a cue?</h2>",
            f"<p>{escape(found.about)}</p>",
            table(found.head, found.rows),
        )
    )
