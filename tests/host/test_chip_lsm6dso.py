# SPDX-License-Identifier: MIT
"""The simulated LSM6DSO and LSM6DSO32 behave as their register map says; every test names the register."""

import numpy as np
import pytest

from fakes.i2c import Desk
from fakes.imu import Counting
from kneecore import chips
from kneesense.world.chips.inertial import RUBBISH, Faults
from kneesense.world.chips.lsm6dso import (
    ACCELEROMETER,
    CTRL1_XL,
    CTRL2_G,
    CTRL3_C,
    CTRL8_XL,
    CTRL9_XL,
    FIFO_CTRL1,
    FIFO_CTRL3,
    FIFO_CTRL4,
    FIFO_STATUS1,
    FIFO_TAG,
    GYRO,
    INTERNAL_FREQ_FINE,
    MD1_CFG,
    OUT_TEMP_L,
    STATUS_REG,
    TAP_CFG0,
    TAP_CFG2,
    WAKE_UP_DUR,
    WAKE_UP_SRC,
    WAKE_UP_THS,
    WHO_AM_I,
    Lsm6dso,
    Lsm6dso32,
    tag,
)
from kneesense.world.feed import RecordingFeed

AT = 0x6A
BYPASS, CONTINUOUS = 0, 6
BOTH, RATE = 0x66, 417
SETTINGS = {FIFO_CTRL3: BOTH, CTRL1_XL: 0x64, CTRL2_G: 0x6C}
both = pytest.mark.parametrize("model", [Lsm6dso, Lsm6dso32])


@pytest.fixture
def desk():
    return Desk()


def get(chip, register):
    return chip.read(AT, register, 1)[0]


def put(chip, register, value):
    chip.write(AT, register, bytes([value]))


def on(desk, feed=None, settings=(), model=Lsm6dso, rate_error=0.0, trim=0, **faults):
    """A part whose sensors run and have settled, its FIFO just switched on."""
    chip = model(desk.clock, feed or Counting(), rate_error=rate_error, trim=trim, faults=Faults(**faults))
    for register, value in {**SETTINGS, **dict(settings)}.items():
        put(chip, register, value)
    desk.sleep_ms(100)
    put(chip, FIFO_CTRL4, CONTINUOUS)
    return chip


def fill(desk, chip, n):
    """Wait for n samples."""
    until = chip.produced + n
    while chip.produced < until:
        desk.sleep_ms(1)


def count(chip):
    return count_and_flags(chip)[0]


def count_and_flags(chip):
    low, high = chip.read(AT, FIFO_STATUS1, 2)
    return low | (high & 3) << 8, high & 0xFC


def words(chip, n):
    """(tag, values) of each, in one burst."""
    raw = chip.read(AT, FIFO_TAG, 7 * n)
    return [(raw[i], np.frombuffer(raw[i + 1 : i + 7], "<i2").tolist()) for i in range(0, 7 * n, 7)]


def accelerations(chip, n):
    """Of n pairs."""
    return [values for _, values in words(chip, 2 * n)[1::2]]


# Identity, clock


@both
def test_it_wakes_up_with_the_identity_of_both_and_makes_no_samples(desk, model):
    chip = model(desk.clock, Counting())
    put(chip, FIFO_CTRL3, BOTH)
    put(chip, FIFO_CTRL4, CONTINUOUS)
    desk.sleep_ms(100)
    seen = [get(chip, register) for register in (WHO_AM_I, CTRL1_XL, CTRL2_G, CTRL3_C, CTRL9_XL)]
    assert (seen, count(chip)) == ([0x6C, 0, 0, 0x04, 0xE0], 0)


def test_identity_status_and_trim_cannot_be_written(desk):
    chip = on(desk, trim=-3)
    for register in (WHO_AM_I, FIFO_STATUS1, INTERNAL_FREQ_FINE, OUT_TEMP_L):
        put(chip, register, 0x55)
    assert (get(chip, WHO_AM_I), count(chip), get(chip, INTERNAL_FREQ_FINE)) == (0x6C, 0, 0xFD)


