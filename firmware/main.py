# SPDX-License-Identifier: MIT
# ruff: noqa: E402  the first line that runs must come before the imports
"""Composition root: makes bus, drivers and tasks of this unit, once, in boot order, and starts the loop.

What fails is reported in the log and over the radio; the unit stays reachable without its sensor.
"""

from machine import Pin

import pins

Pin(pins.BUILD.pin, Pin.OUT, value=0)

import gc

gc.threshold(
    16384
)  # collect often while compiling what is imported, or its garbage leaves the heap in small pieces

import asyncio
import time

import machine
from esp32 import RMT
from machine import WDT, Timer

from drivers import ImuError, MotorError
from drivers.actuators import ACTUATORS
from drivers.imu import find_imu
from drivers.motor import CLOCK_DIV, NoMotor, RmtMotor
from kneecore import wire
from kneecore.version import VERSION
from parts import make_battery, make_bus, make_lamp, make_log, make_sleeper
from tasks import boots, state
from tasks.body import Body
from tasks.button import Button
from tasks.calibrator import Calibrator
from tasks.clock import DeviceClock
from tasks.coaching import Coaching
from tasks.control import Control, kept_settings
from tasks.health import Health
from tasks.journal import Journal
from tasks.power import Power
from tasks.radio import Radio
from tasks.runs import Runs
from tasks.sampler import Sampler
from tasks.voice import Voice
from tasks.watchdog import TAKEN_OVER_MS, TIMEOUT_MS, Watchdog

_IMU_FILE = "imu.json"  # which chip it was: parts that answer alike are told apart at rest only
_MOTOR_FILE = "motor.json"  # what calibrating a linear motor has found: it shakes for half a second
_RESTART_MS = 250  # of a task that failed: twice that and its period are within the watchdog's patience
_LOOK_MS, _LOOK_MOST_MS = 5_000, 60_000  # for a sensor that was not there at the start: ever more rarely
_ONE_G_SAMPLES = 8
_ONE_G_NOTICE_PM = 50
_ONE_G_REFUSE_PM = 250  # beyond any part's tolerance: another range than asked for, or another part


def motor_pin():
    return Pin(pins.BUILD.pin, Pin.OUT, value=0)


def make_rmt(pin):
    return RMT(pins.MOTOR_RMT_CHANNEL, pin=pin, clock_div=CLOCK_DIV)


def make_motor(journal, clock):
    """The motor of this build; one that does nothing, with a record of why, if its driver fails."""
    common = (ACTUATORS[pins.BUILD.actuator], pins.BUILD.max_ms, clock.us)
    if pins.BUILD.motor == "transistor":
        return RmtMotor(motor_pin, make_rmt, *common)
    from drivers.drv2605l import Drv2605l  # its code costs memory that the other build can spare

    calibrated = bytes(state.load(_MOTOR_FILE, []))
    timer = Timer(pins.MOTOR_TIMER)
    try:
        motor = Drv2605l(make_bus(), motor_pin(), timer, time.sleep_ms, *common, calibrated)
    except MotorError as error:
        print("no motor:", error)
        journal.notice(error.notice, error.a, error.b)
        return NoMotor(*common)
    if motor.calibrated != calibrated:
        keep(_MOTOR_FILE, list(motor.calibrated))
    return motor


def keep(path: str, value) -> None:
    """What is found again at the next boot; a full flash does not keep the unit from starting."""
    try:
        state.save(path, value)
    except OSError as error:
        print(path, "not kept:", error)


def sound_imu(settings, freed=None):
    """The sensor and its error of 1 g, None if it does not rest.  ImuError: it is none to be used."""
    kept = state.load(_IMU_FILE, 0)
    imu = find_imu(make_bus(freed), time.sleep_ms, settings.imu_chip or kept)
    error_pm = imu.one_g_error_pm(_ONE_G_SAMPLES)
    if error_pm is not None and abs(error_pm) > _ONE_G_REFUSE_PM:
        text = "gravity is off by %d permille" % error_pm
        raise ImuError("imu_one_g", error_pm, _ONE_G_REFUSE_PM, text)
    if imu.chip != kept:
        keep(_IMU_FILE, imu.chip)
    return imu, error_pm


def make_imu(journal, settings):
    """The sensor, or None with a record of why."""
    try:
        imu, error_pm = sound_imu(settings, lambda clocks: journal.notice("bus_freed", clocks))
    except ImuError as error:
        print("no sensor:", error)
        journal.notice(error.notice, error.a, error.b)
        return None
    if error_pm is not None and abs(error_pm) > _ONE_G_NOTICE_PM:
        journal.notice("imu_one_g", error_pm, _ONE_G_REFUSE_PM)
    return imu


