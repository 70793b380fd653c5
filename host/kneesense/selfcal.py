# SPDX-License-Identifier: MIT
"""Calibration from a recording alone, for `replay --calibration auto`: where up, right and zero rate are.

Up is gravity in a still stretch, else mean specific force over whole strides.  Right is the principal axis of angular
velocity made perpendicular to up; its sign from the faster forward swing.  Not causal, so not for the device.

Two findings on the recordings of docs/data.md shape it.  People stand astride a treadmill before they start: a still
stretch tilted sideways by more than 10 deg against the strides tells only the fore-aft part of up.  And a standing
leg sways by up to 3 deg/s, which is no gyro bias: it also turns gravity in the sensor and is taken out.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from kneecore import chips, mount, tilt
from kneecore.settings import Settings
from kneesense.calibration import Calibration
from kneesense.errors import InputError
from kneesense.recording import RATES_HZ, G, Recording, quantise
from kneesense.table import Floats

STRIDES = 3
SIGN_RATIO = 1.2

_STILL_S = 1.0
_BIAS_STILL_S = 2.5  # shorter, what sway is left (up to 1.4 deg/s) is worse than the estimate in motion (0.4)
_BIAS_ROUNDS = 3
_BIAS_SMALL = np.radians(2.0)  # what sway leaves, and what a further round would only blur
_STILL_GYRO = (
    0.05  # rad/s, standard deviation within a second on each axis: 0.01 at rest, 0.02 to 0.06 standing
)
_STILL_ACC = 0.3  # m/s^2, likewise
_SIDEWAYS_DEG = 10.0  # standing against strides: 1 to 4 in walks and runs, 20 astride a treadmill
_STANDING_DEG = 45.0  # beyond this the unit was not on a standing leg

_SWING_FLOOR = np.radians(100.0)
_SWINGS_APART_S = 0.35
_SMOOTH_S = 0.02  # the spike of a foot strike, backward and up to 390 deg/s in the runs, is no way back
_STRIDE_S = (0.4, 2.5)


class TooFewStrides(InputError):
    """Not enough walking or running to calibrate from."""


@dataclass(frozen=True)
class SelfCalibration:
    """The calibration and what it rests on."""

    calibration: Calibration
    strides: int
    sign_ratio: float  # mid-swing peak against the fastest backward rate, medians over strides
    axis_share: float  # part of the squared angular rate that lies on z
    still_s: float  # length of the still stretch; 0 if there is none
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Still:
    """A stretch at rest: its length, mean acceleration [m/s^2] and gyro bias [rad/s], sensor axes."""

    seconds: float
    acc: Floats
    gyro_bias: Floats


def auto(
    recording: Recording,
    side: str,
    face: str = "unknown",
    chip: str = "mpu6050",
    still: Recording | None = None,
) -> SelfCalibration:
    """Calibrate from a recording of at least 3 strides.  InputError tells what it lacks.

    `still`: a recording of the same strapping at rest, for up and for the gyro bias.
    """
    if len(recording.t_s) < 2:
        raise _too_few(recording, 0)
    rest = find_still(still or recording)
    if still and not rest:
        raise InputError(f"{still.name}: not still for {_STILL_S:g} s anywhere", "stand still for 5 s")
    if rest and rest.seconds >= _BIAS_STILL_S:
        bias = rest.gyro_bias
    else:
        bias = _bias_in_motion(recording, rest, chip)
    gyro = recording.gyro - bias
    axis = np.linalg.eigh(gyro.T @ gyro)[1][:, -1]
    rate = _smooth(gyro @ axis, recording.rate_hz)
    if np.percentile(rate, 98) < -np.percentile(rate, 2):
        axis, rate = -axis, -rate
    strides, ratio = _strides(recording, rate)
    if len(strides) < STRIDES:
        raise _too_few(recording, len(strides))
    if ratio < SIGN_RATIO:
        message = f"{recording.name}: forward is not clear: swing is {ratio:.2f} times the way back, not {SIGN_RATIO}"
        raise InputError(message, "walk straight on for 10 strides, or give --calibration FILE")

    moving = np.concatenate([np.arange(*stride) for stride in strides])
    up, right, warnings = _axes(recording.acc[moving].mean(axis=0), axis, rest)
    calibration = Calibration(
        rotation=tuple(tuple(float(c) for c in row) for row in (np.cross(up, right), up, right)),
        gyro_bias_rad_s=tuple(float(b) for b in bias),
        acc_scale=float(G / np.linalg.norm(rest.acc)) if rest else 1.0,
        neutral_deg=0.0,
        side=side,
        face=face,
        chip=chip,
        made_utc=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    share = float(((gyro[moving] @ right) ** 2).sum() / (gyro[moving] ** 2).sum())
    return SelfCalibration(calibration, len(strides), ratio, share, rest.seconds if rest else 0.0, warnings)


def _too_few(recording: Recording, strides: int) -> TooFewStrides:
    message = f"{recording.name}: {strides} strides found, calibration needs {STRIDES}"
    return TooFewStrides(message, "walk or run further, or give --calibration FILE")


def _axes(mean_force: Floats, axis: Floats, rest: Still | None) -> tuple[Floats, Floats, tuple[str, ...]]:
    """(up, right, warnings), unit vectors at right angles, in the sensor."""
    up = mean_force
    right = _across(axis, up)
    if not rest:
        return _unit(up), right, ("not still for a second: up from the strides, gyro bias from motion",)
    if _angle_deg(rest.acc, mean_force) > _STANDING_DEG:
        return _unit(up), right, ("still, but not on a standing leg: up from the strides",)
    sideways = 90.0 - _angle_deg(rest.acc, right)
    if abs(sideways) > _SIDEWAYS_DEG:
        warning = f"stood tilted sideways by {sideways:.0f} deg (astride?): right from the strides"
        return _across(rest.acc, right), right, (warning,)
    return _unit(rest.acc), _across(axis, rest.acc), ()


def _unit(vector: Floats) -> Floats:
    return vector / float(np.linalg.norm(vector))


def _across(vector: Floats, other: Floats) -> Floats:
    """Unit vector: the part of `vector` at right angles to `other`."""
    other = _unit(other)
    return _unit(vector - (vector @ other) * other)


def _angle_deg(a: Floats, b: Floats) -> float:
    return float(np.degrees(np.arccos(np.clip(_unit(a) @ _unit(b), -1.0, 1.0))))


def find_still(recording: Recording) -> Still | None:
    """The longest stretch in which every second is still; None if there is no such second."""
    width = max(round(_STILL_S * recording.rate_hz), 2)
    best = (0, 0)
    for first, end in recording.pieces():
        if end - first < width:
            continue
        signals = np.hstack((recording.gyro[first:end] / _STILL_GYRO, recording.acc[first:end] / _STILL_ACC))
        for start, stop in _runs(_rolling_sd(signals, width).max(axis=1) < 1.0):
            best = max(best, (stop - start, first + start))
    length, first = best
    if not length:
        return None
    end = first + length - 1 + width
    acc, t_s = recording.acc[first:end], recording.t_s[first:end]
    gravity = acc.mean(axis=0)
    since = t_s - t_s.mean()
    drift = since @ acc / (since @ since)  # of gravity in the sensor, m/s^3
    sway = np.cross(drift, gravity) / (gravity @ gravity)
    return Still(float(t_s[-1] - t_s[0]), gravity, recording.gyro[first:end].mean(axis=0) - sway)


def _rolling_sd(values: Floats, width: int) -> Floats:
    """Standard deviation of each column over every window of `width` rows."""
    sums = np.cumsum(np.insert(values - values.mean(axis=0), 0, 0.0, axis=0), axis=0)
    squares = np.cumsum(np.insert((values - values.mean(axis=0)) ** 2, 0, 0.0, axis=0), axis=0)
    mean = (sums[width:] - sums[:-width]) / width
    variance: Floats = (squares[width:] - squares[:-width]) / width - mean**2
    return np.sqrt(np.maximum(variance, 0.0))


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(start, stop) of each run of true."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(int), [0]))))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _smooth(rate: Floats, rate_hz: float) -> Floats:
    width = max(round(_SMOOTH_S * rate_hz), 1)
    return np.convolve(rate, np.full(width, 1 / width), "same")


def _strides(recording: Recording, rate: Floats) -> tuple[list[tuple[int, int]], float]:
    """Strides as rows from mid-swing to mid-swing of the forward `rate`, and how far swing outruns the way back."""
    level = max(0.5 * float(np.percentile(rate, 98)), _SWING_FLOOR)
    t_s = recording.t_s
    peaks: list[int] = []
    for start, stop in _runs(rate > level):
        peak = start + int(np.argmax(rate[start:stop]))
        if peaks and t_s[peak] - t_s[peaks[-1]] < _SWINGS_APART_S:
            if rate[peak] > rate[peaks[-1]]:
                peaks[-1] = peak
        else:
            peaks.append(peak)
    strides = [
        (a, b)
        for a, b in pairwise(peaks)
        if _STRIDE_S[0] <= t_s[b] - t_s[a] <= _STRIDE_S[1] and not any(a < gap <= b for gap in recording.gaps)
    ]
    if not strides:
        return [], 0.0
    swing = np.median([rate[a] for a, _ in strides])
    back = np.median([-rate[a:b].min() for a, b in strides])
    return strides, float(swing / max(back, 1e-9))


def _bias_in_motion(recording: Recording, rest: Still | None, chip: str) -> Floats:
    """Gyro bias [rad/s] from the strides, starting from that of a short rest where it is clearly more than sway."""
    bias = rest.gyro_bias if rest and np.linalg.norm(rest.gyro_bias) > _BIAS_SMALL else np.zeros(3)
    for _ in range(_BIAS_ROUNDS):
        change = _bias_left(recording, bias, chip)
        bias = bias + change
        if np.linalg.norm(change) < _BIAS_SMALL:
            break
    return bias


def _bias_left(recording: Recording, bias: Floats, chip: str) -> Floats:
    """What is left of the gyro bias after `bias`, as the device's own gravity filter feels it.

    A bias b turns the filter's gravity s away at b x s; in the mean over strides its state u pulls it back at just
    that rate.  So b is the least-squares solution of u / dt = b x s, once the filter has settled; the part along
    gravity, which lean does not feel, is held near 0.
    """
    rate_hz = min(max(round(recording.rate_hz), RATES_HZ[0]), RATES_HZ[1])
    known = chips.find(chip)
    unturned = Calibration(
        tuple(map(tuple, np.eye(3))), (0.0, 0.0, 0.0), 1.0, 0.0, "left", "unknown", chip, ""
    )
    matrix = mount.fold(unturned.to_wire(), known.acc_lsb_per_g, known.gyro_lsb_per_10dps)
    tau_ms = Settings().filter_tau_ms
    derived, state, sample = tilt.derive(rate_hz, tau_ms, mount.LEFT), tilt.new_state(), array("i", [0] * 6)
    rows: list[array[int]] = []
    unbiased = replace(recording, gyro=recording.gyro - bias)
    for segment in quantise(unbiased, rate_hz, known).segments:
        for offset in range(0, len(segment.counts), 6):
            mount.apply(matrix, segment.counts, offset, sample)
            if not rows:
                tilt.start(state, derived, sample)
            tilt.step(state, derived, sample)
            rows.append(state[:6])
    settled = min(3 * tau_ms * rate_hz // 1000, len(rows) // 2)
    history = np.array(rows[settled:], float).reshape(-1, 6)
    s, pull = history[:, :3] / 2**24, history[:, 3:] / 2**30 * rate_hz
    # sum over samples of |pull - b x s|^2: (sum |s|^2 - s s') b = sum s x pull
    normal = (s**2).sum() * np.eye(3) - s.T @ s
    damped = normal + 0.01 * np.trace(normal) * np.eye(3)
    return np.asarray(np.linalg.solve(damped, np.cross(s, pull).sum(axis=0)))
