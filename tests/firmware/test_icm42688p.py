# SPDX-License-Identifier: MIT
"""What only an ICM-42688-P's driver has to cope with: banks of registers, headers, a code for no sample."""

import errno
from array import array
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers import ImuError
from drivers.decode import packets
from drivers.icm42688p import Icm42688p
from drivers.imu import find_imu
from fakes.i2c import Desk
from fakes.imu import PARTS, Counting, drained, driver, numbers, put
from kneesense.world.chips import icm42688p

ICM = next(part for part in PARTS if part.name == "icm42688p")
BANK = 0x76
INVALID = -32768


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def running(desk):
    """A part that runs and of which a few samples were read, and its driver."""
    chip = put(desk, ICM)
    imu = driver(desk, ICM)
    imu.start()
    desk.sleep_ms(20)
    assert numbers(drained(imu)) == list(range(chip.produced - 1))
    return chip, imu


# Its packets


def packet(values, header=0x68):
    return bytes((header,)) + np.array(values, ">i2").tobytes() + bytes((7, 0x12, 0x34))


def decoded(source):
    """Whether they are samples, and which."""
    n = len(source) // 16
    target = array("h", [5] * (6 * n + 2))
    good = packets(bytearray(source), n, target, 1)
    assert (target[0], target[-1]) == (5, 5)
    return good, target[1:-1].tolist()


def test_acceleration_then_rate_are_signed_and_high_byte_first():
    assert decoded(packet((0, 1, -1, 255, -256, 32767)) + packet((6, 5, 4, 3, 2, 1))) == (
        True,
        [0, 1, -1, 255, -256, 32767, 6, 5, 4, 3, 2, 1],
    )


@given(st.integers(0, 255))
def test_a_header_says_accelerometer_and_gyroscope_of_16_bits_and_perhaps_a_new_rate(header):
    """14.31: no message, both sensors, no 20 bits, the time of the output data rate."""
    assert decoded(packet(range(6), header))[0] == (header in (0x68, 0x69, 0x6A, 0x6B))


@pytest.mark.parametrize("at", range(6))
def test_the_code_of_no_sample_makes_no_sample(at):
    values = [100] * 6
    values[at] = INVALID
    assert not decoded(packet([1] * 6) + packet(values))[0]


@given(st.lists(st.integers(-32767, 32767), min_size=6, max_size=6))
def test_only_the_lowest_values_change_and_become_the_mark_of_a_value_cut_off(values):
    assert decoded(packet(values)) == (True, [v if v > -32766 else -32768 for v in values])


def test_a_blow_beyond_the_range_reads_as_cut_off_in_both_directions(desk):
    class Blow:
        def block(self, index, t_s):
            return np.tile(np.array((32767, -32768, 2048, -32768, 32767, 0), np.int16), (len(t_s), 1))

    put(desk, ICM, Blow())
    imu = driver(desk, ICM)
    imu.start()
    desk.sleep_ms(20)
    samples = drained(imu)
    assert len(samples) > 5
    assert samples == [[32767, -32768, 2048, -32768, 32767, 0]] * len(samples)


# Its FIFO


def test_an_invalid_sample_in_a_run_is_a_gap_and_never_a_measurement(desk, running):
    chip, imu = running
    before = chip.produced - 1
    chip.fifo.push(packet([INVALID] * 6))
    desk.sleep_ms(20)
    assert drained(imu) == []
    assert imu.lost_reason == "realign"
    after = chip.produced - 1
    desk.sleep_ms(20)
    seen = numbers(drained(imu))
    assert seen == list(range(after, chip.produced - 1))
    assert after > before


@pytest.mark.parametrize("lost", range(1, 16))
def test_bytes_that_were_lost_are_a_gap_and_never_a_measurement(desk, running, lost):
    chip, imu = running
    desk.sleep_ms(20)
    assert chip.produced
    chip.fifo.pop(lost)
    assert drained(imu) == []
    assert imu.lost_reason == "realign"
    after = chip.produced - 1
    desk.sleep_ms(20)
    assert numbers(drained(imu)) == list(range(after, chip.produced - 1))


def test_a_count_larger_than_what_there_is_ends_in_a_gap(desk, running):
    chip, imu = running
    desk.sleep_ms(20)
    chip.faults.registers[icm42688p.FIFO_COUNTL] = 16 * 15
    assert drained(imu) == []
    assert imu.lost_reason == "realign"


def test_a_count_beyond_the_fifo_is_an_overflow(desk, running):
    chip, imu = running
    chip.faults.registers[icm42688p.FIFO_COUNTH] = 0xFF
    assert drained(imu) == []
    assert imu.lost_reason == "fifo_overflow"


def test_a_stream_that_nobody_read_before_the_start_is_no_loss(desk):
    chip = put(desk, ICM)
    imu = driver(desk, ICM)
    desk.sleep_ms(5000)
    imu.start()
    assert drained(imu) == []
    desk.sleep_ms(20)
    assert numbers(drained(imu)) == list(range(chip.produced - 1))
    imu.stop()
    desk.sleep_ms(5000)
    imu.start()
    desk.sleep_ms(20)
    assert len(numbers(drained(imu))) == pytest.approx(9, abs=1)
    assert imu.lost_reason is None


# Its settings


def test_settings_written_while_a_sensor_is_on_would_not_take_so_the_sensors_come_last(desk):
    chip = put(desk, ICM)
    driver(desk, ICM)
    written = [register for register, _ in desk.writes if register != BANK]
    assert written[-1] == icm42688p.PWR_MGMT0
    assert chip.read(0x68, icm42688p.GYRO_CONFIG1, 3) == bytes((0x1A, 0x00, 0x15))


