# SPDX-License-Identifier: MIT
"""The diary: what was written joined with what was recorded, nothing twice, nothing of one runner with another's."""

from dataclasses import fields
from datetime import date, timedelta

import pytest
from fakeunit import UTC_US, FakeUnit

from kneecore import wire
from kneesense import diary, hips, shoes, times
from kneesense.clock import Reading
from kneesense.store import Store, Unit

DEVICE, OTHER = "0a0b0c0d", "0a0b0c0e"
DAY = times.day(UTC_US)
PAIN, BACK = wire.MARKS.index("pain"), wire.MARKS.index("pain_taken_back")
MINUTE = 60_000_000
STRIDES = 400  # of 0.35 s each in the fake unit


class Recorder:
    """A unit of Ann's whose runs are in the store."""

    def __init__(self, store, device=DEVICE, side="right", dated=True):
        self.store, self.device = store, device
        self.unit = FakeUnit(bytes.fromhex(device))
        store.remember(Unit(device, device[4:], side, "lateral", "Ann"))
        if dated:
            store.add_readings(device, 1, [Reading(0, UTC_US, 1000)])

    def run(self, strides=STRIDES, marks=(), runner="Ann"):
        unit = self.unit
        unit._run({"utc_us": 0, "runner": self.store.runner_number(runner)})
        for kind in marks:
            unit.record(wire.MARK, {"kind": kind})
        unit.strides(strides)
        unit._halt({})
        self.store.add(self.device, unit.log, unit.log[-1].key)
        return self.store.runs()[-1]


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "runs.sqlite") as store:
        yield store


@pytest.fixture
def recorder(store):
    return Recorder(store)


def test_a_run_that_nobody_wrote_about_is_an_entry(store, recorder):
    run = recorder.run()
    (entry,) = diary.entries(store, "Ann")
    assert (entry.run, entry.id, entry.ran, entry.day) == (run.id, None, True, DAY)
    assert entry.duration_s == (STRIDES + 1) * 35 // 100
    assert (entry.worst, entry.painful) == (None, None)


def test_a_try_or_an_exercise_is_none_until_somebody_writes_about_it(store, recorder):
    run = recorder.run(strides=diary.LEAST_STRIDES - 1)
    assert diary.entries(store, "Ann") == []
    diary.write(store, "Ann", DAY, run=run, pain={"after": 1})
    assert [entry.run for entry in diary.entries(store, "Ann")] == [run.id]


def test_a_run_of_unknown_day_is_left_out_and_named(store):
    run = Recorder(store, OTHER, dated=False).run()
    assert diary.entries(store, "Ann") == []
    assert diary.collected(store, "Ann") == ([], [run.id])
    diary.write(store, "Ann", DAY, run=run, pain={"after": 0})
    assert [entry.day for entry in diary.entries(store, "Ann")] == [DAY]
    assert diary.collected(store, "Ann")[1] == []


def test_written_twice_is_one_entry_with_what_was_said_last(store, recorder):
    run = recorder.run()
    _, new = diary.write(
        store, "Ann", DAY, run=run, values={"surface": "trail", "note": "wet"}, pain={"after": 3}
    )
    assert new
    _, new = diary.write(store, "Ann", DAY, run=run, values={"surface": "road"}, pain={"morning": 1})
    assert not new
    (entry,) = diary.entries(store, "Ann")
    assert (entry.surface, entry.note, entry.pain) == ("road", "wet", {"after": 3, "morning": 1})
    assert (entry.worst, entry.painful) == (3, True)


def test_two_runs_of_a_day_are_two_entries_also_within_one_minute(store):
    for start_us in (UTC_US, UTC_US + 1_000_000):
        diary.write(store, "Ann", DAY, start_us=start_us, values={"distance_m": 5000})
    diary.write(store, "Ann", DAY, values={"sleep_min": 420})
    assert [entry.ran for entry in diary.entries(store, "Ann")] == [False, True, True]
    diary.write(store, "Ann", DAY, start_us=UTC_US, values={"distance_m": 5000})
    assert len(diary.entries(store, "Ann")) == 3


def test_both_legs_are_one_entry_whichever_is_named(store, recorder):
    left, right = recorder.run(), Recorder(store, OTHER, "left").run()
    store.set_outing([left.id, right.id], left.id)
    assert [entry.run for entry in diary.entries(store, "Ann")] == [left.id]
    left, right = store.runs()
    for run in (right, left):
        diary.write(store, "Ann", DAY, run=run, pain={"after": 2})
    assert [entry.pain for entry in diary.entries(store, "Ann")] == [{"after": 2}]


def test_what_was_written_stays_with_the_other_leg(store, recorder):
    left, right = recorder.run(), Recorder(store, OTHER, "left").run()
    store.set_outing([left.id, right.id], left.id)
    diary.write(store, "Ann", DAY, run=store.runs()[0], pain={"after": 2})
    store.delete_run(left.id)
    assert [(e.run, e.pain) for e in diary.entries(store, "Ann")] == [(right.id, {"after": 2})]
    store.delete_run(right.id)
    assert diary.entries(store, "Ann") == []


def test_pain_marks_of_a_run_make_it_painful_unless_taken_back(store, recorder):
    recorder.run(marks=(PAIN,))
    recorder.run(marks=(PAIN, BACK))
    marked, taken_back = diary.entries(store, "Ann")
    assert (marked.pain_marked_s, marked.painful) == ((0,), True)
    assert (taken_back.pain_marked_s, taken_back.painful) == ((), None)


def test_no_answer_is_not_no_pain(store):
    diary.write(store, "Ann", DAY, values={"distance_m": 5000, "places": ()}, pain={"before": 4})
    (entry,) = diary.entries(store, "Ann")
    assert (entry.worst, entry.painful, entry.places, entry.signs) == (None, None, (), None)
    assert entry.open(DAY) == ("after", "hour", "morning")
    assert entry.open(DAY + timedelta(days=diary.OPEN_DAYS + 1)) == ()
    assert entry.open(DAY - timedelta(days=1)) == ()


