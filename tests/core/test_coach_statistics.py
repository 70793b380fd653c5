# SPDX-License-Identifier: MIT
"""How often unchanged running is cued, and how soon changed running is, over many synthetic runs.

Strides scatter as in the treadmill recordings: cadence 1.5 %, lean 0.9 degrees; `memory` is the correlation of a stride
with the one before it (a first-order process: form drifts and comes back).
"""

import numpy as np
import pytest

from core.coached import LEFT, STRAPPED, Runner
from kneecore.coach import ARMED
from kneecore.rules import CADENCE, LEAN

SPM = 164
USUAL = {CADENCE: SPM, LEAN: 4.0}
SD = {CADENCE: 0.015 * SPM, LEAN: 0.9}
GUARDING = {CADENCE: {"cadence_offset_pm": 0}, LEAN: {"lean_offset_cdeg": 0}}
BASELINE = 250
FIVE_MINUTES = 5 * SPM // 2
SEEDS = range(40)


def form(rule, count, seed, memory=0.0):
    """Values of `count` strides of unchanged running."""
    random = np.random.default_rng([seed, rule])
    values = np.empty(count)
    value = random.standard_normal()
    for i in range(count):
        values[i] = value
        value = memory * value + np.sqrt(1 - memory**2) * random.standard_normal()
    return USUAL[rule] + SD[rule] * values


def runner(rule, **options):
    settings = {"cue_rule": rule, "baseline_strides": BASELINE} | GUARDING[rule] | options
    return Runner(STRAPPED, **settings)


def cues_in_5_minutes(rule, seed, memory=0.0, **options):
    values = form(rule, BASELINE + FIVE_MINUTES, seed, memory)
    guarded = runner(rule, **options)
    assert guarded.run(*values[:BASELINE]) == []
    assert guarded.coach.state == ARMED
    return len(guarded.run(*values[BASELINE:]))


@pytest.mark.parametrize("rule", [CADENCE, LEAN])
@pytest.mark.parametrize("memory", [0.0, 0.3, 0.6])
def test_unchanged_running_is_cued_at_most_once_in_5_minutes(rule, memory):
    cued = [cues_in_5_minutes(rule, seed, memory) for seed in SEEDS]
    assert np.median(cued) <= 1
    if memory == 0:
        assert np.mean(cued) <= 1


def test_a_band_of_one_sd_would_cue_often():
    cued = [cues_in_5_minutes(CADENCE, seed, cadence_band_pm=15) for seed in SEEDS[:10]]
    assert np.median(cued) > 5


@pytest.mark.parametrize(("rule", "way"), [(CADENCE, -1), (CADENCE, 1), (LEAN, 1)])
def test_a_shift_of_3_sd_is_cued_within_10_strides(rule, way):
    soon = 0
    for seed in SEEDS:
        shifted = runner(rule)
        values = form(rule, BASELINE + 60, seed)
        shifted.run(*values[:-10])
        soon += bool(shifted.run(*values[-10:] + 3 * way * SD[rule]))
    assert soon >= 0.9 * len(SEEDS)


def test_the_usual_offset_is_cued_within_10_strides_of_the_baseline_and_not_once_it_is_reached():
    for seed in SEEDS:
        asked = runner(CADENCE, cadence_offset_pm=75)
        values = form(CADENCE, BASELINE + 200, seed)
        asked.run(*values[:BASELINE])
        assert asked.run(*values[BASELINE : BASELINE + 10])
        asked.run(*values[-190:-180] * 1.075)  # what was cued before may still fill the window
        assert len(asked.run(*values[-180:] * 1.075)) <= 1


def test_another_strapping_by_5_degrees_is_not_cued():
    cued = []
    for seed in SEEDS:
        first = runner(LEAN)
        first.run(*form(LEAN, BASELINE, seed))
        session = {"runner": 7, "strap_session": 4, "kept": tuple(first.coach.kept)}
        again = Runner(session, cue_rule=LEAN)
        assert again.coach.kept is None
        values = form(LEAN, 200 + FIVE_MINUTES, seed + 1000) + (5 if seed % 2 else -5)
        cued.append(len(again.run(*values)))
        assert again.coach.kept.side == LEFT
        assert again.coach.cue.target == pytest.approx(100 * (USUAL[LEAN] + (5 if seed % 2 else -5)), abs=40)
    assert np.median(cued) == 0
    assert max(cued) <= 2
