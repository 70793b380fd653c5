# SPDX-License-Identifier: MIT
"""Two units in a run: whether their contacts alternate, as those of two legs do.  Looks at their last strides, live.

Each finding is told once a run.  A unit that is not connected is not judged: its strides come later.
"""

from __future__ import annotations

from collections import deque

from . import pairs, symmetry
from .pairs import SIDES
from .records import Record
from .store import Store, Unit
from .symmetry import Contact

_EVERY = 20  # strides between two looks
_LAST = 60
_ALONE = 60  # strides of one leg without any of the other: about 40 s


class LegWatch:
    """Fed with the strides of all units of a run, as they come."""

    def __init__(self, store: Store, units: list[Unit]) -> None:
        self._store = store
        self._units = {unit.device: unit for unit in units}
        self._strides: dict[str, deque[tuple[int, int, Record]]] = {
            unit.device: deque(maxlen=_LAST) for unit in units
        }
        self._alone = dict.fromkeys(self._units, 0)
        self._here: set[str] = set()
        self._seen = 0
        self._told: set[str] = set()

    def begun(self) -> list[tuple[str, str]]:
        """(code, message) of what is wrong before the first step."""
        sides = [unit.side for unit in self._units.values()]
        return self._new([pairs.same_side(side) for side in SIDES if sides.count(side) > 1])

    def connected(self, device: str, here: bool) -> None:
        """Whether what the unit sees arrives at once."""
        (self._here.add if here else self._here.discard)(device)
        self._alone = dict.fromkeys(self._alone, 0)

    def see(self, device: str, boot: int, t_us: int, stride: Record) -> list[tuple[str, str]]:
        """A stride record heard live, logged at that time of the unit's clock.  (code, message) of what is wrong."""
        if not stride["stride_s"] or "backdated" in stride["flags"]:
            return []
        self._strides[device].append((boot, t_us, stride))
        self._seen += 1
        found = self._missed(device)
        if self._seen % _EVERY == 0:
            found += self._compared(device)
        return self._new(found)

    def _missed(self, device: str) -> list[tuple[str, str]]:
        """Another unit that is there and sees no strides."""
        found = []
        for other in self._units:
            self._alone[other] = 0 if other == device else self._alone[other] + 1
            if other in self._here and self._alone[other] == _ALONE:
                side = self._units[other].side
                found.append(
                    (
                        "no_strides",
                        f"the unit of the {side} leg sees no strides: is it worn, is it on the leg?",
                    )
                )
        return found

    def _compared(self, device: str) -> list[tuple[str, str]]:
        """With each of the others, over the last strides."""
        found = []
        for other in self._units:
            if other != device:
                first, second = self._contacts(device), self._contacts(other)
                if first is not None and second is not None:
                    told = symmetry.told(symmetry.compare(first[0], second[0], first[1] + second[1]))
                    found += [told] if told else []
        return found

    def _contacts(self, device: str) -> tuple[list[Contact], float] | None:
        """By the time at which strides were logged, which is late by the same for both; the clock's error in s."""
        strides = self._strides[device]
        ties = {boot: self._store.tie(device, boot) for boot in {boot for boot, _, _ in strides}}
        contacts, error_us = [], 0
        for boot, t_us, stride in strides:
            tie = ties[boot]
            if tie is None:
                return None
            error_us = max(error_us, tie.error_us(t_us))
            contacts.append(Contact(tie.utc_us(t_us) / 1e6 - stride["stride_s"], stride))
        return contacts, error_us / 1e6

    def _new(self, found: list[tuple[str, str]]) -> list[tuple[str, str]]:
        new = [told for told in found if told[0] not in self._told]
        self._told |= {code for code, _ in new}
        return new
