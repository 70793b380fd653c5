# SPDX-License-Identifier: MIT
"""Self-calibration: on a built runner whose mounting is known, and on the recordings against the data set's axes."""

import csv
from dataclasses import replace

import numpy as np
import pytest

from core.mounting import CYCLIC, OBLIQUE, QUARTER
from kneesense import recording, rest, selfcal
from kneesense.errors import InputError
from kneesense.recording import Recording
from kneesense.simulator import Phase, Runner, RunnerModel, Sensor, simulate
from leaning import data_sets_own, lean_deg, other_side

RATE_HZ = 250
BIAS_DPS = (0.9, -1.4, 0.5)
SCALE = 1.012  # of the accelerometer
STILL, WALK, RUN = Phase("still", 5), Phase("walk", 15, 112), Phase("run", 15, 166)


def recorded(acc, gyro, rotation=OBLIQUE, bias_dps=BIAS_DPS):
    """Segment axes to a sensor's, with its faults and a little noise."""
    rng = np.random.default_rng(7)
    turned = np.array(rotation)
    acc = acc @ turned * SCALE + rng.normal(0, 0.05, acc.shape)
    gyro = gyro @ turned + np.radians(bias_dps) + rng.normal(0, 0.005, gyro.shape)
    return Recording("built", np.arange(len(acc)) / RATE_HZ, acc, gyro, {}, ())


def built(*script, side="right", **worn):
    model = RunnerModel(script, side)
    return recorded(*model.sample(np.arange(0, model.duration_s, 1 / RATE_HZ)), **worn)


def off_deg(calibration, rotation=OBLIQUE):
    """Rotation vector from the true mounting to the one found: about forward, up, right."""
    error = np.array(calibration.rotation) @ np.array(rotation).T
    return np.degrees([error[1, 2] - error[2, 1], error[2, 0] - error[0, 2], error[0, 1] - error[1, 0]]) / 2


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("rotation", [OBLIQUE, CYCLIC, QUARTER])
def test_standing_then_walking_gives_the_mounting_the_bias_and_the_scale(side, rotation):
    found = selfcal.auto(built(STILL, WALK, side=side, rotation=rotation), side)
    assert np.abs(off_deg(found.calibration, rotation)).max() < 3
    assert np.degrees(found.calibration.gyro_bias_rad_s) == pytest.approx(BIAS_DPS, abs=0.1)
    assert found.calibration.acc_scale == pytest.approx(1 / SCALE, rel=0.002)
    assert found.calibration.side == side
    assert found.strides >= 10
    assert found.sign_ratio >= 1.2
    assert found.warnings == ()


@pytest.mark.parametrize("phase", [WALK, RUN], ids=lambda phase: phase.gait)
def test_without_standing_up_is_that_of_the_strides(phase):
    recorded_on = built(Phase("walk", 2, 112), phase)
    keep = slice(2 * RATE_HZ, None)  # not the standing before the first step
    cut = replace(
        recorded_on, t_s=recorded_on.t_s[keep], acc=recorded_on.acc[keep], gyro=recorded_on.gyro[keep]
    )
    found = selfcal.auto(cut, "right")
    forward, up, _ = off_deg(found.calibration)
    assert abs(forward) < 5  # what turns lean; the fore-aft part of up is that of a moving leg
    assert abs(up) < 5
    assert found.still_s == 0
    assert "not still" in found.warnings[0]
    # across gravity, where lean feels it
    off = np.degrees(found.calibration.gyro_bias_rad_s) - BIAS_DPS
    gravity = np.array(found.calibration.rotation[1])
    assert np.linalg.norm(off - (off @ gravity) * gravity) < 0.9


def leading(up, seconds, then):
    """A still stretch with that gravity direction (segment axes) before a recording, joined without a gap."""
    still = recorded(
        np.tile(np.array(up) * recording.G, (seconds * RATE_HZ, 1)), np.zeros((seconds * RATE_HZ, 3))
    )
    acc, gyro = np.vstack((still.acc, then.acc)), np.vstack((still.gyro, then.gyro))
    return Recording("built", np.arange(len(acc)) / RATE_HZ, acc, gyro, {}, ())


def test_standing_astride_does_not_tilt_the_frontal_plane():
    sideways = np.radians(20)
    found = selfcal.auto(leading((0, np.cos(sideways), np.sin(sideways)), 6, built(WALK)), "right")
    assert abs(off_deg(found.calibration)[0]) < 5
    assert "sideways" in found.warnings[0]


def test_a_unit_still_on_the_table_gives_bias_and_scale_but_not_up():
    found = selfcal.auto(leading((0, -1, 0), 6, built(WALK)), "right")
    assert abs(off_deg(found.calibration)[0]) < 5
    assert np.degrees(found.calibration.gyro_bias_rad_s) == pytest.approx(BIAS_DPS, abs=0.1)
    assert "not on a standing leg" in found.warnings[0]


def test_a_still_file_stands_in_for_standing():
    still, walk = built(STILL), built(WALK)
    found = selfcal.auto(walk, "right", still=still)
    assert np.abs(off_deg(found.calibration)).max() < 3
    assert found.still_s == pytest.approx(5, abs=0.1)
    with pytest.raises(InputError, match="not still"):
        selfcal.auto(
            walk,
            "right",
            still=replace(walk, t_s=walk.t_s[1000:], acc=walk.acc[1000:], gyro=walk.gyro[1000:]),
        )


