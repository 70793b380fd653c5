# SPDX-License-Identifier: MIT
"""What runners type into the diary, as the store keeps it: whole metres, seconds, minutes, levels, names.

The same for flags and for questions at a terminal.  A comma is a decimal sign as a point is; where it could also part
thousands the value is refused, not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from . import diarywords as words
from .errors import InputError

_METRES: dict[str, Fraction] = {
    "": Fraction(1000),
    "km": Fraction(1000),
    "m": Fraction(1),
    "mi": Fraction("1609.344"),
    "mile": Fraction("1609.344"),
}
FARTHEST_M = 500_000
LONGEST_S = 48 * 3600
_NIGHT_MIN = 24 * 60
_NUMBER = re.compile(r"([0-9]+)(?:([.,])([0-9]+))?\s*([a-z]*)")


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to ask: its column in the diary or moment of pain, its flag, its words, how an answer is read."""

    key: str
    flag: str
    words: str
    read: Callable[[str, str], Any]
    """(text, flag) -> value; InputError."""
    pain: bool = False


def distance_m(text: str, flag: str = "--distance") -> int:
    """Whole metres of `8.4`, `8,4 km`, `8400 m`, `5 mi`."""
    wanted = "kilometres such as 8.4, or with a unit: 8400 m, 5 mi"
    match = _NUMBER.fullmatch(text.strip().lower())
    unit = match[4].removesuffix("s") if match else ""
    if match is None or unit not in _METRES:
        raise InputError(f"{flag} {text}: is no distance", wanted)
    if match[2] == "," and len(match[3]) == 3:
        raise InputError(f"{flag} {text}: may be {match[1]}.{match[3]} or {match[1]}{match[3]}", wanted)
    exact = Fraction(f"{match[1]}.{match[3] or 0}") * _METRES[unit]
    if exact > FARTHEST_M:
        raise InputError(f"{flag} {text}: is farther than {FARTHEST_M // 1000} km", wanted)
    return round(exact)


def seconds(text: str, flag: str = "--time") -> int:
    """Whole seconds of `45` (minutes), `45 min`, `1:05:30`, `45:30`."""
    parts = text.strip().lower().removesuffix("min").strip().split(":")
    if not all(part.isascii() and part.isdigit() for part in parts) or len(parts) > 3:
        raise InputError(f"{flag} {text}: is no time", "minutes such as 45, or 45:30, or 1:05:30")
    numbers = [int(part) for part in parts]
    if any(number >= 60 for number in numbers[1:]):
        raise InputError(f"{flag} {text}: has more than 59 minutes or seconds", "such as 1:05:30")
    total = 0
    for number in numbers:
        total = 60 * total + number
    total *= 60 if len(numbers) == 1 else 1
    if not 0 < total <= LONGEST_S:
        raise InputError(f"{flag} {text}: must be more than 0 and at most 48 hours", "minutes such as 45")
    return total


def sleep_min(text: str, flag: str = "--sleep") -> int:
    """Whole minutes of `7.5` (hours) or `7:30`."""
    wanted = "hours such as 7.5, or 7:30"
    given = text.strip().lower().removesuffix("h").strip()
    if match := re.fullmatch(r"([0-9]{1,2}):([0-5][0-9])", given):
        total = 60 * int(match[1]) + int(match[2])
    elif match := re.fullmatch(r"([0-9]{1,2})(?:[.,]([0-9]+))?", given):
        total = round(60 * Fraction(f"{match[1]}.{match[2] or 0}"))
    else:
        raise InputError(f"{flag} {text}: is no time of sleep", wanted)
    if total > _NIGHT_MIN:
        raise InputError(f"{flag} {text}: is more than 24 hours", wanted)
    return total


def level(text: str, flag: str = "--pain") -> int:
    """A whole level of pain."""
    given = text.strip().removesuffix(f"/{words.WORST}")
    if not (given.isascii() and given.isdigit() and int(given) <= words.WORST):
        raise InputError(f"{flag} {text}: must be a whole number, 0 (none) to {words.WORST}")
    return int(given)


def yes_no(text: str, flag: str) -> bool:
    """Of yes, y, no, n."""
    answer = text.strip().lower()
    if answer not in ("y", "yes", "n", "no"):
        raise InputError(f"{flag} {text}: must be yes or no")
    return answer.startswith("y")


def text(given: str, flag: str = "--note") -> str:
    """As it stands, in one line."""
    return " ".join(given.split())


def _one(choice: words.Words) -> Callable[[str, str], str]:
    return lambda given, flag: words.name(given, choice, flag)


def _some(choice: words.Words) -> Callable[[str, str], tuple[str, ...]]:
    return lambda given, flag: words.names(given, choice, flag)


QUESTIONS = (
    Question("distance_m", "--distance", "Distance in km", distance_m),
    Question("duration_s", "--time", "Time in minutes, or h:mm:ss", seconds),
    Question("surface", "--surface", "Surface", _one(words.SURFACES)),
    Question("shoe", "--shoe", "Shoes", text),
    Question("hills", "--hills", "Hills", _one(words.HILLS)),
    Question("stairs", "--stairs", "Stairs, yes or no", yes_no),
    Question("sleep_min", "--sleep", "Hours of sleep the night before", sleep_min),
    Question("warm_up", "--warm-up", "Warm-up done, yes or no", yes_no),
    Question("stretched", "--stretched", "Stretched afterwards, yes or no", yes_no),
    Question("before", "--pain-before", "Pain before the run, 0 to 10", level, pain=True),
    Question("after", "--pain", "Pain in the run or right after it, 0 to 10", level, pain=True),
    Question("hour", "--pain-60", "Pain 60 minutes after it", level, pain=True),
    Question("morning", "--pain-morning", "Pain next morning", level, pain=True),
    Question("places", "--where", "Where it hurts", _some(words.PLACES)),
    Question("leg", "--leg", "Which leg", _one(words.LEGS)),
    Question("aggravators", "--worse-with", "What makes it worse", _some(words.AGGRAVATORS)),
    Question("signs", "--signs", "Any of these signs", _some(words.SIGNS)),
    Question("note", "--note", "Notes", text),
)
CHOICES: dict[str, words.Words] = {
    "surface": words.SURFACES,
    "hills": words.HILLS,
    "places": words.PLACES,
    "leg": words.LEGS,
    "aggravators": words.AGGRAVATORS,
    "signs": words.SIGNS,
}
"""What a question offers."""
OF_A_RUN = (
    "distance_m",
    "duration_s",
    "surface",
    "shoe",
    "hills",
    "stairs",
    "warm_up",
    "stretched",
    "before",
    "hour",
)
"""Not asked of a day without a run."""
OF_PAIN = ("places", "leg", "aggravators", "signs")
"""Asked when there was any."""
