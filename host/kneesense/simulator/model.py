# SPDX-License-Identifier: MIT
"""One leg following a script: what an ideal sensor on its shank feels, and the truth of it.

Built, not recorded.  Every stride has its contact, its toe-off and its lean by construction; specific force and rate
are exact derivatives of the motion (motion.py) through the shapes of gaits.py.  Everything is computed for a right leg;
a left leg is its mirror image.

Limits: a rigid shank (soft tissue and strap come in sensor.py); the other leg exists only as the time it takes.
"""

from __future__ import annotations

import math
from bisect import bisect_right, insort
from collections.abc import Sequence
from itertools import pairwise
from operator import itemgetter

import numpy as np

from .contact import Contact
from .gaits import HALT_HUMP, STEP_HUMP, STEP_RATES, Knots, placed
from .motion import GRAVITY_MPS2, Curve, Floats, Piece, Stance, turned
from .postures import Posture, posture
from .runner import Runner, Variation
from .script import POSTURES, Phase, TrueStride

_STEP_S = 0.65  # from standing to the first contact
_HALT_S = 1.2  # from the last contact to standing
_CUT = 2.5  # variations end at this many SD
_CROSSING_LEAST_S = 0.004
_HOUR_S = 3600.0
# Peak impact forces rise by half running down a slope of 9 degrees and vanish running up: J. Gottschall and R. Kram,
# "Ground reaction forces during downhill and uphill running", J. Biomechanics 38 (2005).
_IMPACT_PER_SLOPE = -3.4
_IMPACT_LEAST = 0.3
_SHANK_WITH_SLOPE = 0.7  # part of the slope's angle by which the shank meets the ground less far ahead


