# SPDX-License-Identifier: MIT
"""A navigator: orientation, velocity and place of a sensor from nothing but what it felt."""

import math

import numpy as np

from kneesense.simulator import Runner
from kneesense.simulator.motion import GRAVITY_MPS2

HZ = 2000
SENSOR_M = Runner().sensor_up_m


def turned(rotation, rate, dt):
    """`rotation` after turning at `rate` (its own axes) for dt: Rodrigues' formula."""
    angle = np.linalg.norm(rate) * dt
    x, y, z = rate / max(np.linalg.norm(rate), 1e-12)
    k = np.array(((0, -z, y), (z, 0, -x), (-y, x, 0)))
    return rotation @ (np.eye(3) + math.sin(angle) * k + (1 - math.cos(angle)) * k @ k)


class Inertial:
    """Of a model that stands upright, facing along x, at first."""

    def __init__(self, model, seconds):
        self.t_s = np.arange(round(seconds * HZ)) / HZ
        force, rate = model.sample(self.t_s)
        n = len(self.t_s)
        self.rate = rate
        self.rotation = np.empty((n, 3, 3))
        self.velocity = np.zeros((n, 3))
        self.place = np.zeros((n, 3))
        self.rotation[0] = np.eye(3)
        dt = 1 / HZ
        for i in range(1, n):
            self.rotation[i] = turned(self.rotation[i - 1], (rate[i - 1] + rate[i]) / 2, dt)
        acceleration = np.einsum("nij,nj->ni", self.rotation, force) - (0, GRAVITY_MPS2, 0)
        self.velocity[1:] = np.cumsum((acceleration[1:] + acceleration[:-1]) / 2, axis=0) * dt
        self.place[1:] = np.cumsum((self.velocity[1:] + self.velocity[:-1]) / 2, axis=0) * dt

    def at(self, t_s):
        return round(t_s * HZ)

    def ankle_velocity(self, i):
        return self.velocity[i] + self.rotation[i] @ np.cross(self.rate[i], (0, -SENSOR_M, 0))

    def ankle(self, i):
        return self.place[i] - self.rotation[i] @ (0, SENSOR_M, 0)

    def lean_deg(self, side_sign):
        up = self.rotation[:, 1, :]  # the world's y in segment axes
        return np.degrees(side_sign * np.arctan2(-up[:, 2], np.hypot(up[:, 0], up[:, 1])))
