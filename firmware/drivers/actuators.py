# SPDX-License-Identifier: MIT
"""Vibration motors that a unit may carry, by part number of Precision Microdrives; pins.py says which.

`rise_ms` until it is felt and `fall_ms` until it is at rest are of the kind of motor (ERM: 50 to 100 ms up, LRA driven
with overdrive: 10 to 20 ms), not measured on the part.  An ERM turns an eccentric mass and runs on direct current; an
LRA swings at its resonance and needs a driver chip.
"""

from collections import namedtuple

# rated_mv: ERM mean, LRA RMS.  clamp_mv: peak that is never exceeded.  library: of the DRV2605L's ROM.
Actuator = namedtuple(
    "Actuator", ("lra", "rise_ms", "fall_ms", "rated_mv", "clamp_mv", "resonance_hz", "library")
)

ACTUATORS = {
    "310-101": Actuator(False, 60, 120, 3000, 3000, 0, 3),
    "C10-100": Actuator(True, 15, 60, 2000, 2830, 175, 6),
}
