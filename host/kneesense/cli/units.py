# SPDX-License-Identifier: MIT
"""Which unit and which runner a command means, from what was remembered."""

from __future__ import annotations

from kneecore import gatt

from ..errors import InputError, NothingFound
from ..paths import store_file
from ..store import Store, Unit
from .output import StoreFlags


def remembered(flags: StoreFlags) -> list[Unit]:
    """The paired units; reads the store only if there is one."""
    file = store_file(flags.store)
    if not file.exists():
        return []
    with Store(file, read_only=True) as store:
        return store.units()


def reach(
    units: list[Unit], unit: str | None, runner: str | None, by: str = "UNIT"
) -> tuple[str, Unit | None]:
    """What finds the unit a user means, and what is remembered of it: one that nobody paired is looked for by its name.

    `by`: what names a unit on the command line.
    """
    if unit is not None and not any(_answers_to(known, unit) for known in units):
        return unit, None
    paired = choose(units, unit, runner, by)
    return paired.handle, paired


def choose(units: list[Unit], unit: str | None, runner: str | None, by: str = "--unit") -> Unit:
    """The unit a user means by its id or name, by its runner, or by not saying anything when there is one only."""
    fits = _fitting(units, unit, runner)
    if len(fits) == 1:
        return fits[0]
    raise _unclear(units, unit, runner, bool(fits), by)


def worn(units: list[Unit], unit: str | None, runner: str | None) -> list[Unit]:
    """The units a runner wears at once: all that are paired for that runner, or the one that is named."""
    fits = _fitting(units, unit, runner)
    if len({u.runner for u in fits}) == 1 and (unit is None or len(fits) == 1):
        return sorted(fits, key=lambda u: u.side)
    raise _unclear(units, unit, runner, bool(fits), "--unit or --runner")


def of(units: list[Unit], unit: str | None, runner: str | None) -> list[Unit]:
    """Every unit of that id and of that runner, at least one."""
    _fitting(units, None, None)
    fits = [u for u in units if (unit is None or _answers_to(u, unit)) and runner in (None, u.runner)]
    if not fits:
        raise _unclear(units, unit, runner, False, "--unit")
    return fits


def _fitting(units: list[Unit], unit: str | None, runner: str | None) -> list[Unit]:
    if not units:
        raise NothingFound(
            "no unit is paired", "kneesense pair; in a script kneesense pair UNIT --side left|right"
        )
    fits = units
    if unit is not None:
        fits = [u for u in fits if _answers_to(u, unit)]
    elif runner is not None:
        fits = [u for u in fits if u.runner == runner] or (units if len(units) == 1 else [])
    return fits


def _unclear(units: list[Unit], unit: str | None, runner: str | None, some: bool, by: str) -> InputError:
    listed = [u for u in units if runner in (None, u.runner)]  # who asks for one runner hears of no other
    names = ", ".join(f"{u.handle} ({u.runner}, {u.side})" for u in listed)
    asked = " ".join(word for word in (unit, runner) if word)
    return InputError(
        "several units are paired" if some else f"no paired unit for {asked}",
        f"name one with {by}: {names}"
        if names
        else f"kneesense pair UNIT --side left|right --runner {runner}",
    )


def _answers_to(unit: Unit, word: str) -> bool:
    return word.lower() in (unit.device, unit.handle.lower(), gatt.NAME_PREFIX + unit.handle)
