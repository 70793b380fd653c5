# SPDX-License-Identifier: MIT
"""Deleting out of the store: what is named goes, bytes and all, nothing else does, and it does not come back."""

import signal
import sqlite3

import pytest
from fakeunit import UTC_US, FakeUnit
from hypothesis import given
from hypothesis import strategies as st
from test_store import DEVICE, program

from kneecore import wire
from kneesense import storefile
from kneesense.clock import Reading
from kneesense.errors import StoreError
from kneesense.store import Added, Store, Unit

OTHER = "0f0f0f0f"


def of(device, runner, side="right"):
    return Unit(device, device[-4:], side, "medial", runner)


def run(fake, runner=0, end=True, strides=20):
    """A run with a mark in it and one after it; the records it logged."""
    before = len(fake.log)
    fake._run({"utc_us": 0, "runner": runner})
    fake.strides(strides)
    fake.record(wire.MARK, {"kind": 0})
    if end:
        fake._halt({})
        fake.record(wire.MARK, {"kind": 2})
    return fake.log[before:]


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "runs.sqlite") as store:
        yield store


@pytest.fixture
def two(store):
    """Ann and Bea share a unit; Ann alone has another.  (store, log of the shared one, log of Ann's own)"""
    ann, bea = store.runner_number("Ann"), store.runner_number("Bea")
    store.remember(of(DEVICE, "Bea"))
    store.remember(of(OTHER, "Ann"))
    for runner in ("Ann", "Bea"):
        store.set_screening(runner, "2026-01-02T03:04:05Z", "no,no,no,no,no")
        store.set_prescription(runner, f"runner = '{runner}'")
        store.first_time(runner, "lean")
    shared, own = FakeUnit(), FakeUnit(bytes.fromhex(OTHER))
    for runner in (ann, bea, ann):
        run(shared, runner)
    run(own, ann)
    for device, fake in ((DEVICE, shared), (OTHER, own)):
        store.add(device, fake.log, fake.log[-1].key)
        store.add_readings(device, 1, [Reading(0, UTC_US, 1)])
    return store, shared.log, own.log


def names(records):
    return [record.name for record in records]


def whole(store):
    assert store.problems() == []
    assert store._rows("PRAGMA foreign_key_check") == []


def test_a_run_goes_with_its_marks_and_its_number_is_not_used_again(store):
    fake = FakeUnit()
    one, two = run(fake), run(fake)
    store.add(DEVICE, fake.log)
    assert store.delete_run(2) == len(two), "all but what time it was, and the mark before it"
    assert [r.id for r in store.runs()] == [1]
    assert store.run_records(store.runs()[0]) == one[1:-1]
    assert names(store.records(DEVICE)).count("mark") == 1, "those between the runs tell of both"
    three = run(fake)
    store.add(DEVICE, three)
    assert [r.id for r in store.runs()] == [1, 3]
    whole(store)


def test_a_run_that_a_power_cut_ended_takes_nothing_of_the_next_boot(store):
    fake = FakeUnit()
    run(fake, end=False)
    fake.reboot()
    fake.record(wire.NOTICE, {})
    later = run(fake)
    store.add(DEVICE, fake.log)
    store.delete_run(1)
    kept = store.records(DEVICE)
    assert names(kept)[:3] == ["anchor", "notice", "anchor"]
    assert store.run_records(store.runs()[0]) == later[1:-1]


def test_a_session_and_a_calibration_of_a_deleted_run_do_not_pass_to_another(store):
    fake = FakeUnit()
    run(fake)
    fake.record(wire.VERDICT, {})
    run(fake)
    fake.record(wire.SESSION, {"session": 1})
    store.add(DEVICE, fake.log)
    store.delete_run(2)
    assert store.sessions(DEVICE) == []
    assert "verdict" not in names(store.records(DEVICE))


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.booleans()), max_size=8), st.integers(0, 7))
def test_whatever_the_log_other_runs_keep_every_record(tmp_path_factory, runs, victim):
    """Runs that end or not, with and without a reboot after them."""
    fake = FakeUnit()
    for strides, end, reboot in runs:
        run(fake, 0, end, strides)
        if reboot:
            fake.reboot()
    with Store(tmp_path_factory.mktemp("store") / "runs.sqlite") as store:
        store.add(DEVICE, fake.log)
        known = {r.id: store.run_records(r) for r in store.runs()}
        gone = known.pop(victim + 1, None)
        if gone is None:
            return
        store.delete_run(victim + 1)
        for r in store.runs():
            assert store.run_records(r) == known.pop(r.id)
        assert known == {}
        assert not {r.key for r in gone} & {r.key for r in store.records(DEVICE)}
        assert store.add(DEVICE, fake.log).new == 0, "nothing comes back"


