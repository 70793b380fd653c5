# SPDX-License-Identifier: MIT
"""Unchanged running, recorded and simulated, through the whole pipeline: a rule that guards the form keeps quiet."""

from __future__ import annotations

from array import array
from functools import cache

import numpy as np
import pytest

from core.mounting import calibration
from core.runs import CHIP, modelled
from kneecore import wire
from kneecore.coach import Session
from kneecore.pipeline import EV_CUE, EV_STRIDE, Pipeline
from kneecore.settings import Settings
from kneesense import recording
from kneesense.simulator import Phase
from leaning import data_sets_own

_QUIET_S = 300
_RATE_HZ = 200  # of the simulated runs
_SEAM = 250  # samples missing where the recording begins again
_KNOWN = ("armed", "holdoff")


@cache
def _unchanged(seed: int) -> array[int]:
    _, samples = modelled([Phase("still", 2), Phase("run", 560)], _RATE_HZ, seed=seed)
    return samples


def cues_in(pieces: list[array[int]], fields: dict[str, int], rule: str, rate_hz: int, **changed: int) -> int:
    """Cues in five minutes with a baseline; the pieces are played in turn, with missing samples between them."""
    settings = Settings(cue_rule=wire.RULES.index(rule), **changed)
    scales = CHIP.acc_lsb_per_g, CHIP.gyro_lsb_per_10dps
    pipeline = Pipeline(rate_hz, *scales, fields, settings, Session(1, 1))
    cues = armed_x16 = number = 0
    while armed_x16 < _QUIET_S * 16 * rate_hz:
        samples = pieces[number % len(pieces)]
        number += 1
        assert number < 40, "no baseline came about"
        pipeline.take(samples, 0, len(samples) // 6)
        while event := pipeline.advance():
            cues += bool(event & EV_CUE)
            if event & EV_STRIDE and wire.CUE_STATES[pipeline.stride.cue_state] in _KNOWN:
                armed_x16 += pipeline.stride.stride_x16
        pipeline.gap(_SEAM, wire.GAP_REASONS.index("fifo_overflow"))
    return cues


@pytest.mark.parametrize("rule", ["cadence", "lean"])
@pytest.mark.parametrize("name", ["treadmill_run_slow", "treadmill_run_comfortable"])
def test_at_most_one_cue_in_five_minutes_of_a_recorded_run(data, name: str, rule: str) -> None:
    recorded = recording.load(data / "nmsdyn_s0040" / f"{name}.csv.gz")
    (segment,) = recording.quantise(recorded, CHIP.rate_hz, CHIP).segments
    fields = data_sets_own(data).to_wire()
    assert cues_in([segment.counts], fields, rule, CHIP.rate_hz, cadence_offset_pm=0) <= 1


@pytest.mark.parametrize("rule", ["cadence", "lean"])
def test_at_most_one_cue_in_five_minutes_of_a_simulated_run(rule: str) -> None:
    """The median of three runners."""
    cues = []
    for seed in range(3):
        side = calibration(side=wire.SIDES.index("right"))
        cues.append(cues_in([_unchanged(seed)], side, rule, _RATE_HZ, cadence_offset_pm=0))
    assert np.median(cues) <= 1
    assert max(cues) <= 3
