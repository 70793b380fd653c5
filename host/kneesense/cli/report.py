# SPDX-License-Identifier: MIT
"""`kneesense report`: a run, or the runs since a day, as one page for runner and therapist."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from ..errors import InputError, NothingFound
from .output import DEFAULT_STORE, Output, StoreFlags


def report(
    run: str | None = None,
    /,
    *,
    since: str | None = None,
    runner: str | None = None,
    to: Path = Path("report.html"),
    overwrite: Annotated[bool, Parameter(negative=())] = False,
    flags: StoreFlags = DEFAULT_STORE,
) -> None:
    """Write a report for runner and therapist: one HTML file that needs nothing else, for screen, phone and paper.

    Its first line says how cadence, knee and the next run are. Then: what follows from diary and load, strides with
    band and cues, left and right, programme with dose and retention, load, pain, hip programme, method and limits, and
    how sure each number is. With --since the last of the runs is shown in full.

    To print it, or to have a PDF, open it in a browser and print. It holds health data and is not encrypted.

    Examples: kneesense report; kneesense report 3 --to run3.html; kneesense report --since 2026-11-01 --runner Ann

    Parameters
    ----------
    run
        Number of the run as `kneesense runs` shows it, or `last`. Default: last, or all since --since.
    since
        All runs from that day on, such as 2026-11-30.
    runner
        Whose runs. Default: the only one there is.
    to
        File to write. Default: report.html in this folder.
    overwrite
        The file may replace an existing one.
    """
    from .. import outfile, times
    from ..paths import store_file
    from ..report import facts, page, sentence
    from ..report.markup import joined
    from ..store import Store

    out = Output(flags.json)
    if run is not None and since is not None:
        raise InputError("either one run or --since", "leave one out")
    file = store_file(flags.store)
    if not file.exists():
        raise NothingFound(f"there are no runs in {file} yet", "kneesense run records one")
    since_us = None if since is None else times.day_or_moment(since)
    now = times.utc_now()
    with Store(file, read_only=True) as store:
        if runner is None and since is not None and len({known.runner for known in store.runs()}) > 1:
            raise InputError(f"there are several runners in {file}", "--runner NAME")
        word = run if since is not None else run or "last"
        gathered = facts.gathered(store, word, since_us, runner, times.meant(now))
        outfile.check(to, (file,), overwrite)
        text = page.html(gathered, now)
        first = str(page.plain(joined(sentence.parts(gathered))))
        runs = [each.run.id for each in gathered.runs]
    with outfile.writing(to, (file,), overwrite) as written:
        written.write(text)
    record = {"type": "summary", "file": str(to), "sentence": first, "runner": gathered.runner, "runs": runs}
    out.record(record, f"{first}\nreport: {to}")
