# SPDX-License-Identifier: MIT
"""`kneesense diary`: load, pain, shoes, sleep; what follows from them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from ..advice import ASSESS, STOP
from ..errors import InputError, NothingFound
from . import asking, diarymore
from .diaryflags import SAID, WHICH, Said, Which, read
from .options import Whole
from .output import DEFAULT_STORE, Output, StoreFlags

if TYPE_CHECKING:
    from ..diary import Entry
    from ..diarytarget import Target
    from ..store import Store
    from ..trackfile import Track

diary = App(
    name="diary",
    help_epilogue="""Examples: kneesense diary; kneesense diary add; kneesense diary add --distance 8.4 --pain 2
--where above_kneecap --worse-with stairs; kneesense diary add --pain-morning 1
""",
)
Flag = Annotated[bool, Parameter(negative=())]


@diary.default
def list_(
    *,
    runner: str | None = None,
    last: Whole = 10,
    since: str | None = None,
    flags: StoreFlags = DEFAULT_STORE,
) -> None:
    """Show the last entries, the questions still open, and what follows: load, shoes, pain, who to see.

    A line: number of the entry, day, run, distance, time, pain right after / 60 minutes after / next morning (?: not
    asked), where, surface, shoes, notes.  What is said follows rules of docs/diary.md, each with its reason; no
    diagnosis, and silence is no clearance.

    Parameters
    ----------
    runner
        Whose diary. Default: the only runner.
    last
        How many entries.
    since
        Entries from this day on, instead of the last ones.
    """
    from .. import outlook
    from ..paths import store_file
    from ..store import Store
    from . import diarylines as lines
    from . import who

    out = Output(flags.json)
    file = store_file(flags.store)
    first = None if since is None else who.day(since)
    today = who.today()
    if not file.exists():
        raise NothingFound(f"there is no diary in {file} yet", "kneesense diary add --runner NAME")
    with Store(file, read_only=True) as store:
        name = who.chosen(store, runner)
        says = outlook.of(store, name, today)
    entries = says.entries
    shown = [e for e in entries if first is None or e.day >= first][
        -last if first is None and last > 0 else 0 :
    ]
    for entry in shown:
        out.record(lines.entry_record(entry, today), lines.entry_line(entry))
    if not shown:
        out.note(f"nothing in the diary of {name} yet: kneesense diary add")
    unanswered = [(entry, moments) for entry in entries if (moments := entry.open(today))]
    for entry, moments in unanswered:
        out.note(lines.open_lines(entry, moments))
    if says.undated:
        numbers = ", ".join(map(str, says.undated))
        out.warn("undated", f"left out, for nobody knows their day: run {numbers} (kneesense date RUN WHEN)")
    for finding in says.findings:
        out.record(finding.record, lines.advice_lines(finding))
    out.record(
        {
            "type": "summary",
            "runner": name,
            "entries": len(shown),
            "open": sum(len(moments) for _, moments in unanswered),
            "advice": len(says.findings),
            "next_run": lines.limit_record(says.next_run),
            "undated": says.undated,
            "log": str(file),
        },
        "hints from what was written, no diagnosis; silence is no clearance" if says.findings else None,
    )


for _command in (diarymore.show, diarymore.shoes, diarymore.longest, diarymore.remove):
    diary.command(_command)


@diary.command
def add(
    *,
    which: Which = WHICH,
    file: Path | None = None,
    another: Flag = False,
    runner: str | None = None,
    said: Said = SAID,
    flags: StoreFlags = DEFAULT_STORE,
) -> None:
    """Write about a run or a day.  Without anything to write, at a terminal, it asks.

    What was written before stays unless it is said anew; twice the same is one entry.  Default: today's run, else
    today; --pain-morning alone is about the run before.

    Examples: kneesense diary add; kneesense diary add --run last --pain 2 --where outside_knee --worse-with strike;
    kneesense diary add --file run.gpx --shoe blue; kneesense diary add --day yesterday --time 45 --surface trail

    Parameters
    ----------
    file
        A GPX, TCX or FIT file (extra `fit`) of the run: its distance, and when it was.
    another
        With --file: another run than the one of that day that has no time of day.
    runner
        Whose. Default: the only runner.
    """
    from .. import diary as book
    from .. import outlook, screening, shoes, trackfile
    from ..paths import store_file
    from ..store import Store
    from . import diarylines as lines
    from . import who

    out = Output(flags.json)
    values, pain = read(said)
    track = None if file is None else trackfile.read(file)
    with Store(store_file(flags.store)) as store:
        name = who.chosen(store, runner, out)
        entries = book.entries(store, name)
        morning_only = track is None and not values and set(pain) == {"morning"}
        target = _target(store, name, entries, which, track, another, morning_only)
        if track is not None:
            values = _with_track(track, target, values)
        elif not values and not pain:
            values, pain = _asked(store, name, target, out)
        if "shoe" in values:
            values["shoe"] = shoes.chosen(store, name, values["shoe"])
        _check(target, values, pain, corrected=which.entry is not None)
        if "distance_m" in values:
            values.setdefault("source", "said")
        number, new = book.write(
            store,
            name,
            target.day,
            entry=target.entry.id if target.entry else None,
            run=next((run for run in store.runs() if run.id == target.run), None),
            start_us=target.start_us or (track.start_us if track else None),
            values=values,
            pain=pain,
        )
        if screening.told_by(store, name, values.get("signs") or ()):
            out.warn(
                "cues_withheld", f"cues stay off: {screening.SEE}; on the unit: kneesense cue --rule off"
            )
        says = outlook.of(store, name, who.today())
        if says.wants_longest and _may_ask(flags) and store.first_time(name, "longest"):
            _ask_longest(store, name, out)
            says = outlook.of(store, name, who.today())
    written = next(entry for entry in says.entries if entry.id == number)
    out.record(lines.entry_record(written, who.today()), lines.entry_line(written))
    about = [f for f in says.findings if f.level in (STOP, ASSESS) or written in f.runs]
    for finding in about:
        out.record(finding.record, lines.advice_lines(finding))
    out.record(
        {
            "type": "summary",
            "runner": name,
            "entry": number,
            "new": new,
            "advice": len(about),
            "next_run": lines.limit_record(says.next_run),
        },
        f"entry {number} {'is new' if new else 'was changed'}",
    )


def _target(
    store: Store,
    name: str,
    entries: list[Entry],
    which: Which,
    track: Track | None,
    another: bool,
    morning_only: bool,
) -> Target:
    from .. import diary as book
    from .. import diarytarget, outings, times
    from ..stored import find
    from . import who

    if sum(choice is not None for choice in (which.run, which.entry, which.day, which.at)) > 1:
        raise InputError("--run, --entry, --day, --at", "one of them says which run")
    if which.run is not None:
        recorded = find(store, which.run, name)
        legs = {leg.id for leg in outings.of(store, recorded)}
        return diarytarget.of_run(entries, recorded.id, legs, book.facts(store, recorded).day or who.today())
    if which.entry is not None:
        return diarytarget.numbered(entries, which.entry)
    if which.at is not None:
        return _past(diarytarget.at(entries, times.meant(which.at)))
    if which.day is None and track is not None:
        told = diarytarget.of_track(entries, track, another)
        if told is not None:
            return _past(told)
    if which.day is not None:
        return diarytarget.on_day(entries, who.day(which.day))
    return diarytarget.now(entries, who.today(), morning_only)


def _past(target: Target) -> Target:
    from . import who

    who.refuse_to_come(target.day)
    return target


def _with_track(track: Track, target: Target, values: dict[str, Any]) -> dict[str, Any]:
    """What a file tells; what is said by hand goes before it, and a unit's time before both."""
    found = dict(values)
    if "distance_m" not in values and track.distance_m is not None:
        found |= {"distance_m": track.distance_m, "source": track.kind}
    if target.run is None and track.duration_s is not None:
        found.setdefault("duration_s", track.duration_s)
    if not found:
        raise InputError("there is neither a distance nor a time in the file", "--distance KM")
    return found


