# SPDX-License-Identifier: MIT
"""The store: nothing twice, nothing overwritten, nothing committed lost, every failure in plain words."""

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from fakeunit import FakeUnit
from hypothesis import given
from hypothesis import strategies as st

from kneecore import wire
from kneesense import storefile
from kneesense.errors import InputError, StoreError, StoreFull
from kneesense.frames import parse
from kneesense.store import Added, Store, Unit

ROOT = Path(__file__).parents[2]
DEVICE = "0a0b0c0d"
UNIT = Unit(DEVICE, "0c0d", "right", "medial", "Ann")


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "runs.sqlite") as store:
        yield store


def mark(boot, seq, kind=0):
    return parse(wire.frame(wire.MARK, {"seq": seq, "boot": boot, "t_us": seq * 1000, "kind": kind}))


def a_run(fake, strides=3):
    """Records of a run that a fake unit logs."""
    before = len(fake.log)
    fake._run({"utc_us": 0})
    fake.strides(strides)
    fake._halt({})
    return fake.log[before:]


def test_a_record_that_comes_again_adds_nothing(store):
    records = [mark(1, seq) for seq in range(1000)]
    assert store.add(DEVICE, records) == Added(new=1000)
    assert store.add(DEVICE, records) == Added(duplicates=1000)
    assert store.records(DEVICE) == records


def test_the_same_numbers_after_a_reboot_are_other_records(store):
    records = [mark(boot, seq) for boot in (1, 2) for seq in range(1000)]
    assert store.add(DEVICE, records) == Added(new=2000)
    assert store.add(DEVICE, records) == Added(duplicates=2000)


def test_the_same_numbers_of_another_unit_are_other_records(store):
    store.add(DEVICE, [mark(1, 1)])
    assert store.add("ffff", [mark(1, 1)]) == Added(new=1)


def test_other_bytes_under_the_same_key_never_overwrite(store):
    store.add(DEVICE, [mark(1, 1, kind=0)])
    assert store.add(DEVICE, [mark(1, 1, kind=2)]) == Added(conflicts=1)
    assert store.records(DEVICE) == [mark(1, 1, kind=0)]
    assert store.problems() == ["1 records came again with different content; the first of each is kept"]


def test_a_record_of_a_code_not_yet_known_is_kept_as_it_came(store):
    body = bytes.fromhex("05000000 0100 e803000000000000 aabb")
    head = bytes((wire.frame(wire.MARK, mark(1, 1).values())[0], 0x3F, len(body))) + body
    record = parse(head + wire.crc32(head).to_bytes(4, "little"))
    store.add(DEVICE, [record])
    assert store.records(DEVICE) == [record]
    assert (record.name, record.seq, record.boot, record.t_us) == ("unknown_0x3f", 5, 1, 1000)


def test_all_of_a_batch_is_committed_or_none(store):
    def batch():
        yield mark(1, 1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.add(DEVICE, batch())
    assert store.records(DEVICE) == []
    assert store.add(DEVICE, [mark(1, 1)]) == Added(new=1)


def test_the_watermark_is_kept_with_the_records_and_only_grows(store):
    assert store.synced(DEVICE) is None
    store.add(DEVICE, [mark(1, 1), mark(1, 2)], complete_to=(1, 2))
    store.add(DEVICE, [mark(1, 4)])
    assert store.synced(DEVICE) == (1, 2)
    store.add(DEVICE, [mark(2, 1)], complete_to=(2, 1))  # a later boot, an erased log
    store.add(DEVICE, [mark(1, 3)], complete_to=(1, 4))
    assert store.synced(DEVICE) == (2, 1)
    assert store.synced("ffff") is None


@given(st.lists(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 20), st.integers(0, 1)))))
def test_batches_in_any_order_keep_the_first_of_each_key_and_count_the_rest(tmp_path_factory, batches):
    kept, total = {}, Added()
    with Store(tmp_path_factory.mktemp("store") / "runs.sqlite") as store:
        for batch in batches:
            records = [mark(*numbers) for numbers in batch]
            total += store.add(DEVICE, records)
            for record in records:
                kept.setdefault((record.boot, record.seq), record)
        assert store.records(DEVICE) == [kept[key] for key in sorted(kept)]
        assert total.new == len(kept)
        assert total.new + total.duplicates + total.conflicts == sum(map(len, batches))
        assert bool(store.problems()) == bool(total.conflicts)


# Runs, units, clocks


def test_a_run_is_its_start_to_its_stop(store):
    fake = FakeUnit()
    store.remember(UNIT)
    one, two = a_run(fake, 3), a_run(fake, 2)
    store.add(DEVICE, fake.log)
    runs = store.runs()
    assert [(run.id, run.boot, run.seq, run.runner) for run in runs] == [(1, 1, 2, "Ann"), (2, 1, 8, "Ann")]
    assert store.run_records(runs[0]) == one[1:]  # the wall clock's record comes before
    assert store.run_records(runs[1]) == two[1:]


