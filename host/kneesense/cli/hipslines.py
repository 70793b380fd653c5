# SPDX-License-Identifier: MIT
"""Exercises, sessions and weeks of the hip programme as records of docs/contract.md and as lines of text."""

from __future__ import annotations

from typing import Any

from ..hips import Exercise, Session, Week
from ..times import utc

Record = dict[str, Any]


def exercise_record(exercise: Exercise) -> Record:
    return {
        "type": "exercise",
        "exercise": exercise.name,
        "title": exercise.title,
        "sets": exercise.sets,
        "reps": exercise.reps,
        "hold_s": exercise.hold_s,
        "sides": list(exercise.sides),
        "cue": exercise.cue,
        "counted": exercise.counted is not None,
    }


def exercise_lines(exercise: Exercise) -> str:
    return f"\n{exercise.title} ({exercise.name}): {exercise.dose}\n  {exercise.cue}"


def session_record(session: Session) -> Record:
    return {
        "type": "hips",
        "session": session.id,
        "runner": session.runner,
        "day": session.day.isoformat(),
        "start_utc": None if session.start_us is None else utc(session.start_us),
        "warm_up": session.warm_up,
        "stretched": session.stretched,
        "note": session.note,
        "sets": [
            {"exercise": done.exercise, "side": done.side, "reps": done.reps, "hold_s": done.hold_s}
            for done in session.sets
        ],
    }


def session_line(session: Session) -> str:
    parts = []
    for name in session.exercises:
        sets = sum(done.exercise == name for done in session.sets)
        parts.append(f"{name} {sets} set{'' if sets == 1 else 's'}")
    extra = [word for word, did in (("warm-up", session.warm_up), ("stretched", session.stretched)) if did]
    return f"{session.id:>4} {session.day} {', '.join([*extra, *parts])}" + (
        f"; {session.note}" if session.note else ""
    )


def week_record(week: Week) -> Record:
    return {
        "type": "week",
        "monday": week.monday.isoformat(),
        "days": week.days,
        "adherence_percent": week.share_percent,
    }


def week_line(week: Week) -> str:
    days = f"{week.days} day{'' if week.days == 1 else 's'}"
    return f"  week of {week.monday}: {days}, {week.share_percent} % of what is aimed at"
