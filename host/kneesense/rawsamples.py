# SPDX-License-Identifier: MIT
"""The samples of a stored run as a recording that `replay` turns into the same strides, integer for integer.

Counts become m/s^2 and rad/s with so many digits that rounding gives the very counts back.  t_s is true time, by the
rate measured over the run; the calibration beside the recording says by how much the sensor's clock was off, so that
`recording.quantise` finds the samples themselves and interpolates nothing.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, TextIO

import numpy as np

from kneecore import wire

from . import pace
from .calibration import Calibration
from .errors import NothingFound
from .frames import is_cut
from .recording import G, Recording
from .store import Run, Store
from .table import REQUIRED

_SCALES = ("rate_hz", "acc_lsb_per_g", "gyro_lsb_per_10dps")
_SAMPLE = struct.Struct("<6h")
# Digits after the point.  A count is 0.0048 m/s^2 or 0.0011 rad/s and more; 1 ns is 1e-6 of a sample at 1000 Hz, where
# two neighbours may differ by 65535 counts.
_ROW = "%.9f,%.6f,%.6f,%.6f,%.7f,%.7f,%.7f\n"


@dataclass(frozen=True)
class RunSamples:
    """`pieces`: (index in the run of the first sample, counts as bytes), in order, none twice."""

    start: dict[str, Any]
    """Fields of the run's START record."""
    clock_ratio: float
    """Measured over nominal rate; 1.0 where the unit has not measured it."""
    pieces: list[tuple[int, bytes]]
    missing: int
    """Samples that the unit took and that are not here; what it lost itself does not count."""

    @property
    def count(self) -> int:
        return sum(len(counts) for _, counts in self.pieces) // _SAMPLE.size

    @property
    def true_hz(self) -> float:
        return float(self.start["rate_hz"] * self.clock_ratio)

    def calibration(self, made_utc: str) -> Calibration:
        """What the unit used, with the sensor's clock as measured: goes beside the recording."""
        return replace(Calibration.from_wire(self.start, made_utc), clock_ratio=self.clock_ratio)

    def write(self, file: TextIO) -> None:
        """As a recording, see recording.py."""
        file.write(",".join(REQUIRED) + "\n")
        file.writelines(self._rows())

    def recording(self, name: str) -> Recording:
        """The same as `write` and `recording.load` give, to a hair: gaps where samples are missing."""
        counts = np.frombuffer(b"".join(counts for _, counts in self.pieces), np.dtype("<i2")).reshape(-1, 6)
        sizes = [len(counts) // _SAMPLE.size for _, counts in self.pieces]
        index = np.concatenate(
            [np.arange(first, first + n) for (first, _), n in zip(self.pieces, sizes, strict=True)]
        )
        acc = counts[:, :3].astype(float) * (G / self.start["acc_lsb_per_g"])
        gyro = counts[:, 3:].astype(float) * math.radians(10 / self.start["gyro_lsb_per_10dps"])
        gaps = {int(row) + 1: "time_jump" for row in np.flatnonzero(np.diff(index) > 1)}
        return Recording(name, index.astype(float) / self.true_hz, acc, gyro, gaps, ())

    def _rows(self) -> Iterator[str]:
        true_hz = self.true_hz
        acc = G / self.start["acc_lsb_per_g"]
        gyro = math.radians(10 / self.start["gyro_lsb_per_10dps"])
        for first, counts in self.pieces:
            for i, (ax, ay, az, gx, gy, gz) in enumerate(_SAMPLE.iter_unpack(counts), first):
                yield _ROW % (i / true_hz, ax * acc, ay * acc, az * acc, gx * gyro, gy * gyro, gz * gyro)


def of_run(store: Store, run: Run) -> RunSamples:
    """NothingFound for a run without samples."""
    frames = store.run_records(run)
    start = frames[0].values()
    pieces: list[tuple[int, bytes]] = []
    gaps: list[tuple[int, int]] = []
    end = 0
    for frame in frames:
        values = frame.values()
        if is_cut(values):
            continue
        if frame.code == wire.RAW.code:
            count = len(values["counts"]) // _SAMPLE.size
            pieces.append((values["sample"], values["counts"][: count * _SAMPLE.size]))
            end = values["sample"] + count
        elif frame.code == wire.GAP.code:
            gaps.append((values["at_x16"] >> 4, (values["at_x16"] >> 4) + values["samples"]))
        elif frame.code == wire.STOP.code:
            end = values["samples"]
    if is_cut(start) or not all(start[name] for name in _SCALES):
        raise NothingFound(
            f"run {run.id} does not say at which rate and range it was recorded", "fetch it again"
        )
    if not pieces:
        raise NothingFound(
            f"run {run.id} has no samples", "they are recorded while the unit's setting raw_record is 1"
        )
    ratio = pace.of(frames).rate_hz / start["rate_hz"]
    return RunSamples(start, ratio, pieces, _missing(pieces, gaps, end))


def _missing(pieces: list[tuple[int, bytes]], gaps: list[tuple[int, int]], end: int) -> int:
    """How many of the samples 0 to `end` are in no piece and in no gap."""
    missing = following = 0
    for first, counts in [*pieces, (end, b"")]:
        known = sum(max(0, min(first, to) - max(following, at)) for at, to in gaps)
        missing += max(0, first - following - known)
        following = first + len(counts) // _SAMPLE.size
    return missing
