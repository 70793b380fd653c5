# SPDX-License-Identifier: MIT
"""What only an LSM6DSO's driver has to cope with: two parts that answer alike, and a FIFO of tagged words."""

from array import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers import ImuError
from drivers.decode import NO_SLOT, OUT_OF_STEP, little_endian, tagged
from drivers.lsm6dso import Lsm6dso
from fakes.i2c import Desk
from fakes.imu import PARTS, Counting, drained, driver, numbers, put
from kneecore import wire
from kneesense.world.chips import lsm6dso

DSO, DSO32 = (next(part for part in PARTS if part.name == name) for name in ("lsm6dso", "lsm6dso32"))
both = pytest.mark.parametrize("part", [DSO, DSO32], ids=lambda part: part.name)
WORD = 7


@pytest.fixture
def desk():
    return Desk()


class Resting:
    def __init__(self, part, gravity_g):
        self._sample = np.rint(np.append(np.array(gravity_g) * part.figures.acc_lsb_per_g, (0, 0, 0)))

    def block(self, index, t_s):
        return np.tile(self._sample, (len(t_s), 1)).astype(np.int16)


class Moving:
    """A leg that never rests; at no moment is 1 g to be seen."""

    def block(self, index, t_s):
        i = np.arange(index, index + len(t_s)) % 7
        return np.stack((400 * i, 900 - 300 * i, 0 * i, i, i, i), axis=1).astype(np.int16)


def refusal(desk, part, chip=0):
    with pytest.raises(ImuError) as caught:
        part.driver(desk, desk.sleep_ms, part.address, chip)
    return caught.value


# Which of them it is


@both
@pytest.mark.parametrize("gravity_g", [(0, 0, 1), (0, -1, 0), (0.6, 0, -0.8), (0.85, 0, 0), (0, 1.2, 0)])
def test_1_g_at_rest_tells_which_of_the_two_it_is_in_any_pose_and_with_any_scale_error(desk, part, gravity_g):
    put(desk, part, Resting(part, gravity_g))
    imu = driver(desk, part)
    assert (wire.CHIPS[imu.chip], imu.acc_lsb_per_g) == (part.name, part.figures.acc_lsb_per_g)


@both
def test_a_moving_one_is_refused_with_what_to_do(desk, part):
    put(desk, part, Moving())
    error = refusal(desk, part)
    assert (error.notice, error.a, error.b) == ("imu_identity", 0x6A, 0x6C)
    assert str(error) == (
        "LSM6DSO or LSM6DSO32? the unit moves, so 1 g does not tell: lay the unit still, or set imu_chip to 4 or 5"
    )


@pytest.mark.parametrize("gravity_g", [0, 0.2, 0.72, 1.4, 3])
def test_a_length_that_is_neither_of_them_is_refused_with_what_was_read(desk, gravity_g):
    put(desk, DSO, Resting(DSO, (gravity_g, 0, 0)))
    error = refusal(desk, DSO)
    assert error.notice == "imu_identity"
    assert f"at rest it reads {round(2049 * gravity_g)}," in str(error)


@both
def test_what_the_settings_say_needs_no_rest(desk, part):
    put(desk, part, Moving())
    imu = part.driver(desk, desk.sleep_ms, part.address, part.code)
    assert imu.chip == part.code


@both
def test_settings_of_another_maker_do_not_make_it_that(desk, part):
    put(desk, part)
    imu = part.driver(desk, desk.sleep_ms, part.address, wire.CHIPS.index("mpu6050"))
    assert imu.chip == part.code


def test_a_wrong_setting_shows_at_rest(desk):
    put(desk, DSO)
    assert Lsm6dso(desk, desk.sleep_ms, 0x6A, DSO32.code).one_g_error_pm(8) == pytest.approx(1000, abs=10)
    desk.chips.clear()
    put(desk, DSO32)
    assert Lsm6dso(desk, desk.sleep_ms, 0x6A, DSO.code).one_g_error_pm(8) == pytest.approx(-500, abs=10)


