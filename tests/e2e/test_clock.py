# SPDX-License-Identifier: MIT
"""The virtual clock and the modules that stand in for the hardware."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable

import pytest

from kneesense.world import clock

TASKS = """
import asyncio, time
from machine import Timer

flag = asyncio.ThreadSafeFlag()
timer = Timer(0, mode=Timer.PERIODIC, period=20, callback=lambda t: flag.set())

async def ticks():
    last = time.ticks_us()
    for i in range(100):
        await flag.wait()
        now = time.ticks_us()
        print("tick", time.ticks_diff(now, last) // 100)
        last = now

asyncio.run(ticks())
"""


def test_virtual_seconds_pass_without_waiting_for_them() -> None:
    async def main() -> float:
        started = asyncio.get_running_loop().time()
        await asyncio.sleep(3600)
        return asyncio.get_running_loop().time() - started

    wall = time.monotonic()
    assert clock.run(main, speed=1e6) == pytest.approx(3600)
    assert time.monotonic() - wall < 5


def test_at_speed_one_a_second_takes_a_second() -> None:
    wall = time.monotonic()
    clock.run(lambda: asyncio.sleep(0.3), speed=1)
    assert time.monotonic() - wall >= 0.3


class Computing:
    """Something that says a word after so many seconds of wall time."""

    def __init__(self, computed_s: float | None, after_s: float) -> None:
        self._reader, self._writer = os.pipe()
        self._computed_s = computed_s
        self._timer = threading.Timer(after_s, os.write, (self._writer, b"."))
        self._timer.start()

    def fileno(self) -> int:
        return self._reader

    def computed_s(self) -> float | None:
        return self._computed_s

    def close(self) -> None:
        self._timer.join()
        os.close(self._reader)
        os.close(self._writer)


@pytest.mark.parametrize(
    ("computed_s", "holds"), [(0.0, True), (1.0, False), (None, False)], ids=["starved", "frozen", "unknown"]
)
def test_the_clock_waits_for_who_is_given_no_processor_and_not_for_who_says_nothing(
    computed_s: float | None, holds: bool
) -> None:
    async def main() -> bool:
        loop = clock.virtual_loop()
        loop.patience_s = 0.05
        child = Computing(computed_s, 0.3)
        spoken = asyncio.Event()
        loop.add_reader(child, spoken.set)
        loop.busy.add(child)
        sleeping = asyncio.create_task(asyncio.sleep(1))
        await asyncio.wait(
            [asyncio.create_task(spoken.wait()), sleeping], return_when=asyncio.FIRST_COMPLETED
        )
        held = spoken.is_set() and not sleeping.done()
        loop.busy.discard(child)
        loop.remove_reader(child)
        child.close()
        return held

    assert clock.run(main, speed=1e6) is holds


def test_computing_takes_no_virtual_time() -> None:
    async def main() -> float:
        task = asyncio.create_task(asyncio.sleep(1.0))
        await asyncio.sleep(0)
        time.sleep(0.05)
        await task
        return asyncio.get_running_loop().time()

    assert clock.run(main, speed=1) == pytest.approx(1.0)


def test_the_same_program_does_the_same_at_any_speed(run_script: Callable[..., tuple]) -> None:
    fast, _ = run_script(TASKS)
    slow, _ = run_script(TASKS, speed=2.0)
    assert fast == slow
    assert fast.count("tick 200\n") == 100  # 20.0 ms each


def test_asyncio_sleeps_end_on_the_rtos_grid_of_10_ms(run_script: Callable[..., tuple]) -> None:
    out, _ = run_script("""
import asyncio, time

async def main():
    for ms in (1, 2, 5, 10, 11, 25):
        start = time.ticks_us()
        await asyncio.sleep_ms(ms)
        print("slept", ms, (time.ticks_diff(time.ticks_us(), start) + 500) // 1000)

asyncio.run(main())
""")
    took = [int(line.split()[2]) for line in out.splitlines()]
    assert took == [10, 10, 10, 10, 20, 30]


def test_microsecond_ticks_wrap_at_2_to_the_30_within_every_run(run_script: Callable[..., tuple]) -> None:
    out, _ = run_script("""
import time
before = time.ticks_us()
time.sleep(30)
after = time.ticks_us()
print(before > after, after < 1 << 30, time.ticks_diff(after, before) // 1000)
""")
    assert out.split() == ["True", "True", "30000"]


def test_a_timer_callback_late_for_several_periods_runs_once(run_script: Callable[..., tuple]) -> None:
    out, _ = run_script("""
import time
from machine import Timer
n = 0
def count(t):
    global n
    n += 1
    if n == 1:
        time.sleep_ms(95)
t = Timer(0, mode=Timer.PERIODIC, period=10, callback=count)
time.sleep_ms(206)
print(n)
""")
    assert 11 <= int(out) <= 13


def test_a_frozen_interpreter_does_not_freeze_its_hardware(run_script: Callable[..., tuple]) -> None:
    with pytest.raises(TimeoutError):
        run_script("while True:\n    pass\n", limit_s=5)
