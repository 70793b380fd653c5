# SPDX-License-Identifier: MIT
"""Round trips as readings of the unit's clock: bounded by half their length, whatever this computer's clocks do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kneesense import clock
from kneesense.clock import Moment, Reading, RoundTrips, fastest

UTC_US = 1_767_225_600_000_000  # 2026-01-01
MS, S = 1000, 1_000_000


def trip(there_ms, back_ms, t_us=7, jump_us=0, suspended_us=0):
    """(sent, received, the unit's stamp): the wall clock is set, or the computer sleeps, on the way back."""
    sent = Moment(50 * S, UTC_US)
    length_us = (there_ms + back_ms) * MS
    received = Moment(sent.monotonic_us + length_us, UTC_US + length_us + jump_us + suspended_us)
    return sent, received, t_us


def one(*trips):
    trips_seen = RoundTrips()
    for each in trips:
        trips_seen.add(*each)
    return trips_seen.readings


def test_nothing_is_known_before_the_first_round_trip():
    assert RoundTrips().readings == []
    assert RoundTrips().unit_now() is None


def test_the_stamp_is_taken_for_the_middle_of_the_round_trip():
    (reading,) = one(trip(12, 8))
    assert reading[:2] == (7, UTC_US + 10 * MS)
    assert 10 * MS <= reading.error_us < 10 * MS + 40 * MS  # and what the system's clocks resolve


def test_of_a_minute_the_fastest_round_trip_stays():
    assert one(trip(20, 20), trip(5, 5), trip(15, 15)) == one(trip(5, 5))


@given(
    st.integers(0, 500), st.integers(0, 500), st.sampled_from((0, 3600, -3600, 0.02, -0.02)), st.booleans()
)
def test_the_truth_lies_within_the_reading_however_unequal_the_ways_are(there_ms, back_ms, by_s, suspended):
    by_us = round(by_s * S)
    jump = {"suspended_us": abs(by_us)} if suspended else {"jump_us": by_us}
    (reading,) = one(trip(there_ms, back_ms, **jump))
    true_us = UTC_US + there_ms * MS + (0 if suspended else by_us)  # by the clock as it is afterwards
    assert abs(reading.utc_us - true_us) <= reading.error_us


def test_readings_that_contradict_each_other_stay_both():
    before, after = Reading(0, UTC_US, 10), Reading(S, UTC_US + 3600 * S, 20)
    assert fastest([after, before]) == [before, after]


@given(st.lists(st.tuples(st.integers(0, 10**12), st.integers(1, 10**6)), max_size=300))
def test_few_are_kept_and_of_each_stretch_the_surest(drawn):
    kept = fastest(Reading(t_us, UTC_US + t_us, error_us) for t_us, error_us in drawn)
    assert len(kept) <= 64
    assert kept == sorted(kept)
    if drawn:
        assert min(error_us for _, error_us in drawn) == min(reading.error_us for reading in kept)


@pytest.mark.parametrize("jump_us", [0, 3600 * S, -3600 * S])
def test_what_the_unit_shows_now_is_carried_by_the_monotonic_clock(jump_us):
    trips = RoundTrips()
    trips.add(*trip(10, 10, t_us=5 * S))
    after = Moment(50 * S + 220 * MS, UTC_US + 220 * MS + jump_us)
    with clock.replaced(lambda: after):
        told = trips.unit_now()
    if jump_us > 0:
        assert told is None, "forward it may also be a suspend, in which the monotonic clock stood still"
    else:
        assert told[:2] == (5 * S + 210 * MS, UTC_US + 220 * MS + jump_us)


def test_an_old_round_trip_does_not_say_what_the_unit_shows_now():
    trips = RoundTrips()
    trips.add(*trip(10, 10))
    with clock.replaced(lambda: Moment(52 * S, UTC_US + 2 * S)):
        assert trips.unit_now() is None


def test_the_clock_of_the_system_is_read_in_microseconds():
    import time

    moment = clock.now()
    assert abs(moment.utc_us - time.time() * 1e6) < 5 * S
    assert abs(moment.monotonic_us - time.monotonic() * 1e6) < 5 * S
