# SPDX-License-Identifier: MIT
"""Shared by all tests: the folder of recordings, and how hypothesis searches."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# A test machine may be slow: no deadline.  CI tries the same examples every time, a developer new ones.
settings.register_profile("developer", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "developer")


@pytest.fixture(scope="session", autouse=True)
def no_home_of_ours(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test reads or writes the folder of whoever runs it."""
    os.environ["KNEESENSE_HOME"] = str(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of recordings named by KNEESENSE_DATA; skips the test when there is none."""
    name = os.environ.get("KNEESENSE_DATA")
    if not name:
        pytest.skip("no recordings: set KNEESENSE_DATA to their folder (docs/data.md says how to get them)")
    folder = Path(name)
    if not folder.is_dir():
        pytest.fail(f"KNEESENSE_DATA names no folder: {folder}")
    return folder
