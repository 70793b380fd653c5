# SPDX-License-Identifier: MIT
"""A runner to test with: what an ideal sensor on one shank feels while it stands, walks and runs, and the truth of it.

Built, not recorded.  Every stride has its contact, its toe-off and its lean by construction; specific force and rate
are exact derivatives of the motion (motion.py) through shapes of our own (gaits.py).

Limits: no turn, no rotation about the vertical, no soft tissue or loose strap, no second leg, one shape per gait.  It
cannot stand in for a measured run where accuracy is claimed.
"""

from __future__ import annotations

import math
from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter

import numpy as np

from .gaits import GAITS, HALT_HUMP, STEP_HUMP, STEP_RATES, Gait, Knots, placed, rate_curve
from .motion import GRAVITY_MPS2, Curve, Floats, Path, Piece, Stance

_STEP_S = 0.65  # from standing to the first contact
_HALT_S = 1.2  # from the last contact to standing
_CUT = 2.5  # variations end at this many SD


@dataclass(frozen=True)
class Phase:
    """`gait` is still, walk or run; cadence in steps of both feet per minute (not needed for still)."""

    gait: str
    duration_s: float
    cadence_spm: float = 0.0


@dataclass(frozen=True)
class Variation:
    """Standard deviations from stride to stride."""

    stride: float = 0.015  # relative, of the stride time
    duty: float = 0.02  # relative, of the duty factor
    impact: float = 0.12  # relative, of the foot's speed downwards at contact
    lean_deg: float = 0.5  # of the lean at contact, and again of its course in stance


@dataclass(frozen=True)
class TrueStride:
    """One initial contact.  What toe-off or the next contact would give is None for the step that comes to a halt."""

    ic_s: float
    gait: str
    lean_ic_deg: float
    to_s: float | None = None
    stride_s: float | None = None
    lean_mid_deg: float | None = None  # mean of 20 to 40 % of contact
    lean_min_deg: float | None = None  # in 0 to 60 % of contact
    lean_max_deg: float | None = None

    @property
    def cadence_spm(self) -> float | None:
        return None if self.stride_s is None else 120 / self.stride_s


@dataclass(frozen=True)
class _Contact:
    """How a foot meets the ground: the stride before ends so, the one after begins so."""

    gait: Gait
    lean_deg: float
    pace: float  # relative to the gait's own
    impact: float  # speed of the foot downwards, likewise

    @property
    def rate_dps(self) -> float:
        return self.pace * self.gait.contact_dps

    @property
    def slope_dps2(self) -> float:
        return self.pace**2 * self.gait.contact_dps2

    def early(self) -> Knots:
        return [(0.0, self.rate_dps), *((t, self.pace * rate) for t, rate in self.gait.early)]

    def stance(self) -> Stance:
        forward, up = self.gait.strike_mps
        velocity = np.array((self.pace * forward, self.impact * up, 0))
        acceleration = self.pace**2 * np.array((*self.gait.strike_mps2, 0))
        pole = [complex(-damping, 2 * math.pi * hz) for damping, hz in (self.gait.braking, self.gait.landing)]
        return Stance(velocity, acceleration, np.array((*pole, pole[1])))

    def ankle(self, forward_m: float) -> Path:
        """Of the ankle at contact, `forward_m` ahead of its last place on the ground."""
        position, velocity, acceleration = self.stance().at(np.zeros(1))
        return position + np.array((forward_m, 0, 0)), velocity, acceleration


