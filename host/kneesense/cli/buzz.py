# SPDX-License-Identifier: MIT
"""`kneesense buzz`: try the vibration, and learn what its patterns mean."""

from __future__ import annotations

import asyncio
from typing import Annotated

from cyclopts import Parameter

from kneecore import patterns, settings

from ..errors import InputError, KneesenseError
from .options import Whole
from .output import DEFAULT_STORE, Output, StoreFlags

DEFAULT_MS = 200

MEANINGS = {
    "ok": "done, accepted",
    "stop": "stop; or refused",
    "attention": "look here",
    "other_way": "a cue the other way",
    "correct": "a cue",
    "ready": "ready",
    "rezero_refused": "refused: stand still",
    "recording": "a run is recorded",
    "muted": "muted for this run",
    "low_battery": "the battery is low",
    "pain_marked": "pain marked: stop",
}


async def buzz(
    *,
    ms: Whole | None = None,
    pattern: str | None = None,
    listed: Annotated[bool, Parameter(name="--list", negative=())] = False,
    unit: str | None = None,
    runner: str | None = None,
    flags: StoreFlags = DEFAULT_STORE,
) -> None:
    """Try the vibration: one pulse, or a pattern by its name.

    Examples: kneesense buzz; kneesense buzz --ms 80; kneesense buzz --list; kneesense buzz --pattern stop

    Parameters
    ----------
    ms
        Length of one pulse, cut at the unit's own maximum. Default 200.
    pattern
        Name of a pattern, as --list shows them.
    listed
        Show the patterns and what they mean; needs no unit.
    unit
        Id of the unit. Default: the only paired one, or the runner's.
    runner
        Who wears it. Default: the runner the unit is paired with.
    """
    out = Output(flags.json)
    if (ms is not None) + (pattern is not None) + listed > 1:
        raise InputError("--ms, --pattern and --list exclude each other", "choose one")
    if listed:
        _list(out)
        return
    if pattern is not None and pattern not in patterns.NAMES:
        raise InputError(f"no pattern '{pattern}'", f"one of: {', '.join(patterns.NAMES)}")
    setting = settings.find("pulse_max_ms")
    if ms is not None and not setting.low <= ms <= setting.high:
        raise InputError(f"--ms {ms}: must be {setting.low} to {setting.high} ms")
    granted = await _buzz(flags, unit, runner, DEFAULT_MS if ms is None else ms, pattern)
    if not granted:
        raise KneesenseError(
            "the unit did not buzz: its motor is busy, or has failed", "try again; then kneesense status"
        )
    told = f"buzzed {granted} ms" if pattern is None else f"buzzed '{pattern}': {_drawn(pattern)}"
    out.record(
        {"type": "summary", "pattern": pattern, "pulse_ms": granted if pattern is None else None}, told
    )


async def _buzz(flags: StoreFlags, unit: str | None, runner: str | None, ms: int, pattern: str | None) -> int:
    """How long it buzzed, all of a pattern."""
    from ..ble import BleLink
    from ..device import Device
    from .units import choose, remembered

    paired = choose(remembered(flags), unit, runner)
    async with Device(BleLink(paired.handle)) as device:
        if pattern is None:
            granted = await device.buzz(ms)
        else:
            granted = await device.play(patterns.NAMES.index(pattern))
        await until_it_ends(granted)
        return granted


async def until_it_ends(granted_ms: int) -> None:
    """A unit ends a host's buzz with the link, so that nobody is buzzed by a computer that is gone."""
    await asyncio.sleep(granted_ms / 1000)


def _list(out: Output) -> None:
    for name, lengths_ms in zip(patterns.NAMES, patterns.PATTERNS, strict=True):
        meaning = MEANINGS.get(name, "")
        out.record(
            {"type": "pattern", "pattern": name, "lengths_ms": list(lengths_ms), "meaning": meaning},
            f"{name:<14} {_drawn(name):<38} {meaning}",
        )
    out.record({"type": "summary", "patterns": len(patterns.NAMES)})


def _drawn(name: str) -> str:
    """Its pulses in ms, pauses in brackets."""
    lengths_ms = patterns.PATTERNS[patterns.NAMES.index(name)]
    return " ".join(f"({ms})" if i % 2 else f"{ms}" for i, ms in enumerate(lengths_ms)) + " ms"
