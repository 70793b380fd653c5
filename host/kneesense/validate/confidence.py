# SPDX-License-Identifier: MIT
"""Does the confidence of a stride predict its error?  Measured where it should be low: on spoilt recordings.

Runners as they are, and with one thing wrong: a chip of +-4 g that clips every impact, a loose strap, samples missing,
a gyro bias that jumps by 3 deg/s.  The error of a stride is that of its lean, its contact and its contact time; the
mean error of the runner's unspoilt strides is the calibration's, which no stride can know of, and is taken out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from kneecore.chips import Chip

from .. import selfcal
from ..recording import Recording
from ..simulator import LOOSE, Phase, Runner, Sensor, runners, sensors, simulate
from .compare import Tally, compare
from .found import first_seconds, pipeline_of
from .stats import rms

BINS = ((0, 60), (60, 80), (80, 101))  # cues need 60
ERRORS = {"lean_mid_deg": "deg", "ic_ms": "ms", "contact_ms": "ms"}
SPOILT = ("nothing", "clipping", "loose strap", "gaps", "bias jump")

_SCRIPT = (Phase("still", 6), Phase("walk", 15), Phase("run", 45), Phase("still", 3))
_RUN_FROM_S = 21.0
_SMALL_RANGE = Chip("mpu6050", 8192, 164, 500)
_JUMP = np.radians((1.5, 2.0, -1.5))  # 3 deg/s
_JUMP_AT_S = 40.0
_GAPS = 8
_LEAST = 10  # strides a bin needs to be judged


@dataclass(frozen=True)
class Bin:
    """Strides with a confidence from `low` to below `high`; RMS errors by metric, None with too few strides."""

    low: int
    high: int
    n: int
    rms: dict[str, float | None]


@dataclass(frozen=True)
class Curve:
    """Errors over confidence, and of each way to spoil a recording its mean confidence and RMS lean error."""

    bins: tuple[Bin, ...]
    spoilt: dict[str, tuple[float, float]]

    @property
    def predicts(self) -> bool:
        """In every metric the least trusted bin is worse than the most trusted one."""
        for name in ERRORS:
            known = [value for b in self.bins if (value := b.rms[name]) is not None]
            if len(known) < 2 or known[0] <= known[-1]:
                return False
        return True

    def text(self) -> str:
        """RMS errors from the least to the most trusted bin."""
        return "; ".join(
            f"{name.rpartition('_')[0]} {', '.join(_short(b.rms[name]) for b in self.bins)} {unit}"
            for name, unit in ERRORS.items()
        )


@dataclass(frozen=True)
class _Error:
    """One stride: its confidence, and its errors where they are known."""

    confidence: int
    of: dict[str, float]


def curve(n: int, seed: int, progress: Callable[[str], None]) -> Curve:
    """Of `n` runners, each spoilt in every way."""
    errors: dict[str, list[_Error]] = {how: [] for how in SPOILT}
    for i, (runner, sensor) in enumerate(zip(runners(n, seed), sensors(n, seed), strict=True)):
        usual: dict[str, float] = {}
        for how in SPOILT:
            progress(f"confidence: runner {i + 1}, {how}")
            tally = _spoilt(runner, sensor, how, i)
            if how == "nothing":
                usual = {name: got.bias for name in ERRORS if (got := tally.spread(name))}
            errors[how] += [
                _Error(
                    pair.found["confidence"],
                    {
                        name: e - usual.get(name, 0.0)
                        for name in ERRORS
                        if (e := pair.error(name)) is not None
                    },
                )
                for pair in tally.pairs
            ]
    everything = [error for how in SPOILT for error in errors[how]]
    return Curve(
        tuple(_bin(everything, low, high) for low, high in BINS),
        {
            how: (float(np.mean([e.confidence for e in some])), _rms(some, "lean_mid_deg") or 0.0)
            for how, some in errors.items()
            if some
        },
    )


def _spoilt(runner: Runner, sensor: Sensor, how: str, number: int) -> Tally:
    worn = replace(sensor, strap=LOOSE) if how == "loose strap" else sensor
    simulated = simulate(runner, _SCRIPT, worn, seed=number)
    # Calibrated before anything went wrong
    clean = simulate(runner, _SCRIPT, sensor, seed=number).recording
    own = selfcal.auto(first_seconds(clean, _RUN_FROM_S), simulated.side).calibration
    recording = simulated.recording
    if how == "gaps":
        recording = _with_gaps(recording, np.random.default_rng(number))
    elif how == "bias jump":
        after = (recording.t_s > _JUMP_AT_S)[:, None]
        recording = replace(recording, gyro=recording.gyro + after * _JUMP)
    found = pipeline_of(recording, own, chip=_SMALL_RANGE if how == "clipping" else None)
    true = [asdict(stride) for stride in simulated.strides]
    running = [t for t in true if t["gait"] == "run"]
    return compare(found.strides, running, [how] * len(running), f"runner {number + 1}")


def _with_gaps(recording: Recording, random: np.random.Generator) -> Recording:
    """Samples missing for 0.1 to 1 s, at some moments of the run."""
    kept = np.ones(len(recording.t_s), bool)
    for start_s in random.uniform(_RUN_FROM_S, recording.t_s[-1] - 5, _GAPS):
        kept &= ~((recording.t_s > start_s) & (recording.t_s < start_s + random.uniform(0.1, 1.0)))
    rows = np.flatnonzero(kept)
    gaps = {int(i) + 1: "fifo_overflow" for i in np.flatnonzero(np.diff(rows) > 1)}
    return replace(
        recording, t_s=recording.t_s[kept], acc=recording.acc[kept], gyro=recording.gyro[kept], gaps=gaps
    )


def _bin(errors: Sequence[_Error], low: int, high: int) -> Bin:
    inside = [error for error in errors if low <= error.confidence < high]
    return Bin(low, high, len(inside), {name: _rms(inside, name) for name in ERRORS})


def _rms(errors: Sequence[_Error], metric: str) -> float | None:
    known = [error.of[metric] for error in errors if metric in error.of]
    return rms(np.array(known)) if len(known) >= _LEAST else None


def _short(value: float | None) -> str:
    return "?" if value is None else f"{value:.2g}"
