# SPDX-License-Identifier: MIT
"""The pipeline makes of every golden run what it made before, to the integer."""

import json

import pytest

from core.golden import DIGESTS, RUNS, by_sample, digest

EXPECTED = json.loads(DIGESTS.read_text())


@pytest.mark.parametrize("name", RUNS)
def test_results_are_those_recorded(name):
    found = digest(by_sample(RUNS[name]()))
    assert found == EXPECTED[name], (
        "results changed; if that is meant: cd tests && python -m core.golden --write"
    )


def test_the_runs_have_strides_cues_gaps_and_toe_offs():
    events = 0
    for name in ("made at 500 Hz", "broken"):
        for line in by_sample(RUNS[name]()):
            events |= int(line.split()[0])
    assert events == 31