class RunnerModel:
    """One leg following a script of phases; it stands before and after.

    Strides are made when `sample` first reaches them, so `set_cadence` works at any time for those to come.  The same
    arguments and calls give the same strides.  `second`: the other one of a pair of legs, half a stride later; the
    two share their stride times.
    """

    def __init__(
        self,
        script: Sequence[Phase],
        side: str = "right",
        seed: int = 1,
        variation: Variation | None = None,
        runner: Runner | None = None,
        second: bool = False,
    ) -> None:
        self.strides: list[TrueStride] = []  # those made so far; the last may still be under way
        runner = runner or Runner()
        self.valgus_deg = runner.valgus_deg  # added to the lean in stance, for the strides to come
        self._runner = runner
        self._variation = variation or runner.variation
        self._mirror = {"right": 1, "left": -1}[side]
        self._more = 1 + self._mirror * runner.asymmetry / 2
        self._second = second
        self._seed = seed
        self._tempo = np.random.default_rng(seed)
        self._random = np.random.default_rng([seed, int(second)])
        self._begins_s = [0.0, *np.cumsum([phase.duration_s for phase in script]).tolist()]
        self._phases = (*script, Phase("still", math.inf))
        self._goings = [runner.going(phase) for phase in self._phases]
        self._cadence = [(t, g[2] if g else 0.0) for t, g in zip(self._begins_s, self._goings, strict=True)]
        self._sensor_m = np.array((runner.sensor_front_m, runner.sensor_up_m, runner.sensor_out_m))
        self._starts_s: list[float] = []
        self._pieces: list[Piece | Posture | None] = []  # None: standing
        self._made_s = 0.0  # the last piece ends here,
        self._contact: Contact | None = None  # with this unless standing

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
        return force * (1, 1, self._mirror), rate * (self._mirror, self._mirror, 1)

    # One piece after the other: standing or sitting, the step off, strides, the step that comes to a halt.

    def _make_piece(self) -> None:
        start_s, contact = self._made_s, self._contact
        phase = self._phase_at(start_s)
        going = self._goings[phase]
        self._starts_s.append(start_s)
        if contact and going:
            self._pieces.append(self._stride(contact))
        elif contact:
            self._pieces.append(self._halt(contact))
        elif going:
            self._pieces.append(self._step_off(phase))
        else:
            self._made_s = [*self._begins_s, math.inf][phase + 1]
            self._pieces.append(self._rest(phase, self._made_s - start_s))

    def _phase_at(self, t_s: float) -> int:
        return bisect_right(self._begins_s, t_s) - 1

    def _rest(self, phase: int, duration_s: float) -> Posture | None:
        gait = self._phases[phase].gait
        if gait not in POSTURES:
            return None
        random = np.random.default_rng([self._seed, phase])
        return posture(gait, duration_s, self._sensor_m, random)

    def _step_off(self, phase: int) -> Piece:
        step_s = _STEP_S
        if self._second:
            step_s += 60 / self._cadence_at(self._made_s)
        contact = self._meet(step_s, phase, 1.0)
        swung_s = step_s - contact.late_s
        rates = [(0.0, 0.0), *placed(STEP_RATES, 0, swung_s), *contact.approach(step_s)]
        hump = placed(STEP_HUMP, 0, swung_s)
        rate = _rate_curve(rates, hump, (0, contact.slope_dps2), contact.sagittal_deg)
        lean = Curve([(0, 0), (step_s, contact.lean_deg)])
        heading = self._heading([], step_s, 0.0, contact.turn_rps)
        piece = self._piece(0, rate, lean, heading, Stance(np.zeros(3), np.zeros(3), np.full(3, -1 + 1j)))
        way_m = np.array((contact.speed_mps * contact.gait.stride_s / 2, contact.gait.rise_m / 2, 0))
        piece.fly(0.0, step_s, contact.ankle(way_m, contact.turn_rps * step_s / 2), np.zeros(3))
        self._made_s += step_s
        return piece

    def _stride(self, contact: Contact) -> Piece:
        gait, start_s = contact.gait, self._made_s
        hours = start_s / _HOUR_S
        tired = self._runner.fatigue
        cadence_spm = self._cadence_at(start_s) * (1 + tired.cadence * hours)
        stride_s = 120 / cadence_spm * self._varied(self._variation.stride, self._tempo)
        duty = gait.duty * self._runner.duty * self._more * (1 + tired.duty * hours)
        contact_s = stride_s * duty * self._varied(self._variation.duty)
        pace = gait.stride_s / stride_s
        following = self._meet(stride_s, contact.phase, pace)
        swung_s = stride_s - following.late_s
        rates = [
            *contact.early(contact_s),
            *placed(gait.stance, 0, contact_s, pace),
            *placed(gait.swing, contact_s, swung_s, pace),
            *following.approach(stride_s),
        ]
        turn = following.sagittal_deg - contact.sagittal_deg
        slopes = contact.slope_dps2, following.slope_dps2
        rate = _rate_curve(rates, placed(gait.hump, contact_s, swung_s, pace), slopes, turn)
        lean = self._stride_lean(contact, contact_s, stride_s, following)
        twist = [*placed(gait.twist_stance, 0, contact_s), *placed(gait.twist_swing, contact_s, stride_s)]
        heading = self._heading(twist, stride_s, contact.turn_rps, following.turn_rps)
        stance = contact.stance()
        stance.push_off(gait.heel_off * contact_s, contact_s, np.array(gait.push_mps), gait.push_late)
        piece = self._piece(contact.sagittal_deg, rate, lean, heading, stance)
        turned_by = (contact.turn_rps + following.turn_rps) / 2 * stride_s
        way_m = self._way(contact, following, stride_s, turned_by)
        piece.fly(contact_s, stride_s, following.ankle(way_m, turned_by), np.array(gait.lift_m))
        self._record(contact, piece, lean, contact_s, stride_s)
        self._made_s += stride_s
        return piece

    def _halt(self, contact: Contact) -> Piece:
        rates = [*contact.early(), (_HALT_S, 0.0)]
        slopes = contact.slope_dps2, 0.0
        rate = _rate_curve(rates, placed(HALT_HUMP, 0, _HALT_S), slopes, -contact.sagittal_deg)
        lean = Curve([(0, contact.lean_deg), (_HALT_S, 0)])
        heading = self._heading([], _HALT_S, contact.turn_rps, 0.0)
        self.strides.append(self._true(contact))
        self._made_s += _HALT_S
        self._contact = None
        return self._piece(contact.sagittal_deg, rate, lean, heading, contact.stance())

    def _piece(
        self, sagittal_deg: float, rate_dps: Curve, lean_deg: Curve, heading: Curve, stance: Stance
    ) -> Piece:
        degree = math.radians(1)
        curves = rate_dps.times(degree), lean_deg.times(-degree), heading  # + about x tilts the knee outwards
        return Piece(degree * sagittal_deg, *curves, stance, self._sensor_m, self._runner.shank_m)

    def _heading(self, twist_deg: Knots, length_s: float, from_rps: float, to_rps: float) -> Curve:
        """Of the shank, in radians: the path's turn, and the leg's own twist about it."""
        change = (to_rps - from_rps) / (2 * length_s)
        twist = math.radians(self._runner.twist)
        knots = [
            (t, twist * deg + from_rps * t + change * t * t)
            for t, deg in ((0.0, 0.0), *twist_deg, (length_s, 0.0))
        ]
        return Curve(knots, from_rps, to_rps)

    def _way(self, contact: Contact, following: Contact, stride_s: float, turned_by: float) -> Floats:
        """From one place of the foot on the ground to the next."""
        length = contact.speed_mps * stride_s
        rise = contact.gait.rise_m or length * self._phases[contact.phase].slope_percent / 100
        out = following.out_m - contact.out_m
        chord = turned(np.array([(length, rise, out)]), turned_by / 2)
        return np.asarray(chord[0])

    def _stride_lean(self, contact: Contact, contact_s: float, stride_s: float, following: Contact) -> Curve:
        gait = contact.gait
        shift = contact.lean_deg - gait.lean_deg
        valgus = self.valgus_deg + self._runner.fatigue.valgus_deg * self._made_s / _HOUR_S
        valgus += self._variation.lean_deg * self._normal()
        stance = [
            (at, lean + shift + valgus * weight)
            for (at, lean), (_, weight) in zip(gait.lean_stance, gait.valgus_stance, strict=True)
        ]
        drift = following.lean_deg - contact.lean_deg
        swing = [(at, lean + shift + drift * at) for at, lean in gait.lean_swing]
        return Curve(
            [
                (0.0, contact.lean_deg),
                *placed(stance, 0, contact_s),
                *placed(swing, contact_s, stride_s),
                (stride_s, following.lean_deg),
            ]
        )

    def _meet(self, in_s: float, phase: int, pace: float) -> Contact:
        """The contact that ends a piece of `in_s`: of the phase that goes on from there, or of `phase` to halt."""
        at_s = self._made_s + in_s
        following = self._phase_at(at_s)
        if not self._goings[following]:
            following = phase
        going = self._goings[following]
        assert going
        gait, speed_mps, _ = going
        slope = self._phases[following].slope_percent / 100
        bend_m = self._mirror * self._phases[following].bend_m
        turn_rps = speed_mps / bend_m if bend_m else 0.0
        bank = math.atan2(
            speed_mps * turn_rps, GRAVITY_MPS2
        )  # inwards: the knee of an outer leg moves inwards
        out_m = self._variation.step_width_m * self._normal()
        leg_m = self._runner.shank_m + self._runner.thigh_m
        lean_deg = gait.lean_deg + self._runner.lean_deg + math.degrees(bank + out_m / leg_m)
        harder = 1 + self._runner.fatigue.impact * at_s / _HOUR_S
        pace = pace if following == phase else 1.0
        crossing_s = gait.crossing_s / pace + self._variation.swing_end_s * self._normal()
        impact = self._runner.impact * self._more * harder * self._varied(self._variation.impact)
        self._contact = Contact(
            phase=following,
            gait=gait,
            speed_mps=speed_mps,
            lean_deg=lean_deg + self._variation.lean_deg * self._normal(),
            sagittal_deg=gait.contact_deg - _SHANK_WITH_SLOPE * math.degrees(math.atan(slope)),
            pace=pace,
            impact=impact * max(1 + _IMPACT_PER_SLOPE * slope, _IMPACT_LEAST),
            braking=self._runner.braking * self._varied(self._variation.braking),
            crossing_s=max(crossing_s, _CROSSING_LEAST_S),
            turn_rps=turn_rps,
            out_m=out_m,
        )
        return self._contact

    def _record(self, contact: Contact, piece: Piece, lean: Curve, contact_s: float, stride_s: float) -> None:
        course = lean.at(np.linspace(0, 0.6 * contact_s, 61))[1]  # one per cent of contact apart
        force, _ = piece.felt(np.linspace(0, 0.09, 91))
        self.strides.append(
            self._true(
                contact,
                to_s=self._made_s + contact_s,
                stride_s=stride_s,
                contact_s=contact_s,
                cadence_spm=120 / stride_s,
                lean_mid_deg=float(course[20:41].mean()),
                lean_min_deg=float(course.min()),
                lean_max_deg=float(course.max()),
                knee_frontal_deg=float(self._knee_deg(course)[20:41].mean()),
                pta_axial_g=float(force[:, 1].max()) / GRAVITY_MPS2,
            )
        )

    def _true(self, contact: Contact, **more: float) -> TrueStride:
        return TrueStride(
            ic_s=self._made_s,
            gait=contact.gait.name,
            activity=self._phases[contact.phase].gait,
            speed_mps=contact.speed_mps,
            turn=bool(contact.turn_rps),
            lean_ic_deg=contact.lean_deg,
            **more,
        )

    def _knee_deg(self, lean_deg: Floats) -> Floats:
        """Frontal angle of the knee, shank against thigh: the hip stays over its place while the knee moves."""
        hip_in_m = -self._runner.hip_out_m + self._variation.hip_sway_m * self._normal()
        knee_in_m = self._runner.shank_m * np.sin(np.radians(lean_deg))
        return lean_deg + np.degrees(np.arcsin((knee_in_m - hip_in_m) / self._runner.thigh_m))

    def _cadence_at(self, t_s: float) -> float:
        return self._cadence[bisect_right(self._cadence, t_s, key=itemgetter(0)) - 1][1]

    def _normal(self, random: np.random.Generator | None = None) -> float:
        return float(np.clip((random or self._random).normal(), -_CUT, _CUT))

    def _varied(self, sd: float, random: np.random.Generator | None = None) -> float:
        return 1 + sd * self._normal(random)


def _rate_curve(fixed: Knots, hump: Knots, slopes: tuple[float, float], turn: float) -> Curve:
    """Curve of the rate through `fixed` and through a multiple of `hump`, such that its integral is `turn`."""
    rest = Curve(sorted([*fixed, *((t, 0.0) for t, _ in hump)]), *slopes)
    unit = Curve(sorted([*((t, 0.0) for t, _ in fixed), *hump]))
    factor = (turn - rest.area) / unit.area
    return Curve(sorted([*fixed, *((t, factor * value) for t, value in hump)]), *slopes)
