# SPDX-License-Identifier: MIT
"""`programme` on the command line, against a unit behind a faked Bluetooth stack."""

import pytest

from kneecore import programme, wire
from kneecore.settings import INDEX
from kneesense import prescription
from kneesense.prescription_reader import load
from kneesense.store import Store, Unit

GIVEN = """schema = 1
author = "a physical therapist"
runner = "Ann"
[cue]
rule = "cadence"
[target]
offset_pct = 10
[dose]
minutes = [10, 12]
[pain]
most = 2
back_within_min = 60
no_worse_next_morning = true
"""


@pytest.fixture
def unit(home, stack):
    """A paired unit whose runner may have cues."""
    with Store(home / "runs.sqlite") as store:
        store.remember(Unit("0a0b0c0d", "0c0d", "right", "lateral", "Ann"))
        store.set_screening("Ann", "2026-01-02T03:04:05Z", "no,no,no,no,no")
        stack.unit.number = store.runner_number("Ann")
    return stack.unit


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "knee.toml"
    path.write_text(GIVEN)
    return path


def kept(unit):
    """(runner, next session, sessions) on the unit."""
    return unit.plan["runner"], unit.plan["next"], programme.decode(unit.plan["sessions"])


def run(unit, session, complete=1):
    """A run of a session, without this computer."""
    unit._run({"utc_us": 0, "runner": unit.number})
    unit.strides(30)
    unit.record(
        wire.SESSION,
        {
            "session": session,
            "complete": complete,
            "planned_s": 900,
            "run_s": 880,
            "cues": 7,
            "rule": 1,
            "band": 300,
        }
        | {"on_strides": 100, "on_in_band": 90, "off_strides": 50, "off_in_band": 35},
    )
    unit._halt({})
    unit.plan["next"] = session + complete


def test_set_begins_the_default_programme(tell, unit):
    code, out, err = tell("programme", "set")
    assert (code, err) == (0, [])
    assert kept(unit) == (unit.number, 1, programme.DEFAULT)
    assert sum(" min " in line for line in out) == 8
    assert out[-2] == "the next run is session 1"


def test_set_edits_one_session_or_all_and_keeps_how_far_it_has_come(tell, unit):
    tell("programme", "set")
    unit.plan["next"] = 4
    assert tell("programme", "set", "--session", 5, "--minutes", 20, "--on", 60, "--off", 120)[0] == 0
    number, following, sessions = kept(unit)
    assert (number, following, sessions[4]) == (unit.number, 4, (20, 60, 120))
    assert sessions[:4] + sessions[5:] == programme.DEFAULT[:4] + programme.DEFAULT[5:]
    tell("programme", "set", "--minutes", 12)
    assert {row[0] for row in kept(unit)[2]} == {12}
    tell("programme", "set", "--session", 9, "--minutes", 33)
    assert kept(unit)[2][8] == (33, 30, 150)
    tell("programme", "set", "--next", 2)
    assert kept(unit)[1] == 2
    tell("programme", "set", "--default")
    assert kept(unit) == (unit.number, 1, programme.DEFAULT)


def test_another_runners_programme_is_not_edited(tell, unit):
    tell("programme", "set", "--minutes", 12)
    unit.plan["runner"] += 1
    unit.plan["next"] = 5
    err = tell("programme", "set")[2]
    assert kept(unit) == (unit.number, 1, programme.DEFAULT)
    assert "replaces another runner's programme" in err[0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--session", 10), "--session 10: there are 8"),
        (("--minutes", 0), "session 1: 0 minutes"),
        (("--session", 5, "--on", 15), "must be tens"),
        (("--session", 1, "--on", 60), "60 s with cues and none without"),
        (("--next", 12), "--next 12: there are 8 sessions"),
    ],
)
def test_what_is_no_programme_is_not_sent(tell, unit, arguments, words):
    code, _, err = tell("programme", "set", *arguments)
    assert code == 2
    assert words in err[0]
    assert "prescribe" not in unit.commands


def test_show_fetches_what_was_run_without_this_computer(tell, tell_json, unit, stack):
    tell("programme", "set")
    for session in (1, 2):
        run(unit, session)
    run(unit, 3, complete=0)
    code, records, _ = tell_json("programme", "show")
    assert code == 0
    rows = [record for record in records if record["type"] == "programme_session"]
    assert [row["runs"] for row in rows] == [1, 1, 1, 0, 0, 0, 0, 0]
    assert [row["next"] for row in rows].index(True) == 2
    summary = records[-1]
    assert (summary["sessions"], summary["done"], summary["next"], summary["cues"]) == (8, 2, 3, 21)
    assert (summary["dose_in_band"], summary["retention_in_band"]) == (0.9, 0.7)
    assert (summary["author"], summary["on_pain"]) == (None, prescription.STOP)
    reached, stack.in_range = stack.in_range, {}
    assert tell_json("programme", "show", "--offline")[1] == records
    stack.in_range = reached
    assert all(len(line) <= 80 for line in tell("programme", "show")[1])


def test_its_rows_have_the_keys_of_the_contract(tell_json, unit):
    from test_records import keys

    assert set(tell_json("programme", "set")[1][0]) == keys("programme_session")


