# SPDX-License-Identifier: MIT
"""Unit and host of different versions: another MINOR costs no record, another MAJOR is refused with its cure."""

from __future__ import annotations

import pytest
from fakebleak import advertisement
from fakeunit import FakeUnit

from kneecore import gatt, wire
from kneesense import ble, catchup
from kneesense.soak.frames import sealed
from kneesense.store import Store, Unit

UNIT = "0a0b0c0d"
LATER = 0x3E  # a record that this version does not know

# What MINOR 3 added: fields at the end of a record (bytes), records, commands.
ADDED_BYTES = {"anchor": 12}
ADDED_RECORDS = ("battery", "boot", "raw", "pace")
ADDED_COMMANDS = ("status", "erase", "forget")


def as_before(record: wire.Record, frame: bytes) -> bytes:
    """The frame as firmware of one MINOR less logs it."""
    assert record.name not in ADDED_RECORDS
    body = wire.body_of(frame)
    return sealed(record.code, body[: len(body) - ADDED_BYTES.get(record.name, 0)])


def as_later(record: wire.Record, frame: bytes) -> bytes:
    """With a field more at its end, as in a version to come."""
    return sealed(record.code, wire.body_of(frame) + b"\x07\x00later")


def older(unit: FakeUnit) -> None:
    unit.minor = wire.MINOR - 1
    unit.shaped = as_before
    unit.silent = set(ADDED_COMMANDS)


def newer(unit: FakeUnit) -> None:
    unit.minor = wire.MINOR + 1
    unit.shaped = as_later


@pytest.fixture(params=[older, newer], ids=["older", "newer"])
def unit(request, home, stack, monkeypatch):
    """Paired, with a run in its log that a newer one has told something unknown in."""
    unit = stack.unit
    request.param(unit)
    with Store(home / "runs.sqlite") as store:
        store.remember(Unit(UNIT, "0c0d", "right", "lateral", "Ann"))
        store.set_screening("Ann", "2026-01-02T03:04:05Z", "no,no,no,no,no")
    unit._run({"utc_us": 1_900_000_000_000_000})
    unit.strides(12)
    if unit.minor > wire.MINOR:
        unit.unknown(LATER, b"told by a later version")
    unit.record(wire.GAP, {"at_x16": 9000, "samples": 40})
    unit._halt({})
    find = ble.find
    monkeypatch.setattr(ble, "find", lambda name, seconds: find(name, 0.25))
    monkeypatch.setattr(catchup, "RETRY_S", 0.01)
    return unit


def test_its_log_is_fetched_as_it_is_byte_by_byte_and_shown(tell, unit, home):
    logged = list(unit.log)
    code, _, err = tell("sync")
    assert (code, err) == (0, [])
    with Store(home / "runs.sqlite") as store:
        stored = store.records(UNIT)
        assert store.problems() == []
    assert stored == logged
    assert unit.acked[-1] == logged[-1].key
    assert tell("runs")[0] == 0
    code, out, _ = tell("show", "last")
    assert code == 0
    assert "12 strides" in "\n".join(out)


def test_a_run_is_recorded_with_it(tell, unit, home):
    assert tell("run", "--duration", 0.2, "--cue", "off")[0] == 0
    with Store(home / "runs.sqlite") as store:
        assert len(store.runs()) == 2
        assert [r.frame for r in store.records(UNIT)] == [r.frame for r in unit.log]


def test_its_log_goes_to_another_computer_in_a_file(tell, unit, home, tmp_path, monkeypatch):
    logged = list(unit.log)
    assert tell("fetch-log", "--out", tmp_path / "ann.kneelog")[0] == 0
    monkeypatch.setenv("KNEESENSE_HOME", str(tmp_path / "elsewhere"))
    assert tell("import", tmp_path / "ann.kneelog")[0] == 0
    with Store(tmp_path / "elsewhere" / "runs.sqlite") as store:
        assert store.records(UNIT)[: len(logged)] == logged


def test_status_says_which_of_the_two_to_renew_and_how(tell, unit):
    code, out, _ = tell("status")
    text = " ".join(" ".join(out).split())
    assert code == 0
    if unit.minor < wire.MINOR:
        assert "is older than this program" in text
        assert "kneesense deploy" in text
    else:
        assert "is newer than this program" in text
        assert "update kneesense on this computer" in text


@pytest.mark.parametrize("command", [("sync",), ("run", "--duration", 0.1), ("status",), ("forget", UNIT)])
@pytest.mark.parametrize(
    ("major", "cure"),
    [(wire.MAJOR - 1, "kneesense deploy"), (wire.MAJOR + 1, "update kneesense on this computer")],
)
def test_another_major_is_refused_before_connecting_with_its_cure(tell, stack, home, command, major, cure):
    with Store(home / "runs.sqlite") as store:
        store.remember(Unit(UNIT, "0c0d", "right", "lateral", "Ann"))
        store.set_screening("Ann", "2026-01-02T03:04:05Z", "no,no,no,no,no")
    own = bytes((major, 0x0C, 0x0D))
    stack.in_range = {"AA:BB:CC:00:00:01": advertisement("kneesense-0c0d", (gatt.SERVICE,), own)}
    code, out, err = tell(*command)
    said = "\n".join([*out, *err])
    assert code == 1
    assert f"the unit speaks wire version {major}, this program {wire.MAJOR}: " in said
    assert cure in said
    assert stack.options == []
