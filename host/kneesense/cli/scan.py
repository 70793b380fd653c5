# SPDX-License-Identifier: MIT
"""`kneesense scan`: which units are in range."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from kneecore import wire

from ..errors import NothingFound
from .options import Seconds
from .output import DEFAULT_STORE, Output, StoreFlags


async def scan(
    *,
    seconds: Annotated[Seconds, Parameter(name="--timeout")] = 5.0,
    flags: StoreFlags = DEFAULT_STORE,
) -> None:
    """Find units in range: id, name, signal strength, wire version, and what is remembered of each.

    Examples: kneesense scan; kneesense scan --timeout 10 --json

    Parameters
    ----------
    seconds
        Seconds to listen.
    """
    from .. import ble
    from .units import remembered

    out = Output(flags.json)
    known = {unit.handle: unit for unit in remembered(flags)}
    found = await ble.scan(seconds)
    for seen in found:
        paired = known.get(seen.handle)
        version = "unknown" if seen.major is None else str(seen.major)
        mismatch = "" if seen.major in (None, wire.MAJOR) else f" (this program speaks {wire.MAJOR})"
        place = f"  {paired.runner}, {paired.side} leg" if paired else ""
        out.record(
            {
                "type": "unit",
                "unit": seen.unit,
                "name": seen.name,
                "address": seen.address,
                "rssi_dbm": seen.rssi_dbm,
                "wire_major": seen.major,
                "paired": paired is not None,
                "side": paired.side if paired else None,
                "runner": paired.runner if paired else None,
            },
            f"{seen.handle:<6} {seen.name or '-':<16} {seen.rssi_dbm:>4} dBm"
            f"  wire {version}{mismatch}{place}",
        )
    if not found:
        raise NothingFound(
            f"no unit was heard within {seconds:g} s",
            "switch one on and bring it near; it may be connected to another program; if one crashed while"
            " connected, switch Bluetooth off and on",
        )
    all_paired = all(seen.handle in known for seen in found)
    step = "kneesense run" if all_paired else "kneesense pair UNIT --side left|right"
    out.record({"type": "summary", "units": len(found)}, f"Next: {step}")
