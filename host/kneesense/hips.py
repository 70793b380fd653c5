# SPDX-License-Identifier: MIT
"""The hip and core programme: exercises 3 to 4 times a week, what was done of them, and adherence by week.

The exercises are those that trials of hip strengthening in runners with knee pain have in common; sets and repetitions
are a beginning, a physical therapist sets others.  Nothing here is a treatment.  Pain while exercising means stop.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from .errors import InputError
from .store import Store

WEEK_SESSIONS = (3, 4)
"""So many a week are aimed at: adherence is full from the first number on."""


@dataclass(frozen=True, slots=True)
class Exercise:
    """One of the six of the programme; where one has two forms (step-ups, bridges) each is an exercise of its own."""

    name: str
    title: str
    cue: str
    """What to do and what to look for, in plain words."""
    sets: int
    reps: int | None = None
    hold_s: int | None = None
    sides: tuple[str, ...] = ("left", "right")
    counted: str | None = None
    """How a unit on the shank can count: the kind of hipreps.py; None: it cannot."""

    @property
    def drawing(self) -> str:
        """In docs/hips/."""
        return f"{self.name}.svg"

    @property
    def dose(self) -> str:
        """`3 x 10 on each side`."""
        each = f"{self.sets} x {self.reps if self.reps else f'{self.hold_s} s'}"
        return each if self.sides == ("both",) else f"{each} on each side"


EXERCISES = (
    Exercise(
        "leg_raise",
        "Side-lying straight leg raise",
        "Lie on your side, lower leg bent, back against a wall. Lift the straight upper leg, heel along the wall, toes"
        " forward. Slowly down. The pelvis does not roll back.",
        3,
        reps=12,
    ),
    Exercise(
        "step_up_side",
        "Side step-up",
        "Stand sideways on a step of 10 to 15 cm, one foot hanging. Bend the knee until the heel touches the floor,"
        " then straighten. Kneecap over the second toe, pelvis level.",
        3,
        reps=10,
        counted="tilt",
    ),
    Exercise(
        "step_up_front",
        "Front step-up",
        "Step up with the whole foot, straighten the hip, slowly step back down. Kneecap over the second toe, trunk"
        " upright.",
        3,
        reps=10,
    ),
    Exercise(
        "single_leg_squat",
        "Single-leg squat",
        "Stand on one leg. Sit back as onto a high chair, as far as knee and pelvis stay in line, and up again. The"
        " knee does not fall inward.",
        3,
        reps=8,
        counted="tilt",
    ),
    Exercise(
        "monster_walk",
        "Band side-steps (monster walk)",
        "Band around the ankles or above the knees, knees a little bent. Steps to the side, the band stays tight, feet"
        " point forward, trunk still. A repetition is one step.",
        3,
        reps=12,
    ),
    Exercise(
        "deadlift",
        "Single-leg deadlift",
        "Stand on one leg, knee a little bent. Tip forward from the hip with a straight back while the other leg goes"
        " back, then up again. The pelvis stays square.",
        3,
        reps=8,
    ),
    Exercise(
        "bridge",
        "Single-leg bridge",
        "On your back, one foot on the floor, the other leg straight. Lift the pelvis until hip and trunk are in one"
        " line, hold a breath, slowly down. The pelvis stays level.",
        3,
        reps=10,
    ),
    Exercise(
        "side_bridge",
        "Side bridge",
        "On your side, elbow under the shoulder. Lift the hips until the body is one line, and hold. Knees on the floor"
        " make it easier.",
        2,
        hold_s=20,
    ),
)
COUNTED = {exercise.name: exercise.counted for exercise in EXERCISES if exercise.counted} | {
    "squat": "tilt",
    "calf_raise": "rise",
}
"""What a unit on the shank can count, beside the programme too -> kind of hipreps.py."""
BY_NAME = {exercise.name: exercise for exercise in EXERCISES}
WARM_UP = "5 minutes of easy walking or cycling, then 10 slow squats and 10 leg swings on each side"
STRETCH = "calf, front of thigh, hip flexor, outside of hip: 30 s each on each side, a pull, no pain"


@dataclass(frozen=True, slots=True)
class Set:
    """What was done: repetitions, or seconds held."""

    exercise: str
    side: str
    reps: int | None
    hold_s: int | None


@dataclass(frozen=True, slots=True)
class Session:
    """One session of a runner."""

    id: int
    runner: str
    day: date
    start_us: int | None
    warm_up: bool | None
    stretched: bool | None
    note: str | None
    sets: tuple[Set, ...]

    @property
    def exercises(self) -> tuple[str, ...]:
        """Names of what was done, in the programme's order."""
        return tuple(name for name in BY_NAME if any(done.exercise == name for done in self.sets))


@dataclass(frozen=True, slots=True)
class Week:
    """Adherence of one week, Monday to Sunday."""

    monday: date
    days: int
    """On which there was a session."""

    @property
    def share_percent(self) -> int:
        """Of what is aimed at, at most 100."""
        return min(100, 100 * self.days // WEEK_SESSIONS[0])

    @property
    def left(self) -> int:
        """Sessions still to do."""
        return max(0, WEEK_SESSIONS[0] - self.days)


def log(store: Store, runner: str, since: date | None = None) -> list[Session]:
    """A runner's sessions from a local day on, the oldest first; every column of the store's rows is in them."""
    found = []
    for row in store.hips(runner):
        day = date.fromisoformat(row["day"])
        if since is None or day >= since:
            sets = (Set(done["exercise"], done["side"], done["reps"], done["hold_s"]) for done in row["sets"])
            warm_up, stretched = (
                None if row[name] is None else bool(row[name]) for name in ("warm_up", "stretched")
            )
            found.append(
                Session(row["id"], runner, day, row["start_us"], warm_up, stretched, row["note"], tuple(sets))
            )
    return found


def keep(
    store: Store,
    runner: str,
    day: date,
    sets: Iterable[Set],
    *,
    start_us: int | None = None,
    warm_up: bool | None = None,
    stretched: bool | None = None,
    note: str | None = None,
) -> int:
    """Write a session down.  Its number.  InputError without anything done."""
    rows = [
        {"exercise": done.exercise, "side": done.side, "reps": done.reps, "hold_s": done.hold_s}
        for done in sets
    ]
    if not rows:
        raise InputError("a session in which nothing was done", "name an exercise, or --all")
    values = {"start_us": start_us, "warm_up": warm_up, "stretched": stretched, "note": note}
    return store.add_hips(runner, day.isoformat(), values, rows)


def weeks(sessions: Iterable[Session], today: date, count: int = 4) -> list[Week]:
    """The last `count` weeks, this one last, from the week of the first session on."""
    days = {session.day for session in sessions if session.day <= today}
    if not days:
        return []
    this, first = _monday(today), _monday(min(days))
    mondays = [this - timedelta(weeks=back) for back in range(count - 1, -1, -1)]
    return [
        Week(monday, sum(_monday(day) == monday for day in days)) for monday in mondays if monday >= first
    ]


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
