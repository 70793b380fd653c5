# SPDX-License-Identifier: MIT
"""`kneesense pair`: remember a unit, where it is worn and by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from ..errors import InputError, InUse, LinkLost, NotTrusted
from .asking import at_terminal
from .options import Seconds
from .output import DEFAULT_STORE, Output, StoreFlags

if TYPE_CHECKING:
    from ..answers import UnitHealth
    from ..ble import Seen
    from ..device import Device
    from ..store import Store, Unit
    from .pairing import Wearing

Side = Literal["left", "right"]
Face = Literal["medial", "lateral"]


async def pair(
    unit: str | None = None,
    /,
    *,
    side: Side | None = None,
    face: Face | None = None,
    runner: str | None = None,
    buzz: bool = True,
    seconds: Annotated[Seconds, Parameter(name="--timeout")] = 10.0,
    flags: StoreFlags = DEFAULT_STORE,
) -> None:
    """Make this computer known to a unit, and remember its leg, its face of the shin, its runner.

    At a terminal it asks for what is not given: which of the units near, which leg, which face, who.  It may be broken
    off at any time and begun again.  At the end the unit buzzes: the first buzz.

    A unit obeys only computers it is paired with. It takes a new one in the first minute after its first start, and for
    a minute after its button was held until it has buzzed twice (3 s).

    A unit paired again for another runner is handed over: what the first one recorded is fetched and stays theirs,
    their programme and cues are taken off it.

    Examples: kneesense pair; kneesense pair 0c0d --side right;
    kneesense pair 0c0d --side left --face medial --runner me --no-buzz

    Parameters
    ----------
    unit
        Id, name or address, as `kneesense scan` shows them.
    side
        The leg it is worn on.
    face
        The side of the shin bone it sits on: medial (inner) or lateral (outer). Default: as before on this leg.
    runner
        Who wears it. Default: who wore it last, else the only runner known, else "me".
    buzz
        Try the vibration; at a terminal it asks whether you felt it.
    seconds
        Seconds to look for it.
    """
    from .. import ble
    from ..paths import store_file
    from ..store import Store
    from .pairing import open_the_door, pick, wearing

    out = Output(flags.json)
    if not at_terminal():
        if unit is None:
            raise InputError("the unit is not named", "kneesense pair UNIT; kneesense scan lists those near")
        if side is None:
            raise InputError("the leg the unit is worn on is not named", "add --side left or --side right")
    with Store(store_file(flags.store)) as store:
        guided = unit is None or side is None
        seen = await (pick(store, seconds, out) if unit is None else ble.find(unit, seconds))
        ble.refuse_other_version(seen)
        worn = wearing(store, seen, side, face, runner, guided)
        while True:
            try:
                await _pair(store, seen, worn, seconds, buzz, out)
                return
            except (NotTrusted, LinkLost) as error:
                if isinstance(error, InUse) or not at_terminal():
                    raise
                await open_the_door(error, seen, out)


async def _pair(store: Store, seen: Seen, worn: Wearing, seconds: float, buzz: bool, out: Output) -> None:
    """All that needs the connection.  Done again it changes nothing more."""
    from ..ble import BleLink
    from ..device import Device
    from ..store import Unit
    from .pairing import first_buzz
    from .status import health_of

    async with Device(BleLink(seen.address, pair=True, find_s=seconds)) as device:
        info = device.info
        before = next((unit for unit in store.units() if unit.device == info.unit_id), None)
        if before is not None and before.runner != worn.runner:
            await _hand_over(device, store, before, worn.runner, out)
        store.remember(Unit(info.unit_id, seen.handle, worn.side, worn.face or "unknown", worn.runner))
        health = await health_of(device)
        percent = health.percent if health else None
        out.record(
            {
                "type": "unit",
                "unit": seen.unit,
                "device": info.unit_id,
                "name": seen.name,
                "firmware": info.firmware,
                "chip": info.chip,
                "side": worn.side,
                "face": worn.face,
                "runner": worn.runner,
                "paired": True,
                "percent": percent,
                "battery_mv": health.battery_mv if health else None,
                "troubles": list(health.troubles) if health else None,
            },
            f"unit {seen.handle} is remembered: {worn.text}\n  firmware {info.firmware}, sensor {info.chip}"
            + (f", battery {percent} %" if percent is not None else ""),
        )
        _warn(device, health, out)
        felt = await first_buzz(device, out) if buzz and not info.running else None  # a run feels it too
    named = f" --unit {seen.handle}" if len(store.units()) > 1 else ""
    out.record({"type": "summary", "units": 1, "felt": felt}, f"Next: kneesense calibrate{named}")


def _warn(device: Device, health: UnitHealth | None, out: Output) -> None:
    """Of what is wrong with the unit, so that nobody calibrates a broken one."""
    from ..unitstatus import findings

    for finding in findings(device.info, health, False) if health else ():
        if finding.wrong:
            out.warn(finding.code, str(finding))


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
