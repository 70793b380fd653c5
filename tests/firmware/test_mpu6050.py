# SPDX-License-Identifier: MIT
"""What only an MPU-6050's driver has to cope with; what all of them keep to is in test_imu_contract*.py."""

from array import array

import numpy as np
import pytest

from drivers.decode import big_endian
from fakes.i2c import Desk
from fakes.imu import PARTS, Counting, drained, driver, numbers, put
from kneesense.world.chips import mpu6050
from kneesense.world.feed import RecordingFeed

MPU6050 = next(part for part in PARTS if part.name == "mpu6050")
FIFO_COUNT, FIFO_R_W = 0x72, 0x74


@pytest.fixture
def desk():
    return Desk()


def test_words_are_signed_and_high_byte_first():
    decoded = array("h", [7] * 7)
    big_endian(bytes.fromhex("ffff 0001 7fff 8000 ff00"), 5, decoded, 1)
    assert decoded.tolist() == [7, -1, 1, 32767, -32768, -256, 7]


def test_configured_for_running(desk):
    put(desk, MPU6050)
    driver(desk, MPU6050)
    written = dict(desk.writes)
    assert (written[0x1C], written[0x1B], written[0x1A], written[0x19]) == (0x18, 0x18, 1, 1)


@pytest.mark.parametrize(
    ("divider", "low_pass", "rate_hz"), [(9, 0, 800), (9, 1, 100), (9, 7, 800), (1, 1, 500)]
)
def test_the_rate_is_that_of_the_settings_read_back_with_the_base_clock_they_choose(
    desk, divider, low_pass, rate_hz
):
    chip = put(desk, MPU6050)
    imu = driver(desk, MPU6050)
    chip.faults.registers = {0x19: divider, 0x1A: low_pass}
    assert imu._rate_hz() == chip.rate_hz == rate_hz


def test_1024_bytes_end_in_the_middle_of_a_frame_and_no_sample_is_shifted(desk):
    """What is left of frames 0 to 119 are 4 loose bytes and 85 frames."""
    put(desk, MPU6050)
    imu = driver(desk, MPU6050)
    imu.start()
    desk.sleep_ms(2 * 121)  # the frame to drop, then 0 to 119
    assert drained(imu) == []
    assert imu.lost_reason == "fifo_overflow"
    seen = []
    for _ in range(10):
        desk.sleep_ms(20)
        seen += numbers(drained(imu))
    assert seen == list(range(120, 220))


def test_bytes_out_of_step_are_thrown_away(desk):
    put(desk, MPU6050)
    imu = driver(desk, MPU6050)
    imu.start()
    desk.sleep_ms(20)
    drained(imu)
    desk.sleep_ms(20)
    desk.readfrom_mem(0x68, FIFO_R_W, 5)  # as a transfer cut by a glitch would
    assert drained(imu) == []
    assert imu.lost_reason == "realign"
    desk.sleep_ms(20)
    assert numbers(drained(imu)) == list(range(19, 29))


def test_a_frame_being_written_is_waited_for(desk):
    class Writing(mpu6050.Mpu6050):
        """Asked for the count, it is five bytes short of a frame; asked again, it is done."""

        asked = 0

        def read(self, address, register, n):
            data = super().read(address, register, n)
            self.asked = self.asked + 1 if register == FIFO_COUNT else 0
            return (int.from_bytes(data) - 5).to_bytes(2) if self.asked == 1 else data

    desk.chips.append(Writing(desk.clock, Counting()))
    imu = driver(desk, MPU6050)
    imu.start()
    seen = []
    for _ in range(5):
        desk.sleep_ms(20)
        seen += numbers(drained(imu))
    assert seen == list(range(49))


def test_a_part_that_never_shows_its_overflow_is_seen_through_by_its_count(desk):
    """Reading INT_STATUS is said to be broken in some parts (Linux, inv_mpu_trigger.c)."""
    put(desk, MPU6050, registers={0x3A: 0})
    imu = driver(desk, MPU6050)
    imu.start()
    desk.sleep_ms(400)
    assert drained(imu) == []
    assert imu.lost_reason == "fifo_overflow"


@pytest.mark.parametrize(("asked_mg", "step"), [(0, 1), (31, 1), (200, 6), (100_000, 255)])
def test_the_threshold_for_motion_in_steps_of_32_mg(desk, asked_mg, step):
    put(desk, MPU6050)
    driver(desk, MPU6050).arm_motion(asked_mg)
    assert dict(desk.writes)[0x1F] == step


def test_turned_slowly_it_wakes_for_it_compares_with_how_it_lay(desk):
    class Turning:
        def block(self, index, t_s):
            x = np.clip(t_s * 20, 0, 1000)  # 10 mg a second
            return np.stack((x, 0 * x, 0 * x + 2048, 0 * x, 0 * x, 0 * x), axis=1).astype(np.int16)

    chip = put(desk, MPU6050, RecordingFeed([0, 0, 2048, 0, 0, 0], MPU6050.figures))
    imu = driver(desk, MPU6050)
    chip.wear(Turning())
    imu.start()
    assert imu.arm_motion(200)
    desk.sleep_ms(15_000)
    assert not chip.interrupt
    desk.sleep_ms(15_000)
    assert chip.interrupt
