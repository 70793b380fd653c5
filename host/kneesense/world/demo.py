# SPDX-License-Identifier: MIT
"""The whole product with no hardware: a scenario played to a virtual unit, recorded by the real host, then audited."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

import numpy as np

from .. import ble, guide
from ..device import Device
from ..session import Plan, Session
from ..store import Store, Unit
from ..verdict import Verdict
from . import central
from .air import Air
from .chips.mpu6050 import Mpu6050
from .clock import virtual_loop
from .motor import Pulse
from .outcome import RUNNER, SETTINGS, Outcome, TrueLatency, recorded, true_latency_ms
from .scenario import Scenario, mounting
from .unit import VirtualUnit

AXES_LIMIT_DEG = 5.0  # of the mounting found
_CALIBRATION_FASTER = 3


class _Witness:
    """What a virtual unit's parts know: see outcome.Witness."""

    def __init__(self, unit: VirtualUnit, chip: Mpu6050) -> None:
        self._unit = unit
        self._chip = chip
        self.log_frames = unit.log_frames

    @property
    def unit_id(self) -> bytes:
        return self._unit.board.unit_id

    @property
    def start_us(self) -> float | None:
        return self._chip.start_us

    @property
    def produced(self) -> int:
        return self._chip.produced

    @property
    def overflowed(self) -> int:
        return self._chip.overflowed

    @property
    def pulses(self) -> list[Pulse]:
        return self._unit.board.motor.pulses


async def play(
    scenario: Scenario,
    folder: Path,
    store: Store,
    on_session: Callable[[Session, TrueLatency], None],
    on_verdict: Callable[[Verdict], None] = lambda verdict: None,
) -> Outcome:
    """Switch the unit on, pair, calibrate, run, lose the link for a while, end, audit.

    `on_session` sees the session before it starts, to subscribe to its bus, `on_verdict` each stage of the
    calibration.  Runs on a VirtualLoop.
    """
    air = Air()
    os.environ.pop("KNEESENSE_RADIO", None)  # of another world; this one has its own
    central.install(air)
    loop = virtual_loop()
    chip = Mpu6050(lambda: round(loop.time() * 1e6), scenario.calibration_feed or scenario.feed)
    unit = VirtualUnit(air, [chip], folder / "unit", secrets.token_bytes(6), paired=False)
    unit.power_on()
    try:
        outcome = Outcome()
        await _pair(unit, scenario, store)
        if scenario.calibration_feed is not None:
            await _calibrate(outcome, unit, scenario, store, on_verdict)
            chip.wear(scenario.feed)
        session = _session(unit, scenario, store)
        witness = _Witness(unit, chip)
        on_session(session, lambda n: true_latency_ms(scenario, witness, n))
        await recorded(outcome, scenario, witness, air.leave_range, session, store)
        return outcome
    finally:
        await unit.power_off()


async def _pair(unit: VirtualUnit, scenario: Scenario, store: Store) -> None:
    """Find the unit by radio, make this computer known to it and remember it, as `kneesense pair` does."""
    seen = await ble.find(unit.short_id)
    ble.refuse_other_version(seen)
    async with Device(ble.BleLink(unit.short_id, pair=True)) as device:
        await device.set(
            "auto_start_strides", 0
        )  # the scenario's clock starts with the run, not with a watch for one
    worn = scenario.calibration
    store.remember(Unit(unit.board.unit_id.hex(), seen.handle, worn.side, worn.face, RUNNER))


async def _calibrate(
    outcome: Outcome,
    unit: VirtualUnit,
    scenario: Scenario,
    store: Store,
    on_verdict: Callable[[Verdict], None],
) -> None:
    """The unit learns how it is worn, as with `kneesense calibrate`; the standing and walking pass faster."""
    worn = scenario.calibration
    loop = virtual_loop()
    speed = loop.speed
    loop.speed = speed * _CALIBRATION_FASTER
    async with Device(ble.BleLink(unit.short_id)) as device:
        for stage in ("still", "walk"):
            verdict = await guide.stage(device, stage, worn.side, worn.face, store)
            on_verdict(verdict)
            if not verdict.accepted:
                break
    loop.speed = speed
    found = verdict.calibration
    detail = "; ".join(verdict.messages)
    if found is not None:
        turn = np.array(found.rotation) @ mounting()
        off_deg = float(np.degrees(np.arccos(min(1.0, (np.trace(turn) - 1) / 2))))
        detail = f"accepted, axes {off_deg:.1f} deg off the truth, limit {AXES_LIMIT_DEG:.0f}"
    outcome.claim("calibration", found is not None and off_deg <= AXES_LIMIT_DEG, detail)


def _session(unit: VirtualUnit, scenario: Scenario, store: Store) -> Session:
    given = None if scenario.calibration_feed is not None else scenario.calibration.to_wire()
    plan = Plan(settings=SETTINGS, calibration=given, runner=RUNNER)
    return Session(lambda: ble.BleLink(unit.short_id), store, plan, unit_id=unit.board.unit_id.hex())
