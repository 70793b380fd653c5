# SPDX-License-Identifier: MIT
"""How long a cue buzzes, and that it is over well before the next contact."""

from itertools import pairwise

import numpy as np
import pytest

from core.coached import RATE_HZ, SECOND_X16, TOLD_LATE_S, Runner
from kneecore import wire
from kneecore.pulse import PAUSE_MS
from kneecore.stride import Stride

MOTOR_LATE_MS = 25
QUIET_MS = 50


def test_a_larger_error_buzzes_longer_within_the_two_limits():
    lengths = []
    for spm in (156, 152, 148, 120):
        runner = Runner().ready()
        assert runner.run(*[spm] * 3) == [3]
        lengths.append(runner.coach.cue.pulse_ms)
    assert lengths == sorted(set(lengths))
    assert 80 <= lengths[0] < 100
    assert lengths[-1] == 200


def test_the_other_way_is_told_by_two_pulses():
    runner = Runner().ready()
    assert runner.run(*[150] * 3) == [3]
    assert runner.coach.cue.pulses == 1
    runner = Runner().ready()
    assert runner.run(*[170] * 3) == [3]
    assert runner.coach.cue.pulses == 2


def test_no_pulse_where_no_time_is_left():
    runner = Runner().ready()
    runner.run(150, 150)
    stride = Stride()
    stride.begin(runner.now_x16, 0)
    stride.stride_x16, stride.gait, stride.confidence = 6400, 2, 100
    runner.coach.stride(stride)
    assert wire.DIRECTIONS[runner.coach.asked] == "increase"
    ic_x16 = runner.now_x16 + 6400
    assert not runner.coach.toe_off((ic_x16 + 6000) >> 4, ic_x16, ic_x16 + 3000)
    assert wire.CUE_STATES[runner.coach.state] == "armed"


@pytest.mark.parametrize("wrong_way", [-1, 1])
@pytest.mark.parametrize(("spm", "pulse_ms"), [(150, 400), (170, 400), (190, 400), (170, 80)])
def test_the_pulse_is_over_50_ms_before_the_true_contact_though_strides_scatter(spm, pulse_ms, wrong_way):
    """3 % from stride to stride, a cue at every step, the motor as late as it may be.

    Pulses that the setting would let last into the contact are all cut by the prediction alone: one in a thousand may
    end later than 50 ms before it.  Pulses of usual length never do.
    """
    settings = {"cue_mode": 1, "pulse_min_ms": pulse_ms, "pulse_max_ms": pulse_ms}
    runner = Runner(**settings).ready(spm * (1 - 0.2 * wrong_way))
    random = np.random.default_rng(4)
    strides_x16 = 120 / (spm * (1 + 0.03 * random.standard_normal(10_000))) * SECOND_X16
    to_ends_ms = []
    for stride_x16, next_x16 in pairwise(strides_x16):
        if runner.stride(120 * SECOND_X16 / stride_x16):
            cue = runner.coach.cue
            length_ms = cue.pulse_ms if cue.pulses == 1 else 2 * cue.pulse_ms + PAUSE_MS
            ends_ms = cue.command_x16 * 1000 / SECOND_X16 + MOTOR_LATE_MS + length_ms
            to_ends_ms.append((cue.ic_x16 + next_x16) * 1000 / SECOND_X16 - ends_ms)
    assert len(to_ends_ms) > 9000
    late = np.mean(np.array(to_ends_ms) < QUIET_MS)
    assert late <= (0.001 if pulse_ms == 400 else 0)
    assert min(to_ends_ms) > 20


def test_the_cut_uses_the_time_there_is():
    runner = Runner(pulse_min_ms=400, pulse_max_ms=400).ready(220)
    assert runner.run(*[200] * 12) == [3, 9]
    cue = runner.coach.cue
    stride_ms = 120_000 / 200
    left_ms = stride_ms * 2 / 3 - 1000 * TOLD_LATE_S
    assert cue.command_x16 == (cue.to_x16 + round(TOLD_LATE_S * SECOND_X16)) >> 4 << 4
    expected = left_ms - stride_ms / 16 - QUIET_MS - MOTOR_LATE_MS
    assert cue.pulse_ms == pytest.approx(expected, abs=3 + 1000 / RATE_HZ)
