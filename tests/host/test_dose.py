# SPDX-License-Identifier: MIT
"""Dose and retention out of a store: what each session brought."""

import pytest
from fakeunit import FakeUnit

from kneecore import wire
from kneesense import dose, programme_view
from kneesense.store import Store, Unit

DEVICE = "0a0b0c0d"
PLAN = ((10, 0, 0), (12, 0, 0), (15, 60, 120))


class Runner:
    """A unit that is run with, and the store that fetches all of it."""

    def __init__(self, store):
        self.unit = FakeUnit()
        self.store = store
        self.store.remember(Unit(DEVICE, "0c0d", "right", "lateral", "Ann"))

    def run(self, session, complete=True, *, runner="Ann", within=True, spm=171.4, **values):
        """One run; its SESSION record comes `within` it, or only before the next one."""
        number = self.store.runner_number(runner)
        self.unit._run({"utc_us": 0, "runner": number})
        for _ in range(20):
            self.unit.stride(stride_x16=round(120 / spm * 8000), lean_min_cdeg=-200, lean_max_cdeg=300)
        self.unit.stride(stride_x16=9000, confidence=10)
        self.unit.stride(stride_x16=9000, gait=1)
        filled = {"session": session, "complete": int(complete), "planned_s": 600, "run_s": 580, "rule": 1}
        filled |= {"band": 300, "cues": 4, "on_strides": 100, "on_in_band": 80, "on_mean": 17100}
        if within:
            self.unit.record(wire.SESSION, filled | values)
            self.unit._halt({})
        else:
            self.unit.reboot()
            self.unit.record(wire.SESSION, filled | values)
        return self

    def held(self, **options):
        self.store.add(DEVICE, self.unit.log)
        return dose.held(self.store, DEVICE, "Ann", **options)


@pytest.fixture
def runner(tmp_path):
    with Store(tmp_path / "runs.sqlite") as store:
        yield Runner(store)


def test_a_session_has_its_dose_and_what_does_not_hang_on_the_strap(runner):
    (row,) = runner.run(1).held()
    assert (row["run"], row["session"], row["complete"], row["cues"]) == (1, 1, True, 4)
    assert (row["on_in_band"], row["off_in_band"], row["on_mean"]) == (0.8, None, 171.0)
    assert row["mean_cadence_spm"] == pytest.approx(171.4, abs=0.05)
    assert row["mean_lean_range_deg"] == 5.0


def test_a_record_that_a_power_cut_held_back_belongs_to_the_run_before_it(runner):
    rows = runner.run(1, within=False).run(2).held()
    assert [(row["run"], row["session"]) for row in rows] == [(1, 1), (2, 2)]


def test_only_this_runners_sessions_since_the_programme_began(runner):
    runner.run(1).run(2)
    first = (runner.unit.boot, runner.unit.next_seq)
    runner.run(1).run(1, runner="Bob")
    assert [row["run"] for row in runner.held()] == [1, 2, 3]
    assert [row["run"] for row in runner.held(first=first)] == [3]


def test_runs_without_a_programme_are_no_sessions(runner):
    runner.unit._run({"utc_us": 0})
    runner.unit.strides(5)
    runner.unit._halt({})
    assert runner.held() == []


def test_retention_is_of_the_last_complete_session_that_had_blocks_without_cues(runner):
    off = {"off_strides": 200, "off_mean": 17000}
    runner.run(1).run(2, off_in_band=100, **off).run(3, off_in_band=150, **off)
    assert dose.retention(runner.held()) == 0.75
    runner.run(3, complete=False, off_in_band=200, **off)
    assert dose.retention(runner.held()) == 0.75
    assert dose.retention([]) is None


def test_the_share_over_sessions_weighs_strides(runner):
    rows = runner.run(1).run(2, on_strides=300, on_in_band=150).held()
    assert dose.share(rows, "on") == pytest.approx((80 + 150) / 400)
    assert dose.share(rows, "off") is None


def test_the_table_shows_every_session_and_the_last_run_of_each(runner):
    held = runner.run(1).run(2, complete=False).run(2, cues=9).held()
    rows = programme_view.rows(PLAN, held, 3)
    assert [(row["session"], row["runs"], row["next"]) for row in rows] == [
        (1, 1, False),
        (2, 2, False),
        (3, 0, True),
    ]
    assert (rows[1]["run"], rows[1]["cues"]) == (3, 9)
    assert (rows[2]["run"], rows[2]["with_s"], rows[2]["without_s"]) == (None, 60, 120)
    lines = [programme_view.HEAD, *(programme_view.line(row) for row in rows)]
    assert all(len(line) <= 80 for line in lines)
    assert lines[3].startswith(">  3   15 min  60/120 s")
    assert "80 %" in lines[1]


def test_a_session_to_be_repeated_says_so(runner):
    (row, *_) = programme_view.rows(PLAN, runner.run(1, complete=False).held(), 1)
    assert programme_view.line(row).endswith("repeat")


@pytest.mark.parametrize(
    ("runs", "following"), [((), 1), (((1, True),), 2), (((1, True), (2, False)), 2), (((3, True),), 4)]
)
def test_the_next_session_follows_from_the_records(runner, runs, following):
    for session, complete in runs:
        runner.run(session, complete)
    assert programme_view.following(runner.held()) == following


def test_the_whole_in_a_sentence(runner):
    held = runner.run(1).run(2, off_strides=100, off_in_band=60).held()
    summary = programme_view.summary(PLAN, held, 3)
    assert programme_view.closing(summary).splitlines() == [
        "2 of 3 sessions done, 8 cues; in band with cues 80 %, without (retention) 60 %",
        "the next run is session 3",
    ]
    over = programme_view.summary(PLAN, held, 4)
    assert over["next"] is None
    assert "the programme is over" in programme_view.closing(over)
    assert "no programme" in programme_view.closing(programme_view.summary((), [], 0))
