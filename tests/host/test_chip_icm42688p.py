# SPDX-License-Identifier: MIT
"""The simulated ICM-42688-P behaves as its register map says; every test names the register."""

import numpy as np
import pytest

from fakes.i2c import Desk
from fakes.imu import Counting
from kneecore import chips
from kneesense.world.chips.icm42688p import (
    ACCEL_CONFIG0,
    ACCEL_CONFIG1,
    ACCEL_DATA_X1,
    ACCEL_WOM_X_THR,
    DEVICE_CONFIG,
    FIFO_CONFIG,
    FIFO_CONFIG1,
    FIFO_COUNTH,
    FIFO_COUNTL,
    FIFO_DATA,
    GYRO_CONFIG0,
    INT_CONFIG,
    INT_CONFIG1,
    INT_SOURCE1,
    INT_STATUS,
    INT_STATUS2,
    INTF_CONFIG0,
    INTF_CONFIG6,
    INVALID,
    PWR_MGMT0,
    REG_BANK_SEL,
    SIGNAL_PATH_RESET,
    SMD_CONFIG,
    TEMP_DATA1,
    WHO_AM_I,
    Icm42688p,
)
from kneesense.world.chips.inertial import RUBBISH, Faults
from kneesense.world.feed import RecordingFeed

AT = 0x68
FLUSH, BOTH_ON = 0x02, 0x0F
SETTINGS = {
    FIFO_CONFIG: 0x40,
    FIFO_CONFIG1: 0x47,
    GYRO_CONFIG0: 0x0F,
    ACCEL_CONFIG0: 0x0F,
    PWR_MGMT0: BOTH_ON,
}


@pytest.fixture
def desk():
    return Desk()


def get(chip, register):
    return chip.read(AT, register, 1)[0]


def put(chip, register, value):
    chip.write(AT, register, bytes([value]))


def on(desk, feed=None, settings=(), rate_error=0.0, **faults):
    """A part whose sensors run, its FIFO just flushed."""
    chip = Icm42688p(desk.clock, feed or Counting(), rate_error=rate_error, faults=Faults(**faults))
    for register, value in {INTF_CONFIG0: 0x30, **SETTINGS, **dict(settings)}.items():
        put(chip, register, value)
    desk.sleep_ms(100)
    put(chip, SIGNAL_PATH_RESET, FLUSH)
    get(chip, INT_STATUS)
    return chip


def count(chip):
    return int.from_bytes(chip.read(AT, FIFO_COUNTH, 2))


def packets(chip, n):
    """Headers and samples."""
    raw = np.frombuffer(chip.read(AT, FIFO_DATA, 16 * n), np.uint8).reshape(-1, 16)
    return raw[:, 0].tolist(), np.frombuffer(raw[:, 1:13].tobytes(), ">i2").reshape(-1, 6).tolist()


def test_it_wakes_up_with_its_identity_and_its_sensors_off(desk):
    chip = Icm42688p(desk.clock, Counting())
    put(chip, FIFO_CONFIG, 0x40)
    put(chip, FIFO_CONFIG1, 0x47)
    desk.sleep_ms(100)
    assert (get(chip, WHO_AM_I), get(chip, PWR_MGMT0), count(chip)) == (0x47, 0, 0)


def test_identity_counts_and_data_cannot_be_written(desk):
    chip = on(desk)
    for register in (WHO_AM_I, FIFO_COUNTH, TEMP_DATA1):
        put(chip, register, 0x55)
    assert (get(chip, WHO_AM_I), count(chip), get(chip, TEMP_DATA1)) == (0x47, 0, 0)


def test_after_a_soft_reset_it_is_busy_for_a_millisecond_then_as_after_power_on(desk):
    chip = on(desk)
    put(chip, DEVICE_CONFIG, 0x01)
    assert get(chip, WHO_AM_I) == 0
    put(chip, ACCEL_CONFIG1, 0x15)
    desk.sleep_ms(1)
    assert [get(chip, register) for register in (WHO_AM_I, PWR_MGMT0, ACCEL_CONFIG1)] == [0x47, 0, 0x0D]
    assert get(chip, INT_STATUS) == 0x10  # RESET_DONE_INT


def test_the_bank_decides_which_register_an_address_means(desk):
    chip = Icm42688p(desk.clock, Counting())
    put(chip, REG_BANK_SEL, 1)
    assert (get(chip, REG_BANK_SEL), get(chip, INTF_CONFIG6 & 0xFF)) == (1, 0x5F)
    assert get(chip, WHO_AM_I) == 0
    put(chip, PWR_MGMT0, BOTH_ON)
    put(chip, REG_BANK_SEL, 0)
    assert (get(chip, WHO_AM_I), get(chip, PWR_MGMT0)) == (0x47, 0)


