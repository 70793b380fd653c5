# SPDX-License-Identifier: MIT
"""Shapes of the simulated gaits: one table per gait.

WALK and RUN were chosen to look like the public recordings of one person (docs/data.md): rates, lean and twist by eye,
ankle and knee by a rough fit of the accelerations of mean strides, rounded.  FAST is read off the mean stride of one
person running at 4.7 m/s (motion capture with force plate, docs/data.md).  Times around contact follow force plates:
the rate crosses zero 22 ms (running) and 17 ms (walking) before it and is least 23 ms after it, forward acceleration
rises steepest 20 and 27 ms after it.  The detectors' constants come from the same recordings, so that the two agree
proves the code, not the accuracy on a new runner.

STAIRS_UP and STAIRS_DOWN fit no recording: durations and the range of the shank are those of R. Riener et al., "Stair
ascent and descent at different inclinations", Gait & Posture 15 (2002), their course between is ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

Knots = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Gait:
    """Rates in deg/s at the nominal stride time, positive when the foot swings forward; lean in deg, + is valgus.

    Rates grow with the pace, their slopes with its square: the same angles in less time.

    `early` is in seconds after contact; `..._stance` and `stance` in fractions of contact; `..._swing`, `swing` and
    `hump` in fractions of the swing.  Only `hump` is scaled until the shank ends the stride as it began it.
    """

    name: str  # run or walk
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
    twist_stance: Knots  # degrees about the vertical, + is inwards, 0 at contact
    twist_swing: Knots
    strike_mps: tuple[float, float, float]  # ankle, forward, up and outwards, just before contact
    strike_mps2: tuple[float, float, float]
    braking: tuple[float, float]  # damping per s and Hz of the oscillation that takes the speed forward away,
    landing: tuple[float, float]  # and of the one that takes the speed downward and sideways away
    heel_off: float  # fraction of contact from which the ankle rises
    push_mps: tuple[float, float, float]  # ankle, forward, up and outwards, at toe-off
    push_late: float  # 0: its acceleration has ended by then, 1: it grows up to then
    lift_m: tuple[float, float, float]  # knee, forward, up and outwards, in mid-swing, from the smoothest way
    rise_m: float = 0.0  # per stride: two steps of a staircase

    def on_forefoot(self, share: float) -> Gait:
        """0: the heel lands first; 1: the forefoot does, with a steeper shank, and the calf yields."""
        damping, hz = self.landing
        return replace(
            self,
            contact_deg=self.contact_deg - 4 * share,
            landing=(damping * (1 + 0.25 * share), hz * (1 - 0.3 * share)),
        )


RUN = Gait(
    name="run",
    stride_s=0.72,
    duty=0.35,
    speed_mps=2.5,
    contact_deg=5,
    contact_dps=-240,
    contact_dps2=-11600,
    early=((0.023, -345), (0.05, -270)),
    stance=((0.35, -170), (0.55, -110), (0.75, -50), (0.92, -15), (0.97, -5), (1.0, -12)),
    swing=((0.1, -70), (0.2, -200), (0.33, -270), (0.42, -155), (0.5, 40)),
    hump=((0.6, 310), (0.7, 475), (0.77, 515), (0.84, 430), (0.9, 230)),
    crossing_s=0.022,
    lean_deg=0.3,
    lean_stance=((0.2, -2.2), (0.45, -5.2), (0.65, -5.6), (1.0, -0.5)),
    lean_swing=((0.18, 6.2), (0.42, 2.0), (0.68, 3.0), (0.88, 0.8)),
    valgus_stance=((0.2, 0.4), (0.45, 1), (0.65, 0.9), (1.0, 0.2)),
    twist_stance=((0.12, -0.5), (0.24, 8), (0.6, 7), (1.0, -3)),
    twist_swing=((0.15, -7), (0.45, -1), (0.8, -1)),
    strike_mps=(0.67, -0.85, -0.25),
    strike_mps2=(-65, 0, 0),
    braking=(26, 13.5),
    landing=(40, 10),
    heel_off=0.54,
    push_mps=(0.5, 0.8, 0),
    push_late=1.0,
    lift_m=(0.1, -0.15, 0),
)

FAST = Gait(
    name="run",
    stride_s=0.655,
    duty=0.268,
    speed_mps=4.67,
    contact_deg=8,
    contact_dps=-297,
    contact_dps2=-15200,
    early=((0.022, -553), (0.04, -471)),
    stance=((0.35, -357), (0.55, -226), (0.75, -140), (0.92, -20), (0.96, -2), (1.0, -10)),
    swing=((0.1, -400), (0.2, -489), (0.3, -430), (0.38, -240), (0.43, 0)),
    hump=((0.5, 406), (0.58, 632), (0.7, 657), (0.82, 590), (0.9, 290)),
    crossing_s=0.022,
    lean_deg=-5.8,
    lean_stance=((0.2, -9.6), (0.45, -9.2), (0.65, -7.8), (1.0, -4.7)),
    lean_swing=((0.2, 2.5), (0.36, 1.2), (0.56, 5.0), (0.84, 0.0)),
    valgus_stance=((0.2, 0.4), (0.45, 1), (0.65, 0.9), (1.0, 0.2)),
    twist_stance=((0.12, -0.5), (0.24, 7), (0.6, 6), (1.0, -3)),
    twist_swing=((0.15, -7), (0.45, -1), (0.8, -1)),
    strike_mps=(1.2, -1.25, -0.25),
    strike_mps2=(-75, 0, 0),
    braking=(28, 14),
    landing=(42, 10.5),
    heel_off=0.36,
    push_mps=(3.0, 1.3, 0),
    push_late=0.4,
    lift_m=(0, -0.28, 0),
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
    stance=((0.35, -45), (0.5, -33), (0.63, -50), (0.75, -110), (0.9, -190), (1.0, -172)),
    swing=((0.15, -10),),
    hump=((0.3, 140), (0.45, 275), (0.6, 350), (0.7, 325), (0.8, 223), (0.9, 87)),
    crossing_s=0.017,
    lean_deg=0.3,
    lean_stance=((0.15, -0.8), (0.3, -1.7), (0.65, 0.3), (0.88, 3.5), (1.0, 4.5)),
    lean_swing=((0.15, 2.0), (0.3, -2.5), (0.55, 0.4), (0.8, 0.7)),
    valgus_stance=((0.15, 0.4), (0.3, 1), (0.65, 0.9), (0.88, 0.4), (1.0, 0.2)),
    twist_stance=((0.07, -0.8), (0.16, 6), (0.3, 4), (0.7, 4), (1.0, -2)),
    twist_swing=((0.2, 5), (0.6, -2)),
    strike_mps=(0.5, -0.1, -0.06),
    strike_mps2=(-29, 0, 0),
    braking=(22, 12.5),
    landing=(50, 11),
    heel_off=0.68,
    push_mps=(1.6, 0.7, 0),
    push_late=0.8,
    lift_m=(0, 0, 0),
)

STAIRS_UP = replace(
    WALK,
    stride_s=1.25,
    duty=0.62,
    speed_mps=0.46,
    contact_deg=-8,
    contact_dps=-50,
    contact_dps2=-2500,
    early=((0.023, -90), (0.05, -60)),
    stance=((0.2, -50), (0.35, 12), (0.55, 15), (0.75, -30), (0.9, -120), (1.0, -180)),
    swing=((0.14, -215), (0.3, -70)),
    hump=((0.42, 90), (0.55, 230), (0.68, 290), (0.8, 210), (0.9, 95)),
    strike_mps=(0.35, -0.2, -0.05),
    strike_mps2=(-20, 0, 0),
    push_mps=(0.6, 0.9, 0),
    rise_m=0.34,
)

STAIRS_DOWN = replace(
    WALK,
    stride_s=1.12,
    duty=0.6,
    speed_mps=0.52,
    contact_deg=-2,
    contact_dps=-60,
    contact_dps2=-3000,
    early=((0.023, -105), (0.05, -80)),
    stance=((0.25, -30), (0.45, -20), (0.65, -60), (0.85, -165), (1.0, -215)),
    swing=((0.12, -170), (0.25, -40)),
    hump=((0.38, 130), (0.52, 280), (0.66, 330), (0.8, 230), (0.9, 100)),
    strike_mps=(0.35, -0.4, -0.08),
    strike_mps2=(-22, 0, 0),
    push_mps=(0.7, 0.2, 0),
    rise_m=-0.34,
)

# From standing to the first contact, fractions of the step; the hump is scaled as above.
STEP_RATES: Knots = ((0.15, -60), (0.3, -140), (0.42, -70))
STEP_HUMP: Knots = ((0.55, 160), (0.68, 300), (0.8, 260), (0.9, 100))
# From the last contact to standing, fractions of that step.
HALT_HUMP: Knots = ((0.25, 1), (0.4, 0.6), (0.6, 0.2))

_FASTEST = 1.2  # times the way from RUN to FAST; beyond it only the pace grows


def running(speed_mps: float) -> Gait:
    """Between RUN and FAST, and some way beyond either."""
    share = (speed_mps - RUN.speed_mps) / (FAST.speed_mps - RUN.speed_mps)
    share = min(max(share, -0.3), _FASTEST)
    mixed = {f.name: _mixed(getattr(RUN, f.name), getattr(FAST, f.name), share) for f in fields(Gait)}
    return Gait(**mixed)


def _mixed(a: Any, b: Any, share: float) -> Any:
    if isinstance(a, str):
        return a
    if isinstance(a, tuple):
        return tuple(_mixed(x, y, share) for x, y in zip(a, b, strict=True))
    return a + share * (b - a)


def placed(knots: Knots, start: float, end: float, scale: float = 1.0) -> list[tuple[float, float]]:
    """Knots at fractions of start..end, values scaled."""
    return [(start + at * (end - start), scale * value) for at, value in knots]
