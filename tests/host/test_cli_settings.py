# SPDX-License-Identifier: MIT
"""`kneesense settings` against units behind a faked Bluetooth stack."""

import tomllib

import pytest
from fakeunit import FakeUnit

from kneecore.settings import INDEX, TABLE
from kneesense.store import Store, Unit

ANSWERS = ("--screen-answers", "no,no,no,no,no")
FRESH = {INDEX["cue_rule"]: 0}


@pytest.fixture
def paired(home, stack):
    """A fresh unit whose runner has answered nothing yet."""
    with Store(home / "runs.sqlite") as store:
        store.remember(Unit("0a0b0c0d", "0c0d", "right", "lateral", "Ann"))
    stack.unit.settings = dict(FRESH)
    return stack.unit


@pytest.fixture
def two(home, stack, paired):
    """And one on the other leg."""
    other = FakeUnit(bytes.fromhex("0a0b0c0e"))
    other.settings = dict(FRESH)
    stack.add(other, "AA:BB:CC:00:00:02")
    with Store(home / "runs.sqlite") as store:
        store.remember(Unit("0a0b0c0e", "0c0e", "left", "lateral", "Ann"))
    return paired, other


def changed(unit):
    return {TABLE[number].name: value for number, value in unit.settings.items() if number or value}


# --- shown ----------------------------------------------------------------------------------------------------------


def test_all_are_shown_with_value_range_and_meaning_and_nothing_is_changed(tell, tell_json, paired):
    paired.settings[INDEX["sleep_after_s"]] = 1200
    code, out, err = tell("settings")
    assert (code, err) == (0, [])
    assert out[0] == "unit 0c0d (Ann, right leg), firmware 0.1.0"
    assert "* sleep_after_s          1200 s         0 to 7200 s; default 600 s" in out
    assert "  cue_rule               off            off, cadence, lean, impact, metronome" in out
    assert out[-1] == "1 differs from the default (*)"
    assert max(map(len, out)) <= 80
    _, records, _ = tell_json("settings")
    assert [record["number"] for record in records[:-1]] == list(range(len(TABLE)))
    assert records[-1]["differ"] == 1
    assert "set" not in paired.commands


def test_its_record_has_the_keys_of_the_contract(tell_json, paired):
    from test_records import keys

    record = tell_json("settings", "cue_m=4", "cue_n=6")[1][0]
    assert set(record) == keys("setting")
    assert (record["value"], record["was"], record["measure"], record["differs"]) == (4, 3, "strides", True)


def test_one_is_shown_by_either_name(tell_json, paired):
    paired.settings[INDEX["cadence_offset_pm"]] = 50
    for name in ("cadence_offset_pct", "cadence_offset_pm"):
        _, (record, summary), _ = tell_json("settings", name)
        assert (record["name"], record["value"], record["measure"]) == ("cadence_offset_pct", 5.0, "%")
        assert summary["differ"] == 1
    assert paired.commands.count("get") == 2


def test_the_difference_alone(tell, paired):
    assert tell("settings", "--diff")[1][1:] == ["none differs from its default"]
    paired.settings |= {INDEX["raw_record"]: 1, INDEX["lean_offset_cdeg"]: -250}
    out = tell("settings", "--diff")[1]
    assert [line.split()[1:3] for line in out if line.startswith("*")] == [
        ["lean_offset_deg", "-2.5"],
        ["raw_record", "on"],
    ]


def test_a_setting_that_an_older_firmware_lacks_is_null(tell_json, paired):
    paired.known_settings = 30
    code, records, _ = tell_json("settings")
    assert code == 0
    assert [record["value"] for record in records[30:-1]] == [None] * (len(TABLE) - 30)
    assert records[-2]["differs"] is None


# --- set ------------------------------------------------------------------------------------------------------------


def test_it_sets_in_the_units_of_people_and_tells_what_the_unit_has(tell, paired):
    code, out, err = tell("settings", "sleep_after_s=1200", "run_impact_g=2.5", "raw_record=on", "cue_m=3")
    assert (code, err) == (0, [])
    assert out[1:] == [
        "  sleep_after_s: 600 s -> 1200 s, counts at once",
        "  run_impact_g: 2.45 g -> 2.5 g, counts from the next run on",
        "  raw_record: off -> on, counts from the next run on",
        "  cue_m: 3 strides, as before",
    ]
    assert changed(paired) == {"sleep_after_s": 1200, "run_impact_mg": 2500, "raw_record": 1}


