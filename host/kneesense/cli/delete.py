# SPDX-License-Identifier: MIT
"""`kneesense delete`: a run or a runner out of the store, or the log of a unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from ..errors import InputError, KneesenseError, NothingFound, StoreError
from . import asking
from .output import DEFAULT_STORE, Output, StoreFlags

if TYPE_CHECKING:
    from ..device import Device
    from ..store import Run, Store

Flag = Annotated[bool, Parameter(negative=())]


async def delete(
    run: str | None = None,
    /,
    *,
    runner: str | None = None,
    unit: str | None = None,
    unfetched: Flag = False,
    yes: Flag = False,
    flags: StoreFlags = DEFAULT_STORE,
) -> None:
    """Delete a run, or all that is kept of a runner, on this computer; or the log of a unit.  Asks before.

    Deleted records are overwritten in the file, and they do not come back with the next fetching of the unit's log.
    Copies that you made (fetch-log, backups, other computers) stay.  What the diary says of a run goes with it.  A
    runner's runs, diary, hip programme, screening answers, prescription and pairing go together; of a unit that others
    run with too, only the runner's own part.

    Examples: kneesense delete 3; kneesense delete --runner Ann --yes; kneesense delete --unit 0c0d

    Parameters
    ----------
    run
        Number of the run as `kneesense runs` shows it, or `last`.
    runner
        Name of the runner.
    unit
        Id of the unit whose log is to be erased. What was fetched from it stays on this computer.
    unfetched
        With --unit: also records that are not on this computer.
    yes
        Do not ask.
    """
    from ..paths import store_file
    from ..store import Store

    out = Output(flags.json)
    if [run, runner, unit].count(None) != 2:
        raise InputError("name one thing to delete", "a run's number, --runner NAME or --unit ID")
    if unfetched and unit is None:
        raise InputError("--unfetched is for --unit", "leave it out")
    if unit is not None:
        await _unit(unit, unfetched, yes, flags, out)
        return
    file = store_file(flags.store)
    if not file.exists():
        raise NothingFound(f"there are no runs in {file} yet", "kneesense run records one")
    with Store(file) as store:
        if run is not None:
            _run(store, run, yes, out)
        else:
            _runner(store, runner or "", yes, out)


def _run(store: Store, word: str, yes: bool, out: Output) -> None:
    from ..stored import find
    from .lines import count

    run = find(store, word)
    out.note(f"to be deleted from {store.file}:\n{_line(store, run)}")
    if confirmed(yes):
        records = store.delete_run(run.id)
        wiped = wipe(store, out)
        told = f"run {run.id} is deleted, {count(records, 'record')}"
    else:
        records, wiped, told = 0, None, "nothing is deleted"
    out.record({"type": "summary", "runs": int(records > 0), "records": records, "wiped": wiped}, told)


def _runner(store: Store, runner: str, yes: bool, out: Output) -> None:
    from .lines import count

    if runner not in store.runners():
        known = ", ".join(store.runners()) or "none yet"
        raise NothingFound(f"there is no runner {runner} in {store.file}", f"known: {known}")
    runs = [run for run in store.runs() if run.runner == runner]
    units = [unit.handle for unit in store.units() if unit.runner == runner]
    kept = [
        *(["the safety screen's answers"] if store.screening(runner) else []),
        *(["the prescription"] if store.prescription(runner) else []),
        *(
            [count(written, "diary entry").replace("entrys", "entries")]
            if (written := len(store.diary(runner)))
            else []
        ),
        *(
            [f"the log of the hip programme, {count(held, 'session')}"]
            if (held := len(store.hips(runner)))
            else []
        ),
        *(f"the pairing of unit {handle}" for handle in units),
    ]
    what = "\n".join([*(_line(store, run) for run in runs), *(f"  {text}" for text in kept)])
    out.note(f"to be deleted of {runner} from {store.file}:\n{what or '  the name'}")
    if confirmed(yes):
        records = store.delete_runner(runner)
        wiped = wipe(store, out)
        told = f"{runner} is deleted: {count(len(runs), 'run')}, {count(records, 'record')}"
        if units:
            told += "".join(f"\nits unit keeps its log: kneesense delete --unit {handle}" for handle in units)
    else:
        runs, records, wiped, told = [], 0, None, "nothing is deleted"
    out.record({"type": "summary", "runs": len(runs), "records": records, "wiped": wiped}, told)


def _line(store: Store, run: Run) -> str:
    from ..stored import StoredRun
    from ..times import local
    from .lines import count

    stored = StoredRun(store, run)
    records = len(store.run_records(run))
    end = "" if stored.ended else ", no end: if it goes on, end it first"
    return (
        f"  run {run.id}, {local(stored.start['start_utc'])}, {run.runner or 'runner unknown'},"
        f" {stored.start['side']} leg, {count(stored.summary['strides'], 'stride')}, {count(records, 'record')}{end}"
    )


def wipe(store: Store, out: Output) -> bool:
    """Whether no copy is left in the file; told if not."""
    try:
        if store.wipe():
            return True
        why = "another program is reading it"
    except StoreError as error:
        why = str(error)
    out.warn(
        "not_wiped",
        f"deleted, but copies may lie in unused parts of {store.file} until the next delete: {why}",
    )
    return False


async def _unit(unit: str, unfetched: bool, yes: bool, flags: StoreFlags, out: Output) -> None:
    from ..ble import BleLink
    from ..device import Device
    from ..paths import store_file
    from ..store import Store
    from ..sync import LogSync
    from .lines import count
    from .units import reach

    with Store(store_file(flags.store)) as store:
        handle, _ = reach(store.units(), unit, None, "--unit")
        async with Device(BleLink(handle)) as device:
            info = device.info
            if info.running:
                raise InputError("a run is going on", "kneesense run --attach --end ends it")
            records = info.next_seq - info.first_seq
            here = await LogSync(info.unit_id, store, lambda update: None).common(device)
            missing = info.next_seq - 1 - here
            if missing and not unfetched:
                raise InputError(
                    f"{missing} of {count(records, 'record')} of unit {handle} are not on this computer",
                    "kneesense sync fetches them, --unfetched deletes them too",
                )
            lost = f", {missing} of them nowhere else" if missing else f", all of them are in {store.file}"
            out.note(f"to be deleted: the log of unit {handle}, {count(records, 'record')}{lost}")
            agreed = records > 0 and confirmed(yes)
            if agreed:
                await _erase(device, out)
    told = "nothing is deleted" if records else "its log is empty already"
    if agreed:
        told = f"the log of unit {handle} is erased"
    out.record({"type": "summary", "unit": info.unit_id, "records": records if agreed else 0}, told)


async def _erase(device: Device, out: Output) -> None:
    from .progress import bar

    first, last = device.info.first_seq, device.info.next_seq - 1
    begin = first
    with bar(out, "erasing") as progress:
        while first <= last:
            left = await device.erase(last)
            if left <= first:
                raise KneesenseError(
                    "the unit does not erase its log", "switch it off and on, then try again"
                )
            first = left
            progress(first - begin, last + 1 - begin)


def confirmed(yes: bool) -> bool:
    """From a person at a terminal; never guessed."""
    if yes:
        return True
    if not asking.at_terminal():
        raise InputError("nothing is deleted without a yes", "add --yes")
    return asking.ask("Delete? [y/N]", "add --yes").lower() in ("y", "yes")
