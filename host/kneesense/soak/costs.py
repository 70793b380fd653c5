# SPDX-License-Identifier: MIT
"""What the faults of a soak have cost, held against what each of them may cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kneecore import wire

from ..frames import LogFrame
from .audit import Run
from .faults import BOOT, GAP, RECORD, SESSION
from .outcome import Done
from .room import Room

_AROUND_S = (
    1.5  # of wall and device time: what a fault costs may begin a little before it and show a little later
)
_LATE_S = 30.0
_STARTING_S = 30.0  # three tries to connect

# Notices of the unit that need a fault, and the cost that they tell of; those of no cost must never come.
_NOTICES = {
    "imu_settings": {GAP, BOOT},
    "imu_frozen": {GAP},
    "bus_fault": {GAP, BOOT},
    "bus_freed": {GAP, BOOT},
    "log_damaged": {RECORD, BOOT},
    "rate_off": {GAP},
    "pairing_asked": set(),
    "paired": set(),
    "forget_asked": set(),
    "task_failed": set(),
    "log_failed": set(),
    "log_missing": set(),
    "log_full": set(),
    "motor_fault": set(),
    "motor_limit": set(),
    "imu_missing": {GAP},
    "imu_identity": set(),
    "imu_one_g": set(),
    "error": set(),
}


@dataclass(frozen=True)
class Cost:
    """Something that must have a fault; any one of `kinds` will do."""

    kinds: frozenset[str]
    from_s: float
    to_s: float
    what: str
    on: frozenset[str] = frozenset()
    """Faults of these will do, too, whatever they cost."""


def of_no_fault(
    faults: Sequence[Done], runs: Sequence[Run], room: Room, stored: Sequence[LogFrame]
) -> list[str]:
    """What took place without a fault that may cost it."""
    return [
        f"{cost.what} at {cost.from_s:.1f} s"
        for cost in _costs(runs, room, stored)
        if not _paid(cost, faults)
    ]


def _paid(cost: Cost, faults: Sequence[Done]) -> bool:
    for done in faults:
        if RECORD in cost.kinds & done.fault.costs and cost.from_s >= done.begun_s:
            return True  # however late it is read
        over_s = done.ended_s + _LATE_S if done.recovered_s is None else done.recovered_s
        if cost.to_s < done.begun_s - _AROUND_S or cost.from_s > over_s + _AROUND_S:
            continue
        if cost.kinds & done.fault.costs or done.fault.on in cost.on:
            return True
    return False


def _costs(runs: Sequence[Run], room: Room, stored: Sequence[LogFrame]) -> Iterator[Cost]:
    for run in runs:
        for gap in run.gaps:
            yield Cost(frozenset({GAP}), gap.from_s, gap.to_s, f"gap of {gap.to_s - gap.from_s:.2f} s")
        if run.stop is not None and wire.ENDINGS[run.stop["ending"]] != "host":
            yield Cost(frozenset(), run.end_s, run.end_s, f"end of a run: {wire.ENDINGS[run.stop['ending']]}")
    blind = {record.boot for record in stored if _notice(record) == "sensor_back"}
    boots = sorted(room.witness.boots.items())
    for number, boot in boots[:-1]:
        ended_s = (boot.ended_us or 0) / 1e6
        if number in blind:  # what kept the sensor from it was there when it began
            what = f"boot {number} without a sensor until"
            yield Cost(frozenset({BOOT, GAP}), boot.begun_us / 1e6, ended_s, what)
        else:
            yield Cost(frozenset({BOOT}), ended_s, ended_s, f"end of boot {number}")
    for at_s, ended in room.ends:
        if ended is None:
            yield Cost(frozenset({SESSION}), at_s, at_s, "kill of the program")
        elif ended.code in ("complete", "refused"):
            yield Cost(
                frozenset({SESSION, BOOT}), at_s, at_s, f"end of a session ({ended.code} {ended.message})"
            )
        elif ended.code in ("link_lost", "nothing_found"):  # before its first connection it gives up
            what = f"start of a session: {ended.code} {ended.message}"
            yield Cost(
                frozenset({SESSION, BOOT}), at_s - _STARTING_S, at_s, what, frozenset({"radio", "ear"})
            )
        else:
            yield Cost(frozenset({SESSION}), at_s, at_s, f"end of a session: {ended.code} {ended.message}")
    for record in stored:
        begun_us = room.witness.begun_us(record.boot)
        name = _notice(record)
        if begun_us is not None and name in _NOTICES:
            at_s = (begun_us + record.t_us) / 1e6
            yield Cost(frozenset(_NOTICES[name]), at_s, at_s, f"notice {name}")


def _notice(record: LogFrame) -> str:
    """Its name; "" of any other record."""
    return wire.NOTICES[record.values()["notice"]] if record.code == wire.NOTICE.code else ""
