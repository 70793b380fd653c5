# SPDX-License-Identifier: MIT
"""Both ways of reading the cell, on the virtual board's battery."""

import random

import pytest

from drivers.battery import AdcBattery
from drivers.max17048 import Max17048
from fakes.i2c import Desk
from kneecore.cell import CHARGING, CHARGING_UNKNOWN, NOT_CHARGING, UNKNOWN, Cell
from kneesense.world.chips import max17048
from kneesense.world.power import Battery

STOP_MV = 3350


class Pins:
    """machine.ADC and machine.Pin on that battery."""

    def __init__(self, battery):
        self._battery = battery

    def read_uv(self):
        return self._battery.adc_uv()

    def value(self):
        return 0 if self._battery.charging else 1


def adc(battery):
    return AdcBattery(Pins(battery), Pins(battery))


def gauge(battery):
    desk = Desk()
    chip = max17048.Max17048(lambda: battery)
    desk.chips.append(chip)
    return Max17048(desk), chip


@pytest.mark.parametrize("mv", [3000, 3350, 3700, 4200])
def test_the_adc_gives_the_cell_s_voltage(mv):
    read, charging, percent = adc(Battery(mv=mv)).read()
    assert read == pytest.approx(mv, abs=3)
    assert (charging, percent) == (NOT_CHARGING, UNKNOWN)


def test_the_charger_s_pin_is_low_while_it_charges():
    assert adc(Battery(charging=True)).read()[1] == CHARGING


@pytest.mark.parametrize("counts", [0, 4095])
def test_an_adc_at_its_ends_is_unknown(counts):
    battery, cell = adc(Battery(counts=counts)), Cell()
    for _ in range(10):
        cell.reading(*battery.read(), STOP_MV)
    assert (cell.mv, cell.percent) == (0, UNKNOWN)


def test_a_noisy_adc_is_steady_within_5_points():
    noise = random.Random(1)
    battery, cell, told = adc(Battery(mv=3700, noise=lambda: noise.randint(-80, 80))), Cell(), []
    for _ in range(200):
        cell.reading(*battery.read(), STOP_MV)
        told.append(cell.percent)
    known = [percent for percent in told if percent != UNKNOWN]
    assert max(known) - min(known) <= 5


def test_the_gauge_gives_voltage_percentage_and_whether_it_rises():
    battery = Battery(mv=3840)
    part, _ = gauge(battery)
    assert part.read() == (3840, NOT_CHARGING, 50)
    battery.charging = True
    assert part.read() == (3840, CHARGING, 50)


@pytest.mark.parametrize(
    ("registers", "told"),
    [
        (
            {max17048.VCELL: 0xFFFF, max17048.SOC: 0xFFFF, max17048.CRATE: 0xFFFF},
            (0, CHARGING_UNKNOWN, UNKNOWN),
        ),
        ({max17048.VCELL: 0}, (0, CHARGING_UNKNOWN, UNKNOWN)),
        ({max17048.SOC: 0xFFFF}, (3840, NOT_CHARGING, UNKNOWN)),
        ({max17048.SOC: 103 << 8}, (3840, NOT_CHARGING, 100)),
        ({max17048.CRATE: 9}, (3840, NOT_CHARGING, 50)),
        ({max17048.VERSION: 0xFFFF}, (0, CHARGING_UNKNOWN, UNKNOWN)),
    ],
)
def test_a_gauge_that_tells_nonsense_is_unknown(registers, told):
    part, chip = gauge(Battery(mv=3840))
    chip.registers = registers
    assert part.read() == told


def test_a_gauge_that_does_not_answer_is_unknown():
    assert Max17048(Desk()).read() == (0, CHARGING_UNKNOWN, UNKNOWN)
