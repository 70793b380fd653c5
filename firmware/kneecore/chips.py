# SPDX-License-Identifier: MIT
"""Inertial chips the product knows: scales at the ranges used and the sample rate.  The index is that of wire.CHIPS.

Ref: InvenSense MPU-6050 PS-MPU-6000A rev 3.4, tables 6.1 and 6.2 (+-16 g, +-2000 deg/s); 1 kHz / 2 = 500 Hz.
"""

from collections import namedtuple

# acc_lsb_per_g, gyro_lsb_per_10dps: chip counts per g and per 10 deg/s; rate_hz: nominal
Chip = namedtuple("Chip", ("name", "acc_lsb_per_g", "gyro_lsb_per_10dps", "rate_hz"))

TABLE = (
    Chip("unknown", 0, 0, 0),
    Chip("mpu6050", 2048, 164, 500),
)


def find(name: str) -> "Chip":
    """Chip by name; an unknown one is a ValueError that names those there are."""
    for chip in TABLE[1:]:
        if chip.name == name:
            return chip
    raise ValueError("unknown chip %s: one of %s" % (name, ", ".join(chip.name for chip in TABLE[1:])))
