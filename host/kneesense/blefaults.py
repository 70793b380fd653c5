# SPDX-License-Identifier: MIT
"""What the Bluetooth of Linux, macOS and Windows fails with, in plain words with the next step.

Sources: bleak's exceptions and their reasons; the D-Bus error names of BlueZ (doc/org.bluez.*.rst).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import AdapterError, KneesenseError, LinkLost, NothingFound, NotTrusted

_PERMISSION = {
    "darwin": "allow this terminal in System Settings, Privacy & Security, Bluetooth",
    "win32": "allow it in Settings, Privacy & security, Bluetooth",
}.get(
    sys.platform,
    "add yourself to the group 'bluetooth' (sudo usermod -aG bluetooth $USER), then log in again",
)
_SERVICE = {
    "darwin": "switch Bluetooth on in System Settings",
    "win32": "switch Bluetooth on in Settings",
}.get(sys.platform, "start it: sudo systemctl start bluetooth")
_NO_HARDWARE = (
    "plug in a Bluetooth adapter; without one, `kneesense demo` shows everything in a virtual world"
)

# bleak's reason, in lower case -> message, advice
_REASONS = {
    "no_bluetooth": ("this computer has no Bluetooth adapter", _NO_HARDWARE),
    "no_ble_central_role": ("this computer's Bluetooth adapter does not do Bluetooth LE", _NO_HARDWARE),
    "powered_off": ("Bluetooth is off", "switch Bluetooth on"),
    "denied_by_user": ("this program may not use Bluetooth", _PERMISSION),
    "denied_by_system": ("this program may not use Bluetooth", _PERMISSION),
    "denied_by_unknown": ("this program may not use Bluetooth", _PERMISSION),
    "no_service": (
        "this computer's Bluetooth service does not run",
        f"{_SERVICE}; without Bluetooth: kneesense demo",
    ),
    "unknown": ("Bluetooth is not available", "switch Bluetooth off and on"),
}
# part of a D-Bus error's name -> reason
_DBUS = (
    ("AccessDenied", "denied_by_system"),
    ("NotAuthorized", "denied_by_system"),
    ("ServiceUnknown", "no_service"),
    ("NotReady", "powered_off"),
)
# The unit cannot take a write just now: its queue is full.
_BUSY_CODES = (
    0x09,
    0x11,
)  # prepare queue full, insufficient resources: Bluetooth core specification, vol 3 part F

# The link is not encrypted and could not be: insufficient authentication, authorization, encryption (there as well).
_STRANGER_CODES = (0x05, 0x08, 0x0F)


def is_passing(error: Exception) -> bool:
    """Whether the same call may well succeed a little later."""
    from bleak.exc import BleakError, BleakGATTProtocolError

    if isinstance(error, BleakGATTProtocolError):
        return int(error.code) in _BUSY_CODES
    return isinstance(error, BleakError) and "inprogress" in str(error).replace(" ", "").lower()


@contextmanager
def plain() -> Iterator[None]:
    """Turn what bleak raises into the product's own errors."""
    from bleak.exc import BleakError

    try:
        yield
    except (BleakError, OSError, EOFError) as error:  # TimeoutError is an OSError
        raise _translated(error) from error


def _translated(error: Exception) -> KneesenseError:
    from bleak.exc import (
        BleakBluetoothNotAvailableError,
        BleakDBusError,
        BleakDeviceNotFoundError,
        BleakGATTProtocolError,
    )

    radio = os.environ.get("KNEESENSE_RADIO")
    if isinstance(error, BleakBluetoothNotAvailableError):
        return _adapter(error.reason.name.lower())
    if isinstance(error, BleakDeviceNotFoundError):
        return NothingFound("the unit has gone out of range", LinkLost.advice)
    if isinstance(error, BleakGATTProtocolError) and int(error.code) in _STRANGER_CODES:
        return NotTrusted()
    if isinstance(error, BleakDBusError):
        for part, reason in _DBUS:
            if part in error.dbus_error:
                return _adapter(reason)
    if isinstance(error, PermissionError):
        return _adapter("denied_by_system")
    if isinstance(error, OSError) and radio:
        # Not LinkLost: that world is over, its radio does not come back.
        return KneesenseError(
            f"the virtual radio {radio} does not answer", "is `kneesense demo --unit-only` still running?"
        )
    if isinstance(error, FileNotFoundError | ConnectionRefusedError):  # no D-Bus socket, or nobody behind it
        return _adapter("no_service")
    if is_passing(error):
        return LinkLost("Bluetooth is busy", "end other programs that use it, or switch Bluetooth off and on")
    return LinkLost(f"Bluetooth: {error or type(error).__name__}")


def _adapter(reason: str) -> AdapterError:
    return AdapterError(reason, *_REASONS.get(reason, _REASONS["unknown"]))
