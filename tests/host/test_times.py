# SPDX-License-Identifier: MIT
"""Dates: fixed instants in every epoch, the end of daylight saving, what a user means."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kneesense import times
from kneesense.errors import InputError

NEW_YEAR_US = 1_735_689_600_000_000  # 2025-01-01T00:00:00Z


def test_one_instant_in_every_epoch(zone):
    zone("Asia/Kathmandu")
    assert times.utc(NEW_YEAR_US) == "2025-01-01T00:00:00.000Z"
    assert times.to_2000(NEW_YEAR_US) == 789_004_800
    assert times.to_fit(NEW_YEAR_US) == 1_104_624_000
    assert times.offset_s(NEW_YEAR_US) == 20_700  # +05:45
    assert times.to_fit(NEW_YEAR_US + times.offset_s(NEW_YEAR_US) * 1_000_000) == 1_104_624_000 + 20_700


def test_the_epochs_are_where_their_names_say():
    assert datetime.fromtimestamp(times.EPOCH_2000_S, UTC) == datetime(2000, 1, 1, tzinfo=UTC)
    assert datetime.fromtimestamp(times.EPOCH_FIT_S, UTC) == datetime(1989, 12, 31, tzinfo=UTC)
    assert datetime.fromtimestamp(times.FIRST_UTC_US / 1e6, UTC) == datetime(2024, 1, 1, tzinfo=UTC)


def test_a_run_over_the_end_of_daylight_saving_has_both_offsets(zone):
    zone("Europe/Berlin")
    start, end = "2026-10-25T00:30:00.000Z", "2026-10-25T01:15:00.000Z"  # 45 minutes
    assert times.span(start, end) == "2026-10-25 02:30 +02:00 to 02:15 +01:00"
    assert times.zone_changed(start, end)
    assert not times.zone_changed(end, "2026-10-25T03:00:00.000Z")
    assert times.span(end, "2026-10-25T01:45:00.000Z") == "2026-10-25 02:15 to 02:45"
    assert (
        times.span("2026-10-24T21:30:00.000Z", "2026-10-24T22:30:00.000Z")
        == "2026-10-24 23:30 to 2026-10-25 00:30"
    )
    assert times.span(None, end) == "date unknown"


def test_what_is_known_between_two_moments_in_words(zone):
    zone("UTC")
    one, two = "2026-11-28T18:02:00.000Z", "2026-11-30T09:40:59.999Z"
    assert times.between([one, two]) == "between 2026-11-28 18:02 and 2026-11-30 09:40"
    assert times.between([one, None]) == "after 2026-11-28 18:02"
    assert times.between([None, two]) == "before 2026-11-30 09:40"
    assert times.between(None) == times.between([None, None]) == "date unknown"
    assert times.within("2026-11-30T09:41:00.000Z", [one, two])
    assert not times.within("2026-11-30T09:43:00.000Z", [one, two])
    assert not times.within("2026-11-28T18:00:00.000Z", [one, None])
    assert times.within("2026-11-28T18:00:00.000Z", None)


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("2026-11-30T07:15", "2026-11-30T06:15:00.000Z"),
        (" 2026-11-30 07:15 ", "2026-11-30T06:15:00.000Z"),
        ("2026-07-30 07:15", "2026-07-30T05:15:00.000Z"),
        ("2026-11-30T06:15Z", "2026-11-30T06:15:00.000Z"),
        ("2026-10-25T02:30", "2026-10-25T00:30:00.000Z"),  # twice: the first one is meant
        ("2026-10-25T02:30+01:00", "2026-10-25T01:30:00.000Z"),
    ],
)
def test_a_user_means_local_time_unless_a_zone_is_given(zone, text, means):
    zone("Europe/Berlin")
    assert times.utc(times.meant(text)) == means


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("yesterday", "no date with a time"),
        ("2026-11-30", "no time of day"),
        ("2026-13-30T07:15", "no date with a time"),
        ("2026-03-29T02:30", "the clocks went forward"),
        ("1999-11-30T07:15", "before there were units"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(zone, text, words):
    zone("Europe/Berlin")
    with pytest.raises(InputError, match=words):
        times.meant(text)


@given(st.datetimes(datetime(2024, 1, 2), datetime(2099, 12, 31)))
def test_what_is_shown_can_be_given_back(moment):
    us = round(moment.replace(tzinfo=UTC, microsecond=0, second=0).timestamp() * 1e6)
    assert times.meant(times.with_zone(times.utc(us)).replace(" +", "+").replace(" -", "-")) == us
