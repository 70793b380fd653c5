# SPDX-License-Identifier: MIT
"""A run made long, and what a gyro whose bias grows all through it does to the mean lean.

A recording of a minute is cut from contact to contact, so that the shank comes round where it began, and strung
together to twenty minutes: the time a chip takes to warm up on a leg.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..calibration import Calibration
from ..recording import Recording
from .found import Found, pipeline_of

RAMP_DPS = 3.0
LONG_S = 1200.0

_FEWEST = 20  # contacts; fewer are no run


def shift_deg(
    recording: Recording, found: Found, calibration: Calibration, long_s: float = LONG_S
) -> float | None:
    """Mean mid-stance lean with a bias that grows from 0 to 3 deg/s, less that without, at the worst of three axes.

    `found`: what the unit makes of the recording itself.  None if it has too few contacts.
    """
    ic_s = found.ic_s()
    if len(ic_s) < _FEWEST:
        return None
    run = lengthened(recording, float(ic_s[2]), float(ic_s[-2]), long_s)
    base = _mean_lean_deg(run, calibration)
    shifts = [_mean_lean_deg(_ramped(run, axis), calibration) - base for axis in range(3)]
    return max(shifts, key=abs)


def lengthened(recording: Recording, from_s: float, to_s: float, long_s: float) -> Recording:
    """What lies before `from_s`, then the part up to `to_s` again and again."""
    t_s = recording.t_s
    first, last = np.searchsorted(t_s, (from_s, to_s))
    times = int(np.ceil(long_s / (to_s - from_s)))
    rows = np.concatenate([np.arange(first), np.tile(np.arange(first, last), times)])
    step_s = 1 / recording.rate_hz
    return replace(
        recording,
        t_s=t_s[0] + step_s * np.arange(len(rows)),
        acc=recording.acc[rows],
        gyro=recording.gyro[rows],
        gaps={},
    )


def _ramped(recording: Recording, axis: int) -> Recording:
    bias = np.zeros_like(recording.gyro)
    bias[:, axis] = np.radians(np.linspace(0, RAMP_DPS, len(bias)))
    return replace(recording, gyro=recording.gyro + bias)


def _mean_lean_deg(recording: Recording, calibration: Calibration) -> float:
    strides = pipeline_of(recording, calibration).strides
    leans = [s["lean_mid_deg"] for s in strides if s["lean_mid_deg"] is not None]
    return float(np.mean(leans))
