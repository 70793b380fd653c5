# SPDX-License-Identifier: MIT
"""`kneesense programme`: the faded retraining programme that the unit keeps and advances."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from kneecore import programme as table
from kneecore import wire

from ..errors import CommandRefused, InputError
from .consent import ScreenAnswers
from .options import Whole
from .output import DEFAULT_STORE, Output, StoreFlags

if TYPE_CHECKING:
    from ..answers import UnitPlan
    from ..bus import Update
    from ..coachsetup import CoachSetup
    from ..device import Device
    from ..prescription import Prescription
    from ..programme_view import Sessions
    from ..records import Record
    from ..store import Store, Unit

programme = App(
    name="programme",
    help_epilogue="""The unit keeps the programme and advances it by itself, also without this computer.
Default: eight sessions for two weeks, 15 to 30 minutes, with cues throughout in the first four, then in blocks that
grow rarer.

Examples: kneesense programme set; kneesense programme show; kneesense programme import knee.toml
""",
)


@Parameter(name="*")
@dataclass(frozen=True)
class Whom:
    """Which unit and which runner."""

    unit: str | None = None
    "Id of the unit. Default: the only paired one, or the runner's."

    runner: str | None = None
    "Whose programme. Default: the runner the unit is paired with."


WHOM = Whom()


@dataclass(frozen=True)
class _At:
    """A command's place of work."""

    store: Store
    paired: Unit
    runner: str
    out: Output

    @property
    def number(self) -> int:
        return self.store.runner_number(self.runner)

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[tuple[Device, CoachSetup]]:
        from .. import coachsetup
        from ..ble import BleLink
        from ..device import Device

        async with Device(BleLink(self.paired.handle)) as device:
            yield device, await coachsetup.read(device)


@programme.command
async def show(
    *,
    offline: Annotated[bool, Parameter(negative=())] = False,
    whom: Whom = WHOM,
    flags: StoreFlags = DEFAULT_STORE,
) -> None:
    """The programme as a table, with what has been done: fetches the runs since, also those without this computer.

    In band: share of the strides that needed no correction, in blocks with cues (dose) and without (retention).

    Parameters
    ----------
    offline
        From what has been fetched before; needs no unit.
    """
    from .. import dose, programme_view

    with _opened(whom, flags) as at:
        if offline:
            known = at.store.programme(at.paired.device)
            sessions = table.decode(known[1]) if known else ()
            following = None
        else:
            sessions, following = await _fetched(at)
            known = at.store.programme(at.paired.device)
        held = (
            dose.held(at.store, at.paired.device, at.runner, known[0] if known else (0, 0))
            if sessions
            else []
        )
        if following is None:
            following = programme_view.following(held)
        _tell(at, sessions, held, following)


@programme.command(name="set")
async def set_(
    *,
    session: Whole | None = None,
    minutes: Whole | None = None,
    on_s: Annotated[Whole | None, Parameter(name="--on")] = None,
    off_s: Annotated[Whole | None, Parameter(name="--off")] = None,
    following: Annotated[Whole | None, Parameter(name="--next")] = None,
    default: Annotated[bool, Parameter(negative=())] = False,
    whom: Whom = WHOM,
    screen_answers: ScreenAnswers = None,
    flags: StoreFlags = DEFAULT_STORE,
) -> None:
    """Begin the default programme, or edit the one on the unit.  What the unit cues is set by `kneesense cue`.

    Examples: kneesense programme set; kneesense programme set --session 5 --minutes 20 --on 60 --off 120;
    kneesense programme set --next 3

    Parameters
    ----------
    session
        The session to edit, from 1; one after the last is added. Default: all.
    minutes
        Minutes of running.
    on_s
        Seconds with cues in turn, in tens; 0 with --off 0: cues throughout.
    off_s
        Seconds without cues in turn, in tens.
    following
        The session the next run will be.
    default
        Begin the default programme anew, whatever is on the unit.
    screen_answers
        Answers of the safety screen before a runner's first cue, such as no,no,no,no,no. Asked for at a terminal.
    """
    from ..prescription_reader import check_sessions
    from .consent import require

    with _opened(whom, flags) as at:
        require(at.store, at.runner, screen_answers, at.out)
        async with at.connected() as (device, setup):
            kept = setup.plan
            goes_on = bool(kept.sessions) and kept.runner == at.number and not default
            sessions = _edited(kept.sessions if goes_on else table.DEFAULT, session, minutes, on_s, off_s)
            check_sessions(sessions)
            follows = following or (kept.following if goes_on else 1)
            if not 1 <= follows <= len(sessions) + 1:
                raise InputError(
                    f"--next {follows}: there are {len(sessions)} sessions", f"1 to {len(sessions)}"
                )
            await _prescribe(at, device, kept, sessions, follows, anew=not goes_on or following == 1)
            if setup.settings.get("cue_rule") == 0:
                at.out.warn("cues_off", "cues are off on the unit: kneesense cue --rule cadence")
        _tell(at, sessions, [], follows)


