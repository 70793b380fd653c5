# SPDX-License-Identifier: MIT
"""What `kneesense settings` tells of each unit: its settings, a change that is planned, a change that was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..unitsettings import BY_KEY, Item
from .output import Output

if TYPE_CHECKING:
    from ..device import Device
    from ..store import Unit

Values = Mapping[str, int | None]


@dataclass
class Told:
    """What is said of each unit, and what it sums up to."""

    out: Output
    only_differing: bool
    code: int = 0
    differ: int = 0
    changed: set[str] = field(default_factory=set)
    _headed: set[str] = field(default_factory=set)

    def all(self, device: Device, paired: Unit, values: Values, listed: bool) -> None:
        self._head(device, paired)
        for key, value in values.items():
            item = BY_KEY[key]
            differs = value not in (None, item.default)
            self.differ += differs
            if listed and (differs or not self.only_differing):
                text = f"{'*' if differs else ' '} {item.name:<22} {item.text(value):<14} {item.span}"
                if differs:
                    text += f"; default {item.text(item.default)}"
                self.out.record(self._record(device, paired, item, value), f"{text}\n    {item.meaning}")

    def planned(self, device: Device, paired: Unit, before: Values, differing: Values) -> None:
        self._head(device, paired)
        for key, value in differing.items():
            item = BY_KEY[key]
            self.out.note(f"  {item.name}: {item.text(before[key])} -> {item.text(value)}")

    def changes(
        self, device: Device, paired: Unit, asked: Values, before: Values, after: Values, many: bool
    ) -> None:
        """`many`: those that are as before are only counted."""
        self._head(device, paired)
        same = 0
        for key, wanted in asked.items():
            item, value = BY_KEY[key], after[key]
            text: str | None = f"  {item.name}: {item.text(value)}, as before"
            if value != before[key]:
                self.changed.add(item.name)
                text = f"  {item.name}: {item.text(before[key])} -> {item.text(value)}, counts {_since(item)}"
            elif many:
                text = None
                same += 1
            record = self._record(device, paired, item, value) | {"was": _plain(item, before[key])}
            self.out.record(record, text)
            if value != wanted:
                self.code = 1
                message = f"{paired.handle}: {item.name} is {item.text(value)}, not {item.text(wanted)}"
                self.out.warn("not_set", f"{message}: does another program change it?")
        if same:
            self.out.note(f"  {same} as before")
        if device.info.running:
            self.out.note("  a run goes on: it keeps what it began with")

    def closing(self) -> str:
        if not self.differ:
            return "none differs from its default"
        return f"{self.differ} differ{'s' * (self.differ == 1)} from the default (*)"

    def _head(self, device: Device, paired: Unit) -> None:
        """Once for each unit."""
        if paired.device not in self._headed:
            self._headed.add(paired.device)
            self.out.note(
                f"unit {paired.handle} ({paired.runner}, {paired.side} leg), firmware {device.info.firmware}"
            )

    def _record(self, device: Device, paired: Unit, item: Item, value: int | None) -> dict[str, Any]:
        return {
            "type": "setting",
            "unit": paired.handle,
            "device": device.info.unit_id,
            "side": paired.side,
            "name": item.name,
            "value": _plain(item, value),
            "measure": item.unit or None,
            "default": item.plain(item.default),
            "differs": None if value is None else value != item.default,
            "low": None if item.words else item.plain(item.low),
            "high": None if item.words else item.plain(item.high),
            "words": list(item.words) or None,
            "number": item.number,
            "counts_from": item.counts_from,
            "meaning": item.meaning,
        }


def _plain(item: Item, value: int | None) -> int | float | str | None:
    return None if value is None else item.plain(value)


def _since(item: Item) -> str:
    return item.counts_from if item.counts_from == "at once" else f"from the {item.counts_from} on"
