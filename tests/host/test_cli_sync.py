# SPDX-License-Identifier: MIT
"""`sync`: every unit in range, nothing twice, nothing erased, and a stack on which everything goes wrong."""

import time

import pytest
from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason, BleakError
from fakeunit import FakeUnit
from test_records import keys

from kneecore import wire
from kneesense import ble, catchup, diary
from kneesense.store import Store, Unit

ANN_LEFT, ANN_RIGHT, BEA = "0a0b0c0d", "0a0b0c0e", "0a0b0c0f"
ADDRESSES = ("AA:BB:CC:00:00:01", "AA:BB:CC:00:00:02", "AA:BB:CC:00:00:03")


@pytest.fixture
def units(home, stack, monkeypatch):
    """Ann's two and Bea's one, each with a run in its log."""
    for device, address in zip((ANN_RIGHT, BEA), ADDRESSES[1:], strict=True):
        stack.add(FakeUnit(bytes.fromhex(device)), address)
    with Store(home / "runs.sqlite") as store:
        store.remember(Unit(ANN_LEFT, "0c0d", "left", "lateral", "Ann"))
        store.remember(Unit(ANN_RIGHT, "0c0e", "right", "lateral", "Ann"))
        store.remember(Unit(BEA, "0c0f", "right", "lateral", "Bea"))
    for unit in stack.units.values():
        unit._run({"utc_us": 0})
        unit.strides(20)
        unit._halt({})
    find = ble.find
    monkeypatch.setattr(ble, "find", lambda unit, seconds: find(unit, 0.25))
    monkeypatch.setattr(catchup, "RETRY_S", 0.01)
    return list(stack.units.values())


def complaints(err):
    return [line for line in err if line.startswith(("error", "warning"))]


def by_unit(records):
    return {record["unit"]: record for record in records if record["type"] == "sync"}


def stored(home, device):
    with Store(home / "runs.sqlite") as store:
        assert store.problems() == []
        return store.records(device)


def test_every_unit_is_brought_up_to_date_with_one_line_each(tell, units, home):
    code, out, err = tell("sync")
    assert (code, err) == (0, [])
    assert sorted(line.split(":")[0].split(None, 1)[1] for line in out[:3]) == [
        "Ann, left",
        "Ann, right",
        "Bea, right",
    ]
    assert all("22 records new in 1 new run, 0 already here, battery 80 %" in line for line in out[:3])
    assert out[3] == "3 of 3 units up to date: 66 records and 3 runs new"
    for unit, device in zip(units, (ANN_LEFT, ANN_RIGHT, BEA), strict=True):
        records = stored(home, device)
        assert records == unit.log[: len(records)]
        assert unit.acked[-1] == records[-1].key
        assert {"erase", "run", "halt", "set", "calibrate"}.isdisjoint(unit.commands)


def test_its_records_have_the_keys_of_the_contract(tell_json, units):
    records = tell_json("sync")[1]
    assert all(set(record) == keys("sync") for record in by_unit(records).values())
    assert set(records[-1]) == {"type", "units", "reached", "synced", "new", "runs", "joined", "exit_code"}


def test_again_changes_nothing(tell_json, units, home):
    tell_json("sync")
    with Store(home / "runs.sqlite") as store:
        runs = store.runs()
    code, records, _ = tell_json("sync")
    assert code == 0
    assert all(r["new"] == 0 and r["missing"] == 0 and r["runs"] == [] for r in by_unit(records).values())
    assert (records[-1]["new"], records[-1]["runs"]) == (0, 0)
    with Store(home / "runs.sqlite") as store:
        assert store.runs() == runs


def test_only_what_is_new_is_fetched(tell_json, units, home):
    tell_json("sync")
    units[0].strides(7)
    left = by_unit(tell_json("sync")[1])["0c0d"]
    assert (left["new"], left["runs"], left["complete"]) == (7, [], True)
    assert left["had"] >= 22


def test_only_the_units_of_a_runner_or_the_one_named(tell_json, units):
    records = tell_json("sync", "--runner", "Ann")[1]
    assert set(by_unit(records)) == {"0c0d", "0c0e"}
    assert units[2].commands == []
    assert set(by_unit(tell_json("sync", "--unit", "0c0f")[1])) == {"0c0f"}


