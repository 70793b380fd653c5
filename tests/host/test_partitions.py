# SPDX-License-Identifier: MIT
"""The partition table: read back by ESP-IDF's own reader, and where MicroPython's image needs it."""

from __future__ import annotations

import hashlib
from types import ModuleType

import pytest

from kneesense import partitions

MB = 1024 * 1024


@pytest.fixture
def esp() -> ModuleType:
    """What ESP-IDF's gen_esp32part.py does, as a package."""
    return pytest.importorskip("esp_idf_defs.partitions", reason="no esp-idf-defs: pip install -e '.[dev]'")


@pytest.mark.parametrize("flash_mb", partitions.SIZES_MB)
def test_esp_idf_reads_the_binary_as_it_reads_the_text(esp: ModuleType, flash_mb: int) -> None:
    table = partitions.table(flash_mb)
    binary = partitions.to_binary(table)
    read = esp.PartitionTable.from_binary(binary)  # checks the MD5
    read.verify()
    read.verify_size_fits(flash_mb * MB)
    assert [(p.name, p.type, p.subtype, p.offset, p.size) for p in read] == [
        (p.name, p.type, p.subtype, p.offset, p.size) for p in table
    ]
    written = esp.PartitionTable.from_csv(partitions.to_csv(table))
    assert written.to_binary() == binary


def test_a_changed_byte_is_noticed(esp: ModuleType) -> None:
    binary = bytearray(partitions.to_binary(partitions.table(4)))
    binary[36] ^= 1
    with pytest.raises(esp.InputError, match="MD5"):
        esp.PartitionTable.from_binary(bytes(binary))


@pytest.mark.parametrize("flash_mb", partitions.SIZES_MB)
def test_every_byte_of_the_flash_has_one_owner(flash_mb: int) -> None:
    table = partitions.table(flash_mb)
    assert all(p.offset % partitions.SECTOR == p.size % partitions.SECTOR == 0 for p in table)
    ends = [p.offset + p.size for p in table]
    assert [p.offset for p in table[1:]] == ends[:-1]
    assert ends[-1] == flash_mb * MB
    assert table[0].offset == partitions.TABLE_OFFSET + partitions.SECTOR


def test_the_program_lies_where_micropython_s_image_has_it() -> None:
    by_name = {p.name: (p.offset, p.size) for p in partitions.table(4)}
    assert by_name["nvs"] == (0x9000, 0x6000)
    assert by_name["phy_init"] == (0xF000, 0x1000)
    assert by_name["factory"] == (0x10000, 0x1F0000)
    assert by_name["log"] == (0x300000, 0x100000)


def test_a_row_and_the_checksum_are_as_documented() -> None:
    binary = partitions.to_binary(partitions.table(4))
    assert binary[:32] == bytes.fromhex("aa50 01 02 00900000 00600000") + b"nvs".ljust(16, b"\0") + bytes(4)
    rows, checksum = binary[: 5 * 32], binary[5 * 32 : 6 * 32]
    assert checksum == b"\xeb\xeb" + b"\xff" * 14 + hashlib.md5(rows).digest()
    assert len(binary) == 0xC00
    assert set(binary[6 * 32 :]) == {0xFF}


def test_a_size_without_a_layout_is_refused() -> None:
    with pytest.raises(ValueError, match="2 MB"):
        partitions.table(2)
