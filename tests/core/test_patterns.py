# SPDX-License-Identifier: MIT
"""Patterns: told apart, bounded, and numbered as other programs know them."""

from __future__ import annotations

import pytest

from kneecore import patterns, pulse

ALL = range(len(patterns.NAMES))


def test_numbers_are_what_the_wire_has_promised() -> None:
    assert {name: patterns.number(name) for name in patterns.NAMES} == {
        "correct": 0, "other_way": 1, "stop": 2, "ok": 3, "attention": 4, "ready": 5, "rezero_refused": 6,
        "recording": 7, "muted": 8, "low_battery": 9, "pain_marked": 10, "pairing": 11, "forgotten": 12,
    }  # fmt: skip


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="index"):
        patterns.number("morse")


@pytest.mark.parametrize("pattern", ALL)
def test_each_begins_and_ends_with_the_motor_on_and_can_be_felt(pattern: int) -> None:
    parts = patterns.parts_ms(pattern)
    assert len(parts) % 2 == 1
    assert min(parts[::2]) >= 80  # an eccentric mass needs 50 to 100 ms
    assert min([*parts[1::2], 1000]) >= 60
    assert patterns.total_ms(pattern) == sum(parts) <= 1500


def test_no_two_patterns_are_the_same() -> None:
    assert len({patterns.parts_ms(pattern) for pattern in ALL}) == len(patterns.NAMES)


@pytest.mark.parametrize(
    ("name", "pulses"), [("correct", 1), ("other_way", 2), ("stop", 1), ("ok", 1), ("attention", 3)]
)
def test_the_primitives_have_their_count_of_pulses(name: str, pulses: int) -> None:
    assert len(patterns.parts_ms(patterns.number(name))[::2]) == pulses


def test_stop_is_the_longest_pulse_and_ok_the_shortest() -> None:
    pulses = [ms for pattern in ALL for ms in patterns.parts_ms(pattern)[::2]]
    assert patterns.parts_ms(patterns.STOP) == (max(pulses),)
    assert patterns.parts_ms(patterns.OK) == (min(pulses),)


def test_a_correction_takes_the_length_that_is_given_and_the_pause_that_was_reckoned_with() -> None:
    assert patterns.parts_ms(patterns.CORRECT, 35) == (35,)
    assert patterns.parts_ms(patterns.OTHER_WAY, 35) == (35, pulse.PAUSE_MS, 35)
    assert patterns.total_ms(patterns.OTHER_WAY, 35) == 70 + pulse.PAUSE_MS


def test_only_corrections_heed_a_given_length() -> None:
    for pattern in ALL[patterns.STOP :]:
        assert patterns.parts_ms(pattern, 35) == patterns.parts_ms(pattern)
