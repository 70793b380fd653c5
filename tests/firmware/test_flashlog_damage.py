# SPDX-License-Identifier: MIT
"""What is deleted is gone for good; what a flipped bit spoils is one record, told once.  Input: field reports A40."""

from __future__ import annotations

import pytest

from fakes.flash import Device
from fakes.logwriter import SIZE, append, boot, fill, found, frame, held, last_word, numbers, place_of
from kneecore import sector
from kneesense import logimage

# --- deleting --------------------------------------------------------------------------------------------------------


def test_deleting_everything_keeps_the_number_and_nothing_else() -> None:
    device = Device()
    log = boot(device)
    append(log, 60)
    log.erase(60)
    assert held(log) == []
    again = boot(device)
    assert (again.next_seq, again.first_seq, held(again)) == (61, 61, [])
    while again.tend():
        pass
    for seq in range(1, 61):
        assert frame(seq, 1) not in device.nor.cells
    append(again, 3)
    assert found(device) == [61, 62, 63]


@pytest.mark.parametrize("to_seq", [1, 5, 25, 33, 59])
def test_deleting_a_part_leaves_the_others(to_seq: int) -> None:
    device = Device()
    log = boot(device)
    append(log, 60)
    log.erase(to_seq)
    assert numbers(held(log)) == list(range(to_seq + 1, 61))
    again = boot(device)
    assert (again.first_seq, again.next_seq) == (to_seq + 1, 61)
    assert numbers(held(again)) == list(range(to_seq + 1, 61))
    assert again.damage is None
    while again.tend():
        pass
    for seq in range(1, to_seq + 1):
        assert frame(seq, 1) not in device.nor.cells


def test_a_large_log_is_deleted_in_parts_that_leave_the_watchdog_its_time() -> None:
    device = Device(800)
    log = boot(device)
    append(log, 7000)
    sectors = len(logimage.sectors(bytes(device.nor.cells), SIZE))
    asked, before = 0, 0
    while log.first_seq <= 7000:
        asked += 1
        before = device.steps
        log.erase(7000)
        assert device.steps - before < 300 * 32
        assert log.first_seq == boot(device).first_seq
    assert asked == len(range(0, sectors, 256)) > 2
    assert (held(log), log.next_seq) == ([], 7001)


def test_a_full_log_can_be_deleted() -> None:
    device = Device()
    log = boot(device)
    fill(log)
    log.append(last_word(log.next_seq, 1), True)
    log.erase(log.next_seq - 1)
    append(log, 5)
    assert found(device) == list(range(log.next_seq - 5, log.next_seq))


# --- damage (A40) ----------------------------------------------------------------------------------------------------


def test_a_flipped_bit_costs_one_record_and_is_found_once() -> None:
    device = Device()
    log = boot(device)
    append(log, 60)
    for seq in (3, 20, 40):
        device.nor.flip(place_of(device, seq) + 9, 4)
    missing = []
    for _ in range(4):
        log = boot(device)
        assert numbers(held(log)) == [seq for seq in range(1, 61) if seq not in (3, 20, 40)]
        if log.damage:
            missing.append(log.damage)
            log.strike()
    assert missing == [(3, 1), (20, 1), (40, 1)]
    log = boot(device)
    held(log)
    assert log.damage is None
    assert log.next_seq == 61


def test_two_in_a_sector_are_told_one_after_the_other() -> None:
    device = Device()
    log = boot(device)
    append(log, 60)
    for seq in (3, 5):
        device.nor.flip(place_of(device, seq) + 9, 4)
    held(log)
    assert log.damage == (3, 1)
    log.strike()
    assert log.damage == (5, 1)
    log.strike()
    assert log.damage is None
    assert log.damaged == 2


def test_each_flipped_bit_of_a_record_spares_its_neighbours() -> None:
    device = Device()
    append(boot(device), 60)
    at = place_of(device, 21)
    for bit in range(8 * len(frame(21, 1))):
        device.nor.flip(at + bit // 8, bit % 8)
        log = boot(device)
        assert numbers(held(log)) == [seq for seq in range(1, 61) if seq != 21]
        assert log.damage == (21, 1)
        device.nor.flip(at + bit // 8, bit % 8)


def test_the_last_record_of_a_sector_is_missed_too() -> None:
    device = Device()
    log = boot(device)
    append(log, 60)
    last = logimage.sectors(bytes(device.nor.cells), SIZE)[2].first_seq - 1
    device.nor.flip(place_of(device, last) + 12)
    log = boot(device)
    assert last not in numbers(held(log))
    assert log.damage == (last, 1)
    log.strike()
    held(log)
    assert log.damage is None


@pytest.mark.parametrize("byte", range(sector.DATA))
def test_a_flipped_bit_in_a_header_costs_nothing(byte: int) -> None:
    device = Device()
    append(boot(device), 60)
    places = [at for at in range(0, 8 * SIZE, SIZE) if sector.read_header(device.nor.cells[at:])]
    for at in places:
        device.nor.flip(at + byte, byte % 8)
    assert found(device) == list(range(1, 61))
    append(boot(device), 5)
    assert found(device) == list(range(1, 66))


def test_a_sector_without_a_header_among_others_is_read_all_the_same() -> None:
    device = Device()
    append(boot(device), 60)
    at = logimage.sectors(bytes(device.nor.cells), SIZE)
    middle = place_of(device, at[2].first_seq) - sector.DATA
    for copy in (0, 16):
        device.nor.flip(middle + copy + 5)
    assert found(device) == list(range(1, 61))