def test_a_unit_not_in_range_is_told_and_the_others_are_fetched(tell, units, stack, home):
    del stack.in_range[ADDRESSES[1]]
    code, out, err = tell("sync")
    assert (code, err) == (0, [])
    assert "0c0e   Ann, right: not in range" in out
    assert out[-1].startswith("2 of 3 units up to date")
    assert stored(home, ANN_RIGHT) == []


def test_none_in_range_exits_3(tell_json, units, stack):
    stack.in_range.clear()
    code, records, _ = tell_json("sync")
    assert code == records[-1]["exit_code"] == 3
    assert not any(r["reached"] or r["complete"] for r in by_unit(records).values())


@pytest.mark.parametrize("arguments", [("--runner", "Cid"), ("--unit", "beef")])
def test_nobody_of_that_name_is_bad_input(tell, units, arguments):
    code, out, err = tell("sync", *arguments)
    assert (code, out, len(err)) == (2, [], 1)


def test_no_unit_paired_exits_3(tell, home, stack):
    code, _, err = tell("sync")
    assert code == 3
    assert "kneesense pair UNIT" in err[0]


def test_a_link_lost_in_the_middle_goes_on_where_it_broke(tell_json, units, home):
    units[0].drop_link_after_fetched = 9
    code, records, _ = tell_json("sync", "--unit", "0c0d")
    assert code == 0
    assert by_unit(records)["0c0d"]["new"] == 22
    records = stored(home, ANN_LEFT)
    assert records == units[0].log[: len(records)]


def test_what_a_lost_unit_left_is_told_and_fetched_the_next_time(tell_json, units, home, stack):
    left = units[0]
    left.drop_link_after_fetched = 9
    drop = left.drop_link

    def drop_for_good():
        stack.in_range.pop(ADDRESSES[0], None)
        drop()

    told = stack.in_range[ADDRESSES[0]]
    left.drop_link = drop_for_good
    code, records, err = tell_json("sync", "--unit", "0c0d")
    result = by_unit(records)["0c0d"]
    assert code == 1
    assert result["reached"]
    assert not result["complete"]
    assert result["missing"] > 0
    assert result["new"] + result["missing"] >= 22
    assert len(complaints(err)) == 1
    stack.in_range[ADDRESSES[0]] = told
    left.drop_link = drop
    code, records, _ = tell_json("sync", "--unit", "0c0d")
    assert code == 0
    assert result["new"] + by_unit(records)["0c0d"]["new"] == 22
    assert by_unit(records)["0c0d"]["missing"] == 0


def test_a_run_that_goes_on_is_left_going(tell_json, units):
    units[0]._run({"utc_us": 0})
    code, records, _ = tell_json("sync", "--unit", "0c0d")
    assert code == 0
    assert by_unit(records)["0c0d"]["running"] is True
    assert units[0].running


def test_a_stranger_to_the_unit_is_told_so(tell, units):
    units[0].refuses = {"hello": wire.REFUSED}
    code, out, err = tell("sync", "--unit", "0c0d")
    assert code == 1
    assert out[0] == "0c0d   Ann, left: not reached"
    assert err[0].startswith("error: 0c0d: the unit does not know this computer")


def test_records_gone_from_the_log_are_told(tell_json, units):
    del units[0].log[4:9]
    code, records, _ = tell_json("sync", "--unit", "0c0d")
    assert code == 0
    assert by_unit(records)["0c0d"]["gone"] == 5
    assert "records_gone" in [record.get("code") for record in records]


# --- Bluetooth stacks as they are -----------------------------------------------------------------------------------


def busy(times):
    return [BleakError("[org.bluez.Error.InProgress] Operation already in progress") for _ in range(times)]


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(ble, "RETRY_WAITS_S", (0.0, 0.0, 0.0, 0.0))


@pytest.mark.parametrize("step", ["scan", "connect"])
def test_a_stack_that_is_busy_twice_is_no_matter(tell, units, stack, quick, step):
    stack.raises[step] = busy(2)
    assert tell("sync", "--unit", "0c0d")[0] == 0


