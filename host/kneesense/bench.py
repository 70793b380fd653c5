# SPDX-License-Identifier: MIT
"""Speed and latency as ratios against a named peer, measured in the same run.

A figure in microseconds says little away from the machine it was taken on; the ratio to a known program says more.
Every row gives the median, the spread (quartile to quartile) and the number of measurements.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

import numpy as np

from kneecore import chips
from kneecore.pipeline import Pipeline
from kneecore.settings import Settings

from .calibration import Calibration
from .errors import ExtraMissing, KneesenseError
from .simulator import Phase, RunnerModel
from .simulator.motion import GRAVITY_MPS2

_CHIP = chips.find("mpu6050")
_SECONDS = 20.0
_REPEATS = 5
_STARTS = 7


@dataclass(frozen=True)
class Row:
    """One line of the table; `skipped` says why there are no numbers."""

    name: str
    unit: str = ""
    n: int = 0
    median: float | None = None
    spread: float | None = None
    peer: str = ""
    peer_median: float | None = None
    skipped: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times the peer's figure ours is."""
        if self.median is None or not self.peer_median:
            return None
        return self.median / self.peer_median


class Skip(Exception):
    """A row or a peer that cannot be measured here."""


def rows() -> Iterator[Row]:
    """Every row of the table, as it is measured."""
    run = _Run()
    for name, measure in (
        ("sample step, CPython", run.on_cpython),
        ("sample step, MicroPython", run.on_micropython),
    ):
        yield _row(name, "us/sample", measure, "VQF (C++), same samples", run.vqf)
    yield _row("stride to host, virtual radio", "ms", _stride_latency, "connection interval", _interval_ms)
    yield _row("toe-off to motor, virtual world", "ms", _cue_latency, "limit", lambda: [100.0])
    yield _row("kneesense --help", "s", _help_start, "python -c pass", lambda: _starts("-c", "pass"))


def _row(
    name: str,
    unit: str,
    measure: Callable[[], list[float]],
    peer: str,
    measure_peer: Callable[[], list[float]],
) -> Row:
    try:
        values = measure()
    except (Skip, KneesenseError) as why:
        return Row(name, skipped=str(why))
    try:
        peer_median: float | None = median(measure_peer())
    except (Skip, KneesenseError) as why:
        peer, peer_median = f"{peer}: skipped, {why}", None
    quarter = quantiles(values, n=4) if len(values) > 1 else [0.0, 0.0, 0.0]
    return Row(name, unit, len(values), median(values), quarter[2] - quarter[0], peer, peer_median)


class _Run:
    """A run of the built-in runner as chip counts, with the identity as mounting."""

    def __init__(self) -> None:
        t_s = np.arange(0, _SECONDS, 1 / _CHIP.rate_hz)
        self.force, self.rate = RunnerModel([Phase("run", _SECONDS, 166)]).sample(t_s)
        counts = np.column_stack(
            (
                self.force * (_CHIP.acc_lsb_per_g / GRAVITY_MPS2),
                np.degrees(self.rate) * (_CHIP.gyro_lsb_per_10dps / 10),
            )
        )
        self.counts = array("h", np.clip(np.rint(counts), -32768, 32767).astype(np.int16).tobytes())
        self.samples = len(t_s)
        identity = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
        self.mount = Calibration(
            identity, (0.0, 0.0, 0.0), 1.0, 0.0, "right", "unknown", "mpu6050", ""
        ).to_wire()

    def on_cpython(self) -> list[float]:
        return [self._once() for _ in range(_REPEATS)]

    def _once(self) -> float:
        chip, counts = _CHIP, self.counts
        pipeline = Pipeline(chip.rate_hz, chip.acc_lsb_per_g, chip.gyro_lsb_per_10dps, self.mount, Settings())
        start = time.perf_counter()
        for offset in range(0, len(counts), 6):
            pipeline.step(counts, offset)
        return (time.perf_counter() - start) * 1e6 / self.samples

    def on_micropython(self) -> list[float]:
        from .world.firmware import firmware_dir, micropython

        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "counts.bin"
            file.write_bytes(self.counts.tobytes())
            numbers = (_CHIP.rate_hz, _CHIP.acc_lsb_per_g, _CHIP.gyro_lsb_per_10dps, _REPEATS)
            done = subprocess.run(
                [
                    micropython(), "-X", "heapsize=4m", str(Path(__file__).parent / "programs" / "step_time.py"),
                    str(file), *map(str, numbers), *(f"{name}={value}" for name, value in self.mount.items()),
                ],
                env={"MICROPYPATH": f"{firmware_dir()}:.frozen"}, capture_output=True, text=True, timeout=300,
            )  # fmt: skip
        if done.returncode:
            raise Skip(f"MicroPython failed: {done.stderr.strip() or done.stdout.strip()}")
        return [float(line) for line in done.stdout.split()]

    def vqf(self) -> list[float]:
        try:
            from vqf import VQF
        except ImportError:
            raise Skip(f"needs the extra 'analysis': {ExtraMissing('analysis').advice}") from None
        times = []
        for _ in range(_REPEATS):
            start = time.perf_counter()
            VQF(1 / _CHIP.rate_hz).updateBatch(
                np.ascontiguousarray(self.rate), np.ascontiguousarray(self.force)
            )
            times.append((time.perf_counter() - start) * 1e6 / self.samples)
        return times


def _stride_latency() -> list[float]:
    from .world.timing import latencies

    return latencies().stride_ms


def _cue_latency() -> list[float]:
    from .world.timing import latencies

    found = latencies().cue_ms
    if not found:
        raise Skip("no cue came")
    return found


def _interval_ms() -> list[float]:
    from .world.air import CONNECTION_INTERVAL_S

    return [1000 * CONNECTION_INTERVAL_S]


def _help_start() -> list[float]:
    return _starts("-m", "kneesense", "--help")


def _starts(*arguments: str) -> list[float]:
    """Wall time of a fresh interpreter, after one that warms the file cache."""
    times = []
    for _ in range(_STARTS + 1):
        start = time.perf_counter()
        subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
        times.append(time.perf_counter() - start)
    return times[1:]
