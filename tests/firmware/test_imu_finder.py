# SPDX-License-Identifier: MIT
"""Finding the sensor: exactly one known part, by its identity, wherever it answers; else what was found instead."""

import errno

import pytest

from drivers import ImuError
from drivers.imu import find_imu
from fakes.i2c import Desk
from fakes.imu import PARTS, put
from kneecore import wire

each = pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)


class Clock:
    """A real-time clock chip: every register holds two decimal digits."""

    def __init__(self, address=0x68):
        self._address = address

    def read(self, address, register, n):
        if address != self._address:
            raise OSError(errno.ENODEV)
        return bytes((register + i) % 6 << 4 | (register + i) % 10 for i in range(n))

    def write(self, address, register, data):
        if address != self._address:
            raise OSError(errno.ENODEV)


@pytest.fixture
def desk():
    return Desk()


def found(desk):
    return find_imu(desk, desk.sleep_ms)


def refusal(desk):
    with pytest.raises(ImuError) as caught:
        found(desk)
    assert caught.value.notice in wire.NOTICES
    return caught.value


@each
@pytest.mark.parametrize("pin", [0, 1])
def test_each_chip_is_found_at_both_its_addresses_by_each_of_its_identities(desk, part, pin):
    for identity in part.identities:
        desk.chips.clear()
        put(desk, part, address=part.address ^ pin, registers={part.driver.WHO_AM_I: identity})
        driver = found(desk)
        assert (type(driver), driver.address) == (part.driver, part.address ^ pin)


@each
def test_beside_a_clock_chip_at_another_address_the_sensor_is_found(desk, part):
    desk.chips.append(Clock(part.address))
    put(desk, part, address=part.address ^ 1)
    assert found(desk).address == part.address ^ 1


@each
def test_two_of_a_kind_are_reported_and_not_guessed_at(desk, part):
    put(desk, part)
    put(desk, part, address=part.address ^ 1)
    error = refusal(desk)
    assert (error.notice, error.a, error.b) == ("imu_identity", part.address & ~1, part.address | 1)


def test_two_of_different_kinds_are_reported_too(desk):
    for part in PARTS[1:]:
        desk.chips.clear()
        put(desk, PARTS[0])
        put(desk, part, address=part.address ^ (part.address == PARTS[0].address))
        assert refusal(desk).notice == "imu_identity"


def test_a_clock_chip_alone_is_no_sensor(desk):
    desk.chips.append(Clock())
    error = refusal(desk)
    assert (error.notice, error.a, error.b) == ("imu_identity", 0x68, 0x37)


def test_none_is_said_so(desk):
    error = refusal(desk)
    assert error.notice == "imu_missing"
    assert str(error).endswith("check the wiring")


@pytest.mark.parametrize("identity", [0x72, 0x75, 0x7C, 0x11, 0x05])
def test_an_unknown_die_is_refused_with_what_was_read(desk, identity):
    put(desk, PARTS[0], registers={PARTS[0].driver.WHO_AM_I: identity})
    error = refusal(desk)
    assert (error.notice, error.a, error.b) == ("imu_identity", PARTS[0].address, identity)
    assert f"0x{identity:02x}" in str(error)


@pytest.mark.parametrize("identity", [0x00, 0xFF])
def test_all_zeros_or_ones_are_a_bus_fault(desk, identity):
    put(desk, PARTS[0], registers={PARTS[0].driver.WHO_AM_I: identity})
    assert refusal(desk).notice == "bus_fault"


def test_a_stuck_bus_is_a_bus_fault(desk):
    put(desk, PARTS[0], bus=lambda n: errno.ETIMEDOUT)
    error = refusal(desk)
    assert (error.notice, error.a) == ("bus_fault", errno.ETIMEDOUT)


@each
def test_two_errors_in_a_row_do_not_hide_it(desk, part):
    put(desk, part, bus=lambda n: errno.ENODEV * (n < 2))
    assert type(found(desk)) is part.driver
