# SPDX-License-Identifier: MIT
"""The diary as records of docs/contract.md and as lines of text."""

from __future__ import annotations

import textwrap
from datetime import date
from typing import Any

from .. import times
from ..advice import Finding
from ..diary import ASKED, Entry
from ..diarywords import HILLS, LEGS, MOMENTS, PLACES, SIGNS, SURFACES, told
from ..load import Limit, amount
from ..runload import Load
from ..shoes import Shoe
from .lines import clock, count, number
from .output import COLUMNS

Record = dict[str, Any]

_INSET = " " * 8
_SHORT = {"after": "0 min", "hour": "60 min", "morning": "next morning"}


def entry_record(entry: Entry, today: date) -> Record:
    return {
        "type": "entry",
        "entry": entry.id,
        "runner": entry.runner,
        "day": entry.day.isoformat(),
        "start_utc": None if entry.start_us is None else times.utc(entry.start_us),
        "run": entry.run,
        "distance_m": entry.distance_m,
        "source": entry.source,
        "duration_s": entry.duration_s,
        "surface": entry.surface,
        "shoe": entry.shoe,
        "hills": entry.hills,
        "stairs": entry.stairs,
        "sleep_min": entry.sleep_min,
        "warm_up": entry.warm_up,
        "stretched": entry.stretched,
        "pain": {moment: entry.pain.get(moment) for moment in MOMENTS},
        "pain_marked_s": list(entry.pain_marked_s),
        "leg": entry.leg,
        "places": _listed(entry.places),
        "aggravators": _listed(entry.aggravators),
        "signs": _listed(entry.signs),
        "note": entry.note,
        "open": list(entry.open(today)),
    }


def entry_line(entry: Entry) -> str:
    """`   3 2030-03-17 run 12   8.4 km   45 min  pain 3/1/?`, and below it where, signs, surface, shoes, notes."""
    number = "-" if entry.id is None else entry.id
    what = f"run {entry.run}" if entry.run is not None else "run" if entry.ran else "day"
    far = amount("distance_m", entry.distance_m) if entry.distance_m else "-"
    long = amount("duration_s", entry.moving_s) if entry.moving_s else "-"
    levels = "/".join(str(entry.pain.get(moment, "?")) for moment in ASKED) if entry.ran else _day_pain(entry)
    where = [PLACES[place] for place in entry.places or ()] + ([LEGS[entry.leg]] if entry.leg else [])
    marked = [f"marked at {seconds // 60} min" for seconds in entry.pain_marked_s]
    signs = [told(entry.signs, SIGNS)] if entry.signs else []
    about = [
        *([SURFACES[entry.surface]] if entry.surface else []),
        *([HILLS[entry.hills]] if entry.hills else []),
        *([entry.shoe] if entry.shoe else []),
        *([entry.note] if entry.note else []),
    ]
    parts = [", ".join(part) for part in ([*marked, *where], signs, about) if part]
    head = f"{number:>4} {entry.day} {what:<7}{far:>8} {long:>8}  pain {levels}"
    return "\n".join([head, *_wrapped("; ".join(parts), " " * 16)])


def open_lines(entry: Entry, moments: tuple[str, ...]) -> str:
    """What was not answered yet, and how to."""
    which = f"--run {entry.run}" if entry.run is not None else f"--entry {entry.id}"
    flags = {"after": "--pain", "hour": "--pain-60", "morning": "--pain-morning"}
    asked = " ".join(f"{_SHORT[moment]}?" for moment in moments)
    return f"OPEN    {entry.day} {asked}\n        (kneesense diary add {which} {flags[moments[0]]} N)"


def advice_lines(finding: Finding) -> str:
    """How urgent, what, and below it why."""
    first, *more = _wrapped(finding.message, _INSET)
    return "\n".join(
        [f"{finding.level.upper():<8}{first.strip()}", *more, *_wrapped(f"({finding.why})", _INSET)]
    )


def load_record(load: Load) -> Record:
    return {
        "type": "load",
        "run": load.run,
        "side": load.side,
        "run_s": load.run_s,
        "walk_s": load.walk_s,
        "strides": load.strides,
        "run_cadence_spm": load.cadence_spm,
        "tibial_load_g": load.tibial_g,
        "tibial_load_strides": load.summed,
    }


def load_line(load: Load) -> str:
    ran = f"run {clock(load.run_s)}, walk {clock(load.walk_s)}"
    return (
        f"  {load.side} leg: {ran}, {count(load.strides, 'stride')}, {number(load.cadence_spm)} spm,"
        f" impacts {load.tibial_g:.0f} g in {count(load.summed, 'stride')}"
    )


def shoe_record(shoe: Shoe) -> Record:
    return {
        "type": "shoe",
        "shoe": shoe.name,
        "distance_m": shoe.metres,
        "complete": shoe.complete,
        "runs": shoe.runs,
        "retired": None if shoe.retired is None else shoe.retired.isoformat(),
    }


def shoe_line(shoe: Shoe) -> str:
    least = "" if shoe.complete else "at least "
    retired = f", retired {shoe.retired}" if shoe.retired else ""
    runs = f"{shoe.runs} run{'' if shoe.runs == 1 else 's'}"
    return f"  {shoe.name}: {least}{amount('distance_m', shoe.metres)}, {runs} here{retired}"


def limit_record(limit: Limit | None) -> Record | None:
    return None if limit is None else {"measure": limit.measure, "most": limit.most, "why": limit.why}


def _listed(names: tuple[str, ...] | None) -> list[str] | None:
    return None if names is None else list(names)


def _wrapped(text: str, inset: str) -> list[str]:
    return textwrap.wrap(text, COLUMNS, initial_indent=inset, subsequent_indent=inset, break_on_hyphens=False)


def _day_pain(entry: Entry) -> str:
    return "?" if entry.worst is None else str(entry.worst)
