# SPDX-License-Identifier: MIT
"""From a runner, a script and a sensor to a recording and its truth."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from kneecore.chips import Chip

from ..calibration import Calibration
from ..model import Phase as _OldPhase
from ..model import RunnerModel
from ..recording import Recording, quantise


@dataclass(frozen=True)
class Phase:
    """A stretch of a script.  `gait`: still, walk, run, stairs_up, stairs_down, sit, cycle, drive.

    0 means the runner's own for cadence and speed, a straight for the radius of the bend (+ to the left).
    """

    gait: str
    duration_s: float
    cadence_spm: float = 0.0
    speed_mps: float = 0.0
    slope_percent: float = 0.0
    bend_m: float = 0.0


@dataclass(frozen=True)
class Runner:
    """One person; `runners` makes many."""

    seed: int = 1


@dataclass(frozen=True)
class Sensor:
    """One sensor, how it is mounted and what is wrong with it."""

    rate_hz: float = 500.0


@dataclass(frozen=True)
class TrueStride:
    """One initial contact.  What toe-off or the next contact would give is None for the step that comes to a halt."""

    ic_s: float
    gait: str  # run or walk
    activity: str  # the phase's
    speed_mps: float
    turn: bool
    pta_axial_g: float
    lean_ic_deg: float
    to_s: float | None = None
    stride_s: float | None = None
    contact_s: float | None = None
    cadence_spm: float | None = None
    lean_mid_deg: float | None = None
    lean_min_deg: float | None = None
    lean_max_deg: float | None = None
    knee_frontal_deg: float | None = None


@dataclass(frozen=True)
class Simulated:
    """`recording` in sensor axes; `strides` all true contacts in order; `calibration` how the sensor truly sat."""

    recording: Recording
    strides: tuple[TrueStride, ...]
    calibration: Calibration
    side: str

    def counts(self, chip: Chip, rate_hz: int) -> array[int]:
        """Flat ax ay az gx gy gz, ... as the chip would give them."""
        return quantise(self.recording, rate_hz, chip).segments[0].counts

    def truth(self) -> dict[str, Any]:
        """As written into NAME.truth.json."""
        return {
            "schema": 1,
            "side": self.side,
            "calibration": self.calibration.to_json(),
            "strides": [asdict(stride) for stride in self.strides],
        }


def runners(n: int, seed: int = 1) -> list[Runner]:
    """`n` different people."""
    return [Runner(seed=seed + i) for i in range(n)]


def simulate(
    runner: Runner, script: Sequence[Phase], sensor: Sensor | None = None, side: str = "right", seed: int = 1
) -> Simulated:
    """The recording of one leg's sensor, and its truth."""
    sensor = sensor or Sensor()
    old = [_OldPhase(p.gait, p.duration_s, p.cadence_spm or 166) for p in script]
    model = RunnerModel(old, side, seed)
    t_s = np.arange(0, model.duration_s + 1.5, 1 / sensor.rate_hz)
    force, rate = model.sample(t_s)
    strides = tuple(
        TrueStride(
            s.ic_s, s.gait, s.gait, 0.0, False, 0.0, s.lean_ic_deg, s.to_s, s.stride_s,
            None if s.to_s is None else s.to_s - s.ic_s, s.cadence_spm,
            s.lean_mid_deg, s.lean_min_deg, s.lean_max_deg,
        )
        for s in model.strides
    )  # fmt: skip
    identity = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    worn = Calibration(identity, (0.0, 0.0, 0.0), 1.0, 0.0, side, "unknown", "mpu6050", "")
    return Simulated(Recording("simulated", t_s, force, rate, {}, ()), strides, worn, side)
