# SPDX-License-Identifier: MIT
"""Speed and latency as ratios against a named peer, measured in the same run.

A figure in microseconds says little away from the machine it was taken on; the ratio to a known program says more.
Every row gives the median, the spread (quartile to quartile) and the number of measurements.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median, quantiles

from .errors import KneesenseError
from .samplecost import SampleCost, Skip

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


def rows() -> Iterator[Row]:
    """Every row of the table, as it is measured."""
    cost = SampleCost()

    def in_micropython(name: str) -> Callable[[], list[float]]:
        return lambda: cost.figures(name)

    step, mahony = in_micropython("step_us"), in_micropython("mahony_us")
    vqf = "VQF (C++), same samples"
    yield _row("sample step, CPython", "us/sample", cost.on_cpython, vqf, cost.vqf)
    yield _row("sample step, MicroPython", "us/sample", step, vqf, cost.vqf)
    yield _row("sample step, MicroPython", "us/sample", step, "float Mahony, MicroPython", mahony)
    for stage in ("guard", "mount", "strike", "tilt", "tally", "lean"):
        yield _row(f"  of it {stage}", "us/sample", in_micropython(f"{stage}_us"), "whole step", step)
    yield _row(
        "heap, sample step", "bytes/sample", in_micropython("step_bytes"), "float Mahony, MicroPython",
        in_micropython("mahony_bytes"),
    )  # fmt: skip
    yield _row("replay of 1 h at 500 Hz", "s", cost.hour, "limit", lambda: [3.0])
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
