# SPDX-License-Identifier: MIT
"""From a runner, a script and a sensor to a recording and its truth."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np

from kneecore import chips

from ..calibration import Calibration
from ..recording import G, Recording
from .model import RunnerModel
from .motion import Floats
from .runner import Runner
from .script import Phase, TrueStride
from .sensor import Drawn, Sensor

_TAIL_S = 1.5  # the last step comes to its halt


class Scales(Protocol):
    """Counts of a chip: chips.Chip and sensor.Part have them."""

    @property
    def acc_lsb_per_g(self) -> int: ...
    @property
    def gyro_lsb_per_10dps(self) -> int: ...


@dataclass(frozen=True)
class Simulated:
    """`recording` in sensor axes, on the true clock; `strides`: all true contacts in order.

    `calibration`: how the sensor sits, as faultless standing would find it at the start.
    """

    recording: Recording
    strides: tuple[TrueStride, ...]
    calibration: Calibration
    sensor: Sensor

    @property
    def side(self) -> str:
        return self.calibration.side

    def counts(self, chip: Scales | None = None) -> array[int]:
        """Flat ax ay az gx gy gz, ... sample by sample as the chip gave them (default: the sensor's own part)."""
        chip = chip or self.sensor.part
        acc = self.recording.acc * (chip.acc_lsb_per_g / G)
        gyro = np.degrees(self.recording.gyro) * (chip.gyro_lsb_per_10dps / 10)
        values = np.clip(np.rint(np.column_stack((acc, gyro))), -32768, 32767)
        return array("h", values.astype(np.int16).tobytes())

    def truth(self) -> dict[str, Any]:
        """As written into NAME.truth.json."""
        return {
            "schema": 1,
            "side": self.side,
            "calibration": self.calibration.to_json(),
            "strides": [asdict(stride) for stride in self.strides],
        }


def simulate(
    runner: Runner,
    script: Sequence[Phase],
    sensor: Sensor | None = None,
    side: str = "right",
    seed: int = 1,
    second: bool = False,
) -> Simulated:
    """What the sensor on one leg records, and the truth.  The same arguments give the same recording.

    `second`: the other leg of a pair, half a stride later than the first one with the same seed.
    """
    sensor = sensor or Sensor()
    chip = sensor.drawn()
    model = RunnerModel(script, side, seed, runner=runner, second=second)
    t_s = np.arange(0, model.duration_s + _TAIL_S, 1 / chip.rate_hz)
    acc, gyro = sensor.feel(t_s, *model.sample(t_s), chip)
    strides = tuple(stride for stride in model.strides if stride.ic_s <= t_s[-1])
    recording = Recording("simulated", t_s, acc, gyro, {}, ())
    return Simulated(recording, strides, _worn(sensor, chip, side), sensor)


def _worn(sensor: Sensor, chip: Drawn, side: str) -> Calibration:
    told = chip.acc @ sensor.mounting @ (0, G, 0) + chip.acc_bias
    up = sensor.mounting.T @ told / np.linalg.norm(told)
    rotation = _onto_y(up) @ sensor.mounting.T
    bias = chip.gyro_bias + chip.gyro_per_acc @ told
    return Calibration(
        rotation=tuple(tuple(float(x) for x in row) for row in rotation),
        gyro_bias_rad_s=tuple(float(x) for x in bias),
        acc_scale=float(G / np.linalg.norm(told)),
        neutral_deg=0.0,
        side=side,
        face="unknown",
        chip=sensor.part.name if sensor.part.name in (c.name for c in chips.TABLE) else chips.TABLE[1].name,
        made_utc="",
    )


def _onto_y(up: Floats) -> Floats:
    """Smallest rotation that brings the unit vector `up` onto y."""
    x, y, z = up
    k = 1 / (1 + y)
    return np.array(((1 - k * x * x, -x, -k * x * z), (x, y, z), (-k * x * z, -z, 1 - k * z * z)))
