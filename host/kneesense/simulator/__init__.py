# SPDX-License-Identifier: MIT
"""A simulated runner with truth: `simulate(runner, script, sensor)`; see docs/simulator.md."""

from .scenarios import SCENARIOS, Scenario
from .simulate import Phase, Runner, Sensor, Simulated, TrueStride, runners, simulate

__all__ = [
    "SCENARIOS",
    "Phase",
    "Runner",
    "Scenario",
    "Sensor",
    "Simulated",
    "TrueStride",
    "runners",
    "simulate",
]
