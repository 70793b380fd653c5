# SPDX-License-Identifier: MIT
"""What one sample costs the pipeline, on a run of the built-in runner: time by stage, heap, and peers on the same data.

Times of a desktop say little about the ESP32; the ratios to peers in the same interpreter do.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from array import array
from collections import defaultdict
from functools import cached_property
from pathlib import Path

import numpy as np

from kneecore import chips
from kneecore.settings import Settings

from .calibration import Calibration
from .errors import ExtraMissing
from .player import CPYTHON, Run, play
from .recording import Quantised, Segment
from .simulator import Phase, RunnerModel
from .simulator.motion import GRAVITY_MPS2
from .world.firmware import firmware_dir, micropython

_CHIP = chips.find("mpu6050")
_SECONDS = 20.0
_HOUR = 3600 * _CHIP.rate_hz
_REPEATS = 5
_PATIENCE_S = 10.0
_PROGRAM = Path(__file__).parent / "programs" / "sample_cost.py"


class Skip(Exception):
    """What cannot be measured here, and why."""


class SampleCost:
    """Measures on first use.  The unit's axes are those of the shank."""

    def __init__(self) -> None:
        t_s = np.arange(0, _SECONDS, 1 / _CHIP.rate_hz)
        self._force, self._rate = RunnerModel([Phase("run", _SECONDS, 166)]).sample(t_s)
        counts = np.column_stack(
            (
                self._force * (_CHIP.acc_lsb_per_g / GRAVITY_MPS2),
                np.degrees(self._rate) * (_CHIP.gyro_lsb_per_10dps / 10),
            )
        )
        self._counts = array("h", np.clip(np.rint(counts), -32768, 32767).astype(np.int16).tobytes())
        self._samples = len(t_s)
        identity = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
        self._mounting = Calibration(
            identity, (0.0, 0.0, 0.0), 1.0, 0.0, "right", "unknown", _CHIP.name, ""
        ).to_wire()

    def figures(self, name: str) -> list[float]:
        """Of MicroPython: step_us, guard_us, mount_us, strike_us, tilt_us, tally_us, lean_us, mahony_us, ..._bytes."""
        return self._in_micropython[name]

    @cached_property
    def _in_micropython(self) -> dict[str, list[float]]:
        with tempfile.TemporaryDirectory() as folder:
            counts, about = Path(folder) / "counts.bin", Path(folder) / "run.json"
            counts.write_bytes(self._counts.tobytes())
            scales = {
                name: getattr(_CHIP, name) for name in ("rate_hz", "acc_lsb_per_g", "gyro_lsb_per_10dps")
            }
            about.write_text(json.dumps({**scales, "calibration": self._mounting}))
            done = subprocess.run(
                [micropython(), "-X", "heapsize=2m", str(_PROGRAM), str(counts), str(about), str(_REPEATS)],
                env={**os.environ, "MICROPYPATH": f"{firmware_dir()}:{_PROGRAM.parent}:.frozen"},
                capture_output=True, text=True, timeout=300,
            )  # fmt: skip
        if done.returncode:
            raise Skip(f"MicroPython failed: {(done.stderr or done.stdout)[-300:].strip()}")
        found: dict[str, list[float]] = defaultdict(list)
        for line in done.stdout.splitlines():
            name, value = line.split()
            found[name].append(float(value))
        return found

    def _run(self, samples: int) -> Run:
        counts = (self._counts * (samples // self._samples + 1))[: 6 * samples]
        quantised = Quantised(0.0, _CHIP.rate_hz, (Segment(0, 0, "", counts),))
        return Run(quantised, _CHIP, self._mounting, Settings())

    def on_cpython(self) -> list[float]:
        """us a sample."""
        return [1e6 * _seconds(self._run(self._samples), CPYTHON) / self._samples for _ in range(_REPEATS)]

    def hour(self) -> list[float]:
        """Seconds to replay an hour with the engine that replay takes; once when that is the slow one."""
        run, times = self._run(_HOUR), list[float]()
        while len(times) < 3 and sum(times) < _PATIENCE_S:
            times.append(_seconds(run))
        return times

    def vqf(self) -> list[float]:
        """us a sample of VQF's C++ filter on the same data."""
        try:
            from vqf import VQF
        except ImportError:
            raise ExtraMissing("analysis") from None
        rate, force = np.ascontiguousarray(self._rate), np.ascontiguousarray(self._force)
        times = []
        for _ in range(_REPEATS):
            start = time.perf_counter()
            VQF(1 / _CHIP.rate_hz).updateBatch(rate, force)
            times.append((time.perf_counter() - start) * 1e6 / self._samples)
        return times


def _seconds(run: Run, engine: str = "") -> float:
    start = time.perf_counter()
    play(run, engine)
    return time.perf_counter() - start
