# SPDX-License-Identifier: MIT
"""The reference of what other programs may import: every public name says what it is, and its pages are made."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import kneesense
from checks import docs_api

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("module", docs_api.PUBLIC)
def test_every_public_name_says_what_it_is(module):
    assert list(docs_api.undocumented(module)) == []


def test_a_name_without_words_is_found(tmp_path, monkeypatch):
    file = tmp_path / "some.py"
    file.write_text(
        '"""Some."""\nclass A:\n    """One."""\n    def b(self): ...\n    def _c(self): ...\ndef d(): ...\n'
    )
    monkeypatch.setattr(docs_api, "source", lambda module: file)
    assert list(docs_api.undocumented("some")) == ["some.A.b", "some.d"]


def test_what_the_package_offers_comes_from_modules_of_the_reference():
    homes = {f"kneesense.{home}" for home in kneesense._HOME.values()}
    assert homes <= set(docs_api.PUBLIC)


def test_the_pages_are_made(tmp_path):
    pytest.importorskip("pdoc", reason="needs pdoc: pip install 'kneesense[docs]'")
    path = os.pathsep.join(map(str, (ROOT / "host", ROOT / "firmware")))
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", ROOT / "tests/checks/docs_api.py", tmp_path],
        env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "kneesense.html").read_text()
    for name in kneesense.__all__:
        assert f'id="{name}"' in page
    device = (tmp_path / "kneesense" / "device.html").read_text()
    assert re.search(r'id="Device\.start".*?Begin a run of that runner', device, re.DOTALL)
