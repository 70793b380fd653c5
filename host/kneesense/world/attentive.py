# SPDX-License-Identifier: MIT
"""A runner who does what the computer asks for: stands, walks, runs as long as a run goes on, stands again.

For a unit that other programs talk to.  He cannot see their screen, so he hears what they write to the unit.
"""

from __future__ import annotations

from collections.abc import Callable

from kneecore import wire

from .chips.inertial import Inertial
from .feed import Shared
from .scenario import Scenario


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
