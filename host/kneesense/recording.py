# SPDX-License-Identifier: MIT
"""Recordings: a CSV of one shank sensor, checked while it is loaded, then resampled and quantised to chip counts.

Columns by name, in any order: t_s [s], ax ay az [m/s^2, specific force], gx gy gz [rad/s], sensor axes; .csv or
.csv.gz.  Every row that cannot be used is an error with its line, or is dropped and counted; nothing is guessed.
`quantise` is the only way from a recording to counts, for `replay` and for the virtual chip.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kneecore.chips import Chip

from . import scales, stamps
from .errors import InputError
from .scales import G as G
from .table import Floats, Table, read

RATES_HZ = (200, 1000)  # what the device's filters are made for

_GAP = 1.75  # sample intervals: one missing row makes 2; jitter stays below
_SLOW_HZ = 100
# beyond any sensor on a leg: a value that was spoilt on its way, unless there are many and it is another unit
_ACC_IMPOSSIBLE, _GYRO_IMPOSSIBLE = 1000.0, 100.0
_SPOILT_SHARE = 0.01
# (least median step of t_s, unit it is then likely in, its part of a second): no shank sensor is as slow as 2 Hz
_TIME_SCALES = ((500_000.0, "ns", 1e-9), (500.0, "us", 1e-6), (0.5, "ms", 1e-3))
_ROWS_TO_JUDGE = 10
_LONGEST_S = 7 * 86400.0  # from the first row to the last: one run
_LONGEST_OF_FEW_S = 3600.0


@dataclass(frozen=True)
class Recording:
    """Checked samples of one sensor, its axes.  Strictly increasing times, no NaN."""

    name: str
    t_s: Floats  # (n,)
    acc: Floats  # (n, 3) m/s^2
    gyro: Floats  # (n, 3) rad/s
    gaps: dict[int, str]  # row a gap ends at -> its reason, as in wire.GAP_REASONS
    warnings: tuple[str, ...]

    @property
    def rate_hz(self) -> float:
        """Median sample rate; 0 with fewer than two samples."""
        interval = _interval(self.t_s)
        return 1 / interval if interval else 0.0

    def pieces(self) -> Iterator[tuple[int, int]]:
        """(first, end) rows of each stretch without a gap."""
        bounds = [0, *sorted(self.gaps), len(self.t_s)]
        return (pair for pair in pairwise(bounds) if pair[0] < pair[1])


@dataclass(frozen=True)
class Segment:
    """Samples in a row: `counts` is ax ay az gx gy gz, ... as array('h'); `lost` samples are missing before it."""

    start: int  # index of the first sample since the run's start, lost ones counted
    lost: int
    reason: str  # "" or one of wire.GAP_REASONS
    counts: array[int]


@dataclass(frozen=True)
class Quantised:
    """A recording as a chip would have given it.  Sample k was taken at t0_s + k / true_hz."""

    t0_s: float
    rate_hz: int
    """What the unit takes for the rate."""
    segments: tuple[Segment, ...]
    clock_ratio: float = 1.0
    """How fast the sensor's own clock runs against true time."""

    @property
    def true_hz(self) -> float:
        """Samples per true second."""
        return self.rate_hz * self.clock_ratio

    @property
    def samples(self) -> int:
        """Samples from start to end, lost ones counted."""
        if not self.segments:
            return 0
        last = self.segments[-1]
        return last.start + len(last.counts) // 6


def quantise(recording: Recording, rate_hz: int, chip: Chip, clock_ratio: float = 1.0) -> Quantised:
    """Resample to `rate_hz` (linear, never across a gap) and round to the chip's int16 counts, saturated.

    `clock_ratio`: of the sensor to be (calibration.py): where it is the one that recorded, the samples are its own.
    """
    if not RATES_HZ[0] <= rate_hz <= RATES_HZ[1]:
        raise InputError(f"rate of {rate_hz} Hz: must be {RATES_HZ[0]} to {RATES_HZ[1]}")
    if not len(recording.t_s):
        return Quantised(0.0, rate_hz, (), clock_ratio)
    t0_s = float(recording.t_s[0])
    place = (recording.t_s - t0_s) * (rate_hz * clock_ratio)  # of each row, in samples
    signals = np.column_stack(
        (
            recording.acc * (chip.acc_lsb_per_g / G),
            np.degrees(recording.gyro) * (chip.gyro_lsb_per_10dps / 10),
        )
    )
    segments: list[Segment] = []
    following = 0
    for first, end in recording.pieces():
        start = int(np.ceil(place[first] - 1e-6))
        grid = np.arange(start, int(np.floor(place[end - 1] + 1e-6)) + 1)
        if not len(grid):
            continue
        resampled = np.column_stack([np.interp(grid, place[first:end], s[first:end]) for s in signals.T])
        counts = array("h", np.clip(np.rint(resampled), -32768, 32767).astype(np.int16).tobytes())
        lost = start - following
        if segments and not lost:  # the gap lies between two samples of this rate
            segments[-1].counts.extend(counts)
        else:
            segments.append(Segment(start, lost, recording.gaps.get(first, ""), counts))
        following = start + len(grid)
    return Quantised(t0_s, rate_hz, tuple(segments), clock_ratio)


