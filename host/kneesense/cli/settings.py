# SPDX-License-Identifier: MIT
"""`kneesense settings`: every setting of a unit, shown and changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from .. import settingsfile, unitsettings
from ..cuesettings import COACHED
from ..errors import InputError, KneesenseError
from ..unitsettings import BY_KEY
from .asking import agreed
from .consent import ScreenAnswers
from .output import DEFAULT_STORE, Output, StoreFlags
from .settingslines import Told

if TYPE_CHECKING:
    from ..device import Device
    from ..store import Store, Unit

Flag = Annotated[bool, Parameter(negative=())]

_RULE, _M, _N = "cue_rule", "cue_m", "cue_n"


async def settings(
    *names: str,
    unit: str | None = None,
    runner: str | None = None,
    diff: Flag = False,
    reset: Flag = False,
    export: Path | None = None,
    import_file: Annotated[Path | None, Parameter(name="--import")] = None,
    overwrite: Flag = False,
    yes: Flag = False,
    screen_answers: ScreenAnswers = None,
    flags: StoreFlags = DEFAULT_STORE,
) -> int:
    """Show the settings of a unit, or change them: NAME shows one, NAME=VALUE sets it.

    Names say the unit of their value: lean_offset_deg is in degrees, cadence_offset_pct in percent. What differs from
    the default is marked with a star. A run goes on with what it began with; each setting says from when on it counts.

    Several changes are made all or none. What is told afterwards is what the unit has then. A runner with a unit on
    each leg: both are shown and changed. Whatever lets a unit cue asks the safety screen before, as `kneesense cue`.

    Examples: kneesense settings; kneesense settings --diff; kneesense settings sleep_after_s=1200 raw_record=off;
    kneesense settings --reset cue_m cue_n; kneesense settings --export mine.toml;
    kneesense settings --import mine.toml --yes

    Parameters
    ----------
    names
        Settings to show, as NAME, or to change, as NAME=VALUE. Default: all.
    unit
        Id of the unit. Default: every unit of the runner.
    runner
        Who wears it. Default: the runner the units are paired with.
    diff
        Only what differs from the default.
    reset
        Back to the default: those named, or all. Cues are off then until they are asked for.
    export
        Write all settings to this TOML file.
    import_file
        Set what is in this TOML file. Shows the difference and asks before.
    overwrite
        The file to write may replace an existing one.
    yes
        Do not ask.
    screen_answers
        Answers of the safety screen before a runner's first cue, such as no,no,no,no,no. Asked for at a terminal.
    """
    from .. import outfile
    from ..ble import BleLink
    from ..device import Device
    from ..paths import store_file
    from ..store import Store
    from .units import choose, worn

    out = Output(flags.json)
    wish = _wish(names, reset, import_file)
    if wish.changes is not None and (diff or export is not None):
        raise InputError("showing and changing exclude each other", "one after the other")
    if export is not None:
        outfile.check(export, overwrite=overwrite)
    wish.asks = wish.asks and not yes
    told = Told(out, diff)
    with Store(store_file(flags.store)) as store:
        known = store.units()
        units = [choose(known, unit, runner)] if export is not None else worn(known, unit, runner)
        for paired in units:
            try:
                async with Device(BleLink(paired.handle)) as device:
                    who = runner or paired.runner
                    if wish.changes is None:
                        values = await unitsettings.read(device, wish.keys)
                        told.all(device, paired, values, listed=export is None)
                    else:
                        await _change(device, paired, wish, store, who, screen_answers, told)
            except KneesenseError as error:
                if len(units) == 1:
                    raise
                out.error(error, f"{paired.handle}: ")
                told.code = max(told.code, error.exit_code)
    if export is not None:
        about = f"Settings of unit {paired.handle}. kneesense settings --import FILE brings them onto a unit."
        with outfile.writing(export, overwrite=overwrite) as file:
            file.write(settingsfile.dumps(values, about))
    out.record(
        {
            "type": "summary",
            "units": len(units),
            "differ": told.differ,
            "changed": sorted(told.changed),
            "file": str(export) if export else None,
            "exit_code": told.code,
        },
        f"written to {export}" if export else told.closing() if wish.changes is None else None,
    )
    return told.code


@dataclass
class _Wish:
    """What a command line asks for.  `changes`: None when it only shows `keys`."""

    keys: tuple[str, ...] = tuple(BY_KEY)
    changes: dict[str, int] | None = None
    asks: bool = False
    """A person is shown the difference and asked."""
    lenient: bool = False
    """What the unit's firmware does not know is left out."""


def _wish(names: tuple[str, ...], reset: bool, file: Path | None) -> _Wish:
    sets = [name for name in names if "=" in name]
    shows = tuple(unitsettings.find(name).key for name in names if "=" not in name)
    if file is not None:
        if names or reset:
            raise InputError("--import takes all from its file", "leave out the rest")
        return _Wish(changes=_loaded(file), asks=True, lenient=True)
    if reset:
        if sets:
            raise InputError("--reset takes names without values", "NAME, or none for all")
        keys = shows or tuple(BY_KEY)
        return _Wish(changes={key: BY_KEY[key].default for key in keys}, asks=not shows, lenient=not shows)
    if sets and shows:
        raise InputError(f"{BY_KEY[shows[0]].name} has no value", "NAME=VALUE for each, or NAME for each")
    return _Wish(changes=unitsettings.parsed(sets)) if sets else _Wish(shows or tuple(BY_KEY))


def _loaded(file: Path) -> dict[str, int]:
    try:
        return settingsfile.loads(file.read_text("utf-8"), str(file))
    except FileNotFoundError:
        raise InputError(f"{file}: no such file") from None
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise InputError(f"{file}: is no text in UTF-8") from None


async def _change(
    device: Device, paired: Unit, wish: _Wish, store: Store, who: str, answers: str | None, told: Told
) -> None:
    """Ask what is to be asked, change, read back, tell."""
    from .consent import require, warn_of_change, warn_of_lean

    assert wish.changes is not None
    before = await unitsettings.read(device, dict.fromkeys((*wish.changes, _RULE, _M, _N)))
    unknown = [BY_KEY[key].name for key in wish.changes if before[key] is None]
    if unknown:
        said = f"the unit's firmware {device.info.firmware} does not know {', '.join(unknown)}"
        if not wish.lenient:
            raise InputError(said, "kneesense deploy")
        told.out.warn("unknown_setting", f"{said}: left out")
    changes = {key: value for key, value in wish.changes.items() if before[key] is not None}
    rule = changes.get(_RULE, before[_RULE])
    coached = any(key in COACHED for key in changes)
    if coached and rule:
        require(store, who, answers, told.out)
    if wish.asks:
        differing = {key: value for key, value in changes.items() if value != before[key]}
        told.planned(device, paired, before, differing)
        if differing and not agreed("Change these?", False, "add --yes"):
            told.out.note("nothing is changed")
            return
    await unitsettings.apply(device, changes, before)
    after = await unitsettings.read(device, before)
    told.changes(device, paired, changes, before, after, many=wish.lenient)
    if coached and rule:
        warn_of_lean(store, who, BY_KEY[_RULE].text(rule), told.out)
        warn_of_change(store, who, told.out)
        if (after[_M] or 0) > (after[_N] or 0):
            told.out.warn("cue_m", "cue_m is more than cue_n: in the mode 'bandwidth' no cue can come")
