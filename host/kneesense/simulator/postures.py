# SPDX-License-Identifier: MIT
"""Legs that move and do not step: sitting, cycling, driving.  They begin and end standing.

The motion is a sum of tones, each swelling and fading smoothly, so that rate and specific force are its exact
derivatives.  Shapes are ours: they fit no recording.  Sizes: pedals at 60 to 100 per minute on cranks of 0.17 m swing
the shank by some 40 degrees; cars shake their seats with 0.3 to 1 m/s^2 (ISO 2631-1 calls that a little to fairly
uncomfortable); a leg swung in a chair is a slow pendulum, a bouncing heel shakes at 4 to 6 Hz.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .motion import GRAVITY_MPS2, Angles, Floats

_EASE_S = 1.5  # to sit down or mount
_CRANK_M = 0.17
_BOUT_S = (3.0, 9.0)


@dataclass(frozen=True)
class Tone:
    """`size` x cos(2 pi hz t + phase) from `from_s` to `to_s`, easing in and out."""

    size: float
    hz: float
    phase: float
    from_s: float
    to_s: float

    def at(self, t: Floats) -> tuple[Floats, Floats, Floats]:
        """Value, first and second derivative, each [n]."""
        ease_s = min(_EASE_S, (self.to_s - self.from_s) / 2)
        rising, falling = _ease((t - self.from_s) / ease_s), _ease((self.to_s - t) / ease_s)
        e, e_1, e_2 = (
            rising[0] * falling[0],
            (rising[1] - falling[1]) / ease_s,
            (rising[2] + falling[2]) / ease_s**2,
        )
        w = 2 * math.pi * self.hz
        c, s = self.size * np.cos(w * t + self.phase), self.size * np.sin(w * t + self.phase)
        return e * c, e_1 * c - e * w * s, e_2 * c - 2 * e_1 * w * s - e * w * w * c


def _ease(x: Floats) -> tuple[Floats, Floats, Floats]:
    """From 0 to 1 with two smooth derivatives; flat outside 0..1, so that products with a later fall are sums."""
    x = np.clip(x, 0.0, 1.0)
    return x**3 * (10 - 15 * x + 6 * x * x), 30 * (x * (1 - x)) ** 2, 60 * x * (1 - x) * (1 - 2 * x)


class Posture:
    """Tones of the sagittal angle and the lean (radians), and of the ankle's acceleration (m/s^2, three directions)."""

    def __init__(
        self,
        sagittal: Sequence[Tone],
        lean: Sequence[Tone],
        ankle: tuple[Sequence[Tone], Sequence[Tone], Sequence[Tone]],
        sensor_m: Floats,
    ) -> None:
        self._sagittal, self._lean, self._ankle = sagittal, lean, ankle
        self._sensor_m = sensor_m

    def felt(self, t: Floats) -> tuple[Floats, Floats]:
        """Specific force and rate at the sensor, segment frame, each [n, 3]."""
        nothing = np.zeros(len(t))
        angles = Angles(*_sum(self._sagittal, t), *_sum(self._lean, t), nothing, nothing, nothing)
        base = np.stack([_sum(tones, t)[0] for tones in self._ankle], axis=1)
        base[:, 1] += GRAVITY_MPS2
        arm_m = np.tile(self._sensor_m, (len(t), 1))
        return angles.to_segment(base) + angles.arm(arm_m), angles.turning[0]


def _sum(tones: Sequence[Tone], t: Floats) -> tuple[Floats, Floats, Floats]:
    total = np.zeros((3, len(t)))
    for tone in tones:
        total += tone.at(t)
    return total[0], total[1], total[2]


def posture(kind: str, duration_s: float, sensor_m: Floats, random: np.random.Generator) -> Posture:
    """`kind`: sit, cycle or drive."""
    return {"sit": _sit, "cycle": _cycle, "drive": _drive}[kind](duration_s, sensor_m, random)


