# SPDX-License-Identifier: MIT
"""The model from shank lean to the knee's frontal angle."""

import math

import pytest

from kneesense.valgus import from_shank


def test_with_equal_segments_the_thigh_leans_back_as_far_as_the_shank_leans_in():
    assert from_shank(5.0) == pytest.approx(10.0)
    assert from_shank(0.0) == 0.0
    assert from_shank(-3.0) == -from_shank(3.0)


def test_the_hip_stays_over_the_ankle():
    lean_deg, ratio = 8.0, 0.9
    thigh_deg = from_shank(lean_deg, ratio) - lean_deg
    assert ratio * math.sin(math.radians(lean_deg)) == pytest.approx(math.sin(math.radians(thigh_deg)))


def test_an_impossible_ratio_gives_an_angle_and_no_error():
    assert from_shank(60.0, 3.0) == 150.0
