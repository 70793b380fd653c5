# SPDX-License-Identifier: MIT
"""What a sensor on a shank feels in squats and calf raises: a course of angles, differentiated, nothing else.

Segment axes x forward, y up the tibia, z to the runner's right.  Tilt is forward, lean inward.
"""

import numpy as np

from kneesense.calibration import Calibration
from kneesense.recording import G, Recording

SENSOR_M = 0.2
HZ = 200


def humps(count, seconds, pause_s, size, rest_s=1.5):
    """(times, course): so many smooth humps of one size, or of the sizes that are given, with rests around them."""
    sizes = np.broadcast_to(size, count)
    length_s = rest_s + count * (seconds + pause_s) + rest_s
    t_s = np.arange(round(length_s * HZ)) / HZ
    course = np.zeros(len(t_s))
    for i in range(count):
        at = t_s - rest_s - i * (seconds + pause_s)
        inside = (at >= 0) & (at <= seconds)
        course[inside] = sizes[i] * (1 - np.cos(2 * np.pi * at[inside] / seconds)) / 2
    return t_s, course


def squats(count=5, seconds=2.5, pause_s=0.5, depth_deg=25.0, lean_deg=0.0, side="right", noise=0.0, seed=1):
    """A recording of squats in which the shank leans inward by `lean_deg` when it is deepest."""
    t_s, tilt = humps(count, seconds, pause_s, depth_deg)
    lean = tilt / max(np.max(depth_deg), 1e-9) * lean_deg
    return felt(t_s, tilt, lean, np.zeros(len(t_s)), side, noise, seed)


def raises(count=5, seconds=1.6, pause_s=0.8, height_cm=5.0, noise=0.0, seed=1):
    """A recording of calf raises."""
    t_s, height = humps(count, seconds, pause_s, height_cm)
    still = np.zeros(len(t_s))
    return felt(t_s, still, still, height / 100, "right", noise, seed)


def felt(t_s, tilt_deg, lean_deg, height_m, side, noise, seed):
    inward = -1 if side == "right" else 1  # along z
    turns = [_turned(np.radians(a), np.radians(b) * inward) for a, b in zip(tilt_deg, lean_deg, strict=True)]
    turn = np.array(turns)  # segment to world
    place = turn @ (0, SENSOR_M, 0) + np.outer(height_m, (0, 1, 0))
    moved = np.gradient(np.gradient(place, 1 / HZ, axis=0), 1 / HZ, axis=0)
    acc = np.einsum("nji,nj->ni", turn, moved + np.array((0, G, 0)))
    change = np.gradient(turn, 1 / HZ, axis=0)
    skew = np.einsum("nji,njk->nik", turn, change)
    gyro = np.stack((skew[:, 2, 1], skew[:, 0, 2], skew[:, 1, 0]), 1)
    random = np.random.default_rng(seed)
    acc = acc + random.normal(0, 0.3 * noise, acc.shape)
    gyro = gyro + random.normal(0, 0.05 * noise, gyro.shape)
    return Recording("simulated", t_s, acc, gyro, {}, ())


def mounted(recording, rotation):
    """The same felt by a sensor with these axes (sensor to segment)."""
    rotation = np.array(rotation)
    return Recording(
        recording.name, recording.t_s, recording.acc @ rotation, recording.gyro @ rotation, {}, ()
    )


def worn(side="right", rotation=((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))):
    return Calibration(rotation, (0.0, 0.0, 0.0), 1.0, 0.0, side, "unknown", "mpu6050", "")


def _turned(tilt, sideways):
    """Top forward by `tilt`, then along z by `sideways`."""
    c, s = np.cos(tilt), np.sin(tilt)
    forward = np.array(((c, s, 0), (-s, c, 0), (0, 0, 1)))
    c, s = np.cos(sideways), np.sin(sideways)
    return np.array(((1, 0, 0), (0, c, -s), (0, s, c))) @ forward
