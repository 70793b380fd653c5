# SPDX-License-Identifier: MIT
"""A runner of given strides under a coach, asked at every toe-off."""

from kneecore.coach import ARMED, Coach, Session
from kneecore.gait import RUN
from kneecore.rules import IMPACT, LEAN
from kneecore.settings import Settings
from kneecore.stride import Stride

RATE_HZ = 500
SECOND_X16 = 16 * RATE_HZ
MINUTE = 82  # strides at 164 steps a minute
QUICK = {"baseline_strides": 20, "cadence_offset_pm": 0, "impact_offset_pm": 0}
LEFT = 1
STRAPPED = {"runner": 7, "strap_session": 3}
TOLD_LATE_S = 0.05  # a toe-off after it happened


class Runner:
    """`session`: arguments of coach.Session.  `values` of `run` are in the rule's number: spm, degrees or g."""

    def __init__(self, session=None, **settings):
        self.settings = Settings(**QUICK | settings)
        self.rule = self.settings.get("cue_rule")
        self.coach = Coach(RATE_HZ, self.settings, LEFT, Session(**(session or {})))
        self.now_x16 = 0
        self.states = []

    @property
    def sample(self):
        return self.now_x16 >> 4

    def stride(self, value, gait=RUN, confidence=100, flags=0, spm=164.0):
        """True if the toe-off after it buzzes."""
        stride = Stride()
        stride.begin(self.now_x16, flags)
        if self.rule == LEAN:
            stride.lean_cue_cdeg = round(100 * value)
        elif self.rule == IMPACT:
            stride.pta_axial_mg = round(1000 * value)
        else:
            spm = value
        stride.stride_x16 = round(120 / spm * SECOND_X16)
        stride.gait, stride.confidence = gait, confidence
        self.now_x16 += stride.stride_x16
        self.coach.stride(stride)
        self.states.append(self.coach.state)
        to_x16 = self.now_x16 + stride.stride_x16 // 3
        told_x16 = to_x16 + round(TOLD_LATE_S * SECOND_X16)
        return self.coach.toe_off(told_x16 >> 4, self.now_x16, to_x16)

    def run(self, *values, **options):
        """Which of the strides buzzed, counted from 1."""
        return [i for i, value in enumerate(values, 1) if self.stride(value, **options)]

    def ready(self, value=160):
        assert self.run(*[value] * self.settings.get("baseline_strides")) == []
        assert self.coach.state == ARMED
        return self
