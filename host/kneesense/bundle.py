# SPDX-License-Identifier: MIT
"""Runs of one runner in one file, for another computer: records as the unit logged them, and what people added.

A ZIP with `about.json` and a log for each unit, in the format of `fetch-log`.  What comes in never replaces what is
here: a run that is known keeps its runner and date, a runner who is known keeps screening and prescription.
"""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kneecore import wire
from kneecore.programme import decode
from kneecore.version import VERSION

from . import bundlecheck, bundlediary, logfile, logimport, prescription_reader, times
from .clock import Reading
from .errors import UPDATE_HOST, InputError
from .frames import LogFrame
from .logfile import LogFile
from .store import Added, Run, Store
from .times import utc_now

FORMAT, SCHEMA = "kneesense-bundle", 1
_IDS = 2**63 - 1
_ABOUT, _LOGS = "about.json", "logs/"
_LARGEST = 2_000_000_000  # bytes of all of it once it is unpacked
_DENSEST, _SMALL = 100, 10_000_000  # logs shrink to a third or so; a small file that swells by more is a bomb
_MAGIC = b"PK\x03\x04"
# What zipfile and json raise for bytes that are none of theirs, or are damaged.
_NOT_WHOLE = (
    KeyError, ValueError, EOFError, OSError, RuntimeError, NotImplementedError, struct.error, zlib.error,
    zipfile.BadZipFile, RecursionError,
)  # fmt: skip
_DAMAGED = (AttributeError, KeyError, TypeError, ValueError, OverflowError, InputError)
# Between two runs: of the run before, of the run after, of both.
_AFTER = (wire.SESSION.code, wire.MARK.code)
_BEFORE = (wire.VERDICT.code,)
_BOTH = (wire.ANCHOR.code, wire.BOOT.code)


@dataclass(frozen=True)
class Bundle:
    """What a file holds."""

    about: dict[str, Any]
    logs: list[LogFile]

    @property
    def runner(self) -> str | None:
        name: str | None = self.about["runner"]
        return name


def is_bundle(data: bytes) -> bool:
    """Whether these are the first bytes of one."""
    return data.startswith(_MAGIC)


def made(store: Store, runs: Sequence[Run]) -> bytes:
    """The file of these runs.  InputError unless they are one runner's."""
    names = {run.runner for run in runs}
    if len(names) > 1:
        raise InputError("the runs are of several runners", "--runner NAME: a bundle is of one")
    (runner,) = names
    devices = list(dict.fromkeys(run.device for run in runs))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(_ABOUT, json.dumps(_about(store, runs, runner, devices), indent=1))
        for device in devices:
            own = [run for run in runs if run.device == device]
            frames = b"".join(record.frame for record in _records(store, device, own))
            file.writestr(f"{_LOGS}{device}.kneelog", logfile.header(device, runner) + frames)
    return packed.getvalue()


def _records(store: Store, device: str, runs: Sequence[Run]) -> Iterable[LogFrame]:
    """Of these runs, and what between runs belongs to them: calibrations before, sessions and marks after."""
    wanted = {run.start for run in runs}
    own = False  # whether the run that goes on, or has ended last, is one of them
    running = False
    before: list[LogFrame] = []  # nobody's yet: of the next run, if that is one of them
    for record in store.records(device):
        if record.code == wire.START.code:
            own, running = record.key in wanted, True
            if own:
                yield from before
            before = []
        elif record.code == wire.BOOT.code:
            running = False
        if running:
            if own:
                yield record
            running = record.code != wire.STOP.code
        elif own and record.code in (*_AFTER, *_BOTH):
            yield record
        elif record.code in (*_BEFORE, *_BOTH):
            before.append(record)


def _about(store: Store, runs: Sequence[Run], runner: str | None, devices: Sequence[str]) -> dict[str, Any]:
    boots = dict.fromkeys((run.device, run.boot) for run in runs)
    programmes = [(device, store.programme(device)) for device in devices]
    units = [unit for unit in store.units() if unit.device in devices and unit.runner == runner]
    return {
        "format": FORMAT,
        "schema": SCHEMA,
        "made_utc": utc_now(),
        "made_by": "kneesense " + ".".join(map(str, VERSION)),
        "runner": runner,
        "screening": store.screening(runner) if runner else None,
        "prescription": store.prescription(runner) if runner else None,
        "units": [{"device": unit.device, "side": unit.side, "face": unit.face} for unit in units],
        "programmes": [
            {"device": device, "boot": key[0], "seq": key[1], "sessions": sessions.hex()}
            for device, (key, sessions) in ((d, p) for d, p in programmes if p is not None)
        ],
        "runs": [
            {
                "device": run.device,
                "boot": run.boot,
                "seq": run.seq,
                "said_utc_us": store.said(run.id),
                "outing": run.outing,
            }
            for run in runs
        ],
        "readings": [
            {"device": device, "boot": boot, "t_us": r.t_us, "utc_us": r.utc_us, "error_us": r.error_us}
            for device, boot in boots
            for r in store.readings(device, boot)
        ],
        "written": bundlediary.kept(store, runner, runs),
    }


