# SPDX-License-Identifier: MIT
"""Offset and drift of a unit's clock: what is told as the bound holds, and a clock that was set bends nothing."""

import math
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kneesense.clock import DRIFT_LIMIT_PPM, Moment, Reading, RoundTrips
from kneesense.tie import WANDER_PPM, fit

UTC_US = 1_767_225_600_000_000  # 2026-01-01
MS, S, HOUR = 1000, 1_000_000, 3_600_000_000


@dataclass
class Quartz:
    """A unit's clock: UTC of its time, with a drift that wanders a little, as with the temperature."""

    drift_ppm: float = 0.0
    wander_ppm: float = 0.0
    period_s: float = 7200.0
    phase: float = 0.0

    def utc_us(self, t_us):
        turn = 2 * math.pi / (self.period_s * S)
        swing = math.sin(turn * t_us + self.phase) - math.sin(self.phase)
        return round(UTC_US + t_us + (self.drift_ppm * t_us + self.wander_ppm * swing / turn) / 1e6)


@dataclass
class Computer:
    """Asks a unit what time it is, over a radio that takes its time; its clock is set by `by_us` at `set_us`."""

    quartz: Quartz
    random: Random = field(default_factory=lambda: Random(1))
    set_us: int | None = None
    by_us: int = 0

    def wall_us(self, utc_us):
        is_set = self.set_us is not None and utc_us >= self.quartz.utc_us(self.set_us)
        return utc_us + (self.by_us if is_set else 0)

    def ask(self, trips, t_us):
        random = self.random
        there_us = (
            1000 + random.expovariate(1 / 20_000) + (random.uniform(0, 2 * S) if random.random() < 0.1 else 0)
        )
        back_us = 1000 + random.expovariate(1 / 5_000)
        utc_us = self.quartz.utc_us(t_us)
        sent, received = round(utc_us - there_us), round(utc_us + back_us)
        trips.add(Moment(sent, self.wall_us(sent)), Moment(received, self.wall_us(received)), t_us)


def readings(quartz, times_s, error_us=5 * MS, by_us=0):
    """Exact but for nothing: what a quartz shows at those times."""
    return [Reading(round(t * S), quartz.utc_us(round(t * S)) + by_us, error_us) for t in times_s]


def test_without_a_reading_there_is_no_tie():
    assert fit([]) is None


def test_one_reading_gives_the_offset_and_any_drift_a_quartz_may_have():
    tie = fit(readings(Quartz(), [100]))
    assert tie.utc_us(100 * S) == UTC_US + 100 * S
    assert tie.error_us(100 * S) == 5 * MS
    assert tie.error_us(1100 * S) == pytest.approx(5 * MS + 1000 * (DRIFT_LIMIT_PPM + WANDER_PPM), abs=1)


@pytest.mark.parametrize("drift_ppm", [45, -45, 0, 150])
def test_two_readings_give_the_drift_and_it_moves_the_last_sample(drift_ppm):
    tie = fit(readings(Quartz(drift_ppm), [0, 3600]))
    assert tie.drift_ppm == pytest.approx(drift_ppm, abs=0.01)
    for t_s in (0, 1, 600, 3600, 7200):
        moved_us = tie.utc_us(t_s * S) - UTC_US - t_s * S
        assert moved_us == pytest.approx(drift_ppm * t_s, abs=2)


def test_the_error_of_the_drift_is_what_the_readings_leave_open():
    near, far = fit(readings(Quartz(45), [0, 600])), fit(readings(Quartz(45), [0, 36000]))
    assert near.drift_error_ppm == pytest.approx(10 * MS / 600 + 2 * WANDER_PPM, abs=0.1)
    assert far.drift_error_ppm == pytest.approx(10 * MS / 36000 + 2 * WANDER_PPM, abs=0.1)


def test_a_sure_reading_counts_and_an_unsure_one_beside_it_does_no_harm():
    sure = readings(Quartz(20), [0, 1800, 3600], 2 * MS)
    unsure = [
        Reading(900 * S, UTC_US + 900 * S + 400 * MS, 500 * MS),
        Reading(901 * S, UTC_US + 500 * S, 401 * S),
    ]
    assert fit(sure + unsure).utc_us(900 * S) == pytest.approx(fit(sure).utc_us(900 * S), abs=1)


@pytest.mark.parametrize("by_s", [-3600, 3600, 86400, -1])
def test_a_clock_that_was_set_is_told_and_bends_nothing(by_s):
    quartz = Quartz(30)
    before = readings(quartz, range(0, 600, 60))
    after = readings(quartz, range(600, 3600, 60), by_us=by_s * S)
    tie = fit(before + after)
    assert tie.drift_ppm == pytest.approx(30, abs=2)
    assert [jump.t_us for jump in tie.jumps] == [600 * S]
    assert tie.jumps[0].by_us == pytest.approx(by_s * S, abs=10 * MS)
    assert tie.utc_us(3000 * S) - tie.utc_us(0) == pytest.approx(3000 * S + 3000 * 30, abs=8 * MS)
    assert tie.utc_us(0) == pytest.approx(UTC_US + by_s * S, abs=8 * MS)  # by what it showed last


