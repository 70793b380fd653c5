# SPDX-License-Identifier: MIT
"""What a diary says about pain: pure rules on entries.  Patterns are hints with their reasons, never a diagnosis.

Trend, assessment and red flags follow docs/safety.md.  A level that was not asked for is unknown, not 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from .advice import ADVICE, ASSESS, HINT, NOTE, STOP, Finding
from .diary import Entry, last
from .diarywords import AGGRAVATORS, PLACES, RED_FLAGS, SIGNS, told

if TYPE_CHECKING:
    from .prescription import PainRule

_RECENT_DAYS = 14
"""So long what was written is a reason to act on, and pain is one spell when it was felt again within it."""
_RUNS, _PAINFUL = 5, 3
_PATTERN_DAYS = 30
_KNEECAP = ("above_kneecap", "below_kneecap")
_BENT = ("squatting", "kneeling", "stairs", "downhill")
_SEE = "stop running and see a physical therapist or physician"
_BOOK = "book an assessment with a physical therapist"


def findings(entries: Sequence[Entry], today: date, rule: PainRule | None = None) -> list[Finding]:
    """All of them; `entries` of one runner in order."""
    runs = [entry for entry in entries if entry.ran]
    return [
        *red_flags(entries, today),
        *graded(runs, today, rule),
        *assessment(entries, today),
        *rising(runs, today),
        *patterns(entries, today),
    ]


def red_flags(entries: Sequence[Entry], today: date) -> list[Finding]:
    """Swelling, locking, giving way, pain in one spot or at night, in the last two weeks: stop, see someone.

    The flags are those of docs/safety.md: what may be a stress fracture or an injury inside the joint.
    """
    recent = [entry for entry in last(entries, today, _RECENT_DAYS) if entry.signs]
    names = [name for name in RED_FLAGS if any(name in (entry.signs or ()) for entry in recent)]
    if not names:
        return []
    with_one = tuple(entry for entry in recent if set(names) & set(entry.signs or ()))
    return [Finding("red_flag", STOP, f"{told(names, RED_FLAGS)}: {_SEE}", "a red flag", with_one)]


def graded(runs: Sequence[Entry], today: date, rule: PainRule | None) -> list[Finding]:
    """What pain in the last run means: stop the activity, unless a prescription has a graded rule of its author.

    That rule (prescription.PainRule) holds while the level in the run is at most `most`, is back to that before the
    run within the time it names, and is no worse next morning.  Rising or sharp pain, or limping: stop in any case.
    What it asks for and nobody has answered is said.
    """
    recent = last(runs, today, _RECENT_DAYS)
    if not recent:
        return []
    this = recent[-1]
    acute = [name for name in SIGNS if name not in RED_FLAGS and name in (this.signs or ())]
    if acute:
        return [
            Finding(
                "pain_stop", STOP, f"{told(acute, SIGNS)}: stop the activity", "no rule allows it", (this,)
            )
        ]
    if not this.painful:
        return []
    if rule is None:
        return [
            Finding(
                "pain",
                ADVICE,
                "there was pain in or after the last run: stop the activity when it comes",
                "no prescription says otherwise",
                (this,),
            )
        ]
    if rising(runs, today):
        return [
            Finding("pain_stop", STOP, "pain rises from run to run: stop the activity", rule.text, (this,))
        ]
    broken, unknown = held(this, rule)
    if broken:
        return [
            Finding("pain_rule_broken", STOP, f"{'; '.join(broken)}: stop the activity", rule.text, (this,))
        ]
    if unknown:
        text = f"whether the prescribed rule on pain holds is not known: {', '.join(unknown)}?"
        return [Finding("pain_rule_unknown", ADVICE, text, rule.text, (this,))]
    return [Finding("pain_rule_held", NOTE, "pain stayed within what is prescribed", rule.text, (this,))]


def held(entry: Entry, rule: PainRule) -> tuple[list[str], list[str]]:
    """What of the prescribed rule is broken, and what cannot be told yet, in words."""
    broken, unknown = [], []
    level = {moment: entry.pain.get(moment) for moment in ("before", "after", "hour", "morning")}
    if level["after"] is None:
        unknown.append("the level in the run")
    elif level["after"] > rule.most:
        broken.append(f"{level['after']}/10 in the run, {rule.most} are allowed")
    # Without a level before the run, back to none is back for sure; more is not known.
    for moment, asked, words in (
        ("hour", True, f"within {rule.back_within_min} min"),
        ("morning", rule.no_worse_next_morning, "next morning"),
    ):
        now = level[moment]
        if not asked or now == 0:
            continue
        if now is None:
            unknown.append(f"the level {words}")
        elif level["before"] is None:
            unknown.append("the level before the run")
        elif now > level["before"]:
            broken.append(f"{now}/10 {words}, {level['before']} before the run")
    return broken, list(dict.fromkeys(unknown))


def assessment(entries: Sequence[Entry], today: date) -> list[Finding]:
    """Pain in 3 of the last 5 runs, or a spell of more than two weeks: book an assessment (docs/safety.md).

    A spell goes on while pain is written down at least every two weeks and no entry in between says 0.  A run whose
    pain nobody knows counts among the five, not among the three.
    """
    if not last(entries, today, _RECENT_DAYS):
        return []
    found = []
    runs = [entry for entry in entries if entry.ran][-_RUNS:]
    sore = tuple(entry for entry in runs if entry.painful)
    if len(sore) >= _PAINFUL:
        text = f"pain in {len(sore)} of the last {len(runs)} runs: {_BOOK}"
        found.append(Finding("assess_runs", ASSESS, text, f"{_PAINFUL} of the last {_RUNS} runs", sore))
    spell = _spell(entries, today)
    if spell and (spell[-1].day - spell[0].day).days > _RECENT_DAYS:
        days = (spell[-1].day - spell[0].day).days
        text = f"pain for {days} days: {_BOOK}"
        found.append(Finding("assess_weeks", ASSESS, text, "more than two weeks", tuple(spell)))
    return found


def _spell(entries: Sequence[Entry], today: date) -> list[Entry]:
    """The entries with pain of the spell that goes on."""
    spell: list[Entry] = []
    following = today
    for entry in reversed(entries):
        if entry.painful is None:
            continue
        if not entry.painful or (following - entry.day).days > _RECENT_DAYS:
            break
        spell.insert(0, entry)
        following = entry.day
    return spell


def rising(runs: Sequence[Entry], today: date) -> list[Finding]:
    """The worst level rose from run to run over the last three of known level, all within 30 days."""
    known = [entry for entry in last(runs, today, _PATTERN_DAYS) if entry.worst is not None][-3:]
    levels = [entry.worst or 0 for entry in known]
    if len(known) < 3 or not levels[0] < levels[1] < levels[2]:
        return []
    text = f"pain rises from run to run: {', '.join(map(str, levels))} of 10: rest, or much less, until it is gone"
    return [Finding("pain_rising", ADVICE, text, "three runs in a row", tuple(known))]


def patterns(entries: Sequence[Entry], today: date) -> list[Finding]:
    """Which of two common patterns what was written resembles: a hint to talk about, no diagnosis.

    Around the kneecap, with squatting, kneeling, stairs or downhill: patellofemoral, as the guideline on it describes
    (Willy and others, J Orthop Sports Phys Ther 49 (2019) CPG1).  Outside of the knee at foot strike: ITB.
    """
    found = []
    recent = last(entries, today, _PATTERN_DAYS)
    for code, name, places, aggravators in (
        ("hint_patellofemoral", "patellofemoral", _KNEECAP, _BENT),
        ("hint_itb", "ITB (iliotibial band)", ("outside_knee",), ("strike",)),
    ):
        fits = tuple(
            entry
            for entry in recent
            if set(places) & set(entry.places or ()) and set(aggravators) & set(entry.aggravators or ())
        )
        if fits:
            where = [place for place in places if any(place in (entry.places or ()) for entry in fits)]
            by = [each for each in aggravators if any(each in (entry.aggravators or ()) for entry in fits)]
            text = (
                f"a hint, no diagnosis: pain {told(where, PLACES)}, worse with {told(by, AGGRAVATORS)}, is often told"
                f" of in the {name} pattern; other things feel the same, a physical therapist can tell"
            )
            days = ", ".join(entry.day.isoformat() for entry in fits)
            found.append(Finding(code, HINT, text, f"as you wrote on {days}", fits))
    return found
