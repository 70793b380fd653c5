# SPDX-License-Identifier: MIT
"""What every inertial chip's driver keeps to: starting it, its figures, rest, temperature, waiting for motion.

Each runs on the chip's own simulated registers, for every row of fakes.imu.PARTS.  The FIFO has a file of its own.
"""

import errno

import numpy as np
import pytest

from drivers import ImuError
from fakes.i2c import Desk
from fakes.imu import PARTS, drained, driver, numbers, put
from kneecore import wire
from kneesense.world.feed import RecordingFeed

each = pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)


@pytest.fixture
def desk():
    return Desk()


def still(part, gravity, rate=(0, 0, 0)):
    return RecordingFeed(np.tile((*gravity, *rate), (10_000, 1)), part.figures)


def one_g(part):
    return part.figures.acc_lsb_per_g


def refusal(desk, part):
    with pytest.raises(ImuError) as caught:
        driver(desk, part)
    assert caught.value.notice in wire.NOTICES
    return caught.value


# Which part it is


@each
def test_its_figures_are_those_of_the_table_of_chips(desk, part):
    put(desk, part)
    imu = driver(desk, part)
    seen = (imu.chip, imu.rate_hz, imu.acc_lsb_per_g, imu.gyro_lsb_per_10dps)
    assert seen == (
        part.code,
        part.figures.rate_hz,
        part.figures.acc_lsb_per_g,
        part.figures.gyro_lsb_per_10dps,
    )
    assert (imu.FIFO_SAMPLES, imu.stall_ms, imu.lost_reason) == (part.fifo_samples, part.stall_ms, None)


@each
def test_it_takes_its_identities_and_refuses_every_other_with_what_was_read(desk, part):
    chip = put(desk, part)
    kin = {identity for other in PARTS if other.driver is part.driver for identity in other.identities}
    for identity in range(1, 0xFF):
        chip.faults.registers = {part.driver.WHO_AM_I: identity}
        if identity in kin:
            imu = driver(desk, part)
            assert (imu.chip == part.code) == (identity in part.identities)
        else:
            error = refusal(desk, part)
            assert (error.notice, error.a, error.b) == ("imu_identity", part.address, identity)
            assert f"0x{identity:02x}" in str(error)


@each
@pytest.mark.parametrize("identity", [0x00, 0xFF])
def test_all_zeros_or_ones_are_a_bus_fault_and_no_chip(desk, part, identity):
    put(desk, part, registers={part.driver.WHO_AM_I: identity})
    error = refusal(desk, part)
    assert (error.notice, error.a, error.b) == ("bus_fault", part.address, identity)


@each
@pytest.mark.parametrize("code", [errno.ETIMEDOUT, errno.ENODEV])
def test_a_dead_bus_is_a_bus_fault(desk, part, code):
    put(desk, part, bus=lambda n: code)
    error = refusal(desk, part)
    assert (error.notice, error.a) == ("bus_fault", code)


# Waking it and setting it up


@each
def test_a_part_deaf_after_its_reset_is_woken_all_the_same(desk, part):
    put(desk, part, deaf_us=60_000)
    driver(desk, part).check()


@each
def test_a_part_that_does_not_wake_is_refused_in_good_time(desk, part):
    register, value = part.asleep
    put(desk, part, registers={register: value})
    error = refusal(desk, part)
    assert (error.notice, error.a, error.b) == ("imu_settings", register, value)
    assert desk.now_us < 1_000_000


@each
def test_a_range_that_does_not_take_is_refused(desk, part):
    register, value = part.range
    put(desk, part, registers={register: value})
    error = refusal(desk, part)
    assert (error.notice, error.a, error.b) == ("imu_settings", register, value)


@each
def test_no_setting_is_taken_on_trust(desk, part):
    """Whichever register keeps another bit than was written, the part is refused."""
    for register, value in part.driver.SETTINGS:
        desk.chips.clear()
        put(desk, part, registers={register: value ^ 0x80})
        assert refusal(desk, part).notice == "imu_settings"


@each
def test_a_part_that_lost_its_power_is_noticed_and_set_up_anew(desk, part):
    chip = put(desk, part)
    imu = driver(desk, part)
    imu.start()
    imu.check()
    chip.power_cycle()
    with pytest.raises(ImuError, match="expected") as caught:
        imu.check()
    assert caught.value.notice == "imu_settings"
    imu.configure()
    imu.check()


@each
def test_another_part_in_its_place_is_not_set_up(desk, part):
    chip = put(desk, part)
    imu = driver(desk, part)
    chip.faults.registers = {part.driver.WHO_AM_I: 0x55}
    with pytest.raises(ImuError, match="0x55"):
        imu.configure()


@each
def test_single_bus_errors_while_it_is_set_up_do_no_harm(desk, part):
    for failing in range(0, 60, 2):
        desk.chips.clear()
        put(desk, part, bus=lambda n, failing=failing: errno.ETIMEDOUT * (n in (failing, failing + 1)))
        driver(desk, part).check()


# What it measures


@each
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_1_g_and_100_degrees_a_second_come_out_in_the_counts_of_the_table(desk, part, axis):
    gravity, rate = np.zeros(3, int), np.zeros(3, int)
    gravity[axis], rate[axis - 1] = one_g(part), part.figures.gyro_lsb_per_10dps * 10
    put(desk, part, still(part, gravity, rate))
    imu = driver(desk, part)
    imu.start()
    desk.sleep_ms(40)
    samples = drained(imu)
    assert len(samples) > 5
    assert samples == [[*gravity, *rate]] * len(samples)


