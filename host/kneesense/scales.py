# SPDX-License-Identifier: MIT
"""Are a recording's units and ranges right?  Gravity tells: 1 g at rest, and 1 g in motion too.

In motion the specific force is turned into one frame by the gyro, a second at a time; its mean is gravity, since a
runner gets nowhere by it.  In the recordings of docs/data.md (walking, running, squats, a sensor shaken by hand) that
is 1.00 to 1.04 g.  Where a scale is wrong, an axis swapped or one sensor mirrored, it is not: 0.6 or 1.2 g with rates
twice or half as large, 1.1 (walking) to 2.7 (running fast) with the handedness of a mirror.

What gravity at rest refutes by a usual factor is refused; what only motion says is told.
"""

from __future__ import annotations

from itertools import permutations, product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .errors import InputError
from .stretches import cut_off, frozen, rolling_sd, runs
from .table import Floats

G = 9.80665

_STILL, _STILL_LEAST = 0.037, 0.2  # SD of the acceleration within a second of rest: of its mean, or m/s^2
_STILL_S = 1.0
_WINDOW_S = 2.0
_TELL, _REFUSE = 0.05, 0.15  # off 1 g at rest; parts are specified to 3 % of scale and 0.08 g of offset
_MOVING_TELL = (0.85, 1.05)  # of gravity at rest; simulated sprints go down to 0.9
_MOVING_LEAST = 0.7
_SWAPPED = 0.15  # off by more
_WEIGHTLESS, _NOTHING = 0.2 * G, 1e-6
_NEAR = 0.08  # of a usual factor, logarithm
_NEAR_MOVING = (0.02, 0.04)  # surely, perhaps
_ACC_MEDIAN = (4.0, 60.0)  # m/s^2 over all of a recording; running has up to 3.1 g
_GYRO_LIMIT = 41.0  # rad/s; 16 bits of an LSM6DSO reach 40.0, those of the others 34.9
_GYRO_LEAST = 1.5  # rad/s, that a leg in gait reaches
_FLAT_ACC, _FLAT_GYRO = 1.4 * G, 2.0  # beyond what a leg at rest shows
_MOVING = 0.1  # of its mean: SD of the acceleration in a window that says something
_WINDOWS, _LEAST_WINDOWS, _STEPS = 40, 3, 250

_ACC_MUST = "ax, ay, az must be in m/s^2, gravity left in"
# What 1 g looks like, and what makes m/s^2 of it
_ACC_UNITS = (
    ("g", G),
    ("mg", G / 1000),
    ("mm/s^2", 0.001),
    ("cm/s^2", 0.01),
    ("m/s^2 converted twice", 1 / G),
    *((f"counts of {lsb} per g", G / lsb) for lsb in (2048, 4096, 8192, 16384)),
    *((f"a range taken for {1 / factor:g} times the real one", factor) for factor in (0.5, 0.25, 0.125)),
    *((f"a range taken for 1/{factor:g} of the real one", float(factor)) for factor in (2, 4, 8)),
)
_GYRO_UNITS = (
    ("deg/s", np.radians(1.0)),
    ("rad/s converted twice", np.degrees(1.0)),
    *((f"a range taken for {1 / factor:g} times the real one", factor) for factor in (0.5, 0.25, 0.125)),
    *((f"a range taken for 1/{factor:g} of the real one", float(factor)) for factor in (2, 4, 8)),
    *((f"counts of {lsb:g} per deg/s", np.radians(1 / lsb)) for lsb in (16.4, 32.8, 65.5, 131.0)),
)


def check(path: Path, t_s: Floats, acc: Floats, gyro: Floats) -> list[str]:
    """What is odd about the scales, in words.  InputError if they cannot be right, with the likely factor."""
    if not len(t_s) or t_s[-1] - t_s[0] < _STILL_S:
        return []
    at_rest = _at_rest(t_s, acc, gyro)
    windows = _Windows(t_s, acc, gyro)
    middle = float(np.median(np.linalg.norm(acc, axis=1)))
    if not _ACC_MEDIAN[0] <= middle <= _ACC_MEDIAN[1]:
        raise InputError(
            f"{path}: acceleration is {middle:.3g} at the median, gravity alone is {G} m/s^2",
            _acc_advice(at_rest or windows.gravity() or middle),
        )
    told = _judge_rest(path, at_rest) if at_rest else []
    fastest = np.sort(np.abs(gyro).max(axis=1))[-10:]
    if fastest[0] > _GYRO_LIMIT:
        raise InputError(
            f"{path}: angular rate reaches {fastest[-1]:.3g}, no leg turns so fast in rad/s",
            windows.advice(at_rest or G, _GYRO_UNITS[0]),
        )
    told_cut_off = _judge_range(path, acc, gyro)
    return told + (told_cut_off or _judge_motion(path, windows, at_rest or G))


