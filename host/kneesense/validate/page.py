# SPDX-License-Identifier: MIT
"""The report as one HTML file: no network, no script; tables beside every plot; screen, dark screen, phone, print."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from . import page_simulator, plots
from .checks import Check, verdict
from .markup import STYLE, figures, number, signs, table
from .page_simulator import BIAS_SD, CELL_HEAD, cell_row, timing_plots
from .report import Report
from .sets import Result


def html(report: Report) -> str:
    """The whole page."""
    parts = [
        "<!doctype html><html lang=en><head><meta charset=utf-8>",
        '<meta name=viewport content="width=device-width,initial-scale=1">',
        f"<title>kneesense: accuracy</title><style>{STYLE}</style></head><body><main>",
        "<h1>How right the numbers are</h1>",
        f"<p><strong>{verdict(report.checks)}.</strong> kneesense {escape(report.version)}, recordings in"
        f" <code>{escape(report.folder)}</code>, {report.runners} simulated runners, seed {report.seed}. Everything is"
        " what the unit's own signal processing reports of the samples. Beside each figure stands what a trivial"
        " predictor reaches: for strikes a pedometer (acceleration above 2 g), for all else a constant.</p>",
        _checks(report.checks),
        *(_result(result) for result in report.results),
    ]
    if report.measured:
        parts.append(page_simulator.simulator(report.measured))
    if report.curve:
        parts.append(page_simulator.confidence(report.curve))
    if report.study:
        parts.append(page_simulator.study(report.study))
    parts.append("</main></body></html>\n")
    return "\n".join(part for part in parts if part)


_KINDS = {"holds": "ok", "missed": "no", "skipped": "soft", "info": "soft"}


def _checks(checks: Sequence[Check]) -> str:
    rows = []
    for check in checks:
        rows.append(
            f'<tr><th scope=row>{signs(check.name)}</th><td class="{_KINDS[check.state]}">{check.state}</td>'
            f"<td>{signs(check.detail)}</td><td data-name=target>{signs(check.target)}</td>"
            f"<td data-name=trivial>{signs(check.trivial)}</td></tr>"
        )
    head = "".join(f"<th scope=col>{name}" for name in ("what", "", "reached", "target", "trivial predictor"))
    return (
        "<h2>Targets</h2><div class=wide><table class=checks>"
        f"<thead><tr>{head}</thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _result(result: Result) -> str:
    parts = [f"<h2>{escape(result.name)}</h2>"]
    if result.refused:
        parts.append("<p>Not used: a unit would refuse these too.</p>")
        parts.append(table(("recording", "why"), result.refused))
    if result.tally.pairs:
        parts.append(table(CELL_HEAD, [cell_row("all", result.tally)]))
        parts.append(BIAS_SD)
        parts.append(figures(timing_plots(result.tally)))
    if result.counts:
        rows = [(c.trial, c.found, c.offline, c.off) for c in result.counts]
        parts.append(table(("recording", "contacts", "offline count", "odd intervals"), rows))
    if result.agreements:
        head = (
            "run",
            "RMS, deg",
            "SD",
            "bias not removed: RMS",
            "bias ramp of 20 min: mean lean moves",
            "of one minute",
            "a constant: SD",
        )
        rows2 = [
            (
                a.trial, number(a.error.rms if a.error else None), number(a.error.sd if a.error else None),
                number(a.unremoved.rms if a.unremoved else None), number(a.ramp), number(a.ramp_fast),
                number(a.trivial_sd),
            )
            for a in result.agreements
        ]  # fmt: skip
        parts.append("<h3>Lean against offline VQF: agreement of two filters, not accuracy</h3>")
        parts.append(table(head, rows2))
        parts.append('<p><span class=key>unit</span> <span class="key b">VQF</span></p>')
        parts.append(
            figures(
                (f"Lean in {a.trial}", plots.traces(a.trial, a.trace_s, a.ours_deg, a.vqf_deg, "lean, deg"))
                for a in result.agreements
                if len(a.trace_s)
            )
        )
    if result.stances:
        rows3 = [
            (s.trial, number(float(s.error_deg.std())), number(s.r), number(s.offset_deg),
             number(float(s.constant_deg.std())))
            for s in result.stances
        ]  # fmt: skip
        parts.append("<h3>Lean against motion capture, 0 to 60 % of stance</h3>")
        parts.append(table(("stance", "SD, deg", "r", "offset taken out", "a constant: SD"), rows3))
    if result.inclinations:
        rows4 = [(i.trial, number(i.ours), number(i.peer), number(i.constant)) for i in result.inclinations]
        parts.append(table(("trial", "RMS, deg", "VQF 6D online", "a constant"), rows4))
    return "\n".join(parts)
