# SPDX-License-Identifier: MIT
"""What every inertial chip's driver keeps to: each sample once and in order, or one gap; never a shifted sample.

Each runs on the chip's own simulated registers, for every row of fakes.imu.PARTS.
"""

import contextlib
import errno
import subprocess
from array import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import interpreters
from drivers import ImuError
from drivers.inertial import DRAIN_MS
from fakes.i2c import Desk
from fakes.imu import PARTS, drained, driver, numbers, put
from kneecore import wire

each = pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)


@pytest.fixture
def desk():
    return Desk()


def running(desk, part, rate_error=0.0, **faults):
    chip = put(desk, part, rate_error=rate_error, **faults)
    imu = driver(desk, part)
    imu.start()
    return chip, imu


def capacity_us(part, rate_error=0.0):
    return int(part.fifo_samples * 1e6 / (part.figures.rate_hz * (1 + rate_error)))


# Every sample once


@each
def test_every_sample_comes_once_and_in_order(desk, part):
    chip, imu = running(desk, part)
    seen = []
    for pause_ms in (20, 3, 0, 41, 1, part.stall_ms, 20, 7):
        desk.sleep_ms(pause_ms)
        seen += numbers(drained(imu))
    assert seen == list(range(chip.produced - 1))
    assert imu.lost_reason is None


@each
def test_the_first_frame_is_dropped_for_it_was_caught_in_the_change_of_settings(desk, part):
    chip, imu = running(desk, part)
    desk.sleep_ms(20)
    assert numbers(drained(imu)) == list(range(chip.produced - 1))  # the part's first is 0x7FFF all over


@each
def test_a_small_batch_takes_the_rest_next_time(desk, part):
    chip, imu = running(desk, part)
    desk.sleep_ms(DRAIN_MS + part.stall_ms)
    batch = array("h", bytes(12 * 8))
    counts, seen = [], []
    while not counts or counts[-1]:
        counts.append(imu.drain(batch))
        seen += numbers(np.array(batch).reshape(-1, 6)[: counts[-1]].tolist())
    assert seen == list(range(chip.produced - 1))
    assert max(counts) == 8


@each
def test_a_second_run_starts_with_an_empty_fifo(desk, part):
    chip, imu = running(desk, part)
    desk.sleep_ms(100)
    imu.stop()
    desk.sleep_ms(100)
    before = chip.produced
    imu.start()
    desk.sleep_ms(20)
    seen = numbers(drained(imu))
    assert seen == list(range(seen[0], seen[0] + chip.produced - before - 1))


# Overflow


@each
@pytest.mark.parametrize("phase", [0, 0.01, 0.3, 0.7, 0.99])
def test_a_stall_that_is_promised_to_be_survived_loses_nothing_of_a_part_5_percent_fast(desk, part, phase):
    """The loop stands still just before a drain is due."""
    chip, imu = running(desk, part, rate_error=0.05)
    desk.now_us += 100_000 + round(phase * 1e6 / chip.rate_hz)
    seen = numbers(drained(imu))
    desk.sleep_ms(DRAIN_MS + part.stall_ms)
    seen += numbers(drained(imu))
    assert (imu.lost_reason, chip.overflowed) == (None, 0)
    assert seen == list(range(chip.produced - 1))


@each
@pytest.mark.parametrize("rate_error", [-0.05, 0, 0.05])
def test_a_longer_one_is_told_and_what_comes_after_it_is_exact(desk, part, rate_error):
    chip, imu = running(desk, part, rate_error)
    desk.sleep_ms(20)
    drained(imu)
    desk.now_us += capacity_us(part, rate_error) + 3_000_000 // part.figures.rate_hz
    assert drained(imu) == []
    assert imu.lost_reason == "fifo_overflow"
    imu.lost_reason = None
    lost = chip.produced - 1
    seen = []
    for _ in range(10):
        desk.sleep_ms(20)
        seen += numbers(drained(imu))
    assert seen == list(range(lost, chip.produced - 1))
    assert imu.lost_reason is None


