# SPDX-License-Identifier: MIT
"""Flags of `kneesense diary add`: which run or day, and what is written down; one for each question it would ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from cyclopts import Parameter

from .options import Whole


@Parameter(name="*")
@dataclass(frozen=True)
class Which:
    """Which run or day."""

    run: str | None = None
    "Number of the recorded run as `kneesense runs` shows it, or `last`."
    entry: Whole | None = None
    "Number of the entry, to correct it."
    day: str | None = None
    "2026-11-30, today or yesterday."
    at: str | None = None
    "When a run without a unit began, such as 2026-11-30T07:15."


WHICH = Which()


@Parameter(name="*")
@dataclass(frozen=True)
class Said:
    """What is written down."""

    distance: str | None = None
    "Kilometres such as 8.4, or 8400 m, 5 mi."
    time: str | None = None
    "Minutes, or 1:05:30, of a run without a unit."
    surface: str | None = None
    "road, gravel, trail, grass, track, treadmill, sand, mixed."
    shoe: str | None = None
    "Name of the shoes, or its beginning (kneesense diary shoes)."
    hills: str | None = None
    "flat, rolling, hilly, steep."
    stairs: bool | None = None
    "Whether there were stairs."
    sleep: str | None = None
    "Hours of sleep the night before: 7.5 or 7:30."
    warm_up: bool | None = None
    "Whether you warmed up."
    stretched: bool | None = None
    "Whether you stretched afterwards."
    pain_before: str | None = None
    "Pain before the run, 0 to 10."
    pain: str | None = None
    "Pain in the run or right after it, 0 to 10; of a day without a run: of that day."
    pain_60: Annotated[str | None, Parameter(name="--pain-60")] = None
    "Pain 60 minutes after it."
    pain_morning: str | None = None
    "Pain next morning."
    where: str | None = None
    "above_kneecap, below_kneecap, outside_knee, shin, calf_achilles, hip, other; several with commas, or none."
    leg: str | None = None
    "left, right, both."
    worse_with: str | None = None
    "squatting, kneeling, stairs, downhill, strike; several with commas, or none."
    signs: str | None = None
    "swelling, locking, giving_way, pinpoint_shin, night, sharp, limping; several with commas, or none."
    note: str | None = None
    "Anything else."


SAID = Said()


def read(said: Said) -> tuple[dict[str, Any], dict[str, int]]:
    """(columns, levels by moment) of the flags."""
    from ..diaryinput import QUESTIONS

    values: dict[str, Any] = {}
    pain: dict[str, int] = {}
    for question in QUESTIONS:
        given = getattr(said, question.flag.removeprefix("--").replace("-", "_"))
        if given is not None:
            into = pain if question.pain else values
            into[question.key] = given if isinstance(given, bool) else question.read(given, question.flag)
    return values, pain
