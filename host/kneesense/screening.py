# SPDX-License-Identifier: MIT
"""The safety screen before a runner's first cue: five questions, asked once, kept with their date.

One yes keeps cues off: changing how one runs moves load to other tissue, and these are for a professional to judge
first.  It is no diagnosis, and five times no is no clearance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .errors import InputError
from .store import Store
from .times import utc_now

QUESTIONS = (
    ("surgery", "Have you had surgery on a leg, hip or the back in the last 12 months?"),
    ("swelling", "Is a knee, shin, ankle or foot swollen?"),
    ("locking", "Does a knee lock, catch or give way?"),
    (
        "stress_fracture",
        "Do you have, or might you have, a stress fracture (pain in one spot, pain at night)?",
    ),
    ("told_not_to_run", "Has a physician or therapist told you not to run?"),
)
SEE = "see a physical therapist or physician before you change how you run"
# Signs of the diary (diarywords.RED_FLAGS) -> the question that each of them answers with yes.
_ASKED_BY_SIGN = {
    "swelling": "swelling",
    "locking": "locking",
    "giving_way": "locking",
    "pinpoint_shin": "stress_fracture",
    "night": "stress_fracture",
}
_FORM = f"{len(QUESTIONS)} times yes or no with commas between, in the order of the questions"


@dataclass(frozen=True, slots=True)
class Screening:
    """A runner's answers."""

    answered_utc: str
    yes: tuple[str, ...]
    """Names of the questions answered with yes."""

    @property
    def clear(self) -> bool:
        """Whether cues may be switched on."""
        return not self.yes


def of(store: Store, runner: str) -> Screening | None:
    """The runner's screening; None before it, or when the questions have changed since."""
    kept = store.screening(runner)
    if kept is None:
        return None
    answers = kept[1].split(",")
    return Screening(kept[0], _yes(answers)) if len(answers) == len(QUESTIONS) else None


def parse(text: str) -> list[str]:
    """Answers as given to a flag: "no,no,no,no,no".  InputError."""
    answers = [word.strip().lower() for word in text.split(",")]
    if len(answers) != len(QUESTIONS) or not set(answers) <= {"yes", "no"}:
        raise InputError(f"'{text}' does not answer the safety screen", _FORM)
    return answers


def ask(prompt: Callable[[str], str]) -> list[str]:
    """Put the questions to a person; anything but yes or no is asked again."""
    answers = []
    for _, question in QUESTIONS:
        answer = ""
        while answer not in ("y", "yes", "n", "no"):
            answer = prompt(f"{question} [yes/no] ").strip().lower()
        answers.append("yes" if answer.startswith("y") else "no")
    return answers


def keep(store: Store, runner: str, answers: list[str]) -> Screening:
    """Keep the answers with today's date."""
    answered_utc = utc_now()
    store.set_screening(runner, answered_utc, ",".join(answers))
    return Screening(answered_utc, _yes(answers))


def told_by(store: Store, runner: str, signs: Iterable[str]) -> bool:
    """What the runner wrote into the diary answers the screen too.  Whether cues are off from now on, and were not."""
    found = of(store, runner)
    yes = {_ASKED_BY_SIGN[sign] for sign in signs if sign in _ASKED_BY_SIGN}
    if found is None or yes <= set(found.yes):
        return False
    keep(store, runner, ["yes" if name in {*found.yes, *yes} else "no" for name, _ in QUESTIONS])
    return found.clear


def _yes(answers: list[str]) -> tuple[str, ...]:
    return tuple(name for (name, _), answer in zip(QUESTIONS, answers, strict=True) if answer == "yes")
