# SPDX-License-Identifier: MIT
"""Simulated runners, ways and sensors: the ground holds the foot everywhere, errors are those asked for."""

import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from inertial import SENSOR_M, Inertial

from kneesense.recording import G
from kneesense.simulator import (
    LOOSE,
    PARTS,
    SCENARIOS,
    Fatigue,
    Motor,
    Phase,
    Runner,
    RunnerModel,
    Sensor,
    Strap,
    Variation,
    alignments,
    runners,
    sensors,
    simulate,
    skewed,
)

EVEN = Runner(variation=Variation(0, 0, 0, 0, 0, 0, 0, 0))
PERFECT = Sensor(errors=0)
QUIET = ("still", "haptic", "sit", "cycle", "drive")
RUN = (Phase("still", 2), Phase("run", 20))


def complete(strides):
    return [stride for stride in strides if stride.stride_s]


def mean(strides, name):
    return float(np.mean([getattr(stride, name) for stride in complete(strides)]))


# The way


@pytest.mark.parametrize(
    ("phase", "rise"),
    [
        (Phase("run", 6, speed_mps=6.5), 0.0),
        (Phase("run", 6, slope_percent=8), 0.08 * 2.5),
        (Phase("walk", 6, slope_percent=-8), -0.08 * 1.3),
        (Phase("stairs_up", 6), 0.34 / 1.25),
        (Phase("stairs_down", 6), -0.34 / 1.12),
    ],
    ids=lambda value: f"{value.gait}{value.slope_percent:+g}" if isinstance(value, Phase) else "",
)
def test_the_foot_is_planted_and_the_runner_gets_up_and_ahead_as_told(phase, rise):
    model = RunnerModel((Phase("still", 0.5), phase), runner=EVEN)
    moved = Inertial(model, 7)
    places = []
    for stride in complete(model.strides):
        i = moved.at(stride.ic_s + 0.3 * stride.contact_s)
        j = moved.at(stride.ic_s + 0.35 * stride.contact_s)
        assert np.linalg.norm(moved.ankle(j) - moved.ankle(i)) < 0.012
        places.append(moved.ankle(i))
    for stride, a, b in zip(complete(model.strides), places, places[1:], strict=False):
        ahead, up, aside = (b - a) / stride.stride_s
        assert ahead == pytest.approx(stride.speed_mps, rel=0.06)
        assert up == pytest.approx(rise, abs=0.05)
        assert abs(aside) < 0.05


@pytest.mark.parametrize(("side", "radius_m"), [("right", 36.8), ("left", 36.8), ("right", -20.0)])
def test_on_a_bend_the_way_turns_and_the_leg_leans_inwards(side, radius_m):
    script = (Phase("still", 0.5), Phase("run", 8, speed_mps=4, bend_m=radius_m))
    model = RunnerModel(script, side, runner=EVEN)
    moved = Inertial(model, 9)
    strides = complete(model.strides)
    feet = [moved.ankle(moved.at(s.ic_s + 0.3 * s.contact_s)) for s in strides]
    steps = np.diff(feet, axis=0)
    headings = np.unwrap(np.arctan2(-steps[:, 2], steps[:, 0]))  # + to the left
    turn_rps = np.diff(headings) / [s.stride_s for s in strides[1:-1]]
    assert np.mean(turn_rps) == pytest.approx(4 / radius_m, rel=0.05)
    straight = RunnerModel((Phase("still", 0.5), Phase("run", 8, speed_mps=4)), side, runner=EVEN)
    straight.sample(np.array([9.0]))
    inwards = mean(strides, "lean_mid_deg") - mean(straight.strides, "lean_mid_deg")
    outer = np.sign(radius_m) * {"right": 1, "left": -1}[side]  # its knee leans towards the other leg
    assert inwards == pytest.approx(outer * np.degrees(np.arctan(16 / abs(radius_m) / G)), rel=0.02)
    assert all(s.turn for s in strides)
    assert not any(s.turn for s in straight.strides)


