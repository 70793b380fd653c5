# SPDX-License-Identifier: MIT
"""Which runner a command is about, and which day, where it is about no unit."""

from __future__ import annotations

from datetime import date, timedelta

from .. import times
from ..errors import InputError, NothingFound
from ..store import Store
from . import asking
from .output import Output

_WORDS = {"today": 0, "yesterday": 1}


def chosen(store: Store, name: str | None, out: Output | None = None) -> str:
    """The named runner, or the only one there is.  `out`: may be a new one, which is told."""
    known = store.runners()
    listed = ", ".join(known) or "none yet"
    if name is not None:
        if name in known:
            return name
        if out is None:
            raise NothingFound(f"there is no runner {name} in {store.file}", f"known: {listed}")
        if known and name.strip():
            out.warn("new_runner", f"{name} is new here (known: {listed})")
        return name
    if len(known) == 1:
        return known[0]
    raise InputError("whose?", f"--runner NAME (known: {listed})")


def today() -> date:
    return times.day(now_us())


def now_us() -> int:
    """Microseconds since 1970."""
    return times.now_us()


def day(text: str | None) -> date:
    """`2026-11-30`, `today`, `yesterday`; default today.  InputError for what is still to come."""
    if text is None:
        return today()
    word = text.strip().lower()
    found = today() - timedelta(days=_WORDS[word]) if word in _WORDS else times.day_meant(text)
    refuse_to_come(found)
    return found


def refuse_to_come(found: date) -> None:
    """InputError for a day that is still to come."""
    if found > today():
        raise InputError(f"{found} is still to come", "a diary is about what was")


def prompted(question: str) -> str | None:
    """A person's answer; None: there is none to come."""
    try:
        return asking.ask(question, "")
    except InputError:
        return None
