# SPDX-License-Identifier: MIT
"""Everything the pipeline makes of a set of runs, as one digest per run.  The digests are in tests/vectors.

`python -m core.golden --write` (from tests/) makes them anew: for a change that is meant to change results.

The runs are made of integers alone, so that they are the same on every machine: cycles of a runner strung together at
changing pace, noise, standing, gaps, frozen stretches; then input that no runner makes.  Recordings come beside them.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from core.mounting import CYCLIC, IDENTITY, OBLIQUE, calibration
from kneecore import mount, wire
from kneecore.pipeline import EV_CONTACT, EV_CUE, EV_GAP, EV_STRIDE, EV_TOE_OFF, Pipeline
from kneecore.settings import Settings

VECTORS = Path(__file__).parents[1] / "vectors"
DIGESTS = VECTORS / "pipeline-digests.json"
STRIDE_FIELDS = wire.STRIDE.names[3:]
CUE_FIELDS = wire.CUE.names[3:]

MPU6050, LSM6DSO32 = (2048, 164), (1024, 143)
CYCLES = json.loads((VECTORS / "cycles.json").read_text())
STANDING = (0, 1022, -60, 0, 0, 0)


@dataclass
class Run:
    """Counts and what the pipeline is told about them; `gaps`: before which sample -> (samples missing, reason)."""

    counts: array[int]
    rate_hz: int
    scales: tuple[int, int] = MPU6050
    calibration: dict[str, int] = field(default_factory=lambda: calibration(side=mount.RIGHT))
    gaps: dict[int, tuple[int, int]] = field(default_factory=dict)
    settings: dict[str, int] = field(default_factory=dict)


class Noise:
    """Random integers that are the same everywhere."""

    def __init__(self, seed: int) -> None:
        self._state = seed

    def below(self, n: int) -> int:
        self._state = (self._state * 1103515245 + 12345) & 0x7FFFFFFF
        return (self._state >> 8) % n


def common_units(script: list[tuple[str, int, int]], rate_hz: int, noise: Noise) -> Iterator[list[int]]:
    """Samples of (still, run or walk; milliseconds, or strides and the permille of their usual length)."""
    for name, amount, pace_pm in script:
        if name == "still":
            for _ in range(amount * rate_hz // 1000):
                yield list(STANDING)
            continue
        rows = CYCLES[name]["rows"]
        for _ in range(amount):
            length = CYCLES[name]["stride_ms"] * (pace_pm - 10 + noise.below(20)) * rate_hz // 1_000_000
            for i in range(length):
                at, part = divmod(i * len(rows) * 64 // length, 64)
                this, following = rows[at], rows[(at + 1) % len(rows)]
                yield [a + ((b - a) * part >> 6) for a, b in zip(this, following, strict=True)]


def to_counts(samples: Iterator[list[int]], scales: tuple[int, int], noise: Noise) -> array[int]:
    """Common units to counts of a chip whose axes are the shank's, with noise, saturated."""
    out = array("h")
    for sample in samples:
        for i, value in enumerate(sample):
            count = value * scales[0] // 1024 if i < 3 else value * scales[1] // 160
            out.append(max(-32768, min(32767, count + noise.below(17) - 8)))
    return out


SCRIPT = [
    ("still", 1500, 0), ("run", 14, 1000), ("run", 8, 1180), ("walk", 6, 1000), ("still", 3500, 0), ("run", 5, 950),
    ("still", 1200, 0),
]  # fmt: skip


def made(rate_hz: int, scales: tuple[int, int] = MPU6050, seed: int = 1, **others: object) -> Run:
    noise = Noise(seed)
    counts = to_counts(common_units(SCRIPT, rate_hz, noise), scales, noise)
    settings = {"baseline_strides": 5, "cadence_offset_pm": 0}
    return Run(counts, rate_hz, scales, settings=settings, **others)  # type: ignore[arg-type]


def left() -> Run:
    run = made(416)
    for i in range(0, len(run.counts), 6):
        for axis in (2, 3, 4):
            run.counts[i + axis] = max(-run.counts[i + axis], -32767)
    run.calibration = calibration(side=mount.LEFT)
    return run


