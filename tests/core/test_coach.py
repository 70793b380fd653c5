# SPDX-License-Identifier: MIT
"""The engine, shown on the cadence rule: what it fires on, when, and what it never fires on."""

from itertools import pairwise
from types import SimpleNamespace

import pytest

from core.coached import LEFT, RATE_HZ, SECOND_X16, Runner
from kneecore import coach, wire
from kneecore.coach import ARMED, BASELINE, HOLDOFF, OFF, Coach
from kneecore.gait import RUN, UNSURE, WALK
from kneecore.settings import Settings
from kneecore.stride import Stride


def test_the_states_are_those_of_the_wire():
    for code, name in enumerate(wire.CUE_STATES):
        assert getattr(coach, name.upper()) == code


def test_target_is_baseline_plus_offset_and_the_band_at_least_2_percent():
    cue = Runner(cadence_offset_pm=75).ready(160).coach.cue
    assert cue.target == pytest.approx(17200, abs=10)
    assert cue.band == pytest.approx(320, abs=2)


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


def test_the_rule_can_be_off():
    runner = Runner(cue_rule=0)
    assert runner.run(*[160] * 40, *[120] * 40) == []
    assert runner.coach.state == OFF


def test_every_step_cues_each_stride_that_is_out():
    runner = Runner(cue_mode=1).ready()
    assert runner.run(160, 150, 150, 160, 150) == [2, 3, 5]
    assert runner.coach.state == ARMED


def test_every_fourth_stride_that_is_out_is_cued():
    assert Runner(cue_mode=2, cue_every=4).ready().run(*[150, 160] * 9) == [7, 15]


def test_the_summary_cues_once_in_its_time_by_the_mean():
    runner = Runner(cue_mode=3, cue_summary_s=60).ready()
    assert runner.run(*[160] * 70, *[150] * 10) == []  # their mean is inside
    cued = runner.run(*[150] * 240)
    assert len(cued) == 3
    assert {later - earlier for earlier, later in pairwise(cued)} == {75}
    assert runner.coach.cue.value == pytest.approx(15000, abs=5)
    assert runner.run(*[160] * 30, gait=WALK) == []


def test_records_read_from_a_log_lead_to_the_same_states_as_the_strides():
    """Whoever follows a unit by its records tells it of each cue."""
    unit = Runner()
    host = Coach(RATE_HZ, unit.settings, LEFT)
    asked = []
    for spm in [160] * 25 + [150] * 12 + [160] * 5:
        stride = Stride()
        stride.begin(unit.now_x16, 0)
        stride.stride_x16 = round(120 / spm * SECOND_X16)
        stride.gait, stride.confidence = RUN, 100
        unit.coach.stride(stride)
        stride.cue_state = unit.coach.state
        values = dict.fromkeys(("seq", "boot", "t_us"), 0)
        values |= {name: getattr(stride, name) for name in wire.STRIDE.names[3:]}
        _, values = wire.decode(wire.frame(wire.STRIDE, values))
        host.stride(SimpleNamespace(**values))
        assert host.state == values["cue_state"]
        assert host.asked == unit.coach.asked
        asked.append(host.asked)
        unit.now_x16 += stride.stride_x16
        if unit.coach.toe_off((unit.now_x16 >> 4) + 150, unit.now_x16, unit.now_x16 + 2000):
            host.cued()
    assert sum(map(bool, asked)) == 12
    assert host.kept == unit.coach.kept


def test_the_end_of_a_bout_empties_the_window():
    runner = Runner().ready()
    assert runner.run(150, 150) == []
    stride = Stride()
    stride.begin(runner.now_x16, 0)
    stride.gait, stride.confidence = RUN, 100
    runner.coach.stride(stride)
    assert runner.run(150, 150, 150) == [3]


def test_a_gap_empties_the_window():
    runner = Runner().ready()
    assert runner.run(150, 150) == []
    assert runner.run(150, flags=wire.FLAG_GAP_BEFORE) == []
    assert runner.run(150, 150) == [2]


def test_the_fields_are_those_of_the_wire():
    assert set(wire.CUE.names[3:]) <= set(vars(Coach(RATE_HZ, Settings()).cue))