def test_filters_and_the_fifo_cannot_be_set_while_a_sensor_is_on_but_ranges_can(desk):
    chip = on(desk)
    for register in (ACCEL_CONFIG1, FIFO_CONFIG, INTF_CONFIG0):
        before = get(chip, register)
        put(chip, register, before ^ 0x40)
        assert get(chip, register) == before
    put(chip, ACCEL_CONFIG0, 0x2F)
    assert get(chip, ACCEL_CONFIG0) == 0x2F


@pytest.mark.parametrize(("code", "hz"), [(0x06, 1000), (0x0F, 500), (0x07, 200), (0x08, 100), (0x0B, 12.5)])
def test_the_code_of_the_rate_is_that_of_the_table(desk, code, hz):
    chip = on(desk, settings={ACCEL_CONFIG0: code, GYRO_CONFIG0: code})
    assert chip.rate_hz == hz
    before = chip.produced
    desk.sleep_ms(1000)
    assert chip.produced - before == pytest.approx(hz, abs=1)


def test_a_fast_part_makes_more_samples(desk):
    chip = on(desk, rate_error=0.05)
    before = chip.produced
    desk.sleep_ms(2000)
    assert chip.produced - before == 1050


def test_a_packet_is_header_acceleration_rate_temperature_and_time(desk):
    chip = on(desk)
    chip.temperature_c = 35
    desk.sleep_ms(6)
    assert count(chip) == 48
    chip.read(AT, FIFO_DATA, 32)
    assert chip.read(AT, FIFO_DATA, 16) == bytes.fromhex("68 0001 0002 0800 0000 0000 0001 15 0000")


def test_the_header_says_that_the_rates_are_new_once_only(desk):
    chip = on(desk)
    desk.sleep_ms(100)
    put(chip, ACCEL_CONFIG0, 0x2F)
    put(chip, SIGNAL_PATH_RESET, FLUSH)
    desk.sleep_ms(8)
    headers, samples = packets(chip, 3)
    assert headers == [0x6B, 0x68, 0x68]
    assert samples[0] == [RUBBISH] * 6


def test_the_bytes_of_samples_and_of_the_count_turn_round_by_intf_config0(desk):
    chip = on(desk, settings={INTF_CONFIG0: 0x00})
    desk.sleep_ms(40)
    assert chip.read(AT, FIFO_COUNTH, 2) == (320).to_bytes(2, "little")
    assert chip.read(AT, FIFO_DATA, 16)[5:7] == (2048).to_bytes(2, "little")


def test_the_count_may_be_of_packets(desk):
    chip = on(desk, settings={INTF_CONFIG0: 0x70})
    desk.sleep_ms(20)
    assert count(chip) == 10


def test_the_low_byte_of_the_count_is_fixed_when_the_high_one_is_read(desk):
    chip = on(desk)
    desk.sleep_ms(20)
    assert count(chip) == 160
    desk.sleep_ms(20)
    assert get(chip, FIFO_COUNTL) == 160
    assert count(chip) == 320


def test_an_empty_fifo_gives_a_header_that_says_so(desk):
    chip = on(desk)
    desk.sleep_ms(2)
    chip.read(AT, FIFO_DATA, 16)
    assert chip.read(AT, FIFO_DATA, 4) == b"\xff" * 4  # bit 7: the FIFO is empty


def test_reading_the_fifo_in_parts_needs_the_bit_for_it(desk):
    chip = on(desk, settings={FIFO_CONFIG1: 0x07})
    desk.sleep_ms(20)
    with pytest.raises(AssertionError, match="FIFO_RESUME_PARTIAL_RD"):
        chip.read(AT, FIFO_DATA, 16)


def test_a_flush_empties_it_and_goes_on(desk):
    chip = on(desk)
    desk.sleep_ms(20)
    put(chip, SIGNAL_PATH_RESET, FLUSH)
    assert count(chip) == 0
    desk.sleep_ms(2)
    assert packets(chip, 1)[1][0][0] == chip.produced - 2 == 9


def test_a_full_stream_sets_a_flag_that_reading_clears_and_drops_the_oldest_packets(desk):
    chip = on(desk)
    desk.sleep_ms(126 * 2)
    assert (count(chip), get(chip, INT_STATUS) & 2) == (126 * 16, 0)
    desk.sleep_ms(2)
    assert (count(chip), get(chip, INT_STATUS) & 2, get(chip, INT_STATUS) & 2) == (127 * 16, 2, 0)
    assert chip.overflowed == 0
    desk.sleep_ms(2)
    assert (count(chip), get(chip, INT_STATUS) & 2, chip.overflowed) == (127 * 16, 2, 1)
    assert packets(chip, 127)[1][-1][0] == chip.produced - 2


def test_a_long_stall_keeps_the_newest_packets_and_counts_the_rest(desk):
    chip = on(desk)
    desk.sleep_ms(60_000)
    assert (chip.produced, count(chip), chip.overflowed) == (30_000, 127 * 16, 30_000 - 127)
    assert packets(chip, 127)[1][-1][0] == 29_998


