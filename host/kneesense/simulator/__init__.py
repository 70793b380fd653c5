# SPDX-License-Identifier: MIT
"""A simulated runner with truth: `simulate(runner, script, sensor)`; see docs/simulator.md."""

from .model import RunnerModel
from .runner import Fatigue, Runner, Variation, runners
from .scenarios import SCENARIOS, Scenario, alignments, sensors, skewed
from .script import Phase, TrueStride
from .sensor import LOOSE, PARTS, RIGID, Motor, Part, Sensor, Strap
from .simulate import Simulated, simulate

__all__ = [
    "LOOSE",
    "PARTS",
    "RIGID",
    "SCENARIOS",
    "Fatigue",
    "Motor",
    "Part",
    "Phase",
    "Runner",
    "RunnerModel",
    "Scenario",
    "Sensor",
    "Simulated",
    "Strap",
    "TrueStride",
    "Variation",
    "alignments",
    "runners",
    "sensors",
    "simulate",
    "skewed",
]
