# SPDX-License-Identifier: MIT
"""Questions to a person at a terminal.  Whoever asks names the flag that answers without one.

Questions go to stderr: stdout may be for JSON alone.  Ctrl-C ends a question at once, also inside an event loop, whose
own handler would wait for the answer.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ..errors import InputError


def at_terminal() -> bool:
    """Whether somebody can answer."""
    return sys.stdin.isatty()


def ask(question: str, flag: str) -> str:
    """One line, without spaces around it.  InputError naming `flag` when nobody can answer, or the input has ended."""
    if not at_terminal():
        raise InputError(f"nobody is there to answer: {question}", flag)
    print(question, end=" ", file=sys.stderr, flush=True)
    with _interruptible():
        try:
            return input().strip()
        except EOFError:
            print(file=sys.stderr)
            raise InputError("no answer", flag) from None
        except KeyboardInterrupt:
            print(file=sys.stderr)  # what follows begins a line
            raise


def agreed(question: str, default: bool, flag: str) -> bool:
    """Yes or no; anything else is asked again."""
    while True:
        answer = ask(f"{question} [{'Y/n' if default else 'y/N'}]", flag).lower()
        if answer in ("", "y", "yes", "n", "no"):
            return default if not answer else answer.startswith("y")


def chosen(question: str, choices: Sequence[str], default: str | None, flag: str) -> str:
    """One of the words, which its beginning is enough for; Enter takes the default."""
    while True:
        answer = ask(question + (f" [{default}]" if default else ""), flag).lower()
        if not answer and default is not None:
            return default
        fits = [word for word in choices if word.lower() == answer]
        fits = fits or [word for word in choices if answer and word.lower().startswith(answer)]
        if len(fits) == 1:
            return fits[0]
        print(f"  one of: {', '.join(choices)}", file=sys.stderr, flush=True)


@contextmanager
def _interruptible() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
