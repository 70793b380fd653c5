# SPDX-License-Identifier: MIT
"""What a unit answers to a command, as typed values.  What it does not know is None, as in the JSON records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kneecore import programme, wire

from .codes import bit_names, named
from .errors import LinkLost, VersionMismatch

_UNKNOWN_PERCENT = 0xFF


@dataclass(frozen=True, slots=True)
class UnitInfo:
    """What a unit says of itself in answer to HELLO."""

    unit_id: str
    """Hex; the only identity of a unit."""
    firmware: str
    wire: tuple[int, int]
    boot: int
    first_seq: int
    """Oldest record of its log."""
    next_seq: int
    """Number the next record will get."""
    acked_seq: int
    running: bool
    chip: str
    rate_hz: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage of a calibration has come."""

    stage: str
    state: str
    """idle, busy, accepted or refused"""
    still_s: int
    strides: int
    verdict_seq: int
    """Number of the verdict's record; 0 before it, or when the log could not take it."""


@dataclass(frozen=True, slots=True)
class UnitPlan:
    """The programme a unit keeps."""

    runner: int = 0
    following: int = 0
    """The session the next run will be, from 1; beyond the last one the programme is over."""
    baseline: int = 0
    """Of the first session, in the rule's unit on the wire; 0 before it."""
    sd: int = 0
    sessions: tuple[tuple[int, int, int], ...] = ()
    """(minutes of running, seconds with cues, seconds without); empty: no programme."""


@dataclass(frozen=True, slots=True)
class UnitHealth:
    """How a unit is."""

    t_us: int
    """Since its boot."""
    troubles: tuple[str, ...]
    """Names of wire.TROUBLES: what is wrong now."""
    cause: str | None
    """Of this boot, a name of wire.RESETS."""
    failed_boots: int
    """Just before this one."""
    battery_mv: int | None
    percent: int | None
    charging: bool | None
    temperature_c: float | None
    """Of the motion sensor."""
    capacity_bytes: int
    used_bytes: int
    unfetched_bytes: int
    """Not yet acknowledged by any host."""
    ready_bytes: int
    """Erased, to be written."""
    damaged: int
    heap_free_bytes: int
    flash_worst_ms: int
    """The longest a write to the flash has taken since the boot."""


def unit_info(data: bytes) -> UnitInfo:
    """Raises VersionMismatch for a unit of another major version."""
    unit = _whole(wire.UNIT, data, "hello")
    if unit["major"] != wire.MAJOR:
        raise VersionMismatch(unit["major"], wire.MAJOR)
    return UnitInfo(
        unit_id=unit["unit_id"].hex(),
        firmware="{fw_major}.{fw_minor}.{fw_patch}".format_map(unit),
        wire=(unit["major"], unit["minor"]),
        boot=unit["boot"],
        first_seq=unit["first_seq"],
        next_seq=unit["next_seq"],
        acked_seq=unit["acked_seq"],
        running=bool(unit["running"]),
        chip=named(wire.CHIPS, unit["chip"]) or "",
        rate_hz=unit["rate_hz"],
    )


def progress(data: bytes) -> Progress:
    """Of the stage of a calibration."""
    stage = _whole(wire.STAGE, data, "progress")
    return Progress(
        stage=named(wire.STAGES, stage["stage"]) or "",
        state=named(wire.CALIBRATION_STATES, stage["state"]) or "",
        still_s=stage["still_s"],
        strides=stage["strides"],
        verdict_seq=stage["verdict_seq"],
    )


def plan(data: bytes) -> UnitPlan:
    """The programme that a unit keeps."""
    kept = _whole(wire.PLAN, data, "read_plan")
    try:
        sessions = programme.decode(kept["sessions"])
    except programme.ProgrammeError as error:
        raise LinkLost(f"the unit's answer to read_plan: {error}") from None
    return UnitPlan(kept["runner"], kept["next"], kept["baseline"], kept["sd"], sessions)


def health(data: bytes, t_us: int) -> UnitHealth:
    """`t_us`: of the answer."""
    told = _whole(wire.HEALTH, data, "status")
    cdeg = told["temperature_cdeg"]
    mv, percent, charging = cell(told["battery_mv"], told["percent"], told["charging"])
    return UnitHealth(
        t_us=t_us,
        troubles=tuple(bit_names(wire.TROUBLES, told["troubles"])),
        cause=named(wire.RESETS, told["cause"]) if told["cause"] else None,
        failed_boots=told["failed"],
        battery_mv=mv,
        percent=percent,
        charging=charging,
        temperature_c=None if cdeg == wire.UNKNOWN_I16 else cdeg / 100,
        capacity_bytes=told["log_capacity"],
        used_bytes=told["log_used"],
        unfetched_bytes=told["log_unfetched"],
        ready_bytes=told["log_erased"],
        damaged=told["log_damaged"],
        heap_free_bytes=told["heap_free"],
        flash_worst_ms=told["flash_worst_ms"],
    )


def cell(mv: int, percent: int, charging: int) -> tuple[int | None, int | None, bool | None]:
    """The battery's fields of HEALTH and BATTERY; None where the unit does not know."""
    known = {"no": False, "yes": True}
    return (
        mv or None,
        None if percent == _UNKNOWN_PERCENT else percent,
        known.get(named(wire.CHARGING, charging) or ""),
    )


def i32(data: bytes) -> int:
    """The 32-bit number an answer carries."""
    return int.from_bytes(data[:4], "little", signed=True)


def _whole(record: wire.Record, data: bytes, command: str) -> dict[str, Any]:
    values = wire.parse(record, data)
    if None in values.values():
        raise LinkLost(f"the unit's answer to {command} is cut short")
    return values
