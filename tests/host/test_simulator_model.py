# SPDX-License-Identifier: MIT
"""The runner model keeps its promises: its signals are those of its motion, and its truth can be found in them."""

from itertools import pairwise

import numpy as np
import pytest
from inertial import HZ, SENSOR_M, Inertial

from kneesense import selfcal
from kneesense.recording import load
from kneesense.simulator import Phase, RunnerModel, Variation
from kneesense.simulator.motion import GRAVITY_MPS2

SCRIPT = [Phase("still", 1), Phase("walk", 6, 112), Phase("run", 6, 166), Phase("still", 2)]
UNIFORM = Variation(0, 0, 0, 0, 0, 0, 0, 0)


def times(seconds, hz=HZ):
    return np.arange(round(seconds * hz)) / hz


@pytest.fixture(scope="module", params=["left", "right"])
def moved(request):
    model = RunnerModel(SCRIPT, request.param, seed=3)
    return model, Inertial(model, 16), {"left": 1, "right": -1}[request.param]


def complete(model, gait=None):
    return [stride for stride in model.strides if stride.to_s and gait in (None, stride.gait)]


# Signals and truth belong together


def test_the_foot_stands_still_in_the_middle_of_every_stance(moved):
    model, inertial, _ = moved
    for stride in complete(model):
        i = inertial.at(stride.ic_s + 0.45 * (stride.to_s - stride.ic_s))
        assert np.abs(inertial.ankle_velocity(i)).max() < 0.08


def test_the_runner_gets_ahead_and_neither_up_nor_aside(moved):
    model, inertial, _ = moved
    ahead = []
    for stride in complete(model):
        i = inertial.at(stride.ic_s + 0.45 * (stride.to_s - stride.ic_s))
        place = inertial.ankle(i)
        assert abs(place[1] + SENSOR_M) < 0.05
        assert abs(place[2]) < 0.05
        ahead.append((stride, place[0]))
    for (stride, x), (_, after) in pairwise(ahead):
        assert (after - x) / stride.stride_s == pytest.approx(
            {"walk": 1.3, "run": 2.5}[stride.gait], rel=0.15
        )


def test_lean_found_by_inertial_navigation_is_the_true_one(moved):
    """By the definition in docs/signal.md: the sign of either leg is checked here."""
    model, inertial, side_sign = moved
    lean_deg = inertial.lean_deg(side_sign)
    for stride in complete(model):
        contact_s = stride.to_s - stride.ic_s
        middle = lean_deg[
            inertial.at(stride.ic_s + 0.2 * contact_s) : inertial.at(stride.ic_s + 0.4 * contact_s)
        ]
        early = lean_deg[inertial.at(stride.ic_s) : inertial.at(stride.ic_s + 0.6 * contact_s)]
        assert lean_deg[inertial.at(stride.ic_s)] == pytest.approx(stride.lean_ic_deg, abs=0.05)
        assert middle.mean() == pytest.approx(stride.lean_mid_deg, abs=0.05)
        assert early.min() == pytest.approx(stride.lean_min_deg, abs=0.05)
        assert early.max() == pytest.approx(stride.lean_max_deg, abs=0.05)


def test_a_left_leg_is_the_mirror_of_a_right_one():
    t_s = times(15, 500)
    left, right = RunnerModel(SCRIPT, "left"), RunnerModel(SCRIPT, "right")
    force, rate = left.sample(t_s)
    mirrored_force, mirrored_rate = right.sample(t_s)
    assert np.allclose(force, mirrored_force * (1, 1, -1))
    assert np.allclose(rate, mirrored_rate * (-1, -1, 1))
    assert left.strides == right.strides


def test_standing_is_gravity_along_the_tibia_and_nothing_else():
    force, rate = RunnerModel(SCRIPT).sample(times(1, 500))
    assert (force == (0, GRAVITY_MPS2, 0)).all()
    assert not rate.any()


# Events can be seen