def test_a_run_that_a_power_cut_ended_stops_with_its_boot(store):
    fake = FakeUnit()
    fake._run({"utc_us": 0})
    fake.strides(2)
    fake.reboot()
    a_run(fake)
    store.add(DEVICE, fake.log)
    assert [record.name for record in store.run_records(store.runs()[0])] == ["start", "stride", "stride"]


def test_the_runner_of_a_run_can_be_said(store):
    store.add(DEVICE, a_run(FakeUnit()))
    assert store.runs()[0].runner is None
    store.set_runner(DEVICE, (1, 2), "Bea")
    assert store.runs()[0].runner == "Bea"


def test_a_unit_is_remembered_once(store):
    store.remember(UNIT)
    changed = Unit(DEVICE, "0c0d", "left", "lateral", "Bea")
    store.remember(changed)
    assert store.units() == [changed]
    assert store.runners() == ["Ann", "Bea"]
    with pytest.raises(InputError, match="name is empty"):
        store.remember(Unit(DEVICE, "0c0d", "left", "lateral", " "))


@pytest.mark.parametrize("name", ["a\nb", "\x1b[31mred", "a\u2028b", "\ud800", "n" * 61])
def test_a_runners_name_fits_a_line(store, name):
    with pytest.raises(InputError, match=r"the runner's name|61 characters"):
        store.remember(Unit(DEVICE, "0c0d", "left", "lateral", name))


def test_a_runners_name_may_have_any_letters_quotes_and_pictures(store):
    name = 'Zoë "the \U0001f3c3\u200d\u2640\ufe0f" O\'Neill'
    store.remember(Unit(DEVICE, "0c0d", "left", "lateral", name))
    assert store.runners() == [name]


def test_a_runners_number_is_stable_and_the_same_on_every_computer(tmp_path):
    numbers = []
    for name, before in (("one", ("Ann", "Bob")), ("two", ("Bob", "Ann"))):
        with Store(tmp_path / f"{name}.sqlite") as store:
            for runner in before:
                store.runner_number(runner)
            numbers.append([store.runner_number(runner) for runner in ("Ann", "Bob")])
            assert store.runners() == list(before)
    assert numbers[0] == numbers[1]
    assert all(0 < number <= 0xFFFF for number in numbers[0])
    assert numbers[0][0] != numbers[0][1]


def test_two_names_never_share_a_number(store, monkeypatch):
    monkeypatch.setattr("kneesense.store.crc32", lambda name: 0xFFFE)
    assert [store.runner_number(name) for name in ("Ann", "Bob", "Cid", "Ann")] == [0xFFFF, 1, 2, 0xFFFF]


def test_a_run_is_of_the_runner_that_the_unit_names(store):
    store.remember(Unit(DEVICE, "0c0d", "right", "lateral", "Ann"))
    bob = store.runner_number("Bob")
    fake = FakeUnit()
    for number in (bob, 0, bob + 1):
        fake._run({"utc_us": 0, "runner": number})
    store.add(DEVICE, fake.log)
    assert [run.runner for run in store.runs()] == ["Bob", "Ann", "Ann"]


def test_what_is_told_once_is_told_once_to_each_runner(store):
    told = [
        store.first_time(runner, what) for runner in ("Ann", "Bob", "Ann") for what in ("lean", "lean", "new")
    ]
    assert told == [True, False, True, True, False, True, False, False, False]


def test_the_prescription_in_force_is_the_last_one(store):
    assert store.prescription("Ann") is None
    for toml in ("a = 1", "b = 2"):
        store.set_prescription("Ann", toml)
    assert (store.prescription("Ann"), store.prescription("Bob")) == ("b = 2", None)
    store.set_prescription("Ann", None)
    assert store.prescription("Ann") is None


# The file


def test_the_store_survives_being_closed(tmp_path):
    with Store(tmp_path / "new" / "runs.sqlite") as store:
        store.add(DEVICE, [mark(1, 1)])
    with Store(tmp_path / "new" / "runs.sqlite") as store:
        assert store.records(DEVICE) == [mark(1, 1)]
        assert store.problems() == []


def test_a_flipped_bit_is_found(store):
    store.add(DEVICE, [mark(1, 1), mark(1, 2)])
    bad = bytearray(mark(1, 2).frame)
    bad[10] ^= 1
    with sqlite3.connect(store.file) as other:
        other.execute("UPDATE event SET frame = ? WHERE seq = 2", (bytes(bad),))
    other.close()
    assert store.problems() == [f"record 2 of unit {DEVICE}, boot 1: wrong checksum"]


