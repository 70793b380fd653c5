# SPDX-License-Identifier: MIT
"""`kneesense settings`: every setting of a unit, shown and changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from .. import unitsettings
from ..cuesettings import COACHED
from ..errors import InputError, KneesenseError
from ..unitsettings import BY_KEY, Item
from .asking import agreed
from .consent import ScreenAnswers
from .output import DEFAULT_STORE, Output, StoreFlags

if TYPE_CHECKING:
    from ..device import Device
    from ..store import Store, Unit

Flag = Annotated[bool, Parameter(negative=())]
Values = Mapping[str, int | None]

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
    told = _Told(out, flags.store, diff)
    with Store(store_file(flags.store)) as store:
        known = store.units()
        units = [choose(known, unit, runner)] if export is not None else worn(known, unit, runner)
        for paired in units:
            try:
                async with Device(BleLink(paired.handle)) as device:
                    who = runner or paired.runner
                    if wish.changes is None:
                        values = await unitsettings.read(device, wish.keys)
                        told.all(device, paired, values)
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
            file.write(unitsettings.dumps(values, about))
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
        return unitsettings.loads(file.read_text("utf-8"), str(file))
    except FileNotFoundError:
        raise InputError(f"{file}: no such file") from None
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise InputError(f"{file}: is no text in UTF-8") from None


async def _change(
    device: Device, paired: Unit, wish: _Wish, store: Store, who: str, answers: str | None, told: _Told
) -> None:
    """Ask what is to be asked, change, read back, tell."""
    from .consent import require, warn_of_change, warn_of_lean

    assert wish.changes is not None
    before = await unitsettings.read(device, dict.fromkeys((*wish.changes, _RULE, _M, _N)))
    unknown = [BY_KEY[key].name for key in wish.changes if before[key] is None]
    if unknown and not wish.lenient:
        raise InputError(
            f"the unit's firmware {device.info.firmware} does not know {unknown[0]}", "kneesense deploy"
        )
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
    told.changes(device, paired, changes, before, after)
    if coached and rule:
        warn_of_lean(store, who, BY_KEY[_RULE].text(rule), told.out)
        warn_of_change(store, who, told.out)
        if (after[_M] or 0) > (after[_N] or 0):
            told.out.warn("cue_m", "cue_m is more than cue_n: in the mode 'bandwidth' no cue can come")


@dataclass
class _Told:
    """What is said of each unit, and what it sums up to."""

    out: Output
    store: Path | None
    only_differing: bool
    code: int = 0
    differ: int = 0
    changed: set[str] = field(default_factory=set)

    def all(self, device: Device, paired: Unit, values: Values) -> None:
        self._head(device, paired)
        for key, value in values.items():
            item = BY_KEY[key]
            differs = value not in (None, item.default)
            self.differ += differs
            if differs or not self.only_differing:
                text = f"{'*' if differs else ' '} {item.name:<22} {item.text(value):<14} {item.span}"
                if differs:
                    text += f"; default {item.text(item.default)}"
                self.out.record(self._record(device, paired, item, value), f"{text}\n    {item.meaning}")

    def planned(self, device: Device, paired: Unit, before: Values, differing: Values) -> None:
        self._head(device, paired)
        for key, value in differing.items():
            item = BY_KEY[key]
            self.out.note(f"  {item.name}: {item.text(before[key])} -> {item.text(value)}")

    def changes(self, device: Device, paired: Unit, asked: Values, before: Values, after: Values) -> None:
        self._head(device, paired)
        for key, wanted in asked.items():
            item, value = BY_KEY[key], after[key]
            if value != before[key]:
                self.changed.add(item.name)
                text = f"{item.text(before[key])} -> {item.text(value)}, counts {_since(item)}"
            else:
                text = f"{item.text(value)}, as before"
            record = self._record(device, paired, item, value) | {"was": _plain(item, before[key])}
            self.out.record(record, f"  {item.name}: {text}")
            if value != wanted:
                self.code = 1
                message = f"{paired.handle}: {item.name} is {item.text(value)}, not {item.text(wanted)}"
                self.out.warn("not_set", f"{message}: does another program change it?")
        if device.info.running:
            self.out.note("  a run goes on: it keeps what it began with")

    def closing(self) -> str:
        if not self.differ:
            return "none differs from its default"
        return f"{self.differ} differ{'s' * (self.differ == 1)} from the default (*)"

    def _head(self, device: Device, paired: Unit) -> None:
        self.out.note(
            f"unit {paired.handle} ({paired.runner}, {paired.side} leg), firmware {device.info.firmware}"
        )

    def _record(self, device: Device, paired: Unit, item: Item, value: int | None) -> dict[str, Any]:
        return {
            "type": "setting",
            "unit": paired.handle,
            "device": device.info.unit_id,
            "side": paired.side,
            "name": item.name,
            "value": _plain(item, value),
            "measure": item.unit or None,
            "default": item.plain(item.default),
            "differs": None if value is None else value != item.default,
            "low": None if item.words else item.plain(item.low),
            "high": None if item.words else item.plain(item.high),
            "words": list(item.words) or None,
            "number": item.number,
            "counts_from": item.counts_from,
            "meaning": item.meaning,
        }


def _plain(item: Item, value: int | None) -> int | float | str | None:
    return None if value is None else item.plain(value)


def _since(item: Item) -> str:
    return item.counts_from if item.counts_from == "at once" else f"from the {item.counts_from} on"
