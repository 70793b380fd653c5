# SPDX-License-Identifier: MIT
"""A runner who does what the computer asks for: stands, walks, runs as long as a run goes on, stands again.

For a unit that other programs talk to.  He cannot see their screen, so he hears what they write to the unit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from kneecore import wire

from .bonding import PEER_SEC
from .chips.inertial import Inertial
from .feed import Shared
from .scenario import Scenario

if TYPE_CHECKING:
    from .unit import VirtualUnit

_LOOK_S = 40.0  # before the minute of tasks/door.py is over
_PAIR_S = 3.5  # until it has buzzed twice
_WAKE_S = 1.5  # long enough to start no run, too short for anything else


class Attentive:
    """One runner, with a unit or two."""

    def __init__(self) -> None:
        self._running: list[Inertial] = []  # chips that feel the run

    def wears(self, chip: Inertial, scenario: Scenario) -> Callable[[bytes], None]:
        """A unit with this chip.  Gives what is to be told of each write to it."""
        stream = wire.Stream()

        def heard(data: bytes) -> None:
            for code, frame in stream.feed(data):
                if code in (wire.BEGIN.code, wire.RUN.code, wire.HALT.code):
                    self._do(code, wire.decode(frame)[1].get("stage") or 0, chip, scenario)

        return heard

    def _do(self, code: int, stage: int, chip: Inertial, scenario: Scenario) -> None:
        if chip in self._running:
            self._running.remove(chip)
        if code == wire.RUN.code:
            self._running.append(chip)
            chip.wear(Shared(scenario.feed, chip, self._begun_us))
        elif scenario.asked:
            asked = wire.STAGES[stage] if code == wire.BEGIN.code and stage < len(wire.STAGES) else ""
            chip.wear(scenario.asked.get(asked, scenario.asked["still"]))

    def _begun_us(self) -> float | None:
        """The first of them to feel it began it for both."""
        return min((chip.start_us for chip in self._running if chip.start_us is not None), default=None)


async def hold_the_button(unit: VirtualUnit) -> None:
    """He does, as nobody else can reach it: it takes a computer however slowly one reads, and does not stay asleep."""
    button = unit.board.button
    while True:
        await asyncio.sleep(_LOOK_S)
        if unit.board.power.asleep:
            await button.press(_WAKE_S)
        elif unit.process is not None and not _paired(unit):
            await button.press(_PAIR_S)


def _paired(unit: VirtualUnit) -> bool:
    try:
        return any(kind == PEER_SEC for kind, _key, _value in unit.kept("bonds.json"))
    except (OSError, ValueError):  # not yet written
        return False
