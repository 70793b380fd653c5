# SPDX-License-Identifier: MIT
"""The flash model does what NOR flash does, also the unkind parts; and the auditor reads what it holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from kneecore import sector, wire
from kneesense import logimage, partitions
from kneesense.world.chips.flash import NorFlash
from kneesense.world.flash import Flash

TABLE = partitions.table(4)
LOG = TABLE[-1]


def test_programming_only_clears_bits_and_erasing_sets_those_of_one_sector() -> None:
    nor = NorFlash(2 * 512, 512)
    nor.program(3, b"\xf0\x00")
    nor.program(3, b"\x3f\xff")
    assert nor.cells[2:6] == b"\xff\x30\x00\xff"
    nor.program(512, b"\0")
    nor.erase(0)
    assert set(nor.cells[:512]) == {0xFF}
    assert nor.cells[512] == 0


def test_a_cut_program_operation_leaves_a_prefix_and_some_bits() -> None:
    seen = set()
    for seed in range(50):
        nor = NorFlash(512, 512, seed)
        nor.cut_program(0, b"\x11\x22\x00\x44", 2)
        assert nor.cells[:2] == b"\x11\x22"
        assert nor.cells[3] == 0xFF
        seen.add(nor.cells[2])
    assert len(seen) > 10


@pytest.mark.parametrize("done", [0.0, 0.3, 0.8, 0.95])
def test_a_cut_erase_sets_some_bits_and_leaves_the_sector_weak(done: float) -> None:
    nor = NorFlash(512, 512)
    nor.program(0, bytes(512))
    nor.cut_erase(0, done)
    ones = sum(byte.bit_count() for byte in nor.cells)
    assert (ones == 0) == (done == 0.0)
    assert (ones == 8 * 512) == (done > 0.9), "it reads as erased and is not"
    nor.cells[:] = b"\xff" * 512
    nor.program(0, b"\x7f" * 64)
    assert set(nor.cells[:64]) != {0x7F}
    nor.erase(0)
    nor.program(0, b"\x7f" * 64)
    assert set(nor.cells[:64]) == {0x7F}


def test_the_image_outlives_the_power(tmp_path: Path) -> None:
    flash = Flash(tmp_path / "log.bin", TABLE)
    flash.program(LOG.offset + 5000, b"abc", 0)
    assert Flash(tmp_path / "log.bin", TABLE).read(LOG.offset + 4999, 5) == b"\xffabc\xff"
    flash.erase(LOG.offset + 4096, 0)
    assert (tmp_path / "log.bin").read_bytes() == b"\xff" * LOG.size


def test_operations_take_their_time_by_page_and_sector(tmp_path: Path) -> None:
    flash = Flash(tmp_path / "log.bin", TABLE)
    assert flash.program(LOG.offset, bytes(256), 0) == pytest.approx(0.0004)
    assert flash.program(LOG.offset + 250, bytes(300), 0) == pytest.approx(0.0012)
    assert flash.erase(LOG.offset, 0) == pytest.approx(0.045)
    flash.erase_ms = 400
    assert flash.erase(LOG.offset, 0) == pytest.approx(0.4)


@pytest.mark.parametrize(("cut_us", "written"), [(100, 64), (399, 255), (400, 256), (10_000, 256)])
def test_what_is_under_way_when_the_power_fails_is_left_half_done(
    tmp_path: Path, cut_us: int, written: int
) -> None:
    flash = Flash(tmp_path / "log.bin", TABLE)
    flash.program(LOG.offset, bytes(256), 0)
    flash.power_lost(cut_us)
    image = (tmp_path / "log.bin").read_bytes()
    assert image[:written] == bytes(written)
    assert set(image[written + 1 :]) == {0xFF}


def test_a_cut_erase_is_left_half_done_in_the_image_too(tmp_path: Path) -> None:
    flash = Flash(tmp_path / "log.bin", TABLE)
    flash.program(LOG.offset, bytes(4096), 0)
    flash.erase(LOG.offset, 100_000)
    flash.power_lost(120_000)
    image = (tmp_path / "log.bin").read_bytes()[:4096]
    assert 0 < sum(byte.bit_count() for byte in image) < 4096 * 8
    assert flash.nor.weak == {0}


def test_nothing_outside_of_the_log_can_be_reached(tmp_path: Path) -> None:
    last = LOG.offset + LOG.size - 3
    for table, address in ((TABLE, LOG.offset - 1), (TABLE, last), (TABLE[:-1], LOG.offset)):
        with pytest.raises(OSError, match="outside"):
            Flash(tmp_path / "log.bin", table).read(address, 4)


def test_the_auditor_reads_sectors_by_generation_and_passes_over_garbage() -> None:
    def frame(seq: int) -> bytes:
        return wire.frame(wire.MARK, {"seq": seq, "boot": 1, "t_us": 1, "kind": 1})

    def in_use(generation: int, first: int, body: bytes) -> bytes:
        return (sector.header(generation, first) + b"\xff" + body).ljust(512, b"\xff")

    torn = frame(6) + frame(7)[:-3]
    damaged = bytearray(frame(3) + frame(4) + frame(5))
    damaged[len(frame(3)) + 9] ^= 2
    image = in_use(3, 6, torn) + sector.ERASED.ljust(512, b"\xff") + bytes(512) + in_use(2, 3, bytes(damaged))
    assert logimage.frames(image, 512) == [frame(3), frame(5), frame(6)]
    assert [(s.generation, s.first_seq, s.acked) for s in logimage.sectors(image, 512)] == [
        (2, 3, False),
        (3, 6, False),
    ]
