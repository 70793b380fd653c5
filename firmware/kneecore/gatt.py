# SPDX-License-Identifier: MIT
"""Bluetooth LE names of the product: UUIDs, properties, advertisement layout.  Used by both ends."""

_BASE = "6b6e%s-7365-4e73-a0e1-0f6a52d5c9b4"


def _uuid(short: str) -> str:
    return _BASE % short


SERVICE = _uuid("0001")
CONTROL = _uuid("0002")  # write a command frame; its answer comes as a notification here
EVENTS = _uuid("0003")  # notify: logged records as they happen, best effort
LOG = _uuid("0004")  # notify: records asked for with FETCH, then FETCHED

READ, WRITE, NOTIFY = 0x0002, 0x0008, 0x0010  # as in the Bluetooth core specification, vol 3 part G 3.3.1.1
# MicroPython's own: the stack refuses writes over an unencrypted link, at which a system encrypts it.  It says nothing
# of who the peer is: that is kneecore.trust's to decide.
WRITE_ENCRYPTED = 0x1000

CHARACTERISTICS = ((CONTROL, WRITE | NOTIFY | WRITE_ENCRYPTED), (EVENTS, NOTIFY), (LOG, NOTIFY))

BATTERY = 0x180F  # open to all, as Device Information
BATTERY_LEVEL = 0x2A19  # percent; empty while it is unknown

DEVICE_INFORMATION = 0x180A
MANUFACTURER_NAME, MODEL_NUMBER, FIRMWARE_REVISION = 0x2A29, 0x2A24, 0x2A26

COMPANY = 0xFFFF  # "for testing": no company identifier is assigned to the product
NAME_PREFIX = "kneesense-"
MTU = 247
DEFAULT_MTU = 23
ATT_HEADER = 3
CONTROL_BUFFER = 512


def _item(kind: int, data: bytes) -> bytes:
    return bytes((len(data) + 1, kind)) + data


def _uuid_bytes(text: str) -> bytes:
    digits = text.replace("-", "")
    return bytes(int(digits[i : i + 2], 16) for i in range(30, -2, -2))


def advertisement(major: int, short_id: bytes) -> bytes:
    """31 bytes at most: flags, service UUID, wire major and a short id (never a serial or a runner's name)."""
    return (
        _item(0x01, b"\x06")
        + _item(0x07, _uuid_bytes(SERVICE))
        + _item(0xFF, bytes((COMPANY & 0xFF, COMPANY >> 8, major)) + short_id)
    )


def scan_response(short_id: bytes) -> bytes:
    """Of the advertisement: the name."""
    return _item(0x09, name(short_id).encode())


def name(short_id: bytes) -> str:
    """As it is advertised, by the last three bytes of the id."""
    return NAME_PREFIX + "".join("%02x" % b for b in short_id)