def test_set_for_impacts(desk):
    """+-16 g, 2000 deg/s, 500 Hz, third order at half the rate, packets of both sensors, low noise."""
    put(desk, ICM)
    driver(desk, ICM)
    written = dict(desk.writes)
    expected = {
        0x4F: 0x0F,
        0x50: 0x0F,
        0x51: 0x1A,
        0x52: 0x00,
        0x53: 0x15,
        0x5F: 0x47,
        0x16: 0x40,
        0x4E: 0x0F,
    }
    assert {register: written[register] for register in expected} == expected


def test_bank_0_is_selected_again_after_every_access_to_another(desk):
    put(desk, ICM)
    imu = driver(desk, ICM)
    imu.arm_motion(200)
    imu.configure()
    imu.check()
    banks = [value for register, value in desk.writes if register == BANK]
    assert set(banks) == {0, 1, 4}
    after = [then for bank, then in pairwise(banks) if bank]
    assert after == [0] * sum(bank > 0 for bank in banks)


@pytest.mark.parametrize("bank", [1, 4])
def test_one_left_in_another_bank_by_a_reset_of_the_processor_is_found_again(desk, bank):
    chip = put(desk, ICM)
    chip.write(0x68, BANK, bytes((bank,)))
    assert isinstance(find_imu(desk, desk.sleep_ms), Icm42688p)


def test_one_left_in_another_bank_by_a_fault_of_the_bus_is_configured_again(desk):
    chip = put(desk, ICM)
    imu = driver(desk, ICM)
    bank_selected = []

    def fails_from_then_on(_):
        bank_selected.append(chip._bank)
        return errno.ETIMEDOUT * (max(bank_selected) > 0)

    chip.faults.bus = fails_from_then_on
    with pytest.raises(ImuError, match="error 110"):
        imu.check()
    assert chip._bank == 1
    chip.faults.bus = lambda _: 0
    imu.configure()
    imu.start()
    desk.sleep_ms(20)
    assert numbers(drained(imu)) == list(range(chip.produced - 1))


def test_i3c_is_off_in_the_register_of_bank_1(desk):
    chip = put(desk, ICM)
    driver(desk, ICM)
    chip.write(0x68, BANK, b"\x01")
    assert chip.read(0x68, icm42688p.INTF_CONFIG6 & 0xFF, 1) == b"\x5c"


def test_a_setting_of_another_bank_is_checked_too_and_named(desk):
    put(desk, ICM, registers={icm42688p.INTF_CONFIG6: 0x5F})
    with pytest.raises(ImuError, match=r"ICM-42688-P register 0x17c is 0x5f, expected 0x5c") as caught:
        driver(desk, ICM)
    assert (caught.value.notice, caught.value.a, caught.value.b) == ("imu_settings", 0x17C, 0x5F)


@pytest.mark.parametrize(("code", "rate_hz"), [(0x06, 1000), (0x07, 200), (0x0F, 500)])
def test_the_rate_is_that_of_the_register(desk, code, rate_hz):
    chip = put(desk, ICM)
    imu = driver(desk, ICM)
    chip.write(0x68, icm42688p.ACCEL_CONFIG0, bytes((code,)))
    assert imu._rate_hz() == rate_hz


# Waiting for motion


@pytest.mark.parametrize(
    ("threshold_mg", "steps"), [(0, 1), (4, 1), (100, 25), (200, 51), (1000, 255), (5000, 255)]
)
def test_the_threshold_is_in_256ths_of_1_g_whatever_the_range(desk, threshold_mg, steps):
    put(desk, ICM)
    settings = dict(driver(desk, ICM)._motion_settings(threshold_mg))
    assert [settings[icm42688p.ACCEL_WOM_X_THR + axis] for axis in range(3)] == [steps] * 3


def test_it_waits_with_the_accelerometer_alone_in_low_power_and_the_stream_off(desk):
    chip = put(desk, ICM)
    imu = driver(desk, ICM)
    imu.start()
    assert imu.arm_motion(200)
    assert chip.read(0x68, icm42688p.PWR_MGMT0, 1) == b"\x02"
    assert chip.read(0x68, icm42688p.FIFO_CONFIG, 1) == b"\x00"
    assert chip.rate_hz == 50


def test_wake_on_motion_is_started_last_as_8_7_says(desk):
    put(desk, ICM)
    imu = driver(desk, ICM)
    desk.writes.clear()
    imu.arm_motion(200)
    order = [register for register, _ in desk.writes if register != BANK]
    sensor, threshold, source, start = (order.index(r) for r in (0x50, 0x4A, 0x66, 0x57))
    assert order[0] == icm42688p.PWR_MGMT0  # nothing else takes while a sensor is on
    assert sensor < threshold < source < start == len(order) - 1


def test_after_motion_it_runs_again_with_its_filters(desk):
    chip = put(desk, ICM)
    imu = driver(desk, ICM)
    imu.arm_motion(200)
    chip.knock()
    desk.sleep_ms(40)
    assert chip.interrupt
    imu.configure()
    assert chip.read(0x68, icm42688p.GYRO_ACCEL_CONFIG0, 1) == b"\x00"
    chip.wear(Counting())
    imu.start()
    desk.sleep_ms(20)
    assert numbers(drained(imu)) == list(range(chip.produced - 1))
