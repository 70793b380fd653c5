# SPDX-License-Identifier: MIT
"""`kneesense hips`: the hip and core programme: exercises, guided session, log, adherence, repetitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from ..errors import InputError, NothingFound
from . import asking, hipssensor
from .options import Whole
from .output import DEFAULT_FLAGS, DEFAULT_STORE, Flags, Output, StoreFlags

if TYPE_CHECKING:
    from ..hips import Exercise, Session, Week

hips = App(
    name="hips",
    help_epilogue="""Examples: kneesense hips; kneesense hips exercises; kneesense hips start; kneesense hips log --all
""",
)
Flag = Annotated[bool, Parameter(negative=())]

for _command in (hipssensor.reps, hipssensor.screen):
    hips.command(_command)


@hips.default
def list_(
    *, runner: str | None = None, last: Whole = 6, since: str | None = None, flags: StoreFlags = DEFAULT_STORE
) -> None:
    """Show the last sessions and how many there were a week; 3 to 4 are aimed at, a day between them.

    Parameters
    ----------
    runner
        Whose. Default: the only runner.
    last
        How many sessions.
    since
        Sessions from this day on, instead of the last ones.
    """
    from .. import hips as programme
    from ..paths import store_file
    from ..store import Store
    from . import hipslines as lines
    from . import who

    out = Output(flags.json)
    file = store_file(flags.store)
    first = None if since is None else who.day(since)
    if not file.exists():
        raise NothingFound(f"there is no log in {file} yet", "kneesense hips start --runner NAME")
    with Store(file, read_only=True) as store:
        name = who.chosen(store, runner)
        sessions = programme.log(store, name)
    shown = [s for s in sessions if first is None or s.day >= first]
    if first is None:
        shown = shown[-last:] if last > 0 else []
    for session in shown:
        out.record(lines.session_record(session), lines.session_line(session))
    weeks = programme.weeks(sessions, who.today())
    for week in weeks:
        out.record(lines.week_record(week), lines.week_line(week))
    this = weeks[-1] if weeks else None
    least, most = programme.WEEK_SESSIONS
    left = least if this is None else this.left
    out.record(
        {
            "type": "summary",
            "runner": name,
            "sessions": len(shown),
            "this_week": this.days if this else 0,
            "left": left,
            "aim": [least, most],
        },
        f"{name}: {left} still to do this week" if left else f"{name}: this week's sessions are done",
    )


@hips.command
def exercises(name: str | None = None, /, *, flags: Flags = DEFAULT_FLAGS) -> None:
    """Show the exercises: how often, what to do, what to look for.  Drawings: docs/hips.md.

    Examples: kneesense hips exercises; kneesense hips exercises bridge

    Parameters
    ----------
    name
        One of them.
    """
    from .. import hips as programme
    from . import hipslines as lines

    out = Output(flags.json)
    chosen = programme.EXERCISES if name is None else (_exercise(name),)
    if name is None:
        out.note(f"warm-up: {programme.WARM_UP}")
    for exercise in chosen:
        out.record(lines.exercise_record(exercise), lines.exercise_lines(exercise))
    if name is None:
        out.note(f"stretch: {programme.STRETCH}")
    least, most = programme.WEEK_SESSIONS
    out.record(
        {"type": "summary", "exercises": len(chosen), "aim": [least, most]},
        f"{least} to {most} times a week; pain while exercising: stop, and ask a physical therapist",
    )


@hips.command
def log(
    *,
    everything: Annotated[bool, Parameter(name="--all", negative=())] = False,
    exercise: str | None = None,
    side: str | None = None,
    sets: Whole | None = None,
    reps: Whole | None = None,
    hold: Whole | None = None,
    warm_up: bool | None = None,
    stretched: bool | None = None,
    day: str | None = None,
    note: str | None = None,
    runner: str | None = None,
    flags: StoreFlags = DEFAULT_STORE,
) -> None:
    """Write down a session: all of the programme, or some exercises; sets and repetitions as planned unless said.

    Examples: kneesense hips log --all --warm-up --stretched; kneesense hips log --exercise bridge,deadlift --sets 2;
    kneesense hips log --exercise side_bridge --side left --hold 15 --day yesterday

    Parameters
    ----------
    everything
        Every exercise as planned.
    exercise
        Some, with commas between.
    side
        left or right, when it was one only.
    sets
        Sets of each exercise on each side.
    reps
        Repetitions of each set.
    hold
        Seconds held in each set.
    warm_up
        Whether you warmed up.
    stretched
        Whether you stretched afterwards.
    day
        2026-11-30, today or yesterday.
    note
        Anything else.
    runner
        Whose. Default: the only runner.
    """
    from .. import hips as programme
    from ..paths import store_file
    from ..store import Store
    from . import who

    out = Output(flags.json)
    if everything == (exercise is not None):
        raise InputError("--all or --exercise", "one of them says what was done")
    if side not in (None, "left", "right"):
        raise InputError(f"--side {side}: must be left or right")
    for flag, value in (("--sets", sets), ("--reps", reps), ("--hold", hold)):
        if value is not None and not 1 <= value <= 1000:
            raise InputError(f"{flag} {value}: must be 1 to 1000")
    names = [each.strip() for each in (exercise or "").split(",") if each.strip()]
    chosen = programme.EXERCISES if everything else tuple(map(_exercise, names))
    done = [
        programme.Set(
            each.name,
            on,
            reps if reps is not None else each.reps if hold is None else None,
            hold if hold is not None else each.hold_s if reps is None else None,
        )
        for each in chosen
        for on in (each.sides if side is None else (side,))
        for _ in range(each.sets if sets is None else sets)
    ]
    on_day = who.day(day)
    with Store(store_file(flags.store)) as store:
        name = who.chosen(store, runner, out)
        number = programme.keep(store, name, on_day, done, warm_up=warm_up, stretched=stretched, note=note)
        sessions = programme.log(store, name)
    _told_kept(out, next(s for s in sessions if s.id == number), programme.weeks(sessions, who.today()))


@hips.command
def start(
    *,
    exercise: str | None = None,
    sets: Whole | None = None,
    rest: Whole = 45,
    runner: str | None = None,
    flags: StoreFlags = DEFAULT_STORE,
) -> None:
    """Be guided through a session at a terminal: cues, sets, repetitions, a timer for what is held and for rests.

    Enter goes on, a number says how many repetitions (or seconds) it was, s skips an exercise, q ends.  What was done
    is written down, also after q or Ctrl-C.  In scripts: kneesense hips log.

    Examples: kneesense hips start; kneesense hips start --exercise bridge,side_bridge --sets 2 --rest 30

    Parameters
    ----------
    exercise
        Some, with commas between. Default: all.
    sets
        Sets of each exercise on each side. Default: as planned.
    rest
        Seconds of rest between sets; 0: none.
    runner
        Whose. Default: the only runner.
    """
    from .. import hips as programme
    from ..paths import store_file
    from ..store import Store
    from . import hipsguide, who

    out = Output(flags.json)
    if not asking.at_terminal():
        raise InputError("a guided session needs a terminal", "kneesense hips log writes one down")
    if not 0 <= rest <= 600:
        raise InputError(f"--rest {rest}: must be 0 to 600 seconds")
    if sets is not None and not 1 <= sets <= 20:
        raise InputError(f"--sets {sets}: must be 1 to 20")
    names = [each.strip() for each in (exercise or "").split(",") if each.strip()]
    chosen = tuple(map(_exercise, names)) or programme.EXERCISES
    with Store(store_file(flags.store)) as store:
        name = who.chosen(store, runner, out)
        start_us = who.now_us()
        held = hipsguide.session(chosen, sets, rest, who.prompted, out)
        if not held.done:
            out.record(
                {"type": "summary", "runner": name, "session": None},
                "nothing was done, nothing is written down",
            )
            return
        number = programme.keep(
            store,
            name,
            who.today(),
            held.done,
            start_us=start_us,
            warm_up=held.warm_up,
            stretched=held.stretched,
        )
        sessions = programme.log(store, name)
    _told_kept(out, next(s for s in sessions if s.id == number), programme.weeks(sessions, who.today()))


@hips.command
def remove(
    session: Whole, /, *, runner: str | None = None, yes: Flag = False, flags: StoreFlags = DEFAULT_STORE
) -> None:
    """Remove a session from the log.

    Examples: kneesense hips remove 3 --yes

    Parameters
    ----------
    session
        Its number.
    runner
        Whose. Default: the only runner.
    yes
        Do not ask.
    """
    from .. import hips as programme
    from ..paths import store_file
    from ..store import Store
    from . import hipslines as lines
    from . import who
    from .delete import confirmed, wipe

    out = Output(flags.json)
    file = store_file(flags.store)
    if not file.exists():
        raise NothingFound(f"there is no log in {file} yet", "kneesense hips start --runner NAME")
    with Store(file) as store:
        name = who.chosen(store, runner)
        found = next((s for s in programme.log(store, name) if s.id == session), None)
        if found is None:
            raise NothingFound(f"{name} has no session {session}", "kneesense hips lists them")
        out.note(f"to be removed from the log of {name}:\n{lines.session_line(found)}")
        gone = confirmed(yes) and store.delete_hips(name, session)
        overwritten = wipe(store, out) if gone else None
    out.record(
        {"type": "summary", "runner": name, "removed": gone, "wiped": overwritten},
        f"session {session} is removed" if gone else "nothing is removed",
    )


def _exercise(name: str) -> Exercise:
    from ..hips import BY_NAME

    fits = [each for each in BY_NAME if each.startswith(name.strip().lower().replace("-", "_"))]
    exact = [each for each in fits if each == name]
    if len(exact or fits) != 1 or not name.strip():
        raise InputError(f"{name}: no exercise, or several", f"of {', '.join(BY_NAME)}")
    return BY_NAME[(exact or fits)[0]]


def _told_kept(out: Output, session: Session, weeks: list[Week]) -> None:
    from . import hipslines as lines

    out.record(lines.session_record(session), lines.session_line(session))
    left = weeks[-1].left if weeks else 0
    out.record(
        {"type": "summary", "runner": session.runner, "session": session.id, "left": left},
        f"session {session.id} is written down; {f'{left} still to do' if left else 'all done'} this week",
    )
