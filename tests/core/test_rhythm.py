# SPDX-License-Identifier: MIT
"""Which contacts are gait."""

import pytest

from kneecore.rhythm import Rhythm

RATE_HZ = 500


def after(*contacts_s):
    rhythm = Rhythm(RATE_HZ)
    for at_s in contacts_s:
        rhythm.contact(round(at_s * RATE_HZ * 16))
    return rhythm


@pytest.mark.parametrize(
    ("contacts_s", "locked"),
    [
        ((), False),
        ((1.0,), False),
        ((1.0, 1.7), False),
        ((1.0, 1.7, 2.4), True),
        ((1.0, 2.12, 3.0), True),  # stairs alternate by 12 %
        ((1.0, 1.6, 2.6), False),
        ((1.0, 1.6, 2.6, 3.6), True),
    ],
)
def test_three_contacts_at_like_intervals_lock_on(contacts_s, locked):
    assert after(*contacts_s).locked is locked


def test_a_locked_rhythm_survives_an_odd_interval_but_says_so():
    rhythm = after(1.0, 1.7, 2.4, 3.8)
    assert rhythm.locked
    assert not rhythm.regular


def test_silence_for_longer_than_any_stride_is_overdue_within_3_s():
    rhythm = after(1.0, 1.7, 2.4)
    assert not rhythm.overdue(round(4.4 * RATE_HZ))
    assert rhythm.overdue(round(5.4 * RATE_HZ))
    rhythm.lost()
    assert not rhythm.overdue(round(9 * RATE_HZ))
    assert not rhythm.locked
