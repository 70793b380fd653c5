# SPDX-License-Identifier: MIT
"""What a unit's next run starts with, as far as cues go: its settings and the programme it keeps."""

from __future__ import annotations

from dataclasses import dataclass

from kneecore import rules, wire
from kneecore.baseline import Kept
from kneecore.coach import Session
from kneecore.programme import plan
from kneecore.settings import Settings

from .answers import UnitPlan
from .cuesettings import COACHED
from .device import Device
from .errors import CommandRefused


@dataclass(frozen=True, slots=True)
class CoachSetup:
    """`plan`: without sessions when the unit keeps none."""

    settings: Settings
    plan: UnitPlan

    def session(self, runner: int, side: int, strap_session: int, number: int) -> Session:
        """As the unit begins a run; `number`: of the programme's session, 0 none.

        What else it has kept (lean's spread, a mute) is not told to a host.
        """
        rule = self.settings.get("cue_rule")
        kept = Kept(rule, self.plan.runner, side, strap_session, self.plan.baseline, self.plan.sd)
        known = number and rule != rules.LEAN and self.plan.baseline
        return Session(runner, strap_session, kept if known else None, plan(self.plan.sessions, number))


async def read(unit: Device) -> CoachSetup:
    """Ask the unit.  A firmware without programmes has none."""
    values = {name: await unit.get(name) for name in COACHED}
    try:
        kept = await unit.read_plan()
    except CommandRefused as refused:
        if refused.status != wire.STATUSES[wire.UNKNOWN_COMMAND]:
            raise
        kept = UnitPlan()
    return CoachSetup(Settings(**values), kept)