def test_what_the_unit_has_is_told_not_what_was_asked(tell_json, paired, monkeypatch):
    monkeypatch.setattr(FakeUnit, "_set", FakeUnit._get)
    code, records, err = tell_json("settings", "sleep_after_s=1200")
    assert code == 1
    assert records[0]["value"] == 600
    assert "sleep_after_s is 600 s, not 1200 s" in err[-1]
    assert records[-1]["changed"] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("cue_mm=3",), "did you mean cue_m"),
        (("sleep",), "did you mean sleep_after_s"),
        (("cue_m=11",), "cue_m = 11: must be 1 to 10 strides"),
        (("cue_m", "cue_n=5"), "cue_m has no value"),
        (("cue_m=3", "--diff"), "exclude each other"),
        (("--reset", "cue_m=3"), "without values"),
        (("cue_m", "--import", "x.toml"), "--import takes all from its file"),
        (("--import", "x.toml"), "x.toml: no such file"),
        (("--export", "."), "is a folder"),
    ],
)
def test_a_wrong_wish_is_refused_before_anything_is_looked_for(tell, paired, stack, arguments, words):
    code, out, err = tell("settings", *arguments)
    assert (code, out, len(err)) == (2, [], 1)
    assert words in err[0]
    assert stack.options == []


def test_what_the_firmware_does_not_know_is_not_set_and_nothing_else_either(tell, paired):
    paired.known_settings = 30
    code, _, err = tell("settings", "run_duty_pct=50", "sleep_after_s=0")
    assert code == 2
    assert err == ["error: the unit's firmware 0.1.0 does not know sleep_after_s: kneesense deploy"]
    assert changed(paired) == {}


def test_one_refused_puts_back_the_others(tell, paired):
    paired.refused_settings = {INDEX["auto_stop_s"]}
    code, _, err = tell("settings", "sleep_after_s=1200", "auto_stop_s=60")
    assert (code, len(err)) == (1, 1)
    assert changed(paired) == {"sleep_after_s": 600}


def test_a_run_keeps_what_it_began_with(tell, paired):
    paired.running = True
    assert tell("settings", "run_duty_pct=50")[1][-1] == "  a run goes on: it keeps what it began with"


def test_both_legs_are_set(tell, tell_json, two):
    code, records, _ = tell_json("settings", "sleep_after_s=1200")
    assert (code, records[-1]["units"]) == (0, 2)
    assert [record["side"] for record in records[:-1]] == ["left", "right"]
    assert all(changed(unit) == {"sleep_after_s": 1200} for unit in two)
    assert tell("settings", "sleep_after_s=600", "--unit", "0c0e")[0] == 0
    assert [changed(unit)["sleep_after_s"] for unit in two] == [1200, 600]


def test_a_leg_that_fails_is_told_and_the_other_is_set(tell, two):
    two[1].refuses = {"get": 2}
    code, _, err = tell("settings", "sleep_after_s=1200")
    assert code == 1
    assert [line.split(":")[:2] for line in err] == [["error", " 0c0e"]]
    assert changed(two[0]) == {"sleep_after_s": 1200}


# --- what lets a unit cue -------------------------------------------------------------------------------------------


def test_nothing_lets_a_unit_cue_before_the_safety_screen(tell, paired):
    for wish in ("cue_rule=cadence", "cue_rule=1"):
        code, _, err = tell("settings", wish)
        assert (code, len(err)) == (2, 1)
        assert "safety screen of Ann is not answered" in err[0]
    assert tell("settings", "cadence_offset_pct=10")[0] == 0  # cues are off, and stay so
    assert changed(paired) == {"cadence_offset_pm": 100}
    assert tell("settings", "cue_rule=cadence", *ANSWERS)[0] == 0
    assert tell("settings", "cue_rule=off")[0] == 0