def test_a_track_has_bends_and_straights():
    made = SCENARIOS["track"].simulate(Runner(run_mps=4), 120, PERFECT)
    ran = [s for s in made.strides if s.gait == "run"]
    changes = sum(a.turn != b.turn for a, b in pairwise(ran))
    assert changes == 4  # 480 m: straight, bend, straight, bend, straight
    assert np.mean([s.turn for s in ran]) == pytest.approx(2 * 115.6 / 480, abs=0.03)


# The people


def test_the_same_arguments_give_the_same_recording_and_others_another():
    worn = sensors(2)
    a, again, other = (simulate(runners(2)[0], RUN, worn[0], seed=seed) for seed in (3, 3, 4))
    assert np.array_equal(a.recording.acc, again.recording.acc)
    assert np.array_equal(a.recording.gyro, again.recording.gyro)
    assert a.strides == again.strides
    assert a.strides != other.strides
    assert runners(2)[0] == runners(5)[0]
    assert len({(r.run_mps, r.impact, r.lean_deg) for r in runners(50)}) == 50


def test_a_left_sensor_feels_the_mirror_image():
    right, left = (simulate(Runner(), RUN, PERFECT, side) for side in ("right", "left"))
    assert np.allclose(left.recording.acc, right.recording.acc * (1, 1, -1), atol=0.01)
    assert np.allclose(left.recording.gyro, right.recording.gyro * (-1, -1, 1), atol=0.002)
    assert left.strides == right.strides


def test_the_other_leg_of_a_pair_is_half_a_stride_later_and_differs_as_told():
    runner = replace(EVEN, asymmetry=0.1)
    right = simulate(runner, RUN, PERFECT, "right")
    left = simulate(runner, RUN, PERFECT, "left", second=True)
    for a, b in zip(complete(right.strides), complete(left.strides), strict=False):
        assert (b.ic_s - a.ic_s) / a.stride_s == pytest.approx(0.5)
        assert a.contact_s / b.contact_s == pytest.approx(1.05 / 0.95)
        assert a.pta_axial_g > b.pta_axial_g


def test_a_tired_runner_changes_over_the_hour():
    tired = replace(EVEN, fatigue=Fatigue(cadence=-0.1, duty=0.1, impact=0.5, valgus_deg=3))
    strides = complete(simulate(tired, (Phase("run", 1800),), Sensor(errors=0, rate_hz=100)).strides)
    first, last = strides[0], strides[-1]
    assert last.cadence_spm / first.cadence_spm == pytest.approx(0.95, abs=0.002)
    assert last.contact_s / last.stride_s == pytest.approx(1.05 * first.contact_s / first.stride_s, rel=0.01)
    assert last.pta_axial_g > 1.1 * first.pta_axial_g
    assert last.lean_mid_deg - first.lean_mid_deg == pytest.approx(1.5 * 0.85, abs=0.3)


def test_valgus_shows_at_the_knee_about_twice_as_much_as_at_the_shank():
    made = [simulate(replace(EVEN, valgus_deg=v), RUN, PERFECT).strides for v in (0.0, 4.0)]
    shank = mean(made[1], "lean_mid_deg") - mean(made[0], "lean_mid_deg")
    knee = mean(made[1], "knee_frontal_deg") - mean(made[0], "knee_frontal_deg")
    assert 2 < shank < 4
    assert 1.8 < knee / shank < 2.2


def test_the_hip_moves_the_knee_angle_and_not_the_shank():
    sway = replace(EVEN, variation=replace(EVEN.variation, hip_sway_m=0.01))
    strides = complete(simulate(sway, RUN, PERFECT).strides)[2:]
    assert np.std([s.knee_frontal_deg for s in strides]) > 0.8
    assert np.std([s.lean_mid_deg for s in strides]) < 0.02


