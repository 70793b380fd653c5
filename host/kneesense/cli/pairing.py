# SPDX-License-Identifier: MIT
"""The questions of `kneesense pair`: which unit, where it is worn, by whom, and whether its buzz was felt.

Every question has a flag, or a default that a script gets without being asked.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kneecore import patterns, wire

from ..errors import CommandRefused, InputError, KneesenseError, NothingFound, NotTrusted
from .asking import agreed, ask, at_terminal, chosen
from .buzz import until_it_ends
from .output import Output

if TYPE_CHECKING:
    from ..ble import Seen
    from ..device import Device
    from ..store import Store, Unit

LISTEN_S = 5.0
_TICK_S = 0.2

# What people say, for what is kept; their doctors say it in the other words.
_FACES = {"inner": "medial", "outer": "lateral", "medial": "medial", "lateral": "lateral", "unknown": None}

_DOOR = (
    "{} takes no new computer just now. It does in the first minute after its first start, and like this:\n"
    "  1. Hold its button until it has buzzed twice (about 3 s), let go.\n"
    "  2. Within a minute go on here."
)
_REPEATS = "If it repeats: remove the unit in this computer's Bluetooth settings."
_NOT_FELT = (
    "What to look at:\n"
    "  - hold the unit in your hand: a strap or a desk swallows a short buzz\n"
    "  - its battery: a nearly empty one moves no motor\n"
    "  - the motor's wires, see hardware/README.md"
)


@dataclass(frozen=True, slots=True)
class Wearing:
    """Where a unit is worn, and by whom."""

    side: str
    face: str | None
    runner: str

    @property
    def text(self) -> str:
        """For people."""
        return f"{self.runner}, {self.side} leg" + (f", {self.face} face" if self.face else "")


async def pick(store: Store, seconds: float, out: Output) -> Seen:
    """One of the units near, from a person.  Raises NothingFound when there is none and nobody wants to wait."""
    while not (found := await _listen(min(seconds, LISTEN_S), out)):
        out.note(
            "No unit was heard. Switch one on (press its button: it may sleep) and bring it near;"
            " one that is connected to another program is not heard."
        )
        if not agreed("Listen again?", True, "kneesense pair UNIT"):
            raise NothingFound("no unit was heard", "kneesense doctor finds out why")
    out.note("Units near, the strongest first:")
    known = {unit.handle: unit for unit in store.units()}
    for number, seen in enumerate(found, 1):
        out.note(f"  {number}  {seen.handle:<6} {seen.rssi_dbm:>4} dBm{_about(seen, known.get(seen.handle))}")
    while True:
        word = ask("Which one? Its number or id [1]", "kneesense pair UNIT") or "1"
        fits = [seen for number, seen in enumerate(found, 1) if word == str(number) or seen.answers_to(word)]
        if fits:
            return fits[0]
        numbers = ", ".join(str(number) for number in range(1, len(found) + 1))
        print(f"  one of: {numbers}, or an id of the list", file=sys.stderr, flush=True)


async def _listen(seconds: float, out: Output) -> list[Seen]:
    from .. import ble
    from .progress import bar

    with bar(out, "listening for units") as told:

        async def tick() -> None:
            loop = asyncio.get_running_loop()
            began = loop.time()
            while True:
                told(round(1000 * min(loop.time() - began, seconds)), round(1000 * seconds))
                await asyncio.sleep(_TICK_S)

        ticking = asyncio.create_task(tick())
        try:
            return await ble.scan(seconds)
        finally:
            ticking.cancel()


def _about(seen: Seen, paired: Unit | None) -> str:
    if seen.major not in (None, wire.MAJOR):
        return f"  speaks wire version {seen.major}, this program {wire.MAJOR}"
    return f"  remembered: {paired.runner}, {paired.side} leg" if paired else "  new here"


def wearing(
    store: Store, seen: Seen, side: str | None, face: str | None, runner: str | None, guided: bool
) -> Wearing:
    """What is given, else asked for when `guided`, else as before."""
    from ..storefile import check_name

    if runner is not None:
        check_name(runner)
    before = next((unit for unit in store.units() if unit.handle == seen.handle), None)
    side = side or ask_side(before.side if before else None)
    kept = before.face if before and before.side == side and before.face != "unknown" else None
    if face is None:
        face = ask_face(kept) if guided else kept
    return Wearing(side, face, runner or _runner(store, before, guided))


def ask_side(default: str | None) -> str:
    """The leg; Enter for the default."""
    question = "Worn on which leg, left or right?"
    return chosen(question, wire.SIDES[1:], default, "--side left or --side right")


def ask_face(default: str | None) -> str | None:
    """The face of the shin bone; Enter for the default, None when not known."""
    word = next((word for word, meant in _FACES.items() if meant == default), "unknown")
    question = "On which face of the shin, inner (medial) or outer (lateral)?"
    return _FACES[chosen(question, tuple(_FACES), word, "--face medial or --face lateral")]


def _runner(store: Store, before: Unit | None, guided: bool) -> str:
    """Who wears it, when nobody was named."""
    from ..storefile import check_name

    known = store.runners()
    default = before.runner if before else known[0] if len(known) == 1 else "" if known else "me"
    flag = f"add --runner NAME, one of {', '.join(known)} or a new one"
    if default and not guided:
        return default
    if not at_terminal():
        raise InputError("several runners are known", flag)
    listed = f" (known: {', '.join(known)})" if known else ""
    name = ""
    while not name:
        name = ask(f"Who wears it?{listed}" + (f" [{default}]" if default else ""), flag) or default
        try:
            check_name(name)
        except InputError as error:
            print(f"  {error}: {error.advice}", file=sys.stderr, flush=True)
            name = ""
    return name


async def open_the_door(error: KneesenseError, seen: Seen, out: Output) -> None:
    """The unit could not be paired with: how to go on.  Raises `error` when nobody wants to."""
    from .. import ble

    if isinstance(error, NotTrusted):
        out.note(_DOOR.format("The unit"))
    else:  # which a unit that shows a stranger out looks like, too
        advice = error.advice[:1].upper() + error.advice[1:]
        out.note(f"It did not work: {error}.\n{advice}.\n{_DOOR.format('Or it')}\n{_REPEATS}")
    if not agreed("Try again?", True, "kneesense pair UNIT"):
        raise error
    if isinstance(error, NotTrusted):
        # What this system has kept of the pairing that failed stands in the way.
        with suppress(KneesenseError):
            await ble.unpair(seen.address)


async def first_buzz(device: Device, out: Output) -> bool | None:
    """Buzz, and ask whether it was felt; None when nobody can say, or the unit cannot just now."""
    while True:
        try:
            granted_ms = await device.play(patterns.NAMES.index("ok"))
        except CommandRefused:
            granted_ms = 0
        if not granted_ms:
            out.warn("no_buzz", "the unit does not buzz just now: kneesense buzz tries it again")
            return None
        await until_it_ends(granted_ms)
        if not at_terminal():
            return None
        answer = chosen("It has just buzzed once. Did you feel it, yes, no or again?", ("yes", "no", "again"), "yes",
                        "--no-buzz")  # fmt: skip
        if answer == "yes":
            return True
        if answer == "no":
            out.note(_NOT_FELT)
            if not agreed("Buzz again?", True, "--no-buzz"):
                out.warn(
                    "not_felt", "the buzz was not felt, so no cue will be: kneesense buzz tries it again"
                )
                return False
