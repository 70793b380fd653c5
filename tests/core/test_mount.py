# SPDX-License-Identifier: MIT
"""Counts to common units in segment axes: which mountings are accepted, what comes out, and that it fits 31 bits."""

from array import array
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.mounting import CYCLIC, IDENTITY, OBLIQUE, QUARTER, calibration
from core.smallint import SmallArray
from kneecore import mount

MPU6050 = (2048, 164)
LSM6DSO32 = (1024, 143)
ROTATIONS = (IDENTITY, QUARTER, CYCLIC, OBLIQUE)

counts = st.integers(-32768, 32767)
samples = st.lists(counts, min_size=6, max_size=6)


def apply(matrix, sample):
    out = array("i", [0] * 6)
    mount.apply(matrix, array("h", sample), 0, 1, out)
    return list(out)


@pytest.mark.parametrize("rotation", ROTATIONS)
def test_a_rotation_is_accepted(rotation):
    assert mount.problem(calibration(rotation)) == ""


@pytest.mark.parametrize(
    ("rotation", "reason"),
    [
        (((-1, 0, 0), (0, 1, 0), (0, 0, 1)), "mirror"),
        (((1.02, 0, 0), (0, 1, 0), (0, 0, 1)), "row 1 has length"),
        (((1, 0, 0), (0, 0.98, 0), (0, 0, 1)), "row 2 has length"),
        (((1, 0, 0), (0.035, 0.9994, 0), (0, 0, 1)), "rows 1 and 2 are not at right angles"),
        (((0, 0, 0), (0, 0, 0), (0, 0, 0)), "row 1 has length"),
    ],
)
def test_what_is_no_rotation_is_refused_with_a_reason(rotation, reason):
    assert reason in mount.problem(calibration(rotation))
    with pytest.raises(mount.MountError, match=reason):
        mount.fold(calibration(rotation), *MPU6050)


def test_an_unknown_side_and_a_wild_scale_are_refused():
    assert "side" in mount.problem(calibration(side=0))
    assert "acc_scale" in mount.problem(calibration(acc_scale_q14=8192))


def test_a_chip_too_coarse_for_31_bits_is_refused():
    with pytest.raises(mount.MountError, match="31 bits"):
        mount.fold(calibration(OBLIQUE), 400, 164)


@pytest.mark.parametrize(("acc_lsb_per_g", "gyro_lsb_per_10dps"), [MPU6050, LSM6DSO32])
def test_one_g_and_100_degrees_per_second_in_common_units(acc_lsb_per_g, gyro_lsb_per_10dps):
    sample = [0, acc_lsb_per_g, 0, 0, 0, gyro_lsb_per_10dps * 10]
    assert apply(mount.fold(calibration(), acc_lsb_per_g, gyro_lsb_per_10dps), sample) == [
        0,
        1024,
        0,
        0,
        0,
        1600,
    ]


def test_axes_of_the_sensor_become_those_of_the_segment():
    sample = [2048, 0, 0, 0, 0, 164]
    assert apply(mount.fold(calibration(CYCLIC), *MPU6050), sample) == [0, 1024, 0, 160, 0, 0]


def test_the_offset_says_where_the_sample_lies():
    batch = array("h", [9] * 6 + [2048, 0, 0, 0, 0, 0])
    out = array("i", [0] * 6)
    mount.apply(mount.fold(calibration(), *MPU6050), batch, 6, 1, out)
    assert list(out) == [1024, 0, 0, 0, 0, 0]


@given(
    samples,
    st.sampled_from(ROTATIONS),
    st.tuples(*[st.integers(-32000, 32000)] * 3),
    st.integers(14000, 18800),
)
def test_within_one_count_of_the_same_in_floating_point(sample, rotation, bias_mdps, acc_scale_q14):
    out = apply(mount.fold(calibration(rotation, 1, bias_mdps, acc_scale_q14), *MPU6050), sample)
    acc = np.array(rotation) @ sample[:3] * (acc_scale_q14 / 16384 / 2)
    gyro = np.array(rotation) @ (np.array(sample[3:]) / 16.4 - np.array(bias_mdps) / 1000) * 16
    # Q13 coefficients: half a step of each on full-scale counts is 3 x 2 counts
    assert out == pytest.approx(np.clip([*acc, *gyro], -32767, 32767), abs=7)


@pytest.mark.parametrize("bias_mdps", [1, 30, -17])
def test_bias_has_a_finer_step_than_the_output(bias_mdps):
    matrix = mount.fold(calibration(bias_mdps=(0, 0, bias_mdps)), *MPU6050)
    assert matrix[mount.BIAS_Z] / 8192 / 16 * 1000 == pytest.approx(-bias_mdps, abs=0.01)


@given(samples, st.sampled_from([MPU6050, LSM6DSO32]))
def test_a_mirrored_sample_comes_out_exactly_mirrored(sample, scales):
    sample = [max(count, -32767) for count in sample]
    ax, ay, az, gx, gy, gz = apply(mount.fold(calibration(), *scales), sample)
    mirrored = [sign * count for sign, count in zip((1, 1, -1, -1, -1, 1), sample, strict=True)]
    assert apply(mount.fold(calibration(), *scales), mirrored) == [ax, ay, -az, -gx, -gy, gz]


@pytest.mark.parametrize("scales", [MPU6050, LSM6DSO32])
@pytest.mark.parametrize("rotation", ROTATIONS)
def test_full_scale_counts_stay_in_31_bits_and_saturate(rotation, scales):
    matrix = mount.fold(calibration(rotation, bias_mdps=(32767, -32768, 32767), acc_scale_q14=18842), *scales)
    for sample in product((-32768, 32767), repeat=6):
        out = SmallArray([0] * 6, bits=16)
        mount.apply(SmallArray(matrix), SmallArray(sample, bits=16), 0, 1, out)
        assert all(-32767 <= value <= 32767 for value in out)
