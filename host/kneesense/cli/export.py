# SPDX-License-Identifier: MIT
"""`kneesense export`: runs into files for other programs, computers and people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from ..errors import InputError, NothingFound
from .output import DEFAULT_STORE, Output, StoreFlags

if TYPE_CHECKING:
    from ..exports import Exported
    from ..store import Run, Store

Format = Literal["fit", "tcx", "csv", "parquet", "bundle"]
Flag = Annotated[bool, Parameter(negative=())]


def export(
    run: str | None = None,
    /,
    *,
    to: Path,
    kind: Annotated[Format | None, Parameter(name="--format")] = None,
    since: str | None = None,
    runner: str | None = None,
    everything: Annotated[bool, Parameter(name="--all", negative=())] = False,
    overwrite: Flag = False,
    flags: StoreFlags = DEFAULT_STORE,
) -> None:
    """Write runs into files: for training sites, spreadsheets, other programs, or another computer's kneesense.

    fit, tcx: one run into a file, several into a new folder. csv, parquet: a name that ends so gets the strides, any
    other is a new folder with runs, strides, events and sessions. bundle: one file that kneesense import takes, with
    records, calibrations, dates, prescription. --all: everything that is kept of a runner, in a new folder.

    Times are in UTC, cadence of FIT and TCX is of one leg as those formats want it, what is not known is left out.
    docs/exports.md says what is where.

    Examples: kneesense export last --to last.fit; kneesense export 3 --format csv --to run3;
    kneesense export --since 2026-11-01 --runner Ann --to november.kneebundle; kneesense export --all --to ann

    Parameters
    ----------
    run
        Number of the run as `kneesense runs` shows it, or `last`. Default: all, with --since, --runner or --all.
    to
        File or folder to write.
    kind
        Default: by the ending of the file: .fit, .tcx, .csv, .parquet, .kneebundle.
    since
        All runs from that day on, such as 2026-11-30.
    runner
        Whose runs. Default: everybody's; a bundle and --all are of one runner.
    everything
        Everything that is kept of a runner.
    overwrite
        A file may replace an existing one; a folder never does.
    """
    from .. import times
    from ..paths import store_file
    from ..store import Store

    out = Output(flags.json)
    if everything:
        if run is not None or kind is not None or since is not None or overwrite:
            raise InputError(
                "--all is everything of a runner, in a folder", "leave out all but --runner and --to"
            )
    elif run is None and since is None and runner is None:
        raise InputError("name the runs", "a run's number, last, --since DATE, --runner NAME, or --all")
    elif run is not None and since is not None:
        raise InputError("either one run or --since", "leave one out")
    file = store_file(flags.store)
    if not file.exists():
        raise NothingFound(f"there are no runs in {file} yet", "kneesense run records one")
    since_us = None if since is None else times.day_or_moment(since)
    with Store(file, read_only=True) as store:
        if everything:
            written = _everything(store, runner, to, out)
            runs = [known for known in store.runs() if known.runner == (runner or _only(store))]
        else:
            from ..exports import chosen

            runs = chosen(store, run, since_us, runner)
            written = _written(store, runs, _kind(kind, to), to, overwrite, run is not None, out)
    for one in written:
        record = {"type": "export", "file": str(one.file), "run": one.run, "bytes": one.file.stat().st_size}
        out.record(record, str(one.file))
    out.record({"type": "summary", "files": len(written), "runs": len(runs), "to": str(to)})


def _kind(given: str | None, to: Path) -> str:
    endings = {"fit": "fit", "tcx": "tcx", "csv": "csv", "parquet": "parquet", "kneebundle": "bundle"}
    name = to.name.removesuffix(".gz")
    kind = given or endings.get(name.rpartition(".")[2])
    if kind is None:
        raise InputError(
            f"{to}: the name does not say which format", "--format fit, tcx, csv, parquet or bundle"
        )
    return kind


def _written(
    store: Store, runs: list[Run], kind: str, to: Path, overwrite: bool, one: bool, out: Output
) -> list[Exported]:
    from .. import exports
    from .progress import bar

    with bar(out, "exporting") as progress:
        if kind == "bundle":
            return [exports.bundled(store, runs, to, overwrite)]
        if kind in ("csv", "parquet"):
            return exports.tables(store, runs, kind, to, overwrite, progress)
        if one:
            return [exports.one_file(store, runs[0], kind, to, overwrite)]
        return exports.files(store, runs, kind, to, progress)


def _everything(store: Store, runner: str | None, to: Path, out: Output) -> list[Exported]:
    from .. import exports
    from .progress import bar

    with bar(out, "exporting") as progress:
        return exports.everything(store, runner or _only(store), to, progress)


def _only(store: Store) -> str:
    runners = store.runners()
    if len(runners) != 1:
        raise InputError(f"there are {len(runners)} runners in {store.file}", "--runner NAME")
    return runners[0]
