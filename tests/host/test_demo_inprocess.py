# SPDX-License-Identifier: MIT
"""The demo where no firmware can run: the same checks, which can fail, and it says what is left out."""

import importlib.util

import pytest

from kneesense.errors import ExtraMissing
from kneesense.sync import LogSync
from kneesense.world import firmware, inprocess

FAST = ("demo", "--speed", 1000)


def failed(records):
    return {record["name"] for record in records if record["type"] == "check" and not record["ok"]}


def no_interpreter():
    raise ExtraMissing("demo", "no MicroPython interpreter for Plan 9")


def test_without_an_interpreter_the_demo_passes_its_checks_and_says_what_is_left_out(tell_json, monkeypatch):
    monkeypatch.setattr(firmware, "micropython", no_interpreter)
    code, records, err = tell_json(*FAST)
    assert (code, failed(records)) == (0, set())
    (line,) = [line for line in err if line.startswith("warning: ")]
    assert "no MicroPython interpreter for Plan 9" in line
    assert "Bluetooth are not shown" in line
    summary = records[-1]
    assert summary["firmware"] is False
    assert summary["strides"] == summary["truth_strides"] > 35
    assert summary["backfilled"] > 0
    assert summary["sent"] == summary["received"] + summary["backfilled"]
    assert all(0 < record["latency_true_ms"] <= 100 for record in records if record["type"] == "cue")
    assert "calibration" not in {record.get("name") for record in records}  # it was not the unit's
    shown = tell_json("show", "last", "--store", summary["log"])[1]
    assert shown[-1]["strides"] == summary["strides"]


def test_without_the_virtual_radio_it_is_the_same(tell_json, monkeypatch):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "bumble" else find_spec(name)
    )
    code, records, _ = tell_json(*FAST, "--duration", 25)
    assert (code, failed(records), records[-1]["firmware"]) == (0, set(), False)


async def nothing(self, unit, to_seq):
    self._have = max(self._have, to_seq)


@pytest.mark.parametrize(
    ("what", "to", "expected"),
    [
        ((LogSync, "fill"), nothing, {"log and store agree", "strides"}),
        ((inprocess, "_DRAIN_S"), 0.2, {"in time"}),
    ],
)
def test_its_checks_can_fail(tell_json, monkeypatch, what, to, expected):
    monkeypatch.setattr(*what, to)
    code, records, _ = tell_json(*FAST, "--without-firmware")
    assert code == 1
    assert expected <= failed(records)


def test_a_unit_for_other_commands_needs_its_firmware(tell, monkeypatch):
    code, _, err = tell("demo", "--unit-only", "--without-firmware")
    assert (code, len(err)) == (2, 1)
    monkeypatch.setattr(firmware, "micropython", no_interpreter)
    code, _, err = tell("demo", "--unit-only")
    assert (code, len(err)) == (3, 1)
    assert "Plan 9" in err[0]


def test_a_recording_gives_the_strides_that_replay_gives(tell_json, data):
    file = data / "nmsdyn_s0040" / "treadmill_run_comfortable.csv.gz"
    code, records, _ = tell_json(*FAST, "--without-firmware", "--recording", file, "--side", "right")
    assert (code, failed(records)) == (0, set())
    assert abs(records[-1]["strides"] - 66) <= 1