def test_a_unit_that_cues_is_not_changed_before_it_but_silenced(tell, paired):
    paired.settings = {INDEX["cue_rule"]: 1}
    for wish in ("pulse_max_ms=400", "confidence_min=0", "cue_holdoff_strides=1"):
        assert tell("settings", wish)[0] == 2
    assert changed(paired) == {"cue_rule": 1}
    assert tell("settings", "--reset", "--yes")[0] == 0
    assert changed(paired) == {}
    assert tell("settings", "cue_rule=cadence", "--screen-answers", "no,no,yes,no,no")[0] == 2
    assert changed(paired) == {}


def test_lean_warns_once_and_a_count_that_never_cues_is_told(tell, paired):
    err = tell("settings", "cue_rule=lean", "cue_m=6", *ANSWERS)[2]
    assert len(err) == 2
    assert "camber and turns" in err[0]
    assert "cue_m is more than cue_n" in err[1]
    assert tell("settings", "cue_rule=lean", "cue_m=3")[2] == []


# --- back to the default --------------------------------------------------------------------------------------------


def test_named_ones_go_back_at_once_and_all_after_a_yes(tell, answering, paired):
    paired.settings = {INDEX["sleep_after_s"]: 0, INDEX["auto_stop_s"]: 60, INDEX["cue_rule"]: 3}
    code, out, _ = tell("settings", "--reset", "sleep_after_s")
    assert (code, out[1]) == (0, "  sleep_after_s: 0 s -> 600 s, counts at once")
    code, _, err = tell("settings", "--reset")
    assert (code, len(err)) == (2, 1)
    assert "--yes" in err[0]
    answering("n")
    assert tell("settings", "--reset")[1][-1] == "nothing is changed"
    assert paired.settings[INDEX["auto_stop_s"]] == 60
    answering("perhaps", "y")
    code, out, _ = tell("settings", "--reset")
    assert code == 0
    assert "  cue_rule: impact -> off" in out
    assert {TABLE[n].name: v for n, v in paired.settings.items()} == {
        "sleep_after_s": 600,
        "auto_stop_s": 180,
        "cue_rule": 0,
    }


# --- files ----------------------------------------------------------------------------------------------------------


def test_a_file_brings_everything_back(tell, tell_json, paired, tmp_path):
    file = tmp_path / "mine.toml"
    paired.settings |= {INDEX["sleep_after_s"]: 0, INDEX["lean_offset_cdeg"]: -150}
    before = dict(paired.settings)
    code, out, _ = tell("settings", "--export", file)
    assert (code, out[-1]) == (0, f"written to {file}")
    assert tomllib.loads(file.read_text())["settings"]["lean_offset_deg"] == -1.5
    assert tell("settings", "--reset", "--yes")[0] == 0
    code, records, _ = tell_json("settings", "--import", file, "--yes")
    assert (code, records[-1]["changed"]) == (0, ["lean_offset_deg", "sleep_after_s"])
    assert changed(paired) == {TABLE[n].name: v for n, v in before.items() if v or n}
    code, _, err = tell("settings", "--export", file)
    assert (code, "exists" in err[0]) == (2, True)


def test_a_file_shows_the_difference_and_asks(tell, answering, paired, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text("schema = 1\n[settings]\nsleep_after_s = 0\ncue_m = 3\n")
    code, _, err = tell("settings", "--import", file)
    assert (code, "--yes" in err[0]) == (2, True)
    assert changed(paired) == {}
    answering("y")
    code, out, err = tell("settings", "--import", file)
    assert (code, err) == (0, ["Change these? [y/N] "])
    assert "  sleep_after_s: 600 s -> 0 s" in out
    assert changed(paired) == {"sleep_after_s": 0}


def test_what_an_older_firmware_lacks_is_left_out_of_a_file_and_told(tell, paired, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text("schema = 1\n[settings]\nsleep_after_s = 0\ncue_n = 6\ncue_m = 3\n")
    paired.known_settings = 30
    code, out, err = tell("settings", "--import", file, "--yes")
    assert (code, len(err)) == (0, 1)
    assert "does not know sleep_after_s: left out" in err[0]
    assert out[1:] == ["  cue_n: 5 strides -> 6 strides, counts from the next run on", "  1 as before"]
    assert changed(paired) == {"cue_n": 6}


def test_a_file_of_one_leg_is_not_two(tell, two, tmp_path):
    code, _, err = tell("settings", "--export", tmp_path / "mine.toml")
    assert code == 2
    assert "--unit" in err[0]
