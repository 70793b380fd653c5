# SPDX-License-Identifier: MIT
"""Mean and spread of steady strides."""

import numpy as np
import pytest

from core.coached import Runner
from kneecore.baseline import Anchor, Baseline
from kneecore.coach import ARMED, BASELINE
from kneecore.rules import CADENCE, IMPACT, LEAN, RULES

USUAL = {CADENCE: (16500, 250), LEAN: (-300, 90), IMPACT: (6000, 600)}


@pytest.mark.parametrize("rule", USUAL)
def test_mean_and_sd_are_those_of_the_strides(rule):
    mean, sd = USUAL[rule]
    baseline = Baseline(RULES[rule], 250)
    values = np.random.default_rng(rule).normal(mean, sd, 250).round().astype(int).tolist()
    assert [baseline.add(value) for value in values] == [False] * 249 + [True]
    assert baseline.mean == pytest.approx(np.mean(values), abs=sd / 20)
    assert baseline.sd == pytest.approx(np.std(values), rel=0.05)


@pytest.mark.parametrize(("rule", "odd"), [(CADENCE, 8000), (LEAN, 2500), (IMPACT, 15000)])
def test_odd_strides_are_left_out(rule, odd):
    mean, sd = USUAL[rule]
    baseline = Baseline(RULES[rule], 20)
    values = [mean - sd // 2, mean + sd // 2] * 8 + [odd] * 4
    assert [baseline.add(value) for value in values][-1]
    assert (baseline.mean, baseline.sd) == (mean, sd // 2)


@pytest.mark.parametrize(("rule", "odd"), [(CADENCE, 8000), (LEAN, 2500), (IMPACT, 15000)])
def test_with_more_odd_ones_it_starts_again(rule, odd):
    mean, _ = USUAL[rule]
    baseline = Baseline(RULES[rule], 20)
    assert not any(baseline.add(value) for value in [mean] * 15 + [odd] * 5)
    assert [baseline.add(mean + 10) for _ in range(20)] == [False] * 19 + [True]
    assert (baseline.mean, baseline.sd) == (mean + 10, 0)


def test_the_spread_is_exact_at_the_largest_values_there_are():
    baseline = Baseline(RULES[IMPACT], 2000)
    values = [65534 * 7 // 10, 65534] * 1000
    assert [baseline.add(value) for value in values][-1]
    assert baseline.sd == pytest.approx(np.std(values), abs=1)


def test_an_unsteady_runner_gets_no_target():
    runner = Runner()
    runner.run(*[155, 162] * 10)
    assert runner.coach.state == ARMED
    runner = Runner()
    runner.run(*[140, 180] * 10)
    assert runner.coach.state == BASELINE
    runner.ready()


def test_the_band_is_two_standard_deviations_when_that_is_more_than_the_least():
    runner = Runner(baseline_strides=200)
    cadences = np.random.default_rng(1).normal(160, 3, 200)
    runner.run(*cadences)
    assert runner.coach.cue.target == pytest.approx(100 * cadences.mean(), rel=0.003)
    assert runner.coach.cue.band == pytest.approx(200 * cadences.std(), rel=0.15)


def test_the_anchor_is_the_mean_over_its_time():
    anchor = Anchor(500, 30)
    lengths = [5900, 5600] * 30
    values = np.random.default_rng(2).normal(-500, 90, len(lengths)).round().astype(int).tolist()
    over = [anchor.add(value, length) for value, length in zip(values, lengths, strict=True)].index(True) + 1
    assert sum(lengths[: over - 1]) < 30 * 500 * 16 <= sum(lengths[:over])
    assert over == 42
