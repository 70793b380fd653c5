# SPDX-License-Identifier: MIT
"""The log in flash: numbering, reading, room, acknowledgement, erasing ahead.  Input: field reports A41."""

from __future__ import annotations

import itertools
import random

import pytest

from drivers import flashlog
from drivers.flashlog import FlashLog, LogFull
from drivers.nolog import NoLog
from fakes.flash import Device
from fakes.logwriter import SIZE, append, boot, fill, found, frame, held, last_word, numbers, place_of
from kneecore import sector, wire
from kneesense import logimage


def test_numbering_begins_at_one_and_goes_on_over_a_reboot() -> None:
    device = Device()
    assert boot(device).next_seq == 1
    append(boot(device), 3)
    append(boot(device), 2)
    assert boot(device).next_seq == 6
    assert found(device) == [1, 2, 3, 4, 5]


def test_what_is_not_flushed_is_read_but_not_durable() -> None:
    device = Device()
    log = boot(device)
    append(log, 2)
    log.append(frame(3, 1))
    assert numbers(held(log)) == [1, 2, 3]
    assert found(device) == [1, 2]


@pytest.mark.parametrize(("first", "last"), [(1, 200), (17, 23), (190, 400), (150, 150), (201, 300), (9, 5)])
def test_reading_begins_and_ends_where_asked(first: int, last: int) -> None:
    log = boot(Device(64))
    append(log, 190)
    for _ in range(10):
        log.append(frame(log.next_seq, 1))
    got = [record for record in log.read(first, last) if record]
    assert numbers(got) == list(range(first, min(last, 200) + 1))


def test_a_transfer_goes_on_while_records_are_appended_flushed_and_dropped() -> None:
    log = boot(Device())
    append(log, 60)
    log.acknowledge(60)
    got = []
    for i, record in enumerate(r for r in log.read(11, 130) if r):
        got.append(sector.seq(record))
        if i < 80:
            log.append(frame(log.next_seq, 1))
        if i % 5 == 0:
            log.flush()
            log.acknowledge(log.next_seq - 1)
    assert got == sorted(set(got))
    assert got[0] == 11
    assert got[-1] == 60, "what there was when it began"
    assert log.first_seq > 20


@pytest.mark.parametrize("before", range(1, 30))
@pytest.mark.parametrize("meanwhile", [1, 3, 8, 40])
def test_what_is_written_into_the_part_that_is_being_read_is_not_taken_for_damage(
    before: int, meanwhile: int
) -> None:
    """A sector is read in parts; the rest of one may have been blank when it was read, and be full at the next."""
    device = Device(8, 4096)
    log = boot(device)
    append(log, before)
    transfer = log.read(1, before)
    got = []
    for record in transfer:
        if record is None:
            append(log, meanwhile)
        else:
            got.append(record)
    assert numbers(got) == list(range(1, before + 1))
    assert log.damage is None
    log.strike()
    assert numbers(held(log)) == list(range(1, log.next_seq))


def test_two_transfers_at_a_time_do_not_mix() -> None:
    log = boot(Device(16))
    append(log, 80)
    one, other = log.read(1, 80), log.read(31, 80)
    got: tuple[list[bytes], list[bytes]] = ([], [])
    for a, b in itertools.zip_longest(one, other):
        got[0].extend([a] if a else [])
        got[1].extend([b] if b else [])
    assert numbers(got[0]) == list(range(1, 81))
    assert numbers(got[1]) == list(range(31, 81))


def test_only_acknowledged_sectors_make_room() -> None:
    log = boot(Device())
    fill(log)
    full_at = log.next_seq
    assert numbers(held(log)) == list(range(1, full_at))
    log.acknowledge(5)
    fill(log)
    assert log.next_seq == full_at, "a sector is acknowledged as a whole"
    log.acknowledge(full_at - 1)
    append(log, 1)
    assert log.first_seq > 1
    assert numbers(held(log)) == list(range(log.first_seq, full_at + 1))


def test_nobody_can_acknowledge_what_does_not_exist() -> None:
    log = boot(Device())
    append(log, 3)
    log.acknowledge(4_000_000_000)
    assert log.acked_seq == 3


