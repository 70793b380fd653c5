# SPDX-License-Identifier: MIT
"""`cue`, `buzz` and `mute` on the command line, against a unit behind a faked Bluetooth stack."""

import re

import pytest

from kneecore import patterns, wire
from kneecore.settings import INDEX
from kneesense.cli import buzz
from kneesense.store import Store, Unit

ANSWERS = ("--screen-answers", "no,no,no,no,no")


@pytest.fixture
def paired(home, stack):
    """A paired unit whose runner has answered nothing yet."""
    with Store(home / "runs.sqlite") as store:
        store.remember(Unit("0a0b0c0d", "0c0d", "right", "lateral", "Ann"))
    return stack.unit


@pytest.fixture
def screened(paired, home):
    with Store(home / "runs.sqlite") as store:
        store.set_screening("Ann", "2026-01-02T03:04:05Z", "no,no,no,no,no")
    return paired


def named(unit):
    names = list(INDEX)
    return {names[number]: value for number, value in unit.settings.items()}


# --- cue ------------------------------------------------------------------------------------------------------------


def test_it_shows_what_is_set_and_changes_nothing(tell, tell_json, paired):
    paired.settings = {INDEX["cadence_offset_pm"]: 50}
    code, out, err = tell("cue")
    assert (code, err) == (0, [])
    assert out[0] == "cue: cadence, target baseline +5 % (cadence_spm)"
    code, records, _ = tell_json("cue")
    assert (records[0]["type"], records[0]["rule"], records[0]["offset"]) == ("cue_setup", "cadence", 5.0)
    assert records[0]["band"] is None
    assert records[-1] == {"type": "summary", "changed": []}
    assert "set" not in paired.commands


def test_its_record_has_the_keys_of_the_contract(tell_json, paired):
    from test_records import keys

    assert set(tell_json("cue")[1][0]) == keys("cue_setup")


def test_it_sets_only_what_is_named(tell_json, screened):
    code, records, _ = tell_json(
        "cue", "--rule", "lean", "--offset", -1.5, "--side", "both", "--mode", "summary"
    )
    assert code == 0
    assert named(screened) == {"cue_rule": 2, "lean_offset_cdeg": -150, "cue_side": 1, "cue_mode": 3}
    setup = records[-2]
    assert (setup["rule"], setup["offset"], setup["unit"], setup["mode"]) == ("lean", -1.5, "deg", "summary")
    assert records[-1]["changed"] == ["cue_mode", "cue_rule", "cue_side", "lean_offset_cdeg"]
    assert tell_json("cue", "--summary", 75, "--every", 3, "--baseline", 100)[0] == 0
    assert named(screened)["cue_summary_s"] == 75
    assert named(screened)["cue_every"] == 3
    assert named(screened)["baseline_strides"] == 100


def test_an_offset_alone_is_of_the_rule_that_the_unit_has(tell, screened):
    screened.settings = {INDEX["cue_rule"]: 3}
    assert tell("cue", "--offset", -25, "--band", 5)[0] == 0
    assert named(screened) == {"cue_rule": 3, "impact_offset_pm": -250, "impact_band_pm": 50}
    screened.settings = {INDEX["cue_rule"]: 0}
    code, _, err = tell("cue", "--offset", 5)
    assert (code, named(screened)) == (2, {"cue_rule": 0})
    assert "--rule" in err[0]


def test_a_metronome_has_a_beat(tell, screened):
    code, out, _ = tell("cue", "--rule", "metronome", "--beat", 172)
    assert code == 0
    assert out[0] == "cue: metronome, target 172 spm"


def test_lean_warns_once(tell_json, screened):
    _, records, err = tell_json("cue", "--rule", "lean")
    assert [r["code"] for r in records if r["type"] == "warning"] == ["lean"]
    assert "camber and turns" in err[0]
    assert tell_json("cue", "--rule", "lean")[2] == []


