# SPDX-License-Identifier: MIT
"""`diary` on the command line: by flags, by questions, by files; one run stays one entry; what follows is told."""

from datetime import date, timedelta

import pytest
from test_diary import DAY, OTHER, Recorder
from test_records import keys
from test_trackfile import gpx, tcx

from kneecore import wire
from kneesense import diary, times
from kneesense.cli import who
from kneesense.store import Store

pytestmark = pytest.mark.usefixtures("today")


@pytest.fixture
def today(monkeypatch):
    """The clock of the fake unit's first run."""
    monkeypatch.setattr(who, "today", lambda: DAY)


@pytest.fixture
def recorded(home):
    """Ann's unit with one run of two minutes and a third in the store; its number."""
    with Store(home / "runs.sqlite") as store:
        return Recorder(store).run().id


def test_bytes_that_are_no_text_are_told(tell, home):
    code, _, err = tell("diary", "add", "--runner", "Ann", "--distance", "8", "--note", "\udcff")
    assert (code, err) == (2, ["error: a text holds bytes that are no UTF-8: write it anew"])
    assert entries(home) == []


@pytest.mark.parametrize("day", ["0001-01-01", "1969-12-31", "2100-01-01"])
def test_a_day_on_which_nobody_ran_with_a_unit_is_none(tell, home, day):
    with Store(home / "runs.sqlite"):
        pass
    for command in (("diary", "add", "--runner", "Ann", "--day"), ("export", "--to", "x.csv", "--since")):
        code, _, err = tell(*command, day)
        assert (code, err) == (2, [f"error: {day} is no day: such as 2026-11-30"])


def test_a_note_cannot_steer_the_terminal(tell, tell_json, home):
    note = "fine\x1b[2J\x9b1m\x7f"
    add(tell, "--runner", "Ann", "--distance", "8", "--note", note)
    code, out, err = tell("diary")
    assert (code, err) == (0, [])
    assert "fine\\x1b[2J\\x9b1m\\x7f" in "".join(out)
    assert "\x1b" not in "".join(out)
    assert tell_json("diary")[1][0]["note"] == note
    assert "\x1b" not in "".join(tell("diary", "--runner", "A\x1b[2J")[2])


def entries(home, runner="Ann"):
    with Store(home / "runs.sqlite") as store:
        return diary.entries(store, runner)


def add(tell, *arguments):
    code, out, err = tell("diary", "add", *arguments)
    assert (code, err) == (0, []), (out, err)
    return out


def test_a_run_by_flags_and_what_follows(tell, home):
    out = add(
        tell, "--runner", "Ann", "--distance", "8,4", "--time", "50", "--pain", "2", "--where", "above_kneecap",
        "--worse-with", "stairs", "--surface", "trail", "--stairs", "--no-warm-up", "--sleep", "7:30", "--leg", "left",
    )  # fmt: skip
    (entry,) = entries(home)
    assert (entry.distance_m, entry.source, entry.duration_s) == (8400, "said", 3000)
    assert (entry.stairs, entry.warm_up, entry.stretched, entry.sleep_min) == (True, False, None, 450)
    assert (entry.pain, entry.places, entry.leg) == ({"after": 2}, ("above_kneecap",), "left")
    assert out[0] == f"   1 {DAY} run      8.4 km   50 min  pain 2/?/?"
    assert out[1].strip() == "above the kneecap, left leg; uneven trail"
    assert any("a hint, no diagnosis" in line for line in out)
    assert out[-1] == "entry 1 is new"


def test_the_list_has_open_questions_reasons_and_a_next_run(tell, tell_json, recorded):
    add(tell, "--run", "last", "--pain", "1")
    code, out, err = tell("diary")
    assert (code, err) == (0, [])
    assert f"OPEN    {DAY} 60 min? next morning?" in out
    assert f"        (kneesense diary add --run {recorded} --pain-60 N)" in out
    assert "longest run in the last 30 days?" in " ".join(out)
    code, records, _ = tell_json("diary")
    assert [r["type"] for r in records if r["type"] != "advice"] == ["entry", "summary"]
    assert records[0]["open"] == ["hour", "morning"]
    assert records[-1]["next_run"]["measure"] == "duration_s"
    assert records[-1]["open"] == 2


def test_records_have_the_keys_of_the_contract(tell_json, recorded):
    tell_json("diary", "shoes", "Blue", "--new")
    records = tell_json("diary", "add", "--run", "1", "--pain", "3", "--shoe", "blue")[1]
    records += tell_json("diary", "shoes")[1] + tell_json("diary")[1]
    for kind in ("entry", "advice", "shoe"):
        assert all(set(record) == keys(kind) for record in records if record["type"] == kind)
        assert any(record["type"] == kind for record in records)


