# SPDX-License-Identifier: MIT
"""`kneesense pair`: remember a unit, where it is worn and by whom."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

from cyclopts import Parameter

from ..errors import InputError
from .options import Seconds
from .output import DEFAULT_STORE, Output, StoreFlags

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
        Who wears it. Default: the only runner known, else "me".
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
    async with Device(BleLink(seen.address, pair=True, find_s=seconds)) as device:
        info = device.info
    with Store(store_file(flags.store)) as store:
        known = store.runners()
        if runner is None:
            if len(known) > 1:
                raise InputError(
                    "several runners are known", f"add --runner NAME, one of {', '.join(known)} or a new one"
                )
            runner = known[0] if known else "me"
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


def _asked_side() -> Side:
    """The side, from a person at a terminal; never guessed."""
    if not sys.stdin.isatty():
        raise InputError("the leg the unit is worn on is not named", "add --side left or --side right")
    answer = input("Worn on the left or the right leg? [l/r] ").strip().lower()
    for side in ("left", "right"):
        if answer and side.startswith(answer):
            return side
    raise InputError(f"'{answer}' is no leg", "add --side left or --side right")
