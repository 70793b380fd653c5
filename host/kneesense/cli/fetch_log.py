# SPDX-License-Identifier: MIT
"""`kneesense fetch-log`: the raw log of a unit, in a file."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from .output import DEFAULT_STORE, Output, StoreFlags


async def fetch_log(
    unit: str | None = None,
    /,
    *,
    out: Path,
    runner: str | None = None,
    overwrite: Annotated[bool, Parameter(negative=())] = False,
    flags: StoreFlags = DEFAULT_STORE,
) -> None:
    """Fetch everything a unit's log holds into a file, as the unit wrote it; kneesense import reads it.

    For another computer, for a bug report, or to keep.  Nothing changes in the store or on the unit: it keeps its log.
    What was fetched lies in FILE.part until it is complete; after a lost link, Ctrl-C or a crash the same command goes
    on where it stopped.  Raw samples take long: 1.5 MB some minutes.

    Examples: kneesense fetch-log --out today.kneelog; kneesense fetch-log 0c0d --out today.kneelog --overwrite

    Parameters
    ----------
    unit
        Id, name or address of the unit. Default: the only paired one, or the runner's.
    out
        File to write.
    runner
        Who wears it; named in the file. Default: the runner the unit is paired with.
    overwrite
        The file may replace an existing one.
    """
    from .. import outfile
    from ..ble import BleLink
    from ..logfetch import LogFetch
    from .lines import count, size
    from .progress import bar
    from .units import reach, remembered

    told = Output(flags.json)
    outfile.check(out, overwrite=overwrite)
    handle, paired = reach(remembered(flags), unit, runner)
    with bar(told, "fetching") as progress:
        fetch = LogFetch(
            lambda: BleLink(handle),
            out,
            paired.device if paired else None,
            runner or (paired.runner if paired else None),
            progress,
        )
        try:
            fetched = await fetch.run()
        except asyncio.CancelledError:
            told.note("stopped: the same command goes on where it stopped")
            raise
    again = f", {count(fetched.resumed, 'record')} of them by an earlier try" if fetched.resumed else ""
    told.record(
        {"type": "summary", "file": str(out), **asdict(fetched)},
        f"{count(fetched.records, 'record')} of unit {handle}, {size(fetched.bytes)}{again}\n"
        f"log: {out}\nNext: kneesense import {out}",
    )