@pytest.mark.parametrize("bit", [0x01, 0x80])
def test_sw_reset_and_boot_give_the_registers_of_power_on_and_clear_themselves(desk, bit):
    chip = on(desk)
    desk.sleep_ms(50)
    put(chip, CTRL3_C, 0x44 | bit)
    seen = [get(chip, register) for register in (CTRL1_XL, CTRL2_G, CTRL3_C, FIFO_CTRL3, FIFO_CTRL4)]
    assert (seen, count(chip)) == ([0, 0, 0x04, 0, 0], 0)


@pytest.mark.parametrize(("code", "hz"), [(2, 26), (6, 417), (8, 1667)])
def test_the_code_of_the_rate_halves_6667_hz(desk, code, hz):
    chip = on(desk, settings={CTRL1_XL: code << 4, CTRL2_G: code << 4, FIFO_CTRL3: code << 4 | code})
    assert chip.rate_hz == pytest.approx(hz, abs=0.5)
    before = chip.produced
    desk.sleep_ms(1000)
    assert chip.produced - before == pytest.approx(hz, abs=1)


@pytest.mark.parametrize(("trim", "rate_error", "factor"), [(-38, 0, 0.943), (20, 0, 1.03), (0, 0.05, 1.05)])
def test_internal_freq_fine_says_how_fast_it_is_but_not_every_error(desk, trim, rate_error, factor):
    chip = on(desk, trim=trim, rate_error=rate_error)
    assert chip.rate_hz == pytest.approx(6667 / 16 * factor)
    assert get(chip, INTERNAL_FREQ_FINE) == trim & 0xFF


# The FIFO


def test_a_word_is_a_tag_and_three_axes_low_byte_first_gyroscope_and_accelerometer_in_turn(desk):
    chip = on(desk)
    fill(desk, chip, 4)
    assert count(chip) == 8
    chip.read(AT, FIFO_TAG, 7 * 6)
    assert chip.read(AT, FIFO_TAG, 14)[1:7] == bytes.fromhex("0000 0000 0200")


def test_a_burst_goes_round_to_the_tag_of_the_next_word(desk):
    chip = on(desk)
    fill(desk, chip, 3)
    parts = words(chip, 1) + words(chip, 2)
    fill(desk, chip, 3)
    assert [t >> 3 for t, _ in parts + words(chip, 3)] == [GYRO, ACCELEROMETER] * 3


def test_the_tag_is_sensor_number_of_the_slot_and_a_bit_for_an_even_number_of_bits(desk):
    chip = on(desk)
    fill(desk, chip, 9)
    tags = [t for t, _ in words(chip, 18)]
    assert all(t.bit_count() % 2 == 0 for t in tags)
    slots = np.array([t >> 1 & 3 for t in tags]).reshape(-1, 2)
    assert (slots[:, 0] == slots[:, 1]).all()
    assert set(np.diff(slots[:, 0]) % 4) == {1}
    assert (tag(GYRO, 0), tag(ACCELEROMETER, 0), tag(GYRO, 3)) == (0x09, 0x11, 0x0F)


@pytest.mark.parametrize(("batched", "sensors"), [(0x06, {ACCELEROMETER}), (0x60, {GYRO})])
def test_only_what_fifo_ctrl3_asks_for_goes_into_it(desk, batched, sensors):
    chip = on(desk, settings={FIFO_CTRL3: batched})
    fill(desk, chip, 5)
    assert count(chip) == 5
    assert {t >> 3 for t, _ in words(chip, 5)} == sensors


def test_without_if_inc_a_burst_stays_at_its_register(desk):
    chip = on(desk)
    put(chip, CTRL3_C, 0x40)
    assert chip.read(AT, WHO_AM_I, 3) == b"\x6c" * 3
    put(chip, CTRL3_C, 0x44)
    assert chip.read(AT, WHO_AM_I, 3) == bytes((0x6C, 0x64, 0x6C))


def test_an_empty_fifo_gives_zeros_whose_tag_is_no_sensors(desk):
    chip = on(desk)
    assert words(chip, 2) == [(0, [0, 0, 0])] * 2
    assert count(chip) == 0


