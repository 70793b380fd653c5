# SPDX-License-Identifier: MIT
"""Logs out of files into the store: what `fetch-log` wrote, or an image of the flash of a unit that does not start.

Importing the same again adds nothing.  The watermark of a unit is left alone: a file says nothing of what the unit has
logged since, so the next connection compares as ever.  When its runs were follows from the ANCHOR records in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from . import logfile, logimage
from .errors import InputError
from .frames import parse
from .logfile import LogFile
from .store import Added, Store

_COMMIT_EVERY = 1000

Progress = Callable[[int, int], None]


def content(path: Path) -> bytes:
    """The bytes of a file.  InputError if there are none."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})", "choose another file") from None
    if not data:
        raise InputError(f"{path}: empty file", "fetch it again")
    return data


def read(path: Path, data: bytes, unit: str | None = None, runner: str | None = None) -> LogFile:
    """What the file `path` holds.  `unit`, `runner`: whose it is; InputError if neither it nor they say so."""
    if not logfile.is_log(data):
        return _image(path, data, unit, runner)
    log = logfile.read(path, data)
    if unit not in (None, log.unit):
        raise InputError(f"{path}: the log of unit {log.unit}, not of {unit}", "leave --unit out")
    return replace(log, runner=runner or log.runner)


def _image(path: Path, data: bytes, unit: str | None, runner: str | None) -> LogFile:
    """Of the whole flash or of a part of it: sectors of the log are found wherever they lie."""
    if not logimage.sectors(data):
        raise InputError(
            f"{path}: neither a log of a unit nor an image of its flash", "kneesense fetch-log writes a log"
        )
    if unit is None:
        raise InputError(
            f"{path}: the image of a flash does not say whose it is", "--unit ID, and --runner NAME"
        )
    records = [record for frame in logimage.frames(data) if (record := parse(frame)) is not None]
    return LogFile(unit, runner, records, None)


def add(
    store: Store, log: LogFile, again: bool = False, progress: Progress = lambda done, total: None
) -> Added:
    """Into the store.  `again`: also what was deleted here before."""
    if again:
        store.restore(log.unit, log.records)
    if log.runner and not all(store.holds(log.unit, record) for record in log.records):
        store.runner_number(log.runner)  # so that a run that names the runner finds the name
    added = Added()
    for at in range(0, len(log.records), _COMMIT_EVERY):
        added += store.add(log.unit, log.records[at : at + _COMMIT_EVERY], runner=log.runner)
        progress(min(at + _COMMIT_EVERY, len(log.records)), len(log.records))
    return added