def _judge_range(path: Path, acc: Floats, gyro: Floats) -> list[str]:
    acc_end, gyro_end = cut_off(acc, _FLAT_ACC), cut_off(gyro, _FLAT_GYRO)
    told = (
        [f"{path}: acceleration is cut off at {acc_end / G:.1f} g: let the sensor reach 16 g"]
        if acc_end
        else []
    )
    if gyro_end:
        text = f"rates are cut off at {np.degrees(gyro_end):.0f} deg/s: let the sensor reach 2000 deg/s"
        told.append(f"{path}: {text}")
    return told


def _at_rest(t_s: Floats, acc: Floats, gyro: Floats) -> float:
    """Mean acceleration of the longest rest, 0 if there is none; of a sensor that repeats itself only if it always
    does."""
    width = max(round(_STILL_S * (len(t_s) - 1) / (t_s[-1] - t_s[0])), 2)
    if len(acc) <= width:
        return 0.0
    spread = np.linalg.norm(rolling_sd(acc, width), axis=1)
    sums = np.cumsum(np.insert(acc, 0, 0.0, axis=0), axis=0)
    size = np.linalg.norm(sums[width:] - sums[:-width], axis=1) / width
    still = spread < np.maximum(_STILL * size, _STILL_LEAST)
    dead = np.convolve(frozen(t_s, np.hstack((acc, gyro))), np.ones(width), "valid") > 0.5
    alive = still & ~dead
    longest = max(
        runs(alive if alive.any() or not dead.all() else still),
        key=lambda run: run[1] - run[0],
        default=(0, 0),
    )
    return max(float(np.median(size[longest[0] : longest[1]])), _NOTHING) if longest[1] else 0.0


def _judge_rest(path: Path, at_rest: float) -> list[str]:
    off = abs(at_rest / G - 1)
    if off <= _TELL:
        return []
    text = f"{path}: at rest acceleration is {at_rest / G:.2f} g"
    if off <= _REFUSE:
        return [f"{text}: more than a sensor is usually off"]
    if _likely(at_rest) or at_rest < _WEIGHTLESS:
        raise InputError(text, _acc_advice(at_rest))
    return [f"{text}, by no usual factor: impacts and lean are not to be trusted"]


def _judge_motion(path: Path, windows: _Windows, at_rest: float) -> list[str]:
    ratio = windows.gravity() / at_rest
    if not ratio or _MOVING_TELL[0] <= ratio <= _MOVING_TELL[1]:
        return []
    text = f"{path}: in motion gravity comes out as {windows.gravity() / G:.2f} g"
    if ratio > 1 and windows.off(-np.eye(3), at_rest) < _NEAR_MOVING[1]:
        raise InputError(
            f"{text}: one of the sensors is mirrored",
            "where an odd number of axes is negated, or two are swapped, the rates change all their signs besides",
        )
    advice = windows.advice(at_rest)
    if ratio < _MOVING_LEAST:
        raise InputError(text, advice or f"{_ACC_MUST}; gx, gy, gz in rad/s, in the same axes")
    return [f"{text}: {advice or 'impacts and lean are not to be trusted'}"]


