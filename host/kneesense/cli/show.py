# SPDX-License-Identifier: MIT
"""`kneesense show`: one recorded run, stride by stride."""

from __future__ import annotations

from ..errors import NothingFound
from .output import DEFAULT_FLAGS, Flags, Output


def show(run: str = "last", /, *, flags: Flags = DEFAULT_FLAGS) -> None:
    """Show one recorded run: every stride, cue, gap and mark, then its summary.

    Examples: kneesense show last; kneesense show 3 --json

    Parameters
    ----------
    run
        Number of the run as `kneesense runs` shows it, or `last`.
    """
    from ..paths import store_file
    from ..store import Store
    from ..stored import StoredRun, find
    from .lines import line

    out = Output(flags.json)
    file = store_file(flags.store)
    if not file.exists():
        raise NothingFound(f"there are no runs in {file} yet", "kneesense run records one")
    with Store(file, read_only=True) as store:
        stored = StoredRun(store, find(store, run))
        for record in (*stored.records, stored.summary):
            out.record(record, line(record))
