# SPDX-License-Identifier: MIT
"""`kneesense diary show`, `shoes`, `longest`, `remove`: one entry, and what is beside the entries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from ..errors import InputError, NothingFound
from .options import Whole
from .output import DEFAULT_STORE, Output, StoreFlags

if TYPE_CHECKING:
    from ..store import Store

Flag = Annotated[bool, Parameter(negative=())]


def show(
    entry: Whole | None = None,
    /,
    *,
    run: str | None = None,
    runner: str | None = None,
    flags: StoreFlags = DEFAULT_STORE,
) -> None:
    """Show one entry with what the unit measured: time by gait, strides, cadence, sum of impacts of each leg.

    The sum of peak accelerations, in g, weighs strides by their size; compare it within one strapping only.

    Examples: kneesense diary show 3; kneesense diary show --run last

    Parameters
    ----------
    entry
        Its number.
    run
        Or the run's: as `kneesense runs` shows it, or `last`.
    runner
        Whose. Default: the only runner.
    """
    from .. import diarytarget, outings, outlook, runload
    from ..stored import find
    from . import diarylines as lines
    from . import who

    out = Output(flags.json)
    if (entry is None) == (run is None):
        raise InputError("which entry?", "its number, or --run RUN")
    with _existing(flags) as store:
        name = who.chosen(store, runner)
        says = outlook.of(store, name, who.today())
        if entry is not None:
            found = diarytarget.numbered(says.entries, entry).entry
        else:
            legs = {leg.id for leg in outings.of(store, find(store, run or "", name))}
            found = next((each for each in says.entries if each.run in legs), None)
        if found is None:
            raise NothingFound(f"run {run} is not in the diary of {name}", "kneesense diary add --run RUN")
        runs = [each for each in store.runs() if each.id == found.run]
        loads = [runload.of(store, leg) for each in runs for leg in outings.of(store, each)]
    out.record(lines.entry_record(found, who.today()), lines.entry_line(found))
    for load in loads:
        out.record(lines.load_record(load), lines.load_line(load))
    about = [finding for finding in says.findings if found in finding.runs]
    for finding in about:
        out.record(finding.record, lines.advice_lines(finding))
    out.record({"type": "summary", "runner": name, "entry": found.id, "advice": len(about)})


def shoes(
    name: str | None = None,
    /,
    *,
    new: Flag = False,
    before: str | None = None,
    retire: Flag = False,
    use: Flag = False,
    runner: str | None = None,
    flags: StoreFlags = DEFAULT_STORE,
) -> None:
    """Show the shoes with their kilometres, take new ones, retire old ones.

    Examples: kneesense diary shoes; kneesense diary shoes "Blue 3" --new; kneesense diary shoes Old --new --before 420;
    kneesense diary shoes Old --retire

    Parameters
    ----------
    name
        Of the shoes.
    new
        There are none of that name yet.
    before
        Kilometres run in them before the diary.
    retire
        Not worn any more, from today on.
    use
        Worn again.
    runner
        Whose. Default: the only runner.
    """
    from .. import diary as book
    from .. import shoes as pairs
    from ..diaryinput import distance_m
    from ..paths import store_file
    from ..store import Store
    from . import diarylines as lines
    from . import who

    out = Output(flags.json)
    changes: dict[str, Any] = {}
    if before is not None:
        changes["before_m"] = distance_m(before, "--before")
    if retire and use:
        raise InputError("--retire and --use", "leave one of them out")
    if retire or use:
        changes["retired_day"] = who.today().isoformat() if retire else None
    if name is None and (new or changes):
        raise InputError("which shoes?", "their name goes first")
    with Store(store_file(flags.store)) as store:
        whose = who.chosen(store, runner, out if new else None)
        if name is not None:
            if not name.strip():
                raise InputError("the shoes' name is empty", "such as 'Blue 3'")
            store.set_shoe(whose, name.strip() if new else pairs.chosen(store, whose, name), **changes)
        listed = pairs.of(store, whose, book.entries(store, whose))
    for pair in listed:
        out.record(lines.shoe_record(pair), lines.shoe_line(pair))
    out.record(
        {"type": "summary", "runner": whose, "shoes": len(listed)},
        None if listed else f"{whose} has no shoes yet",
    )


def longest(
    most: str, /, *, runner: str | None = None, day: str | None = None, flags: StoreFlags = DEFAULT_STORE
) -> None:
    """Say what the longest run of the last 30 days was, where the diary does not reach back so far.

    Examples: kneesense diary longest 12; kneesense diary longest "75 min"; kneesense diary longest none

    Parameters
    ----------
    most
        Kilometres, or minutes with `min`; `none` if there was no run.
    runner
        Whose. Default: the only runner.
    day
        The last of these 30 days. Default: today.
    """
    from ..load import amount
    from ..paths import store_file
    from ..store import Store
    from . import who

    out = Output(flags.json)
    metres, seconds = length(most)
    on = who.day(day)
    with Store(store_file(flags.store)) as store:
        name = who.chosen(store, runner, out)
        store.set_longest(name, on.isoformat(), metres, seconds)
    told = amount("distance_m", metres) if metres else amount("duration_s", seconds) if seconds else "none"
    out.record(
        {
            "type": "summary",
            "runner": name,
            "day": on.isoformat(),
            "distance_m": metres,
            "duration_s": seconds,
        },
        f"longest run of {name} in the 30 days up to {on}: {told}",
    )


def remove(
    entry: Whole, /, *, runner: str | None = None, yes: Flag = False, flags: StoreFlags = DEFAULT_STORE
) -> None:
    """Remove what was written; the recorded run stays.

    Examples: kneesense diary remove 3 --yes

    Parameters
    ----------
    entry
        Its number.
    runner
        Whose. Default: the only runner.
    yes
        Do not ask.
    """
    from .. import diary as book
    from .. import diarytarget
    from . import diarylines as lines
    from . import who
    from .delete import confirmed, wipe

    out = Output(flags.json)
    with _existing(flags) as store:
        name = who.chosen(store, runner)
        target = diarytarget.numbered(book.entries(store, name), entry)
        assert target.entry is not None
        out.note(f"to be removed from the diary of {name}:\n{lines.entry_line(target.entry)}")
        gone = confirmed(yes) and store.delete_entry(name, entry)
        overwritten = wipe(store, out) if gone else None
    out.record(
        {"type": "summary", "runner": name, "removed": gone, "wiped": overwritten},
        f"entry {entry} is removed" if gone else "nothing is removed",
    )


def length(text: str) -> tuple[int | None, int | None]:
    """(metres, seconds) of a distance or a time; (0, 0) of none."""
    from ..diaryinput import distance_m, seconds

    word = text.strip().lower()
    if word in ("none", "0"):
        return 0, 0
    if word.endswith("min") or ":" in word:
        return None, seconds(text, "the longest run")
    return distance_m(text, "the longest run"), None


@contextmanager
def _existing(flags: StoreFlags) -> Iterator[Store]:
    from ..paths import store_file
    from ..store import Store

    file = store_file(flags.store)
    if not file.exists():
        raise NothingFound(f"there is no diary in {file} yet", "kneesense diary add --runner NAME")
    with Store(file) as store:
        yield store