def test_what_was_acknowledged_makes_room_after_a_reboot_too() -> None:
    device = Device()
    log = boot(device)
    fill(log)
    log.acknowledge(log.next_seq - 1)
    log.flush()
    again = boot(device)
    assert 0 < again.acked_seq < log.next_seq
    append(again, 5)


@pytest.mark.parametrize("bit", range(8))
def test_a_flipped_bit_does_not_change_what_is_acknowledged(bit: int) -> None:
    device = Device()
    log = boot(device)
    append(log, 60)
    log.acknowledge(30)
    log.flush()
    before = boot(device).acked_seq
    assert 0 < before <= 30
    for place in range(8):
        device.nor.flip(place * SIZE + sector.ACKED, bit)
    assert boot(device).acked_seq == before


def test_the_last_word_has_a_place_and_is_said_once() -> None:
    device = Device()
    log = boot(device)
    fill(log)
    log.append(last_word(log.next_seq, 1), True)
    full_at = log.next_seq
    for _ in range(3):
        log = boot(device)
        assert log.told_full
        assert log.next_seq == full_at
        with pytest.raises(LogFull):
            log.append(frame(log.next_seq, 1))
    log.acknowledge(full_at - 1)
    append(log, 1)
    assert not boot(device).told_full
    assert found(device)[-1] == full_at


def test_a_last_word_that_a_cut_has_spoilt_is_not_written_over() -> None:
    device = Device()
    log = boot(device)
    fill(log)
    word = last_word(log.next_seq, 1)
    log.append(word, True)
    at = place_of(device, log.next_seq - 1)
    device.nor.cells[at + 9 : at + len(word)] = b"\xff" * (len(word) - 9)
    log = boot(device)
    assert not log.told_full
    with pytest.raises(LogFull):
        log.append(last_word(log.next_seq, 1), True)


# --- the ring (A41: 8 sectors, 8.5 sectors written, scanned with the head half old, half new) -------------------------


def test_oldest_and_newest_are_found_by_generation_not_by_place() -> None:
    device = Device(8)
    log = boot(device)
    while device.nor.erases < 9 or log.used_bytes < 7.5 * SIZE:
        append(log, 1)
        log.acknowledge(log.next_seq - 1)
    assert device.nor.erases == 9
    head = sector.read_header(device.nor.cells)
    assert head is not None
    assert head[0] == 9, "the front of the partition is the newest part"
    oldest = logimage.sectors(bytes(device.nor.cells), SIZE)[0]
    assert found(device) == list(range(oldest.first_seq, log.next_seq))
    end = place_of(device, log.next_seq - 1) + len(frame(log.next_seq - 1, 1))
    assert set(device.nor.cells[end:SIZE]) == {0xFF}, "nothing old in a sector that is used again"


