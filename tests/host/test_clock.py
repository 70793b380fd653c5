# SPDX-License-Identifier: MIT
"""Device time to UTC: the fastest round trip wins and bounds the error."""

from hypothesis import given
from hypothesis import strategies as st

from kneesense.clock import ClockFit, Offset

UTC_US = 1_767_225_600_000_000  # 2026-01-01
MS = 1000


def test_nothing_is_known_before_the_first_round_trip():
    assert ClockFit().best is None
    assert ClockFit().utc_us(5) is None


def test_the_stamp_is_taken_for_the_middle_of_the_round_trip():
    fit = ClockFit()
    fit.add(sent_us=0, received_us=20 * MS, utc_received_us=UTC_US + 20 * MS, t_us=7)
    assert fit.best == Offset(UTC_US + 10 * MS - 7, 10 * MS)
    assert fit.utc_us(7) == UTC_US + 10 * MS


def test_the_fastest_round_trip_wins():
    fit = ClockFit()
    fit.add(0, 40 * MS, UTC_US, 0)
    fit.add(0, 10 * MS, UTC_US, 0)
    fit.add(0, 30 * MS, UTC_US + 999, 0)
    assert fit.best == Offset(UTC_US - 5 * MS, 5 * MS)


def test_a_jump_of_the_wall_clock_does_not_look_like_a_fast_round_trip():
    fit = ClockFit()
    fit.add(0, 10 * MS, UTC_US, 0)
    fit.add(0, 12 * MS, UTC_US - 3_600_000_000, 0)  # an hour back during the round trip
    assert fit.best == Offset(UTC_US - 5 * MS, 5 * MS)


@given(
    st.lists(
        st.tuples(st.integers(0, 200 * MS), st.integers(0, 200 * MS), st.integers(0, 10**12)), min_size=1
    ),
    st.integers(-(10**15), 10**15),
)
def test_the_true_offset_lies_within_the_stated_error(trips, offset_us):
    fit = ClockFit()
    for there_us, back_us, t_us in trips:
        fit.add(0, there_us + back_us, t_us + offset_us + back_us, t_us)
    assert abs(fit.best.offset_us - offset_us) <= fit.best.error_us + 1
