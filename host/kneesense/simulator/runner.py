# SPDX-License-Identifier: MIT
"""One simulated person, and many different ones.

Ranges: segments 0.245 and 0.246 of body height (D. Winter, Biomechanics and Motor Control of Human Movement); one in
four lands on mid- or forefoot (H. Hasegawa et al., J. Strength Cond. Res. 21 (2007), 75 % rearfoot); cadence grows
by about 11 steps per minute with each m/s (160 at 2.5 m/s, 184 at 4.7 m/s in the recordings of docs/data.md).  The
others are wide guesses around the recorded people.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .gaits import STAIRS_DOWN, STAIRS_UP, WALK, Gait, running
from .script import Phase


@dataclass(frozen=True)
class Variation:
    """Standard deviations from stride to stride."""

    stride: float = 0.015  # relative, of the stride time
    duty: float = 0.02  # relative, of the duty factor
    impact: float = 0.12  # relative, of the foot's speed downwards at contact
    lean_deg: float = 0.5  # of the lean at contact, and again of its course in stance
    swing_end_s: float = 0.006  # of the time from the end of the swing to contact; 7 to 8 ms on force plates
    braking: float = 0.06  # relative, of the frequency at which the foot's forward speed ends
    step_width_m: float = 0.008
    hip_sway_m: float = 0.01  # sideways, over the foot: turns the knee and not the shank


@dataclass(frozen=True)
class Fatigue:
    """Change in an hour, growing evenly."""

    cadence: float = 0.0  # relative
    duty: float = 0.0
    impact: float = 0.0
    valgus_deg: float = 0.0


@dataclass(frozen=True)
class Runner:
    """Factors are relative to the shapes in gaits.py."""

    run_mps: float = 2.5
    walk_mps: float = 1.3
    cadence: float = 1.0  # factor on what is usual at the speed
    duty: float = 1.0
    impact: float = 1.0
    twist: float = 1.0
    braking: float = 1.0
    forefoot: float = 0.0  # 0 heel, 1 forefoot first, in running
    lean_deg: float = 0.0  # added throughout
    valgus_deg: float = 0.0  # added in stance
    asymmetry: float = 0.0  # of impact and duty: the right leg has half of it more, the left one less
    shank_m: float = 0.40  # ankle to knee
    thigh_m: float = 0.41
    hip_out_m: float = 0.05  # outwards of the ankle, in stance
    sensor_up_m: float = 0.10  # above the ankle
    sensor_front_m: float = 0.0  # in front of the shank's long axis
    sensor_out_m: float = 0.0  # outwards of it
    variation: Variation = field(default_factory=Variation)
    fatigue: Fatigue = field(default_factory=Fatigue)

    def going(self, phase: Phase) -> tuple[Gait, float, float] | None:
        """Gait, speed in m/s and cadence in steps per minute; None where there are no strides."""
        if phase.gait == "run":
            speed = phase.speed_mps or self.run_mps
            usual = 160 + 11 * (speed - 2.5)
            gait = running(speed).on_forefoot(self.forefoot)
        elif phase.gait == "walk":
            speed = phase.speed_mps or self.walk_mps
            usual = 112 * float(np.sqrt(speed / 1.3))
            gait = WALK
        elif phase.gait in ("stairs_up", "stairs_down"):
            gait = STAIRS_UP if phase.gait == "stairs_up" else STAIRS_DOWN
            usual, speed = 120 / gait.stride_s, gait.speed_mps
        else:
            return None
        return gait, speed, phase.cadence_spm or usual * self.cadence


def runners(n: int, seed: int = 1) -> list[Runner]:
    """`n` different people; the first of them are the same for every `n`."""
    return [_someone(np.random.default_rng([seed, i])) for i in range(n)]


def _someone(random: np.random.Generator) -> Runner:
    def around(middle: float, sd: float) -> float:
        return middle + sd * float(np.clip(random.normal(), -2.5, 2.5))

    height_m = around(1.72, 0.09)
    forefoot = random.uniform(0.4, 1.0) if random.random() < 0.25 else random.uniform(0.0, 0.2)
    values: dict[str, Any] = {
        "run_mps": random.uniform(2.2, 4.0),
        "walk_mps": random.uniform(1.1, 1.6),
        "cadence": around(1.0, 0.04),
        "duty": around(1.0, 0.04),
        "impact": around(1.0, 0.2),
        "twist": random.uniform(0.3, 1.2),
        "braking": around(1.0, 0.08),
        "lean_deg": around(0.0, 2.0),
        "valgus_deg": around(0.0, 1.5),
        "asymmetry": around(0.0, 0.06),
        "hip_out_m": around(0.05, 0.02),
        "sensor_up_m": random.uniform(0.06, 0.14),
        "sensor_front_m": random.uniform(0.0, 0.04),
        "sensor_out_m": random.uniform(-0.04, 0.04),
    }
    return Runner(
        forefoot=float(forefoot),
        shank_m=0.246 * height_m,
        thigh_m=0.245 * height_m,
        variation=Variation(
            stride=random.uniform(0.008, 0.022),
            impact=random.uniform(0.08, 0.2),
            lean_deg=random.uniform(0.3, 0.9),
        ),
        fatigue=Fatigue(around(-0.01, 0.02), around(0.02, 0.02), around(0.08, 0.08), around(0.5, 1.0)),
        **values,
    )
