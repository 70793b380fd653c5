# SPDX-License-Identifier: MIT
"""The report as one HTML file: no network, no script; tables beside every plot; screen, dark screen, phone, print."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import numpy as np

from . import plots
from .checks import Check
from .compare import METRICS, Tally
from .confidence import ERRORS, Curve
from .figures import of_cell, pooled, worst_cases
from .lean_metrics import Study
from .report import Report
from .runners import Measured
from .sets import Result

_STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#59636e;--paper:#fff;--line:#d5dae0;--a:#0b62c4;--b:#e08b1b;
--good:#17692f;--bad:#b3261e}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ed;--soft:#9aa4af;--paper:#14171b;--line:#343b43;
--a:#6cb0ff;--b:#f0ab4e;--good:#6fd08c;--bad:#ff8a80}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:76rem;padding:1.5rem 1.25rem 4rem;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,sans-serif}
h1{font-size:1.7rem;margin:0}h2{margin:2.5rem 0 .5rem;font-size:1.25rem;border-bottom:1px solid var(--line);
padding-bottom:.25rem}
h3{font-size:1rem;margin:1.5rem 0 .25rem}
p{max-width:46rem;margin:.5rem 0}.soft{color:var(--soft)}
.wide{overflow-x:auto;margin:.75rem 0}
table{border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .7rem .3rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
th{color:var(--soft);font-weight:600}thead th{white-space:nowrap}
.n{text-align:right;white-space:nowrap}.ok{color:var(--good);font-weight:600}.no{color:var(--bad);font-weight:700}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,27rem),1fr));gap:1rem}
figure{margin:0}figcaption{font-size:.875rem;color:var(--soft)}
svg{width:100%;height:auto;display:block}svg text{fill:var(--soft);font:12px system-ui,sans-serif}
.grid{stroke:var(--line);fill:none}.line{fill:none;stroke-width:2;stroke-linejoin:round}.limit{stroke:var(--bad);
stroke-width:1.5;stroke-dasharray:5 4}
.a{fill:var(--a);stroke:none}.b{fill:var(--b)}.line.a{fill:none;stroke:var(--a)}.line.b{fill:none;stroke:var(--b)}
.wide.line{stroke-width:5;opacity:.55}.dot{fill-opacity:.35}
.key::before{content:"";display:inline-block;width:1.2em;height:.3em;margin-right:.4em;vertical-align:middle;
background:var(--a)}.key.b::before{background:var(--b)}
@media (max-width:40rem){.checks thead{display:none}.checks tr{display:block;padding:.5rem 0;
border-bottom:1px solid var(--line)}.checks td,.checks th{display:block;border:0;padding:.05rem 0}
.checks td[data-name]::before{content:attr(data-name) ": ";
color:var(--soft)}.checks td[data-name]:empty{display:none}}
@media print{body{max-width:none;font-size:11pt;padding:0}h2{break-after:avoid}figure,tr{break-inside:avoid}
.wide{overflow:visible}}
"""


_TITLES = {
    "ic_ms": "Strike time",
    "contact_ms": "Contact time",
    "lean_mid_deg": "Mid-stance lean",
    "lean_ic_deg": "Lean at contact",
}
_LETTER = re.compile("[A-Za-z]")


def html(report: Report) -> str:
    """The whole page."""
    misses = sum(check.ok is False for check in report.checks)
    skipped = sum(check.ok is None for check in report.checks)
    holds = len(report.checks) - misses - skipped
    verdict = f"{holds} of {len(report.checks)} targets hold" + (f", {misses} missed" if misses else "")
    verdict += f", {skipped} skipped" if skipped else ""
    parts = [
        "<!doctype html><html lang=en><head><meta charset=utf-8>",
        '<meta name=viewport content="width=device-width,initial-scale=1">',
        f"<title>kneesense: accuracy</title><style>{_STYLE}</style></head><body><main>",
        "<h1>How right the numbers are</h1>",
        f"<p><strong>{verdict}.</strong> kneesense {escape(report.version)}, recordings in"
        f" <code>{escape(report.folder)}</code>, {report.runners} simulated runners, seed {report.seed}. Everything is"
        " what the unit's own signal processing reports of the samples. Beside each figure stands what a trivial"
        " predictor reaches: for strikes a pedometer (acceleration above 2 g), for all else a constant.</p>",
        _checks(report.checks),
        *(_result(result) for result in report.results),
    ]
    if report.measured:
        parts.append(_simulator(report.measured))
    if report.curve:
        parts.append(_confidence(report.curve))
    if report.study:
        parts.append(_study(report.study))
    parts.append("</main></body></html>\n")
    return "\n".join(part for part in parts if part)


