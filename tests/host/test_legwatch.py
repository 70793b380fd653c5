# SPDX-License-Identifier: MIT
"""Two units in a run are watched live: what is wrong is told once, what is right not at all."""

import pytest

from kneesense.clock import Reading
from kneesense.legwatch import LegWatch
from kneesense.store import Store, Unit

LEFT, RIGHT = Unit("0a", "0a", "left", "lateral", "Ann"), Unit("0b", "0b", "right", "lateral", "Ann")
STRIDE = {"stride_s": 0.7, "flags": [], "gait": "run"} | dict.fromkeys(
    ("contact_s", "pta_axial_g", "lean_range_deg")
)
UTC_US = 1_800_000_000_000_000
OFFSETS_US = {"0a": 5_000_000, "0b": 77_000_000}  # the units were switched on at other times


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "runs.sqlite") as store:
        yield store


@pytest.fixture
def watch(store):
    tie(store)
    watch = LegWatch(store, [LEFT, RIGHT])
    for unit in (LEFT, RIGHT):
        watch.connected(unit.device, True)
    return watch


def tie(store, error_us=10_000):
    for device, offset_us in OFFSETS_US.items():
        store.add_readings(device, 1, [Reading(offset_us, UTC_US, error_us)])


def strides(watch, right_at, n=100, only=("0a", "0b")):
    """Both legs take `n` strides of 0.7 s, the right one `right_at` of a stride after the left; what was told."""
    told = []
    for i in range(n):
        for device, at in (("0a", 0.0), ("0b", right_at)):
            t_us = OFFSETS_US[device] + round(700_000 * (i + at)) + (i * 37 % 11) * 2000
            if device in only:
                told += watch.see(device, 1, t_us, STRIDE)
    return [code for code, _ in told]


def test_legs_that_alternate_are_no_news(watch):
    assert watch.begun() == []
    assert strides(watch, 0.5) == []


@pytest.mark.parametrize(
    ("right_at", "code"),
    [(0.02, "contacts_coincide"), (0.97, "contacts_coincide"), (0.2, "contacts_shifted")],
)
def test_legs_that_do_not_alternate_are_told_once(watch, right_at, code):
    assert strides(watch, right_at) == [code]


def test_with_unsure_clocks_it_is_said_that_it_cannot_be_told(store):
    tie(store, 300_000)
    assert strides(LegWatch(store, [LEFT, RIGHT]), 0.02) == ["clocks_unsure"]


def test_without_a_clock_nothing_is_said(store):
    assert strides(LegWatch(store, [LEFT, RIGHT]), 0.02) == []


def test_a_unit_that_sees_no_strides_is_told(watch):
    assert strides(watch, 0.5, only=("0b",)) == ["no_strides"]


def test_a_unit_that_is_not_connected_is_not_judged(watch):
    watch.connected("0a", False)
    assert strides(watch, 0.5, only=("0b",)) == []


def test_one_that_comes_back_has_its_time(watch):
    watch.connected("0a", False)
    strides(watch, 0.5, n=59, only=("0b",))
    watch.connected("0a", True)
    assert strides(watch, 0.5, n=59, only=("0b",)) == []


def test_strides_told_late_have_no_say(watch):
    late = STRIDE | {"flags": ["backdated"]}
    assert [watch.see("0a", 1, 0, late) for _ in range(200)] == [[]] * 200


def test_two_units_for_one_leg_are_told_before_the_first_step(store):
    other = Unit("0b", "0b", "left", "medial", "Ann")
    watch = LegWatch(store, [LEFT, other])
    ((code, message),) = watch.begun()
    assert code == "same_side"
    assert "--side right" in message
    assert watch.begun() == []
