# SPDX-License-Identifier: MIT
"""Pieces of the report's HTML: its style, tables, figures, numbers.  No network, no script."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

STYLE = """
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
th{color:var(--soft);font-weight:600}
thead th,thead .n{vertical-align:bottom;white-space:normal}tbody th{white-space:nowrap}
.checks tbody th{white-space:normal}
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

TITLES = {
    "ic_ms": "Strike time, ms",
    "contact_ms": "Contact time, ms",
    "cadence_spm": "Cadence, steps/min",
    "pta_axial_g": "Peak acceleration, g",
    "lean_ic_deg": "Lean at contact, deg",
    "lean_mid_deg": "Mid-stance lean, deg",
    "lean_min_deg": "Least lean, deg",
    "lean_max_deg": "Greatest lean, deg",
    "missed": "missed strikes",
    "false": "false strikes",
}
NOT_KNOWN = "-"
_LETTER = re.compile("[A-Za-z]")


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """First column: what a row is about.  Columns without letters are numbers, and stand to the right; columns in which
    nothing is known are left out.
    """
    texts = [[str(value) for value in row] for row in rows]
    told = [i for i in range(len(head)) if not texts or any(row[i] != NOT_KNOWN for row in texts)]
    head, texts = [head[i] for i in told], [[row[i] for i in told] for row in texts]
    kinds = ["" if any(_LETTER.search(row[i]) for row in texts) else " class=n" for i in range(len(head))]
    names = "".join(f"<th scope=col{kind}>{signs(name)}" for name, kind in zip(head, kinds, strict=True))
    body = "".join(
        f"<tr><th scope=row>{signs(row[0])}"
        + "".join(f"<td{kind}>{signs(cell)}" for cell, kind in zip(row[1:], kinds[1:], strict=True))
        for row in texts
    )
    return f"<div class=wide tabindex=0><table><thead><tr>{names}<tbody>{body}</table></div>"


def signs(text: str) -> str:
    """Escaped, with the signs of `typographic`."""
    return escape(typographic(text))


def typographic(text: str) -> str:
    """With the signs that a terminal may not have."""
    for plain, sign in (("+-", "\u00b1"), ("<=", "\u2264"), (">=", "\u2265")):
        text = text.replace(plain, sign)
    return text


def figures(pictures: Iterable[tuple[str, str]]) -> str:
    """(caption, SVG) each."""
    shown = [f"<figure>{svg}<figcaption>{escape(text)}</figcaption></figure>" for text, svg in pictures]
    return f"<div class=plots>{''.join(shown)}</div>" if shown else ""


def number(value: float | None, digits: int = 2) -> str:
    return NOT_KNOWN if value is None else f"{value:.{digits}f}"
