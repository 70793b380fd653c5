# SPDX-License-Identifier: MIT
# `time` on the virtual clock.  Ticks wrap at 2^30, as on the ESP32, and start shortly before the wrap.
from utime import gmtime, localtime, mktime  # noqa: F401
from os import getenv
import world_link

_PERIOD = 1 << 30
_START_US = _PERIOD - int(getenv("KNEESENSE_TICKS_BEFORE_WRAP_US") or 20_000_000)


def ticks_us():
    world_link.now_us += 1  # a program that polls the clock gets somewhere
    return (_START_US + world_link.now_us) % _PERIOD


def ticks_ms():
    return ((_START_US + world_link.now_us) // 1000) % _PERIOD


def ticks_cpu():
    return ticks_us()


def ticks_add(ticks, delta):
    return (ticks + delta) % _PERIOD


def ticks_diff(a, b):
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
