# SPDX-License-Identifier: MIT
"""The log on flash: what was flushed is there again after a cut at any byte, once, in order, and numbering goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers import filelog
from drivers.filelog import FileLog, LogFull
from kneecore import wire


def frame(seq: int) -> bytes:
    return wire.frame(wire.GAP, {"seq": seq, "boot": 1, "t_us": seq, "at_x16": 0, "samples": 1, "reason": 0})


Opener = Callable[..., FileLog]


@pytest.fixture
def opened() -> Iterator[Opener]:
    """Opens logs and closes them after the test."""
    logs = []

    def open_log(folder: Path, count: int = 0, **options: int) -> FileLog:
        log = FileLog(str(folder), **options)
        logs.append(log)
        append(log, count)
        log.flush()
        return log

    yield open_log
    for log in logs:
        log.close()


def append(log: FileLog, count: int) -> None:
    for _ in range(count):
        log.append(frame(log.next_seq))


def held(folder: Path) -> list[int]:
    return [wire.decode(f)[1]["seq"] for f in FileLog(str(folder)).read(0, 1 << 31) if f]


def test_numbering_begins_at_one_and_goes_on_over_a_reboot(tmp_path: Path, opened: Opener) -> None:
    assert opened(tmp_path / "log").next_seq == 1
    opened(tmp_path / "log", 3)
    again = opened(tmp_path / "log", 2)
    assert again.next_seq == 6
    assert held(tmp_path / "log") == [1, 2, 3, 4, 5]


def test_a_cut_at_every_byte_keeps_every_whole_record(tmp_path: Path, opened: Opener) -> None:
    opened(tmp_path / "whole", 4)
    (segment,) = (tmp_path / "whole").glob("*.bin")
    data = segment.read_bytes()
    size = len(frame(1))
    for cut in range(len(data) + 1):
        folder = tmp_path / f"cut{cut}"
        folder.mkdir()
        (folder / segment.name).write_bytes(data[:cut])
        log = opened(folder)
        whole = cut // size
        assert log.next_seq == whole + 1
        log.append(frame(log.next_seq))
        log.flush()
        assert held(folder) == list(range(1, whole + 2))


def test_two_cuts_in_a_row_lose_nothing_that_was_flushed(tmp_path: Path, opened: Opener) -> None:
    folder = tmp_path / "log"
    opened(folder, 3)
    for _ in range(2):
        newest = max(folder.glob("*.bin"))
        newest.write_bytes(newest.read_bytes()[:-5])
        opened(folder, 2)
    assert held(folder) == [1, 2, 3, 4, 5]


def test_a_flipped_bit_costs_one_record(tmp_path: Path, opened: Opener) -> None:
    opened(tmp_path / "log", 5)
    (segment,) = (tmp_path / "log").glob("*.bin")
    data = bytearray(segment.read_bytes())
    data[2 * len(frame(1)) + 9] ^= 0x10
    segment.write_bytes(data)
    assert held(tmp_path / "log") == [1, 2, 4, 5]


def test_reading_begins_and_ends_where_asked(
    tmp_path: Path, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filelog, "SEGMENT_BYTES", 100)
    log = opened(tmp_path / "log", 40)
    assert [wire.decode(f)[1]["seq"] for f in log.read(17, 23) if f] == list(range(17, 24))
    assert [f for f in log.read(41, 99) if f] == []


def test_only_acknowledged_segments_make_room(
    tmp_path: Path, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filelog, "SEGMENT_BYTES", 100)
    log = opened(tmp_path / "log", capacity=500)
    with pytest.raises(LogFull):
        append(log, 100)
    full_at = log.next_seq
    assert log.first_seq == 1
    log.acknowledge(full_at - 1)
    append(log, 1)
    log.flush()
    assert log.next_seq == full_at + 1
    assert log.first_seq > 1
    kept = held(tmp_path / "log")
    assert kept == list(range(log.first_seq, full_at + 1))


def test_nobody_can_acknowledge_what_does_not_exist(tmp_path: Path, opened: Opener) -> None:
    log = opened(tmp_path / "log", 3)
    log.acknowledge(4_000_000_000)
    assert log.acked_seq == 3


def test_a_transfer_goes_on_while_segments_are_dropped(
    tmp_path: Path, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filelog, "SEGMENT_BYTES", 100)
    log = opened(tmp_path / "log", 20, capacity=1000)
    log.acknowledge(20)
    got = []
    for i, found in enumerate(f for f in log.read(11, 60) if f):
        got.append(wire.decode(found)[1]["seq"])
        if i < 30:
            append(log, 1)
            log.flush()
            log.acknowledge(log.next_seq - 1)
    assert got == list(range(11, got[-1] + 1))
    assert log.first_seq > 11


def test_a_log_that_stays_full_does_not_grow_with_every_boot(
    tmp_path: Path, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filelog, "SEGMENT_BYTES", 100)
    notice = {"notice": wire.NOTICES.index("log_full"), "a": 0, "b": 0, "boot": 1, "t_us": 1}
    log = opened(tmp_path / "log", capacity=500)
    with pytest.raises(LogFull):
        append(log, 100)
    log.append(wire.frame(wire.NOTICE, notice | {"seq": log.next_seq}), last=True)
    with pytest.raises(LogFull):
        append(log, 1)
    size = sum(path.stat().st_size for path in (tmp_path / "log").iterdir())
    for _ in range(5):
        log = opened(tmp_path / "log", capacity=500)
        assert log.told_full
        with pytest.raises(LogFull):
            append(log, 1)
    assert sum(path.stat().st_size for path in (tmp_path / "log").iterdir()) == size


def test_strange_files_beside_the_segments_are_left_alone(tmp_path: Path, opened: Opener) -> None:
    opened(tmp_path / "log", 2)
    (tmp_path / "log" / "x.bin").write_bytes(b"?")
    (tmp_path / "log" / "readme.txt").write_bytes(b"?")
    assert opened(tmp_path / "log").next_seq == 3


def test_what_is_erased_is_gone_and_numbering_goes_on_over_a_reboot(
    tmp_path: Path, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filelog, "SEGMENT_BYTES", 100)
    log = opened(tmp_path / "log", 40)
    before = log.used_bytes
    log.erase(19)
    assert 15 <= log.first_seq <= 20
    assert held(tmp_path / "log") == list(range(log.first_seq, 41))
    assert log.used_bytes < before
    log.erase(40)
    assert (log.first_seq, log.next_seq, log.used_bytes) == (41, 41, 0)
    again = opened(tmp_path / "log", 1)
    assert (again.first_seq, again.next_seq) == (41, 42)


def test_a_transfer_under_way_keeps_its_segment(
    tmp_path: Path, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filelog, "SEGMENT_BYTES", 100)
    log = opened(tmp_path / "log", 20)
    reading = log.read(1, 20)
    assert next(reading) == frame(1)
    log.erase(20)
    assert log.first_seq == 1
    assert len([f for f in reading if f]) == 19
