# SPDX-License-Identifier: MIT
"""`delete` on the command line: it says what goes, asks, and refuses what would lose something unseen."""

import io
import re

import pytest

from kneecore import wire
from kneesense.store import Store, Unit

UNIT = "0a0b0c0d"


@pytest.fixture
def paired(home, stack):
    """A unit, and two of its runs fetched."""
    unit = stack.unit
    with Store(home / "runs.sqlite") as store:
        store.remember(Unit(UNIT, "0c0d", "right", "lateral", "Ann"))
        store.set_screening("Ann", "2026-01-02T03:04:05Z", "no,no,no,no,no")
        for _ in range(2):
            unit._run({"utc_us": 1_900_000_000_000_000, "runner": store.runner_number("Ann")})
            unit.strides(12)
            unit._halt({})
        store.add(UNIT, unit.log, unit.log[-1].key)
    return unit


@pytest.fixture
def answering(monkeypatch):
    """A person at a terminal who answers so."""

    def answer(text):
        stdin = io.StringIO(text + "\n")
        stdin.isatty = lambda: True
        monkeypatch.setattr("sys.stdin", stdin)

    return answer


def runs(home):
    with Store(home / "runs.sqlite") as store:
        return [run.id for run in store.runs()]


def test_it_says_what_goes_and_asks(tell, paired, home, answering):
    answering("y")
    code, out, err = tell("delete", "1")
    assert code == 0
    assert out[0] == f"to be deleted from {home / 'runs.sqlite'}:"
    assert re.search(r"run 1, 2030-03-1\d \d\d:46, Ann, right leg, 12 strides, 14 records", out[1])
    assert out[-1].startswith("run 1 is deleted")
    assert err == ["Delete? [y/N] "]
    assert runs(home) == [2]


@pytest.mark.parametrize("answer", ["", "n", "perhaps"])
def test_any_other_answer_deletes_nothing(tell, tell_json, paired, home, answering, answer):
    answering(answer)
    code, out, _ = tell("delete", "last")
    assert (code, out[-1]) == (0, "nothing is deleted")
    answering(answer)
    assert tell_json("delete", "--runner", "Ann")[1][-1] == {
        "type": "summary", "runs": 0, "records": 0, "wiped": None,
    }  # fmt: skip
    assert runs(home) == [1, 2]


@pytest.mark.parametrize("what", [("1",), ("--runner", "Ann"), ("--unit", "0c0d")])
def test_without_a_terminal_it_needs_the_flag(tell, paired, home, what):
    code, _, err = tell("delete", *what)
    assert (code, len(err)) == (2, 1)
    assert "add --yes" in err[0]
    assert runs(home) == [1, 2]
    assert len(paired.log) == 30
    assert tell("delete", *what, "--yes")[0] == 0


def test_a_run_that_has_no_end_is_told(tell, paired, home):
    with Store(home / "runs.sqlite") as store:
        paired._run({"utc_us": 0})
        store.add(UNIT, paired.log)
    assert "no end: if it goes" in " ".join(map(str.strip, tell("delete", "3", "--yes")[1]))


def test_a_runner_goes_with_all_that_is_kept(tell, tell_json, paired, home):
    code, records, err = tell_json("delete", "--runner", "Ann", "--yes")
    assert code == 0
    assert records == [{"type": "summary", "runs": 2, "records": 30, "wiped": True}]
    text = "\n".join(err)
    assert "the safety screen's answers" in text
    assert "the pairing of unit 0c0d" in text
    with Store(home / "runs.sqlite") as store:
        assert (store.runners(), store.units(), store.records(UNIT)) == ([], [], [])
    assert paired.commands == [], "the unit is not asked"


def test_a_deleted_run_does_not_come_back_with_the_next_connection(tell, paired, home):
    tell("delete", "last", "--yes")
    paired.strides(3)
    assert tell("run", "--attach")[0] == 0
    assert runs(home) == [1]
    assert tell("runs")[1][-1].split()[0] == "1"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((), 2, "name one thing"),
        (("1", "--runner", "Ann"), 2, "name one thing"),
        (("1", "--unfetched"), 2, "--unfetched is for --unit"),
        (("9", "--yes"), 3, "no run 9"),
        (("--runner", "Bob", "--yes"), 3, "no runner Bob"),
    ],
)
def test_what_is_not_there_is_told(tell, paired, home, arguments, code, words):
    found, _, err = tell("delete", *arguments)
    assert (found, len(err)) == (code, 1)
    assert words in err[0]
    assert runs(home) == [1, 2]


def test_without_a_store_nothing_is_made(tell, home):
    assert tell("delete", "1", "--yes")[0] == 3
    assert not (home / "runs.sqlite").exists()


def test_copies_that_could_not_be_wiped_are_told(tell_json, paired, monkeypatch):
    monkeypatch.setattr(Store, "wipe", lambda self: False)
    code, records, err = tell_json("delete", "1", "--yes")
    assert (code, records[0]["code"], records[-1]["wiped"]) == (0, "not_wiped", False)
    assert "another program is reading it" in err[-1]


# --- a unit's log ---------------------------------------------------------------------------------------------------


def test_a_unit_s_log_goes_when_all_of_it_is_here(tell, tell_json, paired, home):
    paired.erased_at_once = 7
    code, out, err = tell("delete", "--unit", "0c0d", "--yes")
    assert (code, err) == (0, [])
    assert "30 records, all of them are in" in out[0]
    assert out[-1] == "the log of unit 0c0d is erased"
    assert paired.log == []
    assert runs(home) == [1, 2], "what was fetched stays"
    assert tell("delete", "--unit", "0c0d", "--yes")[1][-1] == "its log is empty already"


def test_records_that_are_nowhere_else_are_not_deleted_by_the_way(tell, tell_json, paired):
    paired.strides(3)
    code, _, err = tell("delete", "--unit", "0c0d", "--yes")
    assert (code, len(err)) == (2, 1)
    assert "3 of 33 records of unit 0c0d are not on this computer: kneesense sync" in err[0]
    assert len(paired.log) == 33
    code, records, _ = tell_json("delete", "--unit", "0c0d", "--yes", "--unfetched")
    assert (code, records[-1]["records"]) == (0, 33)
    assert paired.log == []


def test_a_log_that_another_computer_fetched_is_not_here(tell, paired, home):
    with Store(home / "runs.sqlite") as store:
        store._db.execute("DELETE FROM event")
        store._db.execute("DELETE FROM synced")
    code, _, err = tell("delete", "--unit", "0c0d", "--yes")
    assert (code, "30 of 30 records" in err[0]) == (2, True)


def test_a_run_that_goes_on_is_not_deleted_under_it(tell, paired):
    paired.running = True
    code, _, err = tell("delete", "--unit", "0c0d", "--yes", "--unfetched")
    assert (code, "--attach --end" in err[0]) == (2, True)
    assert "erase" not in paired.commands


def test_a_unit_that_does_not_erase_is_told(tell, paired, monkeypatch):
    monkeypatch.setattr(paired, "_erase", lambda values: paired.first_seq.to_bytes(4, "little"))
    code, _, err = tell("delete", "--unit", "0c0d", "--yes")
    assert (code, "does not erase" in err[0]) == (1, True)
    paired.refuses = {"erase": wire.BAD_STATE}
    assert tell("delete", "--unit", "0c0d", "--yes")[0] == 1
