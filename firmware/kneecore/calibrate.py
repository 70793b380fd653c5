# SPDX-License-Identifier: MIT
"""From the two stages, standing.py and walking.py, to the calibration of the wire, and what is told about it.

Which leg it is cannot be seen by a unit of unknown mounting.  It is declared, and checked only against the declared
face of the shin: the lid of a medial unit looks to the left on the right leg, that of a lateral one to the right.
`lid` and `top`: the unit's outward and its upper side in the sensor's axes, [3] whole numbers, constants of a build.
"""

from . import wire
from .fixed import elevation_cdeg
from .mount import LEFT

_SIDEWAYS_Q14 = 4915  # 0.3: a lid that looks forward or back says nothing about the leg
_UPRIGHT_Q14 = 15396  # cos 20 deg, of a leg that stands for the neutral lean


def fields(
    rotation_q14: "list[int]",
    bias_mdps: "list[int]",
    acc_scale_q14: int,
    side: int,
    face: int,
    chip: int,
) -> "dict[str, int]":
    """A calibration as the wire has it; the neutral lean is that of standing, 0 by construction."""
    values = {"rotation_q14_%d" % i: rotation_q14[i] for i in range(9)}
    for i in range(3):
        values["gyro_bias_mdps_%d" % i] = bias_mdps[i]
    values["acc_scale_q14"] = acc_scale_q14
    values["neutral_cdeg"] = 0
    values["side"] = side
    values["face"] = face
    values["chip"] = chip
    return values


def side_refused(rotation_q14: "list[int]", side: int, face: int, lid: "tuple[int, ...]") -> int:
    """Bits of wire.REFUSALS: the lid looks to the wrong side for the declared leg and face."""
    outward = _to_the_right(rotation_q14, lid)
    if not face or abs(outward) < _SIDEWAYS_Q14:
        return 0
    lid_to_the_right = (side == LEFT) == (wire.FACES[face] == "medial")
    return 0 if (outward > 0) == lid_to_the_right else wire.refusal("side")


def cautions(rotation_q14: "list[int]", face: int, lid: "tuple[int, ...]", top: "tuple[int, ...]") -> int:
    """Bits of wire.CAUTIONS."""
    bits = 0
    if not face or abs(_to_the_right(rotation_q14, lid)) < _SIDEWAYS_Q14:
        bits |= wire.caution("side_unchecked")
    if sum(rotation_q14[3 + i] * top[i] for i in range(3)) < 0:
        bits |= wire.caution("upside_down")
    return bits


def _to_the_right(rotation_q14: "list[int]", lid: "tuple[int, ...]") -> int:
    return sum(rotation_q14[6 + i] * lid[i] for i in range(3))


def neutral_cdeg(calibration: "dict[str, int]", up_q14: "list[int]") -> "int | None":
    """Lean of a leg that stands with gravity so in the sensor; None if it does not stand upright."""
    r = [calibration["rotation_q14_%d" % i] for i in range(9)]
    x, y, z = (sum(r[3 * row + i] * up_q14[i] for i in range(3)) >> 14 for row in range(3))
    if y < _UPRIGHT_Q14:
        return None
    if calibration["side"] == LEFT:
        z = -z
    return elevation_cdeg(x << 8, y << 8, z << 8)
