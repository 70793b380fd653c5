# SPDX-License-Identifier: MIT
"""The advertisement and the service table, against the Bluetooth core specification (vol 3, parts C and G)."""

import uuid

import pytest

from kneecore import gatt, wire


def test_advertisement_byte_by_byte():
    assert gatt.advertisement(1, bytes.fromhex("a1b2c3")) == bytes.fromhex(
        "02 01 06"  # flags: general discoverable, no BR/EDR
        "11 07 b4c9d5526a0f e1a0 734e 6573 0100 6e6b"  # complete list of 128-bit services, little-endian
        "07 ff ffff 01 a1b2c3"  # manufacturer data: no company, wire major, short id
    )


def test_an_advertisement_of_a_three_byte_id_fits_in_31_bytes():
    assert len(gatt.advertisement(wire.MAJOR, bytes(3))) <= 31
    assert len(gatt.scan_response(bytes(3))) <= 31


def test_scan_response_is_the_complete_local_name():
    assert gatt.scan_response(b"\x0a\x0b\xff") == b"\x11\x09kneesense-0a0bff"
    assert gatt.name(b"\x0a\x0b\xff") == "kneesense-0a0bff"


def test_uuids_are_valid_distinct_and_of_one_base():
    uuids = [uuid.UUID(text) for text in (gatt.SERVICE, gatt.CONTROL, gatt.EVENTS, gatt.LOG)]
    assert len(set(uuids)) == 4
    assert {u.bytes[:2] + u.bytes[4:] for u in uuids} == {uuids[0].bytes[:2] + uuids[0].bytes[4:]}
    assert gatt.SERVICE.encode() == str(uuids[0]).encode(), "lower case, as bleak gives them"


def test_characteristics():
    assert gatt.CHARACTERISTICS == (
        (gatt.CONTROL, 0x0008 | 0x0010 | 0x1000),  # write, notify; over an encrypted link only
        (gatt.EVENTS, 0x0010),
        (gatt.LOG, 0x0010),
    )


@pytest.mark.parametrize("record", wire.COMMANDS, ids=lambda record: record.name)
def test_a_command_fits_the_control_buffer_and_one_write(record):
    assert record.size + wire.OVERHEAD <= min(gatt.CONTROL_BUFFER, gatt.MTU - gatt.ATT_HEADER)
