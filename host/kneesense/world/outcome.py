# SPDX-License-Identifier: MIT
"""What came of a demo, and what must hold of it: what was recorded against the runner's truth and the unit's own log.

Of the unit it asks for what a `Witness` tells, whatever plays the unit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from kneecore import told, wire
from kneecore.pipeline import EV_STRIDE, Pipeline
from kneecore.settings import Settings

from ..bus import Arrival
from ..errors import LinkLost
from ..frames import LogFrame, parse
from ..session import Session
from ..store import Store
from . import audit
from .audit import Buzz, Check
from .motor import Pulse
from .scenario import BASELINE_STRIDES, CHIP, Scenario

RUNNER = "demo"

LATENCY_LIMIT_S = 0.100  # from true toe-off to the motor command
CLEAR_OF_CONTACT_S = 0.050  # from the end of a pulse to the next true contact
QUIET_AFTER = 10  # strides after the recovery without a cue
_START_LIMIT_S = 20.0
_STOP_LIMIT_S = 20.0
_POLL_S = 0.05

SETTINGS = {
    "cue_rule": wire.RULES.index("cadence"),
    "cadence_offset_pm": 0,
    "baseline_strides": BASELINE_STRIDES,
}
_SAME = told.FIELDS["stride"]


@dataclass
class Outcome:
    """What came of a demo."""

    checks: list[Check] = field(default_factory=list)
    records: list[LogFrame] = field(default_factory=list)
    """Of the run, as stored."""
    buzzes: list[Buzz] = field(default_factory=list)
    truth_strides: int | None = None
    sent: int = 0
    """Records of the run in the unit's log."""
    lost: int = 0
    duplicates: int = 0
    received: int = 0
    """Records of the run that came live,"""
    backfilled: int = 0
    """and those fetched from the log after the link was lost."""

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)

    def claim(self, name: str, ok: bool, detail: str) -> None:
        self.checks.append(Check(name, ok, detail))


TrueLatency = Callable[[int], float | None]
"""Milliseconds from the true toe-off to the motor command, of the run's n-th pulse; None where there is no truth."""


class Witness(Protocol):
    """What is known of a unit without asking it."""

    @property
    def unit_id(self) -> bytes: ...

    @property
    def start_us(self) -> float | None:
        """Virtual time of the run's sample 0, in microseconds; None before."""

    @property
    def produced(self) -> int:
        """Samples taken,"""

    @property
    def overflowed(self) -> int | None:
        """and those of them that were lost; None where none can be."""

    @property
    def pulses(self) -> list[Pulse]:
        """Of the motor, in virtual time."""

    def log_frames(self) -> list[bytes]:
        """Every whole record in its log, oldest first."""


async def recorded(
    outcome: Outcome,
    scenario: Scenario,
    unit: Witness,
    away: Callable[[float], Awaitable[None]],
    session: Session,
    store: Store,
) -> None:
    """The run, on the scenario's timetable, and the audit of it.  `away`: out of range for so many seconds."""
    updates = session.bus.subscribe()
    work = asyncio.create_task(session.run())
    await _through(scenario, unit, away, session, work)
    for update in updates.drain():
        if isinstance(update, Arrival) and session.run_key and update.record.key >= session.run_key:
            outcome.backfilled += update.backfilled
            outcome.received += not update.backfilled
    _audit(outcome, scenario, unit, session, store)


async def _through(
    scenario: Scenario,
    unit: Witness,
    away: Callable[[float], Awaitable[None]],
    session: Session,
    work: asyncio.Task[None],
) -> None:
    """The run itself, on the scenario's timetable."""
    loop = asyncio.get_running_loop()

    async def until(run_s: float) -> None:
        while not work.done() and loop.time() < _run_zero(unit) + run_s:
            await asyncio.sleep(min(_POLL_S, max(0.001, _run_zero(unit) + run_s - loop.time())))

    limit = loop.time() + _START_LIMIT_S
    while unit.start_us is None and not work.done():
        if loop.time() > limit:
            work.cancel()
            raise LinkLost(
                "the virtual unit did not start its run", "see unit-console.txt in the demo's folder"
            )
        await asyncio.sleep(_POLL_S)
    await until(scenario.drop_at_s)
    if not work.done():
        await away(scenario.drop_s)
    await until(scenario.end_s)
    session.stop(_STOP_LIMIT_S)
    await work


def true_latency_ms(scenario: Scenario, unit: Witness, n: int) -> float | None:
    if scenario.model is None or unit.start_us is None:
        return None
    pulses = [pulse for pulse in unit.pulses if pulse.start_us >= unit.start_us]
    if n >= len(pulses):
        return None
    found = audit.buzzes(pulses[n : n + 1], scenario.model.strides, unit.start_us)
    return 1000 * found[0].after_toe_off_s if found else None


def _run_zero(unit: Witness) -> float:
    """Virtual time of the feed's sample 0, in seconds."""
    assert unit.start_us is not None
    return unit.start_us / 1e6


