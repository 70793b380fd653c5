# SPDX-License-Identifier: MIT
"""The loops over samples on 32-bit words, as the ESP32's compiler makes them: right, and no dearer than told."""

from checks.instructions import counted

LIMIT = 3600  # docs/decisions/0004-fast-path.md


def test_loops_on_32_bits_give_the_plain_results_within_their_instructions():
    """`counted` compares the results itself."""
    found = counted(samples=500, first=1500)
    assert min(found.values()) > 0
    assert sum(found.values()) < LIMIT * 1.25  # a part of a stride more or less
