# SPDX-License-Identifier: MIT
"""Every line of the loops over samples stays within 31 bits, whatever the samples: proved by interval arithmetic.

The ranges declared here are those the sources state.  What is stored must stay within them, so they hold from the
first sample on.
"""

from array import array
from itertools import pairwise

import pytest

from core.intervals import Unproved, Words, prove
from kneecore import fixed, guard, mount, strap, strike, tally, tilt
from kneecore.mount import LEFT, RIGHT
from kneecore.strike import Strike

LONGEST = 18 * 3600 * 1000  # samples, what pipeline.py promises
LONGEST_X16 = 16 * LONGEST
NOW = (0, LONGEST)
NOW_OF_FIRST = (0, LONGEST - 32)
COUNT = (1, 32)
RAW = Words((-32768, 32767))
COMMON = Words((-32767, 32767))  # samples in common units, as mount.apply saturates them
S, U = 1 << 26, 1 << 24
UP = Words((-S, S))
RATES_HZ = (*range(200, 1001, 50), 208, 416, 833)


def exactly(values):
    return {i: (value, value) for i, value in enumerate(values)}


def on_device(values):
    """As on the ESP32, where fixed.SIGN is 0, the last word."""
    return exactly([*values[:-1], 0])


def test_guard():
    channel = ((32768, 65535), (0, 32768), (0, 65535), NOW, (0, 1))
    words = {0: (50, 100), 1: (80, 400), 2: (3, 10)} | {3 + i: channel[i % 5] for i in range(30)}
    carried = {"high": channel[0], "low": channel[1], "last": channel[2], "same": NOW, "lives": channel[4]}
    carried["frozen"] = (0, 32)
    seen = Words((0, 127), sums={0: 6})  # each channel adds once
    known = {"state": Words(words), "batch": RAW, "at": (0, 1 << 16), "count": COUNT, "seen": seen}
    prove(guard.scan, known, carried, counts={"same", "frozen"})


def test_mount():
    # the coefficients of the coarsest chip that mount.fold accepts, with the largest scale; bias of any int16
    acc, gyro, bias = (-9421, 9421), (-9166, 9166), (-(1 << 24), 1 << 24)
    words = {i: acc if i < 12 else gyro for i in range(24)} | dict.fromkeys((3, 7, 11), (0, 0))
    words |= dict.fromkeys((mount.BIAS_X, mount.BIAS_Y, mount.BIAS_Z), bias) | {24: (0, 0)}
    known = {"matrix": Words(words), "batch": RAW, "at": (0, 1 << 16), "count": COUNT, "out": COMMON}
    prove(mount.apply, known)


def tilt_words(derived):
    ranges = [(-S, S)] * 3 + [(-U, U)] * 3
    ranges += [(0, (1 << derived[2]) - 1)] * 3 + [(0, (1 << derived[5]) - 1)] * 3
    most = tilt.PULLED_MAX * (1 << 16)
    ranges += [(-most, most)] * 3 + [(0, tilt.PULLED_MAX)]
    return Words(dict(enumerate(ranges)), sums=dict.fromkeys(range(12, 16), tilt.PULLED_MAX))


@pytest.mark.parametrize("tau_ms", [500, 1000, 3000, 10000])
@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_tilt(rate_hz, tau_ms):
    carried = dict.fromkeys(("sx", "sy", "sz"), (-S, S)) | dict.fromkeys(("ux", "uy", "uz"), (-U, U))
    for side in (LEFT, RIGHT):
        derived = tilt.derive(rate_hz, tau_ms, side)
        known = {"state": tilt_words(derived), "derived": Words(on_device(derived)), "samples": COMMON}
        assert prove(tilt.step, {**known, "count": COUNT, "up": UP}, carried) < 1 << 30


def test_elevation():
    known = {
        "vectors": UP, "first": (0, 31), "count": COUNT, "zero_cdeg": (-4500, 4500),
        "turns": Words(on_device(fixed.TURNS_X256)), "out": Words((-32768, 32767)), "to": (0, 1700),
    }  # fmt: skip
    prove(fixed.elevations_cdeg, known)


def test_tally():
    yaw, yawed = 1 << 17, 2200
    words = [
        (0, 0), (-1, 1), (200, 1000), (-1001, LONGEST), (0, LONGEST), (0, 1), (-yaw * yawed, yaw * yawed), (0, yawed),
        (440, yawed), (-1, LONGEST + 200), (0, 32767), (0, 3 << 28),
        (-1, LONGEST),
    ]  # fmt: skip
    sums = {tally.STILL: LONGEST, tally.YAW: yawed, tally.YAWED: yawed}
    known = {
        "state": Words(dict(enumerate(words)), sums), "samples": COMMON, "up": UP, "seen": Words((0, 7)),
        "at": (0, 31), "count": COUNT, "now": NOW_OF_FIRST,
    }  # fmt: skip
    prove(tally.add, known)


