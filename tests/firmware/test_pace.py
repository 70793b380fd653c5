# SPDX-License-Identifier: MIT
"""The chip's rate against the device clock, gaps, and where a moment lies among the samples."""

import pytest

from tasks.pace import Pace

DROPPED_US = 2000  # the first frame of the FIFO


def drained(pace, rate_hz, from_s, to_s, step_s=0.02):
    """Whole samples every 20 ms of a chip at `rate_hz`."""
    taken = round(from_s * rate_hz)
    t_s = from_s
    while t_s < to_s - 1e-9:
        t_s += step_s
        now = int(t_s * rate_hz + 1e-9)
        pace.drained(now - taken, round(t_s * 1e6))
        taken = now


@pytest.mark.parametrize("true_hz", [490, 500, 520])
def test_the_rate_is_nominal_until_it_is_measured(true_hz):
    pace = Pace(500, 0)
    drained(pace, true_hz, 0, 9)
    assert (pace.measured, pace.rate_mhz) == (False, 500_000)
    drained(pace, true_hz, 9, 30)
    assert pace.measured
    assert pace.rate_mhz == pytest.approx(true_hz * 1000, rel=0.001)


@pytest.mark.parametrize("true_hz", [490, 500, 520])
@pytest.mark.parametrize("gap_s", [0.4, 1.0, 3.0])
def test_a_gap_has_its_length_and_does_not_spoil_the_rate(true_hz, gap_s):
    pace = Pace(500, 0)
    drained(pace, true_hz, 0, 20)
    for _ in range(3):
        begin_us = round(20e6)
        assert pace.lost(begin_us + round(gap_s * 1e6)) == pytest.approx(gap_s * true_hz, abs=1.5)
        pace._last_us = begin_us  # the same gap again
    assert pace.rate_mhz == pytest.approx(true_hz * 1000, rel=0.001)


@pytest.mark.parametrize("true_hz", [490, 500, 520])
def test_a_moment_lies_where_the_chip_is_then(true_hz):
    pace = Pace(500, 0)
    drained(pace, true_hz, 0, 600)
    assert pace.at_x16(600_010_000) / 16 == pytest.approx(600.01 * true_hz, abs=1.5)


def test_silence_grows_until_samples_come():
    pace = Pace(500, 1_000_000 - DROPPED_US)
    pace.drained(0, 1_020_000)
    assert pace.silent_us(1_050_000) == 50_000
    pace.drained(10, 1_060_000)
    assert pace.silent_us(1_060_000) == 0


def test_what_is_lost_is_rounded_and_what_is_dropped_comes_on_top():
    pace = Pace(500, -DROPPED_US)
    assert [pace.lost(0), pace.lost(10_900), pace.lost(20_000)] == [1, 5, 5]
    assert pace.lost(30_000, 1) == 6
    assert pace.at_x16(32_000) == 17 * 16


def test_every_gap_is_at_least_a_sample():
    assert Pace(500, 0).lost(100) == 1


def test_the_rate_is_told_once_it_is_measured_and_every_five_minutes():
    pace = Pace(500, -DROPPED_US)
    told_s = []
    for second in range(700):
        drained(pace, 505, second, second + 1)
        if pace.to_tell:
            pace.told()
            told_s.append(second + 1)
    assert told_s == [10, 310, 610]
