# SPDX-License-Identifier: MIT
"""Named scripts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .simulate import Phase


@dataclass(frozen=True)
class Scenario:
    """`script(duration_s)`: its phases, standing and a short walk for the calibration included where it has gait."""

    name: str
    about: str
    script: Callable[[float], Sequence[Phase]]


_ALL = (
    Scenario("run", "easy running", lambda s: (Phase("still", 6), Phase("walk", 15, 112), Phase("run", s))),
    Scenario("still", "standing", lambda s: (Phase("still", s),)),
)
SCENARIOS = {scenario.name: scenario for scenario in _ALL}
