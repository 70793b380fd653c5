# SPDX-License-Identifier: MIT
# `time` on the virtual clock.  ticks_us() wraps at 2^30, as on the ESP32, and starts shortly before the wrap.
#
# asyncio's scheduler is half C, and that half stamps tasks that are ready with the real clock.  Millisecond ticks
# therefore lie far above any real tick count: a real stamp then always means "due", which is what it says.
from os import getenv

import world_link
from utime import gmtime, localtime, mktime  # noqa: F401

_PERIOD = 1 << 30
_START_US = _PERIOD - int(getenv("KNEESENSE_TICKS_BEFORE_WRAP_US") or 20_000_000)
_PPM = int(getenv("KNEESENSE_TICKS_PPM") or 0)  # a quartz that is so much too fast
_MS_ABOVE_REAL = 1 << 50


def ticks_us():
    world_link.now_us += 1  # a program that polls the clock gets somewhere
    now_us = world_link.now_us
    return (_START_US + now_us + now_us * _PPM // 1_000_000) % _PERIOD


def ticks_ms():
    return _MS_ABOVE_REAL + world_link.now_us // 1000


def ticks_cpu():
    return ticks_us()


def ticks_add(ticks, delta):
    return ticks + delta if ticks >= _PERIOD else (ticks + delta) % _PERIOD


def ticks_diff(a, b):
    if a >= _PERIOD or b >= _PERIOD:
        return a - b
    return ((a - b + _PERIOD // 2) % _PERIOD) - _PERIOD // 2


def sleep_us(us):
    world_link.wait(world_link.now_us + max(0, us))


def sleep_ms(ms):
    sleep_us(ms * 1000)


def sleep(s):
    sleep_us(int(s * 1_000_000))


def time_ns():
    return world_link.now_us * 1000


def time():
    return world_link.now_us // 1_000_000
