# SPDX-License-Identifier: MIT
"""The report's quantities: name, unit, how it is printed, how sure it is; and its method and limits in plain words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quantity:
    """`key` of a stride record."""

    key: str
    words: str
    unit: str
    pattern: str
    sure: str


QUANTITIES = (
    Quantity(
        "cadence_spm", "cadence", "steps/min", "{:.1f}",
        "the surest number here: counted contact by contact, steps of both feet",
    ),
    Quantity(
        "contact_s", "contact time", "s", "{:.3f}",
        "the least sure: toe-off is hard to see from the shank; compare runs of the same pace",
    ),
    Quantity("duty_factor", "share of the stride on the ground", "", "{:.3f}", "as sure as contact time"),
    Quantity(
        "pta_axial_g", "impact (peak acceleration along the shank)", "g", "{:.2f}",
        "changes with strap and height on the leg; strides in which the sensor was at its limit are left out",
    ),
    Quantity(
        "lean_range_deg", "range of lean in stance", "deg", "{:.1f}", "does not hang on the strap's zero",
    ),
    Quantity(
        "lean_mid_deg", "lean of the shank in mid-stance", "deg", "{:+.1f}",
        "its change within this run only; between days strapping alone moves it by 0.7 to 5 degrees",
    ),
)  # fmt: skip
BY_KEY = {quantity.key: quantity for quantity in QUANTITIES}

SYMMETRY = {
    "contact_s": ("contact time", "s", "{:.3f}"),
    "stride_s": ("stride time", "s", "{:.3f}"),
    "step_s": ("step time", "s", "{:.3f}"),
    "pta_axial_g": ("impact", "g", "{:.2f}"),
    "lean_range_deg": ("range of lean", "deg", "{:.1f}"),
}

FLAGS = {  # of a stride -> what it means for its numbers
    "clipped": "strides with the sensor at the end of its range, their impact is withheld",
    "shaken": "strides that the unit's own motor shook, their impact is withheld",
    "strap_loose": "strides with a strap that had slipped, do not trust their lean",
    "turn": "strides in turns, where lean is not cued",
    "bias_unsettled": "strides before the gyro's bias was known, their lean is less sure",
    "metric_missing": "strides of which a value is missing",
}

RULES = {
    "cadence": "cadence",
    "lean": "lean",
    "impact": "impact",
    "metronome": "a metronome",
    "off": "nothing",
}

METHOD = (
    "A unit strapped to the shank measures acceleration and rotation some hundred times a second, finds every contact"
    " of that foot and measures each stride. It decides by itself when to buzz, at toe-off, so that the next step can"
    " change.",
    "Cadence is steps a minute of both feet, from all running strides of one leg. Other means are of running strides"
    " that the unit was sure of (60 % and more); the spread is one standard deviation.",
    "In band means that a stride needed no correction: within the target's dead zone, or better than the target asks.",
    "Baseline is the unit's own measurement before its first cues, or, where there is none, the first run in this"
    " store.",
)
LIMITS = (
    "One sensor on the shank measures the shank's lean against gravity, not the angle of the knee.",
    "More inward lean is not worse for everybody. Lean also moves with step width, camber and turns.",
    "A higher cadence unloads the knee and loads calf, Achilles tendon and shin: watch those too.",
    "Length limits of the next run come from one large study of runners by distance, and from what was written in the"
    " diary. None of it says that a run is safe. Pain means stop.",
    "This is no medical device and makes no diagnosis.",
)  # fmt: skip
