# SPDX-License-Identifier: MIT
"""`hips` on the command line: exercises, guided session, log, adherence, repetitions by the unit."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import repeating
from fakeunit import FakeUnit
from test_diary import DAY, DEVICE
from test_records import keys

from checks import hips_drawings
from kneecore import chips, wire
from kneesense import hips, recording
from kneesense.cli import hipsguide, who
from kneesense.store import Store, Unit

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(autouse=True)
def today(monkeypatch):
    monkeypatch.setattr(who, "today", lambda: DAY)
    slept = []
    monkeypatch.setattr(hipsguide.time, "sleep", slept.append)
    return slept


def sessions(home, runner="Ann"):
    with Store(home / "runs.sqlite") as store:
        return hips.log(store, runner)


@pytest.fixture
def written(tmp_path):
    """Squats as a recording in a file, with its calibration beside it."""

    def write(name, calibrated=True, **options):
        felt = repeating.squats(**options)
        table = np.column_stack((felt.t_s, felt.acc, felt.gyro))
        path = tmp_path / f"{name}.csv"
        np.savetxt(path, table, delimiter=",", header="t_s,ax,ay,az,gx,gy,gz", comments="", fmt="%.6f")
        if calibrated:
            repeating.worn(options.get("side", "right")).save(path.with_suffix(".json"), (), True)
        return path

    return write


def test_every_exercise_has_a_cue_a_dose_and_a_drawing_in_the_docs(tell, tell_json):
    page = (DOCS / "hips.md").read_text()
    drawings = hips_drawings.files()
    assert len(drawings) == len(hips.EXERCISES)
    for exercise in hips.EXERCISES:
        assert (DOCS / "hips" / exercise.drawing).read_text() == drawings[exercise.drawing], (
            "python tests/checks/hips_drawings.py"
        )
        dose = exercise.dose.removesuffix(" on each side")
        assert f"| `{exercise.name}`, {dose} |" in page
    code, out, _ = tell("hips", "exercises")
    assert code == 0
    assert all(exercise.title in "\n".join(out) for exercise in hips.EXERCISES)
    records = tell_json("hips", "exercises", "side-bridge")[1]
    assert [record["exercise"] for record in records[:-1]] == ["side_bridge"]
    assert set(records[0]) == keys("exercise")


def test_all_of_the_programme_by_one_flag(tell_json, home):
    code, records, err = tell_json("hips", "log", "--all", "--warm-up", "--no-stretched", "--runner", "Ann")
    assert (code, err) == (0, [])
    assert set(records[0]) == keys("hips")
    (session,) = sessions(home)
    assert session.exercises == tuple(hips.BY_NAME)
    assert (session.day, session.warm_up, session.stretched) == (DAY, True, False)
    assert sum(done.reps or 0 for done in session.sets if done.exercise == "bridge") == 60
    assert {done.hold_s for done in session.sets if done.exercise == "side_bridge"} == {20}


def test_some_exercises_by_flags(tell, home):
    code, out, _ = tell(
        "hips", "log", "--exercise", "bridge,deadlift", "--sets", "2", "--reps", "6", "--side", "left",
        "--day", "yesterday", "--note", "easy", "--runner", "Ann",
    )  # fmt: skip
    assert code == 0
    (session,) = sessions(home)
    assert session.sets == tuple(
        hips.Set(name, "left", 6, None) for name in ("bridge",) * 2 + ("deadlift",) * 2
    )
    assert (session.day, session.note) == (DAY - timedelta(days=1), "easy")
    assert out[0].endswith("deadlift 2 sets, bridge 2 sets; easy")


def test_adherence_by_week(tell, tell_json, home):
    monday = DAY - timedelta(days=DAY.weekday())
    for day in (monday - timedelta(days=7), monday - timedelta(days=5), monday):
        tell("hips", "log", "--all", "--day", str(day), "--runner", "Ann")
    records = tell_json("hips")[1]
    weeks = [record for record in records if record["type"] == "week"]
    assert set(weeks[0]) == keys("week")
    assert [(week["monday"], week["days"], week["adherence_percent"]) for week in weeks] == [
        ((monday - timedelta(days=7)).isoformat(), 2, 66),
        (monday.isoformat(), 1, 33),
    ]
    assert (records[-1]["this_week"], records[-1]["left"]) == (1, 2)
    assert tell("hips")[1][-1] == "Ann: 2 still to do this week"


def test_a_guided_session(tell, home, answering, today):
    lines = ["", "", "7", "many", "8", "", "", "s", "", ""]
    answering(*lines)
    code, out, _ = tell("hips", "start", "--exercise", "bridge,side_bridge", "--sets", "1", "--runner", "Ann")
    assert code == 0, out
    (session,) = sessions(home)
    # bridge: Enter as planned on the left, 7 on the right ...
    assert session.sets[:2] == (hips.Set("bridge", "left", 10, None), hips.Set("bridge", "right", 7, None))
    assert session.warm_up is True
    assert session.start_us is not None
    assert any("Pelvis" in line or "pelvis" in line for line in out)


def test_what_is_held_is_counted_down(tell, home, answering, today):
    answering("n", "", "12", "", "", "")
    tell("hips", "start", "--exercise", "side_bridge", "--sets", "1", "--runner", "Ann")
    (session,) = sessions(home)
    assert session.sets == (
        hips.Set("side_bridge", "left", None, 12),
        hips.Set("side_bridge", "right", None, 20),
    )
    assert (session.warm_up, session.stretched) == (False, True)
    assert today == [1] * 40


def test_who_stops_keeps_what_was_done(tell, home, answering):
    answering("", "", "q")
    tell("hips", "start", "--runner", "Ann")
    (session,) = sessions(home)
    assert session.sets == (hips.Set("leg_raise", "left", 12, None),)
    answering("q")
    assert tell("hips", "start")[1][-1] == "nothing was done, nothing is written down"
    assert len(sessions(home)) == 1


def test_between_sets_there_is_a_rest(tell, home, answering, today):
    answering("", "", "", "", "", "")
    tell("hips", "start", "--exercise", "bridge", "--sets", "2", "--rest", "5", "--runner", "Ann")
    assert len(sessions(home)[0].sets) == 4
    assert today == [1] * 5


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("start", "--runner", "Ann"), "kneesense hips log"),
        (("log", "--runner", "Ann"), "--all or --exercise"),
        (("log", "--all", "--exercise", "bridge", "--runner", "Ann"), "--all or --exercise"),
        (("log", "--exercise", "plank", "--runner", "Ann"), "no exercise"),
        (("log", "--exercise", "step_up", "--runner", "Ann"), "or several"),
        (("log", "--all", "--side", "both", "--runner", "Ann"), "left or right"),
        (("log", "--all", "--sets", "0", "--runner", "Ann"), "1 to 1000"),
        (("log", "--all"), "--runner NAME"),
        (("reps", "x.csv", "--exercise", "bridge"), "cannot be counted"),
    ],
)
def test_bad_input_is_one_line_with_the_cure(tell, home, arguments, what):
    code, out, err = tell("hips", *arguments)
    assert (code, out, len(err)) == (2, [], 1)
    assert what in err[0]


@pytest.mark.parametrize("arguments", [(), ("remove", "1", "--yes"), ("reps", "last")])
def test_nothing_there_yet(tell, home, arguments):
    code, _, err = tell("hips", *arguments)
    assert (code, len(err)) == (3, 1)


def test_a_session_is_removed(tell, home):
    tell("hips", "log", "--all", "--runner", "Ann")
    assert tell("hips", "remove", "1")[0] == 2
    assert tell("hips", "remove", "1", "--yes")[0] == 0
    assert sessions(home) == []


def test_repetitions_of_a_recording_with_its_calibration(tell, tell_json, written, home):
    path = written("squats", count=4, lean_deg=6.0)
    code, records, err = tell_json("hips", "reps", path, "--exercise", "single_leg_squat")
    assert (code, err) == (0, [])
    reps = [record for record in records if record["type"] == "rep"]
    assert all(set(record) == keys("rep") for record in reps)
    assert len(reps) == records[-1]["reps"] == 4
    assert records[-1]["mean_lean_change_deg"] == pytest.approx(5.4, abs=0.6)
    out = tell("hips", "reps", path, "--keep", "--exercise", "Single-leg-squat", "--runner", "Ann")[1]
    assert "4 repetitions, mean depth 2" in out[-2]
    assert out[-1].strip() == "session 1 is written down"
    assert sessions(home)[0].sets == (hips.Set("single_leg_squat", "right", 4, None),)


def test_repetitions_without_a_calibration_have_no_lean(tell_json, written):
    code, records, err = tell_json("hips", "reps", written("squats", calibrated=False, count=4))
    assert code == 0
    assert "no calibration, so lean is not told" in err[0]
    assert records[-1]["reps"] == 4
    assert records[-1]["mean_lean_change_deg"] is None


def test_repetitions_of_a_run_recorded_with_its_samples(tell_json, home):
    """Quantised, logged, fetched: the same repetitions, calibrated by the run's own START."""
    felt = repeating.squats(4, lean_deg=6.0)
    chip = chips.find("mpu6050")
    unit = FakeUnit(bytes.fromhex(DEVICE))
    unit._run({"utc_us": 0})
    start = {
        "acc_lsb_per_g": chip.acc_lsb_per_g,
        "gyro_lsb_per_10dps": chip.gyro_lsb_per_10dps,
        "rate_hz": 500,
    }
    unit.log[-1] = unit.record(wire.START, unit.log[-1].values() | start)
    for segment in recording.quantise(felt, 500, chip).segments:
        for i in range(0, len(segment.counts), 108):
            values = {"sample": segment.start + i // 6, "counts": segment.counts[i : i + 108].tobytes()}
            unit.record(wire.RAW, values)
    unit._halt({})
    with Store(home / "runs.sqlite") as store:
        store.remember(Unit(DEVICE, "0c0d", "right", "lateral", "Ann"))
        store.add(DEVICE, unit.log)
    code, records, err = tell_json("hips", "reps", "last", "--exercise", "single_leg_squat", "--keep")
    assert (code, err) == (0, [])
    assert (records[-1]["reps"], records[-1]["side"], records[-1]["session"]) == (4, "right", 1)
    assert records[-1]["mean_lean_change_deg"] == pytest.approx(5.4, abs=0.6)


def test_left_against_right(tell, tell_json, written):
    left = written("left", side="left", count=6, lean_deg=9.0)
    right = written("right", side="right", count=6, lean_deg=0.0)
    code, out, err = tell("hips", "screen", "--left", left, "--right", right)
    assert (code, err) == (0, [])
    assert [line.endswith("differs") for line in out[:3]] == [True, True, False]
    assert out[-1] == "a difference between strapped legs, no diagnosis"
    records = tell_json("hips", "screen", "--left", left, "--right", right)[1]
    assert all(set(record) == keys("screen") for record in records[:-1])
    assert records[-1]["differs"] == ["lean_change_deg", "lean_range_deg"]
    code, _, err = tell("hips", "screen", "--left", right, "--right", left)
    assert code == 2
    assert "was recorded on the right leg" in err[0]
    assert tell("hips", "screen", "--left", left, "--right", written("alike", count=6, lean_deg=9.0))[1][
        -1
    ] == ("no difference that can be told")
