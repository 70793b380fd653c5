# SPDX-License-Identifier: MIT
"""A guided session at a terminal.  Enter goes on; what was done so far is never lost."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ..hips import STRETCH, WARM_UP, Exercise, Set
from .output import Output

Prompt = Callable[[str], str | None]

_MOST = 1000  # repetitions or seconds


class _Ended(Exception):
    """The runner has enough."""


@dataclass
class Held:
    """What came of it."""

    done: list[Set] = field(default_factory=list)
    warm_up: bool | None = None
    stretched: bool | None = None


def session(
    exercises: Iterable[Exercise], sets: int | None, rest_s: int, prompt: Prompt, out: Output
) -> Held:
    """Exercise by exercise, set by set, side by side."""
    held = Held()
    try:
        out.note(f"Warm-up: {WARM_UP}")
        held.warm_up = _yes(prompt, "Done (Enter), or n to go without?")
        for exercise in exercises:
            out.note(f"\n{exercise.title}: {exercise.dose}\n  {exercise.cue}")
            _sets(exercise, sets or exercise.sets, rest_s, prompt, out, held.done)
        out.note(f"\nStretch: {STRETCH}")
        held.stretched = _yes(prompt, "Done (Enter), or n?")
    except (_Ended, KeyboardInterrupt):
        out.note("")
    return held


def _sets(exercise: Exercise, sets: int, rest_s: int, prompt: Prompt, out: Output, done: list[Set]) -> None:
    for number in range(1, sets + 1):
        for side in exercise.sides:
            which = "" if side == "both" else f", {side} side"
            held_s = None
            if exercise.hold_s is not None:
                if (
                    _answer(
                        prompt, f"Set {number} of {sets}{which}: Enter starts {exercise.hold_s} s, s skips"
                    )
                    == "s"
                ):
                    return
                _wait(exercise.hold_s, "hold")
                held_s = exercise.hold_s
            planned = exercise.reps or held_s or 0
            unit = "repetitions" if held_s is None else "seconds"
            count = _count(
                prompt, f"Set {number} of {sets}{which}: how many {unit} [{planned}], s skips", planned, out
            )
            if count is None:
                return
            if count:
                done.append(
                    Set(
                        exercise.name,
                        side,
                        count if held_s is None else None,
                        None if held_s is None else count,
                    )
                )
        if rest_s and number < sets:
            _wait(rest_s, "rest")


def _count(prompt: Prompt, question: str, planned: int, out: Output) -> int | None:
    while True:
        answer = _answer(prompt, question)
        if answer == "s":
            return None
        if not answer:
            return planned
        if answer.isascii() and answer.isdigit() and int(answer) <= _MOST:
            return int(answer)
        out.note(f"a number up to {_MOST}, Enter, s or q")


def _yes(prompt: Prompt, question: str) -> bool:
    return not _answer(prompt, question).startswith("n")


def _answer(prompt: Prompt, question: str) -> str:
    answer = prompt(question)
    if answer is None or answer.lower() == "q":
        raise _Ended
    return answer.lower()


def _wait(seconds: int, word: str) -> None:
    """Count down, in place on a terminal."""
    shown = sys.stderr.isatty()
    for left in range(seconds, 0, -1):
        if shown:
            print(f"\r  {word} {left:>3} s ", end="", file=sys.stderr, flush=True)
        time.sleep(1)
    print(("\r" if shown else "") + f"  {word}: over\a", file=sys.stderr, flush=True)
