# SPDX-License-Identifier: MIT
"""How full a cell is by its voltage, and when to stop."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kneecore import wire
from kneecore.cell import (
    CHARGING,
    CHARGING_UNKNOWN,
    LEAST_MV,
    MOST_MV,
    NOT_CHARGING,
    UNKNOWN,
    Cell,
    believed,
    may_start,
    middle,
    nap_s,
    percent,
)

STOP_MV = 3350


def fed(readings, charging=NOT_CHARGING, gauge=UNKNOWN, cell=None):
    cell = cell or Cell()
    for mv in readings:
        cell.reading(mv, charging, gauge, STOP_MV)
    return cell


def percents(readings, charging=NOT_CHARGING):
    cell = Cell()
    told = []
    for mv in readings:
        cell.reading(mv, charging, UNKNOWN, STOP_MV)
        told.append(cell.percent)
    return [p for p in told if p != UNKNOWN]


def test_codes_are_those_of_the_wire():
    assert wire.CHARGING[CHARGING_UNKNOWN] == "unknown"
    assert wire.CHARGING[NOT_CHARGING] == "no"
    assert wire.CHARGING[CHARGING] == "yes"


@pytest.mark.parametrize(
    ("mv", "full"), [(3000, 0), (3270, 0), (3690, 10), (3840, 50), (4200, 100), (4300, 100)]
)
def test_the_curve(mv, full):
    assert percent(mv) == full


def test_the_curve_rises_everywhere():
    curve = [percent(mv) for mv in range(LEAST_MV, MOST_MV)]
    assert curve == sorted(curve)


@pytest.mark.parametrize("mv", [0, -284, 284, 2499, 4401, 5119, 6600])
def test_what_no_cell_has_is_unknown(mv):
    assert believed(mv) == 0
    cell = fed([3900] * 5)
    assert cell.percent != UNKNOWN
    fed([mv] * 3, cell=cell)
    assert (cell.mv, cell.percent, cell.charging, cell.low) == (0, UNKNOWN, CHARGING_UNKNOWN, False)


def test_one_unknown_reading_changes_nothing():
    cell = fed([3900] * 5 + [0])
    assert cell.mv == 3900
    assert cell.percent != UNKNOWN


@pytest.mark.parametrize("seed", range(20))
def test_noise_of_80_mv_in_every_conversion_moves_the_percentage_by_less_than_5_points(seed):
    noise = random.Random(seed)
    bursts = [middle([3700 + noise.randint(-80, 80) for _ in range(64)]) for _ in range(720)]
    told = percents(bursts)
    assert max(told) - min(told) <= 5
    assert len(told) > 700


def test_it_never_rises_unless_charging():
    told = percents([3900, 3800, 3950, 3700, 4000] * 40)
    assert told == sorted(told, reverse=True)
    told = percents([3700 + i for i in range(400)], CHARGING)
    assert told[-1] > told[0]


def test_the_charger_that_is_plugged_in_or_pulled_begins_anew():
    cell = fed([3700] * 10)
    low = cell.percent
    fed([3900] * 10, CHARGING, cell=cell)
    assert cell.percent > low
    fed([3880] * 10, NOT_CHARGING, cell=cell)
    assert cell.percent > low


def test_a_gauge_s_own_percentage_is_taken():
    assert fed([3700] * 3, gauge=42).percent == 42
    assert fed([3700] * 3, gauge=104).percent == 100


def test_what_the_unit_draws_is_put_back_and_what_the_charger_lifts_taken_away():
    assert fed([3820] * 3).percent == percent(3840)
    assert fed([3880] * 3, CHARGING).percent == percent(3840)


def test_a_dip_is_ignored_and_the_third_low_reading_in_a_row_ends_it():
    cell, low = Cell(), []
    for mv in (3500, 3420, 3310, 3420, 3300, 3290, 3280):
        cell.reading(mv, NOT_CHARGING, UNKNOWN, STOP_MV)
        low.append(cell.low)
    assert low == [False] * 6 + [True]


def test_an_empty_cell_that_is_charged_does_not_end_it():
    assert not fed([3300] * 9, CHARGING).low


def test_nearly_empty():
    assert fed([3450] * 3).nearly_empty(STOP_MV)
    assert not fed([3450] * 3, CHARGING).nearly_empty(STOP_MV)
    assert not fed([3700] * 3).nearly_empty(STOP_MV)
    assert not Cell().nearly_empty(STOP_MV)


def test_when_there_is_enough_to_start():
    assert may_start(3400, NOT_CHARGING, STOP_MV, False)
    assert not may_start(3349, NOT_CHARGING, STOP_MV, False)
    assert not may_start(3450, NOT_CHARGING, STOP_MV, True), "a cell recovers when nothing is drawn"
    assert may_start(3500, NOT_CHARGING, STOP_MV, True)
    assert may_start(3100, CHARGING, STOP_MV, True)
    assert may_start(0, CHARGING_UNKNOWN, STOP_MV, True), (
        "a battery that cannot be measured is no reason to be dead"
    )


def test_naps_grow_from_a_minute_to_an_hour():
    naps = [nap_s(i) for i in range(12)]
    assert naps[:4] == [60, 120, 240, 480]
    assert naps[-1] == nap_s(255) == 3600


@given(st.lists(st.integers(-100, 10000), min_size=4, max_size=80))
def test_the_middle_of_a_burst_lies_within_it(burst):
    assert min(burst) <= middle(burst) <= max(burst)


@given(st.lists(st.tuples(st.integers(-100, 7000), st.sampled_from((0, 1, 2)), st.integers(0, 255))))
def test_whatever_is_read_fits_its_record(readings):
    cell = Cell()
    for mv, charging, gauge in readings:
        cell.reading(mv, charging, gauge, STOP_MV)
        assert 0 <= cell.percent <= 100 or cell.percent == UNKNOWN
        assert cell.mv == 0 or LEAST_MV <= cell.mv <= MOST_MV
