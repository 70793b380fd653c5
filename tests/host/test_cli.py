# SPDX-License-Identifier: MIT
"""The command line: exit codes, one-line errors, JSON lines, and a start that loads nothing heavy."""

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason
from fakebleak import advertisement

from kneecore import gatt, wire
from kneesense.cli import app
from kneesense.store import Store, Unit

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A user's data folder of the test's own."""
    monkeypatch.setenv("KNEESENSE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def tell(capsys):
    """Run a command line; gives its exit code, its lines on stdout and those on stderr."""

    def run(*arguments):
        code = app.run([str(argument) for argument in arguments])
        told = capsys.readouterr()
        return code, told.out.splitlines(), told.err.splitlines()

    return run


@pytest.fixture
def tell_json(tell):
    """The same with --json: exit code, records, lines on stderr."""

    def run(*arguments):
        code, out, err = tell(*arguments, "--json")
        records = [json.loads(line) for line in out]
        assert records[-1]["type"] == "summary"
        return code, records, err

    return run


def in_a_process(*arguments):
    """A command line in an interpreter of its own."""
    paths = f"{ROOT / 'firmware'}{':' if sys.platform != 'win32' else ';'}{ROOT / 'host'}"
    return subprocess.run(
        [sys.executable, "-c", "from kneesense.cli.app import main; main()", *arguments],
        env={"PYTHONPATH": paths, "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
    )


# The command line as such


def test_help_names_every_command_and_what_is_not_secured(tell):
    code, out, err = tell("--help")
    text = "\n".join(out)
    assert code == 0
    assert err == []
    assert all(name in text for name in app.COMMANDS)
    assert "not yet secured" in text


@pytest.mark.parametrize("command", app.COMMANDS)
def test_every_command_has_help_with_an_example(tell, command):
    code, out, _ = tell(command, "--help")
    assert code == 0
    assert f"kneesense {command}" in " ".join("\n".join(out).split()).replace(
        f"Usage: kneesense {command}", ""
    )


@pytest.mark.parametrize("command", ["scan", "pair", "run", "demo"])
def test_commands_that_use_the_radio_say_that_it_is_not_secured(tell, command):
    assert "not yet secured" in " ".join(" ".join(tell(command, "--help")[1]).split())


def test_help_loads_nothing_heavy():
    code = """
