# SPDX-License-Identifier: MIT
"""Simulated runners through `validate`: small jobs, what they count, and the page made of them."""

import json
from dataclasses import replace

import pytest

from kneesense.simulator import runners, sensors
from kneesense.validate import figures, lean_metrics, page, simulator_checks
from kneesense.validate import runners as measuring
from kneesense.validate.compare import Tally
from kneesense.validate.report import Report


@pytest.fixture(scope="module")
def measured():
    """One runner: stops and starts, and sits."""
    runner, sensor = runners(1)[0], sensors(1)[0]
    jobs = [measuring.Job(0, runner, sensor, scenario) for scenario in ("turns", "sit")]
    return [measuring.measure(job) for job in jobs]


def test_the_strides_of_a_scenario_are_found(measured):
    moving, sitting = measured
    assert moving.tally.n_true > 50
    assert moving.tally.f1() > 0.97
    assert moving.refused == ""
    assert sitting.tally.n_true == sitting.tally.n_false == 0


def test_decisions_are_measured_from_the_true_toe_off(measured):
    moving, sitting = measured
    assert len(moving.decisions_ms) > 10
    assert max(moving.decisions_ms) < 150
    assert sitting.decisions_ms == []


def test_every_runner_does_everything_by_turns():
    jobs = measuring.jobs(10, seed=1)
    assert {job.scenario for job in jobs} == {"", "track", "intervals", *measuring.ALSO, *measuring.QUIET}
    assert {job.side for job in jobs} == {"left", "right"}


def test_summary_and_page_of_runners(measured):
    report = Report("folder", 1, 1, [], measured)
    report.checks = list(simulator_checks.of_simulator(measured))
    summary = json.loads(json.dumps(report.summary(), allow_nan=False))
    assert summary["simulator"]["n"] == measured[0].tally.n_true
    assert summary["simulator"]["cells"]["turns"]["f1"] > 0.97
    turns = summary["simulator"]["cells"]["turns"]["lean_mid_deg"]
    assert turns["limits"] == pytest.approx(
        [turns["bias"] - 1.96 * turns["sd"], turns["bias"] + 1.96 * turns["sd"]], abs=0.003
    )
    assert "Simulated runners" in page.html(report)
    assert figures.pooled(measured, "turns").n_true == measured[0].tally.n_true


def test_lean_is_judged_where_the_unit_trusts_it_and_told_of_all(measured):
    moving, _ = measured
    main = Tally(moving.tally.pairs[:10])
    pairs = [replace(p, true=p.true | {"turn": None, "lean_mid_deg": 1.0}) for p in main.pairs]
    trusted = [replace(p, found=p.found | {"flags": [], "lean_mid_deg": 1.0}) for p in pairs[:8]]
    unsure = [replace(p, found=p.found | {"flags": ["turn"], "lean_mid_deg": 9.0}) for p in pairs[8:]]
    lines = {check.name: check for check in simulator_checks._lean_metrics(Tally(trusted + unsure))}
    line = lines["simulator: lean_mid_deg"]
    assert line.ok is True
    assert line.detail.startswith(
        "+0.00 deg, SD 0.00; with the 20% that the unit itself flags as unsure +1.60"
    )


def test_false_contacts_where_nobody_walks_miss_the_target(measured):
    _, sitting = measured
    sitting.tally.false["sit"] = 1
    lines = {check.name: check for check in simulator_checks.of_simulator([sitting])}
    del sitting.tally.false["sit"]
    assert lines["simulator: no contact where nobody walks"].ok is False


def test_candidates_of_lean_are_what_they_are_called():
    import numpy as np

    course = np.linspace(0, -10, 101)
    values = {name: of(course, 0.25) for name, of in lean_metrics.CANDIDATES.items()}
    assert values["at contact"] == 0
    assert values["mid-stance, mean of 20 to 40 %"] == pytest.approx(-3)
    assert values["least of 0 to 60 %"] == pytest.approx(-6)
    assert values["range of 0 to 60 %"] == pytest.approx(6)
    assert values["greatest less contact"] == 0
    assert values["fastest change, deg/s"] == pytest.approx(40)


def test_a_candidate_blind_to_valgus_notices_none():
    row = lean_metrics.Row("x", 1.0, 1.0, 0.5, 0.01, 0.5, 0.01, 0.1, 0.1, 0.1)
    assert row.noticed_deg is None
    assert row.worst_deg is None
    assert row.fooled_deg is None
    seeing = lean_metrics.Row("x", 1.0, 1.0, 0.5, 0.5, 0.8, -0.25, 0.3, 0.4, 0.0)
    assert seeing.noticed_deg == pytest.approx(1.96 / 5**0.5 / 0.5)
    assert seeing.worst_deg == pytest.approx(1.96 / 5**0.5 / 0.25)
    assert seeing.fooled_deg == pytest.approx(1.0)
