# SPDX-License-Identifier: MIT
"""Motion of a rigid shank through one piece of time, and what a sensor on it feels: the mechanics of the runner model.

Orientation = heading about the world's up, then lean about x, then the sagittal angle about the shank's own z.  So the
segment's z component of "up" is -sin(lean) whatever the other two, which is the product's definition of lean, for a
right leg.  SI units and radians.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..recording import G

Floats = NDArray[np.float64]
Path = tuple[Floats, Floats, Floats]  # position, velocity, acceleration, each [n, 3]

GRAVITY_MPS2 = G


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
    """Heading about the world's up, lean about x, sagittal angle about z; first and second derivatives, each [n]."""

    sagittal: Floats
    sagittal_1: Floats
    sagittal_2: Floats
    lean: Floats
    lean_1: Floats
    lean_2: Floats
    heading: Floats
    heading_1: Floats
    heading_2: Floats

    @cached_property
    def turning(self) -> tuple[Floats, Floats]:
        """Angular velocity and acceleration in the segment frame, each [n, 3]."""
        c, s = np.cos(self.sagittal), np.sin(self.sagittal)
        k, m = np.cos(self.lean), np.sin(self.lean)
        p, p_1 = self.heading_1, self.heading_2
        # of heading and lean alone, before the sagittal turn, and its derivative
        x, y, z = self.lean_1, p * k, -p * m
        x_1, y_1, z_1 = self.lean_2, p_1 * k - p * self.lean_1 * m, -p_1 * m - p * self.lean_1 * k
        wx, wy = x * c + y * s, y * c - x * s
        rate = np.stack((wx, wy, z + self.sagittal_1), axis=1)
        ax = x_1 * c + y_1 * s + self.sagittal_1 * wy
        ay = y_1 * c - x_1 * s - self.sagittal_1 * wx
        return rate, np.stack((ax, ay, z_1 + self.sagittal_2), axis=1)

    def arm(self, r_m: Floats) -> Floats:
        """Acceleration of the shank's point at `r_m` [n, 3] from another of its points, segment frame [n, 3]."""
        (wx, wy, wz), (ax, ay, az) = (v.T for v in self.turning)
        x, y, z = r_m.T
        dot = wx * x + wy * y + wz * z
        square = wx * wx + wy * wy + wz * wz
        return np.stack(
            (
                ay * z - az * y + wx * dot - square * x,
                az * x - ax * z + wy * dot - square * y,
                ax * y - ay * x + wz * dot - square * z,
            ),
            axis=1,
        )

    def to_segment(self, v: Floats) -> Floats:
        """World vectors [n, 3] in the segment frame."""
        c, s, k, m = np.cos(self.sagittal), np.sin(self.sagittal), np.cos(self.lean), np.sin(self.lean)
        h, q = np.cos(self.heading), np.sin(self.heading)
        x, z = v[:, 0] * h - v[:, 2] * q, v[:, 0] * q + v[:, 2] * h
        up = v[:, 1] * k + z * m
        return np.stack((x * c + up * s, up * c - x * s, z * k - v[:, 1] * m), axis=1)

    def to_world(self, v: Floats) -> Floats:
        """Segment vectors [n, 3] in the world frame."""
        c, s, k, m = np.cos(self.sagittal), np.sin(self.sagittal), np.cos(self.lean), np.sin(self.lean)
        x, up = v[:, 0] * c - v[:, 1] * s, v[:, 0] * s + v[:, 1] * c
        y, z = up * k - v[:, 2] * m, up * m + v[:, 2] * k
        return turned(np.stack((x, y, z), axis=1), self.heading)

    def knee(self, ankle: Path, shank_m: float) -> Path:
        """Motion of the knee, from the ankle's."""
        up = np.zeros((len(self.lean), 3))
        up[:, 1] = shank_m
        position, velocity, acceleration = ankle
        return (
            position + self.to_world(up),
            velocity + self.to_world(np.cross(self.turning[0], up)),
            acceleration + self.to_world(self.arm(up)),
        )


def turned(v: Floats, heading: Floats | float) -> Floats:
    """Vectors [n, 3] turned by `heading` about the world's up, + to the left."""
    c, s = np.cos(heading), np.sin(heading)
    return np.stack((v[:, 0] * c + v[:, 2] * s, v[:, 1], v[:, 2] * c - v[:, 0] * s), axis=1)


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
    """Stance, then perhaps flight.  Times count from the piece's start; angles in radians.

    `sensor_m` [3]: from the ankle to the sensor, segment frame; `shank_m`: from the ankle to the knee.
    """

    def __init__(
        self,
        sagittal: float,
        sagittal_rate: Curve,
        lean: Curve,
        heading: Curve,
        stance: Stance,
        sensor_m: Floats,
        shank_m: float,
    ) -> None:
        self._sagittal = sagittal
        self._rate = sagittal_rate
        self._lean = lean
        self._heading = heading
        self._stance = stance
        self._sensor_m = sensor_m
        self._shank_m = shank_m
        self._off_s = np.inf
        self._flight: Flight | None = None

    def fly(self, off_s: float, end_s: float, ankle: Path, lift_m: Floats) -> None:
        """Leave the ground at `off_s`, so that at `end_s` the ankle moves as told ([1, 3] each); see Flight."""
        off, end = np.array([off_s]), np.array([end_s])
        start = self.angles(off).knee(self._stance.at(off), self._shank_m)
        self._flight = Flight(off_s, start, end_s, self.angles(end).knee(ankle, self._shank_m), lift_m)
        self._off_s = off_s

    def angles(self, t: Floats) -> Angles:
        turned, rate, rate_1, _ = self._rate.at(t)
        return Angles(self._sagittal + turned, rate, rate_1, *self._lean.at(t)[1:], *self._heading.at(t)[1:])

    def felt(self, t: Floats) -> tuple[Floats, Floats]:
        """Specific force and rate at the sensor, segment frame, each [n, 3], at increasing times."""
        angles = self.angles(t)
        n = int(t.searchsorted(self._off_s))
        base = np.empty((len(t), 3))
        base[:n] = self._stance.at(t[:n])[2]
        if self._flight and n < len(t):
            base[n:] = self._flight.acceleration(t[n:])
        base[:, 1] += GRAVITY_MPS2
        arm_m = np.tile(self._sensor_m, (len(t), 1))
        arm_m[n:, 1] -= self._shank_m  # in flight from the knee
        return angles.to_segment(base) + angles.arm(arm_m), angles.turning[0]
