# SPDX-License-Identifier: MIT
"""The device's own pipeline on a recording: the same records, to the integer, as the unit would have logged.

Records come without the log's key; times are sample counts, seconds follow from the recording's own t_s.
"""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

from kneecore import wire
from kneecore.chips import Chip
from kneecore.guard import CLIPPED, FROZEN
from kneecore.pipeline import EV_CUE, EV_GAP, EV_STRIDE, Pipeline
from kneecore.settings import Settings
from kneecore.version import VERSION

from .calibration import Calibration
from .errors import InputError
from .recording import Quantised

Told = tuple[str, dict[str, int]]
"""Name of a wire record and its fields."""

_STRIDE_FIELDS = tuple(name for name, _ in wire.STRIDE.fields[3:])
_CUE_FIELDS = tuple(name for name, _ in wire.CUE.fields[3:])


def replay(
    quantised: Quantised,
    chip: Chip,
    calibration: Calibration,
    settings: Settings,
    watch: Callable[[Pipeline], None] | None = None,
) -> Iterator[Told]:
    """START, then strides, cues and gaps in the order the unit tells them, then STOP.

    `watch` is called after every sample.
    """
    fields = calibration.to_wire()
    rate_hz = quantised.rate_hz
    pipeline = Pipeline(rate_hz, chip.acc_lsb_per_g, chip.gyro_lsb_per_10dps, fields, settings)
    major, minor, patch = VERSION
    yield (
        "start",
        {
            "rate_hz": rate_hz,
            "acc_lsb_per_g": chip.acc_lsb_per_g,
            "gyro_lsb_per_10dps": chip.gyro_lsb_per_10dps,
            "fw_major": major,
            "fw_minor": minor,
            "fw_patch": patch,
            **fields,
        },
    )
    strides = 0
    for event in _events(quantised, pipeline, watch):
        strides += bool(event & EV_STRIDE)
        yield from _told(pipeline, event)
    yield (
        "stop",
        {
            "samples": pipeline.sample,
            "gap_samples": pipeline.gap_samples,
            "run_x16": pipeline.run_x16,
            "walk_x16": pipeline.walk_x16,
            "unsure_x16": pipeline.unsure_x16,
            "still_x16": pipeline.still_x16,
            "strides": strides,
            "rate_mhz": rate_hz * 1000,
        },
    )


def _events(
    quantised: Quantised, pipeline: Pipeline, watch: Callable[[Pipeline], None] | None
) -> Iterator[int]:
    """Every event of the run, once; the pipeline then holds what it is about."""
    for segment in quantised.segments:
        if segment.lost:
            yield pipeline.gap(segment.lost, wire.GAP_REASONS.index(segment.reason))
        counts = segment.counts
        for offset in range(0, len(counts), 6):
            event = pipeline.step(counts, offset)
            if watch:
                watch(pipeline)
            if event:
                yield event
    while event := pipeline.finish():
        yield event


def _told(pipeline: Pipeline, event: int) -> Iterator[Told]:
    if event & EV_CUE:
        yield "cue", {name: getattr(pipeline.cue, name) for name in _CUE_FIELDS}
    if event & EV_GAP:
        gap = {
            "at_x16": pipeline.gap_at_x16,
            "samples": pipeline.gap_length,
            "reason": pipeline.gap_reason,
        }
        yield "gap", gap
    if event & EV_STRIDE:
        yield "stride", {name: getattr(pipeline.stride, name) for name in _STRIDE_FIELDS}


class SampleFile:
    """A CSV of every sample: t_s, lean_deg (empty while frozen), sagittal_dps, flags (clipped, frozen).

    Give `write` to `replay` as its watcher.  The file appears only when it is complete.
    """

    def __init__(self, path: Path, quantised: Quantised) -> None:
        self._path = path
        self._t0_s, self._rate_hz = quantised.t0_s, quantised.rate_hz
        try:
            handle, name = tempfile.mkstemp(".part", path.name, path.parent)
        except OSError as error:
            raise InputError(f"{path}: cannot be written ({error.strerror})") from None
        self._part = Path(name)
        self._file = os.fdopen(handle, "w", newline="", encoding="utf-8")
        self._rows = csv.writer(self._file)
        self._rows.writerow(("t_s", "lean_deg", "sagittal_dps", "flags"))

    def write(self, pipeline: Pipeline) -> None:
        frozen = pipeline.seen & FROZEN
        flags = "frozen" if frozen else "clipped" if pipeline.seen & CLIPPED else ""
        self._rows.writerow(
            (
                round(self._t0_s + (pipeline.sample - 1) / self._rate_hz, 6),
                "" if frozen else pipeline.lean_cdeg() / 100,
                "" if frozen else pipeline.sagittal_rate() / 16,
                flags,
            )
        )

    def __enter__(self) -> SampleFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._file.close()
        if kind is None:
            self._part.replace(self._path)
        else:
            self._part.unlink()
