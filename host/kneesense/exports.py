# SPDX-License-Identifier: MIT
"""Runs out of the store into files for other programs, other computers and other people.

FIT and TCX: a file for each run.  CSV and Parquet: tables of all of them.  Bundle: one file that `kneesense import`
takes.  `everything`: all of a runner, in open formats.  A file or folder has its name only when it is complete.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import bundle, dating, fitfile, outfile, rawsamples, tcx, times
from .columns import TABLES, Row, rows
from .errors import InputError, NothingFound
from .store import Run, Store
from .stored import StoredRun
from .tablefiles import CsvTables, ParquetTables, Tables

_ENCODED: dict[str, Callable[[StoredRun], bytes]] = {"fit": fitfile.encoded, "tcx": tcx.encoded}
_TABLES: dict[str, type[Tables]] = {"csv": CsvTables, "parquet": ParquetTables}

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Exported:
    """One file that was written; `run`: of which, None: of all."""

    file: Path
    run: int | None = None


def chosen(store: Store, word: str | None, since_us: int | None, runner: str | None) -> list[Run]:
    """The runs a user means: one, or all since a moment.  NothingFound without any."""
    from .stored import find

    if word is not None:
        return [find(store, word, runner)]
    runs = [run for run in store.runs() if runner in (None, run.runner)]
    if since_us is not None:
        runs = [run for run in runs if (began(store, run) or 0) >= since_us]
    if not runs:
        whose = f" of {runner}" if runner else ""
        since = f" since {times.local(times.utc(since_us))}" if since_us is not None else ""
        raise NothingFound(f"there are no runs{whose}{since} in {store.file}", "kneesense runs lists them")
    return runs


def began(store: Store, run: Run) -> int | None:
    """UTC of a run's start; None while unknown."""
    return dating.of(store, run, *store.run_span(run)).start_us


def one_file(store: Store, run: Run, kind: str, path: Path, overwrite: bool = False) -> Exported:
    """A run as FIT or TCX."""
    outfile.check(path, (store.file,), overwrite)
    data = _ENCODED[kind](StoredRun(store, run))
    with outfile.writing_bytes(path, (store.file,), overwrite) as file:
        file.write(data)
    return Exported(path, run.id)


def files(store: Store, runs: Sequence[Run], kind: str, folder: Path, progress: Progress) -> list[Exported]:
    """A FIT or TCX file for each run, in a new folder."""
    done = []
    with outfile.folder(folder) as place:
        for at, run in enumerate(runs, 1):
            name = place / f"{_name(store, run)}.{kind}"
            done.append(Exported(folder / one_file(store, run, kind, name).file.name, run.id))
            progress(at, len(runs))
    return done


def tables(
    store: Store, runs: Sequence[Run], kind: str, path: Path, overwrite: bool, progress: Progress
) -> list[Exported]:
    """CSV or Parquet: a path that ends so takes the strides, any other is a new folder for all tables."""
    open_tables = _TABLES[kind]
    if path.name.endswith((f".{kind}", f".{kind}.gz")):
        with open_tables({"strides": path}, (store.file,), overwrite) as out:
            _fill(store, runs, out, progress)
        return [Exported(path)]
    with outfile.folder(path) as place, open_tables(_named(place, kind)) as out:
        _fill(store, runs, out, progress)
    return [Exported(path / f"{table}.{kind}") for table in TABLES]


def _named(place: Path, kind: str) -> dict[str, Path]:
    return {table: place / f"{table}.{kind}" for table in TABLES}


def _fill(store: Store, runs: Sequence[Run], out: Tables, progress: Progress) -> None:
    for at, run in enumerate(runs, 1):
        found: dict[str, list[Row]] = {table: [] for table in TABLES}
        for table, row in rows(StoredRun(store, run)):
            found[table].append(row)
        for table, of_run in found.items():
            out.add(table, of_run)
        progress(at, len(runs))


def bundled(store: Store, runs: Sequence[Run], path: Path, overwrite: bool = False) -> Exported:
    """One file that another computer's `kneesense import` takes."""
    outfile.check(path, (store.file,), overwrite)
    data = bundle.made(store, runs)
    with outfile.writing_bytes(path, (store.file,), overwrite) as file:
        file.write(data)
    return Exported(path)


def everything(store: Store, runner: str, folder: Path, progress: Progress) -> list[Exported]:
    """All that is kept of a runner, in a new folder: tables, samples, bundle, what was answered and prescribed."""
    if runner not in store.runners():
        raise InputError(f"there is no runner {runner} in {store.file}", "kneesense runs shows who there is")
    runs = [run for run in store.runs() if run.runner == runner]
    with outfile.folder(folder) as place:
        with CsvTables(_named(place, "csv")) as out:
            _fill(store, runs, out, progress)
        for run in runs:
            _samples(store, run, place)
        if runs:
            bundled(store, runs, place / "all.kneebundle")
        _write(place / "runner.json", json.dumps(_kept(store, runner), indent=1) + "\n")
        if (prescription := store.prescription(runner)) is not None:
            _write(place / "prescription.toml", prescription)
        names = sorted(path.name for path in place.iterdir())
    return [Exported(folder / name) for name in names]


def _kept(store: Store, runner: str) -> dict[str, object]:
    """What was said and written, rows as the store has them; docs/diary.md has their words."""
    screening = store.screening(runner)
    units = [unit for unit in store.units() if unit.runner == runner]
    return {
        "runner": runner,
        "screening": {"answered_utc": screening[0], "answers": screening[1]} if screening else None,
        "units": [{"device": unit.device, "side": unit.side, "face": unit.face} for unit in units],
        "diary": store.diary(runner),
        "shoes": store.shoes(runner),
        "longest": store.longest(runner),
        "hips": store.hips(runner),
    }


def _samples(store: Store, run: Run, place: Path) -> None:
    """The recording of a run whose samples were recorded, as `show --recording` writes it."""
    try:
        samples = rawsamples.of_run(store, run)
    except NothingFound:
        return
    name = _name(store, run)
    with outfile.writing(place / f"{name}-samples.csv.gz") as file:
        samples.write(file)
    samples.calibration(times.utc_now()).save(place / f"{name}-samples.json")


def _write(path: Path, text: str) -> None:
    with outfile.writing(path) as file:
        file.write(text)


def _name(store: Store, run: Run) -> str:
    start_us = began(store, run)
    when = f"-{times.utc(start_us)[:16].replace(':', '')}Z" if start_us is not None else ""
    return f"run-{run.id}{when}"
