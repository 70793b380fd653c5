# SPDX-License-Identifier: MIT
"""A unit that shifts on the leg in the middle of a run is told once; a leg that only moves otherwise is not."""

from __future__ import annotations

from array import array

import numpy as np
import pytest

from core.mounting import calibration
from core.runs import CHIP, modelled
from kneecore import mount
from kneecore.pipeline import EV_SLIP, EV_STRIDE, Pipeline
from kneecore.settings import Settings
from kneesense import recording
from kneesense.simulator import Phase
from leaning import data_sets_own

RATE_HZ = 250
SHIFT_S = 30


@pytest.fixture(scope="module")
def run() -> array[int]:
    return modelled([Phase("still", 2), Phase("run", 60, 166)], RATE_HZ)[1]


def shifted(samples: array[int], axis: int, degrees: float) -> array[int]:
    """The unit turned about one of its axes, from SHIFT_S on."""
    values = np.array(samples, float).reshape(-1, 2, 3)
    i, j = (axis + 1) % 3, (axis + 2) % 3
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn = np.eye(3)
    turn[i, i], turn[j, j], turn[i, j], turn[j, i] = c, c, -s, s
    values[SHIFT_S * RATE_HZ :] @= turn.T
    return array("h", np.clip(np.rint(values), -32768, 32767).astype("<i2").tobytes())


def told(
    samples: array[int], fields: dict[str, int], rate_hz: int
) -> tuple[list[float], list[tuple[float, int, int]]]:
    """(times of slips [s], (contact [s], flags, confidence) of each stride)"""
    pipeline = Pipeline(rate_hz, CHIP.acc_lsb_per_g, CHIP.gyro_lsb_per_10dps, fields, Settings())
    slips, strides = [], []
    for offset in range(0, len(samples), 6):
        event = pipeline.step(samples, offset)
        if event & EV_SLIP:
            slips.append(pipeline.sample / rate_hz)
        if event & EV_STRIDE:
            stride = pipeline.stride
            strides.append((stride.ic_x16 / 16 / rate_hz, stride.flags, stride.confidence))
    return slips, strides


@pytest.mark.parametrize(("axis", "degrees"), [(0, 10), (0, -10), (0, 35), (1, 35), (2, 20), (2, -20)])
def test_a_shifted_unit_is_told_once_and_costs_confidence(run, axis: int, degrees: float) -> None:
    slips, strides = told(shifted(run, axis, degrees), calibration(side=mount.RIGHT), RATE_HZ)
    assert len(slips) == 1
    assert SHIFT_S < slips[0] < SHIFT_S + 20
    before = [confidence for at, _, confidence in strides if 15 < at < SHIFT_S - 1]
    after = [confidence for at, _, confidence in strides if slips[0] < at < 58]
    assert max(after) < min(before)


@pytest.mark.parametrize("degrees", [0, 3])
def test_a_leg_that_leans_a_little_more_is_no_slip(run, degrees: float) -> None:
    assert told(shifted(run, 0, degrees), calibration(side=mount.RIGHT), RATE_HZ)[0] == []


def test_walking_and_running_in_turn_is_no_slip() -> None:
    script = [Phase("walk", 25, 112), Phase("run", 25, 166), Phase("walk", 25, 112), Phase("run", 25, 150)]
    assert told(modelled(script, RATE_HZ)[1], calibration(side=mount.RIGHT), RATE_HZ)[0] == []


@pytest.mark.parametrize(
    "name",
    [
        "treadmill_run_slow",
        "treadmill_run_comfortable",
        "treadmill_walk_fast",
        "multispeed_overground_walking",
    ],
)
def test_recordings_have_no_slip(data, name: str) -> None:
    recorded = recording.load(data / "nmsdyn_s0040" / f"{name}.csv.gz")
    (segment,) = recording.quantise(recorded, CHIP.rate_hz, CHIP).segments
    slips, strides = told(segment.counts, data_sets_own(data).to_wire(), CHIP.rate_hz)
    assert slips == []
    assert len(strides) > 40
