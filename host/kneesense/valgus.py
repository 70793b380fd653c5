# SPDX-License-Identifier: MIT
"""The frontal-plane angle of the knee, estimated from the lean of the shank alone: a model, and labelled so.

Planar chain of shank and thigh, the foot planted and the hip above it: the thigh then leans the other way so far that
the hip stays over the ankle.  In running its shape within stance agrees with motion capture, its changes from stride to
stride do not: never a cue, shown only as a mean of many strides.
"""

from __future__ import annotations

import math

SHANK_TO_THIGH = 1.0  # length of the shank over that of the thigh; about 1 in adults


def from_shank(lean_deg: float, shank_to_thigh: float = SHANK_TO_THIGH) -> float:
    """Degrees, positive when the knee is medial of the line from hip to ankle; `lean_deg` likewise."""
    sine = shank_to_thigh * math.sin(math.radians(lean_deg))
    return lean_deg + math.degrees(math.asin(max(-1.0, min(1.0, sine))))
