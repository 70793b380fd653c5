# SPDX-License-Identifier: MIT
"""The simulated MPU-6050 behaves as its register map says; every test names the register."""

import errno

import numpy as np
import pytest

from fakes.i2c import Desk
from fakes.imu import Counting
from kneecore import chips
from kneesense.simulator import Phase, RunnerModel
from kneesense.world.chips.mpu6050 import (
    ACCEL_CONFIG,
    ACCEL_XOUT_H,
    CONFIG,
    FIFO_BYTES,
    FIFO_COUNT_H,
    FIFO_COUNT_L,
    FIFO_EN,
    FIFO_R_W,
    GYRO_CONFIG,
    INT_ENABLE,
    INT_STATUS,
    PWR_MGMT_1,
    SMPLRT_DIV,
    USER_CTRL,
    WHO_AM_I,
    Faults,
    Mpu6050,
)
from kneesense.world.feed import ModelFeed, RecordingFeed

AT = 0x68
MPU6050 = chips.find("mpu6050")
ON, RESET = 0x40, 0x04  # USER_CTRL: FIFO_EN, FIFO_RESET


@pytest.fixture
def desk():
    return Desk()


def awake(desk, feed=None, **faults):
    """A part at 500 Hz and the widest ranges, its FIFO off and empty."""
    chip = Mpu6050(desk.clock, feed or Counting(), faults=Faults(**faults))
    settings = {PWR_MGMT_1: 1, SMPLRT_DIV: 1, CONFIG: 1, GYRO_CONFIG: 0x18, ACCEL_CONFIG: 0x18, FIFO_EN: 0x78}
    for register, value in {**settings, INT_ENABLE: 0x10}.items():
        chip.write(AT, register, bytes([value]))
    return chip


def get(chip, register):
    return chip.read(AT, register, 1)[0]


def put(chip, register, value):
    chip.write(AT, register, bytes([value]))


def count(chip):
    return int.from_bytes(chip.read(AT, FIFO_COUNT_H, 2))


def frames(chip, n):
    return np.frombuffer(chip.read(AT, FIFO_R_W, 12 * n), ">i2").reshape(-1, 6)


def test_it_wakes_up_asleep_with_its_identity_and_makes_no_samples(desk):
    chip = Mpu6050(desk.clock, Counting())
    put(chip, FIFO_EN, 0x78)
    put(chip, USER_CTRL, ON)
    desk.sleep_ms(100)
    assert (get(chip, WHO_AM_I), get(chip, PWR_MGMT_1), count(chip)) == (0x68, 0x40, 0)


def test_another_address_gets_no_answer(desk):
    with pytest.raises(OSError, match="no answer") as caught:
        Mpu6050(desk.clock, Counting(), address=0x69).read(0x68, WHO_AM_I, 1)
    assert caught.value.errno == errno.ENODEV


