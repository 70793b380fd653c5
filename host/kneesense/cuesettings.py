# SPDX-License-Identifier: MIT
"""The cue's settings in a runner's words and units, and back: percent, degrees and steps a minute, names for codes.

One definition for `kneesense cue`, `run` and prescriptions.  Ranges are those of kneecore.settings.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from kneecore import rules, settings, wire
from kneecore.settings import Settings

from .errors import InputError

SIDES = ("auto", "both", "more", "less")  # values of cue_side
MODES = ("bandwidth", "step", "every", "summary")  # values of cue_mode

# Everything kneecore.coach reads
_COACHED = (
    "cue_",
    "cadence_",
    "lean_",
    "impact_",
    "metronome_",
    "pulse_",
    "baseline_strides",
    "confidence_min",
)
COACHED = tuple(name for name in settings.INDEX if name.startswith(_COACHED))


class Number(NamedTuple):
    """What a rule compares: its key in a stride record, its unit, and how many of the wire's make one."""

    metric: str
    unit: str
    per: int


NUMBERS = {
    "cadence": Number("cadence_spm", "spm", 100),
    "lean": Number("lean_cue_deg", "deg", 100),
    "impact": Number("pta_axial_g", "g", 1000),
    "metronome": Number("cadence_spm", "spm", 100),
}

_MOST = 1e9  # far beyond every range
_SCALES = {"permille": (10, "%"), "cdeg": (100, "deg"), "csteps/min": (100, "spm")}  # of a setting's unit


def scale(name: str) -> tuple[int, str]:
    """(how many of the setting's steps make one of the unit shown, that unit)."""
    return _SCALES.get(settings.find(name).unit, (1, settings.find(name).unit))


def step(name: str, value: float, what: str) -> int:
    """A value in the unit shown to the setting's own.  InputError with the range; `what` names it to the user."""
    setting = settings.find(name)
    per, unit = scale(name)
    if abs(value) > _MOST:
        value = math.inf if value > 0 else -math.inf  # also a whole number of hundreds of digits
    if not (math.isfinite(value) and setting.low <= round(per * value) <= setting.high):
        span = f"{setting.low / per:g} to {setting.high / per:g} {unit}"
        raise InputError(f"{what} {value:g}: must be {span}")
    return round(per * value)


def offset_name(rule: str) -> str:
    """Setting of a rule's offset."""
    return str(rules.RULES[wire.RULES.index(rule)].offset)


def band_name(rule: str) -> str:
    """Setting of a rule's band."""
    return str(rules.RULES[wire.RULES.index(rule)].band)


def target(rule: str, offset: float | None, band: float | None, whole: bool = False) -> dict[str, int]:
    """Settings of a rule with its offset and band in its own unit (percent; degrees for lean).

    `whole`: what is not given gets its default, else it stays as the unit has it.
    """
    chosen = {"cue_rule": wire.RULES.index(rule)}
    if rule == "off":
        if offset is not None or band is not None:
            raise InputError("with cues off there is no offset and no band", "leave them out")
        return chosen
    for name, value, what in (
        (offset_name(rule), offset, "--offset"),
        (band_name(rule), band, "--band"),
    ):
        if value is not None:
            chosen[name] = step(name, value, what)
        elif whole:
            chosen[name] = settings.find(name).default
    return chosen


class CueSetup(NamedTuple):
    """A unit's cue in words.  `offset` and `band` in `unit`; None where the rule has none, or the band is automatic."""

    rule: str
    offset: float | None
    unit: str | None
    band: float | None
    beat_spm: float | None
    side: str
    mode: str
    every: int
    summary_s: int
    m: int
    n: int
    holdoff_strides: int
    baseline_strides: int
    confidence_min: int

    @classmethod
    def of(cls, kept: Settings) -> CueSetup:
        """From the unit's settings."""
        get = kept.get
        rule = wire.RULES[get("cue_rule")]
        offset = band = unit = None
        if rule != "off":
            per, unit = scale(offset_name(rule))
            offset = get(offset_name(rule)) / per
            band = get(band_name(rule)) / per or None
        beat_cspm = get("metronome_cspm") if rule == "metronome" else 0
        return cls(
            rule=rule,
            offset=None if beat_cspm else offset,
            unit=unit,
            band=band,
            beat_spm=beat_cspm / 100 or None,
            side=SIDES[get("cue_side")],
            mode=MODES[get("cue_mode")],
            every=get("cue_every"),
            summary_s=get("cue_summary_s"),
            m=get("cue_m"),
            n=get("cue_n"),
            holdoff_strides=get("cue_holdoff_strides"),
            baseline_strides=get("baseline_strides"),
            confidence_min=get("confidence_min"),
        )

    def to_json(self) -> dict[str, Any]:
        """As the contract has it."""
        number = NUMBERS.get(self.rule)
        return {"type": "cue_setup", "metric": number.metric if number else None, **self._asdict()}

    @property
    def lines(self) -> list[str]:
        """For people."""
        if self.rule == "off":
            return ["cues: off"]
        number = NUMBERS[self.rule]
        if self.beat_spm:
            target_text = f"{self.beat_spm:g} spm"
        else:
            target_text = f"baseline {self.offset:+g} {self.unit} ({number.metric})"
        told = [f"cue: {self.rule}, target {target_text}"]
        if self.rule == "metronome":
            return [*told, "  a tick on every beat while running; no band"]
        band = f"+- {self.band:g} {self.unit}" if self.band else "automatic, 2 SD of the baseline"
        told += [f"  band: {band}", f"  asks for: {_ASKED[self.side]}", f"  when: {self._when()}"]
        told.append(f"  baseline: {self.baseline_strides} steady run strides")
        return told

    def _when(self) -> str:
        return {
            "bandwidth": f"{self.m} of the last {self.n} strides out of the band,"
            f" then {self.holdoff_strides} without a cue",
            "step": "every stride out of the band",
            "every": f"every {self.every}th stride out of the band",
            "summary": f"once in {self.summary_s} s of running, by the mean",
        }[self.mode]


_ASKED = {
    "auto": "what leads towards the target",
    "both": "more and less",
    "more": "more only",
    "less": "less only",
}
