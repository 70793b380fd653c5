# SPDX-License-Identifier: MIT
"""`kneesense status`: how a unit is, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .. import battery
from ..errors import CommandRefused
from .lines import size
from .output import DEFAULT_STORE, Output, StoreFlags

if TYPE_CHECKING:
    from ..answers import UnitHealth
    from ..device import Device


async def status(
    unit: str | None = None,
    /,
    *,
    runner: str | None = None,
    flags: StoreFlags = DEFAULT_STORE,
) -> int:
    """Tell how a unit is: battery, storage, firmware, clock, sensor, its last boot, and what is wrong with it now.

    Exit code 1 when the unit says that something is wrong; what is only to be thought of (charge it, fetch its log) is
    told and exits with 0.

    Examples: kneesense status; kneesense status 0c0d; kneesense status --json

    Parameters
    ----------
    unit
        Id, name or address of the unit. Default: the only paired one, or the runner's.
    runner
        Who wears it. Default: the runner the unit is paired with.
    """
    from .. import unitstatus
    from ..ble import BleLink
    from ..device import Device
    from ..paths import store_file
    from ..store import Store
    from ..tie import fit
    from .units import reach, remembered

    out = Output(flags.json)
    handle, paired = reach(remembered(flags), unit, runner)
    async with Device(BleLink(handle)) as device:
        info, trips = device.info, device.trips
        health = await health_of(device)
        raw = await _raw(device) if health else None
    before = None
    if paired is not None:
        with Store(store_file(flags.store)) as store:
            before = store.tie(info.unit_id, info.boot)
            store.add_readings(info.unit_id, info.boot, trips.readings)
    told = unitstatus.record(info, health, paired, fit(trips.readings), before, raw)
    out.record(told, "\n".join(lines(told)))
    found = unitstatus.findings(info, health, bool(raw))
    for finding in found:
        mark = "WRONG" if finding.wrong else "note"
        warning = {"type": "warning", "t_s": None, "code": finding.code, "message": str(finding)}
        out.record(warning, f"{mark:<9} {finding}")
    wrong = [finding for finding in found if finding.wrong]
    out.record(
        {"type": "summary", "ok": not wrong, "wrong": len(wrong), "notes": len(found) - len(wrong)},
        None if wrong else "nothing is wrong",
    )
    return 1 if wrong else 0


async def health_of(device: Device) -> UnitHealth | None:
    """None from a firmware that cannot tell yet."""
    try:
        return await device.status()
    except CommandRefused as refused:
        if refused.status != "unknown_command":
            raise
        return None


async def _raw(device: Device) -> bool:
    try:
        return bool(await device.get("raw_record"))
    except CommandRefused:
        return False


def lines(r: Mapping[str, Any]) -> list[str]:
    """A status record as text."""
    who = f": {r['runner']}, {r['side']} leg" if r["runner"] else ", not paired"
    told = [f"unit      {r['unit'] or r['device']}{who}; firmware {r['firmware']}, wire {r['wire']}"]
    if r["up_s"] is None:
        return told
    told += [
        f"battery   {battery.told(r['battery_mv'], r['percent'], r['charging'])}",
        f"storage   {size(r['used_bytes'])} of {size(r['capacity_bytes'])} used,"
        f" {size(r['unfetched_bytes'])} not yet fetched, {size(r['ready_bytes'])} ready",
        f"          room for {_hours(r['hours_left'])} of running"
        + (" with raw samples" if r["raw_record"] else ""),
        f"sensor    {_sensor(r)}",
        f"clock     {_clock(r)}",
        f"boot      number {r['boot']}, cause {(r['cause'] or 'unknown').replace('_', ' ')},"
        f" {r['failed_boots'] or 'no'} failed before it",
    ]
    if r["running"]:
        told.append("a run is going on: kneesense run --attach follows it")
    return told


def _sensor(r: Mapping[str, Any]) -> str:
    if not r["rate_hz"]:
        return "none"
    warmth = "" if r["temperature_c"] is None else f", {r['temperature_c']:.0f} C"
    return f"{r['chip']}, {r['rate_hz']} Hz{warmth}"


def _clock(r: Mapping[str, Any]) -> str:
    told = f"up {_up(r['up_s'])}, known to {r['clock_error_ms']:.0f} ms"
    if r["clock_moved_ms"] is not None:
        told += f", {r['clock_moved_ms']:+.0f} ms against this computer since they last talked"
    return told


def _up(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def _hours(hours: float) -> str:
    return f"{hours:.1f} hours" if hours >= 1 else f"{60 * hours:.0f} minutes"
