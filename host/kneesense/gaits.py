# SPDX-License-Identifier: MIT
"""Shapes of the simulated gaits: one table per gait, the numbers our own.

They were chosen to look like public recordings (docs/data.md).  Rates and lean by eye; ankle and knee by a rough fit of
the accelerations of mean strides of one person, rounded.  Times around contact follow force plates: the rate crosses
zero 22 ms (running) and 17 ms (walking) before it and is least 23 ms after it, forward acceleration rises steepest 20
and 27 ms after it.  The detectors' constants come from the same recordings, so that the two agree proves the code, not
the accuracy on a new runner.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from .motion import Curve

Knots = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Gait:
    """Rates in deg/s at the nominal stride time, positive when the foot swings forward; lean in deg, + is valgus.

    Rates grow with the pace, their slopes with its square: the same angles in less time.

    `early` is in seconds after contact, `stance` and `lean_stance` in fractions of contact, `swing`, `hump` and
    `lean_swing` in fractions of the swing.  Only `hump` is scaled until the shank ends the stride as it began it.
    """

    name: str
    stride_s: float
    duty: float
    speed_mps: float
    contact_deg: float  # sagittal angle at contact, + when the foot is ahead of the knee
    contact_dps: float
    contact_dps2: float
    early: Knots
    stance: Knots
    swing: Knots
    hump: Knots
    crossing_s: float  # the rate crosses zero so long before contact, at the nominal pace
    lean_deg: float  # at contact
    lean_stance: Knots
    lean_swing: Knots
    valgus_stance: Knots  # what one degree of valgus adds to lean_stance
    strike_mps: tuple[float, float]  # ankle, forward and up, just before contact
    strike_mps2: tuple[float, float]
    braking: tuple[float, float]  # damping per s and Hz of the oscillation that takes the speed forward away,
    landing: tuple[float, float]  # and of the one that takes the speed downward away
    heel_off: float  # fraction of contact from which the ankle rises
    push_mps: tuple[float, float]  # ankle, forward and up, at toe-off
    push_late: float  # 0: its acceleration has ended by then, 1: it grows up to then
    lift_m: tuple[float, float]  # knee, forward and up, in mid-swing, from the smoothest way


RUN = Gait(
    name="run",
    stride_s=0.72,
    duty=0.35,
    speed_mps=2.5,
    contact_deg=5,
    contact_dps=-240,
    contact_dps2=-11600,
    early=((0.023, -365), (0.05, -285)),
    stance=((0.35, -170), (0.55, -110), (0.75, -50), (0.95, -8), (1.0, -14)),
    swing=((0.1, -70), (0.2, -190), (0.33, -260), (0.42, -190), (0.5, -20)),
    hump=((0.6, 240), (0.7, 400), (0.77, 450), (0.84, 345), (0.9, 180)),
    crossing_s=0.022,
    lean_deg=-2,
    lean_stance=((0.2, -4.2), (0.45, -8.2), (0.65, -9.6), (1.0, -6.5)),
    lean_swing=((0.4, -3), (0.75, -1)),
    valgus_stance=((0.2, 0.4), (0.45, 1), (0.65, 0.9), (1.0, 0.2)),
    strike_mps=(0.67, -1.2),
    strike_mps2=(-65, 0),
    braking=(26, 13.5),
    landing=(40, 10),
    heel_off=0.54,
    push_mps=(0.5, 0.8),
    push_late=1.0,
    lift_m=(0.1, -0.15),
)

WALK = Gait(
    name="walk",
    stride_s=1.1,
    duty=0.62,
    speed_mps=1.3,
    contact_deg=14,
    contact_dps=-60,
    contact_dps2=-3600,
    early=((0.023, -112), (0.05, -75), (0.085, -130), (0.15, -85)),
    stance=((0.35, -45), (0.5, -33), (0.63, -50), (0.75, -110), (0.9, -190), (1.0, -165)),
    swing=((0.15, -10),),
    hump=((0.3, 140), (0.45, 275), (0.6, 350), (0.7, 325), (0.8, 223), (0.9, 87)),
    crossing_s=0.017,
    lean_deg=0,
    lean_stance=((0.15, -1.0), (0.35, -3), (0.65, -2.2), (1.0, -2.8)),
    lean_swing=((0.35, -4), (0.7, -2.6)),
    valgus_stance=((0.15, 0.4), (0.35, 1), (0.65, 0.9), (1.0, 0.2)),
    strike_mps=(0.5, -0.1),
    strike_mps2=(-29, 0),
    braking=(22, 12.5),
    landing=(50, 11),
    heel_off=0.68,
    push_mps=(1.6, 0.7),
    push_late=0.8,
    lift_m=(0, 0),
)

GAITS = {gait.name: gait for gait in (WALK, RUN)}

# From standing to the first contact, fractions of the step; the hump is scaled as above.
STEP_RATES: Knots = ((0.15, -60), (0.3, -140), (0.42, -70))
STEP_HUMP: Knots = ((0.55, 160), (0.68, 300), (0.8, 280), (0.9, 140))
# From the last contact to standing, fractions of that step.
HALT_HUMP: Knots = ((0.25, 1), (0.4, 0.6), (0.6, 0.2))


def placed(knots: Knots, start: float, end: float, scale: float = 1.0) -> list[tuple[float, float]]:
    """Knots at fractions of start..end, values scaled."""
    return [(start + at * (end - start), scale * value) for at, value in knots]


def rate_curve(fixed: Knots, hump: Knots, slopes: tuple[float, float], turn: float) -> Curve:
    """Curve of the rate through `fixed` and through a multiple of `hump`, such that its integral is `turn`."""
    rest = Curve(sorted([*fixed, *((t, 0.0) for t, _ in hump)]), *slopes)
    unit = Curve(sorted([*((t, 0.0) for t, _ in fixed), *hump]))
    factor = (turn - rest.area) / unit.area
    return Curve(sorted([*fixed, *((t, factor * value) for t, value in hump)]), *slopes)
