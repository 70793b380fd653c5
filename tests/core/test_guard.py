# SPDX-License-Identifier: MIT
"""Frozen and clipped data, told from raw counts."""

from array import array

import numpy as np
import pytest

from kneecore import guard
from kneecore.guard import CLIPPED, FROZEN, STUCK, TURN_CLIPPED

LSB_PER_G = 2048
LSB_PER_10DPS = 164


def seen(rows, rate_hz=500):
    state = guard.new_state(rate_hz, LSB_PER_G, LSB_PER_10DPS)
    batch = array("h", np.array(rows, "<i2").tobytes())
    bits = array("i", [0] * len(rows))
    frozen = guard.scan(state, batch, 0, len(rows), bits)
    assert frozen == sum(bool(of_sample & FROZEN) for of_sample in bits)
    return bits


def lively(n, seed=1):
    return np.random.default_rng(seed).integers(-2000, 2000, (n, 6))


@pytest.mark.parametrize("value", [0, 1234])
@pytest.mark.parametrize(("rate_hz", "samples"), [(200, 50), (500, 50), (1000, 100)])
def test_all_channels_the_same_for_longer_than_100_ms_and_50_samples_is_frozen(value, rate_hz, samples):
    rows = np.vstack((lively(20), np.full((samples + 5, 6), value), lively(20)))
    frozen = [bool(bits & FROZEN) for bits in seen(rows, rate_hz)]
    assert frozen == [False] * (20 + samples) + [True] * 5 + [False] * 20


def test_one_channel_alive_is_not_frozen():
    rows = np.zeros((500, 6), int)
    rows[:, 4] = np.arange(500) // 20 % 2
    assert not any(bits & FROZEN for bits in seen(rows))


@pytest.mark.parametrize("channel", range(6))
@pytest.mark.parametrize("value", [0, 1234])
@pytest.mark.parametrize(("rate_hz", "samples"), [(200, 80), (500, 200), (1000, 400)])
def test_one_channel_that_sticks_for_longer_than_400_ms_is_frozen_too(channel, value, rate_hz, samples):
    rows = lively(samples + 45)
    rows[20 : samples + 25, channel] = value
    bits = seen(rows, rate_hz)
    assert [bool(of_sample & FROZEN) for of_sample in bits] == [False] * (20 + samples) + [True] * 5 + [
        False
    ] * 20
    assert all(bool(of_sample & STUCK) == bool(of_sample & FROZEN) for of_sample in bits)


def test_a_channel_that_never_lived_is_not_stuck_nor_one_that_is_clipped():
    rows = lively(900)
    rows[:, 2] = 777
    rows[300:600, 1] = 3 * LSB_PER_G
    assert not any(bits & FROZEN for bits in seen(rows))


@pytest.mark.parametrize("channel", range(6))
@pytest.mark.parametrize("value", [32767, -32768])
def test_the_end_of_the_number_format_is_clipped(channel, value):
    rows = lively(10)
    rows[5, channel] = value
    assert [bool(bits & CLIPPED) for bits in seen(rows)] == [i == 5 for i in range(10)]
    assert [bool(bits & TURN_CLIPPED) for bits in seen(rows)] == [i == 5 and channel > 2 for i in range(10)]


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("channel", "top", "bits"),
    [(1, 2 * LSB_PER_G, CLIPPED), (3, 500 * LSB_PER_10DPS // 10, CLIPPED | TURN_CLIPPED)],
)
def test_a_flat_top_below_it_is_clipped(channel, top, bits, sign):
    rows = lively(40)
    rows[:, channel] = sign * np.clip(1.5 * top * np.sin(np.arange(40) / 6), -top, top)
    assert {of_sample & ~bits for of_sample in seen(rows)} == {0}
    assert any(of_sample == bits for of_sample in seen(rows))


@pytest.mark.parametrize(("channel", "top"), [(1, 3 * LSB_PER_G), (5, 400 * LSB_PER_10DPS // 10)])
def test_a_peak_and_a_pause_below_the_top_are_not(channel, top):
    rows = lively(60)
    rows[:, channel] = top * np.sin(np.arange(60) / 6)
    rows[40:50, channel] = top * 2 // 3
    assert not any(bits & CLIPPED for bits in seen(rows))
