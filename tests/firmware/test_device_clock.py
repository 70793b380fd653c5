# SPDX-License-Identifier: MIT
"""64-bit device time from ticks that wrap at 2^30 us, whatever the unit does; times of records rise strictly."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kneecore import wire
from tasks.clock import DeviceClock
from tasks.journal import Journal

PERIOD = 1 << 30
SECOND = 1_000_000


class Ticks:
    """True time in microseconds, shown as the ESP32 shows it."""

    def __init__(self, start: int = PERIOD - 1) -> None:
        self.now_us = start

    def __call__(self) -> int:
        return self.now_us % PERIOD


class Log:
    """Takes everything."""

    told_full = False
    room_for_raw = True
    damage = None

    def __init__(self, next_seq: int = 1) -> None:
        self.next_seq = next_seq
        self.frames: list[bytes] = []

    def append(self, frame: bytes, last: bool = False) -> None:
        self.frames.append(bytes(frame))
        self.next_seq += 1

    def flush(self) -> None:
        pass

    tend = flush


def test_elapsed_time_goes_on_over_the_wrap() -> None:
    ticks = iter([1073716824, 1073726824, 1073736824, 5000, 15000, 25000])
    clock = DeviceClock(lambda: next(ticks))
    assert [clock.us() for _ in range(5)] == [10000, 20000, 30000, 40000, 50000]


@given(st.integers(0, PERIOD - 1), st.lists(st.integers(0, PERIOD // 2 - 1), max_size=200))
def test_any_pauses_shorter_than_half_the_period_add_up(start: int, pauses: list[int]) -> None:
    ticks = Ticks(start)
    clock = DeviceClock(ticks)
    for pause in pauses:
        ticks.now_us += pause
        assert clock.us() == ticks.now_us - start


def test_a_stall_of_just_under_half_the_period_is_measured_and_one_of_half_is_not() -> None:
    for stall, seen in ((PERIOD // 2 - 1, PERIOD // 2 - 1), (PERIOD // 2, 0)):
        ticks = Ticks(0)
        clock = DeviceClock(ticks)
        ticks.now_us = stall
        assert clock.us() == seen


def test_the_clock_never_goes_back() -> None:
    ticks = iter([1000, 900, 1100])
    clock = DeviceClock(lambda: next(ticks))
    assert [clock.us(), clock.us()] == [0, 100]


@given(st.lists(st.integers(1, SECOND), min_size=1, max_size=50))
def test_who_asks_while_another_is_asking_counts_nothing_twice(steps: list[int]) -> None:
    """As an interrupt does on the ESP32: between reading the ticks and keeping them."""

    class Nested(Ticks):
        inner = True

        def __call__(self) -> int:
            shown = super().__call__()
            if self.inner:
                self.inner = False
                self.now_us += 300
                assert clock.us() == self.now_us
                self.inner = True
            return shown

    ticks = Nested(0)
    ticks.inner = False
    clock = DeviceClock(ticks)
    ticks.inner = True
    for step in steps:
        ticks.now_us += step
        clock.us()
    ticks.inner = False
    assert clock.us() == ticks.now_us


def test_the_journals_task_alone_keeps_the_clock_for_70_minutes_with_pauses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ticks = Ticks()
    began_us = ticks.now_us
    pauses = iter(
        (480, 300, 520)
    )  # seconds for which the program stands still, far beyond what the watchdog allows

    async def sleep_ms(ms: int) -> None:
        ticks.now_us += 1000 * ms
        if (ticks.now_us - began_us) // SECOND % 900 == 0:
            ticks.now_us += SECOND * next(pauses, 0)
        if ticks.now_us - began_us > 70 * 60 * SECOND:
            raise KeyboardInterrupt

    monkeypatch.setattr(asyncio, "sleep_ms", sleep_ms, raising=False)
    clock = DeviceClock(ticks)
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(Journal(Log(), clock, boot=1).run())
    assert next(pauses, None) is None
    assert clock.us() == ticks.now_us - began_us > 3 * PERIOD


@given(st.lists(st.integers(0, 3), min_size=2, max_size=30))
def test_times_of_records_rise_strictly_even_within_a_microsecond(steps: list[int]) -> None:
    class Clock:
        now_us = 0

        def us(self) -> int:
            return self.now_us

    clock, log = Clock(), Log()
    journal = Journal(log, clock, boot=1)
    for step in steps:
        clock.now_us += step
        journal.record(wire.MARK, {"kind": 1})
        journal.notice("paired")
    times = [wire.decode(frame)[1]["t_us"] for frame in log.frames]
    assert all(earlier < later for earlier, later in pairwise(times))
    assert times[0] >= 0


def test_at_the_last_number_of_32_bits_logging_stops_and_nothing_else_does() -> None:
    log, heard = Log(next_seq=0xFFFFFFFE), []
    journal = Journal(log, DeviceClock(Ticks()), boot=1)
    journal.listener = heard.append
    assert [journal.record(wire.MARK, {"kind": 1}) for _ in range(4)] == [0xFFFFFFFE, 0xFFFFFFFF, 0, 0]
    assert "used up" in str(journal.failed)
    assert len(log.frames) == 2
    assert not journal.room_for_raw
    assert wire.NOTICES[wire.decode(heard[-1])[1]["notice"]] == "log_failed"
