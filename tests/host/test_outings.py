# SPDX-License-Identifier: MIT
"""Runs of one outing are found by their overlap in UTC, and only those."""

import sqlite3
from itertools import takewhile

import pytest
from fakeunit import FakeUnit
from hypothesis import given, settings
from hypothesis import strategies as st

from kneesense import outings, storefile
from kneesense.clock import Reading
from kneesense.store import Store, Unit

UTC_US = 1_800_000_000_000_000
S = 1_000_000


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "runs.sqlite") as store:
        yield store


class Worn:
    """A unit of a runner, with a clock of its own."""

    def __init__(self, store, device, runner, side, error_us=20_000):
        self.store, self.device, self.error_us = store, device, error_us
        self.fake = FakeUnit(bytes.fromhex(device))
        store.remember(Unit(device, device[-4:], side, "lateral", runner))

    def run(self, start_s, length_s, clock=True, stop=True):
        """Recorded from `start_s` on, in a boot of its own; gives its id."""
        fake, store = self.fake, self.store
        fake.reboot()
        before = len(fake.log)
        fake._run({"utc_us": 0})
        started_us = fake.t_us
        strides = round(length_s / 0.35) - 1
        fake.strides(strides)
        if stop:
            fake._halt({})
        store.add(self.device, fake.log[before:])
        if clock:
            reading = Reading(started_us, UTC_US + start_s * S, self.error_us)
            store.add_readings(self.device, fake.boot, [reading])
        return store.runs()[-1].id


@pytest.fixture
def legs(store):
    return Worn(store, "0a0b0c0d", "Ann", "left"), Worn(store, "0a0b0c0e", "Ann", "right")


def keys(store):
    return [run.outing for run in store.runs()]


def test_runs_of_two_units_worn_at_the_same_time_belong_together(store, legs):
    left, right = legs
    first, second = left.run(0, 60), right.run(3, 60)
    third = left.run(4000, 60)
    assert [run.id for run in outings.join(store)] == [first, second]
    assert keys(store) == [first, first, None]
    runs = store.runs()
    assert outings.of(store, runs[1]) == runs[:2]
    assert outings.of(store, runs[2]) == [runs[third - 1]]


def test_finding_them_again_changes_nothing(store, legs):
    legs[0].run(0, 60), legs[1].run(3, 60)
    outings.join(store)
    before = store.runs()
    assert outings.join(store) == []
    assert store.runs() == before


def test_a_run_that_goes_on_counts_to_its_last_stride(store, legs):
    legs[0].run(0, 60, stop=False), legs[1].run(3, 60)
    assert len(outings.join(store)) == 2


def test_a_unit_that_restarted_has_two_runs_in_the_outing(store, legs):
    left, right = legs
    left.run(0, 40), right.run(1, 100), left.run(50, 40)
    outings.join(store)
    assert keys(store) == [1, 1, 1]


def test_a_run_that_only_touches_another_is_another_outing(store, legs):
    legs[0].run(0, 60), legs[1].run(55, 60)
    assert outings.join(store) == []


def test_without_a_clock_nothing_is_guessed(store, legs):
    legs[0].run(0, 60), legs[1].run(0, 60, clock=False)
    assert outings.join(store) == []


def test_a_clock_that_is_not_sure_enough_joins_nothing(store):
    left = Worn(store, "0a0b0c0d", "Ann", "left", error_us=40 * S)
    right = Worn(store, "0a0b0c0e", "Ann", "right")
    left.run(0, 60), right.run(0, 60)
    assert outings.join(store) == []


def test_runs_of_two_runners_at_the_same_time_stay_apart(store):
    Worn(store, "0a0b0c0d", "Ann", "left").run(0, 60)
    Worn(store, "0a0b0c0e", "Bea", "right").run(0, 60)
    assert outings.join(store) == []
    assert keys(store) == [None, None]


def test_two_runs_of_one_unit_never_belong_together(store, legs):
    left, _ = legs
    left.run(0, 60), left.run(1, 60)  # its clock was set wrong in between
    assert outings.join(store) == []


@settings(max_examples=20)
@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 400), st.integers(5, 60)), min_size=2, max_size=6)
)
def test_whoever_shares_an_outing_is_linked_by_overlaps(tmp_path_factory, runs):
    with Store(tmp_path_factory.mktemp("store") / "runs.sqlite") as store:
        units = [Worn(store, "0a0b0c0d", "Ann", "left"), Worn(store, "0a0b0c0e", "Ann", "right")]
        spans = {
            units[unit].run(start, length): (unit, start, start + length) for unit, start, length in runs
        }
        outings.join(store)
        for run in store.runs():
            unit, start, end = spans[run.id]
            meets = [
                other
                for other in store.runs()
                if spans[other.id][0] != unit and spans[other.id][1] < end and start < spans[other.id][2]
            ]
            if run.outing is not None:
                assert run.outing in {other.outing for other in meets}
                assert run.outing in spans


def test_an_older_store_gets_its_outings_when_it_is_opened(tmp_path, monkeypatch):
    file = tmp_path / "runs.sqlite"
    older = takewhile(lambda step: "outing" not in str(step), storefile.MIGRATIONS)
    with monkeypatch.context() as then:
        then.setattr(storefile, "MIGRATIONS", tuple(older))
        storefile.StoreFile(file).close()
    db = sqlite3.connect(file)
    db.execute("INSERT INTO run (device, boot, seq) VALUES ('0a0b0c0d', 1, 1)")
    db.commit()
    db.close()
    with Store(file) as store:
        assert keys(store) == [None]
