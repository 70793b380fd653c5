# SPDX-License-Identifier: MIT
"""What a diary says about load: pure rules on entries, integers only, each with its source.  Pain has pain.py.

None of it is a diagnosis, and none of it says that a run is safe: what is unknown is silent, and that is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from . import pain
from .advice import ADVICE, ASK, NOTE, Finding
from .diary import Entry, last
from .diarywords import HILLS, SURFACES

if TYPE_CHECKING:
    from .prescription import PainRule

WINDOW_DAYS = 30
BJSM = "Frandsen and others, Br J Sports Med 59 (2025) 1203: 5,205 runners, by distance"
"""doi 10.1136/bjsports-2024-109380; 588,071 sessions, each against the longest of the 30 days before it."""
SHOE_M = (500_000, 800_000)
"""Where makers and shops put the end of a running shoe.  A range in common use; no study of injuries gives it."""


@dataclass(frozen=True, slots=True)
class Band:
    """One row of the study's table: sessions more than `over` percent longer, up to the next row's."""

    name: str
    over_percent: int
    rate_ratio: str
    """Of overuse injuries against sessions of at most +10 %, as printed."""
    interval: str
    """Its 95 % confidence interval."""


BANDS = (
    Band("small", 10, "1.64", "1.31 to 2.05"),
    Band("moderate", 30, "1.52", "1.16 to 2.00"),
    Band("large", 100, "2.28", "1.50 to 3.48"),
)


@dataclass(frozen=True, slots=True)
class Longest:
    """What the runner says: the longest run of the 30 days up to `day`.  0: there was none."""

    day: date
    distance_m: int | None = None
    duration_s: int | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so much in the next run: of "distance_m" or "duration_s"."""

    measure: str
    most: int
    why: str

    @property
    def text(self) -> str:
        """`at most 25 min`."""
        return f"at most {amount(self.measure, self.most)}"


def band(session: int, longest: int) -> Band | None:
    """The row of the table (BJSM) that a session falls into; None: up to +10 %.

    Both in the same unit, whole numbers: exactly +10, +30 or +100 % belongs to the row below, as in the study
    (">10 % to 30 %").  The rate ratios do not rise from row to row, the intervals overlap: the bands do.
    """
    over = [row for row in BANDS if 100 * session > (100 + row.over_percent) * longest]
    return over[-1] if over and longest > 0 else None


def findings(
    entries: Sequence[Entry],
    today: date,
    *,
    longest: Longest | None = None,
    rule: PainRule | None = None,
    shoes: Mapping[str, tuple[int, bool]] | None = None,
    planned: Limit | None = None,
) -> list[Finding]:
    """Everything the diary says today, the most urgent first.

    `entries`: all of a runner's, in order (diary.entries).  `longest`: the runner's answer.  `rule`: of the
    prescription in force.  `shoes`: of shoes.worn.  `planned`: as next_run.
    """
    known = [entry for entry in entries if entry.day <= today]
    runs = tuple(entry for entry in known if entry.ran)
    found = pain.findings(known, today, rule)
    if runs and (today - runs[-1].day).days <= WINDOW_DAYS:
        found += [*session(runs, longest), *surface(runs), *hills(runs), *shoe(runs[-1], runs, shoes or {})]
    limit = next_run(known, today, planned)
    if limit is not None:
        found.append(Finding("next_run", ADVICE, f"next run: {limit.text}", limit.why, runs[-1:]))
    return sorted(found, key=lambda finding: finding.rank)


def session(runs: Sequence[Entry], longest: Longest | None = None) -> list[Finding]:
    """The last run against the longest of the 30 days before it (BJSM): by distance, or by time, which is said.

    The 30 days are known when the diary is older than that or the runner has said what the longest was.  Until then
    the rule is silent and says so.  What the runner says counts as a run of that day.
    """
    this, before = runs[-1], runs[:-1]
    first = this.day - timedelta(days=WINDOW_DAYS)
    window = [entry for entry in before if entry.day >= first]
    said = longest is not None and first <= longest.day <= this.day
    if not said and not any(entry.day <= first for entry in before):
        return [
            Finding(
                "no_history",
                ASK,
                "nothing is said about this run's length: what came before is not known",
                "longest run in the last 30 days? kneesense diary longest 12 km",
                runs=(this,),
            )
        ]
    for measure in ("distance_m", "duration_s"):
        ours = _of(this, measure)
        values = [_of(entry, measure) for entry in window]
        if said and longest is not None and getattr(longest, measure) is not None:
            values.append(getattr(longest, measure))
        elif said and not values:
            continue
        known = [value for value in values if value is not None]
        if ours and len(known) == len(values):
            return _spike(this, measure, ours, max(known, default=0))
    return [
        Finding(
            "not_comparable",
            NOTE,
            "nothing is said about this run's length: not every run of the 30 days before has a distance, or a time",
            "kneesense diary add --run RUN --distance KM",
            runs=(this,),
        )
    ]


def _spike(this: Entry, measure: str, ours: int, most: int) -> list[Finding]:
    if not most:
        return [
            Finding(
                "first_in_30_days",
                NOTE,
                "no run in the 30 days before this one: there is nothing to compare it with, begin short",
                BJSM,
                runs=(this,),
            )
        ]
    row = band(ours, most)
    if row is None:
        return []
    percent = (100 * ours) // most - 100
    by_time = (
        ""
        if measure == "distance_m"
        else "; ours is by time, the study by distance: the same only at the same pace"
    )
    return [
        Finding(
            f"session_{row.name}",
            ADVICE,
            f"{amount(measure, ours)} is {percent} % over the longest run of the 30 days before"
            f" ({amount(measure, most)}): in a large study such a jump went with {row.rate_ratio} times the rate of"
            f" overuse injuries{by_time}",
            f"{BJSM}; 95 % interval {row.interval}",
            runs=(this,),
        )
    ]


