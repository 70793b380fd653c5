# SPDX-License-Identifier: MIT
"""Lean and inclination against other measurements: offline VQF, motion capture, an optical reference.

Lean of a run against offline VQF is agreement, not accuracy: both are filters of the same sensor.
Ref: D. Laidig, T. Seel, "VQF", Information Fusion 91 (2023), doi 10.1016/j.inffus.2022.10.014.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, replace
from importlib import import_module
from types import ModuleType

import numpy as np

from kneecore import chips, mount, tilt
from kneecore.settings import Settings

from ..calibration import Calibration
from ..recording import Recording, quantise
from ..table import Floats
from .found import Found, pipeline_of
from .ramp import shift_deg
from .stats import Spread, correlation, rms, spread

SETTLED_S = 10.0
STANCE_PART = 0.6

_STILL_S = 5.0  # a benchmark trial begins at rest


def vqf() -> ModuleType | None:
    """The reference filter, if it is installed."""
    try:
        return import_module("vqf")
    except ImportError:
        return None


@dataclass(frozen=True)
class Agreement:
    """Lean of one run, sample by sample from 10 s on, less that of offline VQF; degrees.

    `error`: gyro bias removed as calibrated.  `unremoved`: the bias left in.  `ramp`: of ramp.shift_deg over 20
    minutes; `ramp_fast`: the same over the length of the recording, a minute or so.
    """

    trial: str
    error: Spread | None
    unremoved: Spread | None
    ramp: float | None
    ramp_fast: float | None
    trivial_sd: float  # a constant, at its best
    trace_s: Floats
    ours_deg: Floats
    vqf_deg: Floats


def agreement(trial: str, recording: Recording, calibration: Calibration, peer: ModuleType) -> Agreement:
    """`peer`: the module that `vqf` gives."""
    reference = _vqf_lean(recording, calibration, peer)
    settled = recording.t_s > recording.t_s[0] + SETTLED_S
    ours = _lean_at(recording, calibration)
    biased = _lean_at(recording, replace(calibration, gyro_bias_rad_s=(0.0, 0.0, 0.0)))
    found = pipeline_of(recording, calibration)
    length_s = float(np.ptp(recording.t_s))
    shown = settled & (recording.t_s < recording.t_s[0] + SETTLED_S + 3)
    return Agreement(
        trial, spread((ours - reference)[settled]), spread((biased - reference)[settled]),
        shift_deg(recording, found, calibration), shift_deg(recording, found, calibration, length_s),
        float(reference[settled].std()),
        recording.t_s[shown], ours[shown], reference[shown],
    )  # fmt: skip


def _lean_at(recording: Recording, calibration: Calibration) -> Floats:
    found = pipeline_of(recording, calibration, lean=True)
    return np.interp(recording.t_s, found.samples_s, found.lean_deg)


def _vqf_lean(recording: Recording, calibration: Calibration, peer: ModuleType) -> Floats:
    """From the definition in words: positive when the knee is medial of the ankle.  VQF finds the bias by itself."""
    rotation = np.array(calibration.rotation)
    gyro = np.ascontiguousarray((recording.gyro - calibration.gyro_bias_rad_s) @ rotation.T)
    acc = np.ascontiguousarray(recording.acc @ rotation.T)
    x, y, z = up(peer.offlineVQF(gyro, acc, None, 1 / recording.rate_hz)["quat6D"]).T
    knee_to_the_right: Floats = np.degrees(np.arctan2(-z, np.hypot(x, y)))
    return knee_to_the_right if calibration.side == "left" else -knee_to_the_right


def up(quaternions: Floats) -> Floats:
    """World up in the sensor [n, 3], from quaternions w, x, y, z that turn the sensor's axes into the world's."""
    w, x, y, z = quaternions.T
    return np.column_stack((2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)))


@dataclass(frozen=True)
class Stance:
    """Lean in 0 to 60 % of one stance against motion capture, the mean difference of the stance taken out."""

    trial: str
    error_deg: Floats
    offset_deg: float
    r: float | None
    constant_deg: Floats  # error of a constant


def stance(
    trial: str,
    found: Found,
    side: str,
    reference_t_s: Floats,
    knee_right_deg: Floats,
    ic_s: float,
    to_s: float,
) -> Stance | None:
    """`knee_right_deg`: positive when the knee is to the right of the ankle.  None without reference in the stance."""
    inside = (
        (reference_t_s >= ic_s)
        & (reference_t_s <= ic_s + STANCE_PART * (to_s - ic_s))
        & np.isfinite(knee_right_deg)
    )
    if inside.sum() < 5:
        return None
    reference = knee_right_deg[inside] * (1 if side == "left" else -1)
    ours = np.interp(reference_t_s[inside], found.samples_s, found.lean_deg)
    error = ours - reference
    return Stance(
        trial,
        error - error.mean(),
        float(error.mean()),
        correlation(ours, reference),
        reference.mean() - reference,
    )


@dataclass(frozen=True)
class Inclination:
    """RMS error of one benchmark trial where the benchmark scores, degrees; `constant`: no filter at all."""

    trial: str
    ours: float
    peer: float | None
    constant: float


def inclination(
    trial: str, recording: Recording, reference: Floats, scored: Floats, peer: ModuleType | None
) -> Inclination:
    """`reference`: quaternions [n, 4], NaN where unknown; `scored` [n]: 1 where the error counts."""
    true_up = up(reference)
    counts = (scored == 1) & np.isfinite(true_up).all(axis=1)
    bias = recording.gyro[recording.t_s < recording.t_s[0] + _STILL_S].mean(axis=0)

    def error(ups: Floats) -> float:
        cosine = (ups * true_up).sum(axis=1) / np.linalg.norm(ups, axis=1)
        return rms(np.degrees(np.arccos(np.clip(cosine[counts], -1, 1))))

    theirs = None
    if peer:
        gyro, acc = np.ascontiguousarray(recording.gyro - bias), np.ascontiguousarray(recording.acc)
        theirs = error(up(peer.VQF(1 / recording.rate_hz).updateBatch(gyro, acc)["quat6D"]))
    still = np.tile(true_up[counts].mean(axis=0), (len(true_up), 1))
    return Inclination(trial, error(_integer_up(recording, bias)), theirs, error(still))


def _integer_up(recording: Recording, bias: Floats) -> Floats:
    """Gravity in the sensor at the recording's own times, by the unit's integer code."""
    rate_hz, chip = round(recording.rate_hz), chips.find("mpu6050")
    eye = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    wire = Calibration(eye, tuple(bias), 1.0, 0.0, "left", "unknown", chip.name, "").to_wire()
    matrix = mount.fold(wire, chip.acc_lsb_per_g, chip.gyro_lsb_per_10dps)
    derived = tilt.derive(rate_hz, Settings().filter_tau_ms, wire["side"])
    state, sample, up_now = tilt.new_state(), array("i", [0] * mount.AXES), array("i", [0] * 3)
    quantised = quantise(recording, rate_hz, chip)
    rows: list[array[int]] = []
    for segment in quantised.segments:
        for offset in range(0, len(segment.counts), mount.AXES):
            mount.apply(matrix, segment.counts, offset, 1, sample)
            if not rows:
                tilt.start(state, derived, sample)
            tilt.step(state, derived, sample, 1, up_now)
            rows.append(state[:3])
    ups = np.array(rows, float)
    t_s = quantised.t0_s + np.arange(len(ups)) / rate_hz
    return np.column_stack([np.interp(recording.t_s, t_s, axis) for axis in ups.T])