def test_a_forefoot_lands_softer_and_a_slope_down_harder():
    level, fore = (
        mean(simulate(replace(EVEN, forefoot=f), RUN, PERFECT).strides, "pta_axial_g") for f in (0, 1)
    )
    down = mean(simulate(EVEN, (Phase("run", 20, slope_percent=-8),), PERFECT).strides, "pta_axial_g")
    assert fore < 0.9 * level
    assert down > 1.1 * level


# No gait, no strides


@pytest.mark.parametrize("name", QUIET)
def test_who_does_not_step_has_no_strides(name):
    made = SCENARIOS[name].simulate(Runner(), 40, PERFECT)
    assert made.strides == ()
    assert made.truth()["strides"] == []


@pytest.mark.parametrize("name", ["sit", "cycle", "drive"])
def test_postures_begin_and_end_standing_and_move_between(name):
    made = SCENARIOS[name].simulate(Runner(), 40, PERFECT, seed=4).recording
    for edge in (made.acc[:400], made.acc[-400:]):
        assert np.allclose(edge, (0, G, 0), atol=0.01)
    assert np.abs(made.gyro).max() > 0.1
    turned = np.cumsum(made.gyro[:, 2])[-1] * np.median(np.diff(made.t_s))
    assert abs(turned) < 0.02  # back upright


# The sensor


def test_standing_through_the_true_calibration_is_one_g_up_and_no_rate():
    for worn in sensors(12, seed=5):
        made = simulate(Runner(), (Phase("still", 10),), replace(worn, warming_k=0))
        rotation = np.array(made.calibration.rotation)
        up = made.recording.acc.mean(axis=0) @ rotation.T * made.calibration.acc_scale / G
        assert up == pytest.approx((0, 1, 0), abs=0.001)
        rate = made.recording.gyro.mean(axis=0) - made.calibration.gyro_bias_rad_s
        assert np.degrees(rate) == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("part", PARTS.values(), ids=lambda part: part.name)
def test_errors_stay_within_the_data_sheet_and_differ(part):
    drawn = [Sensor(part=part, seed=seed).drawn() for seed in range(40)]
    scales = np.array([np.diag(chip.acc) - 1 for chip in drawn])
    biases = np.degrees([chip.gyro_bias for chip in drawn])
    rates = np.array([chip.rate_hz for chip in drawn]) / part.rates_hz[0] - 1
    for values, limit in ((scales, part.acc_scale), (biases, part.gyro_bias_dps), (rates, part.rate_error)):
        assert 0.6 * limit < np.abs(values).max() <= limit * 1.0001
    exact = Sensor(part=part, errors=0).drawn()
    assert np.array_equal(exact.acc, np.eye(3))
    assert exact.rate_hz == part.rates_hz[0]


def test_noise_warming_and_ramp_are_of_the_size_asked_for():
    worn = Sensor(ramp_dps=(0, 3, 0), warming_k=20, seed=2)
    still = (Phase("still", 600),)
    made, cold = (simulate(Runner(), still, replace(worn, ramp_dps=(0, 0, 0), warming_k=k)) for k in (20, 0))
    chip = worn.drawn()
    grown = (made.recording.gyro - cold.recording.gyro)[-5000:].mean(axis=0)
    assert grown == pytest.approx(20 * chip.gyro_per_k * (1 - np.exp(-596 / 300)), rel=0.02, abs=1e-4)
    ramped = simulate(Runner(), still, replace(worn, warming_k=0)).recording.gyro - cold.recording.gyro
    assert np.degrees(ramped[-50:].mean(axis=0)) == pytest.approx((0, 3, 0), abs=0.02)
    noise_dps = np.degrees(cold.recording.gyro).std(axis=0)
    assert noise_dps == pytest.approx(0.005 * np.sqrt(184), rel=0.06)
    assert cold.recording.acc.std(axis=0) == pytest.approx(400e-6 * np.sqrt(184) * G, rel=0.06)


