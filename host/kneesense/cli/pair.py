# SPDX-License-Identifier: MIT
"""`kneesense pair`: remember a unit, where it is worn and by whom."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from ..errors import InputError
from .options import Seconds
from .output import DEFAULT_STORE, Output, StoreFlags

if TYPE_CHECKING:
    from ..device import Device
    from ..store import Store, Unit

Side = Literal["left", "right"]
Face = Literal["medial", "lateral"]


async def pair(
    unit: str,
    /,
    *,
    side: Side | None = None,
    face: Face | None = None,
    runner: str | None = None,
    seconds: Annotated[Seconds, Parameter(name="--timeout")] = 10.0,
    flags: StoreFlags = DEFAULT_STORE,
) -> None:
    """Make this computer known to a unit, and remember its leg, its face of the shin, its runner.

    A unit obeys only computers it is paired with. It takes a new one in the first minute after its first start, and for
    a minute after its button was held until it has buzzed twice (3 s).

    A unit paired again for another runner is handed over: what the first one recorded is fetched and stays theirs,
    their programme and cues are taken off it.

    Examples: kneesense pair 0c0d --side right; kneesense pair 0c0d --side left --face medial --runner me

    Parameters
    ----------
    unit
        Id, name or address, as `kneesense scan` shows them.
    side
        The leg it is worn on. Asked for when it is not given and there is a terminal.
    face
        The side of the shin bone it sits on: medial (inner) or lateral (outer).
    runner
        Who wears it. Default: who wore it last, else the only runner known, else "me".
    seconds
        Seconds to look for it.
    """
    from ..ble import BleLink, find, refuse_other_version
    from ..device import Device
    from ..paths import store_file
    from ..store import Store, Unit

    out = Output(flags.json)
    side = side or _asked_side()
    seen = await find(unit, seconds)
    refuse_other_version(seen)
    with Store(store_file(flags.store)) as store:
        async with Device(BleLink(seen.address, pair=True, find_s=seconds)) as device:
            info = device.info
            before = next((unit for unit in store.units() if unit.device == info.unit_id), None)
            runner = runner or _runner(store, before)
            if before is not None and before.runner != runner:
                await _hand_over(device, store, before, runner, out)
        store.remember(Unit(info.unit_id, seen.handle, side, face or "unknown", runner))
    place = f"{side} leg" + (f", {face} face" if face else "")
    out.record(
        {
            "type": "unit",
            "unit": seen.unit,
            "device": info.unit_id,
            "name": seen.name,
            "firmware": info.firmware,
            "chip": info.chip,
            "side": side,
            "face": face,
            "runner": runner,
            "paired": True,
        },
        f"unit {seen.handle} (firmware {info.firmware}, {info.chip}) is remembered: {runner}, {place}",
    )
    out.record({"type": "summary", "units": 1}, "Next: kneesense calibrate")


def _runner(store: Store, before: Unit | None) -> str:
    """Who wears it, when nobody was named."""
    if before is not None:
        return before.runner
    known = store.runners()
    if len(known) > 1:
        raise InputError(
            "several runners are known", f"add --runner NAME, one of {', '.join(known)} or a new one"
        )
    return known[0] if known else "me"


async def _hand_over(device: Device, store: Store, before: Unit, runner: str, out: Output) -> None:
    from ..handover import hand_over
    from .progress import bar

    with bar(out, "fetching") as progress:
        done = await hand_over(
            device, store, runner, progress=progress, tell=lambda news: out.note(news.message)
        )
    out.note(f"handed over: {done.fetched} records were fetched and stay {before.runner}'s; cues are off")
    if done.programme:
        out.warn(
            "programme_removed",
            f"the programme of {before.runner} is taken off the unit; what was done of it stays in those runs",
        )


def _asked_side() -> Side:
    """The side, from a person at a terminal; never guessed."""
    if not sys.stdin.isatty():
        raise InputError("the leg the unit is worn on is not named", "add --side left or --side right")
    answer = input("Worn on the left or the right leg? [l/r] ").strip().lower()
    for side in ("left", "right"):
        if answer and side.startswith(answer):
            return side
    raise InputError(f"'{answer}' is no leg", "add --side left or --side right")
