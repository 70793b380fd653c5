# SPDX-License-Identifier: MIT
"""docs/troubleshooting.md has every error and every row of the doctor, each with something to do."""

import ast
import re
import sys
from pathlib import Path

import pytest

from kneecore import wire
from kneesense import blefaults, errors
from kneesense.cli.app import COMMANDS
from kneesense.cli.output import Output

ROOT = Path(__file__).parents[1]
HOST = ROOT / "host" / "kneesense"
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text()
SECTIONS = dict(re.findall(r"^### `(\w+)`\n+(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
ROWS = dict(
    re.findall(r"^\| `([\w ]+)` \| (.*) \|$", PAGE.partition("## Rows of the doctor")[2], re.MULTILINE)
)
DOES = re.compile(r"`(kneesense|pip|git|sudo) [^`]+`")


def tree(kind=errors.KneesenseError):
    yield kind
    for below in kind.__subclasses__():
        yield from tree(below)


def first_arguments(file, *functions):
    """Texts that these are called with, in first place."""
    for node in ast.walk(ast.parse((HOST / file).read_text())):
        called = getattr(node, "func", None)
        name = getattr(called, "id", getattr(called, "attr", ""))
        if name in functions and node.args and isinstance(node.args[0], ast.Constant):
            yield node.args[0].value


def rows_of_the_doctor():
    checks = set(first_arguments("doctor.py", "Check")) | set(
        first_arguments("cli/doctor.py", "Check", "failed")
    )
    findings = set(first_arguments("unitstatus.py", "Finding")) | {
        "older_firmware",
        "newer_firmware",
        *wire.TROUBLES,
    }
    return checks | {code.replace("_", " ") for code in findings}


@pytest.mark.parametrize("code", sorted({kind.code for kind in tree()}))
def test_an_error_has_a_heading_and_something_to_do(code):
    assert DOES.search(SECTIONS[code])


def test_no_heading_is_left_of_an_error_that_is_gone():
    assert set(SECTIONS) == {kind.code for kind in tree()}


@pytest.mark.parametrize("row", sorted(rows_of_the_doctor()))
def test_a_row_of_the_doctor_has_something_to_do(row):
    assert DOES.search(ROWS[row]) or "charge" in ROWS[row]


def test_no_row_is_left_that_the_doctor_does_not_have():
    assert set(ROWS) == rows_of_the_doctor()
    assert len(ROWS) > 15


@pytest.mark.parametrize("reason", sorted(set(first_arguments("repl.py", "SerialFailed"))))
def test_every_reason_of_the_serial_port_is_named(reason):
    assert f"`{reason}`" in SECTIONS["serial"]


def test_what_bluetooth_advises_is_there():
    told = " ".join(advice for _, advice in blefaults._REASONS.values())
    commands = re.findall(r"sudo [^)`;]+", told)
    assert commands or not sys.platform.startswith("linux")
    assert [command for command in commands if command not in SECTIONS["adapter"]] == []


def test_the_commands_and_options_exist():
    for name, rest in re.findall(r"`kneesense ([a-z-]+)([^`]*)`", PAGE):
        if name == "COMMAND":
            continue
        assert name in COMMANDS
        source = (HOST / "cli" / f"{name.replace('-', '_')}.py").read_text()
        for option in re.findall(r"--(?:no-)?([a-z-]+)", rest):
            named = option.replace("-", "_")
            assert re.search(rf"\b{named}\b", source) or option in ("store", "screen-answers"), (name, option)


class Terminal:
    """A stderr that is one."""

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text

    def flush(self):
        pass

    def isatty(self):
        return True


def test_an_error_leads_to_its_heading(monkeypatch, capsys):
    error = errors.LinkLost("gone", "come back")
    Output(as_json=True).error(error)
    told = capsys.readouterr()
    assert '"help": "docs/troubleshooting.md#link_lost"' in told.out
    assert told.err == "error: gone: come back\n"
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    Output(as_json=False).error(error)
    assert terminal.text == "error: gone: come back [link_lost]\n"