class RunnerModel:
    """One leg following a script of phases; it stands before and after.

    Strides are made when `sample` first reaches them, so `set_cadence` works at any time for those to come.  The same
    script, seed and calls give the same strides.
    """

    def __init__(
        self, script: Sequence[Phase], side: str = "right", seed: int = 1, variation: Variation | None = None
    ) -> None:
        self.strides: list[TrueStride] = []  # those made so far; the last may still be under way
        self.valgus_deg = 0.0  # added to the lean in stance, for the strides to come
        self._side_sign = {"left": 1, "right": -1}[side]
        self._random = np.random.default_rng(seed)
        self._variation = variation or Variation()
        self._begins_s = [0.0, *np.cumsum([phase.duration_s for phase in script]).tolist()]
        self._phases = (*script, Phase("still", math.inf))
        self._cadence = [(t, p.cadence_spm) for t, p in zip(self._begins_s, script, strict=False)]
        self._starts_s: list[float] = []
        self._pieces: list[Piece | None] = []  # None: standing
        self._made_s = 0.0  # the last piece ends here,
        self._contact: _Contact | None = None  # with this unless standing

    @property
    def duration_s(self) -> float:
        """Length of the script; the last step comes to its halt a little later."""
        return float(self._begins_s[-1])

    def set_cadence(self, t_s: float, spm: float) -> None:
        """Strides not yet made that begin at `t_s` or later keep this cadence until the next phase begins."""
        insort(self._cadence, (t_s, spm), key=itemgetter(0))

    def sample(self, t_s: Floats) -> tuple[Floats, Floats]:
        """Specific force in m/s^2 and rate in rad/s, each [n, 3], segment frame, at increasing times `t_s` [n]."""
        t_s = np.maximum(t_s, 0.0)
        while self._made_s <= t_s[-1]:
            self._make_piece()
        first = bisect_right(self._starts_s, t_s[0]) - 1
        last = bisect_right(self._starts_s, t_s[-1])
        bounds = [0, *t_s.searchsorted(self._starts_s[first + 1 : last]).tolist(), len(t_s)]
        force, rate = np.tile((0, GRAVITY_MPS2, 0), (len(t_s), 1)), np.zeros((len(t_s), 3))
        for i, (a, b) in enumerate(pairwise(bounds), first):
            piece = self._pieces[i]
            if piece and a < b:
                force[a:b], rate[a:b] = piece.felt(t_s[a:b] - self._starts_s[i])
        return force, rate

    # One piece after the other: standing, the step off, strides, the step that comes to a halt.

    def _make_piece(self) -> None:
        start_s, contact = self._made_s, self._contact
        phase = bisect_right(self._begins_s, start_s) - 1
        gait = GAITS.get(self._phases[phase].gait)
        self._starts_s.append(start_s)
        if contact and gait:
            self._pieces.append(self._stride(contact))
        elif contact:
            self._pieces.append(self._halt(contact))
        elif gait:
            self._pieces.append(self._step_off(gait))
        else:
            self._pieces.append(None)
            self._made_s = [*self._begins_s, math.inf][phase + 1]

    def _step_off(self, gait: Gait) -> Piece:
        contact = self._meet(_STEP_S, gait, 1.0)
        rates = [(0.0, 0.0), *placed(STEP_RATES, 0, _STEP_S), *_approach(contact, _STEP_S)]
        hump = placed(STEP_HUMP, 0, _STEP_S)
        rate = rate_curve(rates, hump, (0, contact.slope_dps2), contact.gait.contact_deg)
        lean = Curve([(0, 0), (_STEP_S, contact.lean_deg)])
        piece = self._piece(0, rate, lean, Stance(np.zeros(3), np.zeros(3), np.full(3, -1 + 1j)))
        piece.fly(0.0, _STEP_S, contact.ankle(gait.speed_mps * gait.stride_s / 2), np.zeros(3))
        self._made_s += _STEP_S
        return piece

    def _stride(self, contact: _Contact) -> Piece:
        gait, start_s = contact.gait, self._made_s
        cadence_spm = self._cadence[bisect_right(self._cadence, start_s, key=itemgetter(0)) - 1][1]
        stride_s = 120 / cadence_spm * self._varied(self._variation.stride)
        contact_s = stride_s * gait.duty * self._varied(self._variation.duty)
        pace = gait.stride_s / stride_s
        following = self._meet(stride_s, gait, pace)
        rates = [
            *contact.early(),
            *placed(gait.stance, 0, contact_s, pace),
            *placed(gait.swing, contact_s, stride_s, pace),
            *_approach(following, stride_s),
        ]
        turn = following.gait.contact_deg - gait.contact_deg
        slopes = contact.slope_dps2, following.slope_dps2
        rate = rate_curve(rates, placed(gait.hump, contact_s, stride_s, pace), slopes, turn)
        lean = self._stride_lean(contact, contact_s, stride_s, following)
        stance = contact.stance()
        stance.push_off(gait.heel_off * contact_s, contact_s, np.array((*gait.push_mps, 0)), gait.push_late)
        piece = self._piece(gait.contact_deg, rate, lean, stance)
        piece.fly(
            contact_s, stride_s, following.ankle(gait.speed_mps * stride_s), np.array((*gait.lift_m, 0))
        )
        self._record(contact, lean, contact_s, stride_s)
        self._made_s += stride_s
        return piece

    def _halt(self, contact: _Contact) -> Piece:
        gait = contact.gait
        rates = [*contact.early(), (_HALT_S, 0.0)]
        rate = rate_curve(rates, placed(HALT_HUMP, 0, _HALT_S), (contact.slope_dps2, 0), -gait.contact_deg)
        lean = Curve([(0, contact.lean_deg), (_HALT_S, 0)])
        self.strides.append(TrueStride(self._made_s, gait.name, contact.lean_deg))
        self._made_s += _HALT_S
        self._contact = None
        return self._piece(gait.contact_deg, rate, lean, contact.stance())

    def _piece(self, sagittal_deg: float, rate_dps: Curve, lean_deg: Curve, stance: Stance) -> Piece:
        radians = math.radians(1)
        return Piece(
            radians * sagittal_deg, rate_dps.times(radians), lean_deg.times(self._side_sign * radians), stance
        )

    def _stride_lean(
        self, contact: _Contact, contact_s: float, stride_s: float, following: _Contact
    ) -> Curve:
        gait = contact.gait
        shift = contact.lean_deg - gait.lean_deg
        valgus = self.valgus_deg + self._variation.lean_deg * self._normal()
        stance = [
            (at, lean + shift + valgus * weight)
            for (at, lean), (_, weight) in zip(gait.lean_stance, gait.valgus_stance, strict=True)
        ]
        return Curve(
            [
                (0.0, contact.lean_deg),
                *placed(stance, 0, contact_s),
                *placed(gait.lean_swing, contact_s, stride_s),
                (stride_s, following.lean_deg),
            ]
        )

    def _meet(self, in_s: float, gait: Gait, pace: float) -> _Contact:
        """The contact that ends a piece of `in_s`: of the gait that goes on from there, or of `gait` to halt."""
        phase = bisect_right(self._begins_s, self._made_s + in_s) - 1
        following = GAITS.get(self._phases[phase].gait, gait)
        lean_deg = following.lean_deg + self._variation.lean_deg * self._normal()
        impact = self._varied(self._variation.impact)
        self._contact = _Contact(following, lean_deg, pace if following is gait else 1.0, impact)
        return self._contact

    def _record(self, contact: _Contact, lean: Curve, contact_s: float, stride_s: float) -> None:
        course = lean.at(np.linspace(0, 0.6 * contact_s, 61))[1]  # one per cent of contact apart
        self.strides.append(
            TrueStride(
                ic_s=self._made_s,
                gait=contact.gait.name,
                lean_ic_deg=contact.lean_deg,
                to_s=self._made_s + contact_s,
                stride_s=stride_s,
                lean_mid_deg=float(course[20:41].mean()),
                lean_min_deg=float(course.min()),
                lean_max_deg=float(course.max()),
            )
        )

    def _normal(self) -> float:
        return float(np.clip(self._random.normal(), -_CUT, _CUT))

    def _varied(self, sd: float) -> float:
        return 1 + sd * self._normal()


def _approach(contact: _Contact, at_s: float) -> Knots:
    """The last of a swing: the rate falls through zero shortly before contact."""
    return [(at_s - contact.gait.crossing_s / contact.pace, 0.0), (at_s, contact.rate_dps)]
