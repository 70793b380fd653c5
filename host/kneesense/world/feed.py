# SPDX-License-Identifier: MIT
"""What a simulated inertial chip feels: a runner model or a recording, as int16 counts in the sensor's own axes.

Noise defaults are those of the MPU-6050 at a bandwidth of 184 Hz (PS-MPU-6000A rev 3.4, tables 6.1 and 6.2: 400 ug and
0.005 deg/s per root Hz).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kneecore.chips import Chip

from ..simulator import RunnerModel
from ..simulator.motion import GRAVITY_MPS2

Counts = NDArray[np.signedinteger[Any]]
Floats = NDArray[np.float64]

_NOISE_ROWS = 8191  # then it repeats: a prime, so in step with nothing


class Feed(Protocol):
    def block(self, index: int, t_s: Floats) -> Counts:
        """Samples index, index + 1, ... at true times `t_s` [n] since sample 0: [n, 6] int16, ax ay az gx gy gz.

        In counts at +-16 g and 2000 deg/s.  A negative index is the unit at rest before the run (`t_s` may then be
        -inf).  A sample may be asked for again; the same index and time give the same counts.
        """


class Noise:
    """Reproducible by sample index, however the samples are asked for."""

    def __init__(self, sd_counts: list[float], seed: int) -> None:
        self._table = np.random.default_rng(seed).normal(size=(_NOISE_ROWS, 6)) * np.array(sd_counts)

    def block(self, index: int, n: int) -> Floats:
        return np.asarray(self._table[np.arange(index, index + n) % _NOISE_ROWS])


class ModelFeed:
    """The runner model felt by a chip that is mounted askew, noisy and biased.

    `mounting` [3, 3]: segment to sensor, a rotation; `bias_dps` [3] and `acc_scale` in the sensor's axes.
    """

    def __init__(
        self,
        model: RunnerModel,
        chip: Chip,
        mounting: ArrayLike = ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
        bias_dps: ArrayLike = (0, 0, 0),
        acc_scale: float = 1.0,
        acc_noise_g: float = 0.0054,
        gyro_noise_dps: float = 0.068,
        seed: int = 1,
    ) -> None:
        gyro_lsb_per_dps = chip.gyro_lsb_per_10dps / 10
        self._model = model
        self._mounting = np.asarray(mounting, dtype=float)
        self._acc_lsb = acc_scale * chip.acc_lsb_per_g / GRAVITY_MPS2
        self._gyro_lsb = np.degrees(1) * gyro_lsb_per_dps
        self._bias = np.asarray(bias_dps) * gyro_lsb_per_dps
        sd_counts = [acc_noise_g * chip.acc_lsb_per_g] * 3 + [gyro_noise_dps * gyro_lsb_per_dps] * 3
        self._noise = Noise(sd_counts, seed)

    def block(self, index: int, t_s: Floats) -> Counts:
        force, rate = self._model.sample(t_s)
        counts = self._noise.block(index, len(t_s))
        counts[:, :3] += force @ self._mounting.T * self._acc_lsb
        counts[:, 3:] += rate @ self._mounting.T * self._gyro_lsb + self._bias
        return np.clip(np.rint(counts), -32768, 32767).astype(np.int16)


class RecordingFeed:
    """A recording in chip counts, bit for bit; before and after it the unit rests, as it hung on average in it."""

    def __init__(self, counts: ArrayLike, chip: Chip) -> None:
        """`counts`: [n, 6] or flat, as `recording.quantise` makes them."""
        self._counts = np.asarray(counts, dtype=np.int16).reshape(-1, 6)
        if not len(self._counts):
            raise ValueError("a recording of no samples cannot be played")
        down = self._counts[:, :3].mean(axis=0)
        self._rest = np.append(down * chip.acc_lsb_per_g / max(1.0, float(np.linalg.norm(down))), (0, 0, 0))
        self._noise = Noise([2.0] * 6, seed=1)
        self.ended = False  # a sample after the last one was asked for

    def block(self, index: int, t_s: Floats) -> Counts:
        numbers = np.arange(index, index + len(t_s))
        played = (numbers >= 0) & (numbers < len(self._counts))
        counts = np.rint(self._rest + self._noise.block(index, len(t_s))).astype(np.int16)
        counts[played] = self._counts[numbers[played]]
        self.ended = self.ended or int(numbers[-1]) >= len(self._counts)
        return counts


class Started(Protocol):
    """What of a chip tells when its feed began."""

    start_us: float | None


class Shared:
    """A feed that begins when `begun_us` says, whenever the chip that feels it begins to sample.

    So two units on one runner feel the same steps.  `wear` it through `chip`, whose start it has to know.
    """

    def __init__(self, feed: Feed, chip: Started, begun_us: Callable[[], float | None]) -> None:
        self._feed = feed
        self._chip = chip
        self._begun_us = begun_us

    def block(self, index: int, t_s: Floats) -> Counts:
        start_us, begun_us = self._chip.start_us, self._begun_us()
        late_us = 0.0 if start_us is None or begun_us is None else start_us - begun_us
        return self._feed.block(index, t_s + late_us / 1e6)