def test_the_first_words_after_a_change_of_settings_are_rubbish_and_the_feed_starts_after_them(desk):
    chip = Lsm6dso(desk.clock, Counting())
    for register, value in {FIFO_CTRL4: CONTINUOUS, **SETTINGS}.items():
        put(chip, register, value)
    fill(desk, chip, 2)
    assert accelerations(chip, 2)[0] == [RUBBISH] * 3


def test_bypass_empties_it_and_keeps_it_empty(desk):
    chip = on(desk)
    desk.sleep_ms(50)
    assert count(chip)
    put(chip, FIFO_CTRL4, BYPASS)
    desk.sleep_ms(50)
    assert count(chip) == 0
    put(chip, FIFO_CTRL4, CONTINUOUS)
    desk.sleep_ms(50)
    assert count(chip) == pytest.approx(2 * 0.05 * RATE, abs=2)


def test_a_full_one_drops_its_oldest_words_and_says_so_before_and_after(desk):
    chip = on(desk)
    fill(desk, chip, 254)
    seen = [(count_and_flags(chip), chip.overflowed)]
    for _ in range(3):
        fill(desk, chip, 1)
        seen.append((count_and_flags(chip), chip.overflowed))
    assert seen == [((508, 0), 0), ((510, 0x20), 0), ((512, 0x68), 0), ((512, 0x68), 1)]


def test_a_long_stall_keeps_the_newest_words_and_counts_the_rest(desk):
    chip = on(desk)
    desk.sleep_ms(30_000)
    assert chip.produced == pytest.approx(30 * 6667 / 16, abs=1)
    assert (count(chip), chip.overflowed) == (512, chip.produced - 256)
    assert accelerations(chip, 256)[-1][0] == chip.produced - 2


def test_the_overrun_stays_told_until_fifo_status2_is_read(desk):
    chip = on(desk)
    desk.sleep_ms(1000)
    put(chip, FIFO_CTRL4, BYPASS)
    assert count_and_flags(chip) == (0, 0x08)
    assert count_and_flags(chip) == (0, 0)


def test_the_watermark_is_a_flag_while_as_many_words_wait(desk):
    chip = on(desk)
    put(chip, FIFO_CTRL1, 20)
    fill(desk, chip, 9)
    assert count_and_flags(chip) == (18, 0)
    fill(desk, chip, 1)
    assert count_and_flags(chip) == (20, 0x80)
    words(chip, 1)
    assert count_and_flags(chip) == (19, 0)
    put(chip, FIFO_CTRL1 + 1, 1)
    assert count_and_flags(chip) == (19, 0)


# What it measures


@pytest.mark.parametrize(
    ("acc", "gyro", "seen"),
    [
        (0x64, 0x6C, (2049, 143)),
        (0x6C, 0x68, (4098, 286)),
        (0x68, 0x64, (8196, 572)),
        (0x60, 0x60, (16392, 1144)),
    ],
)
@both
def test_the_ranges_scale_what_is_felt_from_16_or_32_g_down(desk, model, acc, gyro, seen):
    chip = on(
        desk, RecordingFeed([0, 0, 2049, 0, 0, 143] * 100, model.chip), {CTRL1_XL: acc, CTRL2_G: gyro}, model
    )
    fill(desk, chip, 3)
    (_, rate), (_, acceleration) = words(chip, 6)[4:]
    assert (acceleration[2], rate[2]) == seen


def test_with_xl_fs_mode_the_code_of_the_widest_range_means_the_smallest(desk):
    chip = on(desk, RecordingFeed([0, 0, 2049, 0, 0, 0] * 100, Lsm6dso.chip), {CTRL8_XL: 0x02})
    fill(desk, chip, 3)
    assert accelerations(chip, 3)[-1] == [0, 0, 16392]


def test_the_same_knock_has_half_the_counts_in_an_lsm6dso32(desk):
    for model, counts in ((Lsm6dso, 3 * 2049), (Lsm6dso32, 3 * 1025)):
        feed = RecordingFeed([0, 0, 0, 0, 0, 0] * 100, model.chip)
        chip = on(desk, feed, model=model)
        fill(desk, chip, 1)
        chip.knock(3)
        fill(desk, chip, 1)
        assert accelerations(chip, 2)[-1] == [counts] * 3
    assert chips.find("lsm6dso32") == Lsm6dso32.chip


