# SPDX-License-Identifier: MIT
"""The doctor tells faults apart, and each has a next step on each system."""

from __future__ import annotations

import errno
import os
import pty
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import serial
from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason

from kneecore import wire
from kneesense import doctor, ports
from kneesense.cli import doctor as command
from kneesense.errors import UnitRaised
from kneesense.ports import Port
from kneesense.repl import Repl, open_line

CH340 = Port("COM7", 0x1A86, 0x7523, "CH340")
CP2102 = Port("COM3", 0x10C4, 0xEA60, "CP2102N")


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here says more by being listened to for longer."""
    monkeypatch.setattr(doctor, "_LISTEN_S", 0.2)
    monkeypatch.setattr(command, "_SCAN_S", 0.2)


@pytest.fixture
def line() -> Iterator[SimpleNamespace]:
    """A serial line whose other end the test holds."""
    master, slave = pty.openpty()
    repl = Repl(open_line(os.ttyname(slave)))
    yield SimpleNamespace(say=lambda text: os.write(master, text), repl=repl, path=os.ttyname(slave))
    repl.close()
    os.close(master)
    os.close(slave)


@pytest.mark.parametrize("system", ["Linux", "Darwin", "Windows"])
def test_no_port_is_a_cable_or_a_driver(monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    monkeypatch.setattr(doctor, "_system", lambda: system)
    check, device = doctor.port([], None)
    assert (check.ok, check.exit_code, device) == (False, 3, None)
    assert "charging only" in check.advice
    assert "kneesense doctor" not in check.advice
    assert {"Linux": "dmesg", "Darwin": "System Information", "Windows": "Device Manager"}[
        system
    ] in check.advice


def test_no_port_is_no_fault_of_a_unit_that_answers_over_the_air() -> None:
    check, _ = doctor.port([], None, reached=True)
    assert (check.ok, check.exit_code) == (None, 0)


def test_between_two_ports_it_does_not_guess() -> None:
    check, device = doctor.port([CH340, CP2102], None)
    assert (check.ok, check.exit_code, device) == (False, 2, None)
    assert "COM3" in check.detail
    assert "--port" in check.advice


@pytest.mark.parametrize(
    ("system", "number", "advice"),
    [
        ("Linux", errno.EACCES, "usermod -aG "),
        ("Darwin", errno.EACCES, "allow the accessory"),
        ("Windows", errno.EACCES, "another program"),
        ("Linux", errno.EBUSY, "lsof"),
        ("Windows", errno.EBUSY, "close the serial monitor"),
        ("Linux", errno.ENOENT, "plug it in again"),
    ],
)
def test_a_port_that_does_not_open_has_a_next_step_on_each_system(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, system: str, number: int, advice: str
) -> None:
    def refuse(self: Any) -> None:
        raise serial.SerialException(number, "could not open")

    monkeypatch.setattr(serial.Serial, "open", refuse)
    monkeypatch.setattr(doctor, "_system", lambda: system)
    check, repl = doctor.access(str(tmp_path))
    assert (check.ok, repl) == (False, None)
    assert advice in check.advice
    assert check.exit_code == (3 if number == errno.EACCES else 1)


def test_the_group_that_may_use_the_port_is_named(tmp_path: Path) -> None:
    grp = pytest.importorskip("grp", reason="groups of files are Unix's")
    assert doctor._group(str(tmp_path)) == grp.getgrgid(tmp_path.stat().st_gid).gr_name
    assert doctor._group(str(tmp_path / "gone")) == "dialout"


def test_a_port_that_another_program_has_open_is_busy(line: SimpleNamespace) -> None:
    check, repl = doctor.access(line.path)
    assert (check.ok, repl) == (False, None)
    assert "another program" in check.detail


@pytest.mark.parametrize(
    ("said", "ok", "advice"),
    [
        (b"", True, ""),
        (
            b"rst:0x1 (POWERON_RESET),boot:0x3 (DOWNLOAD_BOOT)\r\nwaiting for download\r\n",
            False,
            "let go of BOOT",
        ),
        (b"rst:0x10\r\ninvalid header: 0xffffffff\r\n" * 3, False, "kneesense flash"),
        (b"rst:0x3 (SW_RESET)\r\nrst:0x3 (SW_RESET)\r\n", False, "kneesense flash"),
        (b"the program did not come up\r\n", False, "kneesense deploy"),
        (b"\x80\x00\xf8x" * 5, False, "another device"),
    ],
)
def test_what_the_line_says_by_itself(line: SimpleNamespace, said: bytes, ok: bool, advice: str) -> None:
    line.say(said)
    check = doctor.listen(line.repl)
    assert (check.ok, check.advice) == (ok, advice) or advice in check.advice
    assert check.ok is ok


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ("kneesense 0.1.0 runs\r\n", []),
        ("no sensor: no chip answers\r\nkneesense 0.1.0 runs\r\n", ["sensor"]),
        ("no motor: none\r\nsensor refused: gravity\r\nkneesense 0.1.0 runs", ["motor", "sensor"]),
        ("kneesense 0.1.0 in safe mode\r\n", ["start"]),
        ("Traceback\r\nValueError: x\r\n>>> ", ["start"]),
        ("", ["start"]),
    ],
)
def test_a_start_tells_what_is_dead(said: str, wrong: list[str]) -> None:
    assert [check.name for check in doctor.started(said) if check.ok is False] == wrong


@pytest.mark.parametrize(
    ("answer", "ok"),
    [
        ('[6, "0.1.0"]', True),
        ("[6]", False),
        ('{"6": 1}', False),
        ("6 0.1", False),
        ("[" * 5000, False),
        ("9" * 5000, False),
        ("", False),
    ],
)
def test_an_answer_that_does_not_come_through_is_told(answer: str, ok: bool) -> None:
    unit = Repl(None)  # type: ignore[arg-type]
    unit.enter = unit.reset = lambda: None  # type: ignore[method-assign]
    unit.told = lambda *marks: "kneesense 0.1.0 runs"  # type: ignore[method-assign,assignment]
    unit.run = lambda code, seconds: answer  # type: ignore[method-assign]
    first = doctor.restart(unit)[0]
    assert (first.name, first.ok) == ("MicroPython", ok)
    if not ok:
        assert "does not come through" in first.detail
        assert "another cable" in first.advice


@pytest.mark.parametrize("said", [b"", b" ", b"\r\n", b"\xff"])
def test_an_error_without_words_is_one_all_the_same(said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    unit = Repl(None)  # type: ignore[arg-type]
    answers = iter((b"out", said))
    monkeypatch.setattr(unit, "_write", lambda data: None)
    monkeypatch.setattr(unit, "_wait", lambda *what: True)
    monkeypatch.setattr(unit, "_paste", lambda code: None)
    monkeypatch.setattr(unit, "_until", lambda mark, seconds: next(answers))
    if said:
        with pytest.raises(UnitRaised):
            unit.run("x")
    else:
        assert unit.run("x") == "out"


def test_an_older_firmware_is_to_be_replaced_and_a_newer_one_only_told() -> None:
    assert doctor.firmware(doctor.HOST_VERSION).ok is True
    assert (doctor.firmware("0.0.9").ok, doctor.firmware("0.0.9").advice) == (False, "kneesense deploy")
    assert doctor.firmware("99.0.10").ok is None


def test_a_healthy_unit_passes_over_the_air(
    tell_json: Any, stack: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "listed", list)
    stack.unit.minor = wire.MINOR
    code, records, _ = tell_json("doctor")
    assert code == 0, records
    rows = {r["name"]: r["ok"] for r in records[:-1]}
    assert (rows["Bluetooth"], rows["unit"], rows["cable"]) == (True, True, None)
    assert all(set(r) == {"type", "name", "ok", "detail", "advice"} for r in records[:-1])
    assert records[-1]["wrong"] == 0


def test_a_low_battery_and_a_dead_sensor_are_told(
    tell: Any, stack: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "listed", list)
    stack.unit.minor = wire.MINOR
    stack.unit.health["troubles"] = sum(1 << wire.TROUBLES.index(name) for name in ("sensor", "battery_low"))
    code, out, _ = tell("doctor")
    text = " ".join(" ".join(out).split())
    assert code == 1
    assert "FAILED sensor: the motion sensor does not work: switch the unit off and on" in text
    assert "charge it" in text
    assert "2 of " in out[-1]


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        (BleakBluetoothNotAvailableReason.POWERED_OFF, "off"),
        (BleakBluetoothNotAvailableReason.DENIED_BY_USER, "may not use"),
    ],
)
def test_bluetooth_that_is_off_or_forbidden_is_told(
    tell: Any, stack: Any, monkeypatch: pytest.MonkeyPatch, reason: Any, word: str
) -> None:
    monkeypatch.setattr(ports, "listed", list)
    stack.raises["scan"] = [BleakBluetoothNotAvailableError("x", reason)]
    code, out, _ = tell("doctor")
    assert code == 3
    assert word in " ".join(out[:3])
