# SPDX-License-Identifier: MIT
# ruff: noqa: E402  the first line that runs must come before the imports
"""First on the unit: motor off, is there power to start with, count the boot, then choose the program.

The port runs main.py next, from the current folder: after three failed boots that is safe/, whose main.py only reads
the log and waits for a deploy.  Nothing here waits or watches: whoever deploys over the serial line resets softly and
needs a prompt at once.  An exception here would keep main.py from running, so it is printed and passed over.
"""

from machine import Pin

import pins

Pin(pins.BUILD.pin, Pin.OUT, value=0)

import gc
import os
import sys

import machine
import micropython

gc.threshold(16384)  # as main.py
micropython.opt_level(3)  # no line numbers in what is compiled from now on: 5 KB

import parts
from drivers import sleeper
from kneecore import cell, settings
from tasks import boots, state

_COME_UP_MS = 30_000  # importing takes a few seconds; then the program has a watchdog of its own


def start_over(timer) -> None:
    print("the program did not come up")
    machine.reset()


def start() -> None:
    cause = machine.reset_cause()
    mv, charging, _ = parts.make_battery().read()
    sleep = parts.make_sleeper()
    stop_mv = state.load("settings.json", {}).get("battery_stop_mv", settings.find("battery_stop_mv").default)
    if cause != machine.SOFT_RESET and not cell.may_start(mv, charging, stop_mv, sleep.naps > 0):
        sleep.naps += 1  # not in flash: it must not be written now
        sleep.sleep(False, cell.nap_s(sleep.naps - 1))
    sleep.naps = 0
    boot = boots.begin(cause, sleeper.wake(), mv)
    if boot.powerless and charging != cell.CHARGING:
        sleep.sleep(False, cell.nap_s(boot.failed - boots.POWERLESS_AFTER))
    if cause != machine.SOFT_RESET:
        boot.guard = machine.Timer(3, mode=machine.Timer.ONE_SHOT, period=_COME_UP_MS, callback=start_over)
    if boot.safe:
        os.chdir("safe")


try:
    start()
except Exception as error:
    sys.print_exception(error)
