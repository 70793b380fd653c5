# SPDX-License-Identifier: MIT
"""The MPU-6050's FIFO through the driver: every sample once and in order, or one gap; never a shifted sample."""

import errno
import subprocess
from array import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import interpreters
from drivers import ImuError
from drivers.decode import big_endian
from fakes.i2c import Desk
from fakes.imu import Counting, chip, drained, driver, numbers
from kneesense.world.chips import mpu6050

FIFO_COUNT, FIFO_R_W = 0x72, 0x74


@pytest.fixture
def desk():
    return Desk()


def running(desk, feed=None, **faults):
    chip(desk, feed, **faults)
    imu = driver(desk)
    imu.start()
    return imu


def test_words_are_signed_and_high_byte_first():
    decoded = array("h", [7] * 7)
    big_endian(bytes.fromhex("ffff 0001 7fff 8000 ff00"), 5, decoded, 1)
    assert decoded.tolist() == [7, -1, 1, 32767, -32768, -256, 7]


def test_every_sample_comes_once_and_in_order(desk):
    imu = running(desk)
    seen = []
    for pause_ms in (20, 3, 0, 41, 1, 160, 20, 7):
        desk.sleep_ms(pause_ms)
        seen += numbers(drained(imu))
    assert seen == list(range(252 // 2 - 1))
    assert imu.lost_reason is None


def test_the_first_frame_is_dropped_for_it_was_caught_in_the_change_of_settings(desk):
    imu = running(desk)
    desk.sleep_ms(20)
    assert numbers(drained(imu)) == list(range(9))  # the part made ten, the first 0x7FFF all over


def test_a_small_batch_takes_the_rest_next_time(desk):
    imu = running(desk)
    desk.sleep_ms(42)
    batch = array("h", bytes(12 * 8))
    assert [imu.drain(batch) for _ in range(4)] == [8, 8, 4, 0]
    assert batch[:6].tolist() == [16, 17, 2048, 0, 0, 16]


def test_a_second_run_starts_with_an_empty_fifo(desk):
    imu = running(desk)
    desk.sleep_ms(100)
    imu.stop()
    desk.sleep_ms(100)
    imu.start()
    desk.sleep_ms(20)
    assert numbers(drained(imu)) == list(range(100, 109))


# Overflow and alignment


def test_after_an_overflow_no_sample_is_shifted_and_the_rest_is_exact(desk):
    """1024 bytes are 85 frames and 4 bytes: what is left of frames 0 to 119 begins in the middle of one."""
    imu = running(desk)
    desk.sleep_ms(2 * 121)  # the frame to drop, then 0 to 119
    assert drained(imu) == []
    assert imu.lost_reason == "fifo_overflow"
    imu.lost_reason = None
    seen = []
    for _ in range(10):
        desk.sleep_ms(20)
        seen += numbers(drained(imu))
    assert seen == list(range(120, 220))
    assert imu.lost_reason is None


@pytest.mark.parametrize("stall_ms", [172, 173, 250, 1000, 5000])
def test_a_stall_of_any_length_makes_one_gap_of_the_right_length(desk, stall_ms):
    imu = running(desk)
    seen, gaps = [], 0
    for pause_ms in (20, 20, stall_ms, 20, 20, 20):
        desk.sleep_ms(pause_ms)
        seen += numbers(drained(imu))
        gaps += imu.lost_reason is not None
        imu.lost_reason = None
    steps = np.diff(seen)
    assert gaps == 1
    assert sorted(steps)[-2:] == [1, stall_ms // 2 + 1]


@given(pauses_ms=st.lists(st.integers(0, 400), max_size=30))
def test_whatever_the_pauses_samples_are_missing_only_where_a_gap_is_noted(pauses_ms):
    desk = Desk()
    imu = running(desk)
    expected = 0
    for pause_ms in [20, *pauses_ms]:
        desk.sleep_ms(pause_ms)
        seen = numbers(drained(imu))
        if imu.lost_reason:
            assert (imu.lost_reason, pause_ms > 160) == ("fifo_overflow", True)
            imu.lost_reason = None
            expected = None
        elif seen:
            assert expected is None or seen[0] == expected
            assert seen == list(range(seen[0], seen[-1] + 1))
            expected = seen[-1] + 1


@pytest.mark.parametrize("stall_ms", [20, 100, 160, 170])
def test_a_stall_that_the_fifo_holds_loses_nothing(desk, stall_ms):
    imu = running(desk)
    desk.sleep_ms(stall_ms)
    assert numbers(drained(imu)) == list(range(stall_ms // 2 - 1))
    assert desk.chips[0].overflowed == 0


def test_an_overflow_between_count_and_data_is_seen_by_its_flag(desk):
    imu = running(desk)
    desk.sleep_ms(168)
    numbers(drained(imu))
    desk.sleep_ms(168)
    read = desk.readfrom_mem_into

    def interrupted(address, register, buffer):
        if register == FIFO_R_W and desk.readfrom_mem_into is interrupted:
            desk.readfrom_mem_into = read
            desk.sleep_ms(10)
        read(address, register, buffer)

    desk.readfrom_mem_into = interrupted
    assert drained(imu) == []
    assert imu.lost_reason == "fifo_overflow"


def test_bytes_out_of_step_are_thrown_away(desk):
    imu = running(desk)
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
    imu = driver(desk)
    imu.start()
    seen = []
    for _ in range(5):
        desk.sleep_ms(20)
        seen += numbers(drained(imu))
    assert seen == list(range(49))


# Bus errors


def test_a_failed_count_is_read_again_and_nothing_is_lost(desk):
    imu = running(desk)
    part = desk.chips[0]
    seen = []
    for _ in range(20):
        failing = part.transfers
        part.faults.bus = lambda n, failing=failing: errno.ETIMEDOUT * (n == failing)
        desk.sleep_ms(20)
        seen += numbers(drained(imu))
    assert seen == list(range(199))


def test_a_failed_transfer_of_data_is_one_gap_with_its_reason(desk):
    imu = running(desk)
    part = desk.chips[0]
    desk.sleep_ms(20)
    drained(imu)
    failing = part.transfers + 1
    part.faults.bus = lambda n: errno.ENODEV * (n == failing)
    desk.sleep_ms(20)
    assert drained(imu) == []
    assert imu.lost_reason == "bus_reset"
    desk.sleep_ms(20)
    assert numbers(drained(imu)) == list(range(19, 29))


def test_a_dead_bus_ends_in_an_error_and_a_revived_one_runs_again(desk):
    imu = running(desk)
    part = desk.chips[0]
    part.faults.bus = lambda n: errno.ETIMEDOUT
    desk.sleep_ms(20)
    with pytest.raises(ImuError) as caught:
        drained(imu)
    assert (caught.value.notice, caught.value.a) == ("bus_fault", errno.ETIMEDOUT)
    part.faults.bus = lambda n: 0
    imu.configure()
    imu.start()
    desk.sleep_ms(20)
    assert len(numbers(drained(imu))) == 9


# On the other interpreter

MICROPYTHON = """
import sys
sys.path.insert(0, "firmware")
import micropython
from array import array
from drivers import ImuError
from drivers.mpu6050 import Mpu6050

registers = bytearray(128)

class Bus:
    def readfrom_mem_into(self, address, register, buffer):
        if address != 0x68:
            raise OSError(19)
        if register == 0x75:
            buffer[0] = identity
        elif register == 0x72:
            buffer[0], buffer[1] = 0, 240
        elif register == 0x74:
            for i in range(len(buffer)):
                buffer[i] = 0x80 if i % 12 == 0 else i % 12
        else:
            buffer[0] = registers[register]

    def writeto_mem(self, address, register, data):
        registers[register] = 0x40 if data[0] == 0x80 else data[0]

identity = 0x71
try:
    Mpu6050(Bus(), lambda ms: None)
except ImuError as error:
    print(error.notice, error.a, error.b, error)
identity = 0x68
imu = Mpu6050(Bus(), lambda ms: None)
imu.start()
batch = array("h", bytes(12 * imu.FIFO_SAMPLES))
n = imu.drain(batch)
print(n, list(batch[:6]))
micropython.heap_lock()
for _ in range(5):
    n = imu.drain(batch)
micropython.heap_unlock()
print(n, imu.lost_reason)
"""


def test_on_micropython_it_decodes_alike_and_draining_allocates_nothing():
    reason = interpreters.missing(interpreters.DESKTOP)
    if reason:
        pytest.skip(reason)
    root = interpreters.KNEECORE.parents[1]
    done = subprocess.run(
        [interpreters.micropython(), "-c", MICROPYTHON], cwd=root, capture_output=True, text=True, timeout=60
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "imu_identity 104 113 no MPU-6050 at 0x68: WHO_AM_I is 0x71, expected 0x68",
        "19 [-32767, 515, 1029, 1543, 2057, 2571]",
        "20 None",
    ]