def test_what_was_run_of_an_earlier_programme_does_not_count(tell, tell_json, unit):
    tell("programme", "set")
    run(unit, 1)
    tell("programme", "set", "--default")
    assert tell_json("programme", "show")[1][-1]["done"] == 0
    run(unit, 1)
    assert tell_json("programme", "show")[1][-1]["done"] == 1
    tell("programme", "set", "--minutes", 20)  # an edit goes on
    assert tell_json("programme", "show")[1][-1]["done"] == 1


def test_a_programme_from_another_computer_is_shown_with_all_that_is_known(tell_json, unit):
    unit.plan |= {"runner": unit.number, "next": 1, "sessions": programme.encode(programme.DEFAULT)}
    run(unit, 1)
    assert tell_json("programme", "show")[1][-1]["done"] == 1


def test_another_runners_programme_is_not_shown_as_mine(tell_json, unit):
    unit.plan |= {"runner": unit.number + 1, "next": 1, "sessions": programme.encode(programme.DEFAULT)}
    _, records, err = tell_json("programme", "show")
    assert records[-1]["sessions"] == 0
    assert "another runner's" in err[0]


def test_show_without_a_programme(tell, unit):
    code, out, _ = tell("programme", "show")
    assert code == 0
    assert "no programme" in out
    assert tell("programme", "show", "--offline")[0] == 0


def test_import_brings_cue_target_and_sessions_to_the_unit(tell, tell_json, unit, file):
    unit.settings = {INDEX["cue_mode"]: 3, INDEX["cue_side"]: 2}  # of before
    code, out, _ = tell("programme", "import", file)
    assert code == 0
    assert "prescribed by a physical therapist" in out
    names = {
        name: unit.settings[INDEX[name]] for name in ("cue_rule", "cadence_offset_pm", "cue_mode", "cue_side")
    }
    assert names == {"cue_rule": 1, "cadence_offset_pm": 100, "cue_mode": 0, "cue_side": 0}
    assert kept(unit) == (unit.number, 1, ((10, 0, 0), (12, 0, 0)))
    summary = tell_json("programme", "show")[1][-1]
    assert summary["author"] == "a physical therapist"
    assert "at most 2/10" in summary["on_pain"]


def test_import_changes_nothing_when_something_is_wrong(tell, unit, file, home):
    file.write_text(GIVEN.replace("10, 12", "10, 0"))
    code, _, err = tell("programme", "import", file)
    assert code == 2
    assert str(file) in err[0]
    file.write_text(GIVEN)
    code, _, err = tell("programme", "import", file, "--runner", "Bob")
    assert code == 2
    assert "is for Ann, not for Bob" in err[0]
    file.write_text(GIVEN.replace('runner = "Ann"', ""))
    code, _, err = tell("programme", "import", file, "--runner", "Bob")
    assert code == 2
    assert "safety screen of Bob" in err[0]
    assert tell("programme", "import", file, "--next", 3)[0] == 2
    assert "set" not in unit.commands
    assert "prescribe" not in unit.commands
    with Store(home / "runs.sqlite") as store:
        assert store.prescription("Ann") is None


def test_export_is_what_was_imported(tell, tell_json, unit, file, tmp_path):
    tell("programme", "import", file)
    out = tmp_path / "out.toml"
    code, records, _ = tell_json("programme", "export", out)
    assert (code, records[-1]["author"]) == (0, "a physical therapist")
    assert load(out) == load(file)
    code, _, err = tell("programme", "export", out)
    assert code == 2
    assert "exists" in err[0]


def test_a_changed_prescription_is_no_longer_its_authors(tell, unit, file, tmp_path):
    tell("programme", "import", file)
    assert "may differ from the prescription" in tell("cue", "--offset", 5)[2][0]
    assert tell("cue")[2] == []
    out = tmp_path / "out.toml"
    code, _, err = tell("programme", "export", out)
    assert code == 2
    assert "no longer what a physical therapist prescribed: --author NAME" in err[0]
    assert not out.exists()
    assert tell("programme", "export", out, "--author", "Ann")[0] == 0
    assert load(out).author == "Ann"


def test_stop_ends_programme_and_prescription(tell, tell_json, unit, file):
    tell("programme", "import", file)
    code, out, _ = tell("programme", "stop")
    assert (code, out) == (0, ["the programme is ended"])
    assert kept(unit)[2] == ()
    summary = tell_json("programme", "show")[1][-1]
    assert (summary["sessions"], summary["author"], summary["on_pain"]) == (0, None, prescription.STOP)


@pytest.mark.parametrize("arguments", [("set",), ("stop",)])
def test_nothing_is_changed_during_a_run(tell, unit, arguments):
    unit.running = True
    code, _, err = tell("programme", *arguments)
    assert code == 1
    assert "end the run first" in err[0]
    assert "prescribe" not in unit.commands


def test_cues_that_are_off_are_told(tell, unit):
    unit.settings = {INDEX["cue_rule"]: 0}
    code, _, err = tell("programme", "set")
    assert code == 0
    assert "cues are off" in err[0]


def test_without_a_subcommand_it_explains_itself(tell):
    code, out, _ = tell("programme")
    assert code == 0
    text = " ".join(out)
    assert [word for word in ("show", "set", "import", "export", "stop") if word not in text] == []
    code, _, err = tell("programme", "halt")
    assert code == 2
    assert "kneesense programme --help" in err[0]
