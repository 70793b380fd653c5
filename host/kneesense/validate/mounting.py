# SPDX-License-Identifier: MIT
"""One run, the sensor turned in its case: the same strides and the same lean must come out.

The recording is turned by each of the 24 ways a box can be strapped on, and again with 30 deg of skew about an axis of
its own; each is calibrated from itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from .. import selfcal
from ..recording import Recording
from ..simulator import alignments, skewed
from ..table import Floats
from .found import Found, first_seconds, pipeline_of

_SKEW_DEG = 30.0
_SECONDS = 30.0
_SAME_S = 0.02  # a contact this near is the same one


@dataclass(frozen=True)
class Invariance:
    """Over all turns: contacts lost or gained, and the greatest change of any stride's mid-stance lean."""

    name: str
    turns: int
    strides_changed: int
    lean_deg: float


def invariance(recording: Recording, side: str, progress: Callable[[str], None]) -> Invariance:
    """Of the first 30 s."""
    first = first_seconds(recording, _SECONDS)
    base = _found(first, side)
    random = np.random.default_rng(1)
    turns = [turn for plain in alignments() for turn in (plain, skewed(plain, _SKEW_DEG, random))]
    changed, worst = 0, 0.0
    for number, turn in enumerate(turns, 1):
        progress(f"mounting {number} of {len(turns)}")
        found = _found(_turned(first, turn), side)
        same = [(a, b) for a in base.strides for b in found.strides if abs(a["ic_s"] - b["ic_s"]) <= _SAME_S]
        changed += len(base.strides) + len(found.strides) - 2 * len(same)
        leans = [
            abs(a["lean_mid_deg"] - b["lean_mid_deg"])
            for a, b in same
            if a["lean_mid_deg"] is not None and b["lean_mid_deg"] is not None
        ]
        worst = max([worst, *leans])
    return Invariance(recording.name, len(turns), changed, worst)


def _found(recording: Recording, side: str) -> Found:
    return pipeline_of(recording, selfcal.auto(recording, side).calibration)


def _turned(recording: Recording, turn: Floats) -> Recording:
    return replace(recording, acc=recording.acc @ turn.T, gyro=recording.gyro @ turn.T)
