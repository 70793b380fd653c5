# SPDX-License-Identifier: MIT
"""`kneesense pair` with a person at the terminal, and without one, against units behind a faked Bluetooth stack."""

import pytest
from fakebleak import advertisement
from fakeunit import FakeUnit

from kneecore import gatt, patterns, wire
from kneesense import device
from kneesense.cli import pairing
from kneesense.store import Store, Unit

OK = (0, patterns.NAMES.index("ok") + 1)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(device, "_TRUST_WAIT_S", 0)
    monkeypatch.setattr(pairing, "LISTEN_S", 0.01)


@pytest.fixture
def kept(home):
    def units():
        with Store(home / "runs.sqlite") as store:
            return store.units()

    return units


# --- a person -------------------------------------------------------------------------------------------------------


def test_a_newcomer_is_asked_for_everything_and_feels_the_first_buzz(tell, answering, stack, kept):
    stack.add(FakeUnit(bytes.fromhex("0a0b0c0e")), "AA:BB:CC:00:00:02")
    answering("9", "2", "up", "r", "inner", "Ann", "yes")
    code, out, err = tell("pair")
    assert (code, kept()) == (0, [Unit("0a0b0c0e", "0c0e", "right", "medial", "Ann")])
    assert out[:3] == [
        "Units near, the strongest first:",
        "  1  0c0d    -60 dBm  new here",
        "  2  0c0e    -60 dBm  new here",
    ]
    assert out[3:5] == [
        "unit 0c0e is remembered: Ann, right leg, medial face",
        "  firmware 0.1.0, sensor mpu6050, battery 80 %",
    ]
    assert out[-1] == "Next: kneesense calibrate"
    assert stack.units["AA:BB:CC:00:00:02"].buzzed == [OK]
    assert "one of: left, right" in "\n".join(err)


def test_a_face_is_taken_by_either_of_the_names_in_its_question(tell, answering, stack, kept):
    for word, face in (("inner", "medial"), ("MEDIAL", "medial"), ("lat", "lateral"), ("o", "lateral")):
        answering("1", "r", word, "", "yes")
        assert tell("pair")[0] == 0
        assert kept()[0].face == face


def test_a_name_that_fits_no_line_is_asked_for_again_or_refused_before_the_unit_is_touched(
    tell, answering, stack, kept
):
    answering("1", "r", "", "n" * 61, "Ann", "yes")
    assert tell("pair")[0] == 0
    for name in ("", "a\nb"):
        assert tell("pair", "0c0d", "--side", "left", "--runner", name)[0] == 2
    assert [(unit.runner, unit.side) for unit in kept()] == [("Ann", "right")]


def test_a_number_that_is_not_in_the_list_is_answered(tell, answering, stack, kept):
    stack.add(FakeUnit(bytes.fromhex("0a0b0c0e")), "AA:BB:CC:00:00:02")
    answering("3", "1", "r", "", "", "yes")
    code, _out, err = tell("pair")
    assert code == 0
    assert "  one of: 1, 2, or an id of the list" in "\n".join(err)


def test_enter_takes_what_was_before(tell, answering, stack, kept):
    assert tell("pair", "0c0d", "--side", "left", "--face", "lateral", "--runner", "Ann")[0] == 0
    answering("", "", "", "", "")
    code, out, err = tell("pair")
    assert code == 0
    assert out[1].endswith("remembered: Ann, left leg")
    assert "[left]" in err[0]
    assert "[outer]" in err[0]
    assert "(known: Ann) [Ann]" in err[0]
    assert kept() == [Unit("0a0b0c0d", "0c0d", "left", "lateral", "Ann")]


def test_only_what_is_missing_is_asked_for(tell, answering, stack, kept):
    answering("outer", "", "y")
    assert (
        tell("pair", "0c0d", "--side", "left")[0] == 0
    )  # whose words are not needed: all that matters is named
    assert kept()[0].face == "unknown"
    answering("l", "", "y")
    assert tell("pair", "0c0d", "--face", "medial", "--no-buzz")[0] == 0
    assert kept()[0] == Unit("0a0b0c0d", "0c0d", "left", "medial", "me")
    assert stack.unit.buzzed == [OK]


def test_one_of_several_runners_is_asked_for(tell, answering, stack, kept):
    tell("pair", "0c0d", "--side", "left", "--runner", "Ann")
    tell("pair", "0c0d", "--side", "left", "--runner", "Bea")
    other = FakeUnit(bytes.fromhex("0a0b0c0e"))
    stack.add(other, "AA:BB:CC:00:00:02")
    answering("right", "", "", "Ann", "y")
    code, out, _ = tell("pair", "0c0e")
    assert (code, out[-1]) == (0, "Next: kneesense calibrate --unit 0c0e")
    assert kept()[1].runner == "Ann"


def test_a_closed_door_is_explained_and_tried_again(tell, answering, stack, kept):
    stack.unit.refuses = {"hello": wire.REFUSED}

    def button():
        stack.unit.refuses = {}
        return ""

    answering(button, "y")
    code, out, err = tell("pair", "0c0d", "--side", "right")
    assert (code, len(kept())) == (0, 1)
    assert "Hold its button until it has buzzed twice (about 3 s)" in "\n".join(out)
    assert "Try again? [Y/n]" in err[0]


def test_who_does_not_want_to_try_again_gets_the_error(tell, answering, stack, kept):
    stack.unit.refuses = {"hello": wire.REFUSED}
    answering("n")
    code, _, err = tell("pair", "0c0d", "--side", "right")
    assert (code, kept()) == (1, [])
    assert "the unit does not know this computer" in err[-1]