async def look_for_imu(settings, journal, radio, boot) -> None:
    """Of a unit that started without one: once it works, and nobody is connected, start over with it."""
    wait_ms = _LOOK_MS
    while True:
        await asyncio.sleep_ms(wait_ms)
        try:
            sound_imu(settings)
        except ImuError:
            wait_ms = min(2 * wait_ms, _LOOK_MOST_MS)
            continue
        wait_ms = _LOOK_MS  # only a peer is in the way
        if not await radio.leave(lambda: radio.linked):
            continue
        journal.notice("sensor_back")
        journal.close()
        boot.well()
        machine.reset()


async def guarded(motor, journal, name: str, task) -> None:
    """Run a task for ever; what it raises stops the motor, is recorded once a cause, and it is started again."""
    told = ""
    while True:
        try:
            await task()
        except Exception as error:  # the last line of defence: a dead task must not take the others with it
            motor.stop()
            print(name, "failed:", repr(error))
            if told != repr(error):
                told = repr(error)
                try:
                    journal.notice("task_failed")
                except Exception as worse:  # no memory for that either, it may be
                    print("not logged:", repr(worse))
        await asyncio.sleep_ms(_RESTART_MS)


def watch_over(tasks) -> None:
    """Start the chip's watchdog, from now on fed by these (name, task) as long as all of them go on."""
    watchdog = Watchdog(WDT(timeout=TIMEOUT_MS), [name for name, _ in tasks])
    for name, task in tasks:
        task.alive = lambda name=name: watchdog.sign(name)


def main() -> None:
    machine.freq(pins.CPU_HZ)
    clock = DeviceClock(time.ticks_us)
    unit_id = machine.unique_id()
    boot = boots.present()
    log = make_log(clock)
    journal = Journal(log, clock, boot.number)
    journal.record(wire.BOOT, boot.values())
    journal.flush()  # whatever becomes of this boot
    motor = make_motor(journal, clock)
    voice = Voice(motor, clock)
    settings = kept_settings()
    imu = make_imu(journal, settings)
    sampler = Sampler(imu, make_bus, voice, journal, clock, Timer(0)) if imu else None
    radio = Radio(
        unit_id[-3:],
        "kneesense-" + (wire.CHIPS[imu.chip] if imu else "no-sensor"),
        "%d.%d.%d" % VERSION,
        clock.us,
        journal,
    )
    journal.listener = radio.send_event
    radio.on_link_changed = voice.link_changed
    coaching = Coaching(journal, log)
    coaching.recover()
    sleeper = make_sleeper()
    calibrator = Calibrator(imu, sampler, voice, journal, settings, pins.LID, pins.TOP)
    calibrator.strap_session = sleeper.strap_session
    runs = Runs(sampler, calibrator, settings, coaching, journal, clock, voice, lambda: radio.connected)
    health = Health(log, journal, imu, sampler, voice)
    Control(unit_id, radio, journal, log, imu, voice, clock, settings, calibrator, coaching, runs, health)
    button = Button(
        Pin(pins.BUTTON, Pin.IN, Pin.PULL_UP),
        Pin.IRQ_FALLING,
        time.ticks_ms,
        runs,
        radio.door,
        journal,
        voice,
    )
    body = Body(imu, runs, calibrator, voice, journal, radio, health, clock)
    power = Power(make_battery(), sleeper, boot, body, journal, clock, radio, settings, health)
    vital: "list" = [("journal", journal)] + ([("sampler", sampler)] if sampler else [])
    tasks = [("radio", radio.run), ("runs", runs.run), ("button", button.run)]
    if imu is None:
        tasks.append(("sensor", lambda: look_for_imu(settings, journal, radio, boot)))
    tasks += [("power", power.run), ("lamp", make_lamp(body.state).run)]
    tasks += [(name, task.run) for name, task in vital]

    async def run() -> None:
        watch_over(vital)
        boot.up()
        print("kneesense %d.%d.%d runs" % VERSION)  # a deploy waits for this line
        await asyncio.gather(*(guarded(motor, journal, name, task) for name, task in tasks))

    gc.threshold(-1)
    health.sweep()  # what importing left behind, before the run needs its buffers in one piece
    try:
        asyncio.run(run())
    except KeyboardInterrupt:  # somebody takes over at the serial line
        boot.up()
        WDT(timeout=TAKEN_OVER_MS)
        raise
    finally:
        motor.stop()


main()
