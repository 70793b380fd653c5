# SPDX-License-Identifier: MIT
"""Runs for tests: counts of the runner model as a chip would give them, and what the pipeline makes of counts."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.mounting import calibration
from kneecore import chips, mount, wire
from kneecore.pipeline import EV_CONTACT, EV_CUE, EV_GAP, EV_STRIDE, EV_TOE_OFF, Pipeline
from kneecore.settings import Settings
from kneesense.simulator import Phase, RunnerModel

CHIP = chips.find("mpu6050")
G = 9.80665
NOISE_G, NOISE_DPS = 0.004, 0.1  # of such a chip; without any, standing still looks frozen
STRIDE_FIELDS = wire.STRIDE.names[3:]
CUE_FIELDS = wire.CUE.names[3:]


def counts(force_g: Any, rate_dps: Any, noise: bool = True, seed: int = 1) -> array[int]:
    """[n, 3] in g and [n, 3] in deg/s to counts, with the chip's noise and its saturation."""
    values = np.column_stack((force_g, rate_dps)).astype(float)
    if noise:
        spread = np.repeat((NOISE_G, NOISE_DPS), 3)
        values += np.random.default_rng(seed).normal(0, 1, values.shape) * spread
    values *= np.repeat((CHIP.acc_lsb_per_g, CHIP.gyro_lsb_per_10dps / 10), 3)
    return array("h", np.clip(np.rint(values), -32768, 32767).astype("<i2").tobytes())


def modelled(
    script: Sequence[Phase], rate_hz: int = 500, noise: bool = True, **options: Any
) -> tuple[RunnerModel, array[int]]:
    """The runner model and its counts, from standing to standing."""
    model = RunnerModel(script, **options)
    t_s = np.arange(0, model.duration_s + 1.5, 1 / rate_hz)
    force, rate = model.sample(t_s)
    return model, counts(force / G, np.degrees(rate), noise)


@dataclass
class Outcome:
    """Everything a run gave; times as (sixteenths of a sample, samples seen when it was told)."""

    pipeline: Pipeline
    rate_hz: int
    strides: list[dict[str, int]] = field(default_factory=list)
    cues: list[dict[str, int]] = field(default_factory=list)
    gaps: list[tuple[int, int, int]] = field(default_factory=list)
    contacts: list[tuple[int, int]] = field(default_factory=list)
    toe_offs: list[tuple[int, int]] = field(default_factory=list)

    def take(self, event: int) -> None:
        p = self.pipeline
        if event & EV_CONTACT:
            self.contacts.append((p.ic_x16, p.sample))
        if event & EV_TOE_OFF:
            self.toe_offs.append((p.to_x16, p.sample))
        if event & EV_STRIDE:
            self.strides.append({name: getattr(p.stride, name) for name in STRIDE_FIELDS})
        if event & EV_CUE:
            self.cues.append({name: getattr(p.cue, name) for name in CUE_FIELDS})
        if event & EV_GAP:
            self.gaps.append((p.gap_at_x16, p.gap_length, p.gap_reason))

    def finish(self) -> None:
        while event := self.pipeline.finish():
            self.take(event)

    def seconds(self, x16: float) -> float:
        return x16 / 16 / self.rate_hz

    def ic_s(self) -> list[float]:
        return [self.seconds(stride["ic_x16"]) for stride in self.strides]

    def cadence_spm(self) -> float:
        lengths = [s["stride_x16"] for s in self.strides if s["stride_x16"]]
        return 120 / self.seconds(sum(lengths) / len(lengths))

    def gaits(self) -> list[str]:
        return [wire.GAITS[stride["gait"]] for stride in self.strides]

    def flagged(self, name: str) -> list[bool]:
        bit = 1 << wire.STRIDE_FLAGS.index(name)
        return [bool(stride["flags"] & bit) for stride in self.strides]


def play(
    samples: array[int],
    rate_hz: int = 500,
    mounting: dict[str, int] | None = None,
    gaps: dict[int, tuple[int, int]] | None = None,
    **settings: int,
) -> Outcome:
    """A whole run.  `mounting`: a right leg's, the unit's axes those of the shank, if none is given.

    `gaps`: before which sample -> (samples missing, reason).
    """
    pipeline = Pipeline(
        rate_hz,
        CHIP.acc_lsb_per_g,
        CHIP.gyro_lsb_per_10dps,
        mounting or calibration(side=mount.RIGHT),
        Settings(**settings),
    )
    outcome = Outcome(pipeline, rate_hz)
    for i in range(len(samples) // 6):
        if gaps and i in gaps:
            outcome.take(pipeline.gap(*gaps[i]))
        outcome.take(pipeline.step(samples, 6 * i))
    outcome.finish()
    return outcome


def parts_x16(pipeline: Pipeline) -> dict[str, int]:
    """How the time divides; the values sum to the run's length."""
    return {
        "run": pipeline.run_x16,
        "walk": pipeline.walk_x16,
        "unsure": pipeline.unsure_x16,
        "still": pipeline.still_x16,
        "gap": 16 * pipeline.gap_samples,
    }