def test_no_cue_before_the_safety_screen(tell, paired, stack):
    for arguments in (("--rule", "cadence"), ("--offset", 5), ("--mode", "step")):
        code, out, err = tell("cue", *arguments)
        assert (code, out, len(err)) == (2, [], 1)
        assert "safety screen of Ann is not answered" in err[0]
    assert stack.options == []
    assert tell("cue", "--rule", "off")[0] == 0
    assert tell("cue", "--rule", "cadence", *ANSWERS)[0] == 0
    assert tell("cue", "--rule", "cadence")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--rule", "lean", "--offset", 11), "--offset 11: must be -10 to 10 deg"),
        (("--rule", "off", "--offset", 1), "no offset"),
        (("--every", 1), "--every 1: must be 2 to 20 strides"),
        (("--summary", 59), "60 to 120 s"),
        (("--beat", 250), "0 to 240 spm"),
        (("--mode", "sometimes"), "sometimes"),
    ],
)
def test_a_wrong_value_is_refused_before_anything_is_looked_for(tell, screened, stack, arguments, words):
    code, out, err = tell("cue", *arguments)
    assert (code, out, len(err)) == (2, [], 1)
    assert words in err[0]
    assert stack.options == []


def test_help_explains_states_and_gates(tell):
    _, out, _ = tell("cue", "--help")
    text = " ".join(out)
    assert [state for state in wire.CUE_STATES if not re.search(rf"\b{state}\b", text)] == []
    assert "low confidence" in text


# --- buzz -----------------------------------------------------------------------------------------------------------


def test_a_pulse(tell, tell_json, paired):
    assert tell("buzz")[:2] == (0, ["buzzed 200 ms"])
    assert tell_json("buzz", "--ms", 80)[1] == [{"type": "summary", "pattern": None, "pulse_ms": 80}]
    assert paired.buzzed == [(200, 0), (80, 0)]


@pytest.mark.parametrize("number", range(len(patterns.NAMES)))
def test_a_pattern_goes_by_its_number(tell, paired, number):
    code, out, _ = tell("buzz", "--pattern", patterns.NAMES[number])
    assert code == 0
    assert patterns.NAMES[number] in out[0]
    assert paired.buzzed == [(0, number + 1)]


def test_a_motor_that_is_busy_is_no_buzz(tell, paired):
    paired.motor_busy = True
    code, out, err = tell("buzz")
    assert (code, out, len(err)) == (1, [], 1)
    assert "kneesense status" in err[0]


def test_patterns_are_listed_without_a_unit(tell, tell_json):
    code, records, _ = tell_json("buzz", "--list")
    assert code == 0
    assert [record["pattern"] for record in records[:-1]] == list(patterns.NAMES)
    assert [tuple(record["lengths_ms"]) for record in records[:-1]] == list(patterns.PATTERNS)
    assert all(record["meaning"] for record in records[:-1])
    assert all(len(line) <= 80 for line in tell("buzz", "--list")[1])


def test_meanings_are_of_patterns_that_exist():
    assert set(buzz.MEANINGS) == set(patterns.NAMES)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--ms", 5), "20 to 400"),
        (("--ms", 401), "20 to 400"),
        (("--pattern", "waltz"), "one of: ok, stop"),
        (("--ms", 100, "--list"), "exclude each other"),
    ],
)
def test_a_wrong_buzz_is_refused(tell, paired, arguments, words):
    code, _, err = tell("buzz", *arguments)
    assert code == 2
    assert words in err[0]
    assert paired.buzzed == []


# --- mute -----------------------------------------------------------------------------------------------------------


def marks(unit):
    return [wire.MARKS[record.values()["kind"]] for record in unit.log if record.code == wire.MARK.code]


def test_the_run_that_goes_on_is_muted_and_resumed(tell, tell_json, screened):
    screened.running = True
    assert tell_json("mute")[1] == [{"type": "summary", "muted": True}]
    assert tell("mute", "--resume")[:2] == (0, ["cues are on again"])
    assert marks(screened) == ["mute", "resume"]


def test_without_a_run_there_is_nothing_to_mute(tell, screened):
    code, _, err = tell("mute")
    assert code == 1
    assert "no run is going on" in err[0]
    assert tell("mute", "--resume")[0] == 0  # after pain, before the next run
    assert marks(screened) == ["resume"]


def test_resuming_is_asking_for_cues(tell, paired):
    paired.running = True
    assert tell("mute")[0] == 0
    assert tell("mute", "--resume")[0] == 2
    assert tell("mute", "--resume", *ANSWERS)[0] == 0
