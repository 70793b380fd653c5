# SPDX-License-Identifier: MIT
"""Gravity and lean of the integer filter against VQF, a published orientation filter, on real recordings.

Agreement, not accuracy, on the runs; the benchmark trials have an optical reference.
Ref: D. Laidig, T. Seel, "VQF", Information Fusion 91 (2023), doi 10.1016/j.inffus.2022.10.014.
"""

import csv
import gzip

import numpy as np
import pytest

from core.mounting import IDENTITY
from kneesense import recording, selfcal
from kneesense.calibration import Calibration
from leaning import data_sets_own, gravity, lean_deg, other_side

vqf = pytest.importorskip("vqf", reason="no vqf: pip install 'kneesense[analysis]'")

SETTLED_S = 10
RUNS = ["treadmill_run_slow", "treadmill_run_comfortable"]


def up(quaternions):
    """World up in the sensor, from quaternions w, x, y, z."""
    w, x, y, z = quaternions.T
    return np.column_stack((2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)))


def rms(values):
    return float(np.sqrt(np.mean(values**2)))


def vqf_lean(recorded, calibration):
    """Lean by offline VQF, in floating point, from the definition in words."""
    rotation = np.array(calibration.rotation)
    gyro = np.ascontiguousarray((recorded.gyro - calibration.gyro_bias_rad_s) @ rotation.T)
    acc = np.ascontiguousarray(recorded.acc @ rotation.T)
    x, y, z = up(vqf.offlineVQF(gyro, acc, None, 1 / recorded.rate_hz)["quat6D"]).T
    knee_to_the_right = np.degrees(np.arctan2(-z, np.hypot(x, y)))
    return knee_to_the_right if calibration.side == "left" else -knee_to_the_right


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("source", ["data set", "auto"])
def test_lean_of_a_run_agrees_with_offline_vqf(data, name, source):
    recorded = recording.load(data / "nmsdyn_s0040" / f"{name}.csv.gz")
    calibration = data_sets_own(data) if source == "data set" else selfcal.auto(recorded, "right").calibration
    settled = recorded.t_s > SETTLED_S
    reference = vqf_lean(recorded, calibration)[settled]
    error = lean_deg(recorded, calibration)[settled] - reference
    assert rms(error - error.mean()) <= 0.5
    assert rms(error) <= 0.5
    # The sign is not free: on the other side it is not even near.
    swapped = lean_deg(recorded, other_side(calibration))[settled] - reference
    assert rms(swapped - swapped.mean()) > 3


@pytest.mark.parametrize(
    "name",
    ["06_undisturbed_fast_rotation_A", "15_undisturbed_fast_translation_A", "21_undisturbed_fast_combined"],
)
def test_inclination_on_the_orientation_benchmark_is_near_vqf(data, name):
    """Against the optical reference, where the benchmark scores; at the trial's own rate, rounded to 286 Hz."""
    path = data / "broad_subset" / f"{name}.csv.gz"
    recorded = recording.load(path)
    with gzip.open(path, "rt") as file:
        rows = list(csv.DictReader(file))
    columns = ("ref_qw", "ref_qx", "ref_qy", "ref_qz")
    reference = up(np.array([[float(row[column] or "nan") for column in columns] for row in rows]))
    scored = np.array([float(row["movement"]) == 1 for row in rows]) & ~np.isnan(reference).any(axis=1)
    bias = recorded.gyro[recorded.t_s < 5].mean(axis=0)

    def inclination_error(ups):
        cosine = (ups * reference).sum(axis=1) / np.linalg.norm(ups, axis=1)
        return rms(np.degrees(np.arccos(np.clip(cosine[scored], -1, 1))))

    calibration = Calibration(IDENTITY, tuple(bias), 1.0, 0.0, "left", "unknown", "mpu6050", "")
    t_s, ups, _ = gravity(recorded, calibration, rate_hz=286)
    ours = inclination_error(np.column_stack([np.interp(recorded.t_s, t_s, axis) for axis in ups.T]))
    peer = vqf.VQF(1 / recorded.rate_hz)
    gyro, acc = np.ascontiguousarray(recorded.gyro - bias), recorded.acc
    assert ours <= 1.5 * inclination_error(up(peer.updateBatch(gyro, acc)["quat6D"]))
