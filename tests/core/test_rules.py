# SPDX-License-Identifier: MIT
"""Each rule of the table: its number, band, direction and what it does not look at."""

import pytest

from core.coached import STRAPPED, Runner
from kneecore import rules, settings, wire
from kneecore.gait import WALK
from kneecore.rules import CADENCE, IMPACT, LEAN, METRONOME, RULES
from kneecore.stride import Stride

USUAL = {CADENCE: 160, LEAN: 5, IMPACT: 6}
MORE = {CADENCE: 175, LEAN: 8, IMPACT: 8}
LESS = {CADENCE: 145, LEAN: 2, IMPACT: 4}


def ready(rule, **options):
    return Runner(STRAPPED, cue_rule=rule, **options).ready(USUAL[rule])


def test_the_rules_are_those_of_the_wire():
    assert [wire.RULES[code] for code in sorted(RULES)] == list(wire.RULES[1:])
    for name in wire.RULES:
        assert wire.RULES[getattr(rules, name.upper())] == name
    for name in wire.DIRECTIONS:
        assert wire.DIRECTIONS[getattr(rules, name.upper())] == name


def test_a_rule_names_settings_in_its_own_unit():
    for rule in RULES.values():
        unit = "permille" if rule.relative else rule.unit
        assert settings.find(rule.offset).unit == settings.find(rule.band).unit == unit


@pytest.mark.parametrize(
    ("rule", "target", "band"), [(CADENCE, 16000, 320), (LEAN, 500, 100), (IMPACT, 6000, 300)]
)
def test_the_least_band(rule, target, band):
    cue = ready(rule).coach.cue
    assert cue.target == pytest.approx(target, rel=0.001)
    assert cue.band == pytest.approx(band, rel=0.001)


@pytest.mark.parametrize(
    ("rule", "options", "target", "band"),
    [
        (CADENCE, {"cadence_offset_pm": 75, "cadence_band_pm": 50}, 17200, 800),
        (LEAN, {"lean_offset_cdeg": -300, "lean_band_cdeg": 250}, 200, 250),
        (IMPACT, {"impact_offset_pm": -200, "impact_band_pm": 100}, 4800, 600),
    ],
)
def test_offset_and_band_as_set(rule, options, target, band):
    cue = ready(rule, **options).coach.cue
    assert cue.target == pytest.approx(target, rel=0.001)
    assert cue.band == pytest.approx(band, rel=0.001)


@pytest.mark.parametrize(
    ("rule", "options", "when_more", "when_less"),
    [
        (CADENCE, {}, "decrease", "increase"),
        (CADENCE, {"cadence_offset_pm": 1}, "none", "increase"),
        (CADENCE, {"cadence_offset_pm": -1}, "decrease", "none"),
        (LEAN, {}, "decrease", "none"),
        (LEAN, {"lean_offset_cdeg": 1}, "none", "increase"),
        (LEAN, {"cue_side": 1}, "decrease", "increase"),
        (IMPACT, {}, "decrease", "none"),
        (IMPACT, {"cue_side": 2}, "none", "increase"),
        (IMPACT, {"cue_side": 3}, "decrease", "none"),
    ],
)
def test_which_correction_is_asked_for(rule, options, when_more, when_less):
    for values, direction in ((MORE, when_more), (LESS, when_less)):
        runner = ready(rule, **options)
        assert runner.run(*[values[rule]] * 3) == ([] if direction == "none" else [3])
        cue = runner.coach.cue
        assert wire.DIRECTIONS[cue.direction] == direction
        if direction != "none":
            usual = "increase" if rule == CADENCE else "decrease"
            assert cue.pulses == (1 if direction == usual else 2)
            assert cue.rule == rule


@pytest.mark.parametrize("rule", [CADENCE, LEAN, IMPACT])
@pytest.mark.parametrize("flag", wire.STRIDE_FLAGS)
def test_flags_that_keep_a_stride_from_counting(rule, flag):
    barred = {LEAN: {"turn", "strap_loose", "bias_unsettled"}, IMPACT: {"clipped"}}.get(rule, set())
    runner = ready(rule, cue_side=1, cue_m=2)
    flags = 1 << wire.STRIDE_FLAGS.index(flag)
    if flag == "gap_before":  # empties the window each time
        barred.add(flag)
    assert bool(runner.run(*[MORE[rule]] * 5, flags=flags)) is (flag not in barred)


@pytest.mark.parametrize("rule", [CADENCE, LEAN, IMPACT])
def test_walking_is_never_cued(rule):
    assert ready(rule).run(*[MORE[rule]] * 20, gait=WALK) == []


@pytest.mark.parametrize("rule", [LEAN, IMPACT])
def test_a_stride_without_the_number_does_not_count(rule):
    runner = ready(rule)
    runner.run(MORE[rule], MORE[rule])
    stride = Stride()
    stride.begin(runner.now_x16, 0)
    stride.stride_x16, stride.gait, stride.confidence = 5800, 2, 100
    runner.coach.stride(stride)
    assert wire.DIRECTIONS[runner.coach.asked] == "none"
    assert runner.run(MORE[rule]) == [1]


def test_the_metronome_gives_no_cue():
    runner = Runner(cue_rule=METRONOME)
    assert runner.run(*[160] * 20, *[120] * 20, *[200] * 20) == []
