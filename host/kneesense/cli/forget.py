# SPDX-License-Identifier: MIT
"""`kneesense forget`: unpair a unit, at both ends."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from ..errors import KneesenseError, NotTrusted
from .options import Seconds
from .output import DEFAULT_STORE, Output, StoreFlags


async def forget(
    unit: str | None = None,
    /,
    *,
    host_only: bool = False,
    seconds: Annotated[Seconds, Parameter(name="--timeout")] = 10.0,
    flags: StoreFlags = DEFAULT_STORE,
) -> None:
    """Unpair a unit: it forgets this computer, this computer forgets it.  Recorded runs stay.

    To make a unit forget every computer, hold its button for 10 s.

    Examples: kneesense forget 0c0d; kneesense forget 0c0d --host-only

    Parameters
    ----------
    unit
        Id or name. Default: the only one that is paired.
    host_only
        Only here: the unit is lost or broken.
    seconds
        Seconds to look for it.
    """
    from .. import ble
    from ..device import Device
    from ..paths import store_file
    from ..store import Store
    from .units import choose, remembered

    out = Output(flags.json)
    paired = choose(remembered(flags), unit, None, "its id")
    by_unit = by_system = False
    if not host_only:
        try:
            async with Device(ble.BleLink(paired.handle, find_s=seconds)) as device:
                await device.forget()
            by_unit = True
        except NotTrusted:
            out.note("the unit did not know this computer any more")
        except KneesenseError as error:
            error.advice = f"{error.advice}; if the unit is lost: --host-only"
            raise
        by_system = await ble.unpair(paired.handle)
    with Store(store_file(flags.store)) as store:
        store.forget(paired.device)
    out.record(
        {
            "type": "unit",
            "unit": paired.handle,
            "device": paired.device,
            "paired": False,
            "unit_forgot": by_unit,
        },
        f"unit {paired.handle} is forgotten"
        + ("" if by_unit else " here; on the unit: hold its button for 10 s"),
    )
    if not by_system:
        out.note("this computer's own Bluetooth settings may still list it: remove it there")
    out.record({"type": "summary", "units": 1})