def _tone(degrees: float, hz: float, phase: float, duration_s: float) -> Tone:
    return Tone(math.radians(degrees), hz, phase, 0.0, duration_s)


def _bouts(duration_s: float, random: np.random.Generator) -> list[tuple[float, float]]:
    bouts, at_s = [], _EASE_S
    while at_s + _BOUT_S[1] < duration_s:
        length_s = random.uniform(*_BOUT_S)
        bouts.append((at_s, at_s + length_s))
        at_s += length_s + random.uniform(*_BOUT_S)
    return bouts


def _sit(duration_s: float, sensor_m: Floats, random: np.random.Generator) -> Posture:
    """Bouts of a swinging leg, of a bouncing heel and of nothing."""
    sagittal = [_tone(random.uniform(-15, 25), 0, 0, duration_s)]
    heel = []
    for from_s, to_s in _bouts(duration_s, random):
        phase = random.uniform(0, 6.28)
        if random.random() < 0.5:
            size = math.radians(random.uniform(8, 30))
            sagittal.append(Tone(size, random.uniform(0.6, 1.1), phase, from_s, to_s))
        else:
            hz = random.uniform(4, 6)
            sagittal.append(Tone(math.radians(random.uniform(0.5, 2)), hz, phase, from_s, to_s))
            heel.append(Tone(random.uniform(1, 5), hz, phase + random.uniform(0, 6.28), from_s, to_s))
    lean = [_tone(random.uniform(-10, 10), 0, 0, duration_s)]
    return Posture(sagittal, lean, ([], heel, []), sensor_m)


def _cycle(duration_s: float, sensor_m: Floats, random: np.random.Generator) -> Posture:
    """The foot goes in a circle; the shank swings once a turn, with a second harmonic."""
    hz = random.uniform(60, 100) / 60
    phase = random.uniform(0, 6.28)
    sagittal = [
        _tone(-25, 0, 0, duration_s),
        _tone(random.uniform(18, 24), hz, phase, duration_s),
        _tone(random.uniform(0, 3), 2 * hz, random.uniform(0, 6.28), duration_s),
    ]
    lean = [_tone(-2, 0, 0, duration_s), _tone(2.5, hz, random.uniform(0, 6.28), duration_s)]
    round_mps2 = _CRANK_M * (2 * math.pi * hz) ** 2
    circle = [
        [Tone(round_mps2, hz, phase + turn, 0.0, duration_s), *_road(0.5, duration_s, random)]
        for turn in (0.0, -math.pi / 2)
    ]
    return Posture(sagittal, lean, (circle[0], circle[1], _road(0.5, duration_s, random)), sensor_m)


def _drive(duration_s: float, sensor_m: Floats, random: np.random.Generator) -> Posture:
    """A car: the road shakes, the foot changes pedals now and then."""
    sagittal = [_tone(random.uniform(25, 50), 0, 0, duration_s)]
    for from_s, to_s in _bouts(duration_s, random):
        sagittal.append(
            Tone(math.radians(random.uniform(3, 12)), random.uniform(0.1, 0.6), 0.0, from_s, to_s)
        )
    lean = [_tone(random.uniform(-10, 10), 0, 0, duration_s)]
    shake = random.uniform(0.3, 1.0)
    ankle = (
        _road(shake, duration_s, random),
        _road(shake, duration_s, random),
        _road(shake, duration_s, random),
    )
    return Posture(sagittal, lean, ankle, sensor_m)


def _road(rms_mps2: float, duration_s: float, random: np.random.Generator) -> list[Tone]:
    """Shaking from 1 to 40 Hz."""
    n = 12
    size = rms_mps2 * math.sqrt(2 / n)
    hz = np.geomspace(1.0, 40.0, n) * random.uniform(0.9, 1.1, n)
    return [Tone(size, float(f), random.uniform(0, 6.28), 0.0, duration_s) for f in hz]
