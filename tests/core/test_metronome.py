# SPDX-License-Identifier: MIT
"""Beats: their mean interval, stalls, late ones, and that none comes on the heels of another."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kneecore.metronome import NO_BEAT, SLOWEST_CSPM, Metronome
from kneecore.ticks import plus

SECOND_US = 1_000_000
WRAP = 1 << 30


def beats(cspm, seconds, polls_us, start_us=0, horizon_us=0):
    """Times in microseconds since the start at which the motor begins; asked after each of the pauses `polls_us`."""
    metronome = Metronome()
    now_us = 0
    metronome.tempo(start_us % WRAP, cspm)
    found = []
    while now_us <= seconds * SECOND_US:
        wrapped_us = plus(start_us, now_us % WRAP)
        while (delay_us := metronome.due(wrapped_us, horizon_us)) != NO_BEAT:
            found.append(now_us + delay_us)
        now_us += next(polls_us)
    return found, metronome


def stalling(every_us=20_000, stall_us=100_000, period_us=7 * SECOND_US):
    """Pauses of a loop that is held up in each period."""
    at_us = 0
    while True:
        pause_us = stall_us if (at_us + every_us) // period_us != at_us // period_us else every_us
        at_us += pause_us
        yield pause_us


@pytest.mark.parametrize("horizon_us", [0, 30_000, 150_000])
@pytest.mark.parametrize("start_us", [0, WRAP - 7_000_000])
def test_172_a_minute_for_5_minutes_with_stalls(start_us, horizon_us):
    found, metronome = beats(17200, 300, stalling(), start_us, horizon_us)
    interval_us = Fraction(60 * SECOND_US, 172)
    on_grid = [round(at_us / interval_us) for at_us in found]
    assert len(set(on_grid)) == len(found)
    assert on_grid[-1] in (859, 860)
    assert (found[-1] - found[0]) / (on_grid[-1] - on_grid[0]) == pytest.approx(float(interval_us), rel=1e-3)
    assert len(found) + metronome.dropped == on_grid[-1] + 1
    late_us = [at_us - n * interval_us for n, at_us in zip(on_grid, found, strict=True)]
    assert min(late_us) > -1
    assert max(late_us) <= interval_us / 10
    assert abs(late_us[-1] - late_us[0]) <= 20_000
    if horizon_us == 150_000:  # the motor's hardware waits through the stall
        assert metronome.dropped == 0
        assert max(late_us) == 0
    if horizon_us == 0:
        assert metronome.dropped > 0


@settings(max_examples=60, deadline=None)
@given(
    cspm=st.integers(SLOWEST_CSPM, 24000),
    start_us=st.integers(0, WRAP - 1),
    pauses=st.lists(st.integers(1000, 400_000), min_size=1, max_size=40),
    horizon_us=st.integers(0, 200_000),
)
def test_beats_are_on_the_grid_never_bunched_and_none_is_lost_unseen(cspm, start_us, pauses, horizon_us):
    def polls():
        while True:
            yield from pauses

    found, metronome = beats(cspm, 60, polls(), start_us, horizon_us)
    interval_us = Fraction(6_000_000_000, cspm)
    numbers = [at_us // interval_us for at_us in (at_us + 1 for at_us in found)]
    for number, at_us in zip(numbers, found, strict=True):
        assert -1 <= at_us - number * interval_us <= interval_us / 10
    assert all(later > earlier for earlier, later in pairwise(numbers))
    gaps_us = [later - earlier for earlier, later in pairwise(found)]
    assert not gaps_us or min(gaps_us) >= interval_us * 9 / 10 - 1
    assert not numbers or len(found) + metronome.dropped >= numbers[-1] + 1


def test_no_tempo_no_beat_and_a_new_tempo_begins_anew():
    metronome = Metronome()
    assert metronome.due(0, 1000) == NO_BEAT
    metronome.tempo(500, 12000)
    assert metronome.due(500, 0) == 0
    assert metronome.due(500, SECOND_US) == 500_000
    metronome.tempo(600, 12000)
    assert metronome.due(600, SECOND_US) == 999_900
    metronome.tempo(700, 0)
    assert metronome.due(700, 3 * SECOND_US) == NO_BEAT
    metronome.tempo(800, 6000)
    assert [metronome.due(800, SECOND_US), metronome.due(800, SECOND_US)] == [0, SECOND_US]


def test_the_slowest_tempo():
    metronome = Metronome()
    metronome.tempo(0, 1)
    assert metronome.due(0, 0) == 0
    assert metronome.due(0, 10 * SECOND_US) == 2 * SECOND_US