def test_the_gyroscope_gives_rubbish_for_70_ms_after_it_is_switched_on(desk):
    chip = Lsm6dso(desk.clock, Counting())
    for register, value in {FIFO_CTRL4: CONTINUOUS, **SETTINGS}.items():
        put(chip, register, value)
    desk.sleep_ms(100)
    rates = [values for _, values in words(chip, 80)[::2]]
    settled = [rate != [RUBBISH] * 3 for rate in rates]
    assert settled == [False] * settled.index(True) + [True] * (40 - settled.index(True))
    assert settled.index(True) == pytest.approx(0.070 * RATE, abs=1)


def test_data_registers_show_temperature_rate_and_acceleration_of_one_sample(desk):
    chip = on(desk)
    chip.temperature_c = 30
    desk.sleep_ms(50)
    latest = chip.produced - 2
    assert get(chip, STATUS_REG) == 7
    seen = np.frombuffer(chip.read(AT, OUT_TEMP_L, 14), "<i2").tolist()
    assert seen == [5 * 256, 0, 0, latest, latest, latest + 1, 2048]


def waiting_for_motion(desk, model=Lsm6dso, threshold=12):
    chip = model(desk.clock, Counting(), faults=Faults())
    settings = {
        TAP_CFG0: 0x41,
        WAKE_UP_DUR: 0x10,
        WAKE_UP_THS: threshold,
        MD1_CFG: 0x20,
        CTRL1_XL: 0x20,
        TAP_CFG2: 0x80,
    }
    for register, value in settings.items():
        put(chip, register, value)
    desk.sleep_ms(200)
    get(chip, WAKE_UP_SRC)
    return chip


@pytest.mark.parametrize(("model", "g"), [(Lsm6dso, 2 * 12 / 256 * 2), (Lsm6dso32, 2 * 12 / 256 * 4)])
@pytest.mark.parametrize(("factor", "woken"), [(0.97, False), (1.03, True)])
def test_motion_above_the_threshold_takes_int1_high_until_wake_up_src_is_read(desk, model, g, factor, woken):
    chip = waiting_for_motion(desk, model)
    assert not chip.interrupt
    chip.knock(g * factor)
    desk.sleep_ms(60)
    assert chip.interrupt == woken
    desk.sleep_ms(1000)
    assert chip.interrupt == woken
    assert (get(chip, WAKE_UP_SRC), get(chip, WAKE_UP_SRC)) == (8 * woken, 0)
    assert not chip.interrupt


@pytest.mark.parametrize(
    ("register", "value"), [(CTRL3_C, 0x64), (CTRL3_C, 0x54), (TAP_CFG0, 0x40), (TAP_CFG0, 0x01)]
)
def test_a_pin_that_could_not_wake_anything_is_an_error(desk, register, value):
    chip = waiting_for_motion(desk)
    put(chip, register, value)
    with pytest.raises(AssertionError, match="nothing would wake"):
        assert not chip.interrupt


@pytest.mark.parametrize(("register", "value"), [(TAP_CFG2, 0), (MD1_CFG, 0)])
def test_the_interrupt_must_be_enabled_and_led_to_int1(desk, register, value):
    chip = waiting_for_motion(desk)
    put(chip, register, value)
    chip.knock(2)
    desk.sleep_ms(60)
    assert not chip.interrupt


def test_faults_a_frozen_axis_a_stuck_register_and_a_failing_supply(desk):
    chip = on(desk)
    desk.sleep_ms(50)
    words(chip, count(chip))
    chip.faults.frozen = (0, 5)
    desk.sleep_ms(20)
    frozen = words(chip, count(chip))
    assert len({(values[2] if t >> 3 == GYRO else values[0]) for t, values in frozen}) == 1
    assert len({values[1] for t, values in frozen if t >> 3 == ACCELEROMETER}) > 5
    chip.faults.registers[CTRL1_XL] = 0
    assert get(chip, CTRL1_XL) == 0
    chip.power_cycle()
    assert [get(chip, register) for register in (CTRL2_G, FIFO_CTRL3, FIFO_CTRL4)] == [0, 0, 0]
    assert count(chip) == 0