@pytest.mark.parametrize(
    ("gait", "spm"), [("walk", 95), ("walk", 120), ("run", 145), ("run", 166), ("run", 190)]
)
def test_contact_and_toe_off_show_where_force_plates_saw_them(gait, spm):
    model = RunnerModel([Phase(gait, 12, spm)], seed=2)
    t_s = times(12, 1000)
    force, rate = model.sample(t_s)
    crossing_ms, least_ms, rise_ms, crest_ms = [], [], [], []
    for stride in complete(model)[1:-1]:
        ic, to = round(1000 * stride.ic_s), round(1000 * stride.to_s)
        near = np.arange(ic - 60, ic + 50)
        crossing_ms.append(near[np.flatnonzero(rate[near, 2] > 0)[-1]] + 1 - ic)
        least_ms.append(np.argmin(rate[ic : ic + 40, 2]))
        window = np.arange(ic - 20, ic + 60)
        rise_ms.append(window[np.argmax(force[window + 4, 0] - force[window - 4, 0])] - ic)
        crest_ms.append(np.argmax(rate[to - 60 : to + 30, 2]) - 60)
    expected = {"run": (-22.5, 22.8, 20), "walk": (-17.5, 23, 27)}[gait]  # ms, docs/signal.md
    for found, ms in zip((crossing_ms, least_ms, rise_ms), expected, strict=True):
        assert np.mean(found) == pytest.approx(ms, abs=7)
    if gait == "run":
        assert np.mean(crest_ms) == pytest.approx(-11, abs=8)


@pytest.mark.parametrize(("gait", "spm", "least", "most"), [("walk", 110, 1.5, 3), ("run", 166, 2.4, 7)])
def test_the_impact_comes_at_once_and_is_of_the_usual_size(gait, spm, least, most):
    model = RunnerModel([Phase(gait, 12, spm)])
    force, _ = model.sample(times(12, 1000))
    for stride in complete(model):
        after = force[round(1000 * stride.ic_s) :, 1][:100] / GRAVITY_MPS2
        assert least < after.max() < most
        assert after.argmax() < 30


# The script


def test_phases_follow_each_other_and_the_last_step_halts():
    script = [Phase("still", 2), Phase("walk", 5, 110), Phase("run", 5, 170), Phase("still", 3)]
    model = RunnerModel(script, variation=UNIFORM)
    force, rate = model.sample(times(15, 500))
    assert [stride.gait for stride in model.strides] == ["walk"] * 4 + ["run"] * 9
    assert model.strides[0].ic_s == pytest.approx(2.65)
    assert model.strides[-1].stride_s is None
    assert model.strides[-1].cadence_spm is None
    assert np.allclose(force[-500:], (0, GRAVITY_MPS2, 0))
    assert np.abs(rate[-500:]).max() < 1e-9
    for stride, following in pairwise(model.strides):
        assert following.ic_s == pytest.approx(stride.ic_s + stride.stride_s)


def test_cadence_changed_on_the_way_takes_effect_with_the_next_stride():
    model = RunnerModel([Phase("run", 30, 170)], variation=UNIFORM)
    model.sample(times(10, 100))
    made = list(model.strides)
    model.set_cadence(10.0, 150)
    model.set_cadence(20.0, 160)
    model.sample(times(30, 100))
    assert model.strides[: len(made)] == made
    for stride in complete(model):
        expected = 170 if stride.ic_s < 10 or stride in made else 150 if stride.ic_s < 20 else 160
        assert stride.cadence_spm == pytest.approx(expected)


def test_the_next_phase_brings_its_own_cadence():
    model = RunnerModel([Phase("run", 10, 170), Phase("run", 10, 180)], variation=UNIFORM)
    model.set_cadence(5, 150)
    model.sample(times(20, 100))
    cadences = [round(stride.cadence_spm) for stride in complete(model)]
    assert sorted(set(cadences)) == [150, 170, 180]
    assert cadences[-1] == 180


def test_valgus_moves_the_knee_inwards_in_stance_and_not_at_contact():
    usual = RunnerModel([Phase("run", 5, 166)], variation=UNIFORM)
    more = RunnerModel([Phase("run", 5, 166)], variation=UNIFORM)
    more.valgus_deg = 4.0
    usual.sample(times(5, 100))
    more.sample(times(5, 100))
    for a, b in zip(complete(usual), complete(more), strict=True):
        assert b.lean_ic_deg == a.lean_ic_deg
        assert b.lean_mid_deg - a.lean_mid_deg == pytest.approx(3, abs=1)
        assert b.lean_min_deg - a.lean_min_deg == pytest.approx(3.6, abs=0.5)


