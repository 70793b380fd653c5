# SPDX-License-Identifier: MIT
"""What the unit would report of a recording, and what the trivial predictor says of the same samples.

The trivial predictor of foot strikes is what a pedometer on the shank does: acceleration above 2 g, at most one count
in 350 ms, timed at its peak.  It needs no gyro and knows no swing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from kneecore import chips
from kneecore.chips import Chip
from kneecore.pipeline import Pipeline
from kneecore.settings import Settings

from ..calibration import Calibration
from ..recording import G, Recording, quantise
from ..records import RunRecords
from ..replay import replay
from ..table import Floats

Record = dict[str, Any]

_IMPACT_G = 2.0
_APART_S = 0.35
_PEAK_S = 0.1  # an impact's peak follows the crossing of 2 g within this


@dataclass(frozen=True)
class Found:
    """Contract records of one run, and, where asked for, the lean of every sample."""

    strides: list[Record]
    cues: list[Record]
    samples_s: Floats = field(default_factory=lambda: np.zeros(0))
    lean_deg: Floats = field(default_factory=lambda: np.zeros(0))

    def ic_s(self) -> Floats:
        """Times of the contacts."""
        return np.array([stride["ic_s"] for stride in self.strides], float)


def first_seconds(recording: Recording, seconds: float) -> Recording:
    """The beginning of a recording without gaps."""
    kept = recording.t_s < recording.t_s[0] + seconds
    return replace(
        recording, t_s=recording.t_s[kept], acc=recording.acc[kept], gyro=recording.gyro[kept], gaps={}
    )


def pipeline_of(
    recording: Recording,
    calibration: Calibration,
    *,
    rate_hz: int = 0,
    lean: bool = False,
    settings: Settings | None = None,
    chip: Chip | None = None,
) -> Found:
    """Replay; `rate_hz` 0 is the chip's own rate.  `lean` also keeps the lean of every sample.

    `chip`: one that is not in the table, in place of the calibration's.
    """
    chip = chip or chips.find(calibration.chip)
    quantised = quantise(recording, rate_hz or chip.rate_hz, chip)
    run = RunRecords(t0_s=quantised.t0_s)
    leans: list[tuple[int, int]] = []

    def watch(pipeline: Pipeline) -> None:
        leans.append((pipeline.sample - 1, pipeline.lean_cdeg()))

    told = replay(quantised, chip, calibration, settings or Settings(), watch if lean else None)
    records = [record for name, values in told if (record := run.feed(name, values))]
    kept = np.array(leans, float).reshape(-1, 2)
    return Found(
        [record for record in records if record["type"] == "stride"],
        [record for record in records if record["type"] == "cue"],
        quantised.t0_s + kept[:, 0] / quantised.rate_hz,
        kept[:, 1] / 100,
    )


def pedometer(recording: Recording) -> Floats:
    """Times of the contacts by the trivial predictor."""
    size_g = np.linalg.norm(recording.acc, axis=1) / G
    times: list[float] = []
    above = np.flatnonzero((size_g[1:] >= _IMPACT_G) & (size_g[:-1] < _IMPACT_G)) + 1
    for row in above:
        at_s = recording.t_s[row]
        if times and at_s - times[-1] < _APART_S:
            continue
        end = int(np.searchsorted(recording.t_s, at_s + _PEAK_S))
        times.append(float(recording.t_s[row + int(np.argmax(size_g[row:end]))]))
    return np.array(times)


def intervals_off(ic_s: Sequence[float] | Floats, part: float = 0.2) -> int:
    """Intervals further than `part` from their median."""
    intervals = np.diff(np.asarray(ic_s, float))
    if not len(intervals):
        return 0
    median = float(np.median(intervals))
    return int((np.abs(intervals - median) > part * median).sum())