def test_a_link_that_breaks_is_told_and_tried_again(tell, answering, stack, kept):
    stack.unit.unreachable = True

    def nearer():
        stack.unit.unreachable = False
        return "y"

    answering(nearer, "yes")
    code, out, _ = tell("pair", "0c0d", "--side", "right")
    assert (code, len(kept())) == (0, 1)
    assert "It did not work: the unit is out of range." in " ".join(out)


def test_nothing_near_is_listened_for_again(tell, answering, stack, kept):
    near, stack.in_range = stack.in_range, {}

    def switched_on():
        stack.in_range = near
        return ""

    answering(switched_on, "1", "left", "", "", "y")
    code, out, _ = tell("pair")
    assert (code, len(kept())) == (0, 1)
    assert "No unit was heard" in out[0]
    stack.in_range = {}
    answering("n")
    code, _, err = tell("pair")
    assert code == 3
    assert "kneesense doctor" in err[-1]


def test_a_unit_of_another_version_is_listed_and_refused(tell, answering, stack, kept):
    stack.in_range = {"AA:BB": advertisement("kneesense-0c0d", (gatt.SERVICE,), b"\x02\x0c\x0d")}
    answering("1")
    code, out, err = tell("pair")
    assert (code, kept()) == (1, [])
    assert "speaks wire version 2, this program 1" in out[1]
    assert "update kneesense" in err[-1]


@pytest.mark.parametrize("lines", [(), ("1",), ("1", "left"), ("1", "left", "inner")])
@pytest.mark.parametrize("end", ["ctrl-c", "end of input"])
def test_broken_off_before_the_connection_nothing_is_kept(tell, answering, stack, kept, lines, end):
    def stop():
        if end == "ctrl-c":
            raise KeyboardInterrupt
        return

    answering(*lines, stop)
    assert tell("pair")[0] == (130 if end == "ctrl-c" else 2)
    assert kept() == []
    assert stack.unit.commands == []


def test_broken_off_at_the_buzz_it_is_paired_and_goes_on_from_there(tell, answering, stack, kept):
    def stop():
        raise KeyboardInterrupt

    answering("1", "left", "inner", "Ann", stop)
    assert tell("pair")[0] == 130
    assert kept() == [Unit("0a0b0c0d", "0c0d", "left", "medial", "Ann")]
    assert stack.unit.link_now is None
    answering("", "", "", "", "again", "yes")
    assert tell("pair")[0] == 0
    assert stack.unit.buzzed == [OK] * 3


def test_a_buzz_that_is_not_felt_says_what_to_look_at(tell, answering, stack):
    answering("no", "y", "no", "n")
    code, out, err = tell("pair", "0c0d", "--side", "left")
    assert code == 0
    assert "the motor's wires" in "\n".join(out)
    assert stack.unit.buzzed == [OK, OK]
    assert "warning: the buzz was not felt" in err[-1]


# --- a script -------------------------------------------------------------------------------------------------------


def test_a_script_is_asked_nothing_and_told_the_flag(tell, stack, kept):
    for arguments, words in (
        (("pair",), "kneesense pair UNIT"),
        (("pair", "0c0d"), "--side left or --side right"),
    ):
        code, out, err = tell(*arguments)
        assert (code, out, len(err)) == (2, [], 1)
        assert words in err[0]
    assert kept() == []
    assert stack.options == []


def test_a_script_gets_a_buzz_unless_it_says_no(tell_json, stack):
    code, (unit, summary), err = tell_json("pair", "0c0d", "--side", "left")
    assert (code, err) == (0, [])
    assert (unit["percent"], unit["battery_mv"], unit["troubles"]) == (80, 3900, [])
    assert (summary["felt"], stack.unit.buzzed) == (None, [OK])
    tell_json("pair", "0c0d", "--side", "left", "--no-buzz")
    assert stack.unit.buzzed == [OK]


def test_a_script_at_a_closed_door_fails_with_the_next_step(tell, stack, kept):
    stack.unit.refuses = {"hello": wire.REFUSED}
    code, _, err = tell("pair", "0c0d", "--side", "left")
    assert (code, kept()) == (1, [])
    assert "hold the unit's button" in err[0]


def test_what_is_wrong_with_the_unit_is_told(tell, stack):
    stack.unit.health["troubles"] = 1 << wire.TROUBLES.index("sensor")
    assert "warning: the motion sensor does not work" in tell("pair", "0c0d", "--side", "left")[2][0]


def test_a_unit_that_cannot_buzz_or_tell_its_health_is_paired_all_the_same(tell, stack, kept):
    stack.unit.refuses = {"buzz": wire.BAD_STATE, "status": wire.UNKNOWN_COMMAND}
    code, _, err = tell("pair", "0c0d", "--side", "left")
    assert (code, len(kept())) == (0, 1)
    assert "does not buzz just now" in err[0]
    stack.unit.refuses, stack.unit.motor_busy = {}, True
    assert "does not buzz just now" in tell("pair", "0c0d", "--side", "left")[2][0]


def test_a_run_is_not_shaken(tell_json, stack):
    stack.unit.running = True
    assert tell_json("pair", "0c0d", "--side", "left")[1][-1]["felt"] is None
    assert stack.unit.buzzed == []


def test_the_face_is_kept_for_a_leg_and_forgotten_with_it(tell, stack, kept):
    tell("pair", "0c0d", "--side", "left", "--face", "medial")
    tell("pair", "0c0d", "--side", "left")
    assert kept()[0].face == "medial"
    tell("pair", "0c0d", "--side", "right")
    assert kept()[0].face == "unknown"