def test_the_gyroscope_gives_the_code_of_no_sample_until_it_is_ready(desk):
    chip = Icm42688p(desk.clock, Counting())
    for register, value in SETTINGS.items():
        put(chip, register, value)
    desk.sleep_ms(60)
    rates = [sample[3:] for sample in packets(chip, 30)[1][1:]]
    assert rates[:13] == [[INVALID] * 3] * 13
    assert INVALID not in np.array(rates[14:])


def test_an_accelerometer_alone_leaves_the_rate_without_samples(desk):
    chip = on(desk, settings={PWR_MGMT0: 0x03})
    desk.sleep_ms(4)
    assert packets(chip, 2)[1][1] == [0, 1, 2048] + [INVALID] * 3


def test_values_stop_short_of_the_code_of_no_sample(desk):
    """14.34."""
    chip = on(desk, RecordingFeed([-32768, -32767, -32766, 32767, -32765, 0] * 100, chips.find("icm42688p")))
    desk.sleep_ms(4)
    assert packets(chip, 2)[1][1] == [-32766, -32766, -32766, 32767, -32765, 0]


@pytest.mark.parametrize(
    ("acc", "gyro", "seen"),
    [(0x0F, 0x0F, (2048, 164)), (0x2F, 0x4F, (4096, 656)), (0x6F, 0x6F, (16384, 1312))],
)
def test_the_ranges_scale_what_is_felt(desk, acc, gyro, seen):
    feed = RecordingFeed([0, 0, 2048, 0, 0, 164] * 100, chips.find("icm42688p"))
    chip = on(desk, feed, settings={ACCEL_CONFIG0: acc, GYRO_CONFIG0: gyro})
    desk.sleep_ms(4)
    sample = packets(chip, 2)[1][1]
    assert (sample[2], sample[5]) == seen


def test_data_registers_show_the_temperature_and_the_latest_sample(desk):
    chip = on(desk)
    chip.temperature_c = 30
    desk.sleep_ms(20)
    assert np.frombuffer(chip.read(AT, TEMP_DATA1, 14), ">i2").tolist() == [662, 8, 9, 2048, 0, 0, 8]
    desk.sleep_ms(2)
    assert np.frombuffer(chip.read(AT, ACCEL_DATA_X1, 2), ">i2").tolist() == [9]


def waiting_for_motion(desk, threshold=51):
    chip = Icm42688p(desk.clock, Counting())
    for register, value in ((INT_CONFIG, 7), (INT_CONFIG1, 0), (ACCEL_CONFIG0, 9), (PWR_MGMT0, 2)):
        put(chip, register, value)
    put(chip, REG_BANK_SEL, 4)
    put(chip, ACCEL_WOM_X_THR & 0xFF, threshold)
    put(chip, REG_BANK_SEL, 0)
    put(chip, INT_SOURCE1, 7)
    put(chip, SMD_CONFIG, 0x05)
    desk.sleep_ms(100)
    return chip


@pytest.mark.parametrize(("g", "woken"), [(0.19, False), (0.21, True)])
def test_motion_above_the_threshold_takes_int1_high_until_int_status2_is_read(desk, g, woken):
    chip = waiting_for_motion(desk)
    assert not chip.interrupt
    chip.knock(g)
    desk.sleep_ms(40)
    assert chip.interrupt == woken
    desk.sleep_ms(1000)
    assert chip.interrupt == woken
    assert (get(chip, INT_STATUS2), get(chip, INT_STATUS2)) == (7 * woken, 0)
    assert not chip.interrupt


@pytest.mark.parametrize(("register", "value"), [(INT_CONFIG, 0x02), (INT_CONFIG1, 0x10)])
def test_a_pin_that_could_not_wake_anything_is_an_error(desk, register, value):
    chip = waiting_for_motion(desk)
    put(chip, register, value)
    with pytest.raises(AssertionError, match="nothing would wake"):
        assert not chip.interrupt


def test_faults_a_frozen_axis_a_stuck_register_and_a_failing_supply(desk):
    chip = on(desk)
    desk.sleep_ms(20)
    count(chip)
    chip.faults.frozen = (0, 5)
    desk.sleep_ms(4)
    assert packets(chip, 12)[1][-1] == [8, 11, 2048, 0, 0, 8]
    chip.faults.registers[PWR_MGMT0] = 0
    desk.sleep_ms(20)
    assert (get(chip, PWR_MGMT0), count(chip)) == (0, 0)
    chip.faults.registers.clear()
    chip.power_cycle()
    assert [get(chip, register) for register in (PWR_MGMT0, FIFO_CONFIG, ACCEL_CONFIG0)] == [0, 0, 0x06]
