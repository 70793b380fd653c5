# SPDX-License-Identifier: MIT
"""A loose strap is heard, a firm one is not."""

from array import array

import numpy as np
import pytest

from kneecore.strap import Strap


def loose_after(ring_g, axis=1, hz=18, rate_hz=500, strides=12, contact_s=0.3):
    strap, now = Strap(rate_hz), 0
    t = np.arange(rate_hz * 7 // 10) / rate_hz
    quiet = np.column_stack((0.3 * np.sin(2 * np.pi * t), 1 + 0.5 * np.sin(4 * np.pi * t), 0 * t))
    since = np.maximum(t - 0.11, 0)
    quiet[:, axis] += ring_g * np.exp(-since / 0.06) * np.sin(2 * np.pi * hz * since)
    for _ in range(strides):
        strap.contact(now)
        for row in np.rint(quiet * 1024).astype(int).tolist():
            if now >= strap.begin:
                strap.add(array("i", row + [0] * 3), 1, now)
            now += 1
        strap.toe_off(now - len(t) + round(contact_s * rate_hz))
    return strap.loose


@pytest.mark.parametrize("rate_hz", [200, 416, 500, 1000])
def test_a_ring_in_mid_stance_is_a_loose_strap(rate_hz):
    assert not loose_after(0.0, rate_hz=rate_hz)
    assert loose_after(1.2, rate_hz=rate_hz)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_on_any_axis(axis):
    assert loose_after(1.2, axis)


def test_a_slow_swing_of_the_same_size_is_not():
    assert not loose_after(1.2, hz=3)


def test_one_bad_landing_is_not():
    assert not loose_after(1.2, strides=1)


def test_what_shakes_when_the_foot_is_off_is_no_strap():
    """In fast running push-off and swing come as early; toe-off is told a little later."""
    assert not loose_after(1.2, contact_s=0.2)
