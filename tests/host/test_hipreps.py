# SPDX-License-Identifier: MIT
"""Repetitions: counted right on the real recordings and on simulated ones, depth and lean right, left against right."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import repeating
from hypothesis import given, settings
from hypothesis import strategies as st

from kneesense import hipreps, hipscreen, recording, selfcal
from kneesense.errors import InputError
from kneesense.hipreps import RISE, TILT, Rep


@pytest.fixture
def load(data):
    return lambda name: recording.load(data / "nmsdyn_s0040" / f"{name}.csv.gz")


# True counts, seen in the signal: docs/hips.md says why.
@pytest.mark.parametrize(("name", "kind", "count"), [("air_squats", TILT, 5), ("calf_raises", RISE, 11)])
def test_every_repetition_of_the_recordings_is_counted(load, name, kind, count):
    found = hipreps.count(load(name), kind)
    assert len(found) == count
    assert all(a.end_s <= b.start_s for a, b in pairwise(found))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("calf_raises", TILT), ("static_calibration", TILT), ("static_calibration", RISE),
        ("treadmill_walk_normal", TILT), ("treadmill_walk_normal", RISE),
    ],
)  # fmt: skip
def test_nothing_is_counted_where_nothing_of_the_kind_is_done(load, name, kind):
    assert hipreps.count(load(name), kind) == []


def test_the_person_s_squats_are_alike_and_have_a_lean_with_a_calibration(load):
    worn = selfcal.auto(load("treadmill_walk_normal"), "right").calibration
    found = hipreps.count(load("air_squats"), TILT, worn)
    sizes = [rep.size for rep in found]
    assert 18 < min(sizes) <= max(sizes) < 26
    assert all(-11 < rep.lean_change_deg < -5 for rep in found), "the knees go outward"
    assert np.std([rep.lean_change_deg for rep in found]) < 1.5


@pytest.mark.parametrize(("first_s", "last_s", "count"), [(0, 7.5, 2), (7.5, 17, 3), (4.8, 10.2, 2)])
def test_a_part_of_the_squats_has_its_part_of_them(load, first_s, last_s, count):
    whole = load("air_squats")
    part = (whole.t_s >= first_s) & (whole.t_s < last_s)
    cut = replace(whole, t_s=whole.t_s[part], acc=whole.acc[part], gyro=whole.gyro[part])
    assert len(hipreps.count(cut, TILT)) == count


@settings(max_examples=25)
@given(
    count=st.integers(0, 10),
    seconds=st.floats(1.2, 5.0),
    pause_s=st.floats(0.0, 2.0),
    depth_deg=st.floats(12.0, 40.0),
    lean_deg=st.floats(-10.0, 10.0),
    side=st.sampled_from(("left", "right")),
    seed=st.integers(0, 99),
)
def test_simulated_squats(count, seconds, pause_s, depth_deg, lean_deg, side, seed):
    felt = repeating.squats(count, seconds, pause_s, depth_deg, lean_deg, side, noise=1.0, seed=seed)
    found = hipreps.count(felt, TILT, repeating.worn(side))
    assert len(found) == count
    for rep in found:
        assert abs(rep.size - depth_deg) < 0.12 * depth_deg + 1
        # The mean over the deepest 30 % of a hump is 0.9 of it.
        assert abs(rep.lean_change_deg - 0.9 * lean_deg) < 1.0 + 0.1 * abs(lean_deg)


@settings(max_examples=15)
@given(
    count=st.integers(0, 10),
    seconds=st.floats(1.0, 2.5),
    pause_s=st.floats(0.2, 1.5),
    height_cm=st.floats(3.5, 9.0),
)
def test_simulated_calf_raises(count, seconds, pause_s, height_cm):
    felt = repeating.raises(count, seconds, pause_s, height_cm, noise=1.0)
    assert len(hipreps.count(felt, RISE)) == count
    assert hipreps.count(felt, TILT) == []


@settings(max_examples=10)
@given(angles=st.tuples(*[st.floats(-3.0, 3.0)] * 3))
def test_how_the_unit_sits_changes_no_count(angles):
    turn = np.eye(3)
    for axis, angle in enumerate(angles):
        c, s = np.cos(angle), np.sin(angle)
        i, j = (axis + 1) % 3, (axis + 2) % 3
        step = np.eye(3)
        step[i, i] = step[j, j] = c
        step[i, j], step[j, i] = -s, s
        turn = turn @ step
    felt = repeating.mounted(repeating.squats(6, lean_deg=5.0, noise=1.0), turn)
    assert len(hipreps.count(felt, TILT)) == 6
    found = hipreps.count(felt, TILT, repeating.worn(rotation=tuple(map(tuple, turn))))
    assert len(found) == 6
    assert all(abs(rep.lean_change_deg - 4.5) < 1.5 for rep in found)


def test_a_half_hearted_one_is_none():
    found = hipreps.count(repeating.squats(5, depth_deg=np.array((25.0, 25.0, 10.0, 25.0, 25.0))), TILT)
    assert len(found) == 4


def test_a_gap_splits_the_recording_and_loses_the_one_it_is_in():
    felt = repeating.squats(5, seconds=2.5, pause_s=0.5)
    keep = (felt.t_s < 5.2) | (felt.t_s > 6.2)  # in the middle of the second
    at = int(keep.argmin())
    cut = replace(felt, t_s=felt.t_s[keep], acc=felt.acc[keep], gyro=felt.gyro[keep], gaps={at: "time_jump"})
    assert len(hipreps.count(cut, TILT)) == 4


def test_a_gyro_bias_changes_no_count():
    felt = repeating.squats(5)
    biased = replace(felt, gyro=felt.gyro + np.radians((2.0, -3.0, 1.0)))
    assert len(hipreps.count(biased, TILT)) == 5


def test_lean_is_not_told_without_a_calibration():
    reps = hipreps.count(repeating.squats(), TILT)
    assert {rep.lean_change_deg for rep in reps} == {None}


def test_what_is_too_short_is_refused():
    felt = repeating.squats()
    short = replace(felt, t_s=felt.t_s[:50], acc=felt.acc[:50], gyro=felt.gyro[:50])
    with pytest.raises(InputError, match="too short"):
        hipreps.count(short, TILT)


# --- left against right ----------------------------------------------------------------------------------------------


def reps(*changes, depth=25.0):
    return [Rep(i, i + 1, i + 2, depth, 0.0, change, abs(change)) for i, change in enumerate(changes)]


def change_of(left, right):
    return hipscreen.compare(left, right)[0]


def test_the_interval_is_welch_s_and_what_two_strappings_differ_by():
    """Welch by hand: means 8 and 2, variances 1, n 3: SE 0.8165, 4 degrees of freedom, t 2.78."""
    found = change_of(reps(7, 8, 9), reps(1, 2, 3))
    assert (found.left, found.right, found.difference) == (8, 2, 6)
    leak = 25 * np.radians(hipscreen.AXIS_DEG) * np.sqrt(2)
    assert found.difference_95 == pytest.approx(np.hypot(0.8165 * 2.78, leak), abs=0.002)
    assert found.differs


def test_what_two_strappings_may_make_is_no_difference():
    """Repetitions as alike as can be do not make a strapping surer."""
    assert not change_of(reps(3, 3, 3), reps(1.5, 1.5, 1.5)).differs
    assert change_of(reps(3, 3, 3), reps(0, 0, 0)).differs


def test_scatter_makes_it_less_sure():
    assert change_of(reps(8, 8, 8), reps(2, 2, 2)).differs
    assert not change_of(reps(2, 8, 14), reps(-4, 2, 8)).differs


@given(
    st.lists(st.floats(-20, 20), min_size=3, max_size=12),
    st.lists(st.floats(-20, 20), min_size=3, max_size=12),
)
def test_legs_swapped_is_the_sign_swapped(a, b):
    one, other = change_of(reps(*a), reps(*b)), change_of(reps(*b), reps(*a))
    assert one.difference == pytest.approx(-other.difference)
    assert one.difference_95 == pytest.approx(other.difference_95)
    assert one.differs == other.differs


@pytest.mark.parametrize(
    ("left", "right", "what"),
    [
        (reps(1, 2), reps(1, 2, 3), "2 repetitions of the left leg"),
        (reps(1, 2, 3), [Rep(0, 1, 2, 20)] * 3, "right leg is not known"),
    ],
)
def test_too_few_or_without_lean_is_refused(left, right, what):
    with pytest.raises(InputError, match=what):
        hipscreen.compare(left, right)


def test_a_knee_that_falls_inward_on_one_leg_only_differs():
    found = [
        hipreps.count(repeating.squats(6, lean_deg=lean, side=side, noise=1.0), TILT, repeating.worn(side))
        for side, lean in (("left", 9.0), ("right", 1.0))
    ]
    by = {measure.metric: measure for measure in hipscreen.compare(*found)}
    assert by["lean_change_deg"].differs
    assert by["lean_change_deg"].difference > 5
    assert not by["depth_deg"].differs
