# SPDX-License-Identifier: MIT
"""`kneesense validate`: how right the numbers are, on recordings with a reference and on simulated runners."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ..errors import InputError
from .output import DEFAULT_FLAGS, Flags, Output

if TYPE_CHECKING:
    from ..validate.lean_metrics import Study

_WORDS = {"holds": "holds", "missed": "MISSED", "skipped": "skipped", "info": "-"}


def validate(
    folder: Path,
    /,
    *,
    runners: int = 40,
    seed: int = 1,
    report: Path | None = None,
    overwrite: bool = False,
    study: Literal["lean"] | None = None,
    flags: Flags = DEFAULT_FLAGS,
) -> int:
    """Measure how right the numbers are; exit code 1 when a target is missed.

    The folder holds recordings with what is known about them, or folders of such: docs/data.md and docs/accuracy.md.

    Examples: kneesense validate recordings --report accuracy.html; kneesense validate my_folder --runners 0 --json

    Parameters
    ----------
    folder
        Recordings: one .csv or .csv.gz per trial.
    runners
        Simulated runners with known truth; 0 for none.
    seed
        Other seed, other runners.
    report
        HTML file to write: tables and plots, one self-contained file.
    overwrite
        Replace a report that is there.
    study
        lean: only compare candidate metrics for a lean cue.
    """
    from rich.progress import BarColumn, Progress, TextColumn

    from .. import outfile
    from ..validate import report as reports
    from ..validate.checks import verdict
    from ..validate.page import html

    if runners < 0:
        raise InputError(f"{runners} runners: must be 0 or more")
    if report:
        outfile.check(report, overwrite=overwrite)
        if not report.parent.is_dir():
            raise InputError(f"{report}: no such folder", "make it first")
    out = Output(flags.json)
    with Progress(
        BarColumn(), TextColumn("{task.description}"), console=out.console, transient=True
    ) as progress:
        task = progress.add_task("...", total=1.0)

        def told(text: str, part: float) -> None:
            progress.update(task, description=text, completed=part)

        if study:
            compared = reports.lean_study(folder, seed, told)
        else:
            done = reports.validate(folder, runners, seed, told)
    if study:
        _show_study(out, compared)
        return 0
    out.record(done.about())
    for check in done.checks:
        target = f" (target {check.target})" if check.target else ""
        out.record(check.record(), f"{_WORDS[check.state]:7} {check.name}: {check.detail}{target}")
    for result in done.results:
        for name, why in result.refused:
            out.warn("refused", f"{result.name}: {name}: {why}")
    if report:
        with outfile.writing(report, overwrite=overwrite) as file:
            file.write(html(done))
        out.note(f"report: {report}")
    out.record(done.summary(), verdict(done.checks))
    return 0 if done.ok else 1


def _show_study(out: Output, study: Study) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in study.head:
        table.add_column(name)
    for row in study.rows:
        table.add_row(*row)
    rows = [dict(zip(study.head, row, strict=True)) for row in study.rows]
    out.record({"type": "summary", "study": "lean", "real_runs": study.real_runs, "rows": rows}, table)
