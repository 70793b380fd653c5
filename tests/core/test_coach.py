# SPDX-License-Identifier: MIT
"""The cadence rule: what it fires on, when, for how long, and what it never fires on."""

import numpy as np
import pytest

from kneecore import wire
from kneecore.coach import ARMED, BASELINE, HOLDOFF, OFF, Coach
from kneecore.gait import RUN, UNSURE, WALK
from kneecore.settings import Settings
from kneecore.stride import Stride

RATE_HZ = 500
SECOND_X16 = 16 * RATE_HZ
QUICK = {"baseline_strides": 20, "cadence_offset_pm": 0}


class Runner:
    """Feeds a coach strides of given cadences and asks it at every toe-off."""

    def __init__(self, **settings):
        self.coach = Coach(RATE_HZ, Settings(**QUICK | settings))
        self.now_x16 = 0

    def stride(self, spm, gait=RUN, confidence=100, flags=0):
        """True if the toe-off after it buzzes."""
        stride = Stride()
        stride.begin(self.now_x16, flags)
        stride.stride_x16 = round(120 / spm * SECOND_X16)
        stride.gait, stride.confidence = gait, confidence
        self.now_x16 += stride.stride_x16
        self.coach.stride(stride)
        to_x16 = self.now_x16 + stride.stride_x16 // 3
        told_x16 = to_x16 + SECOND_X16 // 20
        return self.coach.toe_off(told_x16 >> 4, self.now_x16, to_x16)

    def run(self, *cadences, **options):
        """Which of the strides buzzed, counted from 1."""
        return [i for i, spm in enumerate(cadences, 1) if self.stride(spm, **options)]

    def ready(self, spm=160):
        assert self.run(*[spm] * 20) == []
        assert self.coach.state == ARMED
        return self


def test_the_states_are_those_of_the_wire():
    assert [wire.CUE_STATES[code] for code in (OFF, BASELINE, ARMED, HOLDOFF)] == [
        "off",
        "baseline",
        "armed",
        "holdoff",
    ]


def test_target_is_baseline_plus_offset_and_the_band_at_least_2_percent():
    cue = Runner(cadence_offset_pm=75).ready(160).coach.cue
    assert cue.target == pytest.approx(17200, abs=10)
    assert cue.band == pytest.approx(320, abs=2)


def test_the_band_is_two_standard_deviations_when_that_is_more():
    runner = Runner(baseline_strides=200)
    cadences = np.random.default_rng(1).normal(160, 3, 200)
    runner.run(*cadences)
    assert runner.coach.cue.target == pytest.approx(100 * cadences.mean(), rel=0.003)
    assert runner.coach.cue.band == pytest.approx(200 * cadences.std(), rel=0.15)


def test_a_band_that_is_set_is_used():
    assert Runner(cadence_band_pm=50).ready(160).coach.cue.band == pytest.approx(800, abs=5)


def test_three_of_five_strides_out_of_the_band_cue_and_then_five_rest():
    runner = Runner().ready()
    assert runner.run(*[150] * 16) == [3, 9, 15]
    assert runner.coach.state == HOLDOFF


def test_strides_between_do_not_matter_while_three_of_five_are_out():
    assert Runner().ready().run(150, 160, 150, 160, 150) == [5]
    assert Runner().ready().run(150, 160, 160, 150, 160, 160, 150) == []


def test_the_stride_itself_must_be_out():
    assert Runner(cue_holdoff_strides=1).ready().run(150, 150, 150, 160, 160) == [3]


def test_too_slow_asks_for_more_and_too_fast_for_less():
    for spm, direction in ((150, "increase"), (170, "decrease")):
        runner = Runner().ready()
        assert runner.run(*[spm] * 3) == [3]
        cue = runner.coach.cue
        assert wire.DIRECTIONS[cue.direction] == direction
        assert wire.RULES[cue.rule] == "cadence"
        assert cue.value == pytest.approx(100 * spm, abs=5)


@pytest.mark.parametrize(
    ("side", "offset_pm", "cued_slow", "cued_fast"),
    [
        (0, 0, True, True),
        (0, 75, True, False),
        (0, -75, False, True),
        (1, 75, True, True),
        (2, 0, True, False),
        (3, 0, False, True),
    ],
)
def test_which_side_is_cued(side, offset_pm, cued_slow, cued_fast):
    for spm, cued in ((140, cued_slow), (185, cued_fast)):
        runner = Runner(cue_side=side, cadence_offset_pm=offset_pm).ready()
        assert bool(runner.run(*[spm] * 5)) is cued


