# SPDX-License-Identifier: MIT
"""How far something long has come, on a terminal only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .output import Output

Told = Callable[[int, int], None]
"""Of (done, total)."""


@contextmanager
def bars(out: Output) -> Iterator[Callable[[str], Told]]:
    """Gives the function that adds a bar by its name and gives what is told how far it has come."""
    from rich.progress import Progress

    shown = Progress(console=out.console, transient=True, disable=not out.console.is_terminal)

    def add(what: str) -> Told:
        task = shown.add_task(what, total=None)
        return lambda done, total: shown.update(task, completed=done, total=total)

    with shown:
        yield add


@contextmanager
def bar(out: Output, what: str) -> Iterator[Told]:
    """One of them: what is told (done, total)."""
    with bars(out) as add:
        yield add(what)
