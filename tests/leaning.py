# SPDX-License-Identifier: MIT
"""Lean of every sample of a recording, through the device's own integer code; and a calibration to compare with."""

import json
from array import array
from dataclasses import replace

import numpy as np

from kneecore import chips, mount, tilt
from kneecore.settings import Settings
from kneesense import recording
from kneesense.calibration import Calibration

CHIP = chips.find("mpu6050")


def gravity(recorded, calibration, rate_hz=CHIP.rate_hz):
    """(times [s], gravity in segment axes [g], lean [deg]) of each sample."""
    wire = calibration.to_wire()
    matrix = mount.fold(wire, CHIP.acc_lsb_per_g, CHIP.gyro_lsb_per_10dps)
    derived = tilt.derive(rate_hz, Settings().filter_tau_ms, wire["side"])
    state, sample, one_up = tilt.new_state(), array("i", [0] * mount.AXES), array("i", [0] * 3)
    quantised = recording.quantise(recorded, rate_hz, CHIP)
    (segment,) = quantised.segments
    up, lean = [], []
    for offset in range(0, len(segment.counts), mount.AXES):
        mount.apply(matrix, segment.counts, offset, 1, sample)
        if offset == 0:
            tilt.start(state, derived, sample)
        tilt.step(state, derived, sample, 1, one_up)
        up.append(state[:3])
        lean.append(tilt.lean_cdeg(state, wire["neutral_cdeg"]))
    t_s = quantised.t0_s + np.arange(len(lean)) / rate_hz
    return t_s, np.array(up) / 2**24 * (1, 1, derived[0]), np.array(lean) / 100


def lean_deg(recorded, calibration):
    """Lean at the recording's own times."""
    t_s, _, lean = gravity(recorded, calibration)
    return np.interp(recorded.t_s, t_s, lean)


def other_side(calibration):
    return replace(calibration, side={"left": "right", "right": "left"}[calibration.side])


def data_sets_own(data):
    """Up and bias as published with the data, right from the normal treadmill walk."""
    folder = data / "nmsdyn_s0040"
    static = json.loads((folder / "calibration.json").read_text())["static"]["distal_lateral_shank_right"]
    y = np.array(static["static_acc"]) / np.linalg.norm(static["static_acc"])
    gyro = recording.load(folder / "treadmill_walk_normal.csv.gz").gyro - static["gyro_bias_rad_s"]
    z = np.linalg.eigh(gyro.T @ gyro)[1][:, -1]
    z *= np.sign(z[2])  # +z of the sensor is about right
    z -= (z @ y) * y
    z /= np.linalg.norm(z)
    rotation = tuple(tuple(row) for row in np.array((np.cross(y, z), y, z)).tolist())
    return Calibration(
        rotation, tuple(static["gyro_bias_rad_s"]), 1.0, 0.0, "right", "unknown", "mpu6050", ""
    )
