# SPDX-License-Identifier: MIT
"""The MPU-6050 driver against the simulated chip: it refuses rather than guesses, and never gives a shifted sample."""

import errno
import subprocess
from array import array

import numpy as np
import pytest

import interpreters
from drivers import ImuError
from drivers.decode import big_endian
from drivers.mpu6050 import Mpu6050
from fakes.i2c import Desk
from kneecore import chips, wire
from kneesense.world.chips import mpu6050 as chip_module
from kneesense.world.chips.mpu6050 import Faults
from kneesense.world.feed import RecordingFeed

PWR_MGMT_1, WHO_AM_I, ACCEL_CONFIG, FIFO_COUNT, FIFO_R_W = 0x6B, 0x75, 0x1C, 0x72, 0x74


class Counting:
    """Sample i: acceleration (i, i + 1, 2048), rate (0, 0, i)."""

    def block(self, index, t_s):
        i = np.arange(index, index + len(t_s))
        return np.stack((i, i + 1, 0 * i + 2048, 0 * i, 0 * i, i), axis=1).astype(np.int16)


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


def chip(desk, feed=None, address=0x68, **faults):
    part = chip_module.Mpu6050(desk.clock, feed or Counting(), address, faults=Faults(**faults))
    desk.chips.append(part)
    return part


def still(counts):
    return RecordingFeed(np.tile(counts, (10_000, 1)), chips.find("mpu6050"))


def driver(desk):
    return Mpu6050(desk, desk.sleep_ms)


def refusal(desk):
    with pytest.raises(ImuError) as caught:
        driver(desk)
    assert caught.value.notice in wire.NOTICES
    return caught.value


def running(desk, feed=None, **faults):
    chip(desk, feed, **faults)
    imu = driver(desk)
    imu.start()
    return imu


def drained(imu):
    """Samples of one drain, a list of six counts each."""
    batch = array("h", bytes(12 * imu.FIFO_SAMPLES))
    n = imu.drain(batch)
    return np.array(batch).reshape(-1, 6)[:n].tolist()


def numbers(samples):
    """Their sample numbers; fails when one breaks the pattern of Counting."""
    for ax, ay, az, gx, gy, gz in samples:
        assert (ay, az, gx, gy, gz) == (ax + 1, 2048, 0, 0, ax)
    return [sample[0] for sample in samples]


# Start: identity, wake, settings, rest


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
    running(desk, deaf_us=60_000)


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


# Samples


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
    class Writing(chip_module.Mpu6050):
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