def read(path: Path, data: bytes, runner: str | None = None) -> Bundle:
    """`runner`: whom to take it for, if not whom it names.  InputError for a file that is none, or is not whole."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            parts = [part for part in file.infolist() if part.filename.startswith(_LOGS)]
            unpacked = sum(part.file_size for part in (*parts, file.getinfo(_ABOUT)))
            if unpacked > min(_LARGEST, max(_SMALL, _DENSEST * len(data))):
                raise InputError(
                    f"{path}: {unpacked} bytes in {len(data)} are no bundle of ours", "choose another file"
                )
            about = json.loads(file.read(_ABOUT))
            logs = [logfile.read(path, file.read(part)) for part in parts]
    except _NOT_WHOLE as error:
        raise InputError(
            f"{path}: no whole bundle of kneesense ({error or type(error).__name__})", "export it again"
        ) from None
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise InputError(f"{path}: a ZIP, but no bundle of kneesense", "kneesense export RUN --format bundle")
    if about.get("schema") != SCHEMA:
        raise InputError(f"{path}: a bundle of a later version", UPDATE_HOST)
    if runner is not None:
        about["runner"] = runner
    try:
        _check(about)
    except _DAMAGED as error:
        raise InputError(f"{path}: its {_ABOUT} is damaged ({error!r})", "export it again") from None
    if lost := {run["device"] for run in about["runs"]} - {log.unit for log in logs}:
        raise InputError(f"{path}: the log of unit {', '.join(sorted(lost))} is missing", "export it again")
    return Bundle(about, [LogFile(log.unit, about["runner"], log.records, log.damaged_bytes) for log in logs])


def _check(about: dict[str, Any]) -> None:
    """An error of _DAMAGED for what `add` could not use, or no command could show."""
    for name, kinds in (("runner", str), ("prescription", str), ("screening", list)):
        if not isinstance(about[name], kinds | None):
            raise TypeError(name)
    if about["runner"] is not None:
        bundlecheck.named(about["runner"])
    if about["screening"] is not None:
        utc, answers = about["screening"]
        times.local(utc)
        bundlecheck.listed(answers, ("yes", "no"))
        about["screening"] = (utc, answers)
    if about["prescription"] is not None:
        prescription_reader.loads(about["prescription"])
    for run in about["runs"]:
        _keyed(run, "boot", "seq")
        bundlecheck.moment(run["said_utc_us"])
        if run["said_utc_us"] is not None and not times.is_date(run["said_utc_us"]):
            raise ValueError("said_utc_us")
        bundlecheck.wholes(run, _IDS, "outing")
    for reading in about["readings"]:
        _keyed(reading, "boot", "t_us", "utc_us", "error_us")
        bundlecheck.moment(reading["utc_us"])
    for programme in about["programmes"]:
        _keyed(programme, "boot", "seq")
        programme["sessions"] = bytes.fromhex(programme["sessions"])
        decode(programme["sessions"])
    bundlediary.check(about["written"])


def _keyed(row: dict[str, Any], *names: str) -> None:
    if not isinstance(row["device"], str) or not logfile.is_unit_id(row["device"]):
        raise ValueError("device")
    for name in names:
        bundlecheck.whole(row[name])


def add(
    store: Store,
    bundle: Bundle,
    again: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Added]:
    """Into the store; what became of the records of each log."""
    known = {(run.device, run.start) for run in store.runs()}
    added = [logimport.add(store, log, again, progress) for log in bundle.logs]
    about = bundle.about
    here = {(run.device, run.start): run for run in store.runs()}
    outings: dict[int, list[int]] = {}
    for said in about["runs"]:
        run = here.get((said["device"], (said["boot"], said["seq"])))
        if run is None:
            continue
        if (run.device, run.start) not in known and bundle.runner is not None:
            store.set_runner(run.device, run.start, bundle.runner)
        elif run.runner != bundle.runner:
            continue
        if said["said_utc_us"] is not None and store.said(run.id) is None:
            store.say(run.id, said["said_utc_us"])
        if said["outing"] is not None and run.outing is None:
            outings.setdefault(said["outing"], []).append(run.id)
    for runs in outings.values():
        store.set_outing(runs, min(runs))
    _add_readings(store, about["readings"])
    if bundle.runner is not None:
        if about["screening"] and store.screening(bundle.runner) is None:
            store.set_screening(bundle.runner, *about["screening"])
        if about["prescription"] and store.prescription(bundle.runner) is None:
            store.set_prescription(bundle.runner, about["prescription"])
        bundlediary.add(store, bundle.runner, about["written"])
    for p in about["programmes"]:
        if store.programme(p["device"]) is None:
            store.set_programme(p["device"], (p["boot"], p["seq"]), p["sessions"])
    return added


def _add_readings(store: Store, readings: Iterable[dict[str, Any]]) -> None:
    by_boot: dict[tuple[str, int], list[Reading]] = {}
    for r in readings:
        reading = Reading(r["t_us"], r["utc_us"], r["error_us"])
        by_boot.setdefault((r["device"], r["boot"]), []).append(reading)
    for (device, boot), found in by_boot.items():
        store.add_readings(device, boot, found)
