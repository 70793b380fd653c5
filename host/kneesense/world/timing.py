# SPDX-License-Identifier: MIT
"""How long things take in the virtual world, on its clock: a stride's way to the host, a cue's way to the motor."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from kneecore import wire

from ..bus import Arrival
from ..session import Session
from ..store import Store
from . import clock, demo, scenario
from .outcome import TrueLatency

_DURATION_S = 120.0
_SPEED = 1000.0


@dataclass
class Latencies:
    stride_ms: list[float] = field(default_factory=list)
    """From the moment the unit numbered a stride to its commit in the host's store, for those that came live."""
    cue_ms: list[float] = field(default_factory=list)
    """From the true toe-off to the motor command."""


@cache
def latencies() -> Latencies:
    """One demo run at full speed."""
    found = Latencies()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        readers: list[asyncio.Task[None]] = []

        def watch(session: Session, true_latency: TrueLatency) -> None:
            updates = session.bus.subscribe()

            async def read() -> None:
                async for update in updates:
                    if (
                        isinstance(update, Arrival)
                        and update.record.code == wire.STRIDE.code
                        and not update.backfilled
                    ):
                        found.stride_ms.append(1000 * loop.time() - update.record.t_us / 1000)

            readers.append(loop.create_task(read()))

        with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "runs.sqlite") as store:
            outcome = await demo.play(scenario.runner(_DURATION_S, "right", 1), Path(folder), store, watch)
        await asyncio.gather(*readers)
        found.cue_ms = [1000 * buzz.after_toe_off_s for buzz in outcome.buzzes]

    clock.run(main, _SPEED)
    return found
