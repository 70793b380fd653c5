# SPDX-License-Identifier: MIT
"""Cadence at every outlet: one leg where the format wants it, its fraction kept, never half or double."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kneesense import cadence


def test_171_43_steps_a_minute_at_every_outlet():
    spm = round(cadence.spm(0.7), 2)
    assert spm == 171.43
    assert cadence.to_fit(spm) == (85, 92)  # 85.719 strides of one leg
    assert cadence.to_tcx(spm) == 86


def test_a_stride_of_0_62_seconds():
    spm = cadence.spm(0.62)
    assert spm == pytest.approx(193.5, abs=0.05)
    assert cadence.to_fit(spm) == (96, 99)
    assert cadence.to_tcx(spm) == 97


@given(st.floats(20, 500))
def test_fit_keeps_a_128th_and_tcx_a_whole_of_one_leg(spm):
    whole, part = cadence.to_fit(spm)
    assert 0 <= part < 128
    assert 2 * (whole + part / 128) == pytest.approx(spm, abs=1 / 128 + 1e-9)
    assert 2 * cadence.to_tcx(spm) == pytest.approx(spm, abs=1 + 1e-9)


def test_a_fraction_that_rounds_up_to_one_is_carried():
    assert cadence.to_fit(171.998) == (86, 0)


@pytest.mark.parametrize("spm", [None, 510.0, 1e6])
def test_what_is_unknown_or_beyond_the_field_is_left_out(spm):
    assert cadence.to_fit(spm) == (None, None)
    assert cadence.to_tcx(spm) is None


def test_the_mean_of_running_is_of_time_and_leaves_walking_out():
    strides = [{"type": "stride", "gait": "run", "stride_s": s} for s in (0.6, 0.8, None)]
    strides += [{"type": "stride", "gait": "walk", "stride_s": 1.2}, {"type": "gap"}]
    assert cadence.of_running(strides) == pytest.approx(120 / 0.7)
    assert cadence.of_running(strides[2:]) is None
