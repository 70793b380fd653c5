# SPDX-License-Identifier: MIT
"""Finds the inertial sensor: which known part answers at which address, and makes its driver.

A part is known by its identity register, read at each address its maker gives it: what answers at an address alone may
be anything, such as a clock chip.  Two known parts are reported, not guessed at.  Only the driver that is needed is
imported, so it alone takes memory.
"""

import errno

from . import ImuError
from .inertial import unknown

# (register of the identity, addresses by the level of a pin, {identity: (module, class)}) of each maker.  Which data
# sheet an identity is from stands in the driver.
_MAKERS = (
    (
        0x75,
        (0x68, 0x69),
        {
            0x47: ("icm42688p", "Icm42688p"),
            0x68: ("mpu6050", "Mpu6050"),
            0x70: ("mpu6500", "Mpu6500"),
            0x71: ("mpu6500", "Mpu6500"),
            0x73: ("mpu6500", "Mpu6500"),
            0x74: ("mpu6500", "Mpu6500"),
            0x78: ("mpu6500", "Mpu6500"),
            0x98: ("icm20689", "Icm20689"),
        },
    ),
    (0x0F, (0x6A, 0x6B), {0x6C: ("lsm6dso", "Lsm6dso")}),
)
# An ICM-42688-P is in another bank, and says 0, when the processor alone was reset in the middle of an access to that.
_BANKED = 0x75
_REG_BANK_SEL = 0x76
_TRIES = 3


def find_imu(i2c, sleep_ms, chip: int = 0):
    """The driver of the one known sensor on the bus, configured.  ImuError says what was found instead.

    `chip`: what it is by the settings or by an earlier boot, a code of wire.CHIPS, 0 if nobody knows.
    """
    known, strange, silent = [], [], []
    for register, addresses, drivers in _MAKERS:
        for address in addresses:
            identity = _identity(i2c, address, register)
            if identity < 0:
                silent.append(-identity)
            elif identity in drivers:
                known.append((address, drivers[identity]))
            else:
                strange.append(unknown(address, register, identity))
    if len(known) == 1:
        address, (module, name) = known[0]
        driver = getattr(__import__("drivers." + module, None, None, (name,)), name)
        return driver(i2c, sleep_ms, address, chip)
    if known:
        a, b = known[0][0], known[1][0]
        raise ImuError("imu_identity", a, b, "a sensor at both 0x%02x and 0x%02x: disconnect one" % (a, b))
    if strange:
        raise strange[0]
    if errno.ETIMEDOUT in silent:
        raise ImuError("bus_fault", errno.ETIMEDOUT, _MAKERS[0][0], "the I2C bus is stuck")
    a, b = _MAKERS[0][1][0], _MAKERS[-1][1][-1]
    raise ImuError("imu_missing", a, b, "no sensor answers from 0x%02x to 0x%02x: check the wiring" % (a, b))


def _identity(i2c, address: int, register: int) -> int:
    """What the register says; less than 0: the error, negative, that kept it from being read."""
    code = 0
    for _ in range(_TRIES):
        try:
            if register == _BANKED and i2c.readfrom_mem(address, register, 1)[0] == 0:
                i2c.writeto_mem(address, _REG_BANK_SEL, b"\0")
            return i2c.readfrom_mem(address, register, 1)[0]
        except OSError as error:
            code = error.args[0]
    return -code