def _audit(outcome: Outcome, scenario: Scenario, unit: Witness, session: Session, store: Store) -> None:
    device = unit.unit_id.hex()
    run = next((r for r in store.runs() if r.device == device and (r.boot, r.seq) == session.run_key), None)
    outcome.claim("recorded", run is not None and session.complete, "the run is stored from start to stop")
    if run is None:
        return
    outcome.records = store.run_records(run)
    logged = [record for frame in unit.log_frames() if (record := parse(frame)) is not None]
    logged = [record for record in logged if record.key >= (run.boot, run.seq)]
    outcome.sent = len(logged)
    copies = audit.copies(logged, outcome.records)
    outcome.lost = copies.lost
    outcome.claim(
        "log and store agree",
        not copies.lost and not copies.altered and audit.numbering(outcome.records),
        f"{outcome.sent} records in the unit's log, {copies.lost} lost, {copies.altered} altered",
    )
    outcome.claim(
        "back-fill",
        outcome.backfilled > 0,
        f"{outcome.received} records came live, {outcome.backfilled} after the lost link",
    )
    overflowed = unit.overflowed
    outcome.claim(
        "every record arrived once",
        outcome.received + outcome.backfilled == outcome.sent,
        f"{outcome.sent} sent, {outcome.received} live + {outcome.backfilled} fetched",
    )
    if overflowed is not None:
        taken = unit.produced
        outcome.claim("no sample lost", overflowed == 0, f"{taken} samples taken, {overflowed} lost")
    strides = [record.values() for record in outcome.records if record.code == wire.STRIDE.code]
    if scenario.recording is not None:
        _same_strides(outcome, scenario, strides)
    else:
        _against_truth(outcome, scenario, unit, strides)


def _same_strides(outcome: Outcome, scenario: Scenario, strides: list[dict[str, int]]) -> None:
    """Every integer of every stride equals what the same code gives on the recording itself."""
    assert scenario.recording is not None
    pipeline = Pipeline(
        CHIP.rate_hz,
        CHIP.acc_lsb_per_g,
        CHIP.gyro_lsb_per_10dps,
        scenario.calibration.to_wire(),
        Settings(**SETTINGS),
    )
    counts = scenario.recording.segments[0].counts
    taken = min(len(counts) // 6, round(scenario.end_s * CHIP.rate_hz))
    expected = []
    pipeline.take(counts, 0, taken)
    while event := pipeline.advance():
        if event & EV_STRIDE:
            expected.append({name: getattr(pipeline.stride, name) for name in _SAME})
    found = [{name: stride[name] for name in _SAME} for stride in strides]
    equal = sum(a == b for a, b in zip(expected, found, strict=False))
    outcome.claim(
        "same strides",
        bool(expected) and equal == len(expected) and len(found) - len(expected) in (0, 1),  # the open one
        f"{equal} of {len(expected)} strides equal the replay of the recording in every integer",
    )


def _against_truth(
    outcome: Outcome, scenario: Scenario, unit: Witness, strides: list[dict[str, int]]
) -> None:
    assert scenario.model is not None
    assert unit.start_us is not None
    span = _run_span(outcome.records)
    true = [stride for stride in scenario.model.strides if stride.ic_s <= span - audit.TOLERANCE_S]
    to_s = 1 / (16 * CHIP.rate_hz)
    found_s = [stride["ic_x16"] * to_s for stride in strides]
    contacts = audit.contacts([stride.ic_s for stride in true], found_s)
    outcome.truth_strides = contacts.truth
    outcome.lost += contacts.missed
    outcome.duplicates = contacts.doubled
    error = "" if contacts.mean_error_ms is None else f", {contacts.mean_error_ms:+.0f} ms off on average"
    outcome.claim(
        "strides",
        not (contacts.missed or contacts.doubled or contacts.false),
        f"{contacts.truth} true contacts, {contacts.missed} missed, {contacts.doubled} doubled, "
        f"{contacts.false} false{error}",
    )
    outcome.buzzes = audit.buzzes(unit.pulses, scenario.model.strides, unit.start_us)
    cued = sum(record.code == wire.CUE.code for record in outcome.records)
    outcome.claim(
        "every cue was a buzz", cued == len(outcome.buzzes), f"cues: {cued}, pulses: {len(outcome.buzzes)}"
    )
    _cue_timing(outcome, scenario)


def _cue_timing(outcome: Outcome, scenario: Scenario) -> None:
    assert scenario.model is not None
    recovered = [stride.ic_s for stride in scenario.model.strides if stride.ic_s >= scenario.slow_to_s]
    quiet_from_s = recovered[QUIET_AFTER] if len(recovered) > QUIET_AFTER else float("inf")
    at_s = [buzz.at_s for buzz in outcome.buzzes]
    early = sum(t < scenario.slow_from_s for t in at_s)
    slow = sum(scenario.slow_from_s <= t <= scenario.slow_to_s for t in at_s)
    late = sum(t >= quiet_from_s for t in at_s)
    outcome.claim("no cue before the runner slows down", early == 0, f"cues: {early}")
    outcome.claim("a cue while the runner is slow", slow > 0, f"cues: {slow}")
    outcome.claim(f"no cue from {QUIET_AFTER} strides after the recovery", late == 0, f"cues: {late}")
    if outcome.buzzes:
        worst_s = max(buzz.after_toe_off_s for buzz in outcome.buzzes)
        outcome.claim(
            "in time",
            worst_s <= LATENCY_LIMIT_S,
            f"motor on at most {1000 * worst_s:.0f} ms after true toe-off, limit {1000 * LATENCY_LIMIT_S:.0f}",
        )
        clear_s = min(buzz.before_contact_s for buzz in outcome.buzzes if buzz.before_contact_s is not None)
        outcome.claim(
            "over before contact",
            clear_s >= CLEAR_OF_CONTACT_S,
            f"motor off at least {1000 * clear_s:.0f} ms before the next true contact",
        )


def _run_span(records: list[LogFrame]) -> float:
    """Seconds of the run that were sampled, by its STOP record."""
    for record in reversed(records):
        if record.code == wire.STOP.code:
            return float(record.values()["samples"] / CHIP.rate_hz)
    return 0.0
