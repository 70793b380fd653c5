# SPDX-License-Identifier: MIT
# ruff: noqa: E402  the way back to the root comes before the imports
"""The program after three failed boots: no sensor, no motor; the log can be read and the unit deployed anew.

It imports little of what may have failed.  A host finds it, and learns from its status that it is in safe mode; over
the serial line Ctrl-C gives the prompt, as always.  After half an hour with no host it sleeps until the button is
pressed; that boot tries the whole program again.
"""

import os

os.chdir("..")

import gc

gc.threshold(16384)

import asyncio
import time

import machine

from kneecore import settings, wire
from kneecore.version import VERSION
from parts import make_battery, make_lamp, make_log, make_sleeper
from tasks import boots, safe, state
from tasks.clock import DeviceClock
from tasks.commands import Commands
from tasks.health import Health
from tasks.journal import Journal
from tasks.power import Power
from tasks.radio import Radio


def main() -> None:
    boot = boots.present()
    clock = DeviceClock(time.ticks_us)
    unit_id = machine.unique_id()
    log = safe.opened(make_log, clock)
    journal = Journal(log, clock, boot.number)
    journal.record(wire.BOOT, boot.values())
    journal.notice("boots_failed", boot.failed)
    journal.flush()
    radio = Radio(unit_id[-3:], "kneesense-safe", "%d.%d.%d" % VERSION, clock.us, journal)
    journal.listener = radio.send_event
    health = Health(log, journal, None, None, safe)
    Commands(unit_id, radio, journal, log, None, clock, health)
    kept = safe.Settings(settings, state)
    power = Power(make_battery(), make_sleeper(), boot, safe, journal, clock, radio, kept, health)
    lamp = make_lamp(safe.state)
    boot.up()
    print("kneesense %d.%d.%d in safe mode" % VERSION)

    async def run() -> None:
        tasks = (journal.run, radio.run, power.run, lamp.run)
        await asyncio.gather(*(safe.kept_going(task) for task in tasks))

    asyncio.run(run())


main()
