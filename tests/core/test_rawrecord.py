# SPDX-License-Identifier: MIT
"""RAW records built in place are the bytes that wire.frame makes, on every interpreter, and cost next to no heap."""

from array import array
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interpreters import MICROPYTHONS, heap_growth, missing, run
from kneecore import wire
from kneecore.rawrecord import RawRecord

COUNTS = st.lists(st.integers(-32768, 32767), min_size=6, max_size=6)


def expected(counts, seq, boot, t_us, sample):
    values = {"seq": seq, "boot": boot, "t_us": t_us, "sample": sample, "counts": counts.tobytes()}
    return wire.frame(wire.RAW, values)


@given(
    st.lists(COUNTS, min_size=1, max_size=60),
    st.integers(1, 25),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**64 - 1),
)
def test_the_frames_are_those_of_the_wire_however_the_samples_came(samples, batch_size, seq, t_us):
    raw, frames = RawRecord(), []
    for at in range(0, len(samples), batch_size):
        part = samples[at : at + batch_size]
        batch = array("h", chain.from_iterable(part))
        taken = 0
        while taken < len(part):
            taken += raw.put(batch, taken, len(part) - taken)
            if raw.full:
                frames.append(bytes(raw.frame(seq, 7, t_us, len(frames))))
    if raw.count:
        frames.append(bytes(raw.frame(seq, 7, t_us, len(frames))))
    n = wire.RAW_SAMPLES
    whole = [array("h", chain.from_iterable(samples[at : at + n])) for at in range(0, len(samples), n)]
    assert frames == [expected(counts, seq, 7, t_us, i) for i, counts in enumerate(whole)]


def test_a_full_record_is_the_largest_that_a_frame_can_hold():
    assert (
        wire.RAW.size + 12 * wire.RAW_SAMPLES
        <= wire.MAX_PAYLOAD
        < wire.RAW.size + 12 * (wire.RAW_SAMPLES + 1)
    )


SAME = """
from array import array
from kneecore import wire
from kneecore.rawrecord import RawRecord

raw = RawRecord()
batch = array("h", [(i * 7919) % 65536 - 32768 for i in range(6 * 25)])
for first, count in ((0, 19), (3, 1), (1, 18), (6, 19)):
    assert raw.put(batch, first, count) == count
    values = {"seq": 4000000000, "boot": 65535, "t_us": 1 << 40, "sample": 123456}
    words = batch[6 * first : 6 * (first + count)]
    values["counts"] = bytes(byte for word in words for byte in (word & 0xFF, word >> 8 & 0xFF))
    print(bytes(raw.frame(4000000000, 65535, 1 << 40, 123456)) == wire.frame(wire.RAW, values))
"""


@pytest.mark.parametrize("interpreter", MICROPYTHONS)
def test_the_bytes_are_the_same_where_the_copy_is_machine_code(interpreter):
    if reason := missing(interpreter):
        pytest.skip(reason)
    assert run(interpreter, SAME).split() == ["True"] * 4


HEAP = """
from array import array
from kneecore.rawrecord import RawRecord

raw = RawRecord()
batch = array("h", bytes(12 * 10))

def step(i):
    if raw.full:
        WRITE
    raw.put(batch, 0, 1)
"""


@pytest.mark.parametrize("interpreter", MICROPYTHONS)
def test_a_sample_takes_nothing_from_the_heap_and_a_record_little(interpreter):
    if reason := missing(interpreter):
        pytest.skip(reason)
    assert heap_growth(interpreter, HEAP.replace("WRITE", "raw.count = 0"), 40, 400) == 0
    records = 400 // 19
    taken = heap_growth(interpreter, HEAP.replace("WRITE", "raw.frame(1000, 1, i, i)"), 40, 19 * records)
    assert taken <= 100 * records
