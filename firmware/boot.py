# SPDX-License-Identifier: MIT
# ruff: noqa: E402  the first line that runs must come before the imports
"""First on the unit: move a new program in, motor off, is there power to start with, count the boot, choose.

The port runs main.py next, from the current folder: after three failed boots that is safe/, whose main.py only reads
the log and waits for a deploy.  Nothing here waits or watches: whoever deploys over the serial line resets softly and
needs a prompt at once.  An exception here keeps main.py from running: right for a program that
is half moved in; any other is printed and passed over.
"""

import os

import machine


def move_in() -> None:
    """A deploy has left a whole program in `next`: it takes the place of the present one, which goes to `old`.

    A power cut may come after any step: the boot after it goes on, and nothing of a program is imported before all
    of it has its place.  boot.py is replaced last, at once.  (The motor's line is pulled down, as through the reset.)
    """
    here = os.listdir()
    if "next" in here:
        new = os.listdir("next")
        for name in here:
            if name != "boot.py" and (name in new or name.split(".")[-1] in ("py", "mpy")):
                os.rename(name, "old/" + name)
        os.rename("next", "entering")
    elif "entering" not in here:
        return
    for name in os.listdir("entering"):
        if name != "boot.py":
            os.rename("entering/" + name, name)
    if "boot.py" in os.listdir("entering"):
        os.rename("entering/boot.py", "boot.py")
    os.rmdir("entering")
    machine.reset()


move_in()

from machine import Pin

import pins

Pin(pins.BUILD.pin, Pin.OUT, value=0)

import gc
import sys

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


def sleep_if_flat(cause: int):
    """What the battery says, if there is enough to go on."""
    mv, charging, _ = parts.make_battery().read()
    sleep = parts.make_sleeper()
    stop_mv = state.load("settings.json", {}).get("battery_stop_mv", settings.find("battery_stop_mv").default)
    if cause != machine.SOFT_RESET and not cell.may_start(mv, charging, stop_mv, sleep.naps > 0):
        sleep.naps += 1  # not in flash: it must not be written now
        sleep.sleep(False, cell.nap_s(sleep.naps - 1))
    if sleep.naps:
        sleep.naps = 0  # whatever resets the unit from now on finds a cell that was charged
        sleep.keep()
    return mv, charging


def count(cause: int, mv: int, charging: int) -> None:
    boot = boots.begin(cause, sleeper.wake(), mv)
    if boot.powerless and charging != cell.CHARGING:
        parts.make_sleeper().sleep(False, cell.nap_s(boot.failed - boots.POWERLESS_AFTER))
    if cause != machine.SOFT_RESET:
        boot.guard = machine.Timer(3, mode=machine.Timer.ONE_SHOT, period=_COME_UP_MS, callback=start_over)
    if boot.safe:
        os.chdir("safe")


def start() -> None:
    cause = machine.reset_cause()
    battery = (0, 0)
    try:
        battery = sleep_if_flat(cause)
    except Exception as error:
        sys.print_exception(error)
    try:
        count(cause, *battery)
    except Exception as error:
        sys.print_exception(error)


start()