def broken() -> Run:
    """Gaps and frozen stretches, short and long, one in the other, one at the end; a range of 2 g."""
    run = made(500, gaps={2000: (120, 0), 4100: (1, 1), 5400: (3000, 0), 9001: (40, 1)})
    counts = run.counts
    for at, length in ((1000, 60), (3000, 49), (3500, 300), (5300, 200), (len(counts) // 6 - 70, 70)):
        counts[6 * at : 6 * (at + length)] = counts[6 * at : 6 * at + 6] * length
    for i in range(0, len(counts), 6):
        for axis in range(3):
            counts[i + axis] = max(-4096, min(4095, counts[i + axis]))
    return run


def noisy(rate_hz: int, scales: tuple[int, int]) -> Run:
    """Any counts at all, then full-scale swings, so that contacts are found in nonsense."""
    noise = Noise(rate_hz)
    counts = array("h", (noise.below(65536) - 32768 for _ in range(6 * 1500)))
    for i in range(2500):
        swing = 32767 if i % 400 < 250 else -32768
        counts.extend([noise.below(65536) - 32768 for _ in range(3)] + [swing, noise.below(3000), swing])
    return Run(counts, rate_hz, scales, calibration(OBLIQUE, mount.RIGHT, (900, -700, 500)))


def corners() -> Run:
    """Every corner of the input, held and alternating, and bursts after saturation."""
    counts = array("h")
    for corner in product((-32768, 32767), repeat=6):
        opposite = [-1 - count for count in corner]
        counts.extend([*corner, *corner, *opposite] * 5 + [0] * 12 + list(corner) * 8)
    return Run(counts, 208, LSM6DSO32, calibration(CYCLIC, mount.LEFT, (-32768, 32767, -32768)))


RUNS: dict[str, Callable[[], Run]] = {
    **{f"made at {hz} Hz": lambda hz=hz: made(hz) for hz in (208, 250, 416, 500, 833, 1000)},  # type: ignore[misc]
    "made at 1024 LSB/g": lambda: made(416, LSM6DSO32, 2),
    "made, fast filter": lambda: made(500, seed=3, calibration=calibration(IDENTITY, mount.RIGHT, (300, -40, 900))),
    "left leg": left,
    "broken": broken,
    "any counts": lambda: noisy(500, MPU6050),
    "any counts at 1000 Hz": lambda: noisy(1000, LSM6DSO32),
    "corners": corners,
}  # fmt: skip

RECORDED = ("treadmill_run_slow", "treadmill_walk_fast", "force_plate_walk_01", "air_squats")


def recordings(folder: Path) -> Iterator[tuple[str, Callable[[], Run]]]:
    """Runs of the recordings in the data folder, at the rates of the parts."""
    for name, hz in product(RECORDED, (208, 416, 500, 833)):
        yield f"{name} at {hz} Hz", lambda name=name, hz=hz: recorded(folder, name, hz)  # type: ignore[misc]


def recorded(folder: Path, name: str, rate_hz: int) -> Run:
    from kneecore import chips
    from kneesense import recording
    from leaning import data_sets_own

    chip = chips.find("mpu6050")
    path = folder / "nmsdyn_s0040" / f"{name}.csv.gz"
    counts = array("h")
    for segment in recording.quantise(recording.load(path), rate_hz, chip).segments:
        counts.extend(segment.counts)
    scales = (chip.acc_lsb_per_g, chip.gyro_lsb_per_10dps)
    return Run(counts, rate_hz, scales, data_sets_own(folder).to_wire(), settings={"baseline_strides": 10})


def pipeline_of(run: Run) -> Pipeline:
    return Pipeline(run.rate_hz, *run.scales, run.calibration, Settings(**run.settings))


def told(pipeline: Pipeline, event: int) -> str:
    """One line of everything an event says, and where the pipeline stands."""
    line: list[object] = [
        event,
        pipeline.sample,
        pipeline.lean_cdeg(),
        pipeline.sagittal_rate(),
        pipeline.seen,
    ]
    if event & EV_GAP:
        line += [pipeline.gap_at_x16, pipeline.gap_length, pipeline.gap_reason]
    if event & EV_CONTACT:
        line.append(pipeline.ic_x16)
    if event & EV_TOE_OFF:
        line.append(pipeline.to_x16)
    if event & EV_STRIDE:
        line += [getattr(pipeline.stride, name) for name in STRIDE_FIELDS]
    if event & EV_CUE:
        line += [getattr(pipeline.cue, name) for name in CUE_FIELDS]
    return " ".join(map(str, line))


def ending(pipeline: Pipeline) -> Iterator[str]:
    while event := pipeline.finish():
        yield told(pipeline, event)
    parts = (
        pipeline.run_x16,
        pipeline.walk_x16,
        pipeline.still_x16,
        pipeline.unsure_x16,
        pipeline.gap_samples,
    )
    yield told(pipeline, 0) + " " + " ".join(map(str, parts))


def by_sample(run: Run) -> Iterator[str]:
    """Lines of a run, one sample a call."""
    pipeline = pipeline_of(run)
    for i in range(len(run.counts) // 6):
        if i in run.gaps:
            yield told(pipeline, pipeline.gap(*run.gaps[i]))
        event = pipeline.step(run.counts, 6 * i)
        if event:
            yield told(pipeline, event)
    yield from ending(pipeline)


def by_batch(run: Run, sizes: Callable[[], int]) -> Iterator[str]:
    """The same lines, from batches of whatever sizes."""
    pipeline = pipeline_of(run)
    first, samples = 0, len(run.counts) // 6
    while first < samples:
        if first in run.gaps:
            yield told(pipeline, pipeline.gap(*run.gaps[first]))
        next_gap = min((at for at in run.gaps if at > first), default=samples)
        count = min(sizes(), next_gap - first)
        pipeline.take(run.counts, first, count)
        while event := pipeline.advance():
            yield told(pipeline, event)
        first += count
    yield from ending(pipeline)


def digest(lines: Iterator[str]) -> dict[str, object]:
    text = "\n".join(lines)
    return {"lines": text.count("\n") + 1, "sha256": hashlib.sha256(text.encode()).hexdigest()[:32]}


def main() -> None:
    digests = {name: digest(by_sample(make())) for name, make in RUNS.items()}
    if "--write" in sys.argv:
        DIGESTS.write_text(json.dumps(digests, indent=1) + "\n")
    for name, value in digests.items():
        print(name, *value.values())
    if folder := os.environ.get("KNEESENSE_DATA"):
        for name, make in recordings(Path(folder)):
            print(name, *digest(by_sample(make())).values())


if __name__ == "__main__":
    main()
