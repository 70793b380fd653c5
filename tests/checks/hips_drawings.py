# SPDX-License-Identifier: MIT
"""Draws docs/hips/*.svg, one line drawing for each exercise: `python tests/checks/hips_drawings.py`.

A figure is a hip, directions of its segments in degrees (0: to the right, 90: up) and lengths in cm; two of them side
by side show where an exercise begins and where it turns back.  What moves is red.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "hips"

TRUNK, NECK, HEAD, THIGH, SHANK, FOOT, ARM, FOREARM = 50, 8, 11, 43, 42, 16, 27, 25
INK, MOVES, PALE, BAND = "#1f2937", "#c2410c", "#9ca3af", "#2563eb"
WIDTH, HEIGHT, PANEL, FLOOR = 520, 260, 250, 230

Point = tuple[float, float]


@dataclass(frozen=True)
class Leg:
    thigh: float
    shank: float
    foot: float | None = None
    """None: seen from the front, no foot is drawn."""
    color: str = INK
    shown: float = 1.0
    """Part of the shank that is seen: less where it points away."""


@dataclass(frozen=True)
class Figure:
    """One position; y is up from the floor."""

    hip: Point
    trunk: float
    legs: tuple[Leg, ...]
    arms: tuple[tuple[float, float], ...] = ()
    apart: float = 0
    """Of the hips, seen from the front."""
    head: float | None = None
    """Direction of the neck; None: that of the trunk."""
    extras: tuple[str, ...] = field(default=())


def far(a: Point, direction: float, length: float) -> Point:
    turn = math.radians(direction)
    return a[0] + length * math.cos(turn), a[1] + length * math.sin(turn)


def line(points: Iterable[Point], color: str = INK, width: float = 7) -> str:
    text = " ".join(f"{x:.1f},{FLOOR - y:.1f}" for x, y in points)
    return (
        f'<polyline points="{text}" fill="none" stroke="{color}" stroke-width="{width:g}" stroke-linecap="round"'
        ' stroke-linejoin="round"/>'
    )


def box(x: float, width: float, height: float) -> str:
    return (
        f'<rect x="{x:g}" y="{FLOOR - height:g}" width="{width:g}" height="{height:g}" fill="{PALE}" rx="2"/>'
    )


def arrow(a: Point, b: Point) -> str:
    direction = math.degrees(math.atan2(b[1] - a[1], b[0] - a[0]))
    barbs = [far(b, direction + side, 9) for side in (150, -150)]
    return line((a, b), MOVES, 3) + line((barbs[0], b, barbs[1]), MOVES, 3)


def drawn(figure: Figure) -> str:
    """Far limbs first, so that the near ones lie over them."""
    shoulder = far(figure.hip, figure.trunk, TRUNK)
    head = far(shoulder, figure.trunk if figure.head is None else figure.head, NECK + HEAD)
    parts = list(figure.extras)
    sides = (-figure.apart, figure.apart) if figure.apart else (0, 0)
    for leg, side in zip(figure.legs, sides, strict=False):
        hip = (figure.hip[0] + side, figure.hip[1])
        knee = far(hip, leg.thigh, THIGH)
        ankle = far(knee, leg.shank, leg.shown * SHANK)
        points = [hip, knee, ankle]
        if leg.foot is not None:
            points.append(far(ankle, leg.foot, FOOT))
        parts.append(line(points, leg.color))
    parts.append(line((figure.hip, shoulder), INK, 9))
    for upper, lower in figure.arms:
        elbow = far(shoulder, upper, ARM)
        parts.append(line((shoulder, elbow, far(elbow, lower, FOREARM)), INK, 5))
    parts.append(f'<circle cx="{head[0]:.1f}" cy="{FLOOR - head[1]:.1f}" r="{HEAD}" fill="{INK}"/>')
    return "".join(parts)


def standing(x: float, leg: Leg, other: Leg, trunk: float = 90, floor: float = 0, **more: object) -> Figure:
    """A figure whose `leg` stands on the floor, or on a step as high as that."""
    up = -THIGH * math.sin(math.radians(leg.thigh)) - SHANK * math.sin(math.radians(leg.shank))
    back = THIGH * math.cos(math.radians(leg.thigh)) + SHANK * math.cos(math.radians(leg.shank))
    return Figure((x - back, floor + up + 4), trunk, (other, leg), **more)  # type: ignore[arg-type]


DOWN = ((-80, -60),)
FORWARD = ((-20, 10),)
STRAIGHT = Leg(-90, -90, 0)
LIFTED = Leg(-80, -160, -90, PALE)
BENT = Leg(-35, -115, 0, MOVES)


def exercises() -> dict[str, tuple[Figure, Figure, str]]:
    """Name -> begin, turning point, arrow in the second panel."""
    side_lying = ((-20, 60),)
    lower = Leg(-5, 180, None, PALE, 0.15)
    step = box(60, 62, 18)
    return {
        "leg_raise": (
            Figure((120, 16), 178, (lower, Leg(0, 0, 80, MOVES)), side_lying),
            Figure((120, 16), 178, (lower, Leg(32, 32, 112, MOVES)), side_lying),
            arrow((228, 30), (218, 66)),
        ),
        "step_up_side": (
            standing(100, Leg(-90, -90, 0, MOVES), Leg(-70, -70, 20, PALE), floor=18, arms=DOWN, extras=(step,)),
            standing(100, Leg(-35, -115, 0, MOVES), Leg(-70, -70, 20, PALE), 68, 18, arms=FORWARD, extras=(step,)),
            arrow((45, 150), (45, 112)),
        ),
        "step_up_front": (
            Figure((72, 84), 84, (Leg(-97, -97, 0, PALE), Leg(-22, -98, 0, MOVES)), DOWN, extras=(box(90, 90, 30),)),
            standing(
                118, Leg(-90, -90, 0, MOVES), Leg(-80, -105, 0, PALE), 88, 30, arms=DOWN, extras=(box(90, 90, 30),)
            ),
            arrow((60, 110), (86, 140)),
        ),
        "single_leg_squat": (
            standing(110, Leg(-90, -90, 0, MOVES), LIFTED, arms=DOWN),
            standing(110, Leg(-32, -118, 0, MOVES), Leg(-70, -170, -100, PALE), 62, arms=FORWARD),
            arrow((40, 130), (40, 92)),
        ),
        "monster_walk": (
            Figure((118, 84), 90, (Leg(-97, -85, None), Leg(-83, -95, None)), ((-110, -60), (-70, -120)), 9,
                   extras=(line(((103, 12), (133, 12)), BAND, 4),)),
            Figure((125, 79), 90, (Leg(-103, -87, None), Leg(-58, -78, None, MOVES)), ((-110, -60), (-70, -120)), 9,
                   extras=(line(((108, 12), (166, 12)), BAND, 4),)),
            arrow((182, 28), (212, 28)),
        ),
        "deadlift": (
            standing(120, Leg(-88, -92, 0), LIFTED, arms=DOWN),
            standing(120, Leg(-80, -98, 0), Leg(184, 184, -90, MOVES), 12, arms=((-90, -88),)),
            arrow((200, 168), (212, 134)),
        ),
        "bridge": (
            Figure((112, 10), 182, (Leg(52, -62, 0, INK), Leg(50, 50, 130, PALE)), ((-4, 0),)),
            Figure((114, 39), 219, (Leg(7, -80, 0, INK), Leg(32, 32, 120, MOVES)), ((0, 0),), head=180),
            arrow((92, 62), (92, 90)),
        ),
        "side_bridge": (
            Figure((118, 8), 153, (Leg(0, 0, None, PALE), Leg(1, 0, 70)), ((-92, 180),)),
            Figure((120, 21), 168, (Leg(-12, -12, None, PALE), Leg(-11, -11, 60, MOVES)), ((-90, 180),)),
            arrow((124, 40), (124, 68)),
        ),
    }  # fmt: skip


def svg(title: str, begin: Figure, turn: Figure, moves: str) -> str:
    panels = []
    for x, words, content in (
        (5, "begin", drawn(begin)),
        (5 + PANEL + 10, "turning point", drawn(turn) + moves),
    ):
        panels.append(
            f'<g transform="translate({x} 0)">{line(((8, -1), (PANEL - 8, -1)), PALE, 3)}{content}'
            f'<text x="10" y="24" font-family="sans-serif" font-size="14" fill="{INK}">{words}</text></g>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">'
        f'<title>{title}</title><rect width="{WIDTH}" height="{HEIGHT}" rx="8" fill="#ffffff"/>'
        f"{''.join(panels)}</svg>\n"
    )


def files() -> dict[str, str]:
    """File name -> content."""
    from kneesense.hips import BY_NAME

    return {BY_NAME[name].drawing: svg(BY_NAME[name].title, *parts) for name, parts in exercises().items()}


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, content in files().items():
        (FOLDER / name).write_text(content)


if __name__ == "__main__":
    main()
