# SPDX-License-Identifier: MIT
"""Writes the figures of docs/accuracy.md and README.md from a result of `kneesense validate --json`.

    kneesense validate RECORDINGS --runners 200 --json > RESULT.json
    python tests/checks/docs_accuracy.py --from RESULT.json --write

docs/accuracy.json keeps what the pages show; without --from the pages are written, or with --check compared, from it.
What stands between `<!-- accuracy: NAME -->` and `<!-- end of accuracy -->` is generated, the rest is written by hand.
Every missed target must be named, in backticks, under "What misses its target", and nothing else may be.
"""

import argparse
import json
import re
import sys
import textwrap
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
STORED = ROOT / "docs" / "accuracy.json"
PAGES = (ROOT / "docs" / "accuracy.md", ROOT / "README.md")
_BLOCK = re.compile(r"(<!-- accuracy: (\w+) -->\n).*?(<!-- end of accuracy -->)", re.DOTALL)
_MISSES = re.compile(r"## What misses its target[^\n]*\n(.*?)\n## ", re.DOTALL)
_CELL = (
    "n", "missed", "false", "ic_bias_ms", "ic_sd_ms", "contact_bias_ms", "contact_sd_ms", "lean_mid_deg",
    "lean_mid_within_sd", "pta_axial_g",
)  # fmt: skip

_NOT_STORED = "Not part of the stored result."

Values = dict[str, Any]


def kept(lines: Iterable[str]) -> Values:
    """What the pages show of a result in JSON lines.  ValueError when it is none, or has no simulated runners."""
    records = [json.loads(line) for line in lines if line.strip()]
    checks = [record for record in records if record["type"] == "check"]
    simulator = records[-1].get("simulator") if records else None
    if not checks or not simulator:
        raise ValueError("not the whole output of `kneesense validate --runners N --json`")
    about = next((record for record in records if record["type"] == "about"), {})
    return {
        "seed": about.get("seed", 1),
        **{key: simulator[key] for key in ("runners", "recordings", "n", "refused", "worst")},
        "groups": simulator.get("groups") or {},
        "confidence": (simulator.get("confidence") or {}).get("bins", []),
        "checks": [{key: c[key] for key in ("name", "ok", "detail", "target", "trivial")} for c in checks],
        "cells": {
            name: {key: cell[key] for key in _CELL} for name, cell in sorted(simulator["cells"].items())
        },
    }


def missed(stored: Values) -> list[str]:
    return [check["name"] for check in stored["checks"] if check["ok"] is False]


def count(stored: Values) -> str:
    """A line without a verdict is no target."""
    judged = [check["ok"] for check in stored["checks"] if check["ok"] is not None]
    return f"{sum(judged)} of {len(judged)} targets hold."


def names(stored: Values) -> str:
    listed = ", ".join(f"`{name}`" for name in missed(stored))
    return "\n".join(
        textwrap.wrap(f"{count(stored)} Missed: {listed or 'none'}.", 110, break_on_hyphens=False)
    )


def source(stored: Values) -> str:
    refused = len(stored["refused"])
    text = (
        f"{stored['recordings']} recordings of {stored['runners']} simulated runners, seed {stored['seed']}, with"
        f" {stored['n']} true contacts. {refused} of them {'was' if refused == 1 else 'were'} refused by the"
        " calibration and measured with the true one."
    )
    return "\n".join(textwrap.wrap(text, 110))


def targets(stored: Values) -> str:
    words = {True: "holds", False: "**missed**", None: "no target"}
    head = ("what", "reached", "target", "trivial predictor", "")
    return _table(
        head,
        ((c["name"], c["detail"], c["target"], c["trivial"], words[c["ok"]]) for c in stored["checks"]),
    )


def conditions(stored: Values) -> str:
    head = (
        "condition", "n", "missed", "false", "strike, ms", "contact, ms", "mid-stance lean, deg (within a pace)",
        "peak, g",
    )  # fmt: skip
    return _table(head, (_condition(name, cell) for name, cell in stored["cells"].items()))


def worst(stored: Values) -> str:
    rows = ((w["runner"], w["cell"], w["what"], f"{w['error']:g}") for w in stored["worst"])
    return _table(("runner, recording", "condition", "what", "RMS error, or count"), rows)


