# SPDX-License-Identifier: MIT
"""A calibration stage by stage, from the host: the unit measures and judges, the host tells and keeps.

    verdict = await guide.stage(unit, "still", "right", "medial", store)

The unit goes on with a stage by itself.  A stage may be repeated; `walk` builds on the last accepted `still` since the
unit was switched on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing, suppress

from kneecore import wire

from .answers import Progress
from .device import Device
from .errors import UPDATE_UNIT, CommandRefused, KneesenseError
from .store import Store
from .times import utc_now
from .verdict import Verdict, read

POLL_S = 0.5
LIMIT_S = 120.0  # more than the longest stage with the longest settings


def _nobody(progress: Progress) -> None:
    pass


async def stage(
    unit: Device,
    name: str,
    side: str,
    face: str,
    store: Store | None = None,
    on_progress: Callable[[Progress], None] = _nobody,
) -> Verdict:
    """Run one stage (still, walk or rezero) to its verdict, which is also kept in `store`.

    Raises CommandRefused when the unit cannot begin it now: in a run, walk before still, rezero without calibration.
    Cancelled, the unit gives the stage up; over a lost link it goes on, see `follow`.
    """
    try:
        await unit.begin_stage(name, side, face)
        return await follow(unit, name, store, on_progress)
    except CommandRefused as error:
        if error.command != wire.BEGIN.name:
            raise
        raise CommandRefused(f"calibrate ({name})", error.status, _why(name, error.status)) from None
    except asyncio.CancelledError:
        with suppress(KneesenseError):
            await unit.begin_stage("none", side, face)
        raise


async def follow(
    unit: Device, name: str, store: Store | None = None, on_progress: Callable[[Progress], None] = _nobody
) -> Verdict:
    """The verdict of a stage that has begun, also over another connection."""
    try:
        async with asyncio.timeout(LIMIT_S):
            while True:
                progress = await unit.progress()
                on_progress(progress)
                if progress.state != "busy":
                    break
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        raise KneesenseError(f"the stage '{name}' does not end", "switch the unit off and on") from None
    if progress.stage != name:
        raise KneesenseError(
            f"the unit does not go on with the stage '{name}': it was switched off, or another program began another",
            "begin again: kneesense calibrate",
        )
    return await _verdict(unit, progress.verdict_seq, store)


async def _verdict(unit: Device, seq: int, store: Store | None) -> Verdict:
    """Fetch the record and keep it."""
    async with aclosing(unit.fetch(seq, seq)) as records:
        async for record in records:
            if record.code == wire.VERDICT.code:
                if store is not None:
                    store.add(unit.info.unit_id, [record])
                return read(record.values(), utc_now())
    raise KneesenseError("the verdict is not in the unit's log", "its log may be full: kneesense sync")


def _why(name: str, status: str) -> str:
    if status == "unknown_command":
        return UPDATE_UNIT
    if status != "bad_state":
        return ""
    return {
        "walk": "begin with --stage still, and end a run first",
        "rezero": "calibrate first, and end a run first",
    }.get(name, "end the run first, and check that the unit has its sensor")
