# SPDX-License-Identifier: MIT
"""How a unit is, for people and scripts: one record, and what is wrong with it in plain words with the next step.

What is wrong the unit says itself; judged here is only what it cannot know: how long its log lasts, when to charge it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from kneecore import wire

from . import battery
from .answers import UnitHealth, UnitInfo
from .errors import UPDATE_HOST, UPDATE_UNIT
from .store import Unit
from .tie import Tie

SOON_FULL_H = 1.0
MEMORY_LOW_BYTES = 20_000  # idle: with so little a run was seen to find no room for its buffers

_STRIDES_A_S = 1.5  # of one leg, at 180 steps a minute
_CUES_A_STRIDE = 0.2  # one in five: bandwidth cues come no faster than their hold-off
_RUN_BYTES_A_S: float = _STRIDES_A_S * (
    wire.STRIDE.size + wire.OVERHEAD + _CUES_A_STRIDE * (wire.CUE.size + wire.OVERHEAD)
)
_SAMPLE_BYTES = 12
_RAW_SAMPLE_BYTES: float = _SAMPLE_BYTES + (wire.RAW.size + wire.OVERHEAD) / wire.RAW_SAMPLES


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to know about the unit.  `wrong`: told by the unit itself; else it is only to be thought of."""

    code: str
    message: str
    advice: str
    wrong: bool = False
    before_a_run: bool = False
    """Worth a word to whoever is about to run."""

    def __str__(self) -> str:
        return f"{self.message}: {self.advice}"


_TROUBLES = {
    "sensor": (
        "the motion sensor does not work",
        "switch the unit off and on; if it stays, check its wiring",
    ),
    "motor": (
        "the motor's driver has failed since the unit was switched on: buzzes may be missing",
        "kneesense buzz tries it; switch the unit off and on",
    ),
    "log": (
        "the log cannot be written: nothing is kept, cues go on",
        "fetch what there is (kneesense sync), then switch the unit off and on",
    ),
    "log_full": (
        "the log is full of records that nobody has fetched: nothing is recorded, cues go on",
        "kneesense sync fetches them",
    ),
    "battery_low": ("the battery is nearly empty: the unit stops soon", "charge it"),
    "safe_mode": (
        "the unit failed to start several times and is in safe mode: no runs, no cues",
        "switch it off and on; if it stays, install its firmware again",
    ),
}

_NO_LOG = (
    "the flash has no place for a log: nothing is kept, cues go on",
    "install the unit anew, with its partition table",
)


def bytes_a_second(rate_hz: int, raw: bool) -> float:
    """What a run adds to the log."""
    return _RUN_BYTES_A_S + (rate_hz * _RAW_SAMPLE_BYTES if raw else 0.0)


def hours_left(health: UnitHealth, rate_hz: int, raw: bool) -> float:
    """Of running, until the log is full of what nobody has fetched."""
    free = max(0, health.capacity_bytes - health.unfetched_bytes)
    return free / bytes_a_second(rate_hz, raw) / 3600


def findings(info: UnitInfo, health: UnitHealth | None, raw: bool = False) -> list[Finding]:
    """What is wrong, the worst first; then what is to be thought of."""
    found: list[Finding] = []
    if health is None:
        return [_older(info)]
    found += [_trouble(code, health) for code in health.troubles]
    known = {finding.code for finding in found}
    if battery.is_low(health.percent, health.charging) and "battery_low" not in known:
        found.append(
            Finding(
                "battery_low_soon", f"the battery is at {health.percent} %", "charge it", before_a_run=True
            )
        )
    hours = hours_left(health, info.rate_hz, raw)
    if hours < SOON_FULL_H and not known & {"log", "log_full"} and health.unfetched_bytes:
        left = f"{60 * hours:.0f} minutes of running"
        found.append(
            Finding(
                "log_soon_full",
                f"the log has room for {left}",
                "fetch it: kneesense sync",
                before_a_run=True,
            )
        )
    if health.heap_free_bytes < MEMORY_LOW_BYTES:
        found.append(
            Finding(
                "memory_low",
                f"the unit has {health.heap_free_bytes / 1000:.0f} KB of memory left",
                "a board with PSRAM has more (README, Not yet)",
                before_a_run=True,
            )
        )
    if health.damaged:
        found.append(
            Finding("log_damaged", f"{health.damaged} parts of the log cannot be read", "fetch what there is")
        )
    if health.failed_boots and "safe_mode" not in known:
        found.append(
            Finding(
                "boots_failed",
                f"{health.failed_boots} boots failed before this one",
                "charge it; if it happens again, install its firmware again",
            )
        )
    if health.cause == "watchdog":
        found.append(
            Finding("watchdog", "the unit hung and was restarted by its watchdog", "please report it")
        )
    if info.wire[1] < wire.MINOR:
        found.append(_older(info))
    elif info.wire[1] > wire.MINOR:
        found.append(_newer(info))
    return found


def _trouble(code: str, health: UnitHealth) -> Finding:
    unknown = (f"the unit tells of '{code}'", UPDATE_HOST)
    words = _NO_LOG if code == "log" and not health.capacity_bytes else _TROUBLES.get(code, unknown)
    return Finding(code, *words, wrong=True)


def _older(info: UnitInfo) -> Finding:
    return Finding(
        "older_firmware",
        f"the unit's firmware {info.firmware} is older than this program and cannot tell everything",
        UPDATE_UNIT,
    )


def _newer(info: UnitInfo) -> Finding:
    return Finding(
        "newer_firmware",
        f"the unit's firmware {info.firmware} is newer than this program, which keeps all it logs but does not"
        " show what it does not know",
        UPDATE_HOST,
    )


def record(
    info: UnitInfo,
    health: UnitHealth | None,
    unit: Unit | None,
    tie: Tie | None,
    before: Tie | None = None,
    raw: bool | None = None,
) -> dict[str, Any]:
    """The `status` record of docs/contract.md.

    `tie`: the unit's time to this computer's, as measured now; `before`: as known from when they last talked.
    """
    told = asdict(health) if health else dict.fromkeys(UnitHealth.__dataclass_fields__)
    t_us = told.pop("t_us")
    return {
        "type": "status",
        "unit": unit.handle if unit else None,
        "device": info.unit_id,
        "runner": unit.runner if unit else None,
        "side": unit.side if unit else None,
        "firmware": info.firmware,
        "wire": f"{info.wire[0]}.{info.wire[1]}",
        "chip": info.chip,
        "rate_hz": info.rate_hz or None,
        "running": info.running,
        "boot": info.boot,
        "up_s": None if t_us is None else round(t_us / 1e6, 1),
        **_clock(tie, before),
        **told,
        "troubles": list(told["troubles"]) if told["troubles"] is not None else None,
        "raw_record": raw,
        "hours_left": None if health is None else round(hours_left(health, info.rate_hz, bool(raw)), 2),
    }


def _clock(tie: Tie | None, before: Tie | None) -> dict[str, float | None]:
    """By the last round trip of now."""
    now_us = tie.readings[-1].t_us if tie else 0
    moved_us = tie.utc_us(now_us) - before.utc_us(now_us) if tie and before else None
    return {
        "clock_error_ms": round(tie.error_us(now_us) / 1000, 1) if tie else None,
        "clock_moved_ms": None if moved_us is None else round(moved_us / 1000, 1),
        "clock_drift_ppm": round(before.drift_ppm, 1) if before else None,
    }
