# SPDX-License-Identifier: MIT
"""The words of the diary, each defined once: name in flags, store and JSON -> words for people.

A name is kept for ever, for it stands in stores; words may change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .errors import InputError

Words = Mapping[str, str]

SURFACES: Words = {
    "road": "asphalt or concrete",
    "gravel": "gravel or firm path",
    "trail": "uneven trail",
    "grass": "grass",
    "track": "running track",
    "treadmill": "treadmill",
    "sand": "sand",
    "mixed": "mixed",
}
HILLS: Words = {"flat": "flat", "rolling": "rolling", "hilly": "hilly", "steep": "long or steep hills"}
"""In the order of how much they ask of a knee."""
LEGS: Words = {"left": "left leg", "right": "right leg", "both": "both legs"}
PLACES: Words = {
    "above_kneecap": "above the kneecap",
    "below_kneecap": "below the kneecap",
    "outside_knee": "outside of the knee",
    "shin": "shin",
    "calf_achilles": "calf or Achilles tendon",
    "hip": "hip",
    "other": "another place",
}
AGGRAVATORS: Words = {
    "squatting": "squatting",
    "kneeling": "kneeling",
    "stairs": "stairs",
    "downhill": "running downhill",
    "strike": "the moment of foot strike",
}
RED_FLAGS: Words = {
    "swelling": "the knee swells",
    "locking": "the knee locks or catches",
    "giving_way": "the knee gives way",
    "pinpoint_shin": "pain in one spot of the shin or foot",
    "night": "pain at night",
}
SIGNS: Words = {**RED_FLAGS, "sharp": "sharp pain", "limping": "limping"}
"""What means stop, whatever the level: the red flags, and what no graded rule allows."""
MOMENTS: Words = {
    "before": "before the run",
    "after": "in the run or right after it (0 min)",
    "hour": "60 minutes after it",
    "morning": "next morning",
}
"""When a level of pain was asked for, in their order; of a day without a run there is `after` only: that day."""
SOURCES: Words = {"said": "as you said", "gpx": "a GPX file", "tcx": "a TCX file", "fit": "a FIT file"}
"""Where a distance is from."""
WORST = 10
"""The end of the scale of pain; 0 is none."""


def names(text: str, words: Words, flag: str) -> tuple[str, ...]:
    """Names out of "shin,hip", in the order of their definition; "none" is none.  InputError names the choice."""
    given = {word.strip().lower().replace("-", "_").replace(" ", "_") for word in text.split(",")}
    given -= {"", "none"}
    if given <= set(words):
        return tuple(name for name in words if name in given)
    wrong = ", ".join(sorted(given - set(words)))
    raise InputError(f"{flag} {wrong}: not known", f"of {', '.join(words)}, or none")


def name(text: str, words: Words, flag: str) -> str:
    """The one name that is meant.  InputError."""
    found = names(text, words, flag)
    if len(found) != 1:
        raise InputError(f"{flag} {text}: one is wanted", f"of {', '.join(words)}")
    return found[0]


def told(found: Iterable[str], words: Words) -> str:
    """Words for people: "squatting, stairs"."""
    return ", ".join(words.get(each, each) for each in found)
