# SPDX-License-Identifier: MIT
"""What a runner has written, in a bundle: diary, shoes, the longest run, sessions of the hip programme.

Rows as the store has them; a run is named by the key of its START record.  Adding leaves alone what is here: an entry
of the same run, start or day, a pair of shoes of the same name, a session of the same day with the same sets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from .diarywords import MOMENTS, WORST
from .store import Key, Run, Store

Rows = dict[str, Any]

_NUMBERS = ("distance_m", "duration_s", "stairs", "sleep_min", "warm_up", "stretched")
_TEXTS = ("source", "surface", "shoe", "hills", "leg", "places", "aggravators", "signs", "note")


def kept(store: Store, runner: str | None, runs: Sequence[Run]) -> Rows:
    """Of a runner's runs; with all of them also what belongs to no run."""
    if runner is None:
        return {"diary": [], "shoes": [], "longest": None, "hips": []}
    keys = {run.id: [run.device, run.boot, run.seq] for run in runs}
    whole = all(run.id in keys for run in store.runs() if run.runner == runner)
    entries = [row for row in store.diary(runner) if whole or row["run"] in keys]
    worn = {row["shoe"] for row in entries}
    diary = [{**row, "run": keys.get(row["run"])} for row in entries]
    return {
        "diary": [{name: value for name, value in row.items() if name != "id"} for row in diary],
        "shoes": [
            {name: shoe[name] for name in ("name", "before_m", "retired_day")}
            for shoe in store.shoes(runner)
            if whole or shoe["name"] in worn
        ],
        "longest": store.longest(runner) if whole else None,
        "hips": [_without_id(session) for session in store.hips(runner)] if whole else [],
    }


def check(rows: Rows) -> None:
    """KeyError, TypeError or ValueError for what `add` could not use."""
    for entry in rows["diary"]:
        _day(entry["day"])
        _typed(entry, int, *_NUMBERS, "start_us")
        _typed(entry, str, *_TEXTS)
        if entry["run"] is not None:
            device, boot, seq = entry["run"]
            _typed({"device": device}, str, "device")
            _typed({"boot": boot, "seq": seq}, int, "boot", "seq")
        for moment, level in entry["pain"].items():
            if moment not in MOMENTS or not isinstance(level, int) or not 0 <= level <= WORST:
                raise ValueError(moment)
    names = {shoe["name"] for shoe in rows["shoes"]}
    if {entry["shoe"] for entry in rows["diary"]} - {None} - names:
        raise ValueError("shoe")
    for shoe in rows["shoes"]:
        _typed(shoe, str, "name", "retired_day")
        if not isinstance(shoe["before_m"], int):
            raise TypeError("before_m")
    if rows["longest"] is not None:
        _day(rows["longest"]["day"])
        _typed(rows["longest"], int, "distance_m", "duration_s")
    for session in rows["hips"]:
        _day(session["day"])
        _typed(session, int, "start_us", "warm_up", "stretched")
        _typed(session, str, "note")
        for done in session["sets"]:
            if not isinstance(done["exercise"], str) or not isinstance(done["side"], str):
                raise TypeError("sets")
            _typed(done, int, "reps", "hold_s")


def add(store: Store, runner: str, rows: Rows) -> None:
    """What has been checked."""
    known = {shoe["name"] for shoe in store.shoes(runner)}
    for shoe in rows["shoes"]:
        if shoe["name"] not in known:
            store.set_shoe(runner, shoe["name"], before_m=shoe["before_m"], retired_day=shoe["retired_day"])
    here = {(run.device, run.start): run.id for run in store.runs() if run.runner == runner}
    written = {_key(row, row["run"]) for row in store.diary(runner)}
    for row in rows["diary"]:
        run = _run_here(row["run"], here)
        if row["run"] is not None and run is None:
            continue  # the run was deleted here, or is another runner's
        if _key(row, run) not in written:
            values = {name: row[name] for name in (*_NUMBERS, *_TEXTS)}
            store.write_entry(
                runner, row["day"], run=run, start_us=row["start_us"], values=values, pain=row["pain"]
            )
    if rows["longest"] is not None and store.longest(runner) is None:
        store.set_longest(runner, **rows["longest"])
    sessions = [_without_id(session) for session in store.hips(runner)]
    for session in rows["hips"]:
        if session not in sessions:
            store.add_hips(runner, session["day"], session, session["sets"])


def _run_here(key: Sequence[Any] | None, here: Mapping[tuple[str, Key], int]) -> int | None:
    return None if key is None else here.get((key[0], (key[1], key[2])))


def _key(row: Mapping[str, Any], run: int | None) -> tuple[str, Any]:
    """What makes an entry the same one."""
    if run is not None:
        return "run", run
    return ("start", row["start_us"]) if row["start_us"] is not None else ("day", row["day"])


def _without_id(session: Rows) -> Rows:
    return {name: value for name, value in session.items() if name != "id"}


def _day(text: Any) -> None:
    if not isinstance(text, str):
        raise TypeError("day")
    date.fromisoformat(text)


def _typed(row: Mapping[str, Any], kind: type, *names: str) -> None:
    for name in names:
        if not isinstance(row[name], kind | None):
            raise TypeError(name)
