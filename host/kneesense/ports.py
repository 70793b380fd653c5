# SPDX-License-Identifier: MIT
"""Which serial port has a unit: by the USB ids of the bridges that boards with an ESP32 carry; never a guess.

Ids: the list usb.ids (linux-usb.org), and Espressif's usb-pids for 303a.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .errors import InputError, NothingFound

BRIDGES = {
    (0x10C4, 0xEA60): "CP210x",
    (0x1A86, 0x7523): "CH340",
    (0x1A86, 0x55D4): "CH9102",
    (0x1A86, 0x55D3): "CH343",
    (0x0403, 0x6001): "FT232R",
    (0x0403, 0x6015): "FT231X",
    (0x303A, 0x1001): "Espressif USB JTAG/serial",
}


@dataclass(frozen=True)
class Port:
    """A serial port of this computer; `vid` and `pid` are None if it is not on USB."""

    device: str
    vid: int | None
    pid: int | None
    about: str

    @property
    def bridge(self) -> str | None:
        """What it is if it may be a unit."""
        return BRIDGES.get((self.vid or 0, self.pid or 0))

    def __str__(self) -> str:
        usb = "no USB" if self.vid is None or self.pid is None else f"{self.vid:04x}:{self.pid:04x}"
        return f"{self.device} ({usb}, {self.bridge or self.about})"


def listed() -> list[Port]:
    """All ports of this computer."""
    from serial.tools import list_ports

    found = sorted(list_ports.comports(), key=lambda port: port.device)
    return [Port(p.device, p.vid, p.pid, p.description or "unknown") for p in found]


def choose(ports: Sequence[Port], named: str | None = None) -> str:
    """The one named, else the only candidate.  Raises when there is none, or more than one."""
    if named:
        return named
    candidates = [port for port in ports if port.bridge]
    if len(candidates) == 1:
        return candidates[0].device
    if candidates:
        raise InputError(
            f"{len(candidates)} ports may be a unit: {', '.join(map(str, candidates))}",
            "name one: --port " + candidates[0].device,
        )
    others = [port for port in ports if port.vid is not None]
    if others:
        raise NothingFound(
            f"no port with a USB bridge that is known: {', '.join(map(str, others))}",
            "if one of them is the unit, name it with --port",
        )
    raise NothingFound(
        "no USB serial port",
        "plug the unit in with a cable that carries data (one for charging only shows no port); kneesense doctor",
    )
