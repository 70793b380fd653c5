# SPDX-License-Identifier: MIT
"""`kneesense sync`: bring the store up to date with every unit in range."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ..diarywords import WORST
from ..errors import AdapterError, InputError, KneesenseError, NothingFound
from .options import Whole
from .output import DEFAULT_STORE, Output, StoreFlags

if TYPE_CHECKING:
    from ..bus import News
    from ..catchup import Caught
    from ..store import Store, Unit
    from .progress import Told

Record = dict[str, Any]
Done = tuple[Record, KneesenseError | None]

_AT_ONCE = 3  # connections: adapters take five to seven, and other programs have some


async def sync(
    *,
    unit: str | None = None,
    runner: str | None = None,
    knee: Whole | None = None,
    flags: StoreFlags = DEFAULT_STORE,
) -> int:
    """Fetch what is new from every paired unit in range, and find which runs belong together.

    Nothing is begun, ended or erased, and a run that goes on goes on; the unit learns what is safe here, so that it may
    overwrite that.  What a lost link leaves is fetched the next time; once all is here, again changes nothing.  After a
    new run it asks how the knee is, at a terminal, for the diary.

    Exit code 0 when every unit in range is up to date, 1 when one in range failed, 3 when none was in range.

    Examples: kneesense sync; kneesense sync --runner Ann; kneesense sync --unit 0c0d --json

    Parameters
    ----------
    unit
        Id of the one unit. Default: all.
    runner
        Only the units of this runner.
    knee
        How the knee is, 0 (no pain) to 10, after the new run; instead of the question.
    """
    from .. import outings
    from ..paths import store_file
    from ..store import Store
    from ..stored import StoredRun
    from . import asking, diaryask
    from .progress import bars
    from .units import of
    from .who import prompted

    out = Output(flags.json)
    if knee is not None and not 0 <= knee <= WORST:
        raise InputError(f"--knee {knee}: must be 0 (no pain) to {WORST}")
    with Store(store_file(flags.store)) as store:
        units = of(store.units(), unit, runner)
        turn = asyncio.Semaphore(_AT_ONCE)
        with bars(out) as add:
            done = await asyncio.gather(*(_one(store, each, out, turn, add(each.handle)) for each in units))
        joined = outings.join(store)
        came = {run for result, _ in done for run in result["runs"]}
        ended = [run for run in store.runs() if run.id in came and StoredRun(store, run).ended]
        ask = prompted if asking.at_terminal() and not flags.json else None
        diaryask.knee(store, ended, knee, ask, out)
    for error in {str(error): error for _, error in done if isinstance(error, AdapterError)}.values():
        out.error(error)
    results = [result for result, _ in done]
    code = _code(done)
    synced = sum(result["complete"] for result in results)
    new, runs = sum(result["new"] for result in results), sum(len(result["runs"]) for result in results)
    out.record(
        {
            "type": "summary",
            "units": len(units),
            "reached": sum(result["reached"] for result in results),
            "synced": synced,
            "new": new,
            "runs": runs,
            "joined": [run.id for run in joined],
            "exit_code": code,
        },
        f"{synced} of {_count(len(units), 'unit')} up to date: {_count(new, 'record')} and {_count(runs, 'run')} new",
    )
    return code


async def _one(store: Store, unit: Unit, out: Output, turn: asyncio.Semaphore, progress: Told) -> Done:
    """Fetch from one unit and tell what came of it."""
    from ..ble import BleLink
    from ..catchup import CatchUp

    def tell(news: News) -> None:
        if news.kind == "warning":
            out.warn(news.code, f"{unit.handle}: {news.message}")

    link = partial(BleLink, unit.handle)
    work = CatchUp(link, store, unit.device, progress=progress, tell=tell)
    error = None
    async with turn:
        try:
            await work.run()
        except KneesenseError as caught:
            error = caught
    result = _record(unit, work.caught, error)
    out.record(result, _line(unit, result, error))
    if error is not None and not isinstance(error, AdapterError) and not _away(result, error):
        out.error(error, f"{unit.handle}: ")
    return result, error


def _away(result: Record, error: KneesenseError) -> bool:
    """Not in range, as far as is known."""
    return isinstance(error, NothingFound) and not result["reached"]


def _code(done: Sequence[Done]) -> int:
    failed = [(result, error) for result, error in done if error is not None and not _away(result, error)]
    if any(result["reached"] for result, _ in failed):
        return KneesenseError.exit_code
    if failed:
        return min(error.exit_code for _, error in failed)
    return 0 if any(result["complete"] for result, _ in done) else NothingFound.exit_code


def _record(unit: Unit, caught: Caught, error: KneesenseError | None) -> Record:
    info, health = caught.info, caught.health
    return {
        "type": "sync",
        "unit": unit.handle,
        "device": unit.device,
        "runner": unit.runner,
        "side": unit.side,
        "reached": info is not None,
        "complete": error is None,
        "new": caught.new,
        "had": caught.had,
        "missing": caught.missing,
        "gone": caught.gone,
        "conflicts": caught.conflicts,
        "runs": [run.id for run in caught.runs],
        "running": info.running if info else None,
        "percent": health.percent if health else None,
        "battery_mv": health.battery_mv if health else None,
        "charging": health.charging if health else None,
        "error": error.code if error else None,
    }


def _line(unit: Unit, r: Record, error: KneesenseError | None) -> str:
    who = f"{unit.handle:<6} {unit.runner}, {unit.side}: "
    if not r["reached"]:
        return who + ("not in range" if error is not None and _away(r, error) else "not reached")
    parts = [
        f"{_count(r['new'], 'record')} new"
        + (f" in {_count(len(r['runs']), 'new run')}" if r["runs"] else "")
    ]
    if r["had"] is not None:
        parts.append(f"{r['had']:,} already here")
    if r["missing"] is None:
        parts.append("what is missing is not known")
    elif r["missing"]:
        parts.append(f"{r['missing']:,} still missing")
    if r["gone"]:
        parts.append(f"{r['gone']:,} gone from its log")
    if r["percent"] is not None:
        parts.append(f"battery {r['percent']} %")
    if r["running"]:
        parts.append("a run goes on")
    return who + ", ".join(parts)


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"
