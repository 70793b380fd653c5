# SPDX-License-Identifier: MIT
# `machine` of an ESP32, as far as the firmware uses it: thin proxies to the parts in kneesense.world.board.
from binascii import hexlify, unhexlify

import world_link
from world_link import call

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5
EXT0_WAKE, EXT1_WAKE, TIMER_WAKE = 2, 3, 4


def freq(hz=None):
    return call("freq", hz)


def unique_id():
    return unhexlify(call("unique_id"))


def _power(op, *args):
    return call("power", op, args)


def reset_cause():
    return _power("cause")


def wake_reason():
    return _power("wake_reason")


def reset():
    _power("reset")
    raise SystemExit


def soft_reset():
    raise SystemExit


def deepsleep(time_ms=None):
    _power("deepsleep", time_ms)
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
        _power("wdt", timeout)

    def feed(self):
        _power("wdt", None)


class RTC:
    def memory(self, data=None):
        kept = _power("rtc_memory", None if data is None else hexlify(data).decode())
        return unhexlify(kept) if data is None else None


class ADC:
    ATTN_0DB, ATTN_2_5DB, ATTN_6DB, ATTN_11DB = 0, 1, 2, 3

    def __init__(self, pin, *, atten=ATTN_11DB):
        if not 32 <= pin.number <= 39:
            raise ValueError("invalid pin")  # ADC2 is not the radio's friend, and not used here
        if atten != self.ATTN_11DB:
            raise NotImplementedError("other ranges than the widest")
        self._pin = pin.number

    def read_uv(self):
        return _power("adc", self._pin)
