# SPDX-License-Identifier: MIT
"""The README's first ten minutes on an empty board, every command a process; `make first-hour` has the usual pace."""

import importlib.util

import pytest

pytest.importorskip("bumble", reason="no virtual radio: pip install 'kneesense[demo]'")

from checks import first_hour


@pytest.mark.skipif(importlib.util.find_spec("esptool") is None, reason="no esptool: pip install -e '.[dev]'")
def test_the_commands_of_the_readme_lead_from_an_empty_board_to_a_cue() -> None:
    rows = list(first_hour.walk_through(4.0, 10))
    assert [row for row in rows if not row["ok"]] == []
    assert [row["step"] for row in rows] == [
        "kneesense flash", "kneesense pair", "kneesense calibrate", "kneesense run --cue cadence", "first cue",
    ]  # fmt: skip
