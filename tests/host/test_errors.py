# SPDX-License-Identifier: MIT
"""What a person is told to type where an optional part is missing."""

import json
import sys
from importlib import metadata
from types import SimpleNamespace

import pytest

from kneesense.errors import ExtraMissing


@pytest.mark.parametrize(
    ("origin", "what"),
    [
        ({"url": "file:///a/my%20clone", "dir_info": {"editable": True}}, "-e '/a/my clone[web]'"),
        ({"url": "file:///a/clone", "dir_info": {}}, "'/a/clone[web]'"),
        (None, "'kneesense[web]'"),
    ],
)
def test_an_extra_is_installed_from_where_the_program_is(monkeypatch, origin, what):
    found = SimpleNamespace(read_text=lambda name: origin and json.dumps(origin))
    monkeypatch.setattr(metadata, "distribution", lambda name: found)
    monkeypatch.setattr(sys, "executable", "/a b/python")
    assert ExtraMissing("web").advice == f"'/a b/python' -m pip install {what}"


def test_a_program_that_was_not_installed_names_the_package(monkeypatch):
    def unknown(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", unknown)
    assert ExtraMissing("web").advice.endswith(" -m pip install 'kneesense[web]'")
