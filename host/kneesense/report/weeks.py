# SPDX-License-Identifier: MIT
"""The parts of the report about weeks: programme, load, pain, hip programme.  A part without data is left out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from .. import hips, load, times
from ..diary import Entry
from ..diarywords import MOMENTS, PLACES, WORST, told
from ..records import Record
from . import plots
from .facts import Facts, Programme
from .markup import Child, Html, number, table, tag
from .sections import joined_section, minutes
from .words import RULES

_LOAD_DAYS = 56
_SHOWN = 14  # entries of the diary


def programme(facts: Facts) -> Html | None:
    """Planned and done, dose and retention."""
    if facts.programme is None:
        return None
    p = facts.programme
    done = number(p.summary["done"], "programme.done", "{:.0f}")
    all_ = number(p.summary["sessions"], "programme.sessions", "{:.0f}")
    cues = number(p.summary["cues"], "programme.cues", "{:.0f}")
    sentence: list[Child] = [done, " of ", all_, " sessions done, ", cues, " cues in all."]
    dose, kept = p.summary["dose_in_band"], p.summary["retention_in_band"]
    if dose is not None:
        sentence += [" In band with cues: ", percent(dose, "programme.dose_in_band"), "."]
    if kept is not None:
        sentence += [" Without cues, in the last session that had such blocks (retention): "]
        sentence += [percent(kept, "programme.retention_in_band"), "."]
    head = ("session", "date", "run", "cues", "in band with", "without", "cadence")
    rows = [_session(row) for row in p.rows]
    return joined_section("Programme", tag("p", *sentence), table(head, rows), *_faded(p), *_cadences(p))


def _session(row: Record) -> list[Child]:
    key = f"programme.{row['session']}"
    fade = f"cues {row['with_s']} s on, {row['without_s']} s off" if row["without_s"] else "cues throughout"
    state = ", next" if row["next"] else ""
    if row["runs"] and not row["complete"]:
        state = ", to be repeated"
    planned = number(row["minutes"], f"{key}.minutes", "{:.0f}", "min")
    head = [f"{row['session']}: ", planned, tag("small", fade + state)]
    if not row["runs"]:
        return [head, *[""] * 6]
    return [
        head,
        day(times.local(row["start_utc"])[:10] if row["start_utc"] else "date unknown"),
        minutes(row["run_s"], f"{key}.run_s"),
        number(row["cues"], f"{key}.cues", "{:.0f}"),
        percent(row["on_in_band"], f"{key}.on_in_band"),
        percent(row["off_in_band"], f"{key}.off_in_band"),
        number(row["mean_cadence_spm"], f"{key}.mean_cadence_spm"),
    ]


def _faded(p: Programme) -> list[Child]:
    row = next((row for row in reversed(p.rows) if row["runs"] and row["rule"]), None)
    if row is None or row["target"] is None:
        return []
    key = f"programme.{row['session']}"
    target, band = number(row["target"], f"{key}.target"), number(row["band"], f"{key}.band")
    baseline = number(row["baseline"], f"{key}.baseline")
    rule = RULES.get(row["rule"], row["rule"])
    return [
        tag("p", f"Cued is {rule}: baseline ", baseline, ", target ", target, " ± ", band, ".", class_="soft")
    ]


def _cadences(p: Programme) -> list[Child]:
    values = [(str(row["session"]), row["mean_cadence_spm"]) for row in p.rows if row["runs"]]
    if len(values) < 2:
        return []
    target = next(
        (row["target"] for row in reversed(p.rows) if row["metric"] == "cadence_spm" and row["target"]), None
    )
    drawn = plots.dots(values, "mean cadence of each session of the programme; figures above", target)
    dashed = "" if target is None else "; dashed: the target"
    return [
        tag(
            "figure",
            tag("h3", "Cadence by session, steps/min"),
            drawn,
            tag("figcaption", f"mean of each session{dashed}"),
        )
    ]


def load_(facts: Facts) -> Html | None:
    """Minutes of each day, and the longest run of 30 days."""
    ran = [entry for entry in facts.entries if entry.ran and entry.moving_s]
    recent = [e for e in ran if _recent(facts, e)]
    if not recent:
        return None
    values = [(f"{e.day:%d.%m.}", (e.moving_s or 0) / 60) for e in recent]
    window = [e for e in recent if facts.today - e.day <= timedelta(days=load.WINDOW_DAYS)]
    longest = max((e.moving_s or 0 for e in window), default=0)
    children: list[Child] = []
    if longest:
        text = number(longest, "load.longest_30_days_s", load.amount("duration_s", longest).split()[0], "min")
        children.append(tag("p", "Longest run of the last 30 days: ", text, "."))
    drawn = plots.bars(values, f"minutes of each of the last {len(values)} runs")
    children.append(tag("figure", tag("h3", "Minutes of each run"), drawn))
    total = sum(e.moving_s or 0 for e in recent if facts.today - e.day < timedelta(days=7))
    week = number(total, "load.last_7_days_s", str(total // 60), "min")
    untimed = sum(1 for e in facts.entries if e.ran and not e.moving_s and _recent(facts, e))
    left_out = number(untimed, "load.untimed", "{:.0f}") if untimed else None
    note = (
        "The runs of the last ",
        f"{_LOAD_DAYS // 7} weeks that have a date. In the last 7 days: ",
        week,
        ["; runs without a time, which are not in it: ", left_out] if untimed else None,
        ". One run far longer than those of the month before is what goes with injuries; sums of a week are not.",
    )
    return joined_section("Load", *children, tag("p", *note, class_="soft"))


def _recent(facts: Facts, entry: Entry) -> bool:
    return timedelta(0) <= facts.today - entry.day <= timedelta(days=_LOAD_DAYS)


def pain(facts: Facts) -> Html | None:
    """What was written about pain."""
    known = [e for e in facts.entries if e.pain or e.pain_marked_s or e.places]
    if not known:
        return None
    known = known[-_SHOWN:]
    moments = [moment for moment in MOMENTS if any(moment in e.pain for e in known)]
    heads = {"before": "before", "after": "0 min", "hour": "60 min", "morning": "next morning"}
    head = ("day", *(heads[moment] for moment in moments), "marked in the run", "where")
    return joined_section(
        "Pain",
        table(head, [_pain_row(e, moments) for e in known], f"Of {WORST}; - was not asked."),
    )


def _pain_row(entry: Entry, moments: Sequence[str]) -> list[Child]:
    key = f"pain.{entry.day.isoformat()}.{entry.run or 0}"
    marks = [
        [number(mark, f"{key}.mark{i}", f"{mark // 60}:{mark % 60:02d}"), " "]
        for i, mark in enumerate(entry.pain_marked_s)
    ]
    levels = [number(entry.pain.get(moment), f"{key}.{moment}", "{:.0f}") for moment in moments]
    return [day(entry.day.isoformat()), *levels, marks, told(entry.places or (), PLACES)]


def hip_programme(facts: Facts) -> Html | None:
    """Adherence by week."""
    weeks = hips.weeks(facts.hips, facts.today)
    if not weeks:
        return None
    least, most = hips.WEEK_SESSIONS
    rows = [
        [
            f"from {week.monday.isoformat()}",
            number(week.days, f"hips.{week.monday.isoformat()}.days", "{:.0f}"),
            number(week.share_percent, f"hips.{week.monday.isoformat()}.share_percent", "{:.0f}", "%"),
        ]
        for week in weeks
    ]
    text = f"{least} to {most} times a week are aimed at."
    return joined_section(
        "Hip and core programme", tag("p", text), table(("week", "days", "of the aim"), rows)
    )


def day(text: str) -> Html:
    """A date that is not broken over lines."""
    return tag("span", text, class_="day")


def percent(share: float | None, key: str) -> Html:
    """A share as percent; the value stays a share."""
    text = "" if share is None else f"{100 * share:.0f}"
    return number(share, key, text, "%")