def limits(stored: Values) -> str:
    groups = stored["groups"]
    metrics = next(iter(groups.values()), {})
    rows = ((metric, *(_agreement(group[metric]) for group in groups.values())) for metric in metrics)
    return _table(("metric", *groups), rows) if groups else _NOT_STORED


def confidence(stored: Values) -> str:
    errors = ("lean_mid_deg", "ic_ms", "contact_ms")
    rows = (
        (f"{b['low']} to {b['high']}", b["n"], *("-" if b[e] is None else f"{b[e]:.2f}" for e in errors))
        for b in stored["confidence"]
    )
    return _table(("confidence", "strides", *errors), rows) if stored["confidence"] else _NOT_STORED


def _agreement(value: Values | None) -> str:
    if value is None:
        return "-"
    low, high = value["limits"]
    return f"{value['bias']:+.2f} ({low:+.2f} to {high:+.2f})"


def _condition(name: str, cell: Values) -> tuple[object, ...]:
    lean = cell["lean_mid_deg"]
    within = f" ({cell['lean_mid_within_sd']:.2f})" if lean else ""
    return (
        name, cell["n"], cell["missed"], cell["false"], _both(cell["ic_bias_ms"], cell["ic_sd_ms"], 1),
        _both(cell["contact_bias_ms"], cell["contact_sd_ms"], 1), _spread(lean) + within,
        _spread(cell["pta_axial_g"]),
    )  # fmt: skip


def _spread(value: Values | None) -> str:
    return _both(value["bias"], value["sd"], 2) if value else "-"


def _both(bias: float | None, sd: float | None, digits: int) -> str:
    return "-" if bias is None or sd is None else f"{bias:+.{digits}f} +- {sd:.{digits}f}"


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    lines = [list(head), ["---"] * len(list(head)), *rows]
    cells = (("" if cell is None else str(cell).replace("|", "\\|") for cell in line) for line in lines)
    text = "\n".join("| " + " | ".join(row) + " |" for row in cells)
    for plain, sign in (("+-", "\u00b1"), ("<=", "\u2264"), (">=", "\u2265")):
        text = text.replace(plain, sign)
    return text


MADE: dict[str, Callable[[Values], str]] = {
    "count": count,
    "names": names,
    "source": source,
    "targets": targets,
    "conditions": conditions,
    "worst": worst,
    "limits": limits,
    "confidence": confidence,
}


def filled(text: str, stored: Values) -> str:
    """The page with the stored figures.  KeyError for a name that nothing makes."""
    return _BLOCK.sub(lambda match: f"{match[1]}{MADE[match[2]](stored)}\n{match[3]}", text)


def unexplained(text: str, stored: Values) -> list[str]:
    """What is wrong with the reasons given in the page, a line each."""
    section = _MISSES.search(text)
    given = set(re.findall(r"`([^`]+)`", section[1].replace("\n", " "))) if section else set()
    todo = [f"`{name}` is missed and not named" for name in missed(stored) if name not in given]
    return todo + [f"`{name}` is named and not missed" for name in sorted(given - set(missed(stored)))]


def stored_result() -> Values:
    result: Values = json.loads(STORED.read_text())
    return result


def stale() -> list[str]:
    """What differs from the stored result, a line each."""
    stored = stored_result()
    pages = [page.name for page in PAGES if filled(page.read_text(), stored) != page.read_text()]
    return [f"{name}: figures differ from {STORED.name}" for name in pages] + [
        f"{PAGES[0].name}: {text}" for text in unexplained(PAGES[0].read_text(), stored)
    ]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="figures of docs/accuracy.md and README.md")
    parser.add_argument("--from", dest="result", type=Path, help="JSON lines of `kneesense validate --json`")
    parser.add_argument("--write", action="store_true", help="write the pages")
    parser.add_argument("--check", action="store_true", help="compare the pages")
    given = parser.parse_args(arguments)
    if given.write == given.check or (given.result and given.check):
        parser.error("either --check, or --write with or without --from")
    if given.result:
        try:
            result = kept(given.result.read_text().splitlines())
        except (OSError, ValueError, KeyError) as error:
            parser.error(f"{given.result}: {error}")
        STORED.write_text(json.dumps(result, indent=1) + "\n")
    if given.write:
        for page in PAGES:
            page.write_text(filled(page.read_text(), stored_result()))
    wrong = stale()
    print("\n".join(wrong) if wrong else "docs/accuracy.md and README.md agree with docs/accuracy.json")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
