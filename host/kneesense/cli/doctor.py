# SPDX-License-Identifier: MIT
"""`kneesense doctor`: what keeps a unit from working, and the next step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from ..errors import KneesenseError
from .output import DEFAULT_STORE, Output, StoreFlags

if TYPE_CHECKING:
    from ..doctor import Check

_SCAN_S = 5.0


async def doctor(
    unit: str | None = None,
    /,
    *,
    port: str | None = None,
    restart: Annotated[bool, Parameter(negative=())] = False,
    bluetooth: bool = True,
    flags: StoreFlags = DEFAULT_STORE,
) -> int:
    """Find out what keeps a unit from working: Bluetooth, cable, port, MicroPython, firmware, sensor, battery.

    Each row that fails has the next step for this system. The exit code is that of the first one: 1 unit or link,
    2 name one, 3 nothing found or not permitted.

    Examples: kneesense doctor; kneesense doctor --restart; kneesense doctor --no-bluetooth --port PORT

    Parameters
    ----------
    unit
        Id, name or address of the unit. Default: the only one that is paired or in range.
    port
        Serial port of the unit. Default: the only one that can be a unit.
    restart
        Also stop and restart the unit at the cable, to see what it has and how it starts. It ends a run.
    bluetooth
        Look over the air too.
    """
    from .. import doctor as look
    from .. import ports

    out = Output(flags.json)
    done: list[Check] = []

    def tell(*checks: Check) -> None:
        for check in checks:
            done.append(check)
            mark = {True: "ok", False: "FAILED", None: "note"}[check.ok]
            line = f"{mark:<6}  {check.name}: {check.detail}" + (f": {check.advice}" if check.advice else "")
            out.record(check.record(), line)

    reached = False
    if bluetooth:
        checks = await _air(unit, flags)
        reached = any(check.name == "unit" and check.ok for check in checks)
        tell(*checks)
    check, device = look.port(ports.listed(), port, reached)
    tell(check)
    if device:
        check, repl = look.access(device)
        tell(check)
        if repl:
            try:
                tell(look.listen(repl))
                if restart:
                    tell(*look.restart(repl))
            except KneesenseError as error:
                tell(look.failed("line", error))
            finally:
                repl.close()
    wrong = [check for check in done if check.ok is False]
    code = wrong[0].exit_code if wrong else 0
    out.record(
        {"type": "summary", "checks": len(done), "wrong": len(wrong), "exit_code": code},
        f"{len(wrong)} of {len(done)} checks failed" if wrong else "nothing is wrong",
    )
    return code


async def _air(unit: str | None, flags: StoreFlags) -> list[Check]:
    """Over Bluetooth: this computer's, who is in range, and what the unit says of itself."""
    from .. import ble, unitstatus
    from .. import doctor as look
    from ..ble import BleLink
    from ..device import Device
    from .status import health_of
    from .units import remembered

    try:
        seen = await ble.scan(_SCAN_S)
    except KneesenseError as error:
        return [look.failed("Bluetooth", error)]
    checks = [look.Check("Bluetooth", True, "is on and may be used")]
    if unit is not None:
        seen = [one for one in seen if one.answers_to(unit)]
    known = {paired.handle for paired in remembered(flags)}
    near = [one for one in seen if one.handle in known] or seen
    if len(near) != 1:
        if near:
            names = ", ".join(one.handle for one in near)
            return [
                *checks,
                look.Check("unit", None, f"several are in range: {names}", "kneesense doctor UNIT"),
            ]
        advice = "switch it on and bring it near; it may be connected to another computer; or --restart at its cable"
        return [*checks, look.Check("unit", False, "none is in range", advice, 3)]
    handle = near[0].handle
    try:
        async with Device(BleLink(handle)) as device:
            health = await health_of(device)
            info = device.info
    except KneesenseError as error:
        return [*checks, look.failed("unit", error)]
    checks += [look.Check("unit", True, f"{handle} answers"), look.firmware(info.firmware)]
    return checks + [look.told(finding) for finding in unitstatus.findings(info, health)]
