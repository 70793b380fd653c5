# SPDX-License-Identifier: MIT
"""Writes what `kneesense validate` measured into docs/accuracy.md and the README, or checks that they agree.

    kneesense validate RECORDINGS --runners 200 --json > result.jsonl
    python tests/checks/docs_accuracy.py --from result.jsonl --write

A block stands between `<!-- measured: NAME -->` and `<!-- end of measured -->`; the rest is written by hand, and so are
the reasons behind the names in the list of misses: those of lines that are still missed are kept.  What is missed and
how much holds follow from the table of targets, so `--write` alone brings edited reasons to the README, and `--check`
needs no measurement.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from kneesense.validate.markup import TITLES, typographic

sys.path.append(str(Path(__file__).parents[1]))  # as a program, it is not found beside the tests
from checks.docs_tables import table

ROOT = Path(__file__).parents[2]
ACCURACY, README = ROOT / "docs" / "accuracy.md", ROOT / "README.md"
UNEXPLAINED = "Cause not known yet."

_BLOCK = re.compile(r"(<!-- measured: (\w+) -->\n?).*?(<!-- end of measured -->)", re.DOTALL)
_REASON = re.compile(r"^\* \*\*(.+?)\*\*: (.+?)(?=\n\* |\n*\Z)", re.DOTALL | re.MULTILINE)
_SENTENCE = re.compile(r"(.+?\.)(?:\s|$)", re.DOTALL)
_TARGETS_HEAD = ("what", "reached", "target", "trivial predictor", "")
_WORDS = {"holds": "holds", "missed": "**missed**", "skipped": "skipped", "info": "for information"}


class Line(NamedTuple):
    """A row of the table of targets."""

    name: str
    reached: str
    target: str
    trivial: str
    state: str


def blocks(text: str) -> dict[str, str]:
    """Content of each block of a page."""
    return {match[2]: match[0][len(match[1]) : -len(match[3])] for match in _BLOCK.finditer(text)}


def lines(page: str) -> list[Line]:
    """The table of targets as it stands in the page."""
    rows = blocks(page)["targets"].strip().splitlines()[2:]
    return [Line(*(cell.strip() for cell in row.strip("|").split(" | "))) for row in rows]


def missed(found: Iterable[Line]) -> list[Line]:
    return [line for line in found if line.state == _WORDS["missed"]]


def reasons(page: str) -> dict[str, str]:
    """Why each line is missed, by its name."""
    return {name: " ".join(why.split()) for name, why in _REASON.findall(blocks(page)["misses"])}


def from_targets(page: str) -> dict[str, str]:
    """Blocks that follow from the table of targets and the reasons, for both pages."""
    found, known = lines(page), reasons(page)
    holds = sum(line.state == _WORDS["holds"] for line in found)
    why = {line.name: known.get(line.name, UNEXPLAINED) for line in missed(found)}
    first = {name: match[1] if (match := _SENTENCE.match(text)) else text for name, text in why.items()}
    return {
        "count": f"{holds} of {holds + len(why)} targets hold",
        "misses": "".join(f"* **{name}**: {text}\n" for name, text in why.items()) or "Nothing.\n",
        "missed": table(
            ("missed", "reached", "target", "why"),
            ((line.name, line.reached, line.target, first[line.name]) for line in missed(found)),
        )
        if why
        else "",
    }


def from_result(records: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Blocks that are measured; `records` as `validate --json` writes them."""
    about, simulator = records[0], records[-1]["simulator"]
    if about["type"] != "about" or not simulator or not simulator.get("confidence"):
        raise ValueError("not the whole output of kneesense validate --json with simulated runners")
    checks = [record for record in records if record["type"] == "check"]
    return {
        "about": f"{simulator['recordings']} recordings of {about['runners']} simulated runners, {simulator['n']} true"
        f" contacts, seed {about['seed']}; the calibration refused {len(simulator['refused'])} of the recordings, which"
        " were measured with the true one.\n",
        "targets": table(_TARGETS_HEAD, map(_target, checks)),
        "limits": table(("metric", *simulator["groups"]), _limits(simulator["groups"])),
        "conditions": table(
            ("condition", "n", "missed", "false", "strike, ms", "contact, ms", "mid-stance lean, deg",
             "SD within a pace", "peak, g"),
            (_condition(name, cell) for name, cell in simulator["cells"].items() if cell["n"]),
        ),
        "worst": table(
            ("runner, recording", "condition", "what", "RMS error, or count"),
            ((w["runner"], w["cell"], TITLES[w["what"]], f"{w['error']:.3g}") for w in simulator["worst"]),
        ),
        "confidence": table(
            ("confidence", "strides", "mid-stance lean, deg", "strike, ms", "contact, ms"),
            (
                (f"{b['low']} to {b['high']}", b["n"],
                 *(_number(b[metric]) for metric in ("lean_mid_deg", "ic_ms", "contact_ms")))
                for b in simulator["confidence"]["bins"]
            ),
        ),
    }  # fmt: skip


