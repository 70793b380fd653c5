# SPDX-License-Identifier: MIT
"""What a runner has written, in a bundle: diary, shoes, the longest run, sessions of the hip programme.

Rows as the store has them; a run is named by the key of its START record.  Adding leaves alone what is here: an entry
of the same run, start or day, a pair of shoes of the same name, a session of the same day with the same sets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import bundlecheck
from .diarywords import AGGRAVATORS, HILLS, LEGS, MOMENTS, PLACES, SIGNS, SOURCES, SURFACES, WORST
from .store import Key, Run, Store

Rows = dict[str, Any]

_NUMBERS = ("distance_m", "duration_s", "stairs", "sleep_min", "warm_up", "stretched")
_TEXTS = ("source", "surface", "shoe", "hills", "leg", "places", "aggravators", "signs", "note")
_WORDS = {"source": SOURCES, "surface": SURFACES, "hills": HILLS, "leg": LEGS}
_LISTS = {"places": PLACES, "aggravators": AGGRAVATORS, "signs": SIGNS}
_SESSION = ("day", "start_us", "warm_up", "stretched", "note")
_SET = ("exercise", "side", "reps", "hold_s")
_MOST = 2**31 - 1


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
        "hips": [_session(session) for session in store.hips(runner)] if whole else [],
    }


def check(rows: Rows) -> None:
    """AttributeError, KeyError, TypeError or ValueError for what `add` could not use, or no command could show."""
    for shoe in rows["shoes"]:
        bundlecheck.named(shoe["name"])
        bundlecheck.whole(shoe["before_m"], _MOST)
        if shoe["retired_day"] is not None:
            bundlecheck.day(shoe["retired_day"])
    names = {shoe["name"] for shoe in rows["shoes"]}
    for entry in rows["diary"]:
        bundlecheck.day(entry["day"])
        bundlecheck.wholes(entry, _MOST, *_NUMBERS)
        bundlecheck.moment(entry["start_us"])
        for name, words in ({"shoe": names} | _WORDS).items():
            bundlecheck.word(entry[name], words)
        for name, words in _LISTS.items():
            bundlecheck.listed(entry[name], words)
        _text(entry["note"])
        if entry["run"] is not None:
            device, boot, seq = entry["run"]
            bundlecheck.named(device)
            bundlecheck.whole(boot)
            bundlecheck.whole(seq)
        for moment, level in entry["pain"].items():
            bundlecheck.word(moment, MOMENTS)
            bundlecheck.whole(level, WORST)
    if rows["longest"] is not None:
        bundlecheck.day(rows["longest"]["day"])
        bundlecheck.wholes(rows["longest"], _MOST, "distance_m", "duration_s")
    for session in rows["hips"]:
        bundlecheck.day(session["day"])
        bundlecheck.moment(session["start_us"])
        bundlecheck.wholes(session, _MOST, "warm_up", "stretched")
        _text(session["note"])
        for done in session["sets"]:
            bundlecheck.named(done["exercise"])
            if done["side"] not in LEGS:
                raise ValueError(done["side"])
            bundlecheck.wholes(done, _MOST, "reps", "hold_s")


def add(store: Store, runner: str, rows: Rows) -> None:
    """What has been checked."""
    known = {shoe["name"] for shoe in store.shoes(runner)}
    for shoe in rows["shoes"]:
        if shoe["name"] not in known:
            store.set_shoe(runner, shoe["name"], before_m=shoe["before_m"], retired_day=shoe["retired_day"])
    runs = [run for run in store.runs() if run.runner == runner]
    here = {(run.device, run.start): run.id for run in runs}
    outings = {run.id: run.outing for run in runs if run.outing is not None}
    written = {_key(row, row["run"], outings) for row in store.diary(runner)}
    for row in rows["diary"]:
        run = _run_here(row["run"], here)
        if row["run"] is not None and run is None:
            continue  # the run was deleted here, or is another runner's
        if _key(row, run, outings) not in written:
            values = {name: row[name] for name in (*_NUMBERS, *_TEXTS)}
            store.write_entry(
                runner, row["day"], run=run, start_us=row["start_us"], values=values, pain=row["pain"]
            )
    if rows["longest"] is not None and store.longest(runner) is None:
        store.set_longest(runner, *(rows["longest"][name] for name in ("day", "distance_m", "duration_s")))
    sessions = [_session(session) for session in store.hips(runner)]
    for session in rows["hips"]:
        if _session(session) not in sessions:
            store.add_hips(runner, session["day"], session, session["sets"])


def _run_here(key: Sequence[Any] | None, here: Mapping[tuple[str, Key], int]) -> int | None:
    return None if key is None else here.get((key[0], (key[1], key[2])))


def _key(row: Mapping[str, Any], run: int | None, outings: Mapping[int, int]) -> tuple[str, Any]:
    """What makes an entry the same one; that of an outing may be at either leg."""
    if run is not None:
        return ("outing", outings[run]) if run in outings else ("run", run)
    return ("start", row["start_us"]) if row["start_us"] is not None else ("day", row["day"])


def _session(session: Rows) -> Rows:
    sets = [{name: done[name] for name in _SET} for done in session["sets"]]
    return {name: session[name] for name in _SESSION} | {"sets": sets}


def _text(value: Any) -> None:
    if not isinstance(value, str | None):
        raise TypeError(f"{value!r}")
