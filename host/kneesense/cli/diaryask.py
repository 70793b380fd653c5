# SPDX-License-Identifier: MIT
"""The diary's questions at a terminal: Enter leaves one out, Ctrl-D ends; and the knee after `sync`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import diary, times
from ..diaryinput import CHOICES, OF_A_RUN, OF_PAIN, QUESTIONS, Question, level
from ..errors import InputError
from ..store import Run, Store
from .output import Output

Prompt = Callable[[str], str | None]
"""None: no answer is to come."""

_ASK_STRIDES = 10  # what has fewer was no run


class _Ended(Exception):
    """Whoever was asked has gone."""


def guided(
    known: diary.Entry | None,
    ran: bool,
    shoes: Sequence[str],
    moments: Sequence[str],
    prompt: Prompt,
    out: Output,
) -> dict[str, Any]:
    """Answers by key: what is not yet in the entry is asked; questions about pain only when there was some.

    `moments`: of pain, that have come by now.
    """
    answers: dict[str, Any] = {}
    out.note("Enter leaves a question out, Ctrl-D ends; `none` is an answer")
    for question in QUESTIONS:
        if _beside_the_point(question, known, answers, ran or "distance_m" in answers, moments):
            continue
        try:
            answer = _answer(question, shoes, prompt, out)
        except _Ended:
            break
        if answer is not None:
            answers[question.key] = answer
    return answers


def longest(prompt: Prompt) -> str | None:
    """The one question about what was before the diary; None without an answer."""
    return prompt("Longest run in the last 30 days (km, or minutes such as 75 min; none)?") or None


def knee(store: Store, new: Sequence[Run], said: int | None, prompt: Prompt | None, out: Output) -> None:
    """After fetching: how the knee is, for each runner's last run of those that came; by `said`, else asked.

    `prompt` None: nobody can be asked.  What is asked days later is not about the run any more, and is not asked.
    """
    runs = {run.runner: run for run in new if run.runner is not None and store.strides(run) >= _ASK_STRIDES}
    if said is not None and len(runs) != 1:
        why = "no run came" if not runs else "runs of several runners came"
        out.warn("knee_unused", f"--knee is not written down: {why} (kneesense diary add --run RUN --pain N)")
        return
    for runner, run in runs.items():
        entry = next((e for e in diary.entries(store, runner) if e.run == run.id), None)
        known = diary.facts(store, run)
        moment = diary.asked_now(known.start_us, known.duration_s, times.now_us())
        if moment is None or (entry is not None and moment in entry.pain):
            continue
        answer = said if said is not None else _knee(runner, run, prompt)
        if answer is None:
            continue
        day = known.day or times.day(times.now_us())
        diary.write(store, runner, day, run=run, pain={moment: answer})
        record = {"type": "knee", "run": run.id, "runner": runner, "moment": moment, "level": answer}
        more = "; kneesense diary says what follows" if answer else ""
        out.record(record, f"run {run.id} of {runner}: knee {answer}/10 written down{more}")


def _knee(runner: str, run: Run, prompt: Prompt | None) -> int | None:
    while prompt is not None:
        text = prompt(f"Run {run.id} of {runner}: how is the knee, 0 to 10 (Enter: later)?")
        if not text:
            return None
        try:
            return level(text)
        except InputError:
            continue
    return None


def _beside_the_point(
    question: Question, known: diary.Entry | None, answers: dict[str, Any], ran: bool, moments: Sequence[str]
) -> bool:
    if question.key in OF_PAIN:
        levels = [value for key, value in answers.items() if key in diary.ASKED]
        hurt = any(levels) or (known is not None and bool(known.painful))
        return not hurt
    if question.key in OF_A_RUN and question.key not in ("distance_m", "duration_s") and not ran:
        return True
    if question.key == "morning" and not ran:
        return True
    if question.pain:
        return (known is not None and question.key in known.pain) or question.key not in ("before", *moments)
    return known is not None and getattr(known, question.key) is not None


def _answer(question: Question, shoes: Sequence[str], prompt: Prompt, out: Output) -> Any:
    """None when it is left out; a wrong answer is told and asked again."""
    offered = list(shoes) if question.key == "shoe" else list(CHOICES.get(question.key, ()))
    if question.key == "shoe" and not offered:
        return None
    choice = f" ({', '.join(offered)})" if offered else ""
    while True:
        text = prompt(f"{question.words}{choice}?")
        if text is None:
            raise _Ended
        if not text:
            return None
        try:
            return question.read(text, question.flag)
        except InputError as error:
            out.note(f"{error}" + (f": {error.advice}" if error.advice else ""))
