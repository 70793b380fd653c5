# SPDX-License-Identifier: MIT
"""`kneesense import`: logs out of files into the store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from ..errors import InputError
from .output import DEFAULT_STORE, Output, StoreFlags

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..bundle import Bundle
    from ..logfile import LogFile
    from ..store import Added, Store

_SHORT_ID = 6  # characters
_FOR_OTHERS = (".fit", ".tcx", ".csv", ".parquet")


def import_(
    file: Path,
    /,
    *,
    unit: str | None = None,
    runner: str | None = None,
    deleted: Annotated[bool, Parameter(negative=())] = False,
    flags: StoreFlags = DEFAULT_STORE,
) -> None:
    """Import a bundle of kneesense export, a log of fetch-log, the image of a unit's flash, or a folder of them.

    A bundle brings runs with runner, dates, prescription, diary; what is known here already of a run or a runner stays.

    What is here already is counted, not doubled.  Damaged parts are left out: numbers of records that are missing were
    damaged or deleted on the unit.  An image, read from a unit that does not start (docs/protocol.md says how), does
    not tell whose it is: name it with --unit.

    Examples: kneesense import today.kneelog; kneesense import flash.bin --unit 240ac4000001 --runner Ann

    Parameters
    ----------
    file
        File or folder. Of a folder every log in it, other files are passed over.
    unit
        Id of the unit, for an image: as paired, or the whole id in hex.
    runner
        Who ran, where neither the unit nor the file says so.
    deleted
        Also bring back what was deleted here before.
    """
    from .. import outings
    from ..paths import store_file
    from ..store import Store
    from .lines import count

    out = Output(flags.json)
    where = store_file(flags.store)
    device = _device(unit, flags)
    logs = _logs(file, device, runner, out)
    total: dict[str, Any] = dict.fromkeys(
        ("records", "new", "known", "conflicts", "deleted", "missing", "damaged_bytes"), 0
    )
    with Store(where) as store:
        for path, found in logs:
            for row in _imported(store, path, found, deleted, out):
                total = {name: total[name] + (row[name] or 0) for name in total}
        outings.join(store)
    if total["deleted"]:
        out.note("some of it was deleted here before: kneesense import --deleted brings it back")
    told = f"{count(total['new'], 'new record')}, {total['known']} already known: {where}"
    out.record({"type": "summary", "files": len(logs), **total, "log": str(where)}, told)


def _device(unit: str | None, flags: StoreFlags) -> str | None:
    """The whole id of a unit named by a user."""
    from ..logfile import is_unit_id
    from .units import choose, remembered

    if unit is None:
        return None
    if len(unit) > _SHORT_ID and is_unit_id(unit.lower()):
        return unit.lower()
    return choose(remembered(flags), unit, None).device


def _logs(
    file: Path, unit: str | None, runner: str | None, out: Output
) -> list[tuple[Path, LogFile | Bundle]]:
    """Everything is read before anything is added."""
    if not file.is_dir():
        return [(file, _read(file, unit, runner))]
    logs = []
    for path in sorted(path for path in file.iterdir() if path.is_file()):
        try:
            logs.append((path, _read(path, unit, runner)))
        except InputError as error:
            out.warn("passed_over", f"passed over: {error}")
    if not logs:
        raise InputError(f"{file}: no log of a unit in this folder", "kneesense fetch-log writes one")
    return logs


def _read(path: Path, unit: str | None, runner: str | None) -> LogFile | Bundle:
    from .. import bundle, logimport

    data = logimport.content(path)
    if path.suffix in _FOR_OTHERS:
        raise InputError(
            f"{path}: for other programs; kneesense does not read it back",
            "export the run once more with --format bundle",
        )
    if bundle.is_bundle(data):
        return bundle.read(path, data, runner)
    return logimport.read(path, data, unit, runner)


def _imported(
    store: Store, path: Path, found: LogFile | Bundle, deleted: bool, out: Output
) -> Iterator[dict[str, Any]]:
    """Into the store; a row for each log."""
    from .. import bundle, logimport
    from ..bundle import Bundle
    from .progress import bar

    with bar(out, path.name) as progress:
        if isinstance(found, Bundle):
            done = list(zip(found.logs, bundle.add(store, found, deleted, progress), strict=True))
        else:
            done = [(found, logimport.add(store, found, deleted, progress))]
    for log, added in done:
        yield _told(path, log, added, None if isinstance(found, Bundle) else log.missing, out)


def _told(path: Path, log: LogFile, added: Added, missing: int | None, out: Output) -> dict[str, Any]:
    from .lines import count

    row = {
        "type": "file",
        "file": str(path),
        "unit": log.unit,
        "runner": log.runner,
        "records": len(log.records),
        "new": added.new,
        "known": added.duplicates,
        "conflicts": added.conflicts,
        "deleted": added.deleted,
        "missing": missing,
        "damaged_bytes": log.damaged_bytes,
    }
    parts = [f"{added.new} new", f"{added.duplicates} known"]
    parts += [f"{added.conflicts} with other content than known"] if added.conflicts else []
    parts += [f"{added.deleted} deleted here before"] if added.deleted else []
    parts += [f"{missing} missing"] if missing else []
    parts += [f"{log.damaged_bytes} bytes damaged"] if log.damaged_bytes else []
    out.record(row, f"{path}: unit {log.unit}, {count(len(log.records), 'record')}: {', '.join(parts)}")
    return row