def test_sway_is_no_gyro_bias():
    """A leg that tilts by 3 degrees in 3 s while it stands: the gyro feels 1 deg/s, gravity tells that it is real."""
    seconds, rate = 3, np.radians(1.0)
    angle = rate * np.arange(seconds * RATE_HZ) / RATE_HZ
    acc = recording.G * np.column_stack((np.sin(angle), np.cos(angle), 0 * angle))  # turning about z
    swaying = recorded(acc, np.tile((0, 0, rate), (len(acc), 1)))
    found = rest.find_still(swaying)
    assert found is not None
    assert np.degrees(found.gyro_bias) == pytest.approx(BIAS_DPS, abs=0.15)


@pytest.mark.parametrize(("recorded_on", "reason"), [
    (Recording("none", np.zeros(0), np.zeros((0, 3)), np.zeros((0, 3)), {}, ()), "0 strides"),
    (Recording("one", np.zeros(1), np.ones((1, 3)), np.ones((1, 3)), {}, ()), "0 strides"),
    (built(STILL), "0 strides"),
    (built(STILL, Phase("walk", 2.5, 112)), "1 strides"),
])  # fmt: skip
def test_fewer_than_three_strides_are_refused(recorded_on, reason):
    with pytest.raises(InputError, match=reason) as caught:
        selfcal.auto(recorded_on, "right")
    assert caught.value.exit_code == 2


def test_a_swing_as_fast_back_as_forth_does_not_tell_forward():
    t = np.arange(0, 20, 1 / RATE_HZ)
    gyro = np.column_stack((0 * t, 0 * t, 4 * np.sin(2 * np.pi * t)))
    with pytest.raises(InputError, match="forward is not clear"):
        selfcal.auto(recorded(np.tile((0, 9.81, 0), (len(t), 1)), gyro), "right")


def test_an_unknown_side_is_refused():
    with pytest.raises(InputError, match="side"):
        selfcal.auto(built(STILL, WALK), "unknown")


# On the recordings.

WALKS = [f"force_plate_walk_{i:02d}" for i in range(1, 8)]
TREADMILL = [
    "treadmill_walk_normal",
    "treadmill_walk_fast",
    "treadmill_run_slow",
    "treadmill_run_comfortable",
]


@pytest.mark.parametrize("name", [*WALKS, *TREADMILL])
def test_axes_and_bias_agree_with_those_of_the_static_trial(data, name):
    found = selfcal.auto(recording.load(data / "nmsdyn_s0040" / f"{name}.csv.gz"), "right")
    own = data_sets_own(data)
    _, up, right = np.array(found.calibration.rotation)
    own_forward, own_up, own_right = np.array(own.rotation)
    assert right @ own_right > 0
    assert abs(np.degrees(np.arcsin(right @ own_up))) < 5  # tilt of the frontal plane
    assert abs(np.degrees(np.arcsin(right @ own_forward))) < 4  # turn about the tibia
    assert abs(np.degrees(np.arcsin(up @ own_forward))) < 12  # fore and aft
    off = np.degrees(np.subtract(found.calibration.gyro_bias_rad_s, own.gyro_bias_rad_s))
    assert np.abs(np.array(own.rotation) @ off)[[0, 2]].max() < 1


@pytest.mark.parametrize("name", ["air_squats", "calf_raises", "static_calibration"])
def test_what_is_no_walk_is_refused(data, name):
    with pytest.raises(InputError, match="0 strides"):
        selfcal.auto(recording.load(data / "nmsdyn_s0040" / f"{name}.csv.gz"), "right")


def test_lean_moves_as_the_optical_shank_does_and_not_as_its_mirror(data):
    """The reference is + for the knee lateral of the ankle, so lean follows its negative, in early and mid stance."""
    folder = data / "nmsdyn_s0040"
    with (folder / "events.csv").open() as file:
        stances = {row["trial"]: (float(row["ic_s"]), float(row["to_s"])) for row in csv.DictReader(file)}
    medial, swapped = [], []
    for name in WALKS:
        path = folder / f"{name}.csv.gz"
        recorded_on = recording.load(path)
        table = recording.read(path)
        column = table.header.index("ref_shank_front_deg")
        reference = -np.array([float(row[column] or "nan") for row in table.cells])
        ic_s, to_s = stances[name]
        stance = (recorded_on.t_s >= ic_s) & (recorded_on.t_s <= ic_s + 0.6 * (to_s - ic_s))
        calibration = selfcal.auto(recorded_on, "right").calibration
        for found, worn in ((medial, calibration), (swapped, other_side(calibration))):
            lean = lean_deg(recorded_on, worn)
            found.append(np.corrcoef(lean[stance], reference[stance])[0, 1])
    assert np.median(medial) >= 0.8
    assert min(medial) > 0.5
    assert max(swapped) < 0


FAST = Phase("run", 40, speed_mps=6.0)


def test_fast_running_is_calibrated_from_the_walking_before_it():
    made = simulate(
        Runner(), (Phase("still", 5), Phase("walk", 20), FAST, Phase("still", 2)), Sensor(), seed=1
    )
    found = selfcal.auto(made.recording, "right")
    assert np.abs(off_deg(found.calibration, made.calibration.rotation)).max() < 3
    assert found.sign_ratio > 1.5
    assert found.counted > 2 * found.strides
    (warning,) = found.warnings
    assert warning.startswith("forward is not clear over the whole: taken from ")


def test_fast_running_alone_is_refused_with_the_next_step():
    made = simulate(Runner(), (Phase("still", 5), FAST), Sensor(), seed=1)
    with pytest.raises(InputError, match=r"no 12 s of it are plain walking") as refused:
        selfcal.auto(made.recording, "right")
    assert "--save-calibration" in refused.value.advice
