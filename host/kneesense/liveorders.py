# SPDX-License-Identifier: MIT
"""What a live view asks of the units: marks, pain, mute; and the end of the run.

A pain mark from here is the one of the unit's button: the unit acts on it, logs it, and answers with its pattern.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from .liveview import MARKS, LiveView
from .together import Together


class Answer(NamedTuple):
    done: bool
    text: str


class Orders:
    """`stop`: asks for the end of the run, as Ctrl-C does."""

    def __init__(
        self,
        view: LiveView,
        together: Together,
        stop: Callable[[], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.stop = stop
        self._view = view
        self._together = together
        self._now = now

    async def mark(self, kind: str) -> Answer:
        """One of wire.MARKS that the view offers now; on every unit of the run."""
        if kind not in self._view.offers(self._now()).values():
            return Answer(False, f"not now: {MARKS.get(kind, 'no such mark')}")
        failures = await self._together.mark(kind)
        if failures:
            why = "; ".join(f"{session.unit_id}: {error}" for session, error in failures.items())
            return Answer(False, f"not on every unit: {why}. The button on the unit does it too")
        return Answer(True, MARKS[kind])
