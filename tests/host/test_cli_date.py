# SPDX-License-Identifier: MIT
"""`date`, and what `runs` and `show` say of a run whose date no clock knows."""

import time

import pytest
from fakeunit import FakeUnit
from test_records import keys

from kneesense.clock import Reading
from kneesense.store import Store, Unit

DEVICE = "0a0b0c0d"
SEEN_US = 1_796_112_000_000_000  # 2026-12-01 08:00 UTC
S = 1_000_000


@pytest.fixture
def berlin(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def undated(home, berlin):
    """A unit seen in boot 1, its run in boot 2 recorded alone before its battery was empty, seen again in boot 3."""
    fake = FakeUnit()
    fake.strides(3)
    fake.reboot()
    fake._run({"utc_us": 0})
    fake.strides(20)
    fake.reboot()
    fake.strides(1)
    with Store(home / "runs.sqlite") as store:
        store.remember(Unit(DEVICE, "0c0d", "right", "lateral", "Ann"))
        store.add(DEVICE, fake.log)
        store.add_readings(DEVICE, 1, [Reading(2 * S, SEEN_US - 48 * 3600 * S, 20_000)])
        store.add_readings(DEVICE, 3, [Reading(1 * S, SEEN_US, 20_000)])
    return home


BETWEEN = "between 2026-11-29 09:00 and 2026-12-01 08:59"


def test_runs_and_show_say_between_which_moments_it_was(tell, tell_json, undated):
    out = tell("runs")[1]
    assert out[0].split()[1:3] == ["date", "unknown"]
    assert out[1].strip() == f"{BETWEEN}: kneesense date 1 WHEN"
    assert f"started {BETWEEN}: right leg" in tell("show", "1")[1][0]
    row = tell_json("runs")[1][0]
    assert (row["start_utc"], row["utc_source"]) == (None, None)
    assert row["utc_bounds"][1] < "2026-12-01T08:00:00.000Z"


def test_the_user_says_when_it_was_and_may_forget_it(tell, tell_json, undated):
    code, out, err = tell("date", "last", "2026-11-30T07:15")
    assert (code, out, err) == (0, ["run 1 started 2026-11-30 07:15 +01:00, as you say"], [])
    out = tell("runs")[1]
    assert len(out) == 1
    assert out[0].split()[1:3] == ["2026-11-30", "07:15*Ann"]
    assert "started 2026-11-30 07:15 (as you say): right leg" in tell("show", "1")[1][0]
    told = tell_json("date", "1")[1][0]
    assert set(told) == keys("date")
    assert (told["start_utc"], told["utc_source"]) == ("2026-11-30T06:15:00.000Z", "user")
    assert all(told["utc_bounds"])
    assert BETWEEN in tell("date", "1", "--forget")[1][0]
    assert BETWEEN in tell("runs")[1][1]


def test_a_word_against_the_clocks_is_kept_and_the_clocks_are_told(tell, undated):
    code, out, err = tell("date", "1", "2026-12-05 07:15")
    assert (code, out) == (0, ["run 1 started 2026-12-05 07:15 +01:00, as you say"])
    assert err == [f"warning: by the clocks it started {BETWEEN}"]


def test_a_measured_date_is_shown(tell, undated):
    with Store(undated / "runs.sqlite") as store:
        store.add_readings(DEVICE, 2, [Reading(60 * S, SEEN_US - 3600 * S, 20_000)])
    assert tell("date", "1")[1] == ["run 1 started 2026-12-01 07:59 +01:00"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("1", "yesterday"), 2, "no date with a time"),
        (("1", "2026-11-30"), 2, "no time of day"),
        (("1", "2026-11-30T07:15", "--forget"), 2, "--forget and a date"),
        (("7", "2026-11-30T07:15"), 3, "there is no run 7"),
    ],
)
def test_a_mistake_is_one_line(tell, undated, arguments, code, words):
    found, out, err = tell("date", *arguments)
    assert (found, out, len(err)) == (code, [], 1)
    assert words in err[0]


def test_without_runs_there_is_nothing_to_date(tell, home):
    code, _, err = tell("date", "1")
    assert (code, "no runs" in err[0]) == (3, True)


def test_a_run_over_the_end_of_daylight_saving_has_its_length_and_both_offsets(tell, tell_json, home, berlin):
    fake = FakeUnit()
    fake._run({"utc_us": 0})
    fake.strides(10)
    fake.t_us += 44 * 60 * S
    fake.strides(100)
    with Store(home / "runs.sqlite") as store:
        store.add(DEVICE, fake.log)
        start_us = 1_792_888_200_000_000  # 2026-10-25 00:30 UTC
        store.add_readings(DEVICE, 1, [Reading(fake.log[1].t_us, start_us, 20_000)])
    out = tell("show", "1")[1]
    assert "the clocks were changed meanwhile: 2026-10-25 02:30 +02:00 to 02:14 +01:00" in "\n".join(out)
    summary = tell_json("show", "1")[1][-1]
    assert summary["duration_s"] == pytest.approx(44 * 60 + 110 * 0.35, abs=0.01)