def next_run(entries: Sequence[Entry], today: date, planned: Limit | None = None) -> Limit | None:
    """How long the next run may be; None while it cannot be said, and while a sign says to stop.

    After pain, in the last run or on a day since: up to where it was marked, else shorter than that run by a whole
    minute or 100 m at least.  How much shorter no study says; how it goes, says the next entry.  Without pain: 10 %
    over the longest of the last 30 days (BJSM).  `entries`: all, in order, days without a run too.  `planned`: how
    long a programme wants it; never longer than what follows from pain, and no way around a stop.
    """
    if pain.red_flags(entries, today):
        return None
    recent = [entry for entry in last(entries, today, WINDOW_DAYS) if entry.ran]
    if not recent:
        return planned
    this = recent[-1]
    since = [entry for entry in last(entries, today, WINDOW_DAYS) if entry.day >= this.day]
    sore = any(entry.painful for entry in (this, *(entry for entry in since if not entry.ran)))
    if this.signs:
        return None
    found = _after_pain(this) if sore else _without_pain(recent)
    if found is None:
        return None if sore else planned
    same = planned is not None and planned.measure == found.measure
    return planned if same and planned is not None and planned.most < found.most else found


def _of(entry: Entry, measure: str) -> int | None:
    """Its distance, or the time it took without standing still."""
    return entry.distance_m if measure == "distance_m" else entry.moving_s


def _after_pain(this: Entry) -> Limit | None:
    if this.pain_marked_s:
        minutes = this.pain_marked_s[0] // 60
        if minutes:
            return Limit("duration_s", 60 * minutes, "pain was marked then in the last run")
    for measure, step in (("distance_m", 100), ("duration_s", 60)):
        value = _of(this, measure)
        if value and value >= 2 * step:
            return Limit(measure, value // step * step - step, "there was pain: shorter than the last run")
    return None


def _without_pain(recent: Sequence[Entry]) -> Limit | None:
    for measure, step in (("distance_m", 100), ("duration_s", 60)):
        values = [value for entry in recent if (value := _of(entry, measure))]
        if len(values) == len(recent):
            most = max(values) * 11 // 10 // step * step
            why = f"10 % over the longest run of the last 30 days; {BJSM}"
            return Limit(measure, most, why) if most else None
    return None


def surface(runs: Sequence[Entry]) -> list[Finding]:
    """A surface that none of the runs of the 30 days before was on; silent while none of theirs is known."""
    this = runs[-1]
    before = {entry.surface for entry in _before(runs)} - {None}
    if this.surface is None or not before or this.surface in before:
        return []
    usual = ", ".join(SURFACES[name] for name in SURFACES if name in before)
    return [
        Finding(
            "surface_change",
            NOTE,
            f"another surface: {SURFACES[this.surface]}, before {usual}",
            "other tissue bears more: change one thing at a time",
            runs=(this,),
        )
    ]


def hills(runs: Sequence[Entry]) -> list[Finding]:
    """Hills harder than in any run of the 30 days before, or the first stairs; silent while none of theirs is known."""
    this, before = runs[-1], _before(runs)
    ranks = [list(HILLS).index(entry.hills) for entry in before if entry.hills]
    found = []
    why = "downhill and stairs load the front of the knee more: change one thing at a time"
    if this.hills and ranks and list(HILLS).index(this.hills) > max(ranks):
        found.append(
            Finding(
                "hill_jump",
                NOTE,
                f"more hills than in the last 30 days: {HILLS[this.hills]}, at most {HILLS[list(HILLS)[max(ranks)]]}"
                " before",
                why,
                runs=(this,),
            )
        )
    stairs = [entry.stairs for entry in before if entry.stairs is not None]
    if this.stairs and stairs and not any(stairs):
        found.append(Finding("stairs", NOTE, "stairs, for the first time in 30 days", why, runs=(this,)))
    return found


def shoe(this: Entry, runs: Sequence[Entry], shoes: Mapping[str, tuple[int, bool]]) -> list[Finding]:
    """The last run's shoes: new ones, or past 500 and 800 km.

    `shoes`: name -> metres run in them, and whether all of their runs have a distance.
    """
    if this.shoe is None or this.shoe not in shoes:
        return []
    metres, complete = shoes[this.shoe]
    least = "" if complete else "at least "
    told = f"{this.shoe}: {least}{amount('distance_m', metres)}"
    why = "500 to 800 km is a range in common use, no study of injuries gives it; look at sole and heel"
    if metres > SHOE_M[1]:
        return [Finding("shoe_worn", ADVICE, f"{told}: past 800 km, replace them", why, runs=(this,))]
    if metres > SHOE_M[0]:
        return [Finding("shoe_wearing", NOTE, f"{told}: past 500 km", why, runs=(this,))]
    wearers = [entry for entry in runs if entry.shoe == this.shoe]
    others = {entry.shoe for entry in runs} - {None, this.shoe}
    if len(wearers) == 1 and others and metres <= (this.distance_m or 0):
        return [
            Finding(
                "shoe_new",
                NOTE,
                f"{this.shoe}: first run in new shoes",
                "change one thing at a time, and use the old ones in turn",
                runs=(this,),
            )
        ]
    return []


def amount(measure: str, value: int) -> str:
    """Kilometres or minutes, rounded down."""
    if measure == "distance_m":
        return f"{value // 1000}.{value % 1000 // 100} km"
    return f"{value // 60} min"


def _before(runs: Sequence[Entry]) -> list[Entry]:
    first = runs[-1].day - timedelta(days=WINDOW_DAYS)
    return [entry for entry in runs[:-1] if entry.day >= first]
