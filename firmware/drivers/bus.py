# SPDX-License-Identifier: MIT
"""Frees an I2C bus whose data line is held low by a part that was interrupted while it was sending.

Such a part waits for the clocks of its unfinished byte: give them, until it lets go, then a STOP.  Ref: NXP UM10204
rev 7, section 3.1.16 (bus clear): nine clocks at most.
"""

_CLOCKS = 9
_HALF_US = 5  # 100 kHz, which every part keeps up with


def free(scl, sda, sleep_us) -> int:
    """Pins as open-drain outputs with pull-ups, released.  How many clocks it took until the data line was high; -1
    if it stays low."""
    clocks = 0
    while not sda.value() and clocks < _CLOCKS:
        scl.value(0)
        sleep_us(_HALF_US)
        scl.value(1)
        sleep_us(_HALF_US)
        clocks += 1
    if not sda.value():
        clocks = -1
    sda.value(0)
    sleep_us(_HALF_US)
    sda.value(1)  # with the clock high: STOP
    return clocks
