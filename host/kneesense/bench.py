# SPDX-License-Identifier: MIT
"""Speed and latency, each beside a named peer measured in the same run, or beside a limit that is fixed.

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
from typing import Any

from . import exportcost
from .errors import ExtraMissing, KneesenseError
from .samplecost import SampleCost, Skip

_STARTS = 7


@dataclass(frozen=True)
class Beside:
    """What a figure is compared with: a peer measured in the same run, or a `fixed` limit.

    `about` explains the name.
    """

    name: str
    measure: Callable[[], list[float]]
    fixed: bool = False
    about: str = ""


@dataclass(frozen=True)
class Row:
    """One line of the table; `skipped` says why there are no numbers, `peer_skipped` why none of the peer."""

    name: str
    beside: Beside
    unit: str = ""
    n: int = 0
    median: float | None = None
    spread: float | None = None
    peer_median: float | None = None
    skipped: str = ""
    peer_skipped: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times the peer's figure, or the limit, ours is."""
        if self.median is None or not self.peer_median:
            return None
        return self.median / self.peer_median

    def record(self) -> dict[str, Any]:
        """The JSON record."""
        return {
            "type": "bench", "name": self.name, "unit": self.unit, "n": self.n, "median": self.median,
            "spread": self.spread, "peer": self.beside.name, "peer_fixed": self.beside.fixed,
            "peer_median": self.peer_median, "ratio": self.ratio, "skipped": self.skipped or None,
            "peer_skipped": self.peer_skipped or None,
        }  # fmt: skip


STAGES = ("guard", "mount", "strike", "tilt", "tally", "lean")


def rows() -> Iterator[Row]:
    """Every row of the table, as it is measured."""
    cost = SampleCost()

    def in_micropython(name: str) -> Callable[[], list[float]]:
        return lambda: cost.figures(name)

    step = in_micropython("step_us")
    vqf = Beside("VQF", cost.vqf, about="VQF's C++ filter on the same samples")
    mahony = "a float Mahony filter in the same MicroPython"
    whole = Beside("whole step", step, about="all stages of the step in MicroPython")
    yield _row("step, CPython", "us/sample", cost.on_cpython, vqf)
    yield _row("step, MicroPython", "us/sample", step, vqf)
    yield _row(
        "step, MicroPython", "us/sample", step, Beside("Mahony", in_micropython("mahony_us"), about=mahony)
    )
    for stage in STAGES:
        yield _row(f"  of it {stage}", "us/sample", in_micropython(f"{stage}_us"), whole)
    heap = Beside("Mahony", in_micropython("mahony_bytes"), about=mahony)
    yield _row("heap of a step", "byte/sample", in_micropython("step_bytes"), heap)
    yield _row("replay, 1 h at 500 Hz", "s", cost.hour, _limit(3.0))
    interval = Beside(
        "interval", _interval_ms, fixed=True, about="between events of the simulated connection"
    )
    yield _row("stride to host", "ms", _stride_latency, interval)
    yield _row("toe-off to motor", "ms", _cue_latency, _limit(100.0))
    yield _row("FIT of a 90 min run", "s", exportcost.ours, _limit(5.0))
    library = Beside(
        "fit-tool", exportcost.fit_tool, about="a FIT library, as many records, native fields alone"
    )
    yield _row("FIT of a 90 min run", "s", exportcost.ours, library)
    python = Beside("python", lambda: _starts("-c", "pass"), about="start and end of an empty program")
    yield _row("kneesense --help", "s", _help_start, python)


def _row(name: str, unit: str, measure: Callable[[], list[float]], beside: Beside) -> Row:
    values, why = _tried(measure)
    if why:
        return Row(name, beside, skipped=why)
    peers, why_not = _tried(beside.measure)
    quarter = quantiles(values, n=4) if len(values) > 1 else [0.0, 0.0, 0.0]
    return Row(
        name, beside, unit, len(values), median(values), quarter[2] - quarter[0],
        median(peers) if peers else None, peer_skipped=why_not,
    )  # fmt: skip


def _tried(measure: Callable[[], list[float]]) -> tuple[list[float], str]:
    """What is measured; or nothing, and the reason in a line."""
    try:
        return measure(), ""
    except ImportError as error:
        missing = ExtraMissing("demo", f"no module {error.name}")  # the world's, so the extra is known
        return [], f"{missing}: {missing.advice}"
    except KneesenseError as error:
        return [], f"{error}: {error.advice}" if error.advice else str(error)
    except Skip as why:
        return [], str(why)


def _limit(value: float) -> Beside:
    return Beside("limit", lambda: [value], fixed=True)


def _interval_ms() -> list[float]:
    from .world.air import CONNECTION_INTERVAL_S

    return [1000 * CONNECTION_INTERVAL_S]


def _stride_latency() -> list[float]:
    from .world.timing import latencies

    return latencies().stride_ms


def _cue_latency() -> list[float]:
    from .world.timing import latencies

    found = latencies().cue_ms
    if not found:
        raise Skip("no cue came")
    return found


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