@pytest.mark.parametrize(("part", "rate_hz"), [("lsm6dso", 416), ("mpu6050", 500), ("lsm6dso", 833)])
def test_counts_are_those_of_the_chip_at_its_rate(part, rate_hz):
    made = simulate(Runner(), RUN, Sensor(part=PARTS[part], rate_hz=rate_hz, errors=0))
    counts = np.array(made.counts(), float).reshape(-1, 6)
    assert len(counts) == len(made.recording.t_s)
    assert made.recording.rate_hz == pytest.approx(rate_hz)
    assert np.allclose(counts[:, :3] / PARTS[part].acc_lsb_per_g * G, made.recording.acc)
    assert counts[:500, 1] == pytest.approx(PARTS[part].acc_lsb_per_g, abs=1)


def test_what_is_beyond_the_range_is_clipped():
    made = simulate(Runner(impact=6), RUN, Sensor(strap=LOOSE))
    counts = np.array(made.counts())
    assert 32766 <= counts.max() <= 32767
    assert np.abs(made.recording.acc).max() < 16.5 * G


def test_mounting_turns_what_is_felt_and_nothing_else():
    assert len({m.tobytes() for m in alignments()}) == 24
    askew = skewed(alignments()[7], 30, np.random.default_rng(1))
    plain, turned = (simulate(EVEN, RUN, replace(PERFECT, mounting=m)) for m in (np.eye(3), askew))
    assert np.allclose(turned.recording.acc @ askew, plain.recording.acc, atol=0.02)
    assert np.allclose(turned.recording.gyro @ askew, plain.recording.gyro, atol=0.003)
    assert turned.strides == plain.strides


def test_straps_ring_wobble_and_slip():
    rigid = simulate(EVEN, RUN, PERFECT).recording
    ringing = simulate(EVEN, RUN, replace(PERFECT, strap=Strap(25, 0.2))).recording
    loose = simulate(EVEN, RUN, replace(PERFECT, strap=LOOSE)).recording
    assert np.abs(ringing.acc).max() > 1.1 * np.abs(rigid.acc).max()
    assert np.array_equal(ringing.gyro, rigid.gyro)
    assert np.std(loose.gyro[:, 0]) > 1.3 * np.std(rigid.gyro[:, 0])
    slipped = simulate(EVEN, RUN, replace(PERFECT, strap=Strap(0, slip_deg=30, slip_at_s=5))).recording
    before, after = rigid.t_s < 5, rigid.t_s > 7.1
    assert np.allclose(slipped.acc[before], rigid.acc[before])
    assert np.allclose(slipped.acc[after, 1], rigid.acc[after, 1])
    x, z = rigid.acc[after, 0], rigid.acc[after, 2]
    assert np.allclose(slipped.acc[after, 0], np.cos(np.pi / 6) * x - np.sin(np.pi / 6) * z, atol=0.02)


def test_the_motor_shakes_in_its_pulses_only():
    shaken = simulate(Runner(), (Phase("still", 10),), replace(PERFECT, motor=Motor(2.0, 0.1))).recording
    size = np.linalg.norm(shaken.acc - (0, G, 0), axis=1)
    since = shaken.t_s % 2.0
    assert size[(since > 0.05) & (since < 0.1)].max() > 0.5 * G
    assert size[(since > 0.6)].max() < 0.02


def test_a_minute_takes_a_fraction_of_a_second():
    begin = time.process_time()
    simulate(Runner(), (Phase("run", 60),), sensors(1)[0])
    assert time.process_time() - begin < 0.5


def test_an_unknown_gait_is_refused():
    with pytest.raises(ValueError, match="hop"):
        Phase("hop", 3)


def test_the_sensor_sits_where_the_runner_wears_it():
    low, high = (simulate(replace(EVEN, sensor_up_m=h), RUN, PERFECT).recording for h in (0.06, 0.14))
    assert Runner().sensor_up_m == SENSOR_M
    assert np.array_equal(low.gyro, high.gyro)
    assert np.abs(low.acc - high.acc).max() > 0.2 * G
