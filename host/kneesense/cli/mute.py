# SPDX-License-Identifier: MIT
"""`kneesense mute`: no more cues in the run that goes on, or cues again."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from ..errors import CommandRefused
from .consent import ScreenAnswers
from .output import DEFAULT_STORE, Output, StoreFlags


async def mute(
    *,
    resume: Annotated[bool, Parameter(negative=())] = False,
    unit: str | None = None,
    runner: str | None = None,
    screen_answers: ScreenAnswers = None,
    flags: StoreFlags = DEFAULT_STORE,
) -> None:
    """Silence the cues of the run that goes on; recording goes on, and the next run cues again.

    For a run without this computer, or from another one: a unit talks to one computer at a time.  On the leg, hold the
    button for 2 s.

    Examples: kneesense mute; kneesense mute --resume

    Parameters
    ----------
    resume
        Cues again, after a mute or a pain mark; also before the next run. With pain the default advice is to stop.
    unit
        Id of the unit. Default: the only paired one, or the runner's.
    runner
        Who wears it. Default: the runner the unit is paired with.
    screen_answers
        With --resume: answers of the safety screen before a runner's first cue, such as no,no,no,no,no.
    """
    from ..ble import BleLink
    from ..device import Device
    from ..paths import store_file
    from ..store import Store
    from .consent import require
    from .units import choose

    out = Output(flags.json)
    with Store(store_file(flags.store)) as store:
        paired = choose(store.units(), unit, runner)
        if resume:
            require(store, runner or paired.runner, screen_answers, out)
    async with Device(BleLink(paired.handle)) as device:
        if not resume and not device.info.running:
            raise CommandRefused(
                "mute", "bad_state", "no run is going on; kneesense cue --rule off is for all runs"
            )
        await device.mark("resume" if resume else "mute")
    out.record(
        {"type": "summary", "muted": not resume},
        "cues are on again" if resume else "muted for this run: kneesense mute --resume takes it back",
    )
