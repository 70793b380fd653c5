# SPDX-License-Identifier: MIT
"""`run` with a unit on each leg of a runner, and several runners on one computer, behind a faked Bluetooth stack."""

import asyncio
import time

import pytest
from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason
from fakeunit import FakeUnit
from test_cli_run import interrupt
from test_records import keys

from kneecore import wire
from kneesense import ble
from kneesense.calibration import Calibration
from kneesense.store import Store, Unit

LEFT, RIGHT = "0a0b0c0d", "0a0b0c0e"


@pytest.fixture
def legs(home, stack, monkeypatch):
    """(left, right) unit of Ann, each of which logs some strides as soon as a run begins."""
    stack.add(FakeUnit(bytes.fromhex(RIGHT)), "AA:BB:CC:00:00:02")
    left, right = stack.units.values()
    left.calibration["side"], left.calibration["face"] = 1, 2
    with Store(home / "runs.sqlite") as store:
        store.remember(Unit(RIGHT, "0c0e", "right", "lateral", "Ann"))
        store.remember(Unit(LEFT, "0c0d", "left", "lateral", "Ann"))
        store.set_screening("Ann", "2026-01-02T03:04:05Z", "no,no,no,no,no")
    for unit, strides in ((left, 4), (right, 5)):
        unit._run = beginning(unit, strides)
    find = ble.find
    monkeypatch.setattr(ble, "find", lambda unit, seconds: find(unit, 0.25))
    return left, right


def beginning(unit, strides, then=lambda: None):
    begin = unit._run

    def run(values):
        seq = begin(values)
        unit.strides(strides)
        then()
        return seq

    return run


def complaints(err):
    """Lines that are no notes."""
    return [line for line in err if line.startswith(("error", "warning"))]


def of(records, kind, unit=None):
    return [r for r in records if r["type"] == kind and unit in (None, r.get("unit"))]


def test_both_legs_are_recorded_and_told_apart(tell_json, legs, home):
    code, records, err = tell_json("run", "--duration", 0.4)
    assert (code, complaints(err)) == (0, [])
    assert [len(of(records, "stride", unit)) for unit in ("0c0d", "0c0e")] == [4, 5]
    assert {r["side"] for r in of(records, "stride", "0c0d")} == {"left"}
    assert {r["side"] for r in of(records, "stride", "0c0e")} == {"right"}
    assert all("unit" in r and "side" in r for r in records[:-1] if r["type"] != "pair")
    assert [(leg["side"], leg["strides"]) for leg in of(records, "leg")] == [("left", 4), ("right", 5)]
    assert not legs[0].running
    assert not legs[1].running
    with Store(home / "runs.sqlite") as store:
        runs = store.runs()
        assert {run.device for run in runs} == {LEFT, RIGHT}
        assert runs[0].outing == runs[1].outing == runs[0].id
        for unit, device in zip(legs, (LEFT, RIGHT), strict=True):
            assert store.records(device) == unit.log


def test_the_records_of_a_pair_have_the_keys_of_the_contract(tell, tell_json, legs):
    for unit in legs:
        unit._run = beginning(unit, 40)
    records = tell_json("run", "--duration", 0.6)[1]
    (pair,) = of(records, "pair")
    assert set(pair) == keys("pair")
    assert all(set(leg) == {*keys("summary"), "unit", "side"} for leg in of(records, "leg"))
    shown = tell_json("show", "last")[1]
    assert of(shown, "pair") == [pair]
    assert [r["outing"] for r in tell_json("runs")[1][:-1]] == [1, 1]
    assert " + 2" in tell("runs")[1][0]


def test_each_line_begins_with_its_leg(tell, legs):
    code, out, _ = tell("run", "--duration", 0.4)
    assert code == 0
    strides = [line for line in out if " g lean " in line]
    assert [line[0] for line in strides].count("L") == 4
    assert [line[0] for line in strides].count("R") == 5
    assert all(len(line) <= 79 for line in out if "log: " not in line)


def test_a_unit_named_runs_alone(tell_json, legs):
    code, records, _ = tell_json("run", "--duration", 0.3, "--unit", "0c0e")
    assert code == 0
    assert len(of(records, "stride")) == 5
    assert records[-1]["strides"] == 5
    assert legs[0].commands == []


def test_the_other_one_is_recorded_when_one_is_not_there(tell_json, legs, stack, home):
    del stack.in_range["AA:BB:CC:00:00:01"]
    code, records, err = tell_json("run", "--duration", 0.5)
    assert code == 0
    missing = [r for r in of(records, "warning", "0c0d") if r["code"] == "unit_missing"]
    assert missing
    assert "not heard" in missing[0]["message"]
    assert "left leg: the unit was not reached" in complaints(err)[-1]
    assert len(of(records, "stride", "0c0e")) == 5
    with Store(home / "runs.sqlite") as store:
        assert [run.device for run in store.runs()] == [RIGHT]


