# SPDX-License-Identifier: MIT
"""Integer square root, length and elevation against floating point, over their stated ranges."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.smallint import OutOfRange, SmallArray, SmallInt
from interpreters import CPYTHON, DESKTOP, WASM, missing, run
from kneecore import fixed

counts = st.integers(-32768, 32768)
components = st.integers(-(1 << 26), 1 << 26)


@pytest.mark.parametrize(
    ("a", "b", "expected"), [(7, 2, 4), (-7, 2, -4), (6, 4, 2), (5, 4, 1), (-5, 4, -1), (0, 9, 0)]
)
def test_rounded_div_rounds_halves_away_from_zero(a, b, expected):
    assert fixed.rounded_div(a, b) == expected


@given(st.integers(0, (1 << 30) - 1))
def test_isqrt_is_the_floor_of_the_root(n):
    assert fixed.isqrt(SmallInt(n)) == math.isqrt(n)


@given(counts, counts, counts)
def test_length_of_any_sample(x, y, z):
    true = math.hypot(x, y, z)
    assert abs(fixed.length3(SmallInt(x), SmallInt(y), SmallInt(z)) - true) <= max(2, true / 4096)


def test_elevation_of_plain_directions():
    one_g = 1 << 24
    assert fixed.elevation_cdeg(0, one_g, 0) == 0
    assert fixed.elevation_cdeg(0, one_g, one_g) == 4500
    assert fixed.elevation_cdeg(one_g, 0, -one_g) == -4500
    assert fixed.elevation_cdeg(0, 0, one_g) == 9000
    assert fixed.elevation_cdeg(0, 0, 0) == 0


@given(components, components, components)
def test_elevation_is_within_a_hundredth_of_a_degree_and_31_bits(x, y, z):
    out = SmallArray([0], bits=16)
    fixed.elevations_cdeg(SmallArray([x, y, z]), 0, 1, 0, SmallArray(fixed.TURNS_X256), out, 0)
    (cdeg,) = out
    assert fixed.elevation_cdeg(x, y, z) == cdeg
    assert fixed.elevation_cdeg(x, y, -z) == -cdeg
    if math.hypot(x, y, z) > 1 << 20:
        assert abs(cdeg - 100 * math.degrees(math.atan2(z, math.hypot(x, y)))) <= 1


@pytest.mark.parametrize(("interpreter", "sign"), [(CPYTHON, 0), (DESKTOP, 32), (WASM, 0)])
def test_only_viper_of_64_bits_needs_the_sign_of_a_word_restored(interpreter, sign):
    if reason := missing(interpreter):
        pytest.skip(reason)
    assert int(run(interpreter, "from kneecore import fixed\nprint(fixed.SIGN)")) == sign


def test_a_checked_integer_raises_beyond_31_bits():
    with pytest.raises(OutOfRange):
        SmallInt(1 << 15) * (1 << 15)
    with pytest.raises(OutOfRange):
        2 - SmallInt(-(1 << 30))
