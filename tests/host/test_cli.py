# SPDX-License-Identifier: MIT
"""The command line: exit codes, one-line errors, JSON lines, and a start that loads nothing heavy."""

import subprocess
import sys
from pathlib import Path

import pytest
from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason
from fakebleak import advertisement
from fakeunit import FakeUnit

from kneecore import gatt
from kneesense.cli import app
from kneesense.store import Store, Unit

ROOT = Path(__file__).parents[2]


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


def test_help_names_every_command(tell):
    code, out, err = tell("--help")
    text = "\n".join(out)
    assert code == 0
    assert err == []
    assert all(name in text for name in app.COMMANDS)


@pytest.mark.parametrize("command", app.COMMANDS)
def test_every_command_has_help_with_an_example(tell, command):
    code, out, _ = tell(command, "--help")
    assert code == 0
    assert f"kneesense {command}" in " ".join("\n".join(out).split()).replace(
        f"Usage: kneesense {command}", ""
    )


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
        ("show", "1", "2"),
        ("scan", "--timeout", "nan"),
        ("scan", "--timeout", "-1"),
        ("pair", "0c0d", "--side", "left", "--timeout", "0"),
        ("calibrate", "--countdown", "nan"),
        ("demo", "--seed", "-1"),
        ("demo", "--duration", "nan"),
        ("demo", "--speed", "nan"),
        ("demo", "--calibration", "me.json"),
        ("demo", "--recording", "run.csv", "--seed", "2"),
        ("demo", "--unit-only", "--store", "runs.sqlite"),
        ("replay", "run.csv", "--store", "runs.sqlite"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_exit_code_2(tell, arguments):
    code, out, err = tell(*arguments)
    assert (code, out, len(err)) == (2, [], 1)
    assert err[0].startswith("error: ")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("show", "1", "2"), "2: one word too many: kneesense show --help"),
        (("delete", "1", "2"), "2: one word too many: kneesense delete --help"),
        (("run", "--baseline"), "--baseline: its value is missing: kneesense run --help"),
        (("run", "--unit", "a", "--unit", "b"), "--unit: given twice: kneesense run --help"),
        (("scan", "--timeout", "soon"), "--timeout soon: must be a number: kneesense scan --help"),
        (("scan", "--timeout", "-1"), "--timeout -1: must be more than 0"),
        (("run", "--baseline", "x"), "--baseline x: must be a whole number"),
    ],
)
def test_what_is_wrong_with_an_option_is_told_in_plain_words(tell, arguments, told):
    assert f"error: {told}" in tell(*arguments)[2][0]


@pytest.mark.parametrize("radio", ["garbage", "tcp-client:127.0.0.1:notaport", "tcp-client:127.0.0.1:99999"])
def test_a_radio_that_cannot_be_is_told(tell, monkeypatch, radio):
    from kneesense import ble

    monkeypatch.setenv("KNEESENSE_RADIO", radio)
    monkeypatch.setattr(ble, "_installed_radio", "")
    code, _, err = tell("scan", "--timeout", 0.1)
    assert (code, len(err)) == (2, 1)
    assert f"KNEESENSE_RADIO={radio}: not tcp-client:HOST:PORT" in err[0]


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


@pytest.mark.parametrize("arguments", ["runs --store none", "--help", "replay --help", "--version"])
def test_a_reader_that_stops_reading_is_no_error(arguments):
    done = subprocess.run(
        f'"{sys.executable}" -m kneesense {arguments} | true; echo "${{PIPESTATUS[0]}}"',
        shell=True,
        executable="/bin/bash",
        env={"PYTHONPATH": f"{ROOT / 'firmware'}:{ROOT / 'host'}", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in done.stderr
    assert done.stdout.strip() == "0"


def test_the_packages_public_names_load_on_use():
    import kneesense

    for name in kneesense.__all__:
        assert getattr(kneesense, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = kneesense.Nothing


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
    assert "Ann, right leg, medial face" in out[0]
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
    assert tell("pair", "0c0d", "--side", "left")[0] == 0  # whose it is
    with Store(home / "runs.sqlite") as store:
        assert store.units()[0].runner == "Bea"
    stack.add(FakeUnit(bytes.fromhex("0a0b0c0e")), "AA:BB:CC:00:00:02")
    code, _, err = tell("pair", "0c0e", "--side", "left")
    assert code == 2
    assert "Ann, Bea" in err[0]


def test_pair_refuses_another_version_before_connecting(tell, stack):
    stack.in_range = {"AA:BB": advertisement("kneesense-0c0d", (gatt.SERVICE,), b"\x02\x0c\x0d")}
    code, _, err = tell("pair", "0c0d", "--side", "left")
    assert code == 1
    assert err == [
        "error: the unit speaks wire version 2, this program 1: update kneesense on this computer: `git pull` in its"
        " folder",
    ]
    assert stack.options == []


@pytest.mark.parametrize("command", ["runs", "show", "scan", "run"])
def test_a_folder_in_place_of_the_store_or_the_other_way_round_is_told(
    tell, stack, tmp_path, monkeypatch, command
):
    code, _, err = tell(command, "--store", tmp_path)
    assert (code, len(err)) == (2, 1)
    assert "is a folder" in err[0]
    monkeypatch.setenv("KNEESENSE_HOME", "/dev/null")
    code, _, err = tell(command)
    assert (code, len(err)) == (2, 1)
    assert "KNEESENSE_HOME=/dev/null: is no folder" in err[0]


def test_a_store_that_cannot_be_used_is_told(tell, stack, tmp_path):
    (tmp_path / "notes.txt").write_text("not a database at all " * 100)
    code, _, err = tell("pair", "0c0d", "--side", "left", "--store", tmp_path / "notes.txt")
    assert code == 2
    assert "no store of runs" in err[0]


@pytest.mark.parametrize(
    ("arguments", "help_line"),
    [
        (("hips", "reps"), "kneesense hips reps --help"),
        (("hips", "--foo"), "kneesense hips --help"),
        (("diary", "add", "--foo"), "kneesense diary add --help"),
        (("scan", "--foo"), "kneesense scan --help"),
    ],
)
def test_a_wrong_option_names_the_help_of_the_command_it_was_given_to(capsys, arguments, help_line):
    assert app.run(list(arguments)) == 2
    assert capsys.readouterr().err.endswith(f": {help_line}\n")
