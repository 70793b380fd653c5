# SPDX-License-Identifier: MIT
"""Nets of WireViz files: which pins are joined.  Only what hardware/wiring-*.yml use of the format is read.

Their `metadata` says what no drawing can: volts of rails and supplies, addresses, values of resistors.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any


class Wiring:
    """Nets of one or more WireViz files.  A pin is `PART LABEL`, as in their metadata."""

    def __init__(self, documents: Iterable[dict[str, Any]]) -> None:
        self.values: dict[str, str] = {}
        self.i2c: dict[str, int] = {}
        self.onboard: dict[str, str] = {}
        self.rails: dict[str, list[float]] = {}
        self.supplies: dict[str, list[float]] = {}
        self.grounds: set[str] = set()
        self.pins: set[str] = set()
        self.wires = 0
        self._net: dict[str, set[str]] = {}
        for document in documents:
            about = document["metadata"]
            for kind in ("values", "i2c", "onboard", "rails", "supplies"):
                getattr(self, kind).update(about[kind])
            self.grounds |= set(about["grounds"])
            for part, connector in document["connectors"].items():
                self.pins |= {f"{part} {label}" for label in connector["pins"]}
            for chain in document["connections"]:
                self._connect(chain, document)

    def _connect(self, chain: list[dict[str, list[Any]]], document: dict[str, Any]) -> None:
        (left, left_pins), (cable, wires), (right, right_pins) = (next(iter(item.items())) for item in chain)
        numbers = [n for wire in wires for n in expanded(wire)]
        assert numbers == list(range(1, len(document["cables"][cable]["colors"]) + 1)), cable
        self.wires += len(numbers)
        for a, b in zip(left_pins, right_pins, strict=True):
            ends = {f"{left} {a}", f"{right} {b}"}
            assert ends <= self.pins, ends
            joined = set().union(*(self.net(pin) for pin in ends))
            for pin in joined:
                self._net[pin] = joined

    def net(self, pin: str) -> set[str]:
        return self._net.get(pin, {pin})

    def gpio(self, number: int) -> set[str]:
        (pin,) = (pin for pin in self.pins if re.match(rf"BOARD GPIO{number}\b", pin))
        return self.net(pin)

    def across(self, value: str, one: set[str], other: set[str]) -> list[str]:
        """Resistors of this value from one net to another."""
        ends = {name: (self.net(f"{name} a"), self.net(f"{name} b")) for name in self.values}
        wanted = [name for name, pair in ends.items() if one in pair and other in pair]
        return [name for name in wanted if self.values[name] == value]

    @property
    def ground(self) -> set[str]:
        (net,) = {frozenset(self.net(pin)) for pin in self.grounds}
        return set(net)

    @property
    def supply(self) -> set[str]:
        return self.net("BOARD 3V3")

    def volts(self, pin: str) -> tuple[float, ...]:
        """Lowest and highest of the rail that this pin hangs on."""
        (rail,) = {tuple(self.rails[rail]) for rail in self.rails if rail in self.net(pin)}
        return rail


def expanded(wire: int | str) -> Iterator[int]:
    """`1-5` as 1, 2, 3, 4, 5."""
    first, _, last = str(wire).partition("-")
    yield from range(int(first), int(last or first) + 1)