@each
@pytest.mark.parametrize("times", [1.01, 1.5, 3, 30])
def test_a_stall_of_any_length_makes_one_gap_of_the_right_length(desk, part, times):
    chip, imu = running(desk, part)
    seen, gaps = [], 0
    for pause_us in (20_000, 20_000, int(times * capacity_us(part)) + 20_000, 20_000, 20_000, 20_000):
        desk.now_us += pause_us
        seen += numbers(drained(imu))
        gaps += imu.lost_reason is not None
        imu.lost_reason = None
    steps = np.diff(seen)
    assert gaps == 1
    assert sorted(steps)[-2] == 1
    assert len(seen) + max(steps) - 1 == chip.produced - 1


@each
def test_an_overflow_between_count_and_data_is_seen_by_its_flag(desk, part):
    chip, imu = running(desk, part)
    desk.sleep_ms(100)
    drained(imu)
    desk.now_us += capacity_us(part) - 1_000_000 // part.figures.rate_hz
    read = desk.readfrom_mem_into

    def interrupted(address, register, buffer):
        if register == part.driver.FIFO_DATA and desk.readfrom_mem_into is interrupted:
            desk.readfrom_mem_into = read
            desk.now_us += 3_000_000 // part.figures.rate_hz
        read(address, register, buffer)

    desk.readfrom_mem_into = interrupted
    assert drained(imu) == []
    assert imu.lost_reason == "fifo_overflow"
    imu.lost_reason = None
    lost = chip.produced - 1
    desk.sleep_ms(20)
    assert numbers(drained(imu)) == list(range(lost, chip.produced - 1))


# Bus errors


@each
def test_a_failed_count_is_read_again_and_nothing_is_lost(desk, part):
    chip, imu = running(desk, part)
    seen = []
    for _ in range(20):
        failing = chip.transfers
        chip.faults.bus = lambda n, failing=failing: errno.ETIMEDOUT * (n == failing)
        desk.sleep_ms(20)
        seen += numbers(drained(imu))
    assert seen == list(range(chip.produced - 1))


@each
@pytest.mark.parametrize("code", [errno.ENODEV, errno.ETIMEDOUT])
def test_a_failed_transfer_of_data_is_one_gap_with_its_reason(desk, part, code):
    chip, imu = running(desk, part)
    desk.sleep_ms(20)
    drained(imu)
    read = desk.readfrom_mem_into

    def failing(address, register, buffer):
        if register == part.driver.FIFO_DATA:
            desk.readfrom_mem_into = read
            raise OSError(code)
        read(address, register, buffer)

    desk.readfrom_mem_into = failing
    desk.sleep_ms(20)
    assert drained(imu) == []
    assert imu.lost_reason == "bus_reset"
    lost = chip.produced - 1
    desk.sleep_ms(20)
    assert numbers(drained(imu)) == list(range(lost, chip.produced - 1))


@each
def test_a_dead_bus_ends_in_an_error_and_a_revived_one_runs_again(desk, part):
    chip, imu = running(desk, part)
    chip.faults.bus = lambda n: errno.ETIMEDOUT
    desk.sleep_ms(20)
    with pytest.raises(ImuError) as caught:
        drained(imu)
    assert (caught.value.notice, caught.value.a) == ("bus_fault", errno.ETIMEDOUT)
    chip.faults.bus = lambda n: 0
    imu.configure()
    before = chip.produced
    imu.start()
    desk.sleep_ms(20)
    assert len(numbers(drained(imu))) == chip.produced - before - 1


@each
def test_whatever_the_registers_say_a_drain_comes_to_an_end(desk, part):
    """Garbage from the bus is an error, a gap or samples; never a loop, never more than the FIFO holds."""
    chip, imu = running(desk, part)
    random = np.random.default_rng(1)
    read = chip.read
    chip.read = lambda address, register, n: read(address, register, n) and random.bytes(n)
    for _ in range(200):
        desk.sleep_ms(20)
        before = chip.transfers
        with contextlib.suppress(ImuError):
            assert len(drained(imu)) <= part.fifo_samples
        assert chip.transfers - before < 40
        assert imu.lost_reason is None or imu.lost_reason in wire.GAP_REASONS


# Whatever happens

