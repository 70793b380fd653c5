# SPDX-License-Identifier: MIT
"""The device's own pipeline on a recording: the same records, to the integer, as the unit would have logged.

Records come without the log's key; times are sample counts, seconds follow from the recording's own t_s.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from typing import TextIO

from kneecore.chips import Chip
from kneecore.guard import CLIPPED, FROZEN
from kneecore.pipeline import Pipeline
from kneecore.settings import Settings
from kneecore.version import VERSION

from .calibration import Calibration
from .player import Played, Run, Told, play
from .recording import Quantised


def replay(
    quantised: Quantised,
    chip: Chip,
    calibration: Calibration,
    settings: Settings,
    watch: Callable[[Pipeline], None] | None = None,
) -> Iterator[Told]:
    """START, then strides, cues and gaps in the order the unit tells them, then STOP.

    `watch` is called after every sample, which takes some ten times as long.
    """
    run = Run(quantised, chip, calibration.to_wire(), settings)
    return told(run, play(run, watch=watch))


def told(run: Run, played: Played) -> Iterator[Told]:
    """The records of a run that was played, between START and STOP."""
    rate_hz = run.quantised.rate_hz
    major, minor, patch = VERSION
    yield (
        "start",
        {
            "rate_hz": rate_hz,
            "acc_lsb_per_g": run.chip.acc_lsb_per_g,
            "gyro_lsb_per_10dps": run.chip.gyro_lsb_per_10dps,
            "fw_major": major,
            "fw_minor": minor,
            "fw_patch": patch,
            **run.calibration,
        },
    )
    yield from played.records
    strides = sum(name == "stride" for name, _ in played.records)
    yield "stop", {**played.end, "strides": strides, "rate_mhz": round(1000 * run.quantised.true_hz)}


class SampleRows:
    """CSV rows of every sample: t_s, lean_deg (empty while frozen), sagittal_dps, flags (clipped, frozen).

    Give `write` to `player.play` as its watcher.
    """

    def __init__(self, file: TextIO, quantised: Quantised) -> None:
        self._t0_s, self._rate_hz = quantised.t0_s, quantised.true_hz
        self._rows = csv.writer(file)
        self._rows.writerow(("t_s", "lean_deg", "sagittal_dps", "flags"))

    def write(self, pipeline: Pipeline) -> None:
        """The sample that the pipeline took last."""
        frozen = pipeline.seen & FROZEN
        flags = "frozen" if frozen else "clipped" if pipeline.seen & CLIPPED else ""
        self._rows.writerow(
            (
                self._time_s(pipeline.sample - 1),
                "" if frozen else pipeline.lean_cdeg() / 100,
                "" if frozen else pipeline.sagittal_rate() / 16,
                flags,
            )
        )

    def write_times(self, quantised: Quantised) -> None:
        """Every sample of a recording that could not be calibrated: its time alone."""
        for segment in quantised.segments:
            for sample in range(segment.start, segment.start + len(segment.counts) // 6):
                self._rows.writerow((self._time_s(sample), "", "", ""))

    def _time_s(self, sample: int) -> float:
        return round(self._t0_s + sample / self._rate_hz, 6)
