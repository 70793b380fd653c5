# SPDX-License-Identifier: MIT
"""The motor on a transistor: what is written to the pulse generator, what is refused, how it ends early."""

from __future__ import annotations

import errno
from collections.abc import Iterable
from typing import Any

import pytest

from drivers.actuators import ACTUATORS
from drivers.motor import LONGEST_MS, NoMotor, RmtMotor
from kneecore import patterns

ERM = ACTUATORS["310-101"]
MAX_MS = 400
TICK_MS = 255 / 80_000


class Rmt:
    def __init__(self) -> None:
        self.written: list[Any] = []
        self.busy = False
        self.gone = False

    def wait_done(self, timeout: int) -> bool:
        return not self.busy

    def write_pulses(self, durations: list[int], levels: list[bool]) -> None:
        self.written.append((durations, levels))
        self.busy = True

    def deinit(self) -> None:
        self.gone = True


class Desk:
    def __init__(self) -> None:
        self.now_us = 5_000_000
        self.made: list[Rmt] = []
        self.lows = 0
        self.none_left = False
        self.motor = RmtMotor(self.low, self.make_rmt, ERM, MAX_MS, lambda: self.now_us)

    def low(self) -> str:
        self.lows += 1
        return "pin"

    def make_rmt(self, pin: str) -> Rmt:
        assert pin == "pin"
        if self.none_left:
            raise OSError(errno.ENOENT)
        self.made.append(Rmt())
        return self.made[-1]

    @property
    def rmt(self) -> Rmt:
        return self.made[-1]


def ms_of(written: tuple[list[int], list[bool]]) -> list[tuple[bool, float]]:
    """(level, milliseconds), parts of one level joined."""
    joined: list[tuple[bool, float]] = []
    for duration, level in zip(*written, strict=True):
        before = joined.pop()[1] if joined and joined[-1][0] == level else 0.0
        joined.append((level, before + duration * TICK_MS))
    return joined


def about(parts: Iterable[tuple[bool, float]]) -> list[tuple[bool, Any]]:
    return [(level, pytest.approx(ms, abs=0.01)) for level, ms in parts]


@pytest.mark.parametrize("ms", [1, 80, 104, 105, 400, 1000])
def test_a_pulse_is_high_parts_that_the_generator_can_count(ms: int) -> None:
    desk = Desk()
    assert desk.motor.pulse(ms) == min(ms, MAX_MS)
    (written,) = desk.rmt.written
    assert all(1 <= part <= 32767 for part in written[0])
    assert ms_of(written) == about([(True, min(ms, MAX_MS))])


def test_a_delay_and_a_pattern_are_one_write_of_low_and_high_parts() -> None:
    desk = Desk()
    assert desk.motor.play((80, 60, 80), 250) == 470
    (written,) = desk.rmt.written
    assert ms_of(written) == about([(False, 250), (True, 80), (False, 60), (True, 80)])


@pytest.mark.parametrize("pattern", patterns.PATTERNS, ids=patterns.NAMES)
def test_every_pattern_fits_the_generators_memory_without_a_refill(pattern: tuple[int, ...]) -> None:
    desk = Desk()
    assert desk.motor.play(pattern, 500) == 500 + patterns.total_ms(pattern)
    assert len(desk.rmt.written[0][0]) <= 126


@pytest.mark.parametrize(
    ("pattern", "delay_ms"),
    [((), 0), ((0,), 0), ((80, 0, 80), 0), ((-5,), 0), ((80,), -1), ((80,), LONGEST_MS)],
)
def test_what_has_no_end_or_no_beginning_is_refused(pattern: tuple[int, ...], delay_ms: int) -> None:
    desk = Desk()
    assert desk.motor.play(pattern, delay_ms) == 0
    assert desk.rmt.written == []
    assert desk.motor.shaking_until_us == 0


def test_another_during_one_is_refused_not_queued() -> None:
    desk = Desk()
    assert (desk.motor.pulse(100), desk.motor.busy(), desk.motor.pulse(100)) == (100, True, 0)
    assert len(desk.rmt.written) == 1


def test_stopping_takes_the_pin_and_never_releases_a_generator_in_mid_pulse() -> None:
    desk = Desk()
    desk.motor.pulse(400)
    running, lows = desk.rmt, desk.lows
    assert desk.motor.stop()
    assert (desk.lows, running.gone, desk.motor.busy()) == (lows + 1, False, False)
    assert desk.motor.pulse(50) == 50
    assert (len(desk.made), running.gone) == (2, False)
    running.busy = desk.rmt.busy = False
    last = desk.rmt
    assert desk.motor.pulse(50) == 50
    assert (len(desk.made), running.gone, last.gone) == (3, True, True)


def test_a_generator_less_refuses_and_tries_again() -> None:
    desk = Desk()
    desk.motor.pulse(400)
    desk.motor.stop()
    desk.none_left = True
    assert desk.motor.pulse(50) == 0
    desk.none_left = False
    assert desk.motor.pulse(50) == 50


def test_it_shakes_until_what_rings_on_is_over() -> None:
    desk = Desk()
    desk.motor.play((80, 60, 80), 250)
    assert desk.motor.shaking_until_us == desk.now_us + 1000 * (250 + 220 + ERM.fall_ms)
    desk.now_us += 300_000
    desk.motor.stop()
    assert desk.motor.shaking_until_us == desk.now_us + 1000 * ERM.fall_ms
    desk.now_us += 10_000_000
    before_us = desk.motor.shaking_until_us
    desk.motor.stop()
    assert desk.motor.shaking_until_us == before_us


def test_the_place_of_a_failed_one_refuses() -> None:
    motor = NoMotor(ERM, MAX_MS, lambda: 0)
    assert (motor.pulse(100), motor.busy(), motor.stop(), motor.shaking_until_us) == (0, False, True, 0)


def test_without_a_generator_to_be_had_it_refuses_and_tries_again() -> None:
    desk = Desk()
    assert desk.motor.pulse(50)
    desk.motor.stop()
    desk.rmt.busy = False
    desk.none_left = True
    assert desk.motor.pulse(50) == desk.motor.pulse(50) == 0
    assert not desk.motor.busy()
    desk.none_left = False
    assert desk.motor.pulse(50) == 50
