# SPDX-License-Identifier: MIT
"""Times of samples out of times of arrival: jitter, bunches, stalls, rows that are missing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kneesense import stamps

SECONDS = 30


def clock(rate_hz, ppm=50):
    """When the samples were taken, by a sensor that is a little off."""
    return np.arange(SECONDS * rate_hz) / (rate_hz * (1 + ppm / 1e6))


def in_bunches(t_s, size):
    """Each row with the stamp of the last of its bunch."""
    last = np.minimum(np.arange(len(t_s)) // size * size + size - 1, len(t_s) - 1)
    return t_s[last]


def jittered(t_s, by_s, seed=1):
    return np.maximum.accumulate(t_s + np.random.default_rng(seed).uniform(-by_s, by_s, len(t_s)))


def worst_ms(t_s, stamped):
    """Of the times found against the true ones, apart from one delay common to all."""
    found, told = stamps.taken(stamped)
    assert told
    assert np.diff(found).min() > 0
    off = found - t_s
    return 1000 * np.abs(off - np.median(off)).max()


@pytest.mark.parametrize("rate_hz", [100, 250, 500])
def test_stamps_of_an_even_clock_stay_as_they_are_whatever_rows_are_missing(rate_hz):
    t_s = clock(rate_hz)
    random = np.random.default_rng(1)
    for kept in (t_s, t_s[random.random(len(t_s)) > 0.1], np.delete(t_s, slice(500, 900)), t_s[:20]):
        found, told = stamps.taken(kept)
        assert (found == kept).all()
        assert told == ""


@pytest.mark.parametrize("rate_hz", [100, 250, 416])
@pytest.mark.parametrize("by_ms", [1, 3, 4.5])
def test_jitter_is_taken_out(rate_hz, by_ms):
    t_s = clock(rate_hz)
    assert worst_ms(t_s, jittered(t_s, by_ms / 1000)) < 0.5


@pytest.mark.parametrize("apart_ms", [0, 0.1])
@pytest.mark.parametrize("size", [2, 3, 7, 20])
def test_a_bunch_ends_with_its_stamp(size, apart_ms):
    t_s = clock(100)
    stamped = in_bunches(t_s, size) + np.arange(len(t_s)) % size * apart_ms / 1000
    found, told = stamps.taken(stamped)
    assert f"bunches of {size}" in told
    whole = slice(0, len(t_s) // size * size)
    assert np.abs(found - t_s - (size - 1) * apart_ms / 1000)[whole].max() < 0.002 * size


def test_a_coarse_clock_of_milliseconds_is_refined():
    t_s = clock(416)
    assert worst_ms(t_s, np.round(t_s, 3)) < 0.3
    assert worst_ms(t_s, np.floor(t_s * 100) / 100) < 0.5


@pytest.mark.parametrize("stall_s", [0.1, 0.4, 0.9, 3])
def test_a_stall_of_the_link_moves_nothing_and_is_no_gap(stall_s):
    t_s = clock(100)
    stamped = jittered(in_bunches(t_s, 3), 0.001)
    stamped[(stamped > 12) & (stamped < 12 + stall_s)] = 12 + stall_s
    assert worst_ms(t_s, stamped) < 5


@pytest.mark.parametrize("size", [1, 3, 7])
@pytest.mark.parametrize("missing", [3, 40, 400])
@pytest.mark.parametrize("first", [1000, 1001, 1002])
def test_missing_rows_are_a_gap_of_their_length_where_they_are(size, missing, first):
    t_s = clock(100)
    stamped = jittered(in_bunches(t_s, size), 0.003)
    kept = np.delete(np.arange(len(t_s)), slice(first, first + missing))
    found, _ = stamps.taken(stamped[kept])
    (at,) = np.flatnonzero(np.diff(found) > 1.75 * 0.01) + 1
    assert abs(at - first) <= 2 * (size - 1)  # which of a bunch's rows are missing cannot be told
    assert found[at] - found[at - 1] == pytest.approx(0.01 * (missing + 1), abs=0.01 * size)
    off = found - t_s[kept]
    assert np.median(off[at + 100 :]) == pytest.approx(np.median(off[: at - 100]), abs=0.003)


def test_one_row_that_repeats_a_stamp_is_a_mistake_and_no_bunch():
    t_s = clock(100)
    t_s[500] = t_s[499]
    assert not stamps.bunched(t_s)
    assert stamps.bunched(in_bunches(clock(100), 3))


@given(
    st.integers(1, 12), st.floats(0, 0.005), st.integers(0, 1 << 16),
    st.lists(st.tuples(st.integers(0, 2900), st.integers(1, 200)), max_size=6),
    st.lists(st.tuples(st.floats(0, 29), st.floats(0, 2)), max_size=4),
)  # fmt: skip
def test_times_rise_and_keep_their_length_whatever_arrives(size, by_s, seed, losses, stalls):
    stamped = jittered(in_bunches(clock(100), size), by_s, seed)
    for at_s, length_s in stalls:
        stamped[(stamped > at_s) & (stamped < at_s + length_s)] = at_s + length_s
    stamped = np.maximum.accumulate(stamped)
    kept = np.ones(len(stamped), bool)
    for at, length in losses:
        kept[at : at + length] = False
    stamped = stamped[kept]
    found, told = stamps.taken(stamped)
    assert len(found) == len(stamped)
    if told:
        assert np.diff(found).min() > 0
