# SPDX-License-Identifier: MIT
"""Keys of records: which of two comes later, also when the count of boots has wrapped."""

from hypothesis import given
from hypothesis import strategies as st

from kneesense.frames import later


def test_a_count_of_boots_that_wraps_keeps_its_order_and_its_losses():
    boots = [65533, 65534, 65535, 0, 2]
    for i, boot in enumerate(boots):
        assert all(later((boot, 1), (earlier, 9)) for earlier in boots[:i])
        assert not any(later((earlier, 9), (boot, 1)) for earlier in boots[:i])


@given(st.integers(0, 0xFFFF), st.integers(1, 0x7FFF), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_of_two_keys_exactly_one_comes_later(boot, ahead, one, other):
    following = (boot + ahead) & 0xFFFF
    assert later((following, one), (boot, other))
    assert not later((boot, other), (following, one))
    assert later((boot, one), (boot, other)) == (one > other)