@both
def test_once_known_it_is_set_up_again_in_the_middle_of_a_run(desk, part):
    chip = put(desk, part)
    imu = driver(desk, part)
    chip.wear(Moving())
    chip.power_cycle()
    imu.configure()
    assert imu.chip == part.code


def test_configured_for_running(desk):
    put(desk, DSO32)
    driver(desk, DSO32)
    written = dict(desk.writes)
    assert (written[0x10], written[0x11], written[0x09]) == (0x64, 0x6C, 0x66)
    assert written[0x12] == 0x44  # block data update, address goes on


# Its clock


@pytest.mark.parametrize(("trim", "rate_hz"), [(0, 417), (-38, 393), (33, 437), (-128, 337), (127, 496)])
def test_the_rate_is_what_the_part_says_of_its_own_clock(desk, trim, rate_hz):
    chip = lsm6dso.Lsm6dso(desk.clock, Counting(2049), trim=trim)
    desk.chips.append(chip)
    imu = driver(desk, DSO)
    imu.start()
    desk.sleep_ms(10_000)
    assert imu.rate_hz == rate_hz
    assert chip.produced / 10 == pytest.approx(rate_hz, abs=0.7)
    assert imu.stall_ms == 255 * 1000 // (1.05 * rate_hz) - 20


# Its FIFO


def words(*tags):
    """A buffer of words with these tags; the values of word k are 10 k, 10 k + 1, -10 k - 2."""
    data = bytearray()
    for k, tag in enumerate(tags):
        data += bytes((tag,)) + np.array((10 * k, 10 * k + 1, -10 * k - 2), "<i2").tobytes()
    return data


def pair(slot, first=lsm6dso.GYRO):
    return lsm6dso.tag(first, slot), lsm6dso.tag(3 - first, slot)


