# SPDX-License-Identifier: MIT
# `esp32`: pins that end deep sleep, and RMT.
#
# `esp32.RMT`, the finite pulse generator: a pulse once written ends in hardware, whatever the program does.
# The number of the channel counts for nothing, as in ports/esp32/esp32_rmt.c: there is one more with every object.
# `esp32.Partition` as in ports/esp32/esp32_partition.c: blocks of 4096 bytes, an offset at any byte.
import sys

from world_link import call

WAKEUP_ALL_LOW, WAKEUP_ANY_HIGH = False, True
_RTC_PINS = (0, 2, 4, 12, 13, 14, 15, 25, 26, 27, 32, 33, 34, 35, 36, 37, 38, 39)


def _wake(number, pins, level):
    for pin in pins or ():
        if pin.number not in _RTC_PINS:
            raise ValueError("invalid pin")
    call("power", "ext", (number, [pin.number for pin in pins] if pins else None, int(level)))


def wake_on_ext0(pin, level):
    _wake(0, [pin] if pin else None, level)


def wake_on_ext1(pins, level):
    _wake(1, pins, level)


class RMT:
    PULSE_MAX = 32767

    def __init__(self, channel, *, pin=None, clock_div=8, idle_level=False, tx_carrier=None):
        if not 1 <= clock_div <= 255:
            raise ValueError("clock_div must be between 1 and 255")
        if idle_level or tx_carrier:
            raise NotImplementedError("a motor's line rests low")
        self._clock_div = clock_div
        self._channel = call("rmt", pin.number)

    def source_freq(self=None):
        return 80_000_000

    def write_pulses(self, duration, data=True):
        if isinstance(duration, int):
            durations, levels = [duration] * len(data), [bool(x) for x in data]
        elif isinstance(data, (list, tuple)):
            durations, levels = list(duration), [bool(x) for x in data]
        else:
            durations, levels = list(duration), [bool(data) ^ bool(i & 1) for i in range(len(duration))]
        if len(durations) > 126:
            raise NotImplementedError("more than the generator's memory holds")
        for ticks in durations:
            if not 1 <= ticks <= self.PULSE_MAX:
                raise ValueError("duration must be between 1 and 32767")
        call("rmt_write", self._channel, [n * self._clock_div * 25 // 2 for n in durations], levels)

    def wait_done(self, *, timeout=0):
        return call("rmt_done", self._channel, timeout)

    def loop(self, enable):
        raise NotImplementedError("a pulse must be finite")

    def deinit(self):
        if not call("rmt_release", self._channel):
            sys.stderr.write("panic: a pulse generator was released in mid-pulse\n")
            call("power", "reset", ())
            raise SystemExit


class Partition:
    TYPE_APP, TYPE_DATA = 0, 1

    def __init__(self, row):
        self._row = row

    @staticmethod
    def find(type=TYPE_APP, subtype=0xFF, label=None, block_size=4096):
        return [
            Partition(row)
            for row in call("partitions")
            if row[0] == type and subtype in (0xFF, row[1]) and label in (None, row[4])
        ]

    def info(self):
        return tuple(self._row) + (False,)

    def readblocks(self, block, buf, offset=0):
        call("flash_read", self._where(block, offset, buf), len(buf), into=buf)

    def writeblocks(self, block, buf, offset=None):
        if offset is None:
            raise NotImplementedError("it erases first")
        call("flash_program", self._where(block, offset, buf), raw=buf)

    def ioctl(self, op, arg):
        if op == 4:
            return self._row[3] // 4096
        if op == 5:
            return 4096
        if op != 6:
            return 0
        call("flash_erase", self._where(arg, 0, b""))
        return 0

    def _where(self, block, offset, buf):
        at = block * 4096 + offset
        if at + len(buf) > self._row[3]:
            raise OSError(-0x104)  # ESP_ERR_INVALID_SIZE
        return self._row[2] + at
