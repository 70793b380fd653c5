# SPDX-License-Identifier: MIT
"""Parts that more than one program of the unit makes: boot.py, main.py and safe/main.py."""

import time

from esp32 import Partition
from machine import ADC, I2C, Pin

import pins
from drivers import bus
from drivers.sleeper import Sleeper
from tasks.lamp import Lamp

_LOG_PARTITION = "log"


def make_bus(freed=None):
    """The bus of sensor and gauge, freed from a part that an earlier boot left in mid-byte, of which `freed` is told.

    MicroPython gives the same object for the same bus, so a driver that holds it goes on with it.
    """
    scl = Pin(pins.I2C_SCL, Pin.OPEN_DRAIN, Pin.PULL_UP, value=1)
    sda = Pin(pins.I2C_SDA, Pin.OPEN_DRAIN, Pin.PULL_UP, value=1)
    clocks = bus.free(scl, sda, time.sleep_us)
    if clocks < 0:
        print("the I2C data line stays low")
    elif clocks and freed:
        freed(clocks)
    return I2C(pins.I2C_BUS, scl=scl, sda=sda, freq=pins.I2C_HZ)


def make_battery():
    if pins.BUILD.gauge == "max17048":
        from drivers.max17048 import Max17048

        return Max17048(make_bus())
    from drivers.battery import AdcBattery

    adc = ADC(Pin(pins.BUILD.cell), atten=ADC.ATTN_11DB)
    return AdcBattery(adc, Pin(pins.BUILD.charge, Pin.IN, Pin.PULL_UP))


def make_sleeper() -> Sleeper:
    return Sleeper(Pin(pins.IMU_INT, Pin.IN), Pin(pins.BUTTON, Pin.IN, Pin.PULL_UP))


def make_lamp(state) -> Lamp:
    return Lamp(Pin(pins.LED, Pin.OUT, value=0), state)


def make_log(clock):
    """The log in its partition; without one, as in MicroPython's own table, the unit goes on with the air only."""
    try:
        for partition in Partition.find(Partition.TYPE_DATA, label=_LOG_PARTITION):
            from drivers.flashlog import FlashLog

            return FlashLog(partition, clock)
        print("no partition '%s': nothing is kept" % _LOG_PARTITION)
    except OSError as error:
        print("no log:", error)
    from drivers.nolog import NoLog  # its code costs memory that the others can spare

    return NoLog()
