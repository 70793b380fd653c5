# SPDX-License-Identifier: MIT
"""The inertial chips of the contract test, one row each; simulated ones on a desk, whose samples tell their number."""

from array import array
from typing import NamedTuple

import numpy as np

from drivers.icm20689 import Icm20689
from drivers.icm42688p import Icm42688p
from drivers.lsm6dso import Lsm6dso
from drivers.mpu6050 import Mpu6050
from drivers.mpu6500 import Mpu6500
from kneecore import chips, wire
from kneesense.world.chips import icm42688p, lsm6dso, mpu6050, mpu6500
from kneesense.world.chips.inertial import Faults


class Part(NamedTuple):
    """What a chip's data sheet promises, apart from what kneecore.chips says of it."""

    name: str  # in kneecore.chips
    driver: type
    model: type
    address: int
    identities: tuple[int, ...]
    fifo_samples: int
    stall_ms: int  # the loop may stand still for so long
    asleep: tuple[int, int]  # register and value of a part that does not wake up
    range: tuple[int, int]  # register and value of a part at another range than asked for
    temperatures: tuple[tuple[dict[int, int], int], ...]  # registers as read, hundredths of a degree
    motion: tuple[int, int]  # register and value of a part whose motion interrupt is pending for ever

    @property
    def figures(self):
        return chips.find(self.name)

    @property
    def code(self):
        return wire.CHIPS.index(self.name)


PARTS = (
    Part(
        "mpu6050", Mpu6050, mpu6050.Mpu6050, 0x68, (0x68,), 85, 141, (0x6B, 0x40), (0x1C, 0x00),
        (({0x41: 0x00, 0x42: 0x00}, 3653), ({0x41: 0xF0, 0x42: 0xB0}, 2500)), (0x3A, 0x40),
    ),
    Part(
        "mpu6500", Mpu6500, mpu6500.Mpu6500, 0x68, (0x70, 0x74, 0x78), 42, 139, (0x6B, 0x40), (0x1C, 0x00),
        (({0x41: 0x00, 0x42: 0x00}, 2100), ({0x41: 0x0D, 0x42: 0x0B}, 3100)), (0x3A, 0x40),
    ),
    Part(
        "mpu9250", Mpu6500, mpu6500.Mpu9250, 0x68, (0x71, 0x73), 42, 139, (0x6B, 0x40), (0x1C, 0x00),
        (({0x41: 0x00, 0x42: 0x00}, 2100), ({0x41: 0xF2, 0x42: 0xF5}, 1100)), (0x3A, 0x40),
    ),
    Part(
        "icm20689", Icm20689, mpu6500.Icm20689, 0x68, (0x98,), 341, 629, (0x6B, 0x40), (0x1C, 0x00),
        (({0x41: 0x00, 0x42: 0x00}, 2500), ({0x41: 0x0C, 0x42: 0xC4}, 3500)), (0x3A, 0x20),
    ),
    Part(
        "lsm6dso", Lsm6dso, lsm6dso.Lsm6dso, 0x6A, (0x6C,), 255, 562, (0x11, 0x00), (0x10, 0x60),
        (({0x20: 0x00, 0x21: 0x00}, 2500), ({0x20: 0x80, 0x21: 0xF5}, 1450)), (0x1B, 0x0F),
    ),
    Part(
        "lsm6dso32", Lsm6dso, lsm6dso.Lsm6dso32, 0x6A, (0x6C,), 255, 562, (0x11, 0x00), (0x10, 0x60),
        (({0x20: 0x00, 0x21: 0x00}, 2500), ({0x20: 0x80, 0x21: 0x0A}, 3550)), (0x1B, 0x0F),
    ),
    Part(
        "icm42688p", Icm42688p, icm42688p.Icm42688p, 0x68, (0x47,), 126, 219, (0x4E, 0x00), (0x50, 0x2F),
        (({0x1D: 0x00, 0x1E: 0x00}, 2500), ({0x1D: 0xFA, 0x1E: 0xD3}, 1500)), (0x37, 0x07),
    ),
)  # fmt: skip


class Counting:
    """A feed whose sample i is acceleration (i, i + 1, 2048), rate (0, 0, i); before it the unit rests."""

    def __init__(self, acc_lsb_per_g=2048):
        self._acc_lsb_per_g = acc_lsb_per_g

    def block(self, index, t_s):
        i = np.arange(index, index + len(t_s))
        counts = np.stack((i, i + 1, 0 * i + 2048, 0 * i, 0 * i, i), axis=1)
        counts[i < 0] = (0, 0, self._acc_lsb_per_g, 0, 0, 0)
        return counts.astype(np.int16)


def put(desk, part, feed=None, rate_error=0.0, address=None, **faults):
    """A simulated one on the desk's bus."""
    feed = feed or Counting(part.figures.acc_lsb_per_g)
    model = part.model(desk.clock, feed, address or part.address, rate_error, Faults(**faults))
    desk.chips.append(model)
    return model


def driver(desk, part, address=None):
    return part.driver(desk, desk.sleep_ms, address or part.address)


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
