# SPDX-License-Identifier: MIT
"""Inertial chips the product knows: scales at the ranges used and the sample rate.  The index is that of wire.CHIPS.

All at +-2000 deg/s and +-16 g, the LSM6DSO32 at +-32 g.  Each driver names the data sheet its figures are from.
"""

from collections import namedtuple

# acc_lsb_per_g, gyro_lsb_per_10dps: chip counts per g and per 10 deg/s; rate_hz: nominal
Chip = namedtuple("Chip", ("name", "acc_lsb_per_g", "gyro_lsb_per_10dps", "rate_hz"))

TABLE = (
    Chip("unknown", 0, 0, 0),
    Chip("mpu6050", 2048, 164, 500),
    Chip("mpu6500", 2048, 164, 250),
    Chip("mpu9250", 2048, 164, 250),
    Chip("lsm6dso", 2049, 143, 417),  # 0.488 mg and 70 mdps a count; 6667 Hz / 16
    Chip("lsm6dso32", 1025, 143, 417),  # 0.976 mg and 70 mdps a count
    Chip("icm42688p", 2048, 164, 500),
    Chip("icm20689", 2048, 164, 500),
)


def find(name: str) -> "Chip":
    """Chip by name; an unknown one is a ValueError that names those there are."""
    for chip in TABLE[1:]:
        if chip.name == name:
            return chip
    raise ValueError("unknown chip %s: one of %s" % (name, ", ".join(chip.name for chip in TABLE[1:])))