def _check(target: Target, values: dict[str, Any], pain: dict[str, int], corrected: bool) -> None:
    """InputError for what cannot be, or would replace a run by another one."""
    from ..load import amount

    if not values and not pain:
        raise InputError("nothing to write down", "kneesense diary add --help names what there is")
    if target.run is not None and "duration_s" in values:
        raise InputError("--time: the unit knows how long this run was", "leave it out")
    known = target.entry
    if known is None or corrected or known.run is not None or known.start_us is not None:
        return
    for measure in ("distance_m", "duration_s"):
        old, new = getattr(known, measure), values.get(measure)
        if old and new and old != new:
            raise InputError(
                f"entry {known.id} of {known.day} is a run of {amount(measure, old)} already",
                f"another run: --at TIME; to correct it: --entry {known.id}",
            )


def _may_ask(flags: StoreFlags) -> bool:
    return asking.at_terminal() and not flags.json


def _asked(store: Store, name: str, target: Target, out: Output) -> tuple[dict[str, Any], dict[str, int]]:
    from .. import diary as book
    from ..diaryinput import QUESTIONS
    from .diaryask import guided
    from .who import prompted, today

    if not asking.at_terminal():
        raise InputError("nothing to write down", "kneesense diary add --help names what there is")
    worn = [row["name"] for row in store.shoes(name) if row["retired_day"] is None]
    ran = target.run is not None or (target.entry is not None and target.entry.ran)
    moments = book.ASKED if target.day < today() else ("after", "hour")
    out.note(f"{name}, {f'run {target.run}, ' if target.run else ''}{target.day}")
    answers = guided(target.entry, ran, worn, moments, prompted, out)
    levels = {question.key for question in QUESTIONS if question.pain}
    return (
        {key: value for key, value in answers.items() if key not in levels},
        {key: value for key, value in answers.items() if key in levels},
    )


def _ask_longest(store: Store, name: str, out: Output) -> None:
    from .diaryask import longest as ask
    from .diarymore import length
    from .who import prompted, today

    while (text := ask(prompted)) is not None:
        try:
            store.set_longest(name, today().isoformat(), *length(text))
            return
        except InputError as error:
            out.note(f"{error}: {error.advice}")