def test_strap():
    most = 230 + 32  # samples of a stance at 1000 Hz
    words = [(0, 0), (3, 16), (0, most + 32), (0, most)] + [(0, 4 * 32767 * most)] * 3
    known = {
        "state": Words(dict(enumerate(words)), sums=dict.fromkeys((4, 5, 6), most)), "kept": COMMON,
        "samples": COMMON, "first": (0, 31), "count": COUNT,
    }  # fmt: skip
    prove(strap._add, known)


def strike_words(rate_hz):
    """Constants of the run as they are, the rest as wide as it can be."""
    state = Strike(rate_hz, 400).state
    acceleration, rise, rate, at, at_x16 = (-32768, 32767), (-65534, 65534), (-32768, 32767), (0, LONGEST + 1), (
        -40_000, LONGEST_X16 + 40_000,
    )  # fmt: skip
    swing = (0, 32767 * (state[strike._SWING_MAX] + 2))
    wide = {
        "_SIGN": (0, 0), "FOUND": (0, 4), "_STATE": (0, 4), "_THRESHOLD": (640, 16384), "_FLOOR": (640, 6400),
        "_RISE": rise, "_RISE1": rise, "_PUSH": acceleration, "_AT": (0, state[strike._LAG] - 1),
        "_IC_X16": (0, LONGEST_X16), "_TO_X16": (0, LONGEST_X16), "_REFRACTORY_UNTIL_X16": at_x16,
        "_FORGET_AT_X16": at_x16, "_SWING_FROM": at, "_AREA": swing, "_PEAK": (0, 32767), "_OPENED_AT": at,
        "_BEST": (0, 65534), "_LEFT": rise, "_RIGHT": rise, "_BEST_AT": (-1, LONGEST), "_TOP": acceleration,
        "_CREST_LEVEL_NOW": (-4096, 0), "_CREST_RATE": rate, "_CREST_AT": at, "_CREST_PUSH": acceleration,
        "_DIP_RATE": rate, "_REGAINED_AT": at, "_DIP_DEEP": (-24576, 0), "_BRAKING_USUAL": (0, 32767),
        "_LOW": rate, "_LOW_AT": at, "_STANCE_MIN_X16": (0, LONGEST_X16),
    }  # fmt: skip
    ranges = exactly(state) | {getattr(strike, name): found for name, found in wide.items()}
    ranges |= dict.fromkeys(range(strike._PEAKS, strike._FORWARD), (0, 32767))
    ranges |= dict.fromkeys(range(strike._FORWARD, len(state)), (-32767, 32767))
    return Words(ranges, sums={strike._AREA: state[strike._SWING_MAX] + 2})


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_strike(rate_hz):
    words = strike_words(rate_hz)
    carried = {
        local: words.ranges[word]
        for local, word in (
            ("rise", strike._RISE), ("rise1", strike._RISE1), ("push", strike._PUSH), ("at", strike._AT),
            ("mode", strike._STATE), ("threshold", strike._THRESHOLD), ("found", strike.FOUND),
        )
    }  # fmt: skip
    prove(strike.scan, {"state": words, "samples": COMMON, "count": COUNT, "now": NOW_OF_FIRST}, carried)


# The proof notices what it should.


def too_wide(samples, count):
    for i in range(count):
        total = samples[i] * samples[i + 1] * 2
    return total


def unclamped(state, samples, count):
    for i in range(count):
        state[0] += samples[i]


def clamped(state, samples, count):
    total = state[0]
    for i in range(count):
        total += samples[i]
        total = 1 << 20 if total > 1 << 20 else -(1 << 20) if total < -(1 << 20) else total
    state[0] = total


def test_a_product_beyond_31_bits_is_found():
    with pytest.raises(Unproved, match="samples"):
        prove(too_wide, {"samples": RAW, "count": COUNT})


def test_a_sum_without_end_is_found_and_a_clamped_one_is_proved():
    known = {"state": Words((-(1 << 20), 1 << 20)), "samples": RAW, "count": COUNT}
    with pytest.raises(Unproved, match="leaves its range"):
        prove(unclamped, known)
    prove(clamped, known, {"total": (-(1 << 20), 1 << 20)})


def test_the_ranges_of_the_matrix_are_those_of_the_chips():
    """Rows of any rotation are no longer than 1.01, so no coefficient exceeds that of an axis along the sensor's."""
    for acc, gyro in ((2048, 164), (1024, 143)):
        calibration = {f"rotation_q14_{i}": 16384 * (i % 4 == 0) for i in range(9)}
        calibration |= {f"gyro_bias_mdps_{i}": 32767 for i in range(3)}
        calibration |= {"acc_scale_q14": mount.ACC_SCALE_Q14[1], "neutral_cdeg": 0, "side": LEFT}
        matrix = mount.fold(calibration, acc, gyro)
        assert isinstance(matrix, array)
        assert max(matrix[0:3]) <= 9421
        assert max(matrix[12:15]) <= 9166
        assert max(map(abs, (matrix[i] for i in (mount.BIAS_X, mount.BIAS_Y, mount.BIAS_Z)))) <= 1 << 24
    assert all(a < b for a, b in pairwise((mount.BIAS_X, mount.BIAS_Y, mount.BIAS_Z)))
