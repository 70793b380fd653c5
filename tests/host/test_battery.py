# SPDX-License-Identifier: MIT
"""The unit's battery and its boots: as records, as alerts, before and in a live run, and where they cut a run short."""

import json

import pytest
from fakeunit import FakeUnit
from test_alerts import Ear, codes
from test_records import START, STOP, fields, keys

from kneecore import wire
from kneesense.alerts import Alerts
from kneesense.records import RunRecords
from kneesense.store import Store, Unit
from kneesense.stored import StoredRun

UNIT = "0a0b0c0d"
BATTERY = fields(wire.BATTERY, t_us=65_000_000, mv=3712, percent=41, charging=1)
BOOT = fields(wire.BOOT, t_us=1_000_000, cause=3, wake=2, failed=1, fw_minor=3, battery_mv=3650)


@pytest.fixture
def run():
    run = RunRecords()
    run.feed("start", START)
    return run


def told(percent, run=None, **values):
    return (run or RunRecords()).feed("battery", BATTERY | {"percent": percent} | values)


# --- records --------------------------------------------------------------------------------------------------------


def test_they_have_exactly_the_keys_of_the_contract(run):
    for record in (run.feed("battery", BATTERY), run.feed("boot", BOOT)):
        assert set(record) == keys(record["type"])
        json.dumps(record, allow_nan=False)


def test_a_battery_in_volts_and_words(run):
    record = run.feed("battery", BATTERY)
    assert (record["t_s"], record["mv"], record["percent"], record["charging"]) == (60.0, 3712, 41, False)
    assert record["message"] == "battery: 41 %, 3.71 V, not charging"
    unknown = told(255, mv=0, charging=0)
    assert unknown["mv"] is unknown["percent"] is unknown["charging"] is None
    assert unknown["message"] == "battery: unknown"


@pytest.mark.parametrize(
    ("percent", "charging", "code"),
    [(20, 1, "battery"), (19, 1, "battery_low"), (5, 2, "battery"), (255, 1, "battery")],
)
def test_a_low_battery_is_one_below_20_percent_that_is_not_charging(percent, charging, code):
    assert told(percent, charging=charging)["code"] == code


def test_a_boot_in_a_run_cut_it_short_and_one_after_it_did_not(run):
    record = run.feed("boot", BOOT)
    assert (record["code"], record["cause"], record["wake"]) == ("restarted", "watchdog", "button")
    assert "restarted in the run" in record["message"]
    assert record["t_s"] is None
    run.feed("stop", STOP)
    assert run.feed("boot", BOOT)["code"] == "boot"
    assert RunRecords().feed("boot", BOOT)["code"] == "boot"


def test_what_a_unit_does_not_know_of_its_boot_is_null(run):
    record = run.feed("boot", BOOT | {"cause": 0, "wake": 0, "battery_mv": 0})
    assert record["cause"] is record["wake"] is record["battery_mv"] is None
    assert run.feed("boot", BOOT | {"cause": 77})["cause"] == "code_77"


# --- alerts ---------------------------------------------------------------------------------------------------------


def test_a_battery_is_told_once_at_each_level_it_falls_below():
    ear = Ear()
    alerts = Alerts([ear], quiet_s=0)
    for percent in (40, 21, 19, 18, 11, 10, 9, 6, 4, 4):
        alerts.see(told(percent))
    assert [alert.message.split(",")[0] for alert in ear.heard] == [
        f"battery: {percent} %" for percent in (19, 9, 4)
    ]
    alerts.see(RunRecords().feed("start", START))
    alerts.see(told(4))
    assert len(ear.heard) == 4, "the next run hears of it again"


def test_a_restart_in_the_run_is_an_alert_and_another_boot_is_none(run):
    ear = Ear()
    alerts = Alerts([ear])
    alerts.see(RunRecords().feed("boot", BOOT))
    assert ear.heard == []
    alerts.see(run.feed("boot", BOOT))
    assert codes(ear) == ["restarted"]


# --- in the store and live ------------------------------------------------------------------------------------------


@pytest.fixture
def paired(home, stack):
    with Store(home / "runs.sqlite") as store:
        store.remember(Unit(UNIT, "0c0d", "right", "lateral", "Ann"))
        store.set_screening("Ann", "2026-01-02T03:04:05Z", "no,no,no,no,no")
    return stack.unit


def test_a_run_that_a_restart_cut_short_says_so(tmp_path):
    unit = FakeUnit()
    unit._run({"utc_us": 0})
    unit.strides(3)
    with Store(tmp_path / "runs.sqlite") as store:
        store.add(UNIT, unit.log)
        assert [r["type"] for r in StoredRun(store, store.runs()[0]).records][-1] == "stride"
        unit.reboot()
        unit.record(wire.BOOT, {"cause": 3})
        store.add(UNIT, unit.log)
        stored = StoredRun(store, store.runs()[0])
        assert (stored.records[-1]["code"], stored.ended) == ("restarted", False)
        assert stored.summary["duration_s"] == pytest.approx(1.05)


def test_a_run_says_before_it_begins_what_is_wrong_with_the_unit(tell, tell_json, paired):
    paired.health |= {"percent": 12, "troubles": 1 << wire.TROUBLES.index("motor"), "failed": 1}
    code, out, _ = tell("run", "--duration", 0.2)
    assert code == 0
    text = "\n".join(out)
    assert "battery is at 12 %: charge it" in text
    assert "motor's driver has failed" in text
    assert "boots failed" not in text, "that is for status"
    records = tell_json("run", "--duration", 0.2)[1]
    assert [r["code"] for r in records if r["type"] == "warning"] == ["motor", "battery_low_soon"]
    assert records.index(next(r for r in records if r["type"] == "start")) > 2


def test_a_battery_that_gets_low_in_the_run_is_an_alert_and_shown_once(tell, paired):
    begin = paired._run

    def running(values):
        seq = begin(values)
        for percent in (50, 19, 18):
            paired.record(wire.BATTERY, {"mv": 3500, "percent": percent, "charging": 1})
        return seq

    paired._run = running
    code, out, _ = tell("run", "--duration", 0.3)
    assert code == 0
    assert [line for line in out if " battery: " in line] == [
        "!      0:00.7 battery: 19 %, 3.50 V, not charging: charge the unit after this"
    ]
    assert sum(" battery: " in line for line in tell("show")[1]) == 2, "of the stored run those that are low"


def test_an_older_firmware_is_asked_and_not_waited_for(tell, paired):
    paired.refuses = {"status": wire.UNKNOWN_COMMAND}
    assert tell("run", "--duration", 0.2)[0] == 0