class _Windows:
    """Some stretches of a recording in which the sensor moves."""

    def __init__(self, t_s: Floats, acc: Floats, gyro: Floats) -> None:
        rate_hz = (len(t_s) - 1) / float(t_s[-1] - t_s[0])
        step = max(int(_WINDOW_S * rate_hz / _STEPS), 1)
        length = max(round(_WINDOW_S * rate_hz / step), 1) * step
        firsts = np.arange(0, len(t_s) - length, length)
        self._dt = _WINDOW_S / length * step
        whole = np.abs(t_s[firsts + length] - t_s[firsts] - _WINDOW_S) < 0.1 * _WINDOW_S
        chosen = firsts[whole]
        if len(chosen):
            parts = acc[chosen[:, None] + np.arange(length)]
            moving = np.linalg.norm(parts.std(axis=1), axis=1) > _MOVING * np.linalg.norm(
                parts.mean(axis=1), axis=1
            )
            chosen = chosen[moving]
            chosen = (
                chosen[np.unique(np.linspace(0, len(chosen) - 1, _WINDOWS).astype(int))]
                if moving.any()
                else chosen
            )
        at = chosen[:, None] + np.arange(length)
        self._acc, self._gyro = (
            signal[at].reshape(len(chosen), length // step, step, 3).mean(axis=2) for signal in (acc, gyro)
        )
        self._fastest = float(np.abs(self._gyro).max(initial=0.0))
        self._found: dict[bytes, float] = {}

    def gravity(self, turned: Floats | None = None) -> float:
        """Mean specific force in one frame, m/s^2; 0 where there is too little motion.  `turned`: what makes rates of
        the columns."""
        if len(self._acc) < _LEAST_WINDOWS:
            return 0.0
        change = np.eye(3) if turned is None else turned
        key = change.tobytes()
        if key not in self._found:
            self._found[key] = self._carried(self._gyro @ change.T)
        return self._found[key]

    def _carried(self, gyro: Floats) -> float:
        frame = np.tile(np.eye(3), (len(gyro), 1, 1))
        total = np.zeros((len(gyro), 3))
        weights = np.hanning(gyro.shape[1] + 2)[1:-1]  # strides that the window cuts count for little
        for i, weight in enumerate(weights):
            frame = frame @ _rotations(gyro[:, i] * self._dt)
            total += weight * np.einsum("nij,nj->ni", frame, self._acc[:, i])
        return float(np.median(np.linalg.norm(total, axis=1)) / weights.sum())

    def off(self, turned: Floats, at_rest: float) -> float:
        return abs(self.gravity(turned) / at_rest - 1)

    def advice(self, at_rest: float, otherwise: tuple[str, float] | None = None) -> str:
        """The likeliest unit of the rates, or order of their axes; "" if none is likely."""
        units = [unit for unit in _GYRO_UNITS if _GYRO_LEAST < self._fastest * unit[1] < _GYRO_LIMIT]
        for near in _NEAR_MOVING:
            for name, factor in units:
                if self.off(factor * np.eye(3), at_rest) < near:
                    return f"it looks like {name}: multiply gx, gy, gz by {factor:.6g}"
            if not otherwise and self.off(np.eye(3), at_rest) > _SWAPPED:
                best = min(_signed_orders(), key=lambda order: self.off(order, at_rest))
                if self.off(best, at_rest) < near:
                    return f"the rates look like {_named(best)} in the axes of ax, ay, az"
        return f"it looks like {otherwise[0]}: multiply gx, gy, gz by {otherwise[1]:.6g}" if otherwise else ""


def _acc_advice(one_g: float) -> str:
    likely = [f"{name}: multiply ax, ay, az by {factor:.6g}" for name, factor in _likely(one_g)]
    return (
        f"it looks like {', or '.join(likely)}" if likely else "ax, ay, az must be in m/s^2, gravity left in"
    )


def _likely(one_g: float) -> list[tuple[str, float]]:
    """Units in which 1 g has that value, the nearest first."""
    off = [(abs(float(np.log(max(one_g, 1e-9) * factor / G))), name, factor) for name, factor in _ACC_UNITS]
    return [(name, factor) for away, name, factor in sorted(off) if away < _NEAR][:2]


def _rotations(vectors: Floats) -> Floats:
    """Rotation matrices of [n, 3] rotation vectors."""
    angle = np.linalg.norm(vectors, axis=1)[:, None, None] + 1e-12
    cross = np.zeros((len(vectors), 3, 3))
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        cross[:, k, j], cross[:, j, k] = vectors[:, i], -vectors[:, i]
    half = np.sin(angle / 2) / (angle / 2)
    return np.asarray(np.eye(3) + np.sin(angle) / angle * cross + half**2 / 2 * (cross @ cross))


def _signed_orders() -> list[NDArray[np.float64]]:
    """All 48 ways to permute and negate three axes."""
    orders = []
    for order, signs in product(permutations(range(3)), product((1.0, -1.0), repeat=3)):
        matrix = np.zeros((3, 3))
        matrix[range(3), order] = signs
        orders.append(matrix)
    return orders


def _named(order: Floats) -> str:
    names = []
    for row in order:
        axis = int(np.abs(row).argmax())
        names.append(("-" if row[axis] < 0 else "") + ("gx", "gy", "gz")[axis])
    return ", ".join(names)
