# SPDX-License-Identifier: MIT
"""Calibrations as the wire carries them, for tests."""

from kneecore import mount

IDENTITY = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
# 90 degrees about the shank: the sensor's x is the segment's z
QUARTER = ((0, 0, -1), (0, 1, 0), (1, 0, 0))
# cyclic: the sensor's x is up, y is right, z is forward
CYCLIC = ((0, 0, 1), (1, 0, 0), (0, 1, 0))
# twice turned by atan(3/4): no element is a round number in Q14
OBLIQUE = ((0.8, 0.0, 0.6), (0.36, 0.8, -0.48), (-0.48, 0.6, 0.64))


def calibration(rotation=IDENTITY, side=mount.LEFT, bias_mdps=(0, 0, 0), acc_scale_q14=16384):
    """The fields of the wire that mount reads."""
    values = {f"rotation_q14_{i}": round(rotation[i // 3][i % 3] * 16384) for i in range(9)}
    values |= {f"gyro_bias_mdps_{i}": bias for i, bias in enumerate(bias_mdps)}
    return values | {"acc_scale_q14": acc_scale_q14, "neutral_cdeg": 0, "side": side}
