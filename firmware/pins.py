# SPDX-License-Identifier: MIT
"""Pins and limits of this build.  Imported by main.py only; hardware/ must show the same numbers.

None of them is a strapping pin (0, 2, 5, 12, 15 decide how the chip boots), so the motor stays off through a reset.
"""

I2C_BUS = 0
I2C_SCL = 22
I2C_SDA = 21
I2C_HZ = 400_000  # the MPU-6050's limit

MOTOR = 25
MOTOR_RMT_CHANNEL = 0
MOTOR_MAX_MS = 400  # no pulse is longer, whoever asks

BUTTON = 27  # to ground, with the chip's pull-up; pins 34 to 39 have none

CPU_HZ = 240_000_000  # the sample step is not yet compiled with viper: speed before battery

# How the sensor lies in the case, in its own axes: outward through the lid, and to the end that is worn upwards.
LID = (0, 0, 1)
TOP = (1, 0, 0)
