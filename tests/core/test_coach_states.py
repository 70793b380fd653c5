# SPDX-License-Identifier: MIT
"""What keeps cues away for longer than a stride: pain, mute, an unknown strapping, blocks without, other baselines."""

import pytest

from core.coached import LEFT, RATE_HZ, STRAPPED, Runner
from kneecore import wire
from kneecore.baseline import Kept
from kneecore.coach import (
    ANCHORING,
    ARMED,
    BASELINE,
    FADED,
    HOLDOFF,
    MUTED,
    REFUSED,
    SUSPENDED,
)
from kneecore.rules import CADENCE, LEAN, METRONOME

KEPT_LEAN = Kept(LEAN, 7, LEFT, 2, 500, 90)
SLOW = [150] * 12


def test_a_pain_mark_ends_cues_at_once_and_for_the_run():
    runner = Runner().ready()
    assert runner.run(*SLOW) != []
    runner.coach.pain(runner.sample)
    assert runner.coach.state == SUSPENDED
    assert runner.run(*SLOW * 10) == []
    assert not runner.coach.take_back(runner.sample)
    assert runner.coach.state == SUSPENDED
    runner.coach.resume()
    assert runner.run(*SLOW) != []


def test_pain_between_a_stride_and_its_toe_off_withdraws_the_cue():
    runner = Runner().ready()
    runner.run(150, 150)
    toe_off = runner.coach.toe_off
    runner.coach.toe_off = lambda *_: False
    runner.stride(150)
    runner.coach.pain(runner.sample)
    assert not toe_off(runner.sample + 150, runner.now_x16, runner.now_x16 + 2000)


@pytest.mark.parametrize(("after_s", "taken"), [(0, True), (10, True), (10.1, False)])
def test_a_pain_mark_is_final_after_10_s(after_s, taken):
    coach = Runner().ready().coach
    coach.pain(5000)
    assert coach.take_back(5000 + round(after_s * RATE_HZ)) is taken
    assert coach.state == (ARMED if taken else SUSPENDED)


def test_a_second_mark_does_not_lengthen_the_time_to_take_back():
    coach = Runner().ready().coach
    coach.pain(0)
    coach.pain(9 * RATE_HZ)
    assert not coach.take_back(11 * RATE_HZ)


def test_what_was_never_marked_cannot_be_taken_back():
    assert not Runner(session={"suspended": True}).coach.take_back(0)
    assert Runner(session={"suspended": True}).coach.state == SUSPENDED


def test_a_painful_gait_is_no_baseline_but_a_muted_one_is():
    runner = Runner()
    runner.coach.mute()
    assert runner.run(*[160] * 20) == []
    assert runner.coach.state == MUTED
    runner.coach.resume()
    assert runner.coach.state == ARMED
    runner = Runner()
    runner.coach.pain(0)
    runner.run(*[140] * 40)
    runner.coach.resume()
    assert runner.coach.state == BASELINE
    runner.ready()


def test_mute_lasts_until_resume_and_pain_stands_before_it():
    runner = Runner(session={"muted": True})
    assert runner.run(*[160] * 20, *SLOW) == []
    assert set(runner.states) == {MUTED}
    runner.coach.pain(0)
    assert runner.coach.state == SUSPENDED
    runner.coach.resume()
    assert runner.run(*SLOW) != []


@pytest.mark.parametrize(
    "session",
    [
        {"runner": 7, "strap_session": 0},
        {"runner": 8, "strap_session": 3, "kept": KEPT_LEAN},
        {"runner": 7, "strap_session": 3, "kept": KEPT_LEAN._replace(side=2)},
    ],
    ids=["strapping unknown", "another runner", "the other leg"],
)
def test_lean_is_refused_without_a_strapping_and_a_baseline_that_fit(session):
    runner = Runner(session, cue_rule=LEAN)
    assert runner.run(*[5] * 40, *[12] * 40) == []
    assert set(runner.states) == {REFUSED}


def test_lean_is_refused_once_the_strap_has_slipped_and_cadence_is_not():
    runner = Runner(STRAPPED, cue_rule=LEAN).ready(5)
    runner.coach.slipped()
    assert runner.run(*[12] * 20) == []
    assert runner.coach.state == REFUSED
    runner = Runner().ready()
    runner.coach.slipped()
    assert runner.run(*SLOW) != []