def test_twice_the_same_is_one_entry(tell, home):
    for _ in range(2):
        out = add(tell, "--runner", "Ann", "--distance", "5", "--note", "easy")
    assert len(entries(home)) == 1
    assert out[-1] == "entry 1 was changed"


def test_another_distance_of_a_day_is_no_correction_unless_it_says_so(tell, home):
    add(tell, "--runner", "Ann", "--distance", "5")
    code, _, err = tell("diary", "add", "--distance", "7")
    assert code == 2
    assert "another run: --at TIME; to correct it: --entry 1" in err[0]
    add(tell, "--entry", "1", "--distance", "6")
    add(tell, "--at", f"{DAY}T18:00", "--distance", "7")
    assert sorted(entry.distance_m for entry in entries(home)) == [6000, 7000]


def test_a_run_that_is_still_to_come_is_refused(tell, home, tmp_path):
    later = DAY + timedelta(days=1)
    file = tmp_path / "later.gpx"
    file.write_text(gpx([11]).replace("2030-03-17", f"{later}"))
    for which in (("--at", f"{later}T18:00", "--distance", "7"), ("--file", file), ("--day", later)):
        code, _, err = tell("diary", "add", "--runner", "Ann", *which)
        assert code == 2
        assert f"{later} is still to come" in err[0]


def test_next_morning_is_about_the_run_before(tell, home):
    add(tell, "--runner", "Ann", "--day", "yesterday", "--distance", "5")
    add(tell, "--pain-morning", "1")
    (entry,) = entries(home)
    assert (entry.day, entry.pain) == (DAY - timedelta(days=1), {"morning": 1})


def test_next_morning_without_a_run_before_is_told(tell, home):
    add(tell, "--runner", "Ann", "--note", "rest")
    code, _, err = tell("diary", "add", "--pain-morning", "1")
    assert code == 3
    assert "there is no run in the 2 days before today" in err[0]


def test_a_day_with_several_runs_asks_which(tell, home):
    for hour in ("07:00", "18:00"):
        add(tell, "--runner", "Ann", "--at", f"{DAY}T{hour}", "--distance", "5")
    code, _, err = tell("diary", "add", "--day", str(DAY), "--pain", "0")
    assert code == 2
    assert "there are 2 runs" in err[0]


def test_the_same_run_from_two_files_of_other_names_and_minutes_is_one(tell, home, tmp_path):
    """Known by when it was: a file's name or the minute of its start tell nothing."""
    for name, content in (
        ("a.gpx", gpx([21])),  # 600 s
        ("copy of a.gpx", gpx([21])),
        ("b.tcx", tcx([(600, 2000)], [("2030-03-17T17:47:41Z", 0), ("2030-03-17T17:57:00Z", 2000)])),
    ):
        (tmp_path / name).write_text(content)
        add_on(tell, tmp_path / name)
    (entry,) = entries(home)
    assert (entry.distance_m, entry.source) == (2000, "tcx")


def test_two_runs_that_follow_each_other_in_one_minute_are_two(tell, home, tmp_path):
    for i, (start, end) in enumerate((("17:46:00", "17:56:00"), ("17:56:05", "18:06:00"))):
        points = [(f"2030-03-17T{start}Z", 0), (f"2030-03-17T{end}Z", 2000)]
        (tmp_path / f"{i}.tcx").write_text(tcx([(600, 2000)], points))
        add_on(tell, tmp_path / f"{i}.tcx")
    assert len(entries(home)) == 2


def add_on(tell, file):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(who, "today", lambda: date(2030, 3, 18))
        add(tell, "--runner", "Ann", "--file", str(file))


def test_a_file_of_a_recorded_run_gives_it_its_distance(tell, home, recorded, tmp_path):
    (before,) = entries(home)
    start, end = (times.utc(before.start_us + 1_000_000 * s) for s in (3, before.duration_s + 2))
    (tmp_path / "watch.tcx").write_text(tcx([(100, 300)], [(start, 0), (end, 300)]))
    add(tell, "--file", str(tmp_path / "watch.tcx"))
    (entry,) = entries(home)
    assert (entry.run, entry.distance_m, entry.source) == (recorded, 300, "tcx")
    assert entry.duration_s == before.duration_s, "the unit knows better"