@pytest.mark.parametrize("sectors", [384, 3456])
def test_a_number_is_found_with_few_reads_and_no_table(sectors: int) -> None:
    device = Device(sectors)
    for generation in range(1, sectors):
        at = (generation - 1) * SIZE
        device.nor.cells[at : at + sector.ACKED] = sector.header(generation, generation)
        body = frame(generation, 1)
        device.nor.cells[at + sector.DATA : at + sector.DATA + len(body)] = body
    log = boot(device)
    assert (log.first_seq, log.next_seq) == (1, sectors)
    reads = [0]
    inner = device.readblocks

    def counted(*arguments: object) -> None:
        reads[0] += 1
        inner(*arguments)

    device.readblocks = counted  # type: ignore[method-assign]
    for seq in (1, sectors // 3, sectors - 1):
        reads[0] = 0
        assert numbers([r for r in log.read(seq, seq) if r]) == [seq]
        assert reads[0] < 2 * sectors.bit_length()
    held_bytes = sum(len(value) for value in vars(log).values() if isinstance(value, bytes | bytearray))
    assert held_bytes <= 2048


def test_a_partition_full_of_something_else_is_an_empty_log() -> None:
    device = Device()
    device.nor.cells[:] = random.Random(3).randbytes(len(device.nor.cells))
    log = boot(device)
    assert (log.first_seq, log.next_seq, log.used_bytes, log.erased_bytes) == (1, 1, 0, 0)
    append(log, 20)
    assert found(device) == list(range(1, 21))


def test_a_sector_that_reads_as_erased_is_erased_unless_that_is_proven() -> None:
    device = Device()
    append(boot(device), 1)
    assert device.nor.erases == 1


def test_an_erased_sector_with_a_flipped_bit_is_erased_again() -> None:
    device = Device()
    log = boot(device)
    append(log, 1)
    while log.tend():
        pass
    device.nor.flip(SIZE + 300)
    erases = device.nor.erases
    append(log, 12)
    assert device.nor.erases == erases + 1
    assert found(device) == list(range(1, 14))


# --- erasing ahead ---------------------------------------------------------------------------------------------------


def test_with_a_stock_of_erased_sectors_no_record_waits_for_an_erase() -> None:
    device = Device(16)
    log = boot(device)
    fill(log)
    log.acknowledge(log.next_seq - 1)
    steps = 0
    while log.tend():
        steps += 1
        assert device.nor.erases == 16 + steps, "one erase a step"
    assert log.erased_bytes == 8 * SIZE, "half the ring; the older half stays until it is needed"
    assert log.first_seq > 1
    erases = device.nor.erases
    append(log, 60)
    assert device.nor.erases == erases
    again = boot(device)
    assert again.erased_bytes == log.erased_bytes
    assert numbers(held(again)) == numbers(held(log))


def test_the_stock_holds_two_hours_on_the_real_flash() -> None:
    device = Device(384, 4096)
    log = boot(device)
    while log.tend():
        pass
    assert log.erased_bytes == log.capacity_bytes, "what holds no record is erased in any case"
    for _ in range(4):
        append(log, 8000)
        log.acknowledge(log.next_seq - 1)
    while log.tend():
        pass
    assert log.erased_bytes == flashlog.STOCK_BYTES
    erases = device.nor.erases
    for i in range(2 * 60 * 90):
        log.append(bytes(wire.STRIDE.size + wire.OVERHEAD))
        if i % 5 == 0:
            log.append(bytes(wire.CUE.size + wire.OVERHEAD))
    log.flush()
    assert device.nor.erases == erases


def test_records_that_no_host_has_are_never_erased_ahead() -> None:
    device = Device()
    log = boot(device)
    fill(log)
    assert not log.tend()
    assert found(device) == list(range(1, log.next_seq))


def test_the_slowest_operation_is_known() -> None:
    device = Device()
    device.erasing_us = 45_000
    log = boot(device)
    append(log, 1)
    assert log.worst_ms == 45
    device.erasing_us = 399_100
    log.tend()
    assert log.worst_ms == 400


def test_writing_is_due_after_a_second_or_when_there_is_much() -> None:
    device = Device(8, 4096)
    log = boot(device)
    assert not log.due
    log.append(frame(1, 1))
    assert not log.due
    device.clock.now_us += 1_000_000
    assert log.due
    log.flush()
    assert not log.due
    while not log.due:
        log.append(frame(log.next_seq, 1))
    assert log.used_bytes < 33 + 1024


def test_raw_samples_leave_room_for_strides() -> None:
    log = boot(Device())
    while log.room_for_raw:
        append(log, 1)
    left = log.capacity_bytes - log.used_bytes
    assert SIZE <= left <= 3 * SIZE
    log.acknowledge(log.next_seq - 1)
    assert log.room_for_raw


def test_sizes_add_up() -> None:
    log = boot(Device())
    assert (log.capacity_bytes, log.used_bytes, log.unfetched_bytes) == (8 * SIZE, 0, 0)
    append(log, 60)
    assert log.unfetched_bytes == log.used_bytes > 3 * SIZE
    log.acknowledge(40)
    assert 0 < log.unfetched_bytes < log.used_bytes
    log.acknowledge(60)
    assert log.unfetched_bytes == 0


def test_without_a_partition_records_are_numbered_and_gone() -> None:
    log = NoLog()
    log.append(b"")
    log.append(b"", True)
    assert (log.next_seq, list(log.read(0, 9)), log.due, log.tend()) == (3, [], False, False)
    missing = [name for name in dir(FlashLog) if not name.startswith("_") and not hasattr(log, name)]
    assert missing == [], "it stands in for the log in everything"