@programme.command(name="import")
async def import_(
    file: Path,
    /,
    *,
    following: Annotated[Whole, Parameter(name="--next")] = 1,
    whom: Whom = WHOM,
    screen_answers: ScreenAnswers = None,
    flags: StoreFlags = DEFAULT_STORE,
) -> None:
    """Take a prescription over: cue, target, sessions to the unit, the rule on pain for this computer's advice.

    docs/coaching.md describes the file.

    Parameters
    ----------
    file
        A prescription, TOML.
    following
        The session the next run will be.
    screen_answers
        Answers of the safety screen before a runner's first cue, such as no,no,no,no,no. Asked for at a terminal.
    """
    from .. import prescription, prescription_reader
    from .consent import require, warn_of_lean

    loaded = prescription_reader.load(file)
    if not 1 <= following <= len(loaded.sessions):
        raise InputError(
            f"--next {following}: there are {len(loaded.sessions)} sessions", f"1 to {len(loaded.sessions)}"
        )
    with _opened(whom, flags) as at:
        if loaded.runner is not None and loaded.runner != at.runner:
            raise InputError(f"{file}: is for {loaded.runner}, not for {at.runner}", "--runner NAME")
        require(at.store, at.runner, screen_answers, at.out)
        warn_of_lean(at.store, at.runner, loaded.rule, at.out)
        async with at.connected() as (device, setup):
            _idle(device)
            for name, value in loaded.settings.items():
                await device.set(name, value)
            await _prescribe(at, device, setup.plan, loaded.sessions, following, anew=True)
        at.store.set_prescription(at.runner, prescription.dumps(loaded))
        at.out.note(f"prescribed by {loaded.author}")
        _tell(at, loaded.sessions, [], following)


@programme.command
async def export(
    file: Path,
    /,
    *,
    author: str | None = None,
    note: str | None = None,
    overwrite: Annotated[bool, Parameter(negative=())] = False,
    whom: Whom = WHOM,
    flags: StoreFlags = DEFAULT_STORE,
) -> None:
    """Write the unit's cue and programme as a prescription, to keep, to edit or to hand on.

    Parameters
    ----------
    file
        Where to write it.
    author
        Who prescribes it. Default: the author of the prescription in force, as long as it is unchanged.
    note
        A remark in the file. Default: the one of the prescription in force.
    overwrite
        Replace the file if it exists.
    """
    from .. import outfile, prescription

    outfile.check(file, overwrite=overwrite)
    with _opened(whom, flags) as at:
        async with at.connected() as (_, setup):
            found = prescription.composed(
                setup.settings, setup.plan.sessions, _in_force(at), author, at.runner, note
            )
        with outfile.writing(file, overwrite=overwrite) as text:
            text.write(prescription.dumps(found))
        at.out.record({"type": "summary", "file": str(file), "author": found.author}, f"written to {file}")