EVENTS = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 60_000), st.integers(0, 700_000)),  # pause, microseconds
        st.sampled_from((0, 0, 0, 0, errno.ETIMEDOUT, errno.ENODEV)),
        st.integers(0, 6),  # from which transfer of the drain on it fails so
        st.integers(1, 7),  # how many in a row
        st.sampled_from((0, 0, 3)),  # samples of the batch, 0: as many as the FIFO holds
    ),
    max_size=25,
)


@each
@given(events=EVENTS, rate_error=st.sampled_from((-0.05, 0.0, 0.05)))
def test_samples_are_a_part_of_the_truth_in_order_and_every_hole_is_told(part, events, rate_error):
    desk = Desk()
    chip, imu = running(desk, part, rate_error)
    faults = []
    expected = 0  # the sample that must come next; None: any, for a hole was told
    for pause_us, code, failing, burst, room in [(20_000, 0, 0, 0, 0), *events]:
        desk.now_us += pause_us
        failed = range(chip.transfers + failing, chip.transfers + failing + burst)
        chip.faults.bus = lambda n, code=code, failed=failed: code * (n in failed)
        batch = array("h", bytes(12 * (room or part.fifo_samples)))
        try:
            count = imu.drain(batch)
        except ImuError as error:
            faults.append((error.notice, error.a == code))
            chip.faults.bus = lambda n: 0
            imu.configure()
            imu.start()
            expected = None
            continue
        seen = numbers(np.array(batch).reshape(-1, 6)[:count].tolist())
        if imu.lost_reason:
            assert seen == []
            assert imu.lost_reason in ("fifo_overflow", "bus_reset")
            assert imu.lost_reason == "fifo_overflow" or code
            imu.lost_reason = None
            expected = None
        elif seen:
            assert expected is None or seen[0] == expected
            assert seen == list(range(seen[0], seen[-1] + 1))
            assert seen[-1] <= (desk.now_us - chip.start_us) * chip.rate_hz / 1e6 + 1
            expected = seen[-1] + 1
    assert set(faults) <= {("bus_fault", True)}


# On the device's interpreter

MICROPYTHON = """
import sys
sys.path.insert(0, "firmware")
import micropython
from array import array
from drivers.{module} import {name}

answers = {answers}

class Bus:
    at = 0

    def readfrom_mem_into(self, address, register, buffer):
        expected, data = answers[self.at]
        self.at += 1
        if register != expected:
            raise OSError(5)
        for i in range(len(buffer)):
            buffer[i] = data[i]

    def writeto_mem(self, address, register, data):
        pass

imu = {name}(Bus(), lambda ms: None, {address})
imu.start()
batch = array("h", bytes(12 * imu.FIFO_SAMPLES))
n = m = 0
print(imu.drain(batch), imu.rate_hz)
micropython.heap_lock()
n = imu.drain(batch)
m = imu.drain(batch)
micropython.heap_unlock()
print(n, m, imu.lost_reason, list(batch[: 6 * m]))
"""


@each
def test_on_micropython_the_same_answers_give_the_same_samples_and_draining_allocates_nothing(desk, part):
    """What the chip answers here is played to the driver there, transfer by transfer."""
    reason = interpreters.missing(interpreters.DESKTOP)
    if reason:
        pytest.skip(reason)
    answers = []
    read = desk.readfrom_mem_into

    def recorded(address, register, buffer):
        read(address, register, buffer)
        answers.append((register, bytes(buffer)))

    desk.readfrom_mem_into = recorded
    _, imu = running(desk, part)
    runs = []
    for _ in range(3):
        desk.sleep_ms(100)
        runs.append(drained(imu))
    module, name = part.driver.__module__.split(".")[1], part.driver.__name__
    script = MICROPYTHON.format(module=module, name=name, answers=answers, address=part.address)
    done = subprocess.run(
        [interpreters.micropython(), "-c", script],
        cwd=interpreters.KNEECORE.parents[1],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    last = [count for sample in runs[2] for count in sample]
    assert done.stdout.splitlines() == [
        f"{len(runs[0])} {part.figures.rate_hz}",
        f"{len(runs[1])} {len(runs[2])} None {last}",
    ]
