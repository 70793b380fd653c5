# SPDX-License-Identifier: MIT
"""Pins and limits of each build.  Imported by the programs and parts.py only; tests/test_hardware.py compares them.

None of them is a strapping pin (0, 2, 5, 12, 15 decide how the chip boots).  Beside the ESP32 (hardware/wiring-*.yml)
gate and EN have a pull-down of 100 kOhm, so the motor stays off through a reset; so has IMU_INT, lest a broken wire
wakes the unit for ever.
"""

from collections import namedtuple

I2C_BUS = 0
I2C_SCL = 22
I2C_SDA = 21
I2C_HZ = 400_000  # the MPU-6050's limit

BUTTON = 27  # to ground; the chip's pull-up is off in deep sleep, so the board has one of 100 kOhm
IMU_INT = 33  # the sensor's interrupt, high when it moved; like BUTTON one of the pins that can wake the chip
LED = 13

CPU_HZ = 160_000_000  # battery before speed: by the estimate in decision 0004 samples take 5 % of a core (240 MHz: 3 %)

# How the sensor lies in the case, in its own axes: outward through the lid, and to the end that is worn upwards.
LID = (0, 0, 1)
TOP = (1, 0, 0)

# `motor`: "drv2605l" on the I2C bus, `pin` its EN, or "transistor", `pin` its gate.  `actuator`: of drivers.actuators.
# No pulse is longer than `max_ms`, whoever asks.  `gauge`: "max17048" on the I2C bus, which knows of charging too, or
# "adc": the cell halved on pin `cell`, and the charger's open-drain "charging" on pin `charge`.
Build = namedtuple("Build", ("motor", "pin", "actuator", "max_ms", "gauge", "cell", "charge"))

BUILDS = {
    "reference": Build("drv2605l", 26, "C10-100", 400, "max17048", None, None),
    "reference-erm": Build("drv2605l", 26, "310-101", 400, "max17048", None, None),
    "cheap": Build("transistor", 25, "310-101", 400, "adc", 35, 32),
}
BUILD = BUILDS["cheap"]
MOTOR_RMT_CHANNEL = 0
MOTOR_TIMER = 1  # of the drv2605l