def test_a_file_of_a_day_with_a_run_of_no_time_of_day_asks(tell, home, tmp_path, monkeypatch):
    monkeypatch.setattr(who, "today", lambda: date(2030, 3, 18))
    (tmp_path / "a.gpx").write_text(gpx([21]))
    day = times.day(1_900_000_000_000_000)
    add(tell, "--runner", "Ann", "--day", str(day), "--distance", "2.1")
    code, _, err = tell("diary", "add", "--file", str(tmp_path / "a.gpx"))
    assert code == 2
    assert "--entry 1 if this file is of that run, --another if not" in err[0]
    for _ in range(2):
        add(tell, "--file", str(tmp_path / "a.gpx"), *(("--entry", "1") if len(entries(home)) == 1 else ()))
    (entry,) = entries(home)
    assert (entry.distance_m, entry.start_us) == (2000, 1_900_000_000_000_000)


def test_the_questions_of_a_run_in_a_row(tell, home, recorded, answering):
    typed = answering(
        "8,4",
        "moon",
        "trail",
        "flat",
        "n",
        "",
        "y",
        "",
        "0",
        "3",
        "",
        "outside_knee",
        "left",
        "strike",
        "none",
        "",
    )
    code, out, err = tell("diary", "add", "--run", "last")
    assert code == 0, err
    (entry,) = entries(home)
    assert (entry.distance_m, entry.surface, entry.hills, entry.stairs) == (8400, "trail", "flat", False)
    assert (entry.sleep_min, entry.warm_up, entry.stretched) == (None, True, None)
    assert entry.pain == {"before": 0, "after": 3}
    assert (entry.places, entry.aggravators, entry.signs) == (("outside_knee",), ("strike",), ())
    assert any("--surface moon: not known" in line for line in out)
    assert "Time in minutes" not in " ".join(err), "the unit knows"
    assert typed.left == []


def test_who_goes_away_keeps_what_was_answered(tell, home, recorded, answering):
    answering("8.4")
    assert tell("diary", "add", "--run", "last")[0] == 0
    assert entries(home)[0].distance_m == 8400


def test_what_was_before_the_diary_is_asked_once(tell, home, answering):
    answering("about 12", "12")
    out = tell("diary", "add", "--runner", "Ann", "--distance", "14")[1]
    assert any("16 % over the longest run" in line for line in out)
    answering("5")
    tell("diary", "add", "--runner", "Bea", "--distance", "14")
    with Store(home / "runs.sqlite") as store:
        assert store.longest("Ann")["distance_m"] == 12_000
        assert store.longest("Bea")["distance_m"] == 5_000
    left = answering("99")
    tell("diary", "add", "--runner", "Ann", "--pain", "0")
    assert left.left == ["99"]


@pytest.mark.parametrize(
    ("most", "kept"),
    [("12", (12_000, None)), ("75 min", (None, 4500)), ("1:15:00", (None, 4500)), ("none", (0, 0))],
)
def test_the_longest_run_by_flag(tell, home, most, kept):
    assert tell("diary", "longest", most, "--runner", "Ann")[0] == 0
    with Store(home / "runs.sqlite") as store:
        row = store.longest("Ann")
        assert (row["distance_m"], row["duration_s"], row["day"]) == (*kept, DAY.isoformat())


def test_shoes_have_their_kilometres_and_retire(tell, home):
    assert tell("diary", "shoes", "Blue 3", "--new", "--before", "495", "--runner", "Ann")[0] == 0
    out = add(tell, "--distance", "10", "--shoe", "blue")
    assert any("past 500 km" in line for line in out)
    assert tell("diary", "shoes")[1] == ["  Blue 3: 505.0 km, 1 run here"]
    assert tell("diary", "shoes", "blue", "--retire")[1] == [f"  Blue 3: 505.0 km, 1 run here, retired {DAY}"]
    code, _, err = tell("diary", "add", "--shoe", "red")
    assert code == 2
    assert "kneesense diary shoes 'red' --new" in err[0]


def test_one_entry_with_what_the_unit_measured(tell, tell_json, home, recorded):
    """The fake unit's strides: 0.7 s of stride time, and every third without its peak."""
    with Store(home / "runs.sqlite") as store:
        recorder = Recorder(store, OTHER, "left")
        recorder.unit._run({"utc_us": 0, "runner": store.runner_number("Ann")})
        for i in range(90):
            recorder.unit.stride(ic_x16=5600 * i, pta_axial_mg=4000 if i % 3 else wire.UNKNOWN_U16)
        recorder.unit._halt({})
        store.add(OTHER, recorder.unit.log)
    code, records, _ = tell_json("diary", "show", "--run", "last")
    assert code == 0
    (load,) = [record for record in records if record["type"] == "load"]
    assert set(load) == keys("load")
    assert (load["strides"], load["tibial_load_strides"], load["tibial_load_g"]) == (90, 60, 240.0)
    assert load["run_cadence_spm"] == pytest.approx(120 / 0.7, rel=0.01)
    add(tell, "--run", "1", "--pain", "1")
    out = tell("diary", "show", "1")[1]
    assert out[1].strip().startswith("right leg: run")
    assert tell("diary", "show", "7")[0] == 3
    assert tell("diary", "show")[0] == 2