@pytest.mark.parametrize("step", ["scan", "connect"])
def test_a_stack_that_stays_busy_ends_with_plain_words(tell, units, stack, quick, step):
    stack.raises[step] = busy(10)
    code, _, err = tell("sync", "--unit", "0c0d")
    assert code == 1
    assert err == [
        "error: 0c0d: Bluetooth is busy: end other programs that use it, or switch Bluetooth off and on"
    ]


@pytest.mark.parametrize("step", ["scan", "connect", "start_notify"])
def test_a_step_that_never_returns_ends_and_holds_up_no_other_unit(
    tell_json, units, stack, monkeypatch, step
):
    for name in ("STEP_S", "CONNECT_S"):
        monkeypatch.setattr(ble, name, 0.1)
    monkeypatch.setattr(
        ble.BleLink.__init__,
        "__kwdefaults__",
        {"pair": False, "find_s": 0.05, "connect_s": 0.1, "step_s": 0.1},
    )
    stack.hang = {step}
    began = time.monotonic()
    code, records, err = tell_json("sync")
    assert time.monotonic() - began < 10
    assert code == 1
    assert all(not r["complete"] for r in by_unit(records).values())
    assert any(step.split("_")[0][:4] in line or "subscribe" in line for line in complaints(err))


def test_a_disconnect_that_never_returns_is_left_behind(tell, units, stack, home):
    stack.hang = {"disconnect"}
    assert tell("sync", "--unit", "0c0d")[0] == 0
    assert len(stored(home, ANN_LEFT)) >= 22


def test_a_packet_before_subscribing_returns_is_no_matter(tell_json, units, stack, home):
    stack.hang = {"talk early"}
    assert tell_json("sync", "--unit", "0c0d")[0] == 0
    records = stored(home, ANN_LEFT)
    assert records == units[0].log[: len(records)]


def test_bluetooth_that_is_off_is_told_once(tell, units, stack):
    off = BleakBluetoothNotAvailableError("off", BleakBluetoothNotAvailableReason.POWERED_OFF)
    stack.raises["scan"] = [off] * 10
    code, _, err = tell("sync")
    assert code == 3
    assert err == ["error: Bluetooth is off: switch Bluetooth on"]


# --- how the knee is -------------------------------------------------------------------------------------------------


def diary_of(home, runner):
    with Store(home / "runs.sqlite") as store:
        return [(entry.run, dict(entry.pain)) for entry in diary.entries(store, runner)]


def test_after_a_new_run_it_asks_each_runner_how_the_knee_is(tell, units, home, answering):
    answering("much", "3", "")
    code, out, err = tell("sync")
    assert code == 0
    assert sum("how is the knee, 0 to 10" in line for line in " ".join(err).split("Run ")) == 3
    assert sum("knee 3/10 written down" in line for line in out) == 1
    written = diary_of(home, "Ann") + diary_of(home, "Bea")
    assert [pain for _, pain in written if pain] == [{"after": 3}]


def test_a_flag_answers_for_scripts_and_nobody_else_is_asked(tell_json, units, home):
    code, records, err = tell_json("sync", "--runner", "Bea", "--knee", "2")
    assert (code, err) == (0, [])
    (knee,) = [record for record in records if record["type"] == "knee"]
    assert set(knee) == keys("knee")
    assert (knee["runner"], knee["moment"], knee["level"]) == ("Bea", "after", 2)
    assert diary_of(home, "Bea") == [(knee["run"], {"after": 2})]


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_without_a_terminal_it_does_not_ask(tell, units, home, arguments):
    assert tell("sync", *arguments)[0] == 0
    assert [pain for _, pain in diary_of(home, "Ann") if pain] == []


def test_an_answer_that_belongs_to_no_run_is_told(tell, units):
    err = tell("sync", "--knee", "2")[2]
    assert err == [
        "warning: --knee is not written down: runs of several runners came (kneesense diary add --run RUN --pain N)"
    ]
    assert "no run came" in tell("sync", "--knee", "2")[2][0]


def test_a_level_that_is_none_is_refused_before_anything_is_fetched(tell, units):
    code, _, err = tell("sync", "--knee", "11")
    assert code == 2
    assert "0 (no pain) to 10" in err[0]
    assert units[0].commands == []
