# SPDX-License-Identifier: MIT
"""The figures of docs/accuracy.md and README.md are those of the stored result, and every miss has its reason."""

import json

import pytest

from checks import docs_accuracy

# One for each accuracy that was promised
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


@pytest.fixture
def stored():
    return docs_accuracy.stored_result()


def test_pages_agree_with_the_stored_result_and_name_every_miss():
    assert docs_accuracy.stale() == [], "python tests/checks/docs_accuracy.py --write"


@pytest.mark.parametrize("promised", PROMISED)
def test_every_promised_line_is_in_the_table(stored, promised):
    assert len([check for check in stored["checks"] if promised in check["name"]]) == 1


def test_every_block_stands_in_a_page():
    text = "".join(page.read_text() for page in docs_accuracy.PAGES)
    assert [name for name in docs_accuracy.MADE if f"<!-- accuracy: {name} -->" not in text] == []


def test_a_changed_figure_is_noticed(stored):
    page = docs_accuracy.PAGES[0].read_text()
    check = stored["checks"][0]
    check["detail"] += "!"
    assert docs_accuracy.filled(page, stored) != page
    assert check["detail"] in docs_accuracy.filled(page, stored)


def test_a_new_miss_wants_a_reason_and_a_mended_one_loses_it(stored):
    page = docs_accuracy.PAGES[0].read_text()
    holds = next(check for check in stored["checks"] if check["ok"])
    misses = next(check for check in stored["checks"] if check["ok"] is False)
    holds["ok"], misses["ok"] = False, True
    assert docs_accuracy.unexplained(page, stored) == [
        f"`{holds['name']}` is missed and not named",
        f"`{misses['name']}` is named and not missed",
    ]


def test_a_line_without_a_verdict_is_no_target(stored):
    stored["checks"] = [{"ok": True}, {"ok": False}, {"ok": None}]
    assert docs_accuracy.count(stored) == "1 of 2 targets hold."


@pytest.mark.parametrize("lines", [[], ['{"type": "check"}', '{"type": "summary", "simulator": null}']])
def test_half_a_result_is_refused(lines):
    with pytest.raises(ValueError, match="not the whole output"):
        docs_accuracy.kept(lines)


def test_what_is_kept_is_of_json_lines(stored):
    cell = dict.fromkeys(stored["cells"]["standing"])
    lines = [
        {"type": "check", "name": "a", "ok": None, "detail": "1", "target": None, "trivial": None},
        {
            "type": "summary",
            "simulator": {
                "runners": 2,
                "recordings": 3,
                "n": 4,
                "refused": {},
                "worst": [],
                "cells": {"c": cell},
            },
        },
    ]
    kept = docs_accuracy.kept([json.dumps(line) for line in lines])
    assert kept["cells"] == {"c": cell}
    assert "| c |" in docs_accuracy.conditions(kept)


def test_limits_of_agreement_and_confidence_are_told_when_they_are_known(stored):
    stored["groups"] = {"running": {"ic_ms": {"bias": 1.0, "limits": [-2.0, 4.0]}, "contact_ms": None}}
    stored["confidence"] = [
        {"low": 0, "high": 60, "n": 7, "lean_mid_deg": 1.5, "ic_ms": None, "contact_ms": 8.0}
    ]
    assert "| ic_ms | +1.00 (-2.00 to +4.00) |\n| contact_ms | - |" in docs_accuracy.limits(stored)
    assert "| 0 to 60 | 7 | 1.50 | - | 8.00 |" in docs_accuracy.confidence(stored)
