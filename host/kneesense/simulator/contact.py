# SPDX-License-Identifier: MIT
"""How a simulated foot meets the ground; what runner, way and chance make of a gait's shape in one contact."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .gaits import Gait, Knots
from .motion import Floats, Path, Stance, turned


@dataclass(frozen=True)
class Contact:
    """The stride before ends so, the one after begins so."""

    phase: int
    gait: Gait
    speed_mps: float
    lean_deg: float
    sagittal_deg: float
    pace: float  # relative to the gait's own
    impact: float  # speed of the foot downwards, likewise
    braking: float  # frequency, likewise
    crossing_s: float
    turn_rps: float  # of the path, + to the left
    out_m: float  # how far out the foot is placed

    @property
    def rate_dps(self) -> float:
        """The longer the rate has been below zero, the lower it is."""
        return self.pace**2 * self.gait.contact_dps * self.crossing_s / self.gait.crossing_s

    @property
    def slope_dps2(self) -> float:
        return self.pace**2 * self.gait.contact_dps2

    @property
    def late_s(self) -> float:
        """So much longer than usual the rate has been below zero: the swing ended so much before."""
        return self.crossing_s - self.gait.crossing_s / self.pace

    def early(self, contact_s: float = math.inf) -> Knots:
        """Sooner in a contact so short that the shape of stance would come too close."""
        last_s = self.gait.early[-1][0]
        sooner = min(1.0, 0.8 * self.gait.stance[0][0] * contact_s / last_s)
        return [(0.0, self.rate_dps), *((sooner * t, self.pace * rate) for t, rate in self.gait.early)]

    def approach(self, at_s: float) -> Knots:
        """The last of the swing before: the rate falls through zero shortly before contact."""
        return [(at_s - self.crossing_s, 0.0), (at_s, self.rate_dps)]

    def stance(self) -> Stance:
        forward, up, out = self.gait.strike_mps
        velocity = np.array((self.pace * forward, self.impact * up, self.impact * out))
        acceleration = self.pace**2 * np.array(self.gait.strike_mps2)
        braking = self.braking * _pole(self.gait.braking)
        landing = _pole(self.gait.landing)
        return Stance(velocity, acceleration, np.array((braking, landing, landing)))

    def ankle(self, way_m: Floats, heading: float) -> Path:
        """Of the ankle at contact, `way_m` [3] from its last place on the ground, the runner turned by `heading`."""
        position, velocity, acceleration = (turned(v, heading) for v in self.stance().at(np.zeros(1)))
        return position + way_m, velocity, acceleration


def _pole(oscillation: tuple[float, float]) -> complex:
    damping, hz = oscillation
    return complex(-damping, 2 * math.pi * hz)