@pytest.mark.parametrize(("low_pass", "divider", "hz"), [(0, 9, 800), (1, 9, 100), (7, 7, 1000), (1, 1, 500)])
def test_the_base_rate_is_8_khz_without_the_filter(desk, low_pass, divider, hz):
    chip = awake(desk)
    put(chip, CONFIG, low_pass)
    put(chip, SMPLRT_DIV, divider)
    put(chip, USER_CTRL, ON)
    desk.sleep_ms(50)
    assert (chip.rate_hz, count(chip) // 12) == (hz, hz // 20)


def test_a_fast_part_makes_more_samples(desk):
    chip = Mpu6050(desk.clock, Counting(), rate_error=0.05)
    for register, value in ((PWR_MGMT_1, 1), (CONFIG, 1), (SMPLRT_DIV, 9), (FIFO_EN, 0x78), (USER_CTRL, ON)):
        put(chip, register, value)
    desk.sleep_ms(800)
    assert count(chip) // 12 == 84


def test_frames_are_acceleration_then_rate_high_byte_first(desk):
    chip = awake(desk, rubbish=False)
    put(chip, USER_CTRL, ON)
    desk.sleep_ms(6)
    assert count(chip) == 36
    assert chip.read(AT, FIFO_R_W, 12) == bytes.fromhex("0000 0000 0800 0000 0000 0000")
    assert frames(chip, 2).tolist() == [[0, 1, 2048, 0, 0, 0], [1, 2, 2048, 0, 0, 1]]


def test_temperature_lies_between_them_if_asked_for(desk):
    chip = awake(desk)
    put(chip, FIFO_EN, 0x88)
    put(chip, USER_CTRL, ON)
    desk.sleep_ms(4)
    assert count(chip) == 2 * 8
    assert chip.read(AT, FIFO_R_W, 16)[8:] == bytes.fromhex("0000 0001 0800 f0b0")  # 25 C


def test_the_first_frame_after_a_change_of_settings_is_rubbish_and_the_feed_starts_after_it(desk):
    chip = awake(desk)
    desk.sleep_ms(500)
    put(chip, USER_CTRL, ON)
    desk.sleep_ms(4)
    assert frames(chip, 2).tolist() == [[0x7FFF] * 6, [0, 1, 2048, 0, 0, 0]]
    assert chip.start_us == desk.now_us


def test_fifo_count_low_is_a_copy_made_when_the_high_byte_is_read(desk):
    chip = awake(desk)
    put(chip, USER_CTRL, ON)
    desk.sleep_ms(20)
    assert count(chip) == 120
    desk.sleep_ms(20)
    assert get(chip, FIFO_COUNT_L) == 120
    assert count(chip) == 240


def test_an_empty_fifo_repeats_its_last_byte(desk):
    chip = awake(desk)
    put(chip, USER_CTRL, ON)
    desk.sleep_ms(4)
    chip.read(AT, FIFO_R_W, 23)
    assert chip.read(AT, FIFO_R_W, 3) == bytes(3)
    assert count(chip) == 0


def test_fifo_reset_is_ignored_while_the_fifo_is_on(desk):
    chip = awake(desk)
    put(chip, USER_CTRL, ON)
    desk.sleep_ms(20)
    put(chip, USER_CTRL, ON | RESET)
    assert count(chip) == 120
    put(chip, USER_CTRL, 0)
    assert count(chip) == 120
    put(chip, USER_CTRL, RESET)
    assert (count(chip), get(chip, USER_CTRL)) == (0, 0)


def test_overflow_drops_the_oldest_bytes_and_sets_a_flag_that_reading_clears(desk):
    chip = awake(desk)
    put(chip, USER_CTRL, ON)
    desk.sleep_ms(170)  # 85 frames fit
    assert (count(chip), get(chip, INT_STATUS)) == (1020, 0x01)
    desk.sleep_ms(2)
    assert (count(chip), get(chip, INT_STATUS), get(chip, INT_STATUS)) == (FIFO_BYTES, 0x11, 0)
    assert chip.read(AT, FIFO_R_W, 4) == bytes.fromhex("7fff 7fff")  # the end of frame 0
    assert frames(chip, 1)[0].tolist() == [0, 1, 2048, 0, 0, 0]
    assert (chip.produced, chip.overflowed) == (86, 1)


def test_a_long_stall_keeps_the_newest_bytes_and_counts_the_rest(desk):
    chip = awake(desk)
    put(chip, USER_CTRL, ON)
    desk.sleep_ms(60_000)
    assert (chip.produced, count(chip), chip.overflowed) == (30_000, FIFO_BYTES, 30_000 - 85)
    chip.read(AT, FIFO_R_W, 4)
    assert frames(chip, 85)[-1, 0] == 29_998
    put(chip, USER_CTRL, RESET)
    assert chip.overflowed == 30_000 - 85


def test_without_its_enable_bit_an_overflow_is_not_shown(desk):
    chip = awake(desk)
    put(chip, INT_ENABLE, 0)
    put(chip, USER_CTRL, ON)
    desk.sleep_ms(500)
    assert get(chip, INT_STATUS) == 0x01


@pytest.mark.parametrize(
    ("acc", "gyro", "seen"), [(0x18, 0x18, (2048, 164)), (0x10, 0x08, (4096, 656)), (0, 0, (16384, 1312))]
)
def test_the_ranges_scale_what_is_felt(desk, acc, gyro, seen):
    chip = awake(desk, RecordingFeed([0, 0, 2048, 0, 0, 164] * 100, MPU6050))
    put(chip, ACCEL_CONFIG, acc)
    put(chip, GYRO_CONFIG, gyro)
    put(chip, USER_CTRL, ON)
    desk.sleep_ms(4)
    assert frames(chip, 2)[1, [2, 5]].tolist() == list(seen)


def test_a_narrow_range_saturates_and_does_not_wrap(desk):
    chip = awake(desk, RecordingFeed([5000, -5000, 2048, 30000, -30000, 0] * 100, MPU6050))
    put(chip, ACCEL_CONFIG, 0)
    put(chip, GYRO_CONFIG, 0)
    put(chip, USER_CTRL, ON)
    desk.sleep_ms(4)
    assert frames(chip, 2)[1].tolist() == [32767, -32768, 16384, 32767, -32768, 0]


def test_data_registers_show_the_latest_sample(desk):
    chip = awake(desk)
    put(chip, USER_CTRL, ON)
    desk.sleep_ms(20)
    words = np.frombuffer(chip.read(AT, ACCEL_XOUT_H, 14), ">i2")
    assert words.tolist() == [8, 9, 2048, -3920, 0, 0, 8]


def test_faults_reset_deafness_and_errors_by_number(desk):
    chip = Mpu6050(
        desk.clock, Counting(), faults=Faults(deaf_us=60_000, bus=lambda n: errno.ETIMEDOUT * (n == 1))
    )
    put(chip, PWR_MGMT_1, 1)
    with pytest.raises(OSError, match="transfer failed"):
        get(chip, PWR_MGMT_1)
    assert get(chip, PWR_MGMT_1) == 0x40
    desk.sleep_ms(60)
    put(chip, PWR_MGMT_1, 1)
    assert get(chip, PWR_MGMT_1) == 1
    put(chip, PWR_MGMT_1, 0x80)
    assert get(chip, PWR_MGMT_1) == 0x40


def test_a_stuck_register_reads_and_acts_as_stuck(desk):
    chip = awake(desk, registers={PWR_MGMT_1: 0x40})
    put(chip, USER_CTRL, ON)
    desk.sleep_ms(100)
    assert (get(chip, PWR_MGMT_1), count(chip)) == (0x40, 0)


def test_a_frozen_axis_repeats_and_a_power_failure_forgets_everything(desk):
    chip = awake(desk)
    put(chip, USER_CTRL, ON)
    desk.sleep_ms(20)
    count(chip)
    chip.faults.frozen = (0, 5)
    desk.sleep_ms(4)
    assert frames(chip, 12)[-3:].tolist() == [
        [8, 9, 2048, 0, 0, 8],
        [8, 10, 2048, 0, 0, 8],
        [8, 11, 2048, 0, 0, 8],
    ]
    chip.power_cycle()
    assert (get(chip, PWR_MGMT_1), get(chip, ACCEL_CONFIG), get(chip, USER_CTRL), count(chip)) == (
        0x40,
        0,
        0,
        0,
    )


def test_the_feed_goes_on_in_time_while_nobody_reads(desk):
    chip = awake(desk)
    put(chip, USER_CTRL, ON)
    desk.sleep_ms(100)
    chip.power_cycle()
    desk.sleep_ms(1000)
    for register, value in (
        (CONFIG, 1),
        (SMPLRT_DIV, 1),
        (FIFO_EN, 0x78),
        (ACCEL_CONFIG, 0x18),
        (GYRO_CONFIG, 0x18),
    ):
        put(chip, register, value)
    put(chip, PWR_MGMT_1, 1)
    put(chip, USER_CTRL, ON)
    desk.sleep_ms(4)
    assert frames(chip, 2)[1, 0] == (desk.now_us - chip.start_us) / 2000


def test_a_recording_comes_bit_for_bit_then_rest(desk):
    recorded = np.random.default_rng(1).integers(-32768, 32768, (40, 6)).astype(np.int16)
    feed = RecordingFeed(recorded, MPU6050)
    chip = awake(desk, feed)
    resting = np.frombuffer(chip.read(AT, ACCEL_XOUT_H, 6), ">i2")
    assert resting.tolist() == [0, 0, 0]  # no sample yet
    desk.sleep_ms(2)
    resting = np.frombuffer(chip.read(AT, ACCEL_XOUT_H, 6), ">i2")
    assert np.linalg.norm(resting) == pytest.approx(2048, abs=20)
    put(chip, USER_CTRL, ON)
    desk.sleep_ms(82)
    assert np.array_equal(frames(chip, 41)[1:], recorded)
    assert not feed.ended
    desk.sleep_ms(20)
    after = frames(chip, 10)
    assert feed.ended
    assert np.abs(np.linalg.norm(after[:, :3].astype(float), axis=1) - 2048).max() < 20
    assert len(np.unique(after, axis=0)) == 10  # a resting sensor, not a frozen one


def test_a_recording_without_samples_is_refused():
    with pytest.raises(ValueError, match="no samples"):
        RecordingFeed([], MPU6050)


def test_the_model_is_felt_through_mounting_bias_and_scale():
    turned = np.array(((0, 1, 0), (-1, 0, 0), (0, 0, 1)))
    feed = ModelFeed(RunnerModel([Phase("still", 10)]), MPU6050, turned, bias_dps=(1, -2, 3), acc_scale=1.01)
    mean = feed.block(0, np.arange(5000) / 500).mean(axis=0)
    assert mean == pytest.approx([2048 * 1.01, 0, 0, 16.4, -32.8, 49.2], abs=0.5)


def test_the_model_feed_repeats_itself_however_it_is_asked():
    def feed():
        return ModelFeed(RunnerModel([Phase("run", 5, 170)]), MPU6050)

    t_s = np.arange(1000) / 500
    whole = feed().block(0, t_s)
    parts = feed()
    assert np.array_equal(np.vstack([parts.block(i, t_s[i : i + 7]) for i in range(0, 1000, 7)]), whole)
