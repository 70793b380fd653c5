# SPDX-License-Identifier: MIT
"""What each cue rule looks at, and in which direction it corrects: a table, nothing else.

`steady`, `band_least` and `full` are permille of the baseline's mean where `relative` is 1, else in the rule's unit,
like the two settings the rule names.  Lean is compared by difference: its zero is where the strap put it.
A lean baseline whose strides scatter beyond 3 degrees would make a band too wide to retrain anything.
"""

from collections import namedtuple

from . import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .stride import Stride

NONE, INCREASE, DECREASE = range(3)  # index of wire.DIRECTIONS
OFF, CADENCE, LEAN, IMPACT, METRONOME = range(5)  # index of wire.RULES
UNKNOWN = wire.UNKNOWN_I16  # the value of a stride that has none; no rule's value is as low

_UNSURE_LEAN = wire.FLAG_TURN | wire.FLAG_STRAP_LOOSE | wire.FLAG_BIAS


def _cadence(stride: "Stride", centi_steps_x16: int) -> int:
    return centi_steps_x16 // stride.stride_x16


def _lean(stride: "Stride", centi_steps_x16: int) -> int:
    return stride.lean_cue_cdeg


def _impact(stride: "Stride", centi_steps_x16: int) -> int:
    mg: int = stride.pta_axial_mg
    return UNKNOWN if mg == wire.UNKNOWN_U16 else mg


Rule = namedtuple("Rule", (
    "value",  # of a stride of known length; second argument / stride_x16 = cadence
    "unit",
    "relative",
    "barred",  # flags of a stride that does not count
    "offset",  # setting; without one the correction is `usual`
    "usual",
    "other",  # the direction told by two pulses
    "band",  # setting; 0: twice the baseline's SD, at least `band_least`
    "band_least",
    "steady",  # farthest from the median that a stride of the baseline may be
    "full",  # so far beyond the band gets the longest pulse
))  # fmt: skip

_STEPS = (_cadence, "csteps/min", 1, 0, "cadence_offset_pm", NONE, DECREASE, "cadence_band_pm", 20, 50, 100)

RULES = {
    CADENCE: Rule(*_STEPS),
    LEAN: Rule(
        _lean, "cdeg", 0, _UNSURE_LEAN, "lean_offset_cdeg", DECREASE, INCREASE, "lean_band_cdeg", 100, 300, 500
    ),
    IMPACT: Rule(
        _impact, "mg", 1, wire.FLAG_CLIPPED, "impact_offset_pm", DECREASE, INCREASE, "impact_band_pm", 50, 400, 200
    ),
    METRONOME: Rule(*_STEPS),  # beats instead of cues
}  # fmt: skip


def part(rule: Rule, mean: int, amount: int) -> int:
    """`amount` in the rule's unit."""
    return mean * amount // 1000 if rule.relative else amount


def may(rule: Rule, cue_side: int, offset: int) -> "tuple[bool, bool]":
    """Whether to ask for more and for less.  `cue_side`: the setting; 0 towards the offset, else as is usual."""
    if cue_side:
        return cue_side != 3, cue_side != 2
    if offset:
        return offset > 0, offset < 0
    return rule.usual != DECREASE, rule.usual != INCREASE