def load(path: str | Path) -> Recording:
    """Read and check one recording.  InputError names the file, the line and the cure."""
    table = read(Path(path))
    values = table.values
    warnings = []
    extra = [name for name in table.extra if not name.startswith("thigh_")]
    if extra:
        warnings.append(f"{path}: ignored columns: {', '.join(extra)}")

    spoilt = _spoilt(values)
    usable = np.isfinite(values).all(axis=1) & ~spoilt
    timed = np.isfinite(values[:, 0])
    same = np.zeros(len(values), bool)
    same[1:] = usable[1:] & (values[1:] == values[:-1]).all(axis=1)
    bunched = stamps.bunched(values[timed & ~same, 0])
    if bunched:
        same[:] = False  # two alike that came together are two samples
    if same.any():
        warnings.append(f"{path}: {same.sum()} duplicated rows dropped")
    if spoilt.any():
        at = table.lines[int(np.argmax(spoilt))]
        warnings.append(
            f"{path}: {spoilt.sum()} rows with values that no sensor gives dropped, first line {at}; they are gaps"
        )
    missing = ~usable & ~spoilt
    if missing.any():
        at = table.lines[int(np.argmax(missing))]
        warnings.append(
            f"{path}: {missing.sum()} rows with missing values dropped, first line {at}; they are gaps"
        )
    rows = np.flatnonzero(timed & ~same)
    t_s = values[rows, 0]
    back = np.flatnonzero(np.diff(t_s) < 0 if bunched else np.diff(t_s) <= 0) + 1
    if len(back):
        _refuse_order(table, rows, back)
    t_s, told = stamps.taken(t_s)
    if told:
        warnings.append(f"{path}: {told}")
    kept = rows[usable[rows]]
    t_s = t_s[usable[rows]]
    values = values[kept]

    _check_time_scale(table.path, t_s)
    gaps = {int(i) + 1: "time_jump" for i in np.flatnonzero(np.diff(t_s) > _GAP * _interval(t_s))}
    # rows dropped so far, at each kept row: where it grows, a gap ends
    lost_so_far = np.cumsum(missing | spoilt)[kept]
    gaps |= {int(i) + 1: "nan" for i in np.flatnonzero(np.diff(lost_so_far))}
    if _interval(t_s) > 1.02 / _SLOW_HZ:
        warnings.append(
            f"{path}: {1 / _interval(t_s):.0f} Hz is too slow for impacts; {_SLOW_HZ} Hz or more is needed"
        )
    acc, gyro = np.ascontiguousarray(values[:, 1:4]), np.ascontiguousarray(values[:, 4:7])
    warnings += scales.check(table.path, t_s, acc, gyro)
    return Recording(str(path), t_s.copy(), acc, gyro, gaps, tuple(warnings))


def _spoilt(values: Floats) -> NDArray[np.bool_]:
    size = np.abs(values)
    spoilt = np.zeros(len(values), bool)
    spoilt |= (size[:, 1:4] > _ACC_IMPOSSIBLE).any(axis=1) | (size[:, 4:7] > _GYRO_IMPOSSIBLE).any(axis=1)
    spoilt &= bool(spoilt.sum() <= _SPOILT_SHARE * len(values))
    return spoilt


def _interval(t_s: Floats) -> float:
    return float(np.median(np.diff(t_s))) if len(t_s) > 1 else 0.0


def _refuse_order(table: Table, kept: NDArray[np.intp], back: NDArray[np.intp]) -> None:
    """t_s repeats or goes back at the kept rows `back`: because it restarts per group, or by mistake."""
    row, before = kept[back[0]], kept[back[0] - 1]
    place = f"{table.path}: line {table.lines[row]}"
    groups = table.changing_at(set(kept[back].tolist()))
    if groups:
        message = f"{place}: t_s restarts per {', '.join(groups)}"
        raise InputError(message, "a recording is one run: split the file by these columns")
    t_s = table.values[:, 0]
    raise InputError(f"{place}: t_s goes from {t_s[before]:g} to {t_s[row]:g}", "sort the rows by t_s")


def _check_time_scale(path: Path, t_s: Floats) -> None:
    step, few = _interval(t_s), len(t_s) < _ROWS_TO_JUDGE
    for least, unit, seconds in () if few else _TIME_SCALES:
        if step >= least:
            raise InputError(
                f"{path}: t_s grows by {step:g} a row, no sensor is so slow in seconds",
                f"it looks like {unit}: multiply t_s by {seconds:g}",
            )
    span_s = t_s[-1] - t_s[0] if len(t_s) else 0.0
    if not span_s <= (_LONGEST_OF_FEW_S if few else _LONGEST_S):
        raise InputError(
            f"{path}: {len(t_s)} rows over {span_s / 86400:.3g} days",
            "a recording is one run, t_s in seconds",
        )
