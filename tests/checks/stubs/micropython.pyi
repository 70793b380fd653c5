# SPDX-License-Identifier: MIT
# What kneecore uses of MicroPython's own module, for the host's run of mypy.
from kneecore._cpython import const as const
from kneecore._cpython import native as native
from kneecore._cpython import viper as viper
