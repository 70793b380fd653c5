# SPDX-License-Identifier: MIT
"""The timer that paces the sampler, on the device's interpreter: memory may be collected between any two ticks."""

import subprocess

import pytest

import interpreters

SCRIPT = """
import sys
sys.path.insert(0, "firmware")
import asyncio
import gc
import micropython

class Flag:
    def __init__(self):
        self.up = False

    def set(self):
        self.up = True

asyncio.ThreadSafeFlag = Flag

from kneecore import wire
from kneecore.coach import Session
from kneecore.settings import Settings
from tasks.sampler import Sampler

class Timer:
    PERIODIC = 1

    def init(self, mode, period, callback):
        Timer.callback = callback

class Imu:
    FIFO_SAMPLES, rate_hz, acc_lsb_per_g, gyro_lsb_per_10dps, lost_reason = 85, 500, 2048, 164, None
    taken = 0

    def check(self):
        pass

    start = stop = check

    def drain(self, batch):
        for i in range(10):
            self.taken += 1
            batch[6 * i + 1] = 2048 + self.taken % 7
            for axis in (0, 2, 3, 4, 5):
                batch[6 * i + axis] = self.taken * (axis + 1) % 5
        return 10

class Clock:
    now_us = 0

    def us(self):
        self.now_us += 1
        return self.now_us

class Voice:
    shaking_until_us = 0

class Journal:
    room_for_raw = False

    def record(self, record, values):
        return 1

    def drained(self):
        pass

    def notice(self, *about):
        print("notice", about)

imu, clock = Imu(), Clock()
sampler = Sampler(imu, None, Voice(), Journal(), clock, Timer())
fields = {"rotation_q14_%d" % i: 16384 if i % 4 == 0 else 0 for i in range(9)}
fields.update({"gyro_bias_mdps_%d" % i: 0 for i in range(3)})
fields.update({"acc_scale_q14": 16384, "neutral_cdeg": 0, "side": wire.SIDES.index("right"), "face": 0, "chip": 0})
assert sampler.start(fields, Settings(), Session(1, 1), 0)
handled = 0
for _ in range(1000):
    clock.now_us += 20000
    gc.collect()
    micropython.heap_lock()
    Timer.callback(None)
    micropython.heap_unlock()
    gc.collect()
    if sampler._flag.up:
        sampler._flag.up = False
        handled += sampler._turn()
print(handled, imu.taken, sampler.sample, sampler.running)
"""


def test_a_thousand_ticks_with_memory_collected_between_them_are_all_handled_and_allocate_nothing():
    reason = interpreters.missing(interpreters.DESKTOP)
    if reason:
        pytest.skip(reason)
    done = subprocess.run(
        [interpreters.micropython(), "-c", SCRIPT],
        cwd=interpreters.KNEECORE.parents[1],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.stdout.splitlines(), done.stderr) == (["1000 10000 10000 True"], "")