def test_strides_vary_as_told():
    model = RunnerModel([Phase("run", 300, 166)], seed=7)
    model.sample(np.array([300.0]))
    strides = complete(model)
    stride_s = np.array([stride.stride_s for stride in strides])
    duty = np.array([(stride.to_s - stride.ic_s) / stride.stride_s for stride in strides])
    spread = np.array([stride.lean_max_deg - stride.lean_min_deg for stride in strides])
    assert len(strides) > 400
    assert 120 / stride_s.mean() == pytest.approx(166, rel=0.005)
    assert stride_s.std() / stride_s.mean() == pytest.approx(0.0143, rel=0.15)  # 1.5 % with its tails cut
    assert duty.std() / duty.mean() == pytest.approx(0.019, rel=0.15)
    assert spread.mean() == pytest.approx(6.0, abs=0.5)


def test_the_same_seed_gives_the_same_run_however_it_is_sampled():
    t_s = times(14, 500)
    whole_force, whole_rate = RunnerModel(SCRIPT, seed=5).sample(t_s)
    model = RunnerModel(SCRIPT, seed=5)
    parts = [model.sample(t_s[i : i + 11]) for i in range(0, len(t_s), 11)]
    assert np.array_equal(np.vstack([force for force, _ in parts]), whole_force)
    assert np.array_equal(np.vstack([rate for _, rate in parts]), whole_rate)
    other, _ = RunnerModel(SCRIPT, seed=6).sample(t_s)
    assert not np.allclose(other, whole_force)


@pytest.mark.parametrize("gait", ["walk", "run"])
def test_the_motion_has_no_jumps_between_pieces(gait):
    """At contact the slope of a rate may change, and with it the force where the sensor sits off the ankle."""
    model = RunnerModel([Phase("still", 1), Phase(gait, 6, 130), Phase("still", 2)])
    model.sample(np.array([9.0]))
    joints = [1.0] + [s.ic_s for s in model.strides] + [s.to_s for s in complete(model)]
    for t in joints:
        force, rate = model.sample(np.array([t - 1e-6, t + 1e-6]))
        assert np.abs(np.diff(rate, axis=0)).max() < 0.01
        assert np.abs(np.diff(force, axis=0)).max() < 0.4 * GRAVITY_MPS2


# Likeness, loosely, to the one runner of the public recordings


def mean_stride(t_s, force, rate):
    """Mean course of [forward, axial, sagittal rate] from one end of swing to the next, 100 points; its length."""
    swing = rate[:, 2] > np.radians(150)
    before = round(0.3 / t_s[1])
    ends = np.flatnonzero((rate[:-1, 2] > 0) & (rate[1:, 2] <= 0))
    ends = np.array([i for i in ends if swing[max(0, i - before) : i].any()])
    stride_s = np.median(np.diff(t_s[ends]))
    phase = np.arange(100) / 100 * stride_s
    channels = (force[:, 0] / GRAVITY_MPS2, force[:, 1] / GRAVITY_MPS2, np.degrees(rate[:, 2]))
    courses = [[np.interp(t_s[i] + phase, t_s, channel) for channel in channels] for i in ends[2:-2]]
    return np.mean(courses, axis=0), stride_s


@pytest.mark.parametrize(
    ("name", "gait"),
    [("treadmill_run_slow", "run"), ("treadmill_run_comfortable", "run"), ("treadmill_walk_fast", "walk")],
)
def test_it_looks_like_a_person(data, name, gait):
    recorded = load(data / "nmsdyn_s0040" / f"{name}.csv.gz")
    worn = selfcal.auto(recorded, "right").calibration
    steady = (recorded.t_s > 15) & (recorded.t_s < 55)
    force = recorded.acc[steady] @ np.array(worn.rotation).T
    rate = (recorded.gyro[steady] - worn.gyro_bias_rad_s) @ np.array(worn.rotation).T
    real, stride_s = mean_stride(recorded.t_s[steady] - 15, force, rate)

    model = RunnerModel([Phase(gait, 40, 120 / stride_s)])
    t_s = times(40, 250)
    model_force, model_rate = model.sample(t_s)
    like, _ = mean_stride(t_s, model_force, model_rate)
    # After the impact: it is so short that 20 ms of shift, of which the recording tells nothing, would hide the rest.
    for channel, least in enumerate((0.75, 0.7, 0.98)):
        assert np.corrcoef(real[channel, 18:], like[channel, 18:])[0, 1] > least, channel
    for measure in (np.max, np.min):
        assert 0.8 < measure(like[2]) / measure(real[2]) < 1.25
    n = round(250 * stride_s)
    lengths = [np.linalg.norm(x, axis=1) for x in (force, model_force)]
    peaks = [np.median([length[i : i + n].max() for i in range(0, 9000, n)]) for length in lengths]
    assert 0.7 < peaks[1] / peaks[0] < 1.4
