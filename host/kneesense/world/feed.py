# SPDX-License-Identifier: MIT
"""What a simulated inertial chip feels: int16 counts at its widest ranges, in the sensor's own axes."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.signedinteger[Any]]
Floats = NDArray[np.float64]


class Feed(Protocol):
    def block(self, index: int, t_s: Floats) -> Counts:
        """Samples index, index + 1, ... at true times `t_s` [n] since sample 0: [n, 6] int16, ax ay az gx gy gz.

        The index may be negative (the unit rests before the run; `t_s` may then be -inf), may be asked again, and may
        jump ahead; it never goes back by more than a FIFO holds.
        """
