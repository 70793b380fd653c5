# SPDX-License-Identifier: MIT
"""`kneesense calibrate` with a person at the terminal, and without one, against a unit of a faked Bluetooth stack."""

import json

import pytest

from kneecore import wire
from kneesense import ble, guide
from kneesense.cli import course
from kneesense.store import Store, Unit

QUICK = ("calibrate", "--countdown", "0")


@pytest.fixture
def unit(home, stack, monkeypatch):
    monkeypatch.setattr(guide, "POLL_S", 0)
    with Store(home / "runs.sqlite") as store:
        store.remember(Unit("0a0b0c0d", "0c0d", "right", "lateral", "Ann"))
    return stack.unit


def begun(unit):
    """The stages that verdicts were given of."""
    records = [record.values() for record in unit.log if record.code == wire.VERDICT.code]
    return [wire.STAGES[values["stage"]] for values in records]


def test_two_steps_are_told_and_the_next_command(tell, unit, tmp_path):
    code, out, err = tell(*QUICK, "--save", tmp_path / "me.json")
    assert (code, err) == (0, [])
    assert out[0] == "Step 1 of 2: stand still on both feet, knees straight, until it buzzes (5 s)"
    assert out[2] == "Step 2 of 2: walk straight on at an easy pace until it buzzes (10 strides)"
    assert out[-1] == "Next: kneesense run"
    assert json.loads((tmp_path / "me.json").read_text())["side"] == "right"
    assert begun(unit) == ["still", "walk"]


def test_what_was_refused_is_explained_and_done_again_in_place(tell, answering, unit):
    unit.verdicts = ["moved", "moved", "", "few_strides"]
    answering("", "y", "yes")
    code, out, _ = tell(*QUICK)
    assert code == 0
    assert begun(unit) == ["still", "still", "still", "walk", "walk"]
    assert "refused: the leg did not stand still" in out
    assert any(line.startswith("  What helps: stand on both feet") for line in out)


def test_a_walk_that_no_other_walk_would_mend_begins_from_the_start(tell, answering, unit):
    unit.verdicts = ["", "disagree"]
    answering("y")
    assert tell(*QUICK)[0] == 0
    assert begun(unit) == ["still", "walk", "still", "walk"]
    unit.log.clear()
    unit.verdicts = ["no_still"]
    answering("y")
    assert tell(*QUICK, "--stage", "walk")[0] == 0
    assert begun(unit) == ["walk", "still", "walk"]


def test_the_wrong_leg_is_asked_for_anew_and_remembered_once_it_is_accepted(tell, answering, unit, home):
    unit.verdicts = ["", "side"]
    answering("y", "left", "")
    assert tell(*QUICK)[0] == 0
    assert begun(unit) == ["still", "walk", "still", "walk"]
    with Store(home / "runs.sqlite") as store:
        assert store.units() == [Unit("0a0b0c0d", "0c0d", "left", "lateral", "Ann")]


def test_who_does_not_want_to_again_or_is_no_person_exits_1_with_the_reason(tell, tell_json, answering, unit):
    for lines, more in ((("n",), ()), ((), ("--no-repeat",))):
        unit.verdicts = ["moved"]
        answering(*lines)
        code, out, _ = tell(*QUICK, *more)
        assert code == 1
        assert out[-1].startswith("Next: stand on both feet")
    unit.verdicts = ["moved"]
    code, records, err = tell_json(*QUICK)
    assert (code, err[0].startswith("Step 1")) == (1, True)
    assert (records[0]["refused"], records[-1]["accepted"]) == (["moved"], False)


def test_a_link_that_breaks_on_the_walk_costs_nothing(tell, unit):
    unit.drop_link_in_stage = 2
    unit.polls = 3
    code, out, _ = tell(*QUICK)
    assert code == 0
    assert begun(unit) == ["still", "walk"]
    assert sum(line.startswith("The link is lost.") for line in out) == 2


def test_a_unit_that_stays_away_is_told(tell, stack, unit, monkeypatch):
    monkeypatch.setitem(ble.BleLink.__init__.__kwdefaults__, "find_s", 0.01)
    monkeypatch.setattr(course, "BACK_S", -1)
    unit.drop_link_in_stage = 1
    take = unit.take

    def take_and_leave(frame):
        take(frame)
        if unit.link_now is None:
            stack.in_range = {}

    unit.take = take_and_leave
    code, _, err = tell(*QUICK, "--unit", "0c0d")
    assert (code, len(err)) == (3, 1)


def test_a_unit_that_was_switched_off_meanwhile_says_begin_again(tell, unit):
    unit.drop_link_in_stage = 1
    drop = unit.drop_link

    def power_cut():
        unit.stage = dict.fromkeys(wire.STAGE.names, 0)
        drop()

    unit.drop_link = power_cut
    code, _, err = tell(*QUICK)
    assert (code, len(err)) == (1, 1)
    assert "begin again: kneesense calibrate" in err[0]


async def test_a_stage_that_is_cancelled_is_given_up_by_the_unit(unit, monkeypatch):
    import asyncio

    from kneesense.device import Device

    monkeypatch.setattr(guide, "POLL_S", 3600)
    async with Device(unit.link()) as device:
        work = asyncio.create_task(guide.stage(device, "still", "right", "medial"))
        while not unit.stage["state"]:
            await asyncio.sleep(0)
        work.cancel()
        await asyncio.wait({work})
    assert work.cancelled()
    assert (unit.stage["stage"], unit.stage["state"]) == (0, 0)


def test_in_a_run_it_says_what_to_do(tell, unit):
    unit.refuses = {"begin": wire.BAD_STATE}
    code, _, err = tell(*QUICK)
    assert (code, len(err)) == (1, 1)
    assert "end the run first" in err[0]