import sys
from kneesense.cli import app
app.run(["--help"])
print(sorted({"numpy", "bleak", "bumble", "asyncio.subprocess", "scipy"} & set(sys.modules)))
"""
    paths = {"PYTHONPATH": f"{ROOT / 'firmware'}:{ROOT / 'host'}", "PATH": ""}
    done = subprocess.run([sys.executable, "-c", code], env=paths, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "arguments",
    [
        ("jump",),
        ("scan", "--colour"),
        ("scan", "--timeout", "soon"),
        ("pair",),
        ("pair", "0c0d", "--side", "up"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_exit_code_2(tell, arguments):
    code, out, err = tell(*arguments)
    assert (code, out, len(err)) == (2, [], 1)
    assert err[0].startswith("error: ")


def test_a_wrong_command_line_is_json_when_asked(tell_json):
    code, records, err = tell_json("scan", "--timeout", "soon")
    assert code == 2
    assert (records[0]["type"], records[0]["code"]) == ("error", "input")
    assert records[0]["message"]
    assert records[0]["advice"]
    assert records[-1] == {"type": "summary", "exit_code": 2}
    assert len(err) == 1


def test_output_that_is_piped_has_no_colours():
    done = in_a_process("--help")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout


def test_a_reader_that_stops_reading_is_no_error():
    done = subprocess.run(
        f'"{sys.executable}" -m kneesense runs --store none | true; echo "${{PIPESTATUS[0]}}"',
        shell=True,
        executable="/bin/bash",
        env={"PYTHONPATH": f"{ROOT / 'firmware'}:{ROOT / 'host'}", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in done.stderr
    assert done.stdout.strip() == "0"


def test_the_version_is_the_projects(tell):
    from kneecore.version import VERSION

    assert tell("--version")[1] == [".".join(map(str, VERSION))]


# scan


def test_scan_lists_units(tell, stack):
    code, out, err = tell("scan", "--timeout", 0.01)
    assert (code, err) == (0, [])
    assert out[0].split() == ["0c0d", "kneesense-0c0d", "-60", "dBm", "wire", "1"]


def test_scan_as_json(tell_json, stack):
    stack.in_range["AA:BB"] = advertisement("kneesense-beef", (gatt.SERVICE,), b"\x02\xbe\xef", rssi=-90)
    code, records, _ = tell_json("scan", "--timeout", 0.01)
    assert code == 0
    assert [(r["unit"], r["wire_major"], r["paired"]) for r in records[:-1]] == [
        ("0c0d", 1, False),
        ("beef", 2, False),
    ]
    assert records[-1] == {"type": "summary", "units": 2}


def test_scan_that_finds_nothing_exits_3_with_the_next_step(tell, stack):
    stack.in_range = {}
    code, out, err = tell("scan", "--timeout", 0.01)
    assert (code, out, len(err)) == (3, [], 1)
    assert "switch one on" in err[0]


def test_scan_without_an_adapter_exits_3_with_the_next_step(tell, stack):
    stack.raises = {
        "scan": [BleakBluetoothNotAvailableError("", BleakBluetoothNotAvailableReason.NO_BLUETOOTH)]
    }
    code, out, err = tell("scan", "--timeout", 0.01)
    assert (code, out, len(err)) == (3, [], 1)
    assert "no Bluetooth adapter" in err[0]
    assert "kneesense demo" in err[0]


# pair


def test_pair_remembers_a_unit(tell, tell_json, stack, home):
    code, out, _ = tell("pair", "0c0d", "--side", "right", "--face", "medial", "--runner", "Ann")
    assert code == 0
    assert "Ann, right leg, face medial" in out[0]
    with Store(home / "runs.sqlite") as store:
        assert store.units() == [Unit("0a0b0c0d", "0c0d", "right", "medial", "Ann")]
    assert tell_json("scan", "--timeout", 0.01)[1][0]["runner"] == "Ann"


def test_pair_without_a_runner_takes_the_only_one(tell, stack, home):
    assert tell("pair", "0c0d", "--side", "left")[0] == 0
    assert tell("pair", "0c0d", "--side", "right")[0] == 0
    with Store(home / "runs.sqlite") as store:
        assert store.units() == [Unit("0a0b0c0d", "0c0d", "right", "unknown", "me")]


def test_pair_does_not_choose_between_runners(tell, stack, home):
    tell("pair", "0c0d", "--side", "left", "--runner", "Ann")
    tell("pair", "0c0d", "--side", "left", "--runner", "Bea")
    code, _, err = tell("pair", "0c0d", "--side", "left")
    assert code == 2
    assert "Ann, Bea" in err[0]


def test_pair_asks_for_the_side_only_at_a_terminal(tell, stack, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("right\n"))
    code, _, err = tell("pair", "0c0d")
    assert code == 2
    assert "--side left or --side right" in err[0]

    terminal = io.StringIO("r\n")
    terminal.isatty = lambda: True
    monkeypatch.setattr(sys, "stdin", terminal)
    assert tell("pair", "0c0d")[0] == 0


def test_pair_refuses_another_version_before_connecting(tell, stack):
    stack.in_range = {"AA:BB": advertisement("kneesense-0c0d", (gatt.SERVICE,), b"\x02\x0c\x0d")}
    code, _, err = tell("pair", "0c0d", "--side", "left")
    assert code == 1
    assert err == [
        "error: the unit speaks wire version 2, this program 1: pip install --upgrade kneesense",
    ]
    assert stack.options == []


def test_a_store_that_cannot_be_used_is_told(tell, stack, tmp_path):
    (tmp_path / "notes.txt").write_text("not a database at all " * 100)
    code, _, err = tell("pair", "0c0d", "--side", "left", "--store", tmp_path / "notes.txt")
    assert code == 2
    assert "no store of runs" in err[0]


# run, runs, show


@pytest.fixture
def paired(home, stack):
    """A paired unit that logs some strides as soon as a run begins."""
    with Store(home / "runs.sqlite") as store:
        store.remember(Unit("0a0b0c0d", "0c0d", "right", "lateral", "Ann"))
    unit = stack.unit
    begin = unit._run

    def run(values):
        seq = begin(values)
        unit.strides(5)
        unit.record(
            wire.CUE,
            {"rule": 1, "direction": 1, "value": 16000, "target": 17000, "band": 340, "pulse_ms": 120},
        )
        unit.record(wire.MARK, {"kind": 0})
        return seq

    unit._run = run
    return unit


def test_a_run_is_shown_stride_by_stride_and_summed_up(tell, paired):
    code, out, err = tell("run", "--duration", 0.3)
    assert (code, err) == (0, [])
    text = "\n".join(out)
    assert text.count("spm  contact") == 5
    assert "CUE    increase cadence_spm: 160.0 for 170.0 +- 3.4, 120 ms" in text
    assert "mark: pain" in text
    assert "5 strides in 1:00.0" in text
    assert not paired.running


def test_a_run_as_json(tell_json, paired, home):
    code, records, _ = tell_json("run", "--duration", 0.3)
    assert code == 0
    assert [record["type"] for record in records] == [
        "link",
        "start",
        *["stride"] * 5,
        "cue",
        "mark",
        "summary",
    ]
    assert (records[1]["runner"], records[1]["side"], records[1]["run"]) == ("Ann", "right", 1)
    assert records[1]["start_utc"].startswith("20")
    assert [record["stride"] for record in records[2:7]] == [1, 2, 3, 4, 5]
    assert records[-1]["strides"] == 5
    assert records[-1]["log"] == str(home / "runs.sqlite")


def test_ctrl_c_ends_the_run_cleanly_within_two_seconds(tell, paired):
    begin = paired._run

    def run(values):
        asyncio.get_running_loop().call_later(0.2, os.kill, os.getpid(), signal.SIGINT)
        return begin(values)

    paired._run = run
    before = signal.getsignal(signal.SIGINT)
    began = time.monotonic()
    code, out, err = tell("run")
    assert (code, err) == (0, [])
    assert time.monotonic() - began < 0.2 + 2
    assert not paired.running
    assert "5 strides" in "\n".join(out)
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_ends_within_two_seconds_when_nothing_answers_any_more(tell, paired, stack):
    begin = paired._run

    def run(values):
        paired.silent = {"hello", "halt", "ack", "fetch"}
        stack.hang = {"disconnect"}
        asyncio.get_running_loop().call_later(0.2, os.kill, os.getpid(), signal.SIGINT)
        return begin(values)

    paired._run = run
    began = time.monotonic()
    code, out, err = tell("run")
    assert time.monotonic() - began < 0.2 + 2.2
    assert code == 1
    assert "--attach" in err[-1]
    assert "5 strides" in "\n".join(out)


def test_show_gives_the_records_of_the_live_run(tell_json, paired):
    live = tell_json("run", "--duration", 0.3)[1]
    shown = tell_json("show", "last")[1]
    assert shown[1:] == live[2:]
    assert shown[0]["run"] == 1
    assert tell_json("show", "1")[1] == shown


def test_runs_lists_them(tell, tell_json, paired):
    for _ in range(2):
        tell("run", "--duration", 0.3)
    code, records, _ = tell_json("runs")
    assert code == 0
    assert [(r["run"], r["runner"], r["strides"], r["ended"]) for r in records[:-1]] == [
        (1, "Ann", 5, True),
        (2, "Ann", 5, True),
    ]
    assert records[-1]["runs"] == 2
    assert "5 strides" in tell("runs")[1][0]


def test_settings_of_the_cue_are_pushed_whole(tell, paired):
    paired.settings = {1: -77, 7: 9}  # of an earlier run
    assert tell("run", "--duration", 0.2, "--offset", 5, "--band", 2.5, "--baseline", 30)[0] == 0
    assert paired.settings == {0: 1, 1: 50, 2: 25, 7: 30}
    assert tell("run", "--duration", 0.2, "--cue", "off")[0] == 0
    assert paired.settings == {0: 0, 1: 75, 2: 0, 7: 250}


def test_a_calibration_is_pushed(tell, paired, tmp_path):
    from kneesense.calibration import Calibration

    identity = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    made = Calibration(identity, (0.0, 0.0, 0.0), 1.0, 1.25, "right", "lateral", "mpu6050", "")
    made.save(tmp_path / "me.json")
    assert tell("run", "--duration", 0.2, "--calibration", tmp_path / "me.json")[0] == 0
    assert paired.calibration["neutral_cdeg"] == 125
    Calibration(identity, (0.0, 0.0, 0.0), 1.0, 1.25, "left", "lateral", "mpu6050", "").save(
        tmp_path / "other.json"
    )
    code, _, err = tell("run", "--calibration", tmp_path / "other.json")
    assert code == 2
    assert "for the left leg, the unit is paired for the right one" in err[0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--offset", 50), "cadence_offset_pm = 500"),
        (("--baseline", 1), "baseline_strides = 1"),
        (("--calibration", "no.json"), "no such file"),
        (("--unit", "beef"), "no paired unit for beef"),
        (("--cue", "lean"), "lean"),
    ],
)
def test_a_wrong_request_is_refused_before_anything_is_looked_for(tell, paired, stack, arguments, words):
    code, out, err = tell("run", *arguments)
    assert (code, out, len(err)) == (2, [], 1)
    assert words in err[0]
    assert stack.options == []


def test_a_run_needs_a_paired_unit(tell, stack):
    code, _, err = tell("run")
    assert code == 2
    assert "kneesense pair UNIT" in err[0]


def test_the_unit_of_several_is_named_by_its_runner_or_id(tell, paired, home):
    with Store(home / "runs.sqlite") as store:
        store.remember(Unit("ffff", "beef", "left", "lateral", "Bea"))
    code, _, err = tell("run")
    assert code == 2
    assert "0c0d (Ann, right), beef (Bea, left)" in err[0]
    assert tell("run", "--runner", "Ann", "--duration", 0.1)[0] == 0
    assert tell("run", "--unit", "0C0D", "--duration", 0.1)[0] == 0


def test_a_unit_that_is_not_there_exits_3(tell, paired, stack, monkeypatch):
    monkeypatch.setattr("kneesense.ble.FIND_S", 0.01)
    stack.in_range = {}
    code, out, err = tell("run")
    assert (code, out, len(err)) == (3, [], 1)


def test_attach_follows_a_run_that_another_host_began(tell_json, paired):
    paired._run({"utc_us": 0})
    code, records, _ = tell_json("run", "--attach", "--duration", 0.2)
    assert code == 0
    assert [record["type"] for record in records].count("stride") == 5
    assert paired.running
    assert "run" not in paired.commands


def test_attach_with_no_run_ever_is_success(tell_json, paired):
    code, records, _ = tell_json("run", "--attach")
    assert code == 0
    assert records[-1]["strides"] == 0


def test_a_unit_lost_at_the_end_is_told_and_what_came_is_kept(tell_json, paired, stack, monkeypatch):
    monkeypatch.setattr("kneesense.cli.live.TIME_OVER_S", 0.1)
    paired.silent = {"halt"}
    code, records, err = tell_json("run", "--duration", 0.3)
    assert code == 1
    assert "not_ended" in [record.get("code") for record in records]
    assert records[-1]["strides"] == 5
    assert any("--attach" in line for line in err)


def test_show_and_runs_with_nothing_recorded(tell, tell_json):
    code, _, err = tell("show", "last")
    assert code == 3
    assert "no runs" in err[0]
    code, records, _ = tell_json("runs")
    assert code == 0
    assert records[-1]["runs"] == 0


def test_show_of_a_run_that_is_not_there(tell, paired):
    tell("run", "--duration", 0.1)
    code, _, err = tell("show", "9")
    assert code == 3
    assert "no run 9" in err[0]
