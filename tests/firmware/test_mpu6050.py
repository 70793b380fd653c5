# SPDX-License-Identifier: MIT
"""Starting an MPU-6050: the driver refuses rather than guesses, and says what it read."""

import errno

import numpy as np
import pytest

from drivers import ImuError
from fakes.i2c import Desk
from fakes.imu import chip, driver
from kneecore import chips, wire
from kneesense.world.feed import RecordingFeed

PWR_MGMT_1, WHO_AM_I, ACCEL_CONFIG = 0x6B, 0x75, 0x1C


class Clock:
    """A real-time clock chip: every register holds two decimal digits."""

    def read(self, address, register, n):
        if address != 0x68:
            raise OSError(errno.ENODEV)
        return bytes((register + i) % 6 << 4 | (register + i) % 10 for i in range(n))

    def write(self, address, register, data):
        if address != 0x68:
            raise OSError(errno.ENODEV)


@pytest.fixture
def desk():
    return Desk()


def still(counts):
    return RecordingFeed(np.tile(counts, (10_000, 1)), chips.find("mpu6050"))


def refusal(desk):
    with pytest.raises(ImuError) as caught:
        driver(desk)
    assert caught.value.notice in wire.NOTICES
    return caught.value


def test_configured_for_running(desk):
    chip(desk)
    imu = driver(desk)
    profile = chips.TABLE[imu.chip]
    assert (profile.name, imu.rate_hz, imu.acc_lsb_per_g, imu.gyro_lsb_per_10dps) == (
        "mpu6050",
        500,
        2048,
        164,
    )
    assert profile.rate_hz == imu.rate_hz
    written = dict(desk.writes)
    assert (written[ACCEL_CONFIG], written[0x1B], written[0x1A], written[0x19]) == (0x18, 0x18, 1, 1)
    assert imu.stall_ms == 161  # 85 frames of a part 5 % fast


def test_beside_a_clock_chip_at_its_first_address_the_sensor_is_found_at_the_second(desk):
    desk.chips.append(Clock())
    chip(desk, address=0x69)
    assert driver(desk).address == 0x69


def test_alone_at_the_second_address_it_is_found(desk):
    chip(desk, address=0x69)
    assert driver(desk).address == 0x69


def test_two_sensors_are_ambiguous(desk):
    chip(desk)
    chip(desk, address=0x69)
    error = refusal(desk)
    assert (error.notice, error.a, error.b) == ("imu_identity", 0x68, 0x69)


def test_no_sensor_is_said_so(desk):
    error = refusal(desk)
    assert (error.notice, str(error)) == (
        "imu_missing",
        "no sensor answers at 0x68 or 0x69: check the wiring",
    )


@pytest.mark.parametrize("identity", [0x70, 0x71, 0x72, 0x73, 0x75, 0x78, 0x98])
def test_another_die_is_refused_with_what_was_read(desk, identity):
    chip(desk, registers={WHO_AM_I: identity})
    error = refusal(desk)
    assert (error.notice, error.a, error.b) == ("imu_identity", 0x68, identity)
    assert f"0x{identity:02x}" in str(error)


@pytest.mark.parametrize("identity", [0x00, 0xFF])
def test_all_zeros_or_ones_are_a_bus_fault_and_no_chip(desk, identity):
    chip(desk, registers={WHO_AM_I: identity})
    assert refusal(desk).notice == "bus_fault"


def test_a_stuck_bus_is_a_bus_fault(desk):
    chip(desk, bus=lambda n: errno.ETIMEDOUT)
    error = refusal(desk)
    assert (error.notice, error.a) == ("bus_fault", errno.ETIMEDOUT)


def test_a_part_deaf_after_its_reset_is_woken_all_the_same(desk):
    chip(desk, deaf_us=60_000)
    driver(desk).check()


def test_a_part_that_does_not_wake_is_refused(desk):
    chip(desk, registers={PWR_MGMT_1: 0x40})
    error = refusal(desk)
    assert (error.notice, error.a, error.b) == ("imu_settings", PWR_MGMT_1, 0x40)
    assert desk.now_us < 1_000_000


def test_a_range_that_does_not_take_is_refused(desk):
    chip(desk, registers={ACCEL_CONFIG: 0x00})
    error = refusal(desk)
    assert (error.notice, error.a, error.b) == ("imu_settings", ACCEL_CONFIG, 0x00)


def test_a_part_that_lost_its_settings_is_noticed(desk):
    part = chip(desk)
    imu = driver(desk)
    imu.check()
    part.power_cycle()
    with pytest.raises(ImuError, match="register 0x19 is 0x00, expected 0x01"):
        imu.check()


@pytest.mark.parametrize(
    ("counts", "factor", "error_pm"),
    [((0, 0, 2048), 1, 0), ((0, 1229, 1638), 1, 0), ((0, 0, 2048), 8, 7000), ((0, 0, 2048), 2, 1000)],
)
def test_at_rest_the_length_is_compared_with_1_g(desk, counts, factor, error_pm):
    chip(desk, still((*counts, 0, 0, 0)), acc_gain=factor)
    assert driver(desk).one_g_error_pm(50) == pytest.approx(error_pm, abs=10)


def test_a_dead_sensor_is_all_of_1_g_off(desk):
    class Dead:
        def block(self, index, t_s):
            return np.zeros((len(t_s), 6), np.int16)

    chip(desk, Dead())
    assert driver(desk).one_g_error_pm(10) == -1000


def test_a_moving_unit_cannot_be_compared_with_1_g(desk):
    class Swinging:
        def block(self, index, t_s):
            i = np.arange(index, index + len(t_s))
            return np.stack((300 * np.sin(i / 9), 0 * i, 0 * i + 2048, 0 * i, 0 * i, 0 * i), axis=1).astype(
                np.int16
            )

    chip(desk, Swinging())
    assert driver(desk).one_g_error_pm(50) is None


@pytest.mark.parametrize(("celsius", "cdeg"), [(36.53, 3653), (25.0, 2500), (-10.0, -1000)])
def test_temperature_by_the_formula_of_this_chip(desk, celsius, cdeg):
    part = chip(desk)
    imu = driver(desk)
    part.temperature_c = celsius
    assert imu.temperature_cdeg() == pytest.approx(cdeg, abs=1)