@pytest.mark.parametrize(
    ("minutes_after_its_end", "moment"),
    [(0, "after"), (29, "after"), (30, "hour"), (300, "hour"), (24 * 60, "morning"), (48 * 60 + 1, None)],
)
def test_the_knee_is_asked_for_at_the_moment_that_it_is(minutes_after_its_end, moment):
    end_us = UTC_US + 40 * MINUTE
    assert diary.asked_now(UTC_US, 40 * 60, end_us + minutes_after_its_end * MINUTE) == moment


def test_half_an_hour_after_a_run_until_midnight_is_not_next_morning(zone):
    zone("UTC")
    end_us = times.meant("2030-03-17T23:50Z")
    asked = [times.meant(f"2030-03-18T{at}Z") for at in ("00:10", "00:30", "03:00", "07:00")]
    told = [diary.asked_now(end_us - 60_000_000, 60, now_us) for now_us in asked]
    assert told == ["after", "hour", "hour", "morning"]


def test_a_run_without_a_date_counts_as_just_ended():
    assert diary.asked_now(None, 600, UTC_US) == "after"


def test_since_is_the_first_day_that_is_given(store):
    for days in range(3):
        diary.write(store, "Ann", DAY + timedelta(days=days), values={"note": str(days)})
    assert [e.note for e in diary.entries(store, "Ann", DAY + timedelta(days=1))] == ["1", "2"]


def test_entries_carry_every_column_of_the_store(store):
    diary.write(store, "Ann", DAY, values={"distance_m": 1})
    (row,) = store.diary("Ann")
    assert set(row) <= {field.name for field in fields(diary.Entry)}


def test_nobody_sees_or_loses_what_another_wrote(store, recorder):
    recorder.run()
    recorder.run(runner="Bea")
    for runner in ("Ann", "Bea"):
        store.set_shoe(runner, "blue", before_m=300_000)
        diary.write(store, runner, DAY, values={"distance_m": 5000, "shoe": "blue"}, pain={"after": 1})
        store.set_longest(runner, "2030-01-01", 10_000, None)
        hips.keep(store, runner, DAY, [hips.Set("bridge", "left", 10, None)])
    before = diary.entries(store, "Bea"), hips.log(store, "Bea"), store.longest("Bea")
    store.delete_runner("Ann")
    assert (diary.entries(store, "Bea"), hips.log(store, "Bea"), store.longest("Bea")) == before
    assert [diary.entries(store, "Ann"), hips.log(store, "Ann"), store.shoes("Ann")] == [[], [], []]
    for table in ("diary", "pain", "shoe", "longest", "hips", "hips_set"):
        assert len(store._rows(f"SELECT * FROM {table}")) == 1, table
    assert store._rows("PRAGMA foreign_key_check") == []


def test_kilometres_of_shoes_are_those_before_and_those_of_its_runs(store):
    store.set_shoe("Ann", "Blue 3", before_m=300_000)
    store.set_shoe("Ann", "red")
    for days, distance_m in enumerate((10_000, 7_500, None)):
        values = {"distance_m": distance_m, "duration_s": 600, "shoe": "Blue 3"}
        diary.write(store, "Ann", DAY + timedelta(days=days), values=values)
    blue, red = shoes.of(store, "Ann", diary.entries(store, "Ann"))
    assert (blue.metres, blue.complete, blue.runs) == (317_500, False, 3)
    assert (red.metres, red.complete, red.runs) == (0, True, 0)
    assert shoes.chosen(store, "Ann", "blue") == "Blue 3"


def test_a_session_of_the_programme_is_kept_with_its_sets(store):
    sets = [hips.Set("bridge", side, 10, None) for side in ("left", "right")]
    hips.keep(
        store, "Ann", DAY, [*sets, hips.Set("side_bridge", "left", None, 20)], warm_up=True, note="easy"
    )
    (session,) = hips.log(store, "Ann")
    assert session.sets == (*sets, hips.Set("side_bridge", "left", None, 20))
    assert (session.warm_up, session.stretched, session.note) == (True, None, "easy")
    assert session.exercises == ("bridge", "side_bridge")
    assert hips.log(store, "Ann", DAY + timedelta(days=1)) == []


def test_adherence_counts_days_of_a_week():
    def session(day):
        return hips.Session(1, "Ann", day, None, None, None, None, ())

    monday = date(2030, 3, 4)
    days = [
        monday,
        monday,
        monday + timedelta(days=6),
        *(monday + timedelta(days=7 + n) for n in (0, 2, 4, 5)),
    ]
    weeks = hips.weeks(map(session, days), monday + timedelta(days=14))
    assert [(week.monday, week.days, week.share_percent) for week in weeks] == [
        (monday, 2, 66),
        (monday + timedelta(days=7), 4, 100),
        (monday + timedelta(days=14), 0, 0),
    ]


def test_a_store_from_before_the_diary_gets_one_and_keeps_its_runs(tmp_path, monkeypatch):
    from kneesense import storefile

    file = tmp_path / "older.sqlite"
    with monkeypatch.context() as patch:
        patch.setattr(storefile, "MIGRATIONS", storefile.MIGRATIONS[:5])
        with Store(file) as store:
            run = Recorder(store).unit
            run._run({"utc_us": 0})
            run._halt({})
            store.add(DEVICE, run.log)
    with Store(file) as store:
        assert [run.id for run in store.runs()] == [1]
        diary.write(store, "Ann", DAY, run=store.runs()[0], pain={"after": 1})
        assert store.problems() == []
