# SPDX-License-Identifier: MIT
"""Motion of a rigid shank through one piece of time, and what a sensor on it feels: the mechanics of the runner model.

Orientation = lean about the world's x, then the sagittal angle about the shank's own z.  So the segment's z component
of "up" is -sin(lean) whatever the sagittal angle, which is the product's definition of lean.  SI units and radians.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Path = tuple[Floats, Floats, Floats]  # position, velocity, acceleration, each [n, 3]

GRAVITY_MPS2 = 9.80665
SHANK_M = 0.40  # ankle to knee
SENSOR_M = 0.10  # ankle to sensor


class Curve:
    """Cubic spline through knots (time, value) with given end slopes; knows its integral and derivatives."""

    def __init__(
        self, knots: Sequence[tuple[float, float]], slope_0: float = 0.0, slope_1: float = 0.0
    ) -> None:
        t, y = np.array(knots, dtype=float).T
        h, rise = np.diff(t), np.diff(y) / np.diff(t)
        n = len(t)
        rows, right = np.eye(n), np.array([slope_0, *np.zeros(n - 2), slope_1])
        for i in range(1, n - 1):  # equal second derivatives on both sides of a knot
            rows[i, i - 1 : i + 2] = h[i], 2 * (h[i - 1] + h[i]), h[i - 1]
            right[i] = 3 * (h[i] * rise[i - 1] + h[i - 1] * rise[i])
        m = np.linalg.solve(rows, right)
        self._t = t[:-1]
        self._c = np.array(
            (y[:-1], m[:-1], (3 * rise - 2 * m[:-1] - m[1:]) / h, (m[:-1] + m[1:] - 2 * rise) / h**2)
        )
        parts = _integral(h, self._c)
        self.area = float(parts.sum())
        self._before = np.concatenate(((0.0,), parts.cumsum()[:-1]))

    def times(self, factor: float) -> Curve:
        other = copy(self)
        other._c, other._before, other.area = factor * self._c, factor * self._before, factor * self.area
        return other

    def at(self, t: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Integral from the first knot, value, first and second derivative, each [n]."""
        i = self._t[1:].searchsorted(t, side="right")
        x, c = t - self._t[i], self._c[:, i]
        return (
            self._before[i] + _integral(x, c),
            c[0] + x * (c[1] + x * (c[2] + x * c[3])),
            c[1] + x * (2 * c[2] + x * 3 * c[3]),
            2 * c[2] + 6 * x * c[3],
        )


def _integral(x: Floats, c: Floats) -> Floats:
    return np.asarray(x * (c[0] + x * (c[1] / 2 + x * (c[2] / 3 + x * c[3] / 4))))


@dataclass(frozen=True)
class Angles:
    """Sagittal angle, lean about +x, and their first and second derivatives, each [n]."""

    sagittal: Floats
    sagittal_1: Floats
    sagittal_2: Floats
    lean: Floats
    lean_1: Floats
    lean_2: Floats

    def rate(self) -> Floats:
        """Angular velocity in the segment frame [n, 3]."""
        c, s = np.cos(self.sagittal), np.sin(self.sagittal)
        return np.stack((self.lean_1 * c, -self.lean_1 * s, self.sagittal_1), axis=1)

    def along(self, up_m: float) -> Floats:
        """Acceleration of a point `up_m` above another one of the shank, relative to it, segment frame [n, 3]."""
        c, s = np.cos(self.sagittal), np.sin(self.sagittal)
        wx, wy, wz = self.lean_1 * c, -self.lean_1 * s, self.sagittal_1
        ax = self.lean_2 * c - self.lean_1 * wz * s
        return up_m * np.stack((wx * wy - self.sagittal_2, -(wx * wx + wz * wz), wy * wz + ax), axis=1)

    def to_segment(self, v: Floats) -> Floats:
        """World vectors [n, 3] in the segment frame."""
        c, s, k, m = np.cos(self.sagittal), np.sin(self.sagittal), np.cos(self.lean), np.sin(self.lean)
        up = v[:, 1] * k + v[:, 2] * m
        return np.stack((v[:, 0] * c + up * s, up * c - v[:, 0] * s, v[:, 2] * k - v[:, 1] * m), axis=1)

    def to_world(self, v: Floats) -> Floats:
        """Segment vectors [n, 3] in the world frame."""
        c, s, k, m = np.cos(self.sagittal), np.sin(self.sagittal), np.cos(self.lean), np.sin(self.lean)
        up = v[:, 0] * s + v[:, 1] * c
        return np.stack((v[:, 0] * c - v[:, 1] * s, up * k - v[:, 2] * m, up * m + v[:, 2] * k), axis=1)

    def knee(self, ankle: Path) -> Path:
        """Motion of the knee, from the ankle's."""
        up = np.zeros((len(self.lean), 3))
        up[:, 1] = SHANK_M
        position, velocity, acceleration = ankle
        return (
            position + self.to_world(up),
            velocity + self.to_world(np.cross(self.rate(), up)),
            acceleration + self.to_world(self.along(SHANK_M)),
        )


