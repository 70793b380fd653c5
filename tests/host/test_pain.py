# SPDX-License-Identifier: MIT
"""Pain: red flags, assessment, trend, the prescribed rule, and hints that are worded as hints."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kneesense import pain
from kneesense.advice import ASSESS, HINT, STOP
from kneesense.diary import Entry
from kneesense.diarywords import AGGRAVATORS, PLACES, RED_FLAGS
from kneesense.prescription import PainRule

TODAY = date(2030, 6, 30)
RULE = PainRule(2, 60, True)


def run(days_ago, level=None, **values):
    levels = {} if level is None else {"after": level}
    return Entry(
        runner="Ann",
        day=TODAY - timedelta(days=days_ago),
        **{"distance_m": 5000, "pain": levels} | values,
    )


def rest(days_ago, level):
    return run(days_ago, level, distance_m=None)


def runs(*levels):
    return [run(len(levels) - 1 - i, level) for i, level in enumerate(levels)]


def codes(found):
    return [finding.code for finding in found]


# Levels of the runs, the last one last; None: not asked.
ASSESSMENT = [
    ((0, 1, 0, 1, 1), True),
    ((1, 1, 1), True),
    ((3, 0, 0, 1, 1), True),
    ((1, 0, 0, 0, 1, 1), False),  # the first is the sixth
    ((0, 0, 0, 1, 1), False),
    ((1, 1), False),
    ((1, None, 1, None, 1), True),
    ((1, None, None, None, 1), False),
    ((None, None, None, None, None), False),
    ((), False),
]


@pytest.mark.parametrize(("levels", "told"), ASSESSMENT)
def test_pain_in_three_of_the_last_five_runs(levels, told):
    found = [f for f in pain.assessment(runs(*levels), TODAY) if f.code == "assess_runs"]
    assert bool(found) == told
    if told:
        assert found[0].level == ASSESS
        assert found[0].message.endswith("book an assessment with a physical therapist")


def test_a_pain_mark_counts_as_pain():
    marked = [run(days, pain_marked_s=(600,)) for days in (3, 2, 1)]
    assert codes(pain.assessment(marked, TODAY)) == ["assess_runs"]


@given(st.lists(st.sampled_from((None, 0, 1, 5)), min_size=1, max_size=9))
def test_more_pain_never_takes_an_assessment_back(levels):
    before = codes(pain.assessment(runs(*levels), TODAY))
    worse = [1 if level in (None, 0) else level for level in levels]
    assert set(before) <= set(codes(pain.assessment(runs(*worse), TODAY)))


@pytest.mark.parametrize(
    ("days", "told"),
    [
        ((15, 8, 0), True),
        ((14, 7, 0), False),  # two weeks, not more
        ((15, 0), False),  # nothing is known of the time between
        ((28, 14, 0), True),
        ((45, 30, 14), False),  # the first two are another spell
        ((40, 30, 20), False),  # it is over, or nobody writes
    ],
)
def test_pain_for_over_two_weeks(days, told):
    entries = [rest(days_ago, 1) for days_ago in days]
    assert (codes(pain.assessment(entries, TODAY)) == ["assess_weeks"]) == told


def test_a_day_without_pain_ends_the_spell():
    entries = [rest(20, 1), rest(12, 0), rest(6, 1), rest(0, 1)]
    assert pain.assessment(entries, TODAY) == []
    entries[1] = rest(12, None)
    assert codes(pain.assessment(entries, TODAY)) == ["assess_weeks"]


@pytest.mark.parametrize(
    ("levels", "told"),
    [
        ((0, 1, 2), True),
        ((1, 2, 5), True),
        ((1, 1, 2), False),
        ((1, 2, 2), False),
        ((2, 1, 0), False),
        ((1, None, 2, 3), True),
        ((1, 2), False),
        ((1, 2, 3, 0), False),
    ],
)
def test_rising_pain_in_three_runs(levels, told):
    assert (codes(pain.rising(runs(*levels), TODAY)) == ["pain_rising"]) == told


@pytest.mark.parametrize("flag", RED_FLAGS)
def test_each_red_flag_means_stop_and_see_someone(flag):
    found = pain.red_flags([run(0, 1, signs=(flag,))], TODAY)
    assert [finding.level for finding in found] == [STOP]
    assert "stop running and see a physical therapist or physician" in found[0].message
    assert codes(pain.red_flags([run(14, signs=(flag,))], TODAY)) == ["red_flag"]
    assert pain.red_flags([run(15, signs=(flag,))], TODAY) == []


@pytest.mark.parametrize("sign", ["sharp", "limping"])
@pytest.mark.parametrize("rule", [None, RULE])
def test_no_rule_allows_sharp_pain_or_limping(sign, rule):
    assert codes(pain.graded([run(0, 1, signs=(sign,))], TODAY, rule)) == ["pain_stop"]


def test_without_a_prescription_pain_means_stop_the_activity():
    (found,) = pain.graded(runs(1), TODAY, None)
    assert "stop the activity" in found.message
    assert pain.graded(runs(0), TODAY, None) == []
    assert pain.graded(runs(None), TODAY, None) == []


# before, in the run, 60 min, next morning -> what the rule (2/10, back within 60 min, no worse next morning) says
GRADED = [
    ((0, 2, 0, 0), "pain_rule_held"),
    ((1, 2, 1, 1), "pain_rule_held"),
    ((None, 2, 0, 0), "pain_rule_held"),
    ((0, 3, 0, 0), "pain_rule_broken"),
    ((0, 2, 1, 0), "pain_rule_broken"),
    ((1, 2, 1, 2), "pain_rule_broken"),
    ((None, 2, 1, 0), "pain_rule_unknown"),
    ((0, 2, None, 0), "pain_rule_unknown"),
    ((0, 2, 0, None), "pain_rule_unknown"),
    ((0, 3, None, None), "pain_rule_broken"),
    ((0, 0, 0, 0), None),
]


@pytest.mark.parametrize(("levels", "told"), GRADED)
def test_the_prescribed_rule(levels, told):
    names = ("before", "after", "hour", "morning")
    levels = {name: level for name, level in zip(names, levels, strict=True) if level is not None}
    found = pain.graded([run(0, pain=levels)], TODAY, RULE)
    assert codes(found) == ([told] if told else [])
    assert all(finding.why == RULE.text for finding in found)


def test_a_rule_that_does_not_ask_for_the_morning_does_not_wait_for_it():
    entry = run(0, pain={"before": 0, "after": 2, "hour": 0})
    assert codes(pain.graded([entry], TODAY, PainRule(2, 60, False))) == ["pain_rule_held"]


def test_rising_pain_means_stop_also_within_the_rule():
    entries = [
        run(days, pain={"before": 0, "after": level, "hour": 0, "morning": 0})
        for days, level in ((2, 0), (1, 1), (0, 2))
    ]
    assert codes(pain.graded(entries, TODAY, RULE)) == ["pain_stop"]


@given(st.integers(0, 10), st.integers(0, 10), st.integers(0, 5))
def test_a_stricter_rule_allows_no_more(level, before, most):
    levels = {"before": before, "after": level, "hour": before, "morning": before}
    broken = pain.held(run(0, pain=levels), PainRule(most, 60, True))[0]
    assert bool(broken) == (level > most)


# where it hurts, what makes it worse -> which hints
PATTERNS = [
    (("above_kneecap",), ("squatting",), ["hint_patellofemoral"]),
    (("below_kneecap",), ("kneeling", "strike"), ["hint_patellofemoral"]),
    (("above_kneecap",), ("stairs",), ["hint_patellofemoral"]),
    (("above_kneecap",), ("downhill",), ["hint_patellofemoral"]),
    (("above_kneecap",), ("strike",), []),
    (("above_kneecap",), (), []),
    (("outside_knee",), ("strike",), ["hint_itb"]),
    (("outside_knee",), ("downhill",), []),
    (("shin", "hip", "calf_achilles", "other"), tuple(AGGRAVATORS), []),
    (("above_kneecap", "outside_knee"), ("stairs", "strike"), ["hint_patellofemoral", "hint_itb"]),
]


@pytest.mark.parametrize(("places", "aggravators", "told"), PATTERNS)
def test_pattern_hints(places, aggravators, told):
    found = pain.patterns([run(0, 2, places=places, aggravators=aggravators)], TODAY)
    assert codes(found) == told
    for finding in found:
        assert finding.level == HINT
        assert finding.message.startswith("a hint, no diagnosis")
        assert TODAY.isoformat() in finding.why
        assert not {"you have", "suffer", "syndrome"} & set(finding.message.split(", "))


def test_place_and_aggravator_of_different_days_make_no_pattern():
    entries = [
        run(2, 1, places=("above_kneecap",), aggravators=()),
        run(1, 1, places=("shin",), aggravators=("stairs",)),
    ]
    assert pain.patterns(entries, TODAY) == []


def test_a_hint_names_only_what_was_written():
    (found,) = pain.patterns(
        [run(0, 2, places=("above_kneecap", "shin"), aggravators=("stairs", "strike"))], TODAY
    )
    assert PLACES["shin"] not in found.message
    assert AGGRAVATORS["strike"] not in found.message
