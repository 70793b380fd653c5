# SPDX-License-Identifier: MIT
"""A short soak with a fixed seed; and soaks with something sabotaged, which their audit must find."""

from __future__ import annotations

from pathlib import Path

from kneesense.soak import fuzzers, hour


def test_two_minutes_with_one_fault_after_another_lose_nothing(tmp_path: Path) -> None:
    outcome = hour.run(3, 2, 12, folder=tmp_path)
    assert list(outcome.findings()) == []
    assert outcome.ok
    assert len(outcome.faults) == 12
    assert outcome.strides.found > 100
    assert outcome.kills > 1


def test_all_decoders_are_fuzzed_on_all_cores() -> None:
    told: list[int] = []
    results = fuzzers.run(("stream", "sessions"), 50, 1, told.append)
    assert [(result.decoder, result.frames, result.found) for result in results] == [
        ("stream", 50, []),
        ("sessions", 50, []),
    ]
    assert sum(told) == 100