class Stance:
    """Ankle on the ground: a damped oscillation takes its speed at contact away, later it rises over the toes.

    It comes to rest at the origin.  `strike_v`, `strike_a` [3]: velocity and acceleration at contact, time 0;
    `pole` [3]: minus damping + i times angular frequency.
    """

    def __init__(self, strike_v: Floats, strike_a: Floats, pole: NDArray[np.complex128]) -> None:
        self._pole = pole
        self._ring = strike_a + 1j * (strike_v * np.abs(pole) ** 2 - strike_a * pole.real) / pole.imag
        self._heel_off_s = np.inf
        self._rise = np.zeros((2, 3))

    def push_off(self, heel_off_s: float, toe_off_s: float, push_v: Floats, late: float) -> None:
        """Rise to `push_v` at toe-off; `late` 0: the acceleration has ended by then, 1: it grows up to then."""
        h = toe_off_s - heel_off_s
        self._heel_off_s = heel_off_s
        self._rise = np.stack((push_v * (1 - late * 2 / 3) / h**2, -push_v * (1 - late) / (2 * h**3)))

    def at(self, t: Floats) -> Path:
        x = np.maximum(t - self._heel_off_s, 0.0)[:, None]
        ring = self._ring * np.exp(self._pole * t[:, None])
        c3, c4 = self._rise
        return (
            (ring / self._pole**2).real + x**3 * (c3 + x * c4),
            (ring / self._pole).real + x**2 * (3 * c3 + x * 4 * c4),
            ring.real + x * (6 * c3 + x * 12 * c4),
        )


class Flight:
    """Knee between two stances: the polynomial of fifth degree that meets position, velocity and acceleration at both
    ends, and `lift_m` [3] times a hump of height 1 that changes none of them.
    """

    def __init__(self, start_s: float, start: Path, end_s: float, end: Path, lift_m: Floats) -> None:
        self._start_s = start_s
        h = end_s - start_s
        p0, v0, a0 = (x[0] for x in start)
        p1, v1, a1 = (x[0] for x in end)
        p, v, a = p1 - p0 - v0 * h - a0 * h * h / 2, v1 - v0 - a0 * h, a1 - a0
        hump = 64 * lift_m  # 64 x^3 (1 - x)^3 is 1 at x = 1/2
        self._h = h
        self._c = np.stack((  # second derivative, powers 0 to 4 of x = 0..1
            a0,
            6 * (10 * p / h**2 - 4 * v / h + a / 2 + hump / h**2),
            12 * (-15 * p / h**2 + 7 * v / h - a - 3 * hump / h**2),
            20 * (6 * p / h**2 - 3 * v / h + a / 2 + 3 * hump / h**2),
            -30 * hump / h**2,
        ))  # fmt: skip

    def acceleration(self, t: Floats) -> Floats:
        x = ((t - self._start_s) / self._h)[:, None]
        c = self._c
        return np.asarray(c[0] + x * (c[1] + x * (c[2] + x * (c[3] + x * c[4]))))


class Piece:
    """Stance, then perhaps flight.  Times count from the piece's start; angles in radians."""

    def __init__(self, sagittal: float, sagittal_rate: Curve, lean: Curve, stance: Stance) -> None:
        self._sagittal = sagittal
        self._rate = sagittal_rate
        self._lean = lean
        self._stance = stance
        self._off_s = np.inf
        self._flight: Flight | None = None

    def fly(self, off_s: float, end_s: float, ankle: Path, lift_m: Floats) -> None:
        """Leave the ground at `off_s`, so that at `end_s` the ankle moves as told ([1, 3] each); see Flight."""
        off, end = np.array([off_s]), np.array([end_s])
        start = self.angles(off).knee(self._stance.at(off))
        self._flight = Flight(off_s, start, end_s, self.angles(end).knee(ankle), lift_m)
        self._off_s = off_s

    def angles(self, t: Floats) -> Angles:
        turned, rate, rate_1, _ = self._rate.at(t)
        _, lean, lean_1, lean_2 = self._lean.at(t)
        return Angles(self._sagittal + turned, rate, rate_1, lean, lean_1, lean_2)

    def felt(self, t: Floats) -> tuple[Floats, Floats]:
        """Specific force and rate at the sensor, segment frame, each [n, 3], at increasing times."""
        angles = self.angles(t)
        n = int(t.searchsorted(self._off_s))
        base = np.empty((len(t), 3))
        base[:n] = self._stance.at(t[:n])[2]
        if self._flight and n < len(t):
            base[n:] = self._flight.acceleration(t[n:])
        base[:, 1] += GRAVITY_MPS2
        above_m = np.where(t < self._off_s, SENSOR_M, SENSOR_M - SHANK_M)[:, None]
        return angles.to_segment(base) + angles.along(1.0) * above_m, angles.rate()
