# SPDX-License-Identifier: MIT
"""Patterns: told apart, bounded, and numbered as other programs know them."""

from __future__ import annotations

import pytest

from kneecore import patterns, pulse

each = pytest.mark.parametrize("parts", patterns.PATTERNS, ids=patterns.NAMES)


def test_numbers_are_what_the_wire_has_promised() -> None:
    known = (
        "ok", "stop", "attention", "other_way", "correct",
        "ready", "rezero_refused", "recording", "muted", "low_battery", "pain_marked",
    )  # fmt: skip
    assert patterns.NAMES[: len(known)] == known


@each
def test_each_begins_and_ends_with_the_motor_on_and_can_be_felt(parts: tuple[int, ...]) -> None:
    assert len(parts) % 2 == 1
    assert min(parts[::2]) >= 80  # an eccentric mass needs 50 to 100 ms
    assert all(pause >= pulse.PAUSE_MS for pause in parts[1::2])
    assert max(parts[::2]) <= 400
    assert patterns.total_ms(parts) == sum(parts) <= 2000


def test_the_primitives_have_their_count_of_pulses() -> None:
    primitives = (patterns.CORRECT, patterns.OTHER_WAY, patterns.STOP, patterns.OK, patterns.ATTENTION)
    assert [len(parts[::2]) for parts in primitives] == [1, 2, 1, 1, 3]


def test_only_the_pain_mark_is_another_patterns_equal() -> None:
    assert patterns.PAIN_MARKED == patterns.STOP
    assert len(set(patterns.PATTERNS)) == len(patterns.PATTERNS) - 1


def test_stop_is_the_longest_pulse() -> None:
    assert (max(ms for parts in patterns.PATTERNS for ms in parts[::2]),) == patterns.STOP