def test_a_runner_goes_everywhere_and_the_other_stays(two):
    store = two[0]
    theirs = store.run_records(store.runs()[1])
    store.delete_runner("Ann")
    assert [(r.id, r.runner) for r in store.runs()] == [(2, "Bea")]
    assert store.run_records(store.runs()[0]) == theirs
    assert store.records(OTHER) == []
    assert store.tie(OTHER, 1) is None
    assert [unit.device for unit in store.units()] == [DEVICE]
    assert store.runners() == ["Bea"]
    assert store.screening("Ann") is store.prescription("Ann") is None
    assert store.screening("Bea")
    assert store.prescription("Bea")
    whole(store)


def test_what_is_deleted_does_not_come_back_with_the_unit_s_log(two):
    store, shared, own = two
    store.delete_runner("Ann")
    for device, log in ((DEVICE, shared), (OTHER, own)):
        added = store.add(device, log)
        assert added.new == 0
        assert added.deleted > 0
        assert all(store.holds(device, record) for record in log)
    assert [r.runner for r in store.runs()] == ["Bea"]


def test_what_is_deleted_can_be_asked_for_again(two):
    store, _, own = two
    store.delete_runner("Ann")
    store.restore(OTHER, own)
    assert store.add(OTHER, own) == Added(new=len(own))


def test_a_unit_set_up_anew_that_uses_numbers_again_is_not_left_out(store):
    old, new = FakeUnit(), FakeUnit()
    run(old)
    new.t_us += 7
    run(new)
    store.add(DEVICE, old.log)
    store.delete_run(1)
    assert store.add(DEVICE, new.log[1:]).new == len(new.log) - 1


def files(store):
    return b"".join(path.read_bytes() for path in store.file.parent.iterdir())


def test_no_byte_of_it_is_left_in_the_files(two):
    store, _, own = two
    theirs = [record for record in own if record.code == wire.STRIDE.code]
    stays = store.run_records(store.runs()[1])
    store._db.execute("PRAGMA wal_checkpoint(PASSIVE)")
    assert all(record.frame in files(store) for record in theirs)
    store.delete_runner("Ann")
    assert store.wipe()
    left = files(store)
    assert not any(record.frame in left for record in theirs)
    assert not any(
        wire.body_of(record.frame)[14:] in left for record in theirs if record.code == wire.MARK.code
    )
    assert b"Ann" not in left
    assert all(record.frame in left for record in stays)
    whole(store)


def test_a_reader_in_the_middle_keeps_the_log_and_that_is_told(two, monkeypatch):
    monkeypatch.setattr(storefile, "BUSY_S", 0.05)
    store = two[0]
    reader = sqlite3.connect(store.file, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM event").fetchone()
    with Store(store.file) as again:
        again.delete_runner("Ann")
        assert not again.wipe()
        reader.close()
        assert again.wipe()


def test_a_kill_in_the_middle_leaves_all_of_it(tmp_path):
    file = tmp_path / "runs.sqlite"
    fake = FakeUnit()
    with Store(file) as store:
        number = store.runner_number("Ann")
        run(fake, number)
        store.add(DEVICE, fake.log)
    killed = program(
        """
        import os, signal, sys
        from pathlib import Path
        from kneesense.store import Store
        store = Store(Path(sys.argv[1]))
        write, left = store._write, [int(sys.argv[2])]
        def dying(*arguments):
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            return write(*arguments)
        store._write = dying
        store.delete_runner("Ann")
        """,
        file,
        6,
    )
    with killed:
        assert killed.wait() == -signal.SIGKILL
    with Store(file) as store:
        assert store.records(DEVICE) == fake.log
        assert [r.runner for r in store.runs()] == ["Ann"]
        whole(store)


def test_a_deletion_that_fails_leaves_all_of_it(two, monkeypatch):
    store = two[0]
    before = [store.records(DEVICE), store.records(OTHER), store.runs(), store.units()]
    write = store._write

    def failing(sql, *values):
        if "DELETE FROM runner" in sql:
            raise StoreError("disk I/O error")
        return write(sql, *values)

    monkeypatch.setattr(store, "_write", failing)
    with pytest.raises(StoreError):
        store.delete_runner("Ann")
    assert [store.records(DEVICE), store.records(OTHER), store.runs(), store.units()] == before
