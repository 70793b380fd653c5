# SPDX-License-Identifier: MIT
"""Several runners on one computer: units and runs belong to runners, and nothing of one is told to another."""

import json

import pytest
from fakeunit import FakeUnit

from kneecore import wire
from kneesense import ble
from kneesense.store import Store, Unit

ANN_LEFT, ANN_RIGHT, BEA = "0a0b0c0d", "0a0b0c0e", "0a0b0c0f"
ADDRESSES = ("AA:BB:CC:00:00:01", "AA:BB:CC:00:00:02", "AA:BB:CC:00:00:03")
CONTACT_X16 = {ANN_LEFT: 2001, ANN_RIGHT: 2002, BEA: 2003}  # so that whose stride it is can be seen


@pytest.fixture
def crowd(home, stack, monkeypatch):
    """Ann with two units and Bea with one; a run of each is recorded."""
    for device, address in zip((ANN_RIGHT, BEA), ADDRESSES[1:], strict=True):
        stack.add(FakeUnit(bytes.fromhex(device)), address)
    with Store(home / "runs.sqlite") as store:
        for device, side, runner in (
            (ANN_LEFT, "left", "Ann"),
            (ANN_RIGHT, "right", "Ann"),
            (BEA, "left", "Bea"),
        ):
            store.remember(Unit(device, device[-4:], side, "lateral", runner))
            store.set_screening(runner, "2026-01-02T03:04:05Z", "no,no,no,no,no")
    find = ble.find
    monkeypatch.setattr(ble, "find", lambda unit, seconds: find(unit, 0.25))
    for unit in stack.units.values():
        unit.calibration["side"] = 1
        unit._run = _beginning(unit)
    return list(stack.units.values())


def _beginning(unit):
    begin = unit._run

    def run(values):
        seq = begin(values)
        for i in range(4):
            unit.stride(ic_x16=5600 * i, contact_x16=CONTACT_X16[unit.unit_id.hex()])
        return seq

    return run


@pytest.fixture
def both_ran(tell, crowd):
    for runner in ("Ann", "Bea"):
        assert tell("run", "--runner", runner, "--duration", 0.3)[0] == 0
    return crowd


BEAS_ONLY = [
    ("runs",),
    ("show", "last"),
    ("sync",),
    ("status",),
    ("cue",),
    ("run", "--duration", 0.2),
    ("run", "--attach"),
]


@pytest.mark.parametrize("command", BEAS_ONLY, ids=lambda command: str(command[0]))
def test_nothing_of_ann_is_in_what_is_told_of_bea(tell, both_ran, command):
    left, right, _ = both_ran
    asked = len(left.commands) + len(right.commands)
    for more in ((), ("--json",)):
        code, out, err = tell(*command, "--runner", "Bea", *more)
        assert code == 0
        text = "\n".join([*out, *err])
        assert "Bea" in text or command[0] in ("cue", "show", "run")
        for word in ("Ann", ANN_LEFT, ANN_RIGHT, "0c0d", "0c0e"):
            assert word not in text
        for line in out if more else ():
            assert json.loads(line).get("contact_s") in (None, round(2003 / 16 / 500, 4))
    assert len(left.commands) + len(right.commands) == asked


def test_every_run_is_its_runners(tell_json, both_ran):
    runs = tell_json("runs")[1][:-1]
    assert sorted((run["runner"], run["device"]) for run in runs) == [
        ("Ann", ANN_LEFT),
        ("Ann", ANN_RIGHT),
        ("Bea", BEA),
    ]
    ann = tell_json("runs", "--runner", "Ann")[1]
    assert {run["runner"] for run in ann[:-1]} == {"Ann"}
    assert ann[-1]["runs"] == 2


def test_a_run_of_another_runner_is_not_shown(tell, tell_json, both_ran):
    ids = {run["runner"]: run["run"] for run in tell_json("runs")[1][:-1]}
    code, out, err = tell("show", ids["Ann"], "--runner", "Bea")
    assert (code, out) == (3, [])
    assert f"no run {ids['Ann']} of Bea" in err[0]


def test_who_asks_for_one_runner_hears_of_no_other_ones_units(tell, crowd):
    code, _, err = tell("status", "--runner", "Ann")
    assert code == 2
    assert "0c0d (Ann, left), 0c0e (Ann, right)" in err[0]
    assert "Bea" not in err[0]
    code, _, err = tell("status", "--runner", "Cid")
    assert code == 2
    assert "Ann" not in err[0]
    assert "--runner Cid" in err[0]


# A unit handed over


def test_what_ann_recorded_stays_hers_when_her_unit_goes_to_bea(tell, tell_json, crowd, home):
    unit = crowd[0]
    unit._run({"utc_us": 0})  # by its button, no computer there; the unit does not say whose run it is
    unit._halt({})
    code, out, _ = tell("pair", "0c0d", "--side", "left", "--runner", "Bea")
    assert code == 0
    assert "stay Ann's" in "\n".join(out)
    unit._run({"utc_us": 0})
    unit._halt({})
    tell("sync", "--unit", "0c0d")
    runs = [run for run in tell_json("runs")[1][:-1] if run["device"] == ANN_LEFT]
    assert [run["runner"] for run in runs] == ["Ann", "Bea"]
    with Store(home / "runs.sqlite") as store:
        assert next(u.runner for u in store.units() if u.device == ANN_LEFT) == "Bea"


def test_programme_and_cues_do_not_go_with_the_unit(tell, crowd, home):
    unit = crowd[0]
    unit.settings[0] = wire.RULES.index("cadence")
    unit.plan |= {"runner": 7, "next": 3, "sessions": bytes((15, 0, 0))}
    code, _, err = tell("pair", "0c0d", "--side", "left", "--runner", "Bea")
    assert code == 0
    assert "the programme of Ann is taken off the unit" in err[0]
    assert unit.settings[0] == 0
    assert unit.plan["sessions"] == b""
    with Store(home / "runs.sqlite") as store:
        assert unit.plan["runner"] == store.runner_number("Bea")


def test_pairing_again_for_the_same_runner_takes_nothing_away(tell, crowd):
    unit = crowd[0]
    unit.settings[0] = wire.RULES.index("cadence")
    unit.plan |= {"runner": 7, "next": 3, "sessions": bytes((15, 0, 0))}
    for runner in ((), ("--runner", "Ann")):
        assert tell("pair", "0c0d", "--side", "left", *runner)[0] == 0
    assert (unit.settings[0], unit.plan["next"]) == (1, 3)
    assert "prescribe" not in unit.commands


def test_a_unit_in_a_run_is_not_handed_over(tell, crowd, home):
    unit = crowd[0]
    unit._run({"utc_us": 0})
    code, _, err = tell("pair", "0c0d", "--side", "left", "--runner", "Bea")
    assert code == 1
    assert "--attach --end" in err[0]
    with Store(home / "runs.sqlite") as store:
        assert store.units()[0].runner == "Ann"


def test_a_link_lost_in_handing_over_leaves_the_unit_whose_it_was(tell, crowd, home):
    unit = crowd[0]
    unit._run({"utc_us": 0})
    unit.strides(40)
    unit._halt({})
    unit.drop_link_after_fetched = 9
    assert tell("pair", "0c0d", "--side", "left", "--runner", "Bea")[0] == 1
    with Store(home / "runs.sqlite") as store:
        assert store.units()[0].runner == "Ann"
    assert tell("pair", "0c0d", "--side", "left", "--runner", "Bea")[0] == 0
    with Store(home / "runs.sqlite") as store:
        assert store.units()[0].runner == "Bea"
        assert {run.runner for run in store.runs()} == {"Ann"}
