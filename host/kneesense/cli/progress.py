# SPDX-License-Identifier: MIT
"""How far something long has come, on a terminal only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .output import Output


@contextmanager
def bar(out: Output, what: str) -> Iterator[Callable[[int, int], None]]:
    """Gives the function that is told (done, total)."""
    from rich.progress import Progress

    shown = Progress(console=out.console, transient=True, disable=not out.console.is_terminal)
    with shown:
        task = shown.add_task(what, total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)
