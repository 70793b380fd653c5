# SPDX-License-Identifier: MIT
"""A simulated MPU-6050 on a desk with samples that tell their number, and the driver that reads them."""

from array import array

import numpy as np

from drivers.mpu6050 import Mpu6050
from kneesense.world.chips import mpu6050
from kneesense.world.chips.mpu6050 import Faults


class Counting:
    """A feed whose sample i is acceleration (i, i + 1, 2048), rate (0, 0, i)."""

    def block(self, index, t_s):
        i = np.arange(index, index + len(t_s))
        return np.stack((i, i + 1, 0 * i + 2048, 0 * i, 0 * i, i), axis=1).astype(np.int16)


def chip(desk, feed=None, address=0x68, **faults):
    """A part with these faults, put on the desk's bus."""
    part = mpu6050.Mpu6050(desk.clock, feed or Counting(), address, faults=Faults(**faults))
    desk.chips.append(part)
    return part


def driver(desk):
    return Mpu6050(desk, desk.sleep_ms)


def drained(imu):
    """Samples of one drain, a list of six counts each."""
    batch = array("h", bytes(12 * imu.FIFO_SAMPLES))
    n = imu.drain(batch)
    return np.array(batch).reshape(-1, 6)[:n].tolist()


def numbers(samples):
    """Their numbers in Counting; fails when one breaks its pattern."""
    for ax, ay, az, gx, gy, gz in samples:
        assert (ay, az, gx, gy, gz) == (ax + 1, 2048, 0, 0, ax)
    return [sample[0] for sample in samples]
