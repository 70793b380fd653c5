# SPDX-License-Identifier: MIT
"""What a unit says at the end of a stage of its calibration, in words a runner can act on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kneecore import wire

from .calibration import Calibration
from .codes import bit_names, named

# Reason of a refusal -> what happened, and what to do next.
_REFUSED = {
    "moved": (
        "the leg did not stand still",
        "stand on both feet, knee straight, and do not move for the whole time",
    ),
    "frozen": ("the motion sensor repeats the same numbers", "switch the unit off and on"),
    "one_g": (
        "the motion sensor does not measure 1 g",
        "switch the unit off and on; if it stays so, it is broken",
    ),
    "gyro_bias": (
        "the rate at rest is more than a motion sensor's error",
        "stand still; if it stays so, the sensor is broken",
    ),
    "few_strides": ("not enough strides came", "walk straight on without a stop until the unit buzzes"),
    "running": ("that was running", "walk at an easy pace: in running, forward cannot be told surely"),
    "direction": (
        "forward is not clear: the leg swung as fast back as forward",
        "walk straight on, not on the spot",
    ),
    "axis": ("the leg did not swing in one plane", "tighten the strap and walk straight on"),
    "disagree": (
        "standing and walking disagree on where up is",
        "tighten the strap and begin anew: stand straight, feet below the hips",
    ),
    "side": (
        "the unit looks to the other side: wrong leg, or the other face of the shin",
        "check --side and --face, and where the unit is strapped",
    ),
    "tilted": ("the leg is not upright", "stand straight; if the strap has moved, calibrate anew"),
    "no_still": ("there is no standing to build on", "begin with --stage still"),
    "sensor": ("the motion sensor does not answer", "switch the unit off and on"),
}
_CAUTIONS = {
    "upside_down": "the unit is strapped on upside down: measured correctly all the same",
    "side_unchecked": "the leg is as you said: this placement leaves nothing to check it by",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """One VERDICT record."""

    stage: str
    refused: tuple[str, ...]
    """Names from wire.REFUSALS; empty when it is accepted."""
    cautions: tuple[str, ...]
    calibration: Calibration | None
    """What the unit uses from now on; None after standing still alone, or when refused."""
    values: Mapping[str, Any]
    """The record's own fields."""

    @property
    def accepted(self) -> bool:
        return not self.refused

    @property
    def messages(self) -> list[str]:
        """What happened, one sentence a reason; then what to know of an accepted one."""
        return [_REFUSED.get(name, (name, ""))[0] for name in self.refused] + [
            _CAUTIONS.get(name, name) for name in self.cautions
        ]

    @property
    def next_step(self) -> str:
        """What to do about the first reason; "" when it is accepted."""
        return _REFUSED.get(self.refused[0], ("", "calibrate anew"))[1] if self.refused else ""

    def to_json(self) -> dict[str, Any]:
        """As the contract has it."""
        v = self.values
        walked = self.stage == "walk"
        return {
            "type": "verdict",
            "stage": self.stage,
            "accepted": self.accepted,
            "refused": list(self.refused),
            "cautions": list(self.cautions),
            "messages": self.messages,
            "next_step": self.next_step or None,
            "strap_session": v["strap_session"] or None,
            "spread_dps": v["spread_mdps"] / 1000,
            "spread_g": v["spread_mg"] / 1000,
            "one_g_error": v["one_g_pm"] / 1000,
            "temperature_c": None
            if v["temperature_cdeg"] == wire.UNKNOWN_I16
            else v["temperature_cdeg"] / 100,
            "strides": v["strides"] if walked else None,
            "stride_s": v["stride_ms"] / 1000 if walked else None,
            "axis_share": v["axis_pm"] / 1000 if walked else None,
            "sign_ratio": v["sign_pm"] / 1000 if walked else None,
            "impact_ratio": v["impact_pm"] / 1000 if walked else None,
            "calibration": self.calibration.to_json() if self.calibration else None,
        }


def read(values: Mapping[str, Any], made_utc: str = "") -> Verdict:
    """A VERDICT record's fields to a verdict; `made_utc` goes into its calibration."""
    refused = tuple(bit_names(wire.REFUSALS, values["refused"]))
    whole = not refused and values["acc_scale_q14"]
    return Verdict(
        stage=named(wire.STAGES, values["stage"]) or "",
        refused=refused,
        cautions=tuple(bit_names(wire.CAUTIONS, values["cautions"])),
        calibration=Calibration.from_wire(values, made_utc) if whole else None,
        values=values,
    )
