# SPDX-License-Identifier: MIT
"""A unit goes from one runner to another: what is the first one's is fetched and taken off it before.

Its log is fetched while the unit still counts as the first one's, so that runs nobody has fetched stay with who ran
them.  A programme and cues are somebody's: the unit keeps neither for the next one.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from kneecore import wire

from .bus import News, Update
from .device import Device
from .errors import CommandRefused
from .store import Store
from .sync import LogSync


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What was done."""

    fetched: int
    """Records of the first runner that were not here yet."""
    programme: bool
    """Whether a programme was taken off the unit."""


async def hand_over(
    unit: Device,
    store: Store,
    to_runner: str,
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
    tell: Callable[[News], None] = lambda news: None,
) -> HandedOver:
    """On a connection; afterwards the unit may be remembered as the other runner's.  CommandRefused in a run."""
    if unit.info.running:
        raise CommandRefused(
            "hand over", wire.STATUSES[wire.BUSY], "end the run first: kneesense run --attach --end"
        )

    def heard(update: Update) -> None:
        if isinstance(update, News):
            tell(update)

    sync = LogSync(unit.info.unit_id, store, heard)
    sync.progress = progress
    await sync.meet(unit)
    await unit.set("cue_rule", wire.RULES.index("off"))
    programme = False
    with suppress(CommandRefused):  # an older firmware keeps no programme, and no runner
        programme = bool((await unit.read_plan()).sessions)
        await unit.prescribe(store.runner_number(to_runner), 0, ())
    return HandedOver(sync.counters.backfilled, programme)