def test_a_lean_run_without_a_kept_baseline_measures_one_to_keep():
    coach = Runner(STRAPPED, cue_rule=LEAN).ready(5).coach
    assert coach.kept == (LEAN, 7, LEFT, 3, 500, 0)
    assert all(type(value) is int for value in coach.kept)


def test_a_kept_lean_baseline_gives_the_spread_and_two_minutes_the_mean():
    runner = Runner(STRAPPED | {"kept": KEPT_LEAN}, cue_rule=LEAN)
    assert runner.run(*[10] * 163, spm=164) == []
    assert set(runner.states) == {ANCHORING}
    assert runner.run(10, 10) == []
    assert runner.coach.state == ARMED
    assert (runner.coach.cue.target, runner.coach.cue.band) == (1000, 180)
    assert runner.coach.kept == (LEAN, 7, LEFT, 3, 1000, 90)
    assert runner.run(*[12] * 5) == [3]


@pytest.mark.parametrize(
    ("rule", "plan", "armed"),
    [(CADENCE, (1, 15, 0, 0), True), (CADENCE, None, False), (LEAN, (1, 15, 0, 0), False)],
)
def test_a_kept_cadence_serves_only_a_programme_of_the_same_rule(rule, plan, armed):
    session = {**STRAPPED, "plan": plan, "kept": (CADENCE, 7, LEFT, 2, 16000, 200)}
    runner = Runner(session, cue_rule=rule, cadence_offset_pm=75)
    assert (runner.coach.state == ARMED) is armed
    assert runner.coach.cue.target == (17200 if armed else 0)


def test_blocks_without_cues_are_faded_and_count_what_they_saw():
    session = {"plan": (5, 24, 60, 30)}
    runner = Runner(session).ready()
    cued = runner.run(*[150] * 225)  # 3 minutes: 60 s with, 30 s without, in turn
    faded = [i for i, state in enumerate(runner.states[20:], 1) if state == FADED]
    assert 70 <= len(faded) <= 80
    assert cued
    assert not set(cued) & set(faded)
    assert [cued[0] < faded[0], cued[-1] > faded[0]] == [True, True]
    progress = runner.coach.progress
    assert progress.cues == len(cued)
    assert progress.off.strides == len(faded)
    assert progress.on.strides == 225 - len(faded)
    assert (progress.on.in_band, progress.off.in_band) == (0, 0)
    assert progress.off.mean == pytest.approx(15000, abs=5)


@pytest.mark.parametrize("silence", ["mute", "pain"])
def test_muted_and_suspended_minutes_are_no_dose(silence):
    runner = Runner({"plan": (1, 15, 0, 0)}).ready()
    before_s = runner.coach.progress.run_s
    if silence == "mute":
        runner.coach.mute()
    else:
        runner.coach.pain(runner.sample)
    runner.run(*[150] * 100)
    assert runner.coach.progress.run_s == before_s
    assert runner.coach.progress.on.strides == 0


def test_the_metronome_beats_only_while_running_armed_and_heard():
    runner = Runner(cue_rule=METRONOME, metronome_cspm=17200)
    assert runner.coach.beat_cspm == 0
    assert runner.run(*[140] * 30) == []
    assert runner.coach.beat_cspm == 17200
    assert runner.coach.kept is None
    runner.run(100, gait=wire.GAITS.index("walk"))
    assert runner.coach.beat_cspm == 0
    runner.run(160)
    assert runner.coach.beat_cspm == 17200
    runner.coach.mute()
    assert runner.coach.beat_cspm == 0
    runner.coach.resume()
    runner.run(160)
    runner.coach.pain(runner.sample)
    assert runner.coach.beat_cspm == 0


def test_the_metronome_takes_its_tempo_from_the_baseline():
    runner = Runner(cue_rule=METRONOME, cadence_offset_pm=75)
    runner.run(*[160] * 19)
    assert runner.coach.beat_cspm == 0
    runner.run(160)
    assert runner.coach.beat_cspm == pytest.approx(17200, abs=10)
    assert HOLDOFF not in runner.states