def test_one_that_comes_later_joins_the_outing(tell_json, legs, stack, home):
    _, right = legs
    told = stack.in_range.pop("AA:BB:CC:00:00:01")

    def comes():
        asyncio.get_running_loop().call_later(0.4, stack.in_range.__setitem__, "AA:BB:CC:00:00:01", told)

    right._run = beginning(right, 0, comes)
    code, records, _ = tell_json("run", "--duration", 2.5)
    assert code == 0
    assert [len(of(records, "stride", unit)) for unit in ("0c0d", "0c0e")] == [4, 5]
    with Store(home / "runs.sqlite") as store:
        assert {run.outing for run in store.runs()} == {1}


def test_none_there_is_one_plain_error(tell, legs, stack):
    stack.in_range.clear()
    code, _, err = tell("run")
    assert code == 3
    assert "was not heard" in err[-1]


def test_one_ctrl_c_ends_both_within_two_seconds(tell_json, legs):
    left, right = legs
    pressed = []
    right._run = beginning(right, 0, lambda: asyncio.get_running_loop().call_later(0.4, interrupt, pressed))
    code, records, err = tell_json("run")
    assert time.monotonic() - pressed[0] < 2
    assert (code, complaints(err)) == (0, [])
    assert not left.running
    assert not right.running
    assert [leg["strides"] for leg in of(records, "leg")] == [4, 5]


def test_one_that_cannot_begin_says_so_and_the_other_goes_on(tell_json, legs):
    left, _ = legs
    left.refuses = {"run": wire.BAD_STATE}
    code, records, err = tell_json("run", "--duration", 0.4)
    assert code == 1
    (told,) = complaints(err)
    assert told.startswith("error: left leg: ")
    assert "calibration" in told
    assert len(of(records, "stride", "0c0e")) == 5


def test_a_lost_link_of_one_leaves_the_other_alone(tell_json, legs, home):
    left, _ = legs

    def drop():
        asyncio.get_running_loop().call_later(0.2, left.drop_link)
        asyncio.get_running_loop().call_later(0.25, lambda: left.strides(7))

    left._run = beginning(left, 0, drop)
    code, records, _ = tell_json("run", "--duration", 1.5)
    assert code == 0
    assert [len(of(records, "stride", unit)) for unit in ("0c0d", "0c0e")] == [11, 5]
    assert [r["code"] for r in of(records, "link", "0c0e")] == ["connected"]
    assert "lost" in [r["code"] for r in of(records, "link", "0c0d")]
    with Store(home / "runs.sqlite") as store:
        assert store.records(LEFT) == left.log


def test_names_and_addresses_have_no_say_in_whose_records_they_are(tell_json, legs, stack, home):
    """The two have changed places: each address now leads to the other unit."""
    a, b = list(stack.units)
    stack.units[a], stack.units[b] = stack.units[b], stack.units[a]
    code, records, _ = tell_json("run", "--duration", 0.4)
    assert code != 0
    with Store(home / "runs.sqlite") as store:
        assert store.records(LEFT) == store.records(RIGHT) == []
    assert "answered instead of" in str(records)


def test_two_units_for_the_same_leg_are_told_at_once_and_recorded(tell_json, legs, home):
    with Store(home / "runs.sqlite") as store:
        store.remember(Unit(RIGHT, "0c0e", "left", "lateral", "Ann"))
    code, records, _ = tell_json("run", "--duration", 0.4)
    assert code == 0
    assert records[0]["type"] == "alert"
    assert records[0]["code"] == "same_side"
    assert len(of(records, "leg")) == 2
    assert of(records, "symmetry") == []
    assert "side_mismatch" in [r["code"] for r in of(records, "alert", "0c0e")]


def test_each_leg_gets_the_calibration_file_of_its_side(tell, legs, tmp_path):
    left, right = legs
    identity = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    files = []
    for side, neutral_deg in (("right", 2.5), ("left", -1.25)):
        made = Calibration(identity, (0.0, 0.0, 0.0), 1.0, neutral_deg, side, "lateral", "mpu6050", "")
        made.save(tmp_path / f"{side}.json")
        files += ["--calibration", tmp_path / f"{side}.json"]
    assert tell("run", "--duration", 0.3, *files)[0] == 0
    assert (left.calibration["neutral_cdeg"], right.calibration["neutral_cdeg"]) == (-125, 250)
    code, _, err = tell("run", *files[:2], *files[:2])
    assert code == 2
    assert "for the right leg too" in err[0]


def test_bluetooth_switched_off_and_on_again_is_no_end(tell_json, legs, stack, home):
    _, right = legs
    off = BleakBluetoothNotAvailableError("off", BleakBluetoothNotAvailableReason.POWERED_OFF)

    def switch_off():
        stack.raises["scan"] = [off] * 3
        for unit in legs:
            unit.drop_link()
            for i in range(3):
                unit.stride(ic_x16=5600 * (100 + i))

    right._run = beginning(right, 0, lambda: asyncio.get_running_loop().call_later(0.4, switch_off))
    code, records, _ = tell_json("run", "--duration", 4)
    assert code == 0
    told = [r["message"] for r in of(records, "link")]
    assert "Bluetooth is off; trying again" in told
    with Store(home / "runs.sqlite") as store:
        for unit, device in zip(legs, (LEFT, RIGHT), strict=True):
            assert store.records(device) == unit.log
            assert unit.commands.count("run") == 1
    assert [leg["strides"] for leg in of(records, "leg")] == [7, 8]