def _target(check: Mapping[str, Any]) -> tuple[str, ...]:
    texts = (check[key] or "" for key in ("name", "detail", "target", "trivial"))
    return (*map(typographic, texts), _WORDS[check["state"]])


def _limits(groups: Mapping[str, Mapping[str, Any]]) -> Iterable[tuple[str, ...]]:
    for metric in next(iter(groups.values())):
        yield TITLES[metric], *(_agreement(group[metric]) for group in groups.values())


def _agreement(spread: Mapping[str, Any] | None) -> str:
    if spread is None:
        return "-"
    low, high = spread["limits"]
    return f"{spread['bias']:+.2f} ({low:+.2f} to {high:+.2f})"


def _condition(name: str, cell: Mapping[str, Any]) -> tuple[object, ...]:
    def both(bias: float | None, sd: float | None, digits: int) -> str:
        return "-" if bias is None or sd is None else f"{bias:+.{digits}f} ± {sd:.{digits}f}"

    def metric(key: str) -> str:
        return both(cell[key]["bias"], cell[key]["sd"], 2) if cell[key] else "-"

    return (
        name, cell["n"], cell["missed"], cell["false"], both(cell["ic_bias_ms"], cell["ic_sd_ms"], 1),
        both(cell["contact_bias_ms"], cell["contact_sd_ms"], 1), metric("lean_mid_deg"),
        _number(cell["lean_mid_within_sd"] if cell["lean_mid_deg"] else None), metric("pta_axial_g"),
    )  # fmt: skip


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def filled(text: str, values: Mapping[str, str]) -> str:
    """The page with the blocks of these names replaced."""
    return _BLOCK.sub(lambda m: m[1] + values[m[2]] + m[3] if m[2] in values else m[0], text)


def written(accuracy: str, readme: str, measured: Mapping[str, str]) -> tuple[str, str]:
    """Both pages as they should be."""
    accuracy = filled(accuracy, measured)
    follows = from_targets(accuracy)
    return filled(accuracy, follows), filled(readme, follows)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="docs_accuracy.py", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--from", dest="result", type=Path, help="output of kneesense validate --json")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--write", action="store_true")
    what.add_argument("--check", action="store_true")
    chosen = parser.parse_args(arguments)
    measured = {}
    if chosen.result:
        records = [json.loads(line) for line in chosen.result.read_text(encoding="utf-8").splitlines()]
        measured = from_result(records)
    pages = (ACCURACY, README)
    before = [page.read_text(encoding="utf-8") for page in pages]
    stale = 0
    for page, old, new in zip(pages, before, written(*before, measured), strict=True):
        if old != new:
            stale = 1
            if chosen.write:
                page.write_text(new, encoding="utf-8")
            print("wrote" if chosen.write else "stale:", page.relative_to(ROOT))
    for name, why in reasons(ACCURACY.read_text(encoding="utf-8")).items():
        if why == UNEXPLAINED:
            print(f"docs/accuracy.md: say why it is missed: {name}")
    return 0 if chosen.write else stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
