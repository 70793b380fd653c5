# SPDX-License-Identifier: MIT
"""What a recording tells about its sensor at rest: gravity, and the bias of the gyro.

A standing leg sways by up to 3 deg/s, which is no gyro bias: it also turns gravity in the sensor and is taken out.
What is left of it after a short stand (up to 1.4 deg/s in the recordings of docs/data.md) is more than the error of
the estimate in motion (0.4), which therefore is used unless the rest is long.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, replace

import numpy as np

from kneecore import chips, mount, tilt
from kneecore.settings import Settings

from .calibration import Calibration
from .recording import RATES_HZ, Recording, quantise
from .stretches import frozen, rolling_sd, runs
from .table import Floats

STILL_S = 1.0

_STILL_GYRO = 0.06  # rad/s, SD within a second, all axes together
_STILL_ACC = 0.36  # m/s^2, likewise
_LONG_S = 2.5
_ROUNDS = 3
_SMALL = np.radians(2.0)  # what sway may leave, and what a further round would only blur


@dataclass(frozen=True)
class Still:
    """A stretch at rest: its length, mean acceleration [m/s^2] and gyro bias [rad/s], sensor axes."""

    seconds: float
    acc: Floats
    gyro_bias: Floats


def find_still(recording: Recording) -> Still | None:
    """The longest stretch in which every second is still; None if there is no such second."""
    width = max(round(STILL_S * recording.rate_hz), 2)
    dead = frozen(recording.t_s, np.hstack((recording.acc, recording.gyro)))
    best = (0, 0)
    for first, end in recording.pieces():
        if end - first < width:
            continue
        moving = [rolling_sd(signal[first:end], width) for signal in (recording.gyro, recording.acc)]
        sizes = [np.linalg.norm(sd, axis=1) for sd in moving]  # however the unit is turned
        alive = np.convolve(dead[first:end], np.ones(width), "valid") < 0.5
        for start, stop in runs(alive & (sizes[0] < _STILL_GYRO) & (sizes[1] < _STILL_ACC)):
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


def gyro_bias(recording: Recording, rest: Still | None, chip: str) -> Floats:
    """Of a long rest; else from the strides, starting from that of a short rest where it is clearly more than sway.

    rad/s, sensor axes.
    """
    if rest and rest.seconds >= _LONG_S:
        return rest.gyro_bias
    bias = rest.gyro_bias if rest and np.linalg.norm(rest.gyro_bias) > _SMALL else np.zeros(3)
    for _ in range(_ROUNDS):
        change = _bias_left(recording, bias, chip)
        bias = bias + change
        if np.linalg.norm(change) < _SMALL:
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
    up = array("i", [0] * 3)
    rows: list[array[int]] = []
    unbiased = replace(recording, gyro=recording.gyro - bias)
    for segment in quantise(unbiased, rate_hz, known).segments:
        for offset in range(0, len(segment.counts), 6):
            mount.apply(matrix, segment.counts, offset, 1, sample)
            if not rows:
                tilt.start(state, derived, sample)
            tilt.step(state, derived, sample, 1, up)
            rows.append(state[:6])
    settled = min(3 * tau_ms * rate_hz // 1000, len(rows) // 2)
    history = np.array(rows[settled:], float).reshape(-1, 6)
    s, pull = history[:, :3] / 2**24, history[:, 3:] / 2**30 * rate_hz
    # sum over samples of |pull - b x s|^2: (sum |s|^2 - s s') b = sum s x pull
    normal = (s**2).sum() * np.eye(3) - s.T @ s
    damped = normal + 0.01 * np.trace(normal) * np.eye(3)
    return np.asarray(np.linalg.solve(damped, np.cross(s, pull).sum(axis=0)))
