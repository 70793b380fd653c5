# SPDX-License-Identifier: MIT
"""When a run was: from this computer's readings, from a log alone, from what lies around it, from the user."""

from itertools import pairwise

import pytest

from kneecore import wire
from kneesense import dating, stored
from kneesense.clock import Reading
from kneesense.errors import InputError
from kneesense.frames import parse
from kneesense.store import Store
from kneesense.stored import StoredRun
from kneesense.times import meant, utc

DEVICE = "0a0b0c0d"
UTC_US = 1_767_225_600_000_000  # 2026-01-01
MS, S, MINUTE, HOUR = 1000, 1_000_000, 60_000_000, 3_600_000_000


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "runs.sqlite") as store:
        yield store


class Log:
    """A unit's log, written record by record at given seconds of its boot."""

    def __init__(self, store, boot=1):
        self.store, self.boot, self.seq = store, boot, 0
        self.held = None

    def write(self, record, at_s, **values):
        self.seq += 1
        filled = dict.fromkeys(record.names, 0) | {"seq": self.seq, "boot": self.boot} | values
        frame = parse(wire.frame(record, filled | {"t_us": round(at_s * S)}))
        if self.held is None:
            self.store.add(DEVICE, [frame])
        else:
            self.held.append(frame)
        return frame

    def anchor(self, at_s, utc_us, error_us=5 * MS):
        """What a host has told, 30 ms after it measured."""
        return self.write(
            wire.ANCHOR, at_s + 0.03, utc_us=round(utc_us), at_us=round(at_s * S), error_us=error_us
        )

    def run(self, from_s, to_s, rate_mhz=500_000, anchors=(), stop=True):
        """A run with a stride a second and anchors (at_s, utc_us) in it; gives it."""
        self.held = []
        self.write(wire.START, from_s, rate_hz=500)
        waiting = list(anchors)
        for second in range(1, round(to_s - from_s)):
            while waiting and waiting[0][0] <= from_s + second - 0.5:
                self.anchor(*waiting.pop(0))
            x16 = second * 16 * rate_mhz // 1000
            self.write(wire.STRIDE, from_s + second, ic_x16=x16, stride_x16=16 * rate_mhz // 1000)
        if stop:
            samples = round((to_s - from_s) * rate_mhz / 1000)
            self.write(wire.STOP, to_s, samples=samples, run_x16=16 * samples, rate_mhz=rate_mhz)
        held, self.held = self.held, None
        self.store.add(DEVICE, held)
        return self.store.runs()[-1]

    def reboot(self):
        self.boot += 1


@pytest.fixture
def log(store):
    return Log(store)


def boot_began(drift_ppm=0.0, by_s=0.0):
    """UTC of device time in seconds, by a computer's clock."""
    return lambda at_s: UTC_US + round((at_s * (1 + drift_ppm / 1e6) + by_s) * S)


def told(told_by, *at_s):
    return [(each, told_by(each)) for each in at_s]


# --- A38: anchors in the log ----------------------------------------------------------------------------------------


def test_a_wall_clock_set_back_by_an_hour_changes_no_duration_and_is_told(store, log):
    before, after = boot_began(), boot_began(by_s=-3600)
    run = log.run(100, 1300, anchors=[*told(before, 101, 400, 690), *told(after, 710, 1000, 1290)])
    shown = StoredRun(store, run)
    assert shown.summary["duration_s"] == shown.summary["run_s"] == 1200
    strides = [record["ic_s"] for record in shown.records if record["type"] == "stride"]
    assert [b - a for a, b in pairwise(strides)] == [1.0] * (len(strides) - 1)
    (warning,) = [record for record in shown.records if record["type"] == "warning"]
    assert (warning["code"], warning["t_s"]) == ("clock_set", pytest.approx(610, abs=0.1))
    assert "-3600 s" in warning["message"]
    assert shown.records.index(warning) < len(shown.records) - 500, "where it was found"
    assert len(shown.records) == len(shown.t_us)
    assert shown.start["start_utc"] == utc(after(100)), "by what the clock showed last"
    assert shown.summary["end_utc"] == utc(after(1300))


def test_a_run_without_an_anchor_has_no_date_and_says_so(store, log):
    shown = StoredRun(store, log.run(0, 30))
    assert (shown.start["start_utc"], shown.start["utc_bounds"], shown.start["utc_source"]) == (
        None,
        None,
        None,
    )
    assert shown.summary["end_utc"] is None
    assert shown.summary["duration_s"] == 30


def test_two_anchors_that_imply_45_ppm_move_the_last_sample_by_45_us_a_second(store, log):
    run = log.run(0, 3600, anchors=told(boot_began(45), 1, 3590))
    date = StoredRun(store, run).date
    assert date.tie.drift_ppm == pytest.approx(45, abs=0.01)
    assert date.utc_us(3600 * S) - date.utc_us(0) - 3600 * S == pytest.approx(45 * 3600, abs=3)


def test_anchors_tie_the_run_when_the_computer_that_told_them_has_lost_its_store(store, log):
    run = log.run(10, 900, anchors=told(boot_began(20), 11, 311, 611))
    assert store._rows("SELECT * FROM reading") == []
    date = StoredRun(store, run).date
    assert abs(date.start_us - boot_began(20)(10)) <= date.tie.error_us(10 * S) <= 10 * MS


def test_an_anchor_of_an_older_host_says_less_and_is_believed_that_much(store, log):
    run = log.run(10, 60)
    log.write(wire.ANCHOR, 70, utc_us=boot_began()(70) - 800 * MS)  # 0.8 s under way
    low, high = StoredRun(store, run).date.bounds_us
    assert low <= boot_began()(10) <= high
    assert high - low == pytest.approx(5 * S, abs=50 * MS)


def test_a_computer_in_1970_does_not_know_what_time_it_is(store, log):
    run = log.run(10, 60, anchors=[(11, 11 * S), (20, boot_began()(20))])
    date = StoredRun(store, run).date
    assert date.tie.jumps == ()
    assert date.start_us == pytest.approx(boot_began()(10), abs=10 * MS)


def test_one_beyond_this_century_does_not_either(store, log):
    run = log.run(10, 60, anchors=[(11, boot_began()(11) + (1 << 52)), (20, boot_began()(20))])
    date = StoredRun(store, run).date
    assert date.tie.jumps == ()
    assert date.start_us == pytest.approx(boot_began()(10), abs=10 * MS)
    with pytest.raises(InputError, match="beyond this century"):
        meant("2126-11-30T07:15Z")


# --- readings of this computer --------------------------------------------------------------------------------------


def test_readings_of_several_connections_of_a_boot_make_one_tie(store, log):
    for at_s in (100, 4000):
        store.add_readings(DEVICE, 1, [Reading(at_s * S, boot_began(-30)(at_s), 8 * MS)])
    tie = store.tie(DEVICE, 1)
    assert tie.drift_ppm == pytest.approx(-30, abs=0.01)
    assert len(tie.readings) == 2
    assert store.tie(DEVICE, 2) is None


def test_readings_that_come_again_and_slower_ones_of_the_minute_are_not_kept(store):
    fast, slow = Reading(10 * S, UTC_US + 10 * S, 5), Reading(11 * S, UTC_US + 11 * S, 50)
    for _ in range(2):
        store.add_readings(DEVICE, 1, [fast, slow])
    assert store._rows("SELECT t_us, utc_us, error_us FROM reading") == [fast]


def test_a_later_reading_makes_an_earlier_run_surer(store, log):
    run = log.run(100, 160)
    store.add_readings(DEVICE, 1, [Reading(1800 * S, boot_began(40)(1800), 5 * MS)])
    before = StoredRun(store, run).date.tie.error_us(100 * S)
    store.add_readings(DEVICE, 1, [Reading(3600 * S, boot_began(40)(3600), 5 * MS)])
    assert StoredRun(store, run).date.tie.error_us(100 * S) < before / 5


# --- nothing but what lies around it --------------------------------------------------------------------------------


def test_a_run_between_two_power_losses_lies_between_what_is_known_around_it(store, log):
    """Boots 1 and 4 were seen by a computer; the run is in 3."""
    store.add_readings(DEVICE, 1, [Reading(50 * S, UTC_US + 50 * S, 10 * MS)])
    log.write(wire.MARK, 600)
    log.reboot()
    log.write(wire.MARK, 120)
    log.reboot()
    run = log.run(30, 330, stop=False)
    log.reboot()
    log.write(wire.MARK, 5)
    store.add_readings(DEVICE, 4, [Reading(60 * S, UTC_US + 24 * HOUR, 10 * MS)])
    date = StoredRun(store, run).date
    assert (date.start_us, date.source) == (None, None)
    low, high = date.bounds_us
    assert low == pytest.approx(UTC_US + (600 + 120 + 30) * S, abs=0.3 * S)
    assert high == pytest.approx(UTC_US + 24 * HOUR - 60 * S - 299 * S, abs=0.3 * S)
    shown = StoredRun(store, run)
    assert shown.start["utc_bounds"] == [utc(low), utc(high)]


def test_of_a_unit_seen_only_later_the_latest_moment_is_known(store, log):
    run = log.run(30, 90)
    store.add_readings(DEVICE, 2, [Reading(60 * S, UTC_US + HOUR, 10 * MS)])
    low, high = StoredRun(store, run).date.bounds_us
    assert low is None
    assert high == pytest.approx(UTC_US + HOUR - 120 * S, abs=0.1 * S)


def test_what_the_user_says_is_shown_and_what_was_measured_stays_beside_it(store, log):
    run = log.run(100, 200, anchors=told(boot_began(), 101, 150))
    measured = StoredRun(store, run).start
    store.say(run.id, UTC_US + HOUR)
    shown = StoredRun(store, run)
    assert (shown.start["start_utc"], shown.start["utc_source"]) == (utc(UTC_US + HOUR), "user")
    assert shown.start["utc_bounds"] == measured["utc_bounds"]
    assert shown.summary["end_utc"] == utc(UTC_US + HOUR + 100 * S)
    store.say(run.id, None)
    assert StoredRun(store, run).start == measured


def test_what_was_said_goes_with_the_run(store, log):
    run = log.run(100, 110)
    store.say(run.id, UTC_US)
    store.delete_run(run.id)
    assert store._rows("SELECT * FROM said") == []


def test_a_run_under_way_has_the_date_that_is_known_by_now(store, log):
    start = log.write(wire.START, 30, rate_hz=500)
    (run,) = store.runs()
    assert stored.about(store, run, start)["start_utc"] is None
    store.add_readings(DEVICE, 1, [Reading(31 * S, UTC_US + 31 * S, 10 * MS)])
    about = stored.about(store, run, start)
    assert (about["start_utc"], about["utc_source"]) == (utc(UTC_US + 30 * S), dating.CLOCK)
