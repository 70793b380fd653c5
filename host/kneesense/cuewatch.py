# SPDX-License-Identifier: MIT
"""Why no cue comes: the unit's own cue engine on its stride records.

The unit's state stands in every record and is the truth.  The engine here knows the numbers behind it (target, band)
as long as it is in the same state; where a host cannot know what the unit has kept, only the state is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, NamedTuple

from kneecore import coach, rules, wire
from kneecore.coach import Coach

from .coachsetup import CoachSetup
from .cuesettings import NUMBERS

_STATES = {  # words for a line of 79 columns
    coach.OFF: "kneesense cue --rule cadence switches it on",
    coach.BASELINE: "your usual form, {baseline_strides} steady run strides",
    coach.HOLDOFF: "a pause of {cue_holdoff_strides} strides after a cue",
    coach.MUTED: "kneesense mute --resume takes it back",
    coach.SUSPENDED: "pain was marked, no more cues in this run",
    coach.REFUSED: "lean needs this strap and runner calibrated",
    coach.ANCHORING: "the lean of this strapping, {lean_anchor_s} s of running",
    coach.FADED: "a block of the programme without cues",
}


class Aim(NamedTuple):
    """Target and half width of the dead zone, in the unit of `metric`, a key of a stride record."""

    rule: str
    metric: str
    unit: str
    target: float
    band: float


class CueWatch:
    """Feed the wire records of one run, in order, START first."""

    def __init__(self, setup: CoachSetup) -> None:
        self._setup = setup
        self._coach: Coach | None = None

    def feed(self, name: str, values: Mapping[str, Any]) -> str | None:
        """After a stride: why it brings no cue, in words; None after anything else."""
        if name == "start":
            session = self._setup.session(
                *(values["runner"] or 0, values["side"], values["strap_session"], values["session"] or 0)
            )
            self._coach = Coach(values["rate_hz"], self._setup.settings, values["side"], session)
        if self._coach is None:
            return None
        if name == "stride":
            self._coach.stride(SimpleNamespace(**values))  # type: ignore[arg-type]  # the fields are what it reads
            return self._why(self._coach, values)
        if name == "cue":
            self._coach.cue.target, self._coach.cue.band = values["target"], values["band"]
            self._coach.cued()
        elif name == "mark":
            self._marked(self._coach, values["kind"])
        elif name == "notice" and values["notice"] == wire.NOTICES.index("strap_slip"):
            self._coach.slipped()
        return None

    @property
    def aim(self) -> Aim | None:
        """None while it is not known here."""
        cue = self._coach.cue if self._coach else None
        rule = wire.RULES[cue.rule] if cue else ""
        if cue is None or rule not in NUMBERS or not (cue.target or cue.band):
            return None
        number = NUMBERS[rule]
        return Aim(rule, number.metric, number.unit, cue.target / number.per, cue.band / number.per)

    def _marked(self, watched: Coach, kind: int) -> None:
        """The unit judged by its clock whether a mark could be taken back: 0 here is always in time."""
        acts = {
            "pain": lambda: watched.pain(0),
            "pain_taken_back": lambda: watched.take_back(0),
            "mute": watched.mute,
            "resume": watched.resume,
        }
        if kind < len(wire.MARKS) and wire.MARKS[kind] in acts:
            acts[wire.MARKS[kind]]()

    def _why(self, watched: Coach, values: Mapping[str, Any]) -> str:
        state, settings = values["cue_state"], self._setup.settings
        if state != coach.ARMED:
            return _STATES.get(state, "of a later firmware").format_map(vars(settings))
        rule = rules.RULES[settings.get("cue_rule")]
        if values["gait"] != wire.GAITS.index("run"):
            return "not running" if values["gait"] == wire.GAITS.index("walk") else "not surely running"
        if not values["stride_x16"]:
            return "the stride is not complete"
        if values["confidence"] < settings.get("confidence_min"):
            return f"confidence is below {settings.get('confidence_min')} %"
        barred = [flag for i, flag in enumerate(wire.STRIDE_FLAGS) if values["flags"] & rule.barred & 1 << i]
        if barred:
            return f"strides with {' and '.join(barred)} do not count"
        if watched.cue.rule == rules.METRONOME:
            return "beating"
        if watched.state != coach.ARMED:
            return "by a baseline kept on the unit"
        number = NUMBERS[wire.RULES[watched.cue.rule]]
        target, band = watched.cue.target / number.per, watched.cue.band / number.per
        return f"target {target:.1f} +- {band:.1f} {number.unit}"
