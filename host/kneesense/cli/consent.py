# SPDX-License-Identifier: MIT
"""What stands between a runner and a cue on the command line: the safety screen, and what is to be known of lean."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from .. import screening
from ..errors import CuesWithheld, ScreenUnanswered
from ..store import Store
from .asking import ask, at_terminal
from .output import Output

ScreenAnswers = Annotated[str | None, Parameter(name="--screen-answers")]

LEAN = (
    "a lean cue is relative to your own form in one strapping; the number also moves with step width, camber and"
    " turns: have someone watch you. With pain on the outside of the knee (ITB pattern) a one-sided 'less medial'"
    " cue can reward a cross-over gait, feet landing on one line"
)


def require(store: Store, runner: str, answers: str | None, out: Output) -> None:
    """Cues are asked for.  Raises ScreenUnanswered or CuesWithheld."""
    found = _screened(store, runner, answers, out)
    if found is None:
        raise ScreenUnanswered(
            f"the safety screen of {runner} is not answered: no cues before it",
            "answer it at a terminal, or --screen-answers no,no,no,no,no (docs/safety.md has the questions)",
        )
    if not found.clear:
        raise CuesWithheld(
            f"cues stay off: {_why(found)}", f"{screening.SEE}; --screen-answers when this has changed"
        )


def withheld(store: Store, runner: str, answers: str | None, out: Output) -> str | None:
    """Cues are welcome, but the run is recorded without them too.  Why they stay off; None when they may come."""
    found = _screened(store, runner, answers, out)
    if found is None:
        return f"cues stay off: the safety screen of {runner} is not answered (--screen-answers)"
    return None if found.clear else f"cues stay off: {_why(found)}; {screening.SEE}"


def warn_of_lean(store: Store, runner: str, rule: str, out: Output) -> None:
    """Once per runner."""
    if rule == "lean" and store.first_time(runner, "lean"):
        out.warn("lean", LEAN)


def warn_of_change(store: Store, runner: str, out: Output) -> None:
    """What is set by hand is not what was prescribed."""
    if store.prescription(runner) is not None:
        out.warn(
            "prescription",
            "this may differ from the prescription: kneesense programme import brings that back",
        )


def _screened(store: Store, runner: str, answers: str | None, out: Output) -> screening.Screening | None:
    if answers is not None:
        return screening.keep(store, runner, screening.parse(answers))
    found = screening.of(store, runner)
    if found is None and at_terminal():
        out.note(f"Before the first cue, five questions to {runner}, asked once:")
        return screening.keep(store, runner, screening.ask(_prompted))
    return found


def _prompted(question: str) -> str:
    return ask(question.strip(), "--screen-answers")


def _why(found: screening.Screening) -> str:
    return f"the safety screen of {found.answered_utc[:10]} says {', '.join(found.yes)}"
