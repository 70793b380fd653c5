# SPDX-License-Identifier: MIT
"""Units, ranges, signs and axes of a recording, told from gravity: at rest, and carried along by the gyro in motion."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from kneesense import recording, scales
from kneesense.errors import InputError
from kneesense.scales import G
from kneesense.simulator import SCENARIOS, runners, sensors

FILE = Path("run.csv")
RECORDED = ("treadmill_run_slow", "treadmill_run_comfortable", "treadmill_walk_normal", "treadmill_walk_fast")
MIRROR_X = np.diag((-1.0, 1.0, 1.0))


def told(moved, acc=1.0, gyro=1.0, turn=None):
    """Warnings, or the refusal with its advice, on a recording with scaled columns, or columns turned by a matrix."""
    turn = np.eye(3) if turn is None else turn
    try:
        return scales.check(FILE, moved.t_s, moved.acc @ turn.T * acc, moved.gyro @ turn.T * gyro)
    except InputError as error:
        return f"{error}: {error.advice}"


def simulated(name):
    return SCENARIOS[name].simulate(runners(2)[1], 15, sensors(2)[1]).recording


@pytest.fixture(scope="module")
def recorded(data):
    """A recording of the treadmill by name, loaded once."""
    return cache(lambda name: recording.load(data / "nmsdyn_s0040" / f"{name}.csv.gz"))


@pytest.fixture(scope="module")
def run():
    return simulated("run")


@pytest.mark.parametrize("name", RECORDED)
def test_recordings_are_1_g_at_rest_and_in_motion(recorded, name):
    assert told(recorded(name)) == []


def test_a_sensor_shaken_by_hand_is_1_g_all_the_same(data):
    for path in sorted((data / "broad_subset").glob("*.csv.gz")):
        assert told(recording.load(path)) == []


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_whatever_a_runner_does_is_1_g(name):
    assert told(simulated(name)) == []


ACC_FACTORS = (
    2,
    4,
    8,
    1 / 2,
    1 / 4,
    1 / 8,
    G,
    1 / G,
    2048 / G,
    4096 / G,
    8192 / G,
    16384 / G,
    100,
    1000 / G,
    1000,
)


@pytest.mark.parametrize("factor", ACC_FACTORS)
def test_a_wrong_scale_of_acceleration_is_refused_with_its_factor(run, factor):
    refused = told(run, acc=factor)
    assert isinstance(refused, str)
    assert f"multiply ax, ay, az by {1 / factor:.3g}"[:-1] in refused


GYRO_FACTORS = (2, 4, 1 / 2, 1 / 4, np.degrees(1), np.radians(1), 16.4 * np.degrees(1))


@pytest.mark.parametrize("factor", GYRO_FACTORS)
@pytest.mark.parametrize("name", ["treadmill_run_slow", "treadmill_walk_normal"])
def test_a_wrong_scale_of_rates_is_told_with_its_factor(recorded, name, factor):
    said = told(recorded(name), gyro=factor)
    text = said if isinstance(said, str) else " ".join(said)
    assert "multiply gx, gy, gz by" in text
    assert float(text.rsplit(" ", 1)[1]) == pytest.approx(1 / factor, rel=0.01)


@pytest.mark.parametrize("name", RECORDED)
@pytest.mark.parametrize("mirror", [MIRROR_X, np.diag((1.0, 1.0, -1.0)), -np.eye(3), np.eye(3)[[1, 0, 2]]])
def test_a_mirrored_recording_is_refused(recorded, name, mirror):
    assert "mirrored" in told(recorded(name), turn=mirror)


@pytest.mark.parametrize("order", [(1, 2, 0), (2, 1, 0)])
def test_rates_in_other_axes_than_acceleration_are_told(recorded, order):
    moved = recorded("treadmill_run_slow")
    (said,) = scales.check(FILE, moved.t_s, moved.acc, moved.gyro[:, list(order)])
    assert "the rates look like" in said


def test_any_turn_of_all_axes_changes_nothing(run):
    for turn in (np.eye(3)[[1, 2, 0]], np.diag((-1.0, -1.0, 1.0))):
        assert told(run, turn=turn) == []


def test_gravity_that_was_taken_out_is_refused(run, recorded):
    for moved in (run, recorded("treadmill_run_slow")):
        standing = moved.acc[moved.t_s < moved.t_s[0] + 0.8].mean(axis=0)
        with pytest.raises(InputError, match=r"acceleration|gravity") as caught:
            scales.check(FILE, moved.t_s, moved.acc - standing, moved.gyro)
        assert "gravity left in" in caught.value.advice


def resting(acc, noise=0.02, rows=750):
    random = np.random.default_rng(1)
    acc = np.tile(acc, (rows, 1)) + random.normal(0, noise, (rows, 3))
    return np.arange(rows) / 250, acc, random.normal(0, 0.002, (rows, 3))


@pytest.mark.parametrize(("acc", "hint"), [
    ((0, 0, 2048 / 16384 * G), "multiply ax, ay, az by 8"),  # counts of 16 g taken for counts of 2 g
    ((0, 0, 9.81 * G), "multiply ax, ay, az by 0.10197"),  # m/s^2 taken for g
    ((0, 0, 0), "gravity left in"),
    ((0, 0, 1), "it looks like g: multiply ax, ay, az by 9.80665"),
    ((0, 0, 981), "it looks like cm/s^2: multiply ax, ay, az by 0.01"),
    ((0, 12, 16), "multiply ax, ay, az by 0.5"),
])  # fmt: skip
@pytest.mark.parametrize("noise", [0.02, 0.0])
def test_three_seconds_of_rest_are_enough(acc, hint, noise):
    with pytest.raises(InputError) as caught:
        scales.check(FILE, *resting(acc, noise))
    assert hint in caught.value.advice


def test_a_sensor_a_little_off_is_told_and_one_within_its_data_sheet_not():
    assert scales.check(FILE, *resting((0, 0, 1.04 * G))) == []
    (said,) = scales.check(FILE, *resting((0, 0, 1.08 * G)))
    assert "at rest acceleration is 1.08 g" in said
    (said,) = scales.check(FILE, *resting((0, 0, 1.28 * G)))
    assert "by no usual factor" in said


def test_a_part_of_the_recording_that_stands_at_zero_is_no_rest(run):
    acc, gyro = run.acc.copy(), run.gyro.copy()
    acc[3000:6000] = gyro[3000:6000] = 0.0
    assert scales.check(FILE, run.t_s, acc, gyro) == []


def test_ranges_that_are_too_small_are_named(run):
    (said,) = scales.check(FILE, run.t_s, run.acc.clip(-2 * G, 2 * G), run.gyro)
    assert "cut off at 2.0 g" in said
    (said,) = scales.check(FILE, run.t_s, run.acc, run.gyro.clip(-np.radians(250), np.radians(250)))
    assert "cut off at 250 deg/s" in said


@pytest.mark.parametrize("rows", [0, 1, 2, 100, 300])
def test_few_rows_are_not_judged_and_no_error(run, rows):
    assert scales.check(FILE, run.t_s[:rows], run.acc[:rows], run.gyro[:rows]) == []
