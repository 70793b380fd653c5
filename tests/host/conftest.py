# SPDX-License-Identifier: MIT
"""Fixtures of the host tests."""

import io
import json
import sys
import time

import pytest
from fakebleak import stack

__all__ = ["stack"]


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A user's data folder of the test's own."""
    monkeypatch.setenv("KNEESENSE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def tell(home, capsys):
    """Run a command line; gives its exit code, its lines on stdout and those on stderr."""
    from kneesense.cli import app

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


class _Terminal(io.StringIO):
    """What a person types, line by line; a function among the lines is called and gives one."""

    def __init__(self, lines):
        super().__init__()
        self.left = list(lines)

    def isatty(self):
        return True

    def readline(self, *_):
        line = self.left.pop(0) if self.left else None
        line = line() if callable(line) else line
        return "" if line is None else f"{line}\n"

    def read(self, *_):
        """What nobody has asked for."""
        return "".join(iter(self.readline, ""))


@pytest.fixture
def zone(monkeypatch):
    """Move this computer to another time zone."""

    def move(name):
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield move
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def answering(monkeypatch):
    """A person at a terminal who types these lines, and then nothing more.  Gives the terminal."""

    def type_in(*lines):
        terminal = _Terminal(lines)
        monkeypatch.setattr(sys, "stdin", terminal)
        return terminal

    return type_in
