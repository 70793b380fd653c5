# SPDX-License-Identifier: MIT
"""Raw recording on the unit: every sample once, in its place, gaps between records, and an end while room is left."""

from __future__ import annotations

import struct
from array import array
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from drivers.flashlog import LogFull
from kneecore import wire
from tasks.journal import Journal
from tasks.raw import Raw


class Log:
    """In memory; with room for so many bytes of samples."""

    acked_seq = 0
    told_full = False

    def __init__(self, room: int = 1 << 30) -> None:
        self.frames: list[bytes] = []
        self.room = room
        self.fails: type[Exception] | None = None

    @property
    def next_seq(self) -> int:
        return len(self.frames) + 1

    @property
    def room_for_raw(self) -> bool:
        return sum(map(len, self.frames)) < self.room

    def append(self, frame: bytes, last: bool = False) -> None:
        if self.fails and not last:
            raise self.fails
        self.frames.append(bytes(frame))


class Clock:
    def us(self) -> int:
        return 1 << 40


def recorder(room: int = 1 << 30) -> tuple[Raw, Log, list[bytes]]:
    log, heard = Log(room), []
    journal = Journal(log, Clock(), 3)
    journal.listener = heard.append
    raw = Raw(journal)
    raw.begin(1)
    return raw, log, heard


def samples(first: int, count: int) -> array[int]:
    """Sample k counts k, k + 1, ... on its axes."""
    return array(
        "h", [(k * 6 + axis) % 65536 - 32768 for k in range(first, first + count) for axis in range(6)]
    )


def read(log: Log) -> dict[int, tuple[int, ...]]:
    """Samples by their index; each only once."""
    found: dict[int, tuple[int, ...]] = {}
    for frame in log.frames:
        record, values = wire.decode(frame)
        if record is wire.RAW:
            for i, counts in enumerate(struct.iter_unpack("<6h", values["counts"])):
                assert found.setdefault(values["sample"] + i, counts) is counts
    return found


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5)), max_size=30))
def test_every_sample_is_recorded_once_in_its_place_whatever_is_missing(bursts: Any) -> None:
    raw, log, _ = recorder()
    at, given_samples = 0, set()
    for count, lost in bursts:
        raw.take(samples(at, count), count, at)
        given_samples |= set(range(at, at + count))
        at += count + lost
    raw.end()
    found = read(log)
    assert set(found) == given_samples
    assert all(counts == tuple(samples(k, 1)) for k, counts in found.items())


def test_records_are_full_numbered_and_told_to_nobody() -> None:
    raw, log, heard = recorder()
    raw.take(samples(0, 40), 40, 0)
    assert len(log.frames) == 2
    raw.end()
    decoded = [wire.decode(frame)[1] for frame in log.frames]
    assert [(v["seq"], v["boot"], v["t_us"], v["sample"]) for v in decoded] == [
        (seq, 3, (1 << 40) + seq - 1, 19 * (seq - 1)) for seq in (1, 2, 3)
    ], "times rise strictly"
    assert [len(v["counts"]) for v in decoded] == [228, 228, 24]
    assert heard == []


def test_it_stops_once_there_is_no_room_and_says_how_far_it_came() -> None:
    raw, log, heard = recorder(room=600)
    for at in range(0, 400, 10):
        raw.take(samples(at, 10), 10, at)
    raw.end()
    record, values = wire.decode(log.frames[-1])
    assert (record, wire.NOTICES[values["notice"]], values["a"]) == (wire.NOTICE, "raw_stopped", 57)
    assert set(read(log)) == set(range(57))
    assert len(heard) == 1
    raw.begin(1)
    raw.take(samples(0, 40), 40, 0)
    assert len([f for f in log.frames if f[1] == wire.NOTICE.code]) == 2, "once a run"


def test_a_run_without_the_setting_records_nothing() -> None:
    raw, log, _ = recorder()
    raw.take(samples(0, 10), 10, 0)
    raw.begin(0)
    raw.take(samples(0, 40), 40, 0)
    raw.end()
    assert log.frames == []


def test_what_a_run_left_over_does_not_come_into_the_next() -> None:
    raw, log, _ = recorder()
    raw.take(samples(0, 10), 10, 0)
    raw.begin(1)
    raw.take(samples(100, 19), 19, 0)
    assert read(log)[0] == tuple(samples(100, 1))


def test_a_log_that_fails_or_is_full_ends_nothing_but_the_log() -> None:
    for fails in (LogFull, OSError):
        raw, log, _ = recorder()
        log.fails = fails
        raw.take(samples(0, 40), 40, 0)
        raw.end()
        assert read(log) == {}
