# SPDX-License-Identifier: MIT
"""A whole programme with a runner who answers to the buzz, in sessions of a minute; `make programme` has the usual."""

import pytest

pytest.importorskip("bumble", reason="no virtual radio: pip install 'kneesense[demo]'")

from checks import programme


def test_eight_sessions_six_of_them_without_a_host_lose_nothing_and_advance() -> None:
    sessions, settings = programme.short(1)
    outcome = programme.run(sessions, settings)
    assert outcome.ok, outcome
    assert [row["session"] for row in outcome.rows] == list(range(1, 9))
    assert all(row["cues"] for row in outcome.rows)
    assert [bool(row["off_strides"]) for row in outcome.rows] == [False] * 4 + [True] * 4
    assert len({row["target"] for row in outcome.rows}) == 1  # the first session's, over all of them
    first, *later = [row["mean_cadence_spm"] for row in outcome.rows]
    assert min(later) > first
