# SPDX-License-Identifier: MIT
# `machine` of an ESP32, as far as the firmware uses it: thin proxies to the parts in kneesense.world.board.
from binascii import unhexlify

import world_link
from world_link import call

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5


def freq(hz=None):
    return call("freq", hz)


def unique_id():
    return unhexlify(call("unique_id"))


def reset_cause():
    return call("reset_cause")


def reset():
    call("reset")
    raise SystemExit


class Pin:
    IN, OUT, OPEN_DRAIN = 1, 3, 7
    PULL_UP, PULL_DOWN = 2, 1
    IRQ_FALLING, IRQ_RISING = 2, 1

    def __init__(self, number, mode=-1, pull=-1, *, value=None):
        self.number = number
        call("pin", number, mode, pull, value)

    def value(self, level=None):
        return call("pin_value", self.number, level)

    __call__ = value

    def irq(self, handler=None, trigger=IRQ_FALLING | IRQ_RISING):
        _edges[self.number] = lambda: handler(self)
        world_link.handlers["pin"] = lambda number: _edges[number]()
        call("pin_irq", self.number, trigger)


_edges = {}  # pin -> what an edge of it calls


class I2C:
    def __init__(self, number, *, scl, sda, freq=400000, timeout=50000):
        self._n = number
        call("i2c", number, scl.number, sda.number, freq)

    def scan(self):
        return call("i2c_scan", self._n)

    def readfrom_mem(self, address, register, n):
        buf = bytearray(n)
        self.readfrom_mem_into(address, register, buf)
        return bytes(buf)

    def readfrom_mem_into(self, address, register, buf):
        call("i2c_read", self._n, address, register, len(buf), into=buf)

    def writeto_mem(self, address, register, data):
        call("i2c_write", self._n, address, register, raw=data)


class Timer:
    # Soft callbacks only, run by the scheduler: a hung program never runs one (micropython, ports/esp32).
    ONE_SHOT, PERIODIC = 0, 1

    def __init__(self, number, **options):
        if not 0 <= number <= 3:
            raise ValueError("invalid Timer number")
        self._entry = None
        if options:
            self.init(**options)

    def init(self, *, mode=PERIODIC, period=-1, freq=-1, callback=None, hard=False):
        if hard:
            raise ValueError("hard Timers are not implemented")
        self.deinit()
        period_us = period * 1000 if freq == -1 else 1_000_000 // freq
        self._entry = [world_link.now_us + period_us, period_us if mode else 0, lambda: callback(self)]
        world_link.timer_add(self._entry)

    def deinit(self):
        if self._entry:
            world_link.timer_remove(self._entry)
            self._entry = None


class WDT:
    def __init__(self, id=0, timeout=5000):
        call("wdt", timeout)

    def feed(self):
        call("wdt", None)