@programme.command
async def stop(*, whom: Whom = WHOM, flags: StoreFlags = DEFAULT_STORE) -> None:
    """End the programme and the prescription: later runs cue throughout, by a baseline of their own."""
    with _opened(whom, flags) as at:
        async with at.connected() as (device, setup):
            await _prescribe(at, device, setup.plan, (), 0, anew=True)
        at.store.set_prescription(at.runner, None)
        at.out.record({"type": "summary", "sessions": 0}, "the programme is ended")


@contextmanager
def _opened(whom: Whom, flags: StoreFlags) -> Iterator[_At]:
    from ..paths import store_file
    from ..store import Store
    from .units import choose

    with Store(store_file(flags.store)) as store:
        paired = choose(store.units(), whom.unit, whom.runner)
        yield _At(store, paired, whom.runner or paired.runner, Output(flags.json))


async def _fetched(at: _At) -> tuple[Sessions, int]:
    """The programme on the unit and its next session, after fetching the unit's log."""
    from ..bus import News
    from ..sync import LogSync

    async with at.connected() as (device, setup):
        info = device.info

        def tell(update: Update) -> None:
            if isinstance(update, News):
                at.out.note(update.message)

        await LogSync(info.unit_id, at.store, tell).meet(device)
        plan = setup.plan
        if plan.sessions and plan.runner != at.number:
            at.out.warn("wrong_runner", f"the programme on the unit is another runner's, not {at.runner}'s")
            return (), 0
        encoded = table.encode(plan.sessions)
        known = at.store.programme(info.unit_id)
        if known is None or known[1] != encoded:  # prescribed by another computer: all that is known counts
            at.store.set_programme(info.unit_id, known[0] if known else (0, 0), encoded)
        return plan.sessions, plan.following


async def _prescribe(
    at: _At, device: Device, before: UnitPlan, sessions: Sessions, following: int, anew: bool
) -> None:
    """`before`: what the unit has kept; `anew`: what was run of it does not count."""
    _idle(device)
    if before.sessions and before.runner != at.number:
        at.out.warn("wrong_runner", "this replaces another runner's programme on the unit")
    await device.prescribe(at.number, following, sessions)
    info = await device.hello()
    known = at.store.programme(info.unit_id)
    first = (info.boot, info.next_seq) if anew or known is None else known[0]
    at.store.set_programme(info.unit_id, first, table.encode(sessions))


def _in_force(at: _At) -> Prescription | None:
    from ..prescription_reader import loads

    text = at.store.prescription(at.runner)
    return loads(text) if text else None


def _idle(device: Device) -> None:
    if device.info.running:
        raise CommandRefused(
            "prescribe", wire.STATUSES[wire.BAD_STATE], "end the run first: kneesense run --attach --end"
        )


def _edited(
    sessions: Sessions, session: int | None, minutes: int | None, on_s: int | None, off_s: int | None
) -> Sessions:
    """With one session changed or added, or all changed."""
    count = len(sessions)
    if session is not None and not 1 <= session <= count + 1:
        raise InputError(f"--session {session}: there are {count}", f"1 to {count + 1}")
    rows = list(sessions)
    if session == count + 1:
        rows.append(rows[-1])
    for i in range(len(rows)) if session is None else (session - 1,):
        new = zip((minutes, on_s, off_s), rows[i], strict=True)
        rows[i] = tuple(old if given is None else given for given, old in new)  # type: ignore[assignment]
    return tuple(rows)


def _tell(at: _At, sessions: Sessions, held: list[Record], following: int) -> None:
    from .. import prescription, programme_view

    force = _in_force(at)
    summary = programme_view.summary(sessions, held, following)
    if sessions:
        at.out.note(programme_view.HEAD)
    for row in programme_view.rows(sessions, held, following):
        at.out.record(row, programme_view.line(row))
    on_pain = force.pain_text if force else prescription.STOP
    at.out.record(
        {
            "type": "summary",
            **summary,
            "runner": at.runner,
            "author": force.author if force else None,
            "on_pain": on_pain,
        },
        f"{programme_view.closing(summary)}\non pain: {on_pain}",
    )