def _checks(checks: Sequence[Check]) -> str:
    rows = []
    for check in checks:
        word, kind = {True: ("holds", "ok"), False: ("missed", "no"), None: ("skipped", "soft")}[check.ok]
        rows.append(
            f'<tr><th scope=row>{_text(check.name)}</th><td class="{kind}">{word}</td><td>{_text(check.detail)}</td>'
            f"<td data-name=target>{_text(check.target)}</td><td data-name=trivial>{_text(check.trivial)}</td></tr>"
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
        parts.append(_table(("recording", "why"), result.refused))
    if result.tally.pairs:
        parts.append(_table(_CELL_HEAD, [_cell_row("all", result.tally)]))
        parts.append(_plots(_timing_plots(result.tally)))
    if result.counts:
        rows = [(c.trial, c.found, c.offline, c.off) for c in result.counts]
        parts.append(_table(("recording", "contacts", "offline count", "odd intervals"), rows))
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
                a.trial, _number(a.error.rms if a.error else None), _number(a.error.sd if a.error else None),
                _number(a.unremoved.rms if a.unremoved else None), _number(a.ramp), _number(a.ramp_fast),
                _number(a.trivial_sd),
            )
            for a in result.agreements
        ]  # fmt: skip
        parts.append("<h3>Lean against offline VQF: agreement of two filters, not accuracy</h3>")
        parts.append(_table(head, rows2))
        parts.append('<p><span class=key>unit</span> <span class="key b">VQF</span></p>')
        parts.append(
            _plots(
                (f"Lean in {a.trial}", plots.traces(a.trial, a.trace_s, a.ours_deg, a.vqf_deg, "lean, deg"))
                for a in result.agreements
                if len(a.trace_s)
            )
        )
    if result.stances:
        rows3 = [
            (s.trial, _number(float(s.error_deg.std())), _number(s.r), _number(s.offset_deg),
             _number(float(s.constant_deg.std())))
            for s in result.stances
        ]  # fmt: skip
        parts.append("<h3>Lean against motion capture, 0 to 60 % of stance</h3>")
        parts.append(_table(("stance", "SD, deg", "r", "offset taken out", "a constant: SD"), rows3))
    if result.inclinations:
        rows4 = [
            (i.trial, _number(i.ours), _number(i.peer), _number(i.constant)) for i in result.inclinations
        ]
        parts.append(_table(("trial", "RMS, deg", "VQF 6D online", "a constant"), rows4))
    return "\n".join(parts)


_CELL_HEAD = (
    "condition", "n", "missed", "false", "F1", "strike, ms", "contact, ms (constant)",
    "mid-stance lean, deg (within a pace)", "peak, g", "labels",
)  # fmt: skip


def _cell_row(name: str, tally: Tally) -> tuple[Any, ...]:
    figures = of_cell(tally)

    def both(metric: str, digits: int = 1) -> str:
        got = tally.spread(metric)
        return "-" if got is None else f"{got.bias:+.{digits}f} +- {got.sd:.{digits}f}"

    constant = figures["trivial"]["contact_ms"]
    labels = ", ".join(f"{count} {name}" for name, count in figures["labels"].items())
    lean = both("lean_mid_deg", 2) + (
        f" ({figures['lean_mid_within_sd']:.2f})" if tally.spread("lean_mid_deg") else ""
    )
    contact = both("contact_ms") + (f" ({constant:.0f})" if constant is not None else "")
    return (
        name, figures["n"], figures["missed"], figures["false"], _number(figures["f1"], 4), both("ic_ms"),
        contact, lean, both("pta_axial_g", 2), labels or "-",
    )  # fmt: skip


def _timing_plots(tally: Tally) -> Iterable[tuple[str, str]]:
    ic = tally.errors("ic_ms")
    if len(ic) > 2:
        yield "Strike time, found less true", plots.histogram("Errors of strike time", ic, "ms")
    known = [(pair, error) for pair in tally.pairs if (error := pair.error("contact_ms")) is not None]
    if len(known) > 2:
        true = np.array([1000 * pair.true["contact_s"] for pair, _ in known])
        errors = np.array([error for _, error in known])
        picture = plots.bland_altman("Contact time, Bland-Altman", true + errors, true, "ms")
        yield "Contact time with bias and limits of agreement", picture


