# SPDX-License-Identifier: MIT
"""The radio's queue gives back what went in, in packets of any size, and never grows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tasks.bytequeue import ByteQueue

LIMIT = 64
STEPS = st.lists(st.tuples(st.binary(min_size=1, max_size=LIMIT + 2), st.integers(1, 40), st.booleans()))


@given(STEPS)
def test_bytes_come_out_as_they_went_in_whatever_the_packets(steps: list[tuple[bytes, int, bool]]) -> None:
    queue, waiting = ByteQueue(bytearray(LIMIT)), b""
    for frame, size, went in steps:
        fits = len(waiting) + len(frame) <= LIMIT
        assert queue.put(bytearray(frame)) == fits
        waiting += frame if fits else b""
        packet = queue.packet(size)
        assert packet == waiting[:size]
        if went:
            queue.gone(len(packet))
            waiting = waiting[size:]
        assert len(queue) == len(waiting)
        assert bool(queue) == bool(waiting)
        assert len(queue._ring) == LIMIT


def test_what_was_for_another_is_gone_with_it() -> None:
    queue = ByteQueue(bytearray(LIMIT))
    queue.put(b"a" * 50)
    queue.gone(40)
    queue.clear()
    assert queue.put(b"b" * LIMIT)
    assert queue.packet(LIMIT) == b"b" * LIMIT
