# SPDX-License-Identifier: MIT
"""docs/accuracy.md and the README tell what `validate` measured, and name every line that is missed."""

import json
import re

import pytest

from checks import docs_accuracy

ACCURACY, README = (
    page.read_text(encoding="utf-8") for page in (docs_accuracy.ACCURACY, docs_accuracy.README)
)

# One for each line of accuracy that was promised
PROMISED = (
    "/events: strikes found", "/cycles: strikes found", "simulator: strikes found",
    "simulator: no contact where nobody walks", "/free: contacts counted", "/free: no contact where nobody walks",
    "/events: strike time", "/cycles: strike time", "simulator: strike time, walking",
    "simulator: strike time, running", "simulator: contact time, walking", "simulator: contact time, running",
    "/free: lean against VQF, gyro bias removed", "/free: lean against VQF, gyro bias not removed",
    "/free: mean lean under a bias ramp", "/events: lean in 0 to 60 % of stance", "simulator: lean_ic_deg",
    "simulator: lean_mid_deg", "simulator: lean_min_deg", "simulator: lean_max_deg", "/orientation: inclination",
    "simulator: decision", "simulator: 400 m track", "simulator: 10 x (1 min run, 1 min walk)", "mounting: ",
    "confidence predicts error",
)  # fmt: skip


@pytest.mark.parametrize("promised", PROMISED)
def test_every_promised_line_is_in_the_table(promised):
    assert len([line for line in docs_accuracy.lines(ACCURACY) if promised in line.name]) == 1


def test_the_pages_agree_with_the_table_of_targets():
    assert docs_accuracy.written(ACCURACY, README, {}) == (ACCURACY, README), (
        "python tests/checks/docs_accuracy.py --write"
    )


def test_what_is_missed_is_named_with_a_reason_and_nothing_else_is():
    names = [line.name for line in docs_accuracy.missed(docs_accuracy.lines(ACCURACY))]
    assert list(docs_accuracy.reasons(ACCURACY)) == names
    rows = docs_accuracy.blocks(README)["missed"].strip().splitlines()[2:]
    assert [row.split(" | ")[0].lstrip("| ") for row in rows] == names


def test_the_counts_are_those_of_the_table():
    states = [line.state for line in docs_accuracy.lines(ACCURACY)]
    holds, missed = states.count("holds"), states.count("**missed**")
    for page in (ACCURACY, README):
        assert docs_accuracy.blocks(page)["count"] == f"{holds} of {holds + missed} targets hold"


def check(name, ok):
    return {"type": "check", "name": name, "ok": ok, "state": "holds" if ok else "missed", "detail": "+-1",
            "target": "<= 2", "trivial": None}  # fmt: skip


@pytest.fixture
def result():
    """The smallest output of a validation with runners."""
    spread = {"bias": 1.0, "sd": 2.0, "limits": [-2.92, 4.92]}
    cell = {
        "n": 3, "missed": 1, "false": 0, "ic_bias_ms": 1.0, "ic_sd_ms": 2.0, "contact_bias_ms": None,
        "contact_sd_ms": None, "lean_mid_deg": spread, "lean_mid_within_sd": 0.5, "pta_axial_g": None,
    }  # fmt: skip
    simulator = {
        "recordings": 4, "n": 3, "refused": {}, "groups": {"walking": {"ic_ms": spread}, "stairs": {"ic_ms": None}},
        "cells": {"walk": cell}, "worst": [{"runner": "runner 1", "cell": "walk", "what": "ic_ms", "error": 3.21}],
        "confidence": {"bins": [{"low": 0, "high": 60, "n": 1, "lean_mid_deg": 1, "ic_ms": None, "contact_ms": 2}]},
    }  # fmt: skip
    return [
        {"type": "about", "version": "0", "runners": 2, "seed": 1},
        check("a", True), check("old", False), check("new", False),
        {"type": "summary", "sets": {}, "simulator": simulator, "ok": False},
    ]  # fmt: skip


def test_reasons_of_what_is_still_missed_stay_and_new_misses_ask_for_one(result):
    text = re.sub(r"(<!-- measured: misses -->\n).*?(<!-- end)", r"\1* **old**: Known\n  why. More.\n* **gone**: x\n\2",
                  ACCURACY, flags=re.DOTALL)  # fmt: skip
    accuracy, readme = docs_accuracy.written(text, README, docs_accuracy.from_result(result))
    assert docs_accuracy.reasons(accuracy) == {"old": "Known why. More.", "new": docs_accuracy.UNEXPLAINED}
    assert "| old | ±1 | ≤ 2 | Known why. |" in readme
    assert "1 of 3 targets hold" in readme
    assert "| walk | 3 | 1 | 0 | +1.0 ± 2.0 | - | +1.00 ± 2.00 | 0.50 | - |" in accuracy
    assert "| Strike time, ms | +1.00 (-2.92 to +4.92) | - |" in accuracy
    assert docs_accuracy.written(accuracy, readme, {}) == (accuracy, readme)


@pytest.mark.parametrize("spoil", [lambda r: r[1:], lambda r: [*r[:-1], r[-1] | {"simulator": {}}]])
def test_half_a_result_is_refused(result, spoil):
    with pytest.raises(ValueError, match="whole output"):
        docs_accuracy.from_result(spoil(json.loads(json.dumps(result))))
