# SPDX-License-Identifier: MIT
"""Run, walk or unsure; and that every sixteenth of a sample is told exactly once."""

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kneecore import tally
from kneecore.gait import RUN, UNSURE, WALK, Gait, Ledger
from kneecore.settings import Settings

STRIDE_X16 = 6400
RUNNING = (STRIDE_X16, STRIDE_X16 * 35 // 100, 3800)
WALKING = (STRIDE_X16, STRIDE_X16 * 62 // 100, 1900)


def labels(*strides):
    gait = Gait(Settings())
    return [gait.label(gait.note(*stride)) for stride in strides]


def test_two_like_strides_make_a_label():
    assert labels(RUNNING, RUNNING, RUNNING) == [UNSURE, RUN, RUN]
    assert labels(WALKING, WALKING, WALKING) == [UNSURE, WALK, WALK]


def test_duty_factor_and_impact_must_agree():
    stride, contact, impact = RUNNING
    assert labels(*[(stride, contact, 1500)] * 4) == [UNSURE] * 4
    assert labels(*[(stride, 2 * contact, impact)] * 4) == [UNSURE] * 4


def test_a_stride_without_toe_off_is_unsure_and_the_run_goes_on():
    without = (STRIDE_X16, 0, 3800)
    assert labels(RUNNING, RUNNING, without, RUNNING) == [UNSURE, RUN, UNSURE, RUN]


def test_one_soft_landing_does_not_end_a_run():
    soft = (STRIDE_X16, STRIDE_X16 * 35 // 100, 2100)
    assert labels(RUNNING, RUNNING, soft, RUNNING)[2] == RUN


def test_a_runner_who_begins_to_walk_is_not_called_running():
    told = labels(*[RUNNING] * 5, *[WALKING] * 8)
    assert RUN not in told[5:]
    assert told[-1] == WALK


def test_the_labels_match_those_of_the_wire():
    from kneecore import wire

    assert [wire.GAITS[code] for code in (UNSURE, WALK, RUN)] == ["unsure", "walk", "run"]


def move(tallied, now, samples, moving):
    """Samples that turn at 40 deg/s, or not at all."""
    common = array("i", [0, 1024, 0, 0, 640 if moving else 0, 0] * samples)
    tally.add(tallied, common, array("i", [0] * 3 * samples), array("i", [0] * samples), 0, samples, now)


@pytest.mark.parametrize("rate_hz", [200, 500])
def test_stillness_begins_a_second_after_the_last_movement(rate_hz):
    tallied = tally.new_state(rate_hz, 0, 1)
    ledger = Ledger(tallied)
    move(tallied, 0, rate_hz, True)
    move(tallied, rate_hz, 3 * rate_hz, False)
    assert ledger.still_x16 == pytest.approx(2 * rate_hz * 16, abs=32)
    assert ledger.unsure_x16(4 * rate_hz) == 4 * rate_hz * 16 - ledger.still_x16


moves = st.lists(st.tuples(st.booleans(), st.integers(1, 900)), max_size=12)


@given(moves)
def test_nothing_is_counted_twice_when_the_last_samples_become_a_gap(stretches):
    tallied, now = tally.new_state(200, 0, 1), 0
    ledger = Ledger(tallied)
    for moving, length in stretches:
        move(tallied, now, length, moving)
        now += length
    still = ledger.still_x16
    lost = stretches[-1][1] if stretches else 0
    ledger.take_back(now, lost)
    ledger.gap(lost)
    assert 0 <= ledger.still_x16 <= still
    assert ledger.unsure_x16(now) >= 0
    assert ledger.still_x16 + ledger.unsure_x16(now) + 16 * lost == 16 * now


def test_a_hard_walker_is_walking_and_never_running():
    stride, _, _ = WALKING
    for contact_pm in (550, 620, 700):
        hard = (stride, stride * contact_pm // 1000, 2900)
        assert labels(hard, hard, hard) == [UNSURE, WALK, WALK]
    assert labels(*[(stride, stride * 50 // 100, 2900)] * 3) == [UNSURE] * 3
    assert labels(*[(stride, stride * 62 // 100, 3400)] * 3) == [UNSURE] * 3


def test_the_second_stride_after_a_run_is_known_for_walking():
    assert labels(*[(STRIDE_X16, RUNNING[1], 7000)] * 6, *[WALKING] * 3)[6:] == [UNSURE, WALK, WALK]
