# SPDX-License-Identifier: MIT
"""`status` on the command line, against a unit behind a faked Bluetooth stack."""

import pytest
from test_records import keys

from kneecore import wire
from kneecore.settings import INDEX
from kneesense import ble, clock
from kneesense.answers import UnitHealth, UnitInfo
from kneesense.store import Store, Unit
from kneesense.unitstatus import bytes_a_second, findings, hours_left

INFO = UnitInfo("0a0b0c0d", "0.1.0", (wire.MAJOR, wire.MINOR), 7, 1, 9, 0, False, "mpu6050", 500)


@pytest.fixture
def paired(home, stack):
    with Store(home / "runs.sqlite") as store:
        store.remember(Unit("0a0b0c0d", "0c0d", "right", "lateral", "Ann"))
    stack.unit.minor = wire.MINOR
    with clock.replaced(stack.unit.moment):
        yield stack.unit


def trouble(*names):
    return sum(1 << wire.TROUBLES.index(name) for name in names)


def health(**values):
    kept = dict.fromkeys(UnitHealth.__dataclass_fields__, 0) | {"troubles": (), "cause": "power_on"}
    usual = {"percent": 80, "charging": False, "capacity_bytes": 1_500_000, "heap_free_bytes": 40_000}
    return UnitHealth(**kept | usual | values)


def codes(found):
    return [finding.code for finding in found]


def test_a_healthy_unit_is_told_in_a_few_lines(tell, paired):
    code, out, err = tell("status")
    assert (code, err) == (0, [])
    text = "\n".join(out)
    assert "0c0d: Ann, right leg; firmware 0.1.0" in text
    assert "80 %, 3.90 V, not charging" in text
    assert "30 KB of 1.5 MB used, 10 KB not yet fetched, 1.4 MB ready" in text
    assert "mpu6050, 500 Hz, 31 C" in text
    assert "cause power on, no failed before it" in text
    assert out[-1] == "nothing is wrong"
    assert all(len(line) <= 79 for line in out)


def test_its_record_has_the_keys_of_the_contract(tell_json, paired):
    code, records, _ = tell_json("status")
    assert code == 0
    assert [record["type"] for record in records] == ["status", "summary"]
    assert set(records[0]) == keys("status")
    assert records[-1] == {"type": "summary", "ok": True, "wrong": 0, "notes": 0}
    assert records[0]["hours_left"] == pytest.approx(4.5, abs=0.5)


def test_what_is_wrong_is_told_with_the_next_step_and_exits_with_1(tell, tell_json, paired):
    paired.health |= {"troubles": trouble("sensor", "log_full"), "temperature_cdeg": wire.UNKNOWN_I16}
    code, out, err = tell("status")
    assert (code, err) == (1, [])
    wrong = [line for line in out if line.startswith("WRONG")]
    assert len(wrong) == 2
    assert "motion sensor" in wrong[0]
    assert "kneesense sync" in " ".join(out)
    code, records, _ = tell_json("status")
    assert code == 1
    assert [r["code"] for r in records if r["type"] == "warning"] == ["sensor", "log_full"]
    assert records[0]["troubles"] == ["sensor", "log_full"]


def test_what_is_only_to_be_thought_of_is_a_note_and_no_failure(tell, paired):
    paired.health |= {"percent": 12, "failed": 1, "cause": wire.RESETS.index("watchdog")}
    code, out, _ = tell("status")
    assert code == 0
    assert [line.split()[0] for line in out].count("note") == 3
    assert "battery is at 12 %: charge it" in "\n".join(out)


@pytest.mark.parametrize("name", wire.TROUBLES)
def test_every_trouble_has_words(name):
    (found,) = findings(INFO, health(troubles=(name,)))
    assert found.wrong
    assert "tells of" not in found.message


def test_a_flash_without_a_place_for_the_log_is_another_trouble_than_one_that_cannot_be_written():
    (found,) = findings(INFO, health(troubles=("log",), capacity_bytes=0))
    assert "partition table" in found.advice
    assert "partition table" not in findings(INFO, health(troubles=("log",)))[0].advice


def test_a_trouble_of_a_later_firmware_is_told_by_its_code():
    (found,) = findings(INFO, health(troubles=("code_9",)))
    assert "'code_9'" in found.message


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"percent": 19}, ["battery_low_soon"]),
        ({"percent": 20}, []),
        ({"percent": 5, "charging": True}, []),
        ({"percent": 5, "troubles": ("battery_low",)}, ["battery_low"]),
        ({"unfetched_bytes": 1_300_000}, ["log_soon_full"]),
        ({"unfetched_bytes": 1_500_000, "troubles": ("log_full",)}, ["log_full"]),
        ({"damaged": 1}, ["log_damaged"]),
        ({"heap_free_bytes": 20_000}, []),
        ({"heap_free_bytes": 19_999}, ["memory_low"]),
    ],
)
def test_findings(values, code):
    assert codes(findings(INFO, health(**values))) == code


def test_raw_samples_shorten_what_is_left(tell_json, paired):
    paired.settings[INDEX["raw_record"]] = 1
    _, records, _ = tell_json("status")
    assert records[0]["raw_record"] is True
    assert records[0]["hours_left"] == pytest.approx(1_490_000 / 6700 / 3600, abs=0.01)


def test_the_log_of_the_board_holds_hours_of_running_and_minutes_of_samples():
    assert hours_left(health(), 500, raw=False) == pytest.approx(4.8, abs=0.4)
    assert bytes_a_second(500, raw=True) - bytes_a_second(500, raw=False) == pytest.approx(6658, abs=1)


def test_an_older_firmware_tells_what_it_can(tell, tell_json, paired):
    paired.minor = 2
    paired.refuses = {"status": wire.UNKNOWN_COMMAND}
    code, out, _ = tell("status")
    assert code == 0
    assert "older than this program" in "\n".join(out)
    record = tell_json("status")[1][0]
    assert set(record) == keys("status")
    assert record["battery_mv"] is record["troubles"] is record["hours_left"] is None


def test_a_unit_that_nobody_paired_is_asked_by_its_name(tell, home, stack):
    stack.unit.minor = wire.MINOR
    code, out, _ = tell("status", "0c0d")
    assert code == 0
    assert "not paired" in out[0]
    assert not (home / "runs.sqlite").exists()
    code, _, err = tell("status")
    assert (code, "no unit is paired" in err[0]) == (3, True)


def test_the_clock_is_compared_with_the_last_time_they_talked(tell_json, paired, home):
    assert tell_json("status")[1][0]["clock_moved_ms"] is None
    with Store(home / "runs.sqlite") as store:
        assert store.tie("0a0b0c0d", 1) is not None
        store._db.execute("UPDATE reading SET utc_us = utc_us - 250000")
    assert tell_json("status")[1][0]["clock_moved_ms"] == pytest.approx(250, abs=1)


def test_a_unit_out_of_range_is_one_line(tell, paired, stack, monkeypatch):
    monkeypatch.setitem(ble.BleLink.__init__.__kwdefaults__, "find_s", 0.1)
    stack.in_range = {}
    code, out, err = tell("status")
    assert (code, out, len(err)) == (3, [], 1)
