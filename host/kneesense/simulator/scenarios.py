# SPDX-License-Identifier: MIT
"""Named scripts, and sensors worn in many ways."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import permutations, product

import numpy as np

from .motion import Floats
from .runner import Runner
from .script import Phase
from .sensor import LOOSE, PARTS, Motor, Part, Sensor, Strap
from .simulate import Simulated, simulate

Script = Sequence[Phase]

_STILL_S, _WALK_S = 6.0, 15.0  # to calibrate from
_BEND_M, _BEND_LENGTH_M, _STRAIGHT_M = (
    36.8,
    115.61,
    84.39,
)  # lane 1 of a 400 m track (World Athletics, rule 160)


@dataclass(frozen=True)
class Scenario:
    """`script(runner, duration_s)`: where there is gait it begins with standing and walking, for the calibration."""

    name: str
    about: str
    script: Callable[[Runner, float], Script]
    motor: Motor | None = None
    strap: Strap | None = None

    def simulate(
        self, runner: Runner, duration_s: float, sensor: Sensor, side: str = "right", seed: int = 1
    ) -> Simulated:
        """`duration_s` of what the scenario is about, the lead-in not counted."""
        worn = replace(sensor, motor=self.motor or sensor.motor, strap=self.strap or sensor.strap)
        return simulate(runner, self.script(runner, duration_s), worn, side, seed)


def _after_walking(*phases: Phase) -> Script:
    return (Phase("still", _STILL_S), Phase("walk", _WALK_S), *phases, Phase("still", 4.0))


def _simply(gait: str, **how: float) -> Callable[[Runner, float], Script]:
    return lambda runner, duration_s: _after_walking(Phase(gait, duration_s, **how))


def _posed(kind: str) -> Callable[[Runner, float], Script]:
    return lambda runner, duration_s: (Phase("still", 2.0), Phase(kind, duration_s), Phase("still", 2.0))


def _repeated(duration_s: float, phases: Script) -> Script:
    """`phases` over and over; the last one is cut."""
    script: list[Phase] = []
    left_s = duration_s
    while left_s > 0:
        phase = phases[len(script) % len(phases)]
        script.append(replace(phase, duration_s=min(phase.duration_s, left_s)))
        left_s -= phase.duration_s
    return _after_walking(*script)


def _track(runner: Runner, duration_s: float) -> Script:
    straight = Phase("run", _STRAIGHT_M / runner.run_mps)
    bend = Phase("run", _BEND_LENGTH_M / runner.run_mps, bend_m=_BEND_M)
    return _repeated(duration_s, (straight, bend))


def _turns(runner: Runner, duration_s: float) -> Script:
    right_angle_s = 5 * np.pi / 2 / runner.run_mps
    left, right = (Phase("run", right_angle_s, bend_m=radius) for radius in (5.0, -5.0))
    straight = Phase("run", 10.0)
    return _repeated(duration_s, (straight, left, straight, right))


def _hills(runner: Runner, duration_s: float) -> Script:
    return _repeated(duration_s, [Phase("run", 20.0, slope_percent=slope) for slope in (0.0, 8.0, 0.0, -8.0)])


def _intervals(runner: Runner, duration_s: float) -> Script:
    return _repeated(duration_s, (Phase("run", 60.0), Phase("walk", 60.0)))


def _stop_and_go(runner: Runner, duration_s: float) -> Script:
    go = (Phase("run", 10.0), Phase("still", 5.0), Phase("walk", 8.0), Phase("still", 4.0))
    return _repeated(duration_s, go)


_ALL = (
    Scenario("walk", "walking", _simply("walk")),
    Scenario("jog", "slow running, 2.2 m/s", _simply("run", speed_mps=2.2)),
    Scenario("run", "running at the runner's own speed", _simply("run")),
    Scenario("sprint", "6.5 m/s", _simply("run", speed_mps=6.5)),
    Scenario("stairs_up", "up a staircase", _simply("stairs_up")),
    Scenario("stairs_down", "down a staircase", _simply("stairs_down")),
    Scenario("hills", "running 20 s each on the flat, up 8 %, on the flat, down 8 %", _hills),
    Scenario("track", "running on a 400 m track, bends to the left", _track),
    Scenario("turns", "running round corners of 5 m radius", _turns),
    Scenario("intervals", "one minute running, one minute walking", _intervals),
    Scenario("stop_and_go", "running, standing, walking, standing", _stop_and_go),
    Scenario("loose", "running with a loose strap", _simply("run"), strap=LOOSE),
    Scenario("buzzed", "running while the unit's motor buzzes", _simply("run"), motor=Motor()),
    Scenario("still", "standing", _posed("still")),
    Scenario("haptic", "standing while the unit's motor buzzes", _posed("still"), motor=Motor()),
    Scenario("sit", "sitting, at times a swinging leg or a bouncing heel", _posed("sit")),
    Scenario("cycle", "cycling", _posed("cycle")),
    Scenario("drive", "driving a car", _posed("drive")),
)
SCENARIOS = {scenario.name: scenario for scenario in _ALL}


def alignments() -> list[Floats]:
    """The 24 rotations that bring the sensor's axes onto the segment's, in any order and sign."""
    matrices = []
    for order, signs in product(permutations(range(3)), product((1, -1), repeat=3)):
        matrix = np.zeros((3, 3))
        matrix[range(3), order] = signs
        if np.linalg.det(matrix) > 0:
            matrices.append(matrix)
    return matrices


def skewed(mounting: Floats, degrees: float, random: np.random.Generator) -> Floats:
    """`mounting` turned by `degrees` about an axis drawn at random."""
    x, y, z = _unit(random.normal(size=3))
    k = np.array(((0, -z, y), (z, 0, -x), (-y, x, 0)))
    angle = np.radians(degrees)
    return np.asarray((np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k) @ mounting)


def sensors(n: int, seed: int = 1, part: Part = PARTS["mpu6050"]) -> list[Sensor]:
    """`n` sensors: mounted in any of the 24 ways and up to 30 degrees askew, firmly strapped, each with its errors."""
    return [_some_sensor(np.random.default_rng([seed, i, 1]), part) for i in range(n)]


def _some_sensor(random: np.random.Generator, part: Part) -> Sensor:
    turned = alignments()[int(random.integers(24))]
    return Sensor(
        part=part,
        mounting=skewed(turned, random.uniform(0, 30), random),
        strap=Strap(random.uniform(35, 70), random.uniform(0.25, 0.5), tilt_deg_per_g=random.uniform(0, 0.3)),
        warming_k=random.uniform(0, 10),
        seed=int(random.integers(1 << 30)),
    )


def _unit(v: Floats) -> Floats:
    return np.asarray(v / np.linalg.norm(v))