def test_another_kind_of_file_is_refused(tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("no database, but text of some length " * 30)
    with pytest.raises(StoreError, match="no store of runs"):
        Store(file)
    assert file.read_text().startswith("no database")


def test_a_folder_and_a_path_through_a_file_are_refused(tmp_path):
    with pytest.raises(StoreError, match="cannot be opened"):
        Store(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file"):
        Store(tmp_path / "file" / "runs.sqlite")


def test_a_full_store_says_so_and_keeps_what_was_committed(store):
    committed = [mark(1, seq) for seq in range(50)]
    store.add(DEVICE, committed)
    store._row(f"PRAGMA max_page_count = {store._row('PRAGMA page_count')[0] + 1}")
    with pytest.raises(StoreFull, match="no space is left") as caught:
        store.add(DEVICE, [mark(1, seq) for seq in range(50, 5000)])
    assert (caught.value.exit_code, caught.value.code) == (1, "store_full")
    assert store.records(DEVICE) == committed
    assert store.problems() == []


def program(text, *arguments):
    """Start a Python program that writes into a store."""
    paths = os.pathsep.join(str(ROOT / part) for part in ("firmware", "host", "tests/host"))
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(text), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        text=True,
    )


WRITER = """
    import sys
    from pathlib import Path
    from test_store import DEVICE, mark
    from kneesense.store import Store
    boot = int(sys.argv[2])
    with Store(Path(sys.argv[1])) as store:
        for seq in range(int(sys.argv[3])):
            store.add(DEVICE, [mark(boot, seq)])
            print(seq, flush=True)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_a_killed_writer_loses_nothing_it_committed(tmp_path):
    file = tmp_path / "runs.sqlite"
    writer = program(WRITER, file, 1, 1_000_000)
    with writer:
        for line in writer.stdout:
            if int(line) % 40 == 0:  # a reader beside it
                with Store(file) as store:
                    assert len(store.records(DEVICE)) > int(line)
            if int(line) == 200:
                writer.kill()
                told = [int(line), *map(int, writer.stdout)]
                break
    with Store(file) as store:
        assert store.problems() == []
        assert len(store.records(DEVICE)) in (told[-1] + 1, told[-1] + 2)  # committed, perhaps not yet told


def test_programs_that_write_at_once_wait_for_each_other(tmp_path):
    file = tmp_path / "runs.sqlite"
    writers = [program(WRITER, file, boot, 100) for boot in (1, 2, 3)]
    for writer in writers:
        with writer:
            writer.communicate()
        assert writer.returncode == 0
    with Store(file) as store:
        assert len(store.records(DEVICE)) == 300


def test_a_store_kept_busy_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(storefile, "BUSY_S", 0.05)
    file = tmp_path / "runs.sqlite"
    with Store(file) as one, Store(file) as two, one._transaction(), pytest.raises(StoreError, match="busy"):
        two.add(DEVICE, [mark(1, 1)])


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of file sizes on this system")
def test_a_disk_that_fills_up_is_told_and_what_was_committed_stays(tmp_path):
    file = tmp_path / "runs.sqlite"
    writer = program(
        """
        import resource, sys
        from pathlib import Path
        from test_store import DEVICE, mark
        from kneesense.errors import StoreFull
        from kneesense.store import Store
        with Store(Path(sys.argv[1])) as store:
            store.add(DEVICE, [mark(1, seq) for seq in range(100)])
            size = 200_000
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
            try:
                for boot in range(2, 1000):
                    store.add(DEVICE, [mark(boot, seq) for seq in range(100)])
                    print(boot)
            except StoreFull as full:
                print(full)
        """,
        file,
    )
    with writer:
        *told, message = writer.communicate()[0].splitlines()
    assert "runs.sqlite" in message
    with Store(file) as store:
        assert len(store.records(DEVICE)) == 100 * int(told[-1])
        assert store.problems() == []


@pytest.mark.parametrize("read_only", [False, True])
def test_another_programs_database_is_refused_untouched(tmp_path, read_only):
    file = tmp_path / "other.db"
    db = sqlite3.connect(file)
    db.execute("CREATE TABLE theirs (x)")
    db.close()
    before = file.read_bytes()
    with pytest.raises(StoreError, match="no store of runs"):
        Store(file, read_only)
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_reading_makes_nothing(tmp_path):
    empty = tmp_path / "empty.csv"
    empty.touch()
    with pytest.raises(StoreError, match="no store of runs"):
        Store(empty, read_only=True)
    with pytest.raises(StoreError):
        Store(tmp_path / "none.sqlite", read_only=True)
    assert list(tmp_path.iterdir()) == [empty]
    assert empty.read_bytes() == b""