def _simulator(measured: Sequence[Measured]) -> str:
    everything = Tally()
    for one in measured:
        everything.add(one.tally)
    cells = [(cell, everything.of(cell)) for cell in everything.cells() if everything.of(cell).n_true]
    main = pooled(measured, "")
    refused = [(one.name, one.refused) for one in measured if one.refused]
    pictures = list(_timing_plots(main))
    for metric in ("ic_ms", "contact_ms", "lean_mid_deg", "lean_ic_deg"):
        rows = [(name, got.bias, got.sd) for name, cell in cells if (got := cell.spread(metric))]
        title = f"{_TITLES[metric]} by condition"
        pictures.append((title, plots.whiskers(title, rows, metric.rpartition("_")[2])))
    ideal = pooled(measured, "", ideal=True)
    compared = [
        (name, _number(got.bias), _number(got.sd), _number(best.bias), _number(best.sd), _number(flat.sd))
        for name in METRICS
        if name != "ic_ms"
        if (got := main.spread(name)) and (best := ideal.spread(name)) and (flat := main.constant(name))
    ]
    parts = [
        "<h2>Simulated runners</h2>",
        f"<p>{len(measured)} recordings, {everything.n_true} strides with known truth, {len(main.pairs)} of them on the"
        " common course. Each runner wears another sensor, in another of 24 mountings up to 30 degrees askew,"
        " calibrated by standing and walking.</p>",
        _table(_CELL_HEAD, [_cell_row(name, cell) for name, cell in cells]),
        "<p class=soft>Bias +- SD.</p>".replace("+-", "\u00b1"),
        "<h3>Common course: what part of the error is the calibration's</h3>",
        _table(("metric", "bias", "SD", "with true calibration: bias", "SD", "a constant: SD"), compared),
    ]
    worst = [(w["runner"], w["cell"], w["what"], w["error"]) for w in worst_cases(measured)]
    parts += ["<h3>Worst cases</h3>", _table(("runner", "condition", "what", "RMS error, or count"), worst)]
    if refused:
        parts += [
            "<h3>Calibration refused; the true one was used</h3>",
            _table(("recording", "why"), refused),
        ]
    return "\n".join([*parts, _plots(pictures)])


def _confidence(curve: Curve) -> str:
    names = [f"{b.low} to {min(b.high, 100)}" for b in curve.bins]
    rows = [
        (name, b.n, *(_number(b.rms[metric]) for metric in ERRORS))
        for name, b in zip(names, curve.bins, strict=True)
    ]
    pictures = [
        (
            f"{_TITLES[metric]}, RMS error",
            plots.steps(
                f"{_TITLES[metric]} over confidence",
                names,
                [b.rms[metric] for b in curve.bins],
                "confidence",
                unit,
            ),
        )
        for metric, unit in ERRORS.items()
    ]
    spoilt = [(how, _number(mean, 0), _number(error)) for how, (mean, error) in curve.spoilt.items()]
    return "\n".join(
        (
            "<h2>Does confidence predict error?</h2>",
            "<p>Strides of running, as they are and spoilt; RMS error by the confidence the unit gave.</p>",
            _table(
                (
                    "confidence",
                    "strides",
                    *(f"{_TITLES[metric]}, RMS {unit}" for metric, unit in ERRORS.items()),
                ),
                rows,
            ),
            _table(("spoilt by", "mean confidence", "mid-stance lean, RMS deg"), spoilt),
            _plots(pictures),
        )
    )


def _study(study: Study) -> str:
    return "\n".join(
        (
            "<h2>Which lean metric should drive a cue?</h2>",
            f"<p>{escape(study.about)}</p>",
            _table(study.head, study.rows),
        )
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """First column: what a row is about.  Columns without letters are numbers, and stand to the right."""
    texts = [[str(value) for value in row] for row in rows]
    kinds = ["" if any(_LETTER.search(row[i]) for row in texts) else " class=n" for i in range(len(head))]
    names = "".join(f"<th scope=col{kind}>{_text(name)}" for name, kind in zip(head, kinds, strict=True))
    body = "".join(
        f"<tr><th scope=row>{_text(row[0])}"
        + "".join(f"<td{kind}>{_text(cell)}" for cell, kind in zip(row[1:], kinds[1:], strict=True))
        for row in texts
    )
    return f"<div class=wide tabindex=0><table><thead><tr>{names}<tbody>{body}</table></div>"


def _text(text: str) -> str:
    """Escaped, with the signs that a terminal may not have."""
    for plain, sign in (("+-", "\u00b1"), ("<=", "\u2264"), (">=", "\u2265")):
        text = text.replace(plain, sign)
    return escape(text)


def _plots(pictures: Iterable[tuple[str, str]]) -> str:
    figures = [f"<figure>{svg}<figcaption>{escape(text)}</figcaption></figure>" for text, svg in pictures]
    return f"<div class=plots>{''.join(figures)}</div>" if figures else ""


def _number(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