def test_one_reading_of_a_wrong_clock_between_right_ones_changes_nothing():
    right = readings(Quartz(-10), range(0, 3600, 300))
    wrong = [Reading(1000 * S, UTC_US - 9 * HOUR, 1 * MS)]
    tie, alone = fit(right + wrong), fit(right)
    assert (tie.readings, tie.drift_ppm) == (alone.readings, alone.drift_ppm)
    assert len(tie.jumps) == 2  # there and back


def test_two_readings_beyond_any_quartz_are_no_drift():
    tie = fit([*readings(Quartz(), [0]), Reading(1000 * S, UTC_US + 1000 * S + 250 * MS, 5 * MS)])
    assert len(tie.readings) == 1
    assert tie.jumps[0].by_us == 250 * MS


@given(st.data())
def test_the_order_of_the_readings_does_not_matter(data):
    drawn = data.draw(
        st.lists(
            st.tuples(st.integers(0, 10**9), st.integers(-(10**8), 10**8), st.integers(1, 10**6)), min_size=1
        )
    )
    some = [Reading(t_us, UTC_US + t_us + off_us, error_us) for t_us, off_us, error_us in drawn]
    tie = fit(some)
    assert fit(data.draw(st.permutations(some))) == tie
    for reading in tie.readings:
        low, high = tie.bounds_us(reading.t_us)
        assert reading.utc_us - reading.error_us <= low <= high <= reading.utc_us + reading.error_us + 1


@given(st.lists(st.integers(-(2**62), 2**62), min_size=2, max_size=5), st.integers(0, 10**12))
def test_later_device_time_is_never_earlier_utc(times, spread):
    tie = fit(readings(Quartz(90, 4, 5000), [0, 60, 61, 900, 4000], 1 + spread % (20 * MS)))
    times = sorted(t_us % (100 * HOUR) for t_us in times)
    found = [tie.utc_us(t_us) for t_us in times]
    assert found == sorted(found)


def simulated(seed):
    """A boot of up to ten hours with up to 300 round trips in a few connections; gives whether each bound held."""
    random = Random(seed)
    quartz = Quartz(
        random.uniform(-80, 80),
        random.uniform(0, WANDER_PPM),
        random.uniform(600, 40_000),
        random.uniform(0, 6),
    )
    length_us = round(random.uniform(60, 36_000) * S)
    computer = Computer(quartz, random)
    if random.random() < 0.5:
        computer.set_us = random.randrange(length_us)
        computer.by_us = random.choice([-3600 * S, 3600 * S, 86400 * S, -1 * S, 300 * MS])
    times: list[int] = []
    for _ in range(random.randint(1, 4)):
        begin_us = random.randrange(length_us)
        lasts_us = random.randrange(length_us - begin_us) // 2
        times += [begin_us + random.randrange(lasts_us + 1) for _ in range(random.randint(1, 75))]
    trips = RoundTrips()
    for t_us in sorted(times):
        computer.ask(trips, t_us)
    tie = fit(trips.readings)
    set_by_us = computer.wall_us(quartz.utc_us(max(times))) - quartz.utc_us(max(times))
    held = []
    for part in (-0.3, 0, 0.2, 0.5, 0.8, 1, 1.3):
        t_us = round(part * length_us)
        held.append(abs(tie.utc_us(t_us) - quartz.utc_us(t_us) - set_by_us) <= tie.error_us(t_us) + 1)
    return held, abs(tie.drift_ppm - quartz.drift_ppm) <= tie.drift_error_ppm


def test_the_true_time_lies_within_the_bound_in_99_of_100_cases():
    """Simulated: offset, drift that wanders, jitter, unequal ways, outliers of 2 s, clocks that are set."""
    cases = [simulated(seed) for seed in range(250)]
    held = [ok for times, _ in cases for ok in times]
    assert sum(held) >= 0.99 * len(held)
    assert sum(ok for _, ok in cases) >= 0.99 * len(cases)


def test_an_hour_of_ordinary_connection_is_known_to_milliseconds_and_a_few_ppm():
    computer = Computer(Quartz(-25))
    trips = RoundTrips()
    for second in range(0, 3600, 5):
        computer.ask(trips, second * S)
    tie = fit(trips.readings)
    assert abs(tie.drift_ppm + 25) < 1
    assert tie.drift_error_ppm < 2 * WANDER_PPM + 2
    assert tie.error_us(1800 * S) < 5 * MS