def test_a_larger_error_buzzes_longer_within_the_two_limits():
    lengths = []
    for spm in (156, 152, 148, 120):
        runner = Runner().ready()
        assert runner.run(*[spm] * 3) == [3]
        lengths.append(runner.coach.cue.pulse_ms)
    assert lengths == sorted(set(lengths))
    assert 80 <= lengths[0] < 100
    assert lengths[-1] == 200


def test_the_pulse_ends_50_ms_before_the_next_contact_or_is_left_out():
    runner = Runner(pulse_min_ms=400, pulse_max_ms=400).ready(220)
    assert runner.run(*[200] * 3) == [3]
    cue = runner.coach.cue
    left_ms = (cue.ic_x16 + round(120 / 200 * SECOND_X16) - cue.command_x16) * 1000 // SECOND_X16
    assert cue.pulse_ms == pytest.approx(left_ms - 50, abs=2)
    coach = runner.coach
    runner = Runner().ready()
    runner.run(150, 150)
    stride = Stride()
    stride.begin(runner.now_x16, 0)
    stride.stride_x16, stride.gait, stride.confidence = 6400, RUN, 100
    runner.coach.stride(stride)
    ic_x16 = runner.now_x16 + 6400
    assert not runner.coach.toe_off((ic_x16 + 6400) >> 4, ic_x16, ic_x16 + 3000)
    assert coach.state == HOLDOFF


@pytest.mark.parametrize(
    "options", [{"gait": WALK}, {"gait": UNSURE}, {"confidence": 59}], ids=["walk", "unsure", "doubtful"]
)
def test_never_in_walking_unsure_or_doubtful_strides(options):
    runner = Runner().ready()
    assert runner.run(*[120] * 30, **options) == []
    assert runner.run(*[160] * 30) == []


def test_run_and_walk_in_turn_give_no_cue():
    runner = Runner().ready()
    for _ in range(10):
        assert runner.run(*[110] * 55, gait=WALK) == []
        assert runner.run(*[160] * 80) == []


def test_missing_data_empty_the_window():
    runner = Runner().ready()
    assert runner.run(150, 150) == []
    runner.coach.forget()
    assert runner.run(150, 150) == []
    assert runner.run(150) == [1]


def test_turns_gaps_walks_and_doubtful_strides_are_no_baseline():
    runner = Runner()
    runner.run(*[160] * 15)
    for options in (
        {"flags": wire.FLAG_TURN},
        {"flags": wire.FLAG_GAP_BEFORE},
        {"gait": WALK},
        {"confidence": 0},
    ):
        runner.run(*[130] * 20, **options)
    assert runner.coach.state == BASELINE
    runner.run(*[160] * 5)
    assert runner.coach.state == ARMED
    assert runner.coach.cue.target == pytest.approx(16000, abs=10)


def test_odd_strides_are_left_out_of_the_baseline():
    runner = Runner()
    runner.run(*[160] * 17, 80, 120, 240)
    assert runner.coach.state == ARMED
    assert runner.coach.cue.target == pytest.approx(16000, abs=10)


def test_an_unsteady_baseline_starts_again():
    runner = Runner()
    runner.run(*[155, 162] * 10)
    assert runner.coach.state == ARMED
    runner = Runner()
    runner.run(*[140, 180] * 10)
    assert runner.coach.state == BASELINE
    runner.ready()


def test_the_rule_can_be_off():
    runner = Runner(cue_rule=0)
    assert runner.run(*[160] * 40, *[120] * 40) == []
    assert runner.coach.state == OFF


def test_rules_that_are_not_built_are_off():
    for rule in (2, 3, 4):
        assert Runner(cue_rule=rule).coach.state == OFF


def cues_in_unchanged_running(**settings):
    """In ten runs of 5 minutes after the baseline, SD 3 steps/min."""
    cued = 0
    for seed in range(10):
        cadences = np.random.default_rng(seed).normal(165, 3, 250 + 412)
        cued += len(Runner(baseline_strides=250, **settings).run(*cadences))
    return cued


def test_unchanged_running_is_nearly_never_cued_at_two_sd_and_often_at_one():
    assert cues_in_unchanged_running() <= 4
    assert cues_in_unchanged_running(cadence_band_pm=18) > 50


def test_the_fields_are_those_of_the_wire():
    assert {name for name, _ in wire.CUE.fields[3:]} <= set(vars(Coach(RATE_HZ, Settings()).cue))