def decoded(source, slot=NO_SLOT):
    target = array("h", [7] * (len(source) // WORD * 3 + 2))
    last = tagged(source, len(source) // (2 * WORD), target, 1, slot)
    assert (target[0], target[-1]) == (7, 7)
    return last, target[1:-1].tolist()


def test_words_are_signed_and_low_byte_first():
    target = array("h", [7] * 7)
    little_endian(bytes.fromhex("ffff 0100 ff7f 0080 00ff"), 5, target, 1)
    assert target.tolist() == [7, -1, 1, 32767, -32768, -256, 7]


def test_the_ends_of_the_range_come_out_of_a_tagged_word():
    source = words(*pair(0))
    source[1:7] = bytes.fromhex("ff7f 0080 ffff")
    source[8:14] = bytes.fromhex("0080 00ff 0100")
    assert decoded(source) == (0, [-32768, -256, 1, 32767, -32768, -1])


@pytest.mark.parametrize("slot", range(4))
def test_the_words_of_a_pair_may_come_in_either_order(slot):
    assert decoded(words(*pair(slot))) == (slot, [10, 11, -12, 0, 1, -2])
    assert decoded(words(*pair(slot, lsm6dso.ACCELEROMETER))) == (slot, [0, 1, -2, 10, 11, -12])


def test_slots_count_to_four_and_from_call_to_call():
    last, samples = decoded(words(*pair(2), *pair(3), *pair(0), *pair(1)), slot=1)
    assert (last, samples[::6]) == (1, [10, 30, 50, 70])


@pytest.mark.parametrize(
    "tags",
    [
        (*pair(0), *pair(2)),  # a whole slot is missing
        (*pair(1), *pair(1)),  # one came twice
        (pair(0)[0], pair(1)[1]),  # a gyroscope and the next instant's acceleration
        (pair(0)[0], pair(0)[0]),  # no acceleration
        (pair(0)[0] ^ 1, pair(0)[1] ^ 1),  # parity
        (pair(0)[0] ^ 2, pair(0)[1] ^ 2),
        (pair(0)[0], lsm6dso.tag(3, 0)),  # a temperature
        (lsm6dso.tag(4, 0), lsm6dso.tag(7, 0)),
        (0x00, 0x00),  # the FIFO was empty
        (0x00, 0x18),
        (0xFF, 0xFF),
    ],
)
def test_words_that_do_not_make_a_pair_make_no_sample(tags):
    assert decoded(words(*tags))[0] == OUT_OF_STEP


@given(st.integers(0, 255), st.integers(0, 255))
def test_of_all_tags_only_eight_pairs_are_taken(first, second):
    good = {pair(slot, sensor) for slot in range(4) for sensor in (lsm6dso.GYRO, lsm6dso.ACCELEROMETER)}
    assert (decoded(words(first, second))[0] != OUT_OF_STEP) == ((first, second) in good)


@given(holes=st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=6))
def test_lost_words_never_pair_a_rate_with_another_instants_acceleration_and_are_told(holes):
    """But eight of them: four whole slots are what two bits cannot tell.  The flag of an overrun covers those."""
    desk = Desk()
    chip = put(desk, DSO)
    imu = driver(desk, DSO)
    imu.start()
    seen = []
    for pause_ms, n in holes:
        desk.sleep_ms(20)
        seen += numbers(drained(imu))  # so that the number of the slot before the hole is known
        desk.sleep_ms(pause_ms)
        assert chip.produced
        n = min(n, len(chip.fifo) // WORD)
        chip.fifo.pop(WORD * n)
        told = []
        for _ in range(2):
            seen += numbers(drained(imu))
            told += [imu.lost_reason] if imu.lost_reason else []
            imu.lost_reason = None
            desk.sleep_ms(20)
        assert told == ["realign"] * (n % 8 > 0)
    assert (np.diff(seen) > 0).all()


def test_a_pair_of_which_one_word_is_written_waits_for_the_other(desk):
    class Writing(lsm6dso.Lsm6dso):
        def _words(self):
            return max(super()._words() - 1, 0)

    chip = Writing(desk.clock, Counting(2049))
    desk.chips.append(chip)
    imu = driver(desk, DSO)
    imu.start()
    seen = []
    for _ in range(20):
        desk.sleep_ms(20)
        seen += numbers(drained(imu))
    assert seen == list(range(chip.produced - 2))


def test_a_fifo_that_begins_with_half_a_pair_is_begun_again(desk):
    chip = put(desk, DSO)
    imu = driver(desk, DSO)
    imu.start()
    desk.sleep_ms(20)
    assert chip.produced > 3
    chip.fifo.pop(WORD)
    assert drained(imu) == []
    assert imu.lost_reason == "realign"
    lost = chip.produced - 1
    desk.sleep_ms(20)
    assert numbers(drained(imu)) == list(range(lost, chip.produced - 1))


def test_a_count_larger_than_what_there_is_ends_in_a_gap_and_not_in_zeros(desk):
    chip = put(desk, DSO)
    imu = driver(desk, DSO)
    imu.start()
    desk.sleep_ms(20)
    drained(imu)
    chip._words = lambda: 40
    desk.sleep_ms(20)
    assert drained(imu) == []
    assert imu.lost_reason == "realign"


# Waiting for motion


@both
@pytest.mark.parametrize(("threshold_mg", "steps"), [(1, 1), (100, 6), (200, 12), (500, 32), (5000, 63)])
def test_the_threshold_is_half_the_change_in_256ths_of_the_smallest_range(desk, part, threshold_mg, steps):
    put(desk, part)
    imu = driver(desk, part)
    settings = dict(imu._motion_settings(threshold_mg))
    assert settings[0x5B] == (steps if part is DSO else max(1, min(threshold_mg * 256 // 8000, 63)))
    assert settings[0x10] == 0x20  # 26 Hz, +-2 g or +-4 g


def test_it_waits_without_its_gyroscope_in_ultra_low_power_set_while_off(desk):
    put(desk, DSO32)
    imu = driver(desk, DSO32)
    desk.writes.clear()
    imu.arm_motion(200)
    order = [(register, value) for register, value in desk.writes if register in (0x10, 0x11, 0x14)]
    assert order == [(0x10, 0x00), (0x11, 0x00), (0x14, 0x80), (0x10, 0x20)]
