# SPDX-License-Identifier: MIT
"""Fixtures of the host tests."""

import io
import json
import sys

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


@pytest.fixture
def answering(monkeypatch):
    """A person at a terminal who types these lines, and then nothing more."""

    def type_in(*lines):
        typed = io.StringIO("".join(f"{line}\n" for line in lines))
        typed.isatty = lambda: True
        monkeypatch.setattr(sys, "stdin", typed)
        return typed

    return type_in