def test_an_entry_is_removed_and_the_run_stays(tell, home, recorded, answering):
    add(tell, "--run", "last", "--pain", "3")
    code, _, err = tell("diary", "remove", "1")
    assert code == 2
    assert "--yes" in err[0]
    assert tell("diary", "remove", "1", "--yes")[0] == 0
    assert [(entry.run, entry.pain) for entry in entries(home)] == [(recorded, {})]
    assert tell("diary", "remove", "1", "--yes")[0] == 3


def test_runs_of_unknown_day_are_named(tell, home, recorded):
    with Store(home / "runs.sqlite") as store:
        run = Recorder(store, OTHER, "left", dated=False).run()
    code, _, err = tell("diary")
    assert code == 0
    assert f"run {run.id} (kneesense date RUN WHEN)" in err[0]


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("add", "--runner", "Ann"), "nothing to write down"),
        (("add", "--runner", "Ann", "--pain", "11"), "0 (none) to 10"),
        (("add", "--runner", "Ann", "--pain", "1", "--day", "2099-01-01"), "still to come"),
        (("add", "--runner", "Ann", "--pain", "1", "--day", "monday"), "is no day"),
        (
            ("add", "--runner", "Ann", "--pain", "1", "--day", "today", "--at", "2026-01-01T10:00"),
            "one of them",
        ),
        (("add", "--runner", " ", "--pain", "1"), "name is empty"),
        (("add", "--pain", "1"), "--runner NAME"),
        (("shoes", "--new", "--runner", "Ann"), "which shoes?"),
        (("longest", "much", "--runner", "Ann"), "is no distance"),
    ],
)
def test_bad_input_is_one_line_with_the_cure(tell, home, arguments, what):
    code, out, err = tell("diary", *arguments)
    assert (code, out, len(err)) == (2, [], 1)
    assert what in err[0]


def test_time_of_a_recorded_run_is_the_unit_s(tell, recorded):
    code, _, err = tell("diary", "add", "--run", "last", "--time", "45")
    assert code == 2
    assert "the unit knows" in err[0]


@pytest.mark.parametrize("arguments", [(), ("remove", "1", "--yes")])
def test_no_diary_yet(tell, home, arguments):
    code, _, err = tell("diary", *arguments)
    assert code == 3
    assert "there is no diary" in err[0]


def test_a_new_name_beside_others_is_told(tell, recorded):
    code, _, err = tell("diary", "add", "--runner", "Anne", "--distance", "5")
    assert (code, err) == (0, ["warning: Anne is new here (known: Ann)"])
    assert tell("diary", "add", "--runner", "Anne", "--pain", "0")[2] == []


def test_nobody_of_that_name(tell, recorded):
    code, _, err = tell("diary", "--runner", "Zoe")
    assert code == 3
    assert "known: Ann" in err[0]


@pytest.mark.parametrize(
    ("signs", "answers"),
    [
        ("swelling", "no,yes,no,no,no"), ("giving_way", "no,no,yes,no,no"), ("locking", "no,no,yes,no,no"),
        ("night,pinpoint_shin", "no,no,no,yes,no"), ("limping", "no,no,no,no,no"), ("none", "no,no,no,no,no"),
    ],
)  # fmt: skip
def test_a_red_flag_answers_the_safety_screen_too(tell, home, signs, answers):
    with Store(home / "runs.sqlite") as store:
        store.set_screening("Ann", "2026-01-01T00:00:00.000Z", "no,no,no,no,no")
    for _ in range(2):
        code, _, err = tell("diary", "add", "--signs", signs)
        assert code == 0
        with Store(home / "runs.sqlite") as store:
            assert store.screening("Ann")[1] == answers
        if "yes" not in answers:
            assert err == []
    assert err == [], "told once"


def test_a_red_flag_before_the_screen_was_asked_answers_nothing(tell, home):
    """It will be asked before the first cue."""
    tell("diary", "add", "--signs", "swelling", "--runner", "Ann")
    with Store(home / "runs.sqlite") as store:
        assert store.screening("Ann") is None


def test_deleting_a_runner_names_and_takes_the_diary(tell, home, recorded):
    add(tell, "--run", "last", "--pain", "3", "--note", "a secret of Ann")
    out = tell("delete", "--runner", "Ann", "--yes")[1]
    assert any("1 diary entry" in line for line in out)
    assert b"a secret of Ann" not in (home / "runs.sqlite").read_bytes()
