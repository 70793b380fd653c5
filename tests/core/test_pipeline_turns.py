# SPDX-License-Identifier: MIT
"""Turns and clipped rates: what of a stride they touch, and for how long."""

import numpy as np
import pytest

from core.runs import modelled, play
from core.test_pipeline import RATE_HZ, packed, steady, table
from kneecore import wire
from kneesense.simulator import Phase

__all__ = ["steady"]  # the fixture


def with_yaw(rows, dps):
    """The same run on a course that turns by `dps` about the vertical, to the first order."""
    up = rows[:, :3].mean(axis=0)
    up /= np.linalg.norm(up)
    out = rows.astype(float)
    out[:, 3:] += np.outer(dps, up) * 16.4
    return packed(out)


def test_a_slow_turn_and_sharp_turns_leave_cadence_and_contact_time(steady):
    _, samples, outcome = steady
    rows = table(samples)
    t = np.arange(len(rows)) / RATE_HZ
    sharp = np.where((t % 30 > 14) & (t % 30 < 16), 90.0, 0.0)
    for dps in (np.full(len(t), 3.0), sharp):
        turned = play(with_yaw(rows, dps))
        assert len(turned.strides) == len(outcome.strides)
        assert turned.cadence_spm() == pytest.approx(outcome.cadence_spm(), rel=0.01)
        contacts = [np.median([s["contact_x16"] for s in run.strides]) for run in (turned, outcome)]
        assert contacts[0] == pytest.approx(contacts[1], rel=0.01)
    assert any(turned.flagged("turn"))
    assert not any(outcome.flagged("turn"))


@pytest.mark.parametrize(("channel", "flagged"), [(1, False), (3, True)])
def test_lean_is_unsettled_for_three_tau_after_a_clipped_rate_but_not_after_a_clipped_impact(
    channel, flagged
):
    rate_hz, at_s = 200, 16
    _, samples = modelled([Phase("still", 2), Phase("run", 28, 165)], rate_hz)
    rows = table(samples)
    rows[at_s * rate_hz, channel] = 32767
    strides = play(packed(rows), rate_hz).strides
    for stride in strides:
        ic_s = stride["ic_x16"] / 16 / rate_hz
        if 10 < ic_s < at_s - 1 or at_s + 9 < ic_s:
            assert not stride["flags"] & wire.FLAG_BIAS
        if at_s < ic_s < at_s + 8.9:
            assert bool(stride["flags"] & wire.FLAG_BIAS) is flagged
            assert (stride["confidence"] < 80) is flagged


def test_a_bend_is_flagged_from_its_third_stride_on_and_for_two_tau_after_it():
    """6 deg/s, the bend of a 400 m track at 4 m/s; a gyro that is off by 1 deg/s all the time is no bend."""
    rate_hz, from_s, to_s = 200, 20, 30
    _, samples = modelled([Phase("still", 2), Phase("run", 45, 165)], rate_hz)
    rows = table(samples)
    t_s = np.arange(len(rows)) / rate_hz
    outcome = play(with_yaw(rows, np.where((t_s > from_s) & (t_s < to_s), 7.0, 1.0)), rate_hz)
    for stride in outcome.strides:
        ic_s, turn = stride["ic_x16"] / 16 / rate_hz, bool(stride["flags"] & wire.FLAG_TURN)
        if ic_s < from_s - 1 or ic_s > to_s + 9.5:
            assert not turn
        if from_s + 1.6 < ic_s < to_s + 6:
            assert turn