@each
def test_saturated_samples_pass_as_they_are(desk, part):
    put(
        desk,
        part,
        RecordingFeed([32767, -32768, 32767, -32768, 32767, -32768, -1, 1, -256] * 2000, part.figures),
    )
    imu = driver(desk, part)
    imu.start()
    desk.sleep_ms(20)
    assert drained(imu)[:2] == [
        [32767, -32768, 32767, -32768, 32767, -32768],
        [-1, 1, -256, 32767, -32768, 32767],
    ]
    assert imu.clip_counts == 32767


@each
def test_a_frozen_axis_passes_for_the_guard_of_the_pipeline_to_judge(desk, part):
    chip = put(desk, part)
    imu = driver(desk, part)
    imu.start()
    desk.sleep_ms(40)
    drained(imu)
    chip.faults.frozen = (0, 5)
    desk.sleep_ms(20)
    samples = np.array(drained(imu))
    assert np.ptp(samples[:, 0]) == np.ptp(samples[:, 5]) == 0
    assert np.ptp(samples[:, 1]) == len(samples) - 1
    assert imu.lost_reason is None


@each
@pytest.mark.parametrize(
    ("gravity", "gain", "error_pm"),
    [
        ((0, 0, 1), 1, 0),
        ((0, 0.6, 0.8), 1, 0),
        ((0, 0, 1), 8, 7000),
        ((0, 0, 1), 2, 1000),
        ((0, 0, 0), 1, -1000),
    ],
)
def test_at_rest_the_length_is_compared_with_1_g(desk, part, gravity, gain, error_pm):
    class Rest:
        def block(self, index, t_s):
            return np.tile(np.rint(np.append(gravity, (0, 0, 0)) * one_g(part)), (len(t_s), 1)).astype(
                np.int16
            )

    chip = put(desk, part, Rest())
    chip.faults.acc_gain = 1
    imu = driver(desk, part) if any(gravity) else told(desk, part)
    chip.faults.acc_gain = gain
    assert imu.one_g_error_pm(20) == pytest.approx(error_pm, abs=10)


def told(desk, part):
    """Of parts that answer alike, one whose acceleration cannot tell which it is."""
    return part.driver(desk, desk.sleep_ms, part.address, part.code)


@each
def test_a_moving_unit_cannot_be_compared_with_1_g(desk, part):
    class Swinging:
        def block(self, index, t_s):
            i = np.arange(index, index + len(t_s))
            x = np.rint(0.15 * one_g(part) * np.sin(i / 9))
            return np.stack((x, 0 * i, 0 * i + one_g(part), 0 * i, 0 * i, 0 * i), axis=1).astype(np.int16)

    put(desk, part, Swinging())
    assert told(desk, part).one_g_error_pm(50) is None


@each
def test_temperature_by_the_formula_of_this_chip(desk, part):
    chip = put(desk, part)
    imu = driver(desk, part)
    for registers, cdeg in part.temperatures:
        chip.faults.registers = registers
        assert imu.temperature_cdeg() == pytest.approx(cdeg, abs=1)
    chip.faults.registers = {}
    for celsius in (-10, 25, 61):
        chip.temperature_c = celsius
        assert imu.temperature_cdeg() == pytest.approx(100 * celsius, abs=40)


# Waiting for motion

THRESHOLD_MG = 200


def waiting(desk, part):
    """After a run."""
    chip = put(desk, part, still(part, (0, 0, one_g(part))))
    imu = driver(desk, part)
    imu.start()
    desk.sleep_ms(100)
    assert imu.arm_motion(THRESHOLD_MG)
    return chip, imu


@each
def test_motion_raises_the_pin_until_it_is_asked_for(desk, part):
    chip, imu = waiting(desk, part)
    before = chip.produced
    desk.sleep_ms(60_000)
    assert not chip.interrupt
    assert (chip.produced, chip.rate_hz < 60) == (before, True), "it is to save power"
    chip.knock(0.5)
    desk.sleep_ms(1000)
    assert chip.interrupt
    desk.sleep_ms(60_000)
    assert chip.interrupt
    assert imu.motion_seen()
    assert not chip.interrupt
    assert not imu.motion_seen()


@each
def test_motion_below_the_threshold_does_not(desk, part):
    chip, _ = waiting(desk, part)
    chip.knock(0.1)
    desk.sleep_ms(1000)
    assert not chip.interrupt


@each
def test_what_was_pending_before_is_cleared_first(desk, part):
    chip, imu = waiting(desk, part)
    chip.knock()
    desk.sleep_ms(1000)
    assert chip.interrupt
    assert imu.arm_motion(THRESHOLD_MG)
    assert not chip.interrupt


@each
def test_a_source_that_stays_pending_is_told_and_nobody_goes_to_sleep_on_it(desk, part):
    register, value = part.motion
    chip, imu = waiting(desk, part)
    chip.faults.registers = {register: value}
    assert not imu.arm_motion(THRESHOLD_MG)


@each
def test_a_part_that_does_not_take_the_settings_for_motion_is_refused(desk, part):
    chip = put(desk, part)
    imu = driver(desk, part)
    for register, value in dict(imu._motion_settings(THRESHOLD_MG)).items():  # the last of each counts
        chip.faults.registers = {register: value ^ 0x80}
        with pytest.raises(ImuError) as caught:
            imu.arm_motion(THRESHOLD_MG)
        assert caught.value.notice == "imu_settings"


@each
@pytest.mark.parametrize("deaf", [False, True])
def test_after_waiting_it_is_set_up_for_a_run_again_even_if_it_does_not_hear_the_reset(desk, part, deaf):
    chip = put(desk, part, deaf_to_reset=deaf)
    imu = driver(desk, part)
    assert imu.arm_motion(THRESHOLD_MG)
    with pytest.raises(ImuError):
        imu.check()
    imu.configure()
    imu.check()
    imu.start()
    desk.sleep_ms(40)
    assert numbers(drained(imu)) == list(range(chip.produced - 1))
