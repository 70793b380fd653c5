# SPDX-License-Identifier: MIT
"""Every stride is counted once whatever the pace, and whatever the pace before: cadence is never halved or doubled."""

import numpy as np
import pytest

from core.runs import modelled, play
from core.test_pipeline import packed, table
from kneesense.simulator import Phase

RATE_HZ = 250


@pytest.mark.parametrize("walk_spm", [70, 90, 110])
@pytest.mark.parametrize("run_spm", [150, 180, 210])
def test_a_run_right_after_a_walk_however_slow_has_all_its_strides(walk_spm, run_spm):
    script = [Phase("still", 2), Phase("walk", 7, walk_spm), Phase("run", 7, run_spm), Phase("walk", 5, 110)]
    model, samples = modelled([*script, Phase("still", 3)], RATE_HZ)
    outcome = play(samples, RATE_HZ)
    assert len(outcome.strides) == len(model.strides)
    found = np.array(outcome.ic_s())
    assert max(abs(found - [true.ic_s for true in model.strides])) < 0.08


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("by", [0.06, 0.12])
@pytest.mark.parametrize(("gait", "spm"), [("walk", 90), ("run", 165), ("run", 200)])
def test_strides_that_alternate_are_all_found_after_a_slow_walk(gait, spm, by, first):
    model, samples = modelled(
        [Phase("still", 2), Phase("walk", 6, 95), Phase(gait, 20, spm), Phase("still", 3)], RATE_HZ
    )
    base = play(samples, RATE_HZ)
    rows = table(samples).astype(float)
    starts = [true.ic_s for true in model.strides]
    odd = np.searchsorted(starts, np.arange(len(rows)) / RATE_HZ) % 2 == first
    warped = np.concatenate(([0.0], np.cumsum(np.where(odd, 1 - by, 1 + by)[1:] / RATE_HZ)))
    grid = np.arange(0, warped[-1], 1 / RATE_HZ)
    other = play(packed(np.column_stack([np.interp(grid, warped, column) for column in rows.T])), RATE_HZ)
    assert len(other.strides) == len(base.strides) == len(model.strides)
