# SPDX-License-Identifier: MIT
"""The report's first line: cadence against baseline, how the knee is, how long the next run may be.

What means stop, or an assessment, stands before the length of a next run.  What is not known is said, not guessed.
"""

from __future__ import annotations

from .. import load
from ..advice import ASSESS, STOP
from .facts import Facts
from .markup import Child, number


def parts(facts: Facts) -> list[Child]:
    """The sentence, its numbers tagged; `plain` has the text alone."""
    told: list[Child] = []
    if facts.since is not None and facts.went_out > 1:
        count = number(facts.went_out, "headline.runs", "{:.0f}")
        told += ["After ", count, f" runs since {facts.since.isoformat()}: ", *_cadence(facts)]
    else:
        first, *rest = _cadence(facts)
        told += [first[:1].upper() + first[1:], *rest]
    told += [", ", *_knee(facts), *_following(facts), "."]
    return told


def _cadence(facts: Facts) -> list[Child]:
    change, ours = facts.change_percent, facts.last.cadence_spm
    if change is not None:
        shown = number(change, "headline.change_percent", "{:+.0f}", "%")
        if round(change) == 0:
            return ["cadence as at baseline (", shown, ")"]
        return ["cadence ", shown, " over baseline" if change > 0 else " against baseline"]
    if ours is not None:
        return ["cadence ", number(ours, "headline.cadence_spm", "{:.0f}"), " steps/min"]
    return ["no running recorded"]


def _knee(facts: Facts) -> list[Child]:
    entry = facts.entry
    if entry is not None and entry.worst is not None:
        return ["knee ", number(entry.worst, "headline.pain", "{:.0f}"), "/10"]
    if entry is not None and entry.pain_marked_s:
        return ["pain marked in the run"]
    return ["knee not asked"]


def _following(facts: Facts) -> list[Child]:
    if not facts.newest:
        return []
    found = [finding for finding in facts.findings if finding.level in (STOP, ASSESS)]
    if found and found[0].level == STOP:
        return ["; ", found[0].message]
    urgent: list[Child] = ["; ", found[0].message] if found else []
    limit = facts.limit
    if limit is None:
        return [*urgent, ", how long the next run may be is not known"]
    return [*urgent, ", next run at most ", length(limit, "headline.next_run")]


def length(limit: load.Limit, key: str) -> Child:
    """`25 min` or `5.2 km`; the value is in seconds or metres."""
    amount, _, unit = load.amount(limit.measure, limit.most).partition(" ")
    pattern = amount.replace("{", "").replace("}", "")  # rounded down, as everywhere
    return number(limit.most, key, pattern, unit)
