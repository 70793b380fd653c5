# SPDX-License-Identifier: MIT
"""Calibration from a recording alone, for `replay --calibration auto`: where up, right and zero rate are.

Up is gravity in a still stretch, else mean specific force over whole strides.  Right is the principal axis of angular
velocity made perpendicular to up; its sign from the faster forward swing.  Fast running swings back as fast: then the
part of the recording that is plain walking decides.  Not causal, so not for the device.

People stand astride a treadmill before they start: a still stretch tilted sideways by more than 10 deg against the
strides tells only the fore-aft part of up.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from kneecore import mount

from .calibration import Calibration
from .errors import InputError
from .recording import G, Recording
from .rest import STILL_S, Still, find_still, gyro_bias
from .stretches import frozen, runs
from .table import Floats
from .times import utc_now

STRIDES = 3
SIGN_RATIO = 1.2

_SIDEWAYS_DEG = 10.0  # standing against strides: 1 to 4 in walks and runs, 20 astride a treadmill
_STANDING_DEG = 45.0  # beyond this the unit was not on a standing leg

# Walking 1.6 to 2.1 in recordings and on the simulator; running 1.5 at 2.2 m/s, 1.0 at 5 m/s
_CLEAR_RATIO = 1.4
_PART_S, _PART_STRIDES = 12.0, 8
_WALK_FIRST = (
    "record 15 s of straight walking in the same strapping, make a file of it with: kneesense replay WALK.csv"
    " --side SIDE --save-calibration WORN.json, and give it here: --calibration WORN.json"
)

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
    counted: int  # strides of the whole recording, where it rests on a part only
    sign_ratio: float  # mid-swing peak against the fastest backward rate, medians over strides
    axis_share: float  # part of the squared angular rate that lies on z
    still_s: float  # length of the still stretch; 0 if there is none
    warnings: tuple[str, ...]


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
    recording = _living(recording)
    if not len(recording.t_s) or recording.t_s[-1] - recording.t_s[0] < STRIDES * _STRIDE_S[0]:
        raise _too_few(recording, 0)
    rest = find_still(still or recording)
    if still and not rest:
        raise InputError(f"{still.name}: not still for {STILL_S:g} s anywhere", "stand still for 5 s")
    bias = gyro_bias(recording, rest, chip)
    gyro = recording.gyro - bias
    axis, strides, ratio = _forward(recording, gyro, 0, len(gyro))
    if len(strides) < STRIDES:
        raise _too_few(recording, len(strides))
    counted, notes = len(strides), tuple[str, ...]()
    if ratio < SIGN_RATIO:
        axis, strides, ratio = _walking(recording, gyro, ratio)
        from_s, to_s = recording.t_s[strides[0][0]], recording.t_s[strides[-1][1]]
        notes = (f"forward is not clear over the whole: taken from {from_s:.0f} to {to_s:.0f} s",)

    moving = np.concatenate([np.arange(*stride) for stride in strides])
    up, right, warnings = _axes(recording.acc[moving].mean(axis=0), axis, rest)
    calibration = Calibration(
        rotation=tuple(tuple(float(c) for c in row) for row in (np.cross(up, right), up, right)),
        gyro_bias_rad_s=tuple(float(b) for b in bias),
        acc_scale=_scale(rest),
        neutral_deg=0.0,
        side=side,
        face=face,
        chip=chip,
        made_utc=utc_now(),
    )
    share = float(((gyro[moving] @ right) ** 2).sum() / (gyro[moving] ** 2).sum())
    return SelfCalibration(
        calibration, len(strides), counted, ratio, share, rest.seconds if rest else 0.0, notes + warnings
    )


def _living(recording: Recording) -> Recording:
    """Without the rows of a sensor that repeats itself, which are a gap."""
    alive = np.flatnonzero(~frozen(recording.t_s, np.hstack((recording.acc, recording.gyro))))
    gaps = {int(i) + 1: "frozen" for i in np.flatnonzero(np.diff(alive) > 1)}
    gaps |= {int(np.searchsorted(alive, row)): reason for row, reason in recording.gaps.items()}
    t_s, acc, gyro = (signal[alive] for signal in (recording.t_s, recording.acc, recording.gyro))
    return replace(recording, t_s=t_s, acc=acc, gyro=gyro, gaps=gaps)


def _scale(rest: Still | None) -> float:
    """What makes 1 g of the rest; 1 where no sensor can be so far off (scales.py has told)."""
    scale = float(G / np.linalg.norm(rest.acc)) if rest else 1.0
    least, most = (limit / 16384 for limit in mount.ACC_SCALE_Q14)
    return scale if least <= scale <= most else 1.0


def _forward(
    recording: Recording, gyro: Floats, first: int, end: int
) -> tuple[Floats, list[tuple[int, int]], float]:
    """Of these rows: principal axis of the angular velocity, right when forward is positive; strides; sign ratio."""
    part = gyro[first:end]
    axis = np.linalg.eigh(part.T @ part)[1][:, -1]
    rate = _smooth(part @ axis, recording.rate_hz)
    if np.percentile(rate, 98) < -np.percentile(rate, 2):
        axis, rate = -axis, -rate
    strides, ratio = _strides(recording, rate, first)
    return axis, strides, ratio


def _walking(recording: Recording, gyro: Floats, whole: float) -> tuple[Floats, list[tuple[int, int]], float]:
    """As `_forward`, of the part in which forward is clearest: fast running swings back as fast as forward."""
    length = round(_PART_S * recording.rate_hz)
    parts = [
        _forward(recording, gyro, first, first + length)
        for first in range(0, len(gyro) - length + 1, max(length // 2, 1))
    ]
    known = [part for part in parts if len(part[1]) >= _PART_STRIDES]
    best = max(known, key=lambda part: part[2], default=None)
    if best is None or best[2] < _CLEAR_RATIO:
        message = f"{recording.name}: forward is not clear: swing is {whole:.2f} times the way back, not {SIGN_RATIO}"
        raise InputError(f"{message}, and no {_PART_S:g} s of it are plain walking", _WALK_FIRST)
    return best


def _too_few(recording: Recording, strides: int) -> TooFewStrides:
    message = f"{recording.name}: {strides} strides found, calibration needs {STRIDES}"
    return TooFewStrides(message, "walk or run further, or give --calibration FILE")


def _axes(mean_force: Floats, axis: Floats, rest: Still | None) -> tuple[Floats, Floats, tuple[str, ...]]:
    """(up, right, warnings), unit vectors at right angles, in the sensor."""
    up = mean_force
    right = _across(axis, up)
    if not rest:
        return (
            _unit(up),
            right,
            ("not still for a second: up from the strides, gyro bias from motion",),
        )
    if _angle_deg(rest.acc, mean_force) > _STANDING_DEG:
        return _unit(up), right, ("still, but not on a standing leg: up from the strides",)
    sideways = 90.0 - _angle_deg(rest.acc, right)
    if abs(sideways) > _SIDEWAYS_DEG:
        warning = (
            f"the leg stood {abs(sideways):.0f} deg aslant, as astride a treadmill: sideways from the strides"
        )
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


def _smooth(rate: Floats, rate_hz: float) -> Floats:
    width = max(round(_SMOOTH_S * rate_hz), 1)
    return np.convolve(rate, np.full(width, 1 / width), "same")


def _strides(recording: Recording, rate: Floats, first: int) -> tuple[list[tuple[int, int]], float]:
    """Strides as rows from mid-swing to mid-swing, and how far swing outruns the way back.

    `rate`: forward, from the row `first` on.
    """
    level = max(0.5 * float(np.percentile(rate, 98)), _SWING_FLOOR)
    t_s = recording.t_s[first:]
    gaps = [gap - first for gap in recording.gaps]
    peaks: list[int] = []
    for start, stop in runs(rate > level):
        peak = start + int(np.argmax(rate[start:stop]))
        if peaks and t_s[peak] - t_s[peaks[-1]] < _SWINGS_APART_S:
            if rate[peak] > rate[peaks[-1]]:
                peaks[-1] = peak
        else:
            peaks.append(peak)
    strides = [
        (a, b)
        for a, b in pairwise(peaks)
        if _STRIDE_S[0] <= t_s[b] - t_s[a] <= _STRIDE_S[1] and not any(a < gap <= b for gap in gaps)
    ]
    if not strides:
        return [], 0.0
    swing = np.median([rate[a] for a, _ in strides])
    back = np.median([-rate[a:b].min() for a, b in strides])
    return [(first + a, first + b) for a, b in strides], float(swing / max(back, 1e-9))
