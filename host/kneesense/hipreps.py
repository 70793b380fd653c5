# SPDX-License-Identifier: MIT
"""Repetitions out of a recording of the shank: counted, how deep, and how far the shank leans in each.

tilt: squats, single-leg squats, side step-ups.  The foot stays, the shank tilts forward and comes back.
rise: calf raises.  The shank goes up by some centimetres, and down again, nearly upright.

Up is the gyro's, drawn to the accelerometer's over UP_S, forwards and backwards, so that it lags nowhere.  Turning
points of the course that are apart by a least amount are repetitions, those of less than half the usual size are not.
A leg that swings was walking.

Lean needs to know where forward is, from walking: a calibration.  Found from the squat itself, forward would be where
the knee goes, inward fall included.  Tried on one person's recordings and on simulated ones (docs/hips.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from .calibration import Calibration
from .errors import InputError
from .recording import G, Recording
from .rest import find_still
from .table import Floats

TILT, RISE = KINDS = ("tilt", "rise")
UNITS = {TILT: "deg", RISE: "cm"}

UP_S = 1.5
_RATE_HZ = 50.0
_SMOOTH_S = 0.25
_LEAST = {TILT: 8.0, RISE: 2.0}  # deg: standing sways by 2; cm: a heel that is lifted
_USUAL = 0.5  # of the median size
_REP_S = (0.7, 20.0)
_SWING_RPS = np.radians(200.0)  # squats reach 60, a swinging leg 250 and more
_DEEP = 0.7  # of the depth: where the lean of a repetition is taken
_NEAR = 0.1  # of the size: so near its low a course has not left it
_DRIFT_S = 3.0  # slower than this a height cannot be told from the drift of twice integrating


@dataclass(frozen=True, slots=True)
class Rep:
    """One repetition; lean in degrees, positive when the knee is medial of the ankle, None without a calibration."""

    start_s: float
    deepest_s: float
    end_s: float
    size: float
    """Depth or height, in the unit of its kind."""
    lean_before_deg: float | None = None
    lean_deep_deg: float | None = None
    lean_range_deg: float | None = None

    @property
    def lean_change_deg(self) -> float | None:
        """From upright to deep, inward positive: what does not hang on the zero of the strapping."""
        if self.lean_before_deg is None or self.lean_deep_deg is None:
            return None
        return self.lean_deep_deg - self.lean_before_deg


def count(recording: Recording, kind: str, calibration: Calibration | None = None) -> list[Rep]:
    """The repetitions in order.  InputError for a recording that is too short."""
    if kind not in KINDS:
        raise InputError(f"{kind}: no kind of repetition", f"of {', '.join(KINDS)}")
    if len(recording.t_s) < 2 or recording.t_s[-1] - recording.t_s[0] < _REP_S[0]:
        raise InputError(
            f"{recording.name}: too short for a repetition", "record the exercise from start to end"
        )
    found: list[Rep] = []
    for t_s, acc, gyro, hz in _blocks(recording, calibration):
        up = _up(acc, gyro, hz)
        if kind == TILT:
            course = _forward_deg(up, hz, calibration is not None)
        else:
            course = _height_cm(acc, up, hz)
        swinging = np.linalg.norm(gyro, axis=1) > _SWING_RPS
        lean = None if calibration is None else _lean_deg(up, calibration)
        found += _reps(t_s, course, swinging, lean, _LEAST[kind], hz)
    usual = median(rep.size for rep in found) if found else 0.0
    return [rep for rep in found if rep.size >= _USUAL * usual]


def _blocks(
    recording: Recording, calibration: Calibration | None
) -> Iterator[tuple[Floats, Floats, Floats, float]]:
    """Each stretch without a gap as means of about 20 ms: times, specific force, rates, blocks a second.

    In axes of the segment where there is a calibration.
    """
    if calibration is not None:
        bias, turn = np.array(calibration.gyro_bias_rad_s), np.array(calibration.rotation)
    else:
        rest = find_still(recording)
        bias, turn = rest.gyro_bias if rest else np.zeros(3), np.eye(3)
    size = max(1, round(recording.rate_hz / _RATE_HZ))
    for first, end in recording.pieces():
        rows = (end - first) // size
        if rows * size / recording.rate_hz < _REP_S[0]:
            continue
        part = slice(first, first + rows * size)
        t_s, acc, gyro = (
            signal[part].reshape(rows, size, -1).mean(axis=1)
            for signal in (recording.t_s, recording.acc, recording.gyro - bias)
        )
        yield t_s[:, 0], acc @ turn.T, gyro @ turn.T, recording.rate_hz / size


def _up(acc: Floats, gyro: Floats, hz: float) -> Floats:
    """Unit vectors of the vertical in the sensor, one a row."""
    both = _followed(acc, gyro, hz) + _followed(acc[::-1], -gyro[::-1], hz)[::-1]
    return np.asarray(both / np.linalg.norm(both, axis=1, keepdims=True))


def _followed(acc: Floats, gyro: Floats, hz: float) -> Floats:
    pull = 1 / hz / UP_S
    start = acc[: round(0.5 * hz)].mean(axis=0)
    x, y, z = (start / np.linalg.norm(start)).tolist()
    out = np.empty_like(acc)
    force = (acc / np.linalg.norm(acc, axis=1, keepdims=True)).tolist()
    for i, ((ax, ay, az), (p, q, r)) in enumerate(zip(force, (gyro / hz).tolist(), strict=True)):
        # d(up)/dt = up x rate: what stands still in the world turns the other way in the sensor
        x, y, z = x + y * r - z * q, y + z * p - x * r, z + x * q - y * p
        x, y, z = x + pull * (ax - x), y + pull * (ay - y), z + pull * (az - z)
        size = (x * x + y * y + z * z) ** 0.5
        x, y, z = x / size, y / size, z / size
        out[i] = x, y, z
    return out


def _forward_deg(up: Floats, hz: float, calibrated: bool) -> Floats:
    """How far the shank is tilted forward: by the calibration, else along the way it tilts most, one way only."""
    if calibrated:
        return _smooth(np.degrees(np.arctan2(-up[:, 0], up[:, 1])), _SMOOTH_S, hz)
    middle = np.median(up, axis=0)
    away = up - middle
    way = np.linalg.eigh(away.T @ away)[1][:, -1]
    tilt = np.degrees(np.arcsin(np.clip(away @ way, -1, 1)))
    low, high = np.percentile(tilt, (2, 98))
    rest = float(np.median(tilt[: round(0.5 * hz)]))
    return _smooth(tilt - rest if high - rest >= rest - low else rest - tilt, _SMOOTH_S, hz)


def _height_cm(acc: Floats, up: Floats, hz: float) -> Floats:
    rise = _steady((acc * up).sum(axis=1) - G, hz)
    speed = _steady(np.cumsum(rise) / hz, hz)
    return _smooth(_steady(np.cumsum(speed) / hz, hz) * 100, _SMOOTH_S / 2, hz)


def _lean_deg(up: Floats, calibration: Calibration) -> Floats:
    """Positive when the knee is medial of the ankle, as in docs/contract.md."""
    medial = -1.0 if calibration.side == "right" else 1.0
    return np.asarray(np.degrees(np.arcsin(np.clip(-medial * up[:, 2], -1, 1))) - calibration.neutral_deg)


def _reps(
    t_s: Floats, course: Floats, swinging: Floats, lean: Floats | None, least: float, hz: float
) -> Iterator[Rep]:
    for first, deep, end in _humps(course.tolist(), least):
        length_s = float(t_s[end] - t_s[first])
        if not _REP_S[0] <= length_s <= _REP_S[1] or swinging[first : end + 1].any():
            continue
        base = max(course[first], course[end])
        size = float(course[deep] - (course[first] + course[end]) / 2)
        leans: tuple[float | None, float | None, float | None] = (None, None, None)
        if lean is not None:
            down = np.flatnonzero(course[first : end + 1] >= base + _DEEP * (course[deep] - base)) + first
            part = _smooth(lean[first : end + 1], _SMOOTH_S, hz)
            before = lean[max(first - 5, 0) : first + 5].mean()
            leans = (float(before), float(lean[down].mean()), float(np.ptp(part)))
        yield Rep(float(t_s[first]), float(t_s[deep]), float(t_s[end]), size, *leans)


def _humps(course: Sequence[float], least: float) -> Iterator[tuple[int, int, int]]:
    """(where it leaves the low, high, where it is back) of each hump of at least that size on both sides."""
    turns: list[int] = []
    low, high, rising = 0, 0, False
    for i, value in enumerate(course):
        if rising:
            if value > course[high]:
                high = i
            elif course[high] - value >= least:
                turns.append(high)
                low, rising = i, False
        elif value < course[low]:
            low = i
        elif value - course[low] >= least:
            turns.append(low)
            high, rising = i, True
    if not rising:
        turns.append(low)
    for before, top, after in zip(turns[::2], turns[1::2], turns[2::2], strict=False):
        near = [course[foot] + _NEAR * (course[top] - course[foot]) for foot in (before, after)]
        left = max(k for k in range(before, top + 1) if course[k] <= near[0])
        back = min(k for k in range(top, after + 1) if course[k] <= near[1])
        yield left, top, back


def _smooth(signal: Floats, seconds: float, hz: float) -> Floats:
    """Running mean; at the ends over what there is."""
    width = min(max(1, round(seconds * hz)) | 1, (len(signal) - 1) | 1)
    window = np.ones(width)
    return np.asarray(np.convolve(signal, window, "same") / np.convolve(np.ones(len(signal)), window, "same"))


def _steady(signal: Floats, hz: float) -> Floats:
    """Without what is slower than _DRIFT_S."""
    return signal - _smooth(_smooth(signal, _DRIFT_S, hz), _DRIFT_S, hz)
