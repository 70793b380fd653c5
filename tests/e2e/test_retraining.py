# SPDX-License-Identifier: MIT
"""A whole programme with a runner who answers to the buzz, in sessions of a minute; `make programme` has the usual."""

import pytest

pytest.importorskip("bumble", reason="no virtual radio: pip install 'kneesense[demo]'")

from checks import programme
from kneesense import times
from kneesense.report import facts, page
from kneesense.stored import StoredRun
from reported import Page, wrong


def test_eight_sessions_six_of_them_without_a_host_lose_nothing_and_advance() -> None:
    sessions, settings = programme.short(1)
    pages, errors = [], []

    def look(store):
        """The report of the last run, held against the store."""
        now_us = StoredRun(store, store.runs()[-1]).end_us
        told = Page(page.html(facts.gathered(store, "last", None, None, now_us), times.utc(now_us)))
        pages.append(told)
        errors.extend(wrong(told, store, times.day(now_us)))

    outcome = programme.run(sessions, settings, look)
    assert outcome.ok, outcome
    assert [row["session"] for row in outcome.rows] == list(range(1, 9))
    assert all(row["cues"] for row in outcome.rows)
    assert [bool(row["off_strides"]) for row in outcome.rows] == [False] * 4 + [True] * 4
    assert len({row["target"] for row in outcome.rows}) == 1  # the first session's, over all of them
    first, *later = [row["mean_cadence_spm"] for row in outcome.rows]
    assert min(later) > first
    (told,) = pages
    assert errors == []
    baseline, ours = outcome.rows[-1]["baseline"], outcome.rows[-1]["mean_cadence_spm"]
    assert told.first.startswith(
        f"Cadence +{100 * (ours / baseline - 1):.0f} % over baseline, knee not asked, next run"
    )
    assert {f"programme.{n}.cues" for n in range(1, 9)} <= {key for key, *_ in told.numbers}
