# SPDX-License-Identifier: MIT
"""Cues of a spoilt run through the real firmware: one run of each rule; `make cues` takes ten thousand strides."""

import pytest

pytest.importorskip("bumble", reason="no virtual radio: pip install 'kneesense[demo]'")

from checks import cues


def test_cues_are_in_time_and_only_where_they_should_be() -> None:
    total = cues.Found()
    for number in range(2):
        total.add(cues.job(number))
    assert total.strides > 400
    assert len(total.after_toe_off_s) > 20
    missed = [f"{name}: {value} ({limit})" for name, value, limit, held in cues.lines(total) if not held]
    assert not missed
