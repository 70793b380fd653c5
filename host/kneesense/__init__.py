# SPDX-License-Identifier: MIT
"""kneesense: flash, pair, run and read a shank sensor for runners.

The public names load on first use, so that importing the package (and `kneesense --help`) stays fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from kneecore.version import VERSION

if TYPE_CHECKING:
    from .answers import UnitInfo
    from .api import open_store
    from .ble import BleLink, scan
    from .device import Device
    from .errors import KneesenseError
    from .frames import LogFrame
    from .session import Plan, Session
    from .store import Store

__version__ = ".".join(map(str, VERSION))

_HOME = {
    "BleLink": "ble",
    "Device": "device",
    "KneesenseError": "errors",
    "LogFrame": "frames",
    "Plan": "session",
    "Session": "session",
    "Store": "store",
    "UnitInfo": "answers",
    "open_store": "api",
    "scan": "ble",
}

__all__ = [
    "BleLink",
    "Device",
    "KneesenseError",
    "LogFrame",
    "Plan",
    "Session",
    "Store",
    "UnitInfo",
    "open_store",
    "scan",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'kneesense' has no attribute '{name}'")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
