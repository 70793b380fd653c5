# SPDX-License-Identifier: MIT
"""Every setting of a unit in people's units and words, and on the unit itself.

Names say their unit: `lean_offset_cdeg` of the wire is `lean_offset_deg` here, in degrees.  Both names are understood,
each with its own unit.  Numbers, ranges and meanings are those of kneecore.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kneecore import meanings, settings, wire

from . import cuesettings
from .device import Device
from .errors import CommandRefused, InputError, KneesenseError

# Unit on the wire -> ending of its names, and for people: ending, unit, steps of the wire in one of them
_ENDINGS = {
    "permille": ("_pm", "_pct", "%", 10),
    "cdeg": ("_cdeg", "_deg", "deg", 100),
    "csteps/min": ("_cspm", "_spm", "steps/min", 100),
    "mg": ("_mg", "_g", "g", 1000),
    "mdps": ("_mdps", "_dps", "deg/s", 1000),
    "percent": ("", "", "%", 1),
}
_WORDS = {
    "cue_rule": wire.RULES,
    "cue_side": cuesettings.SIDES,
    "cue_mode": cuesettings.MODES,
    "imu_chip": ("auto", *wire.CHIPS[1:]),
    "raw_record": ("off", "on"),
}
# What a unit has before a host has set anything: nobody has asked the runner what speaks against cues.
_FRESH = {"cue_rule": wire.RULES.index("off")}
_BEYOND = 1e9  # any range
_NUMBER = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*(.*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Item:
    """One setting.  Values are the wire's integers."""

    key: str
    """Its name on the wire."""
    name: str
    unit: str
    """"" where the values are words."""
    per: int
    """Steps of the wire in one of `unit`."""
    words: tuple[str, ...]
    low: int
    high: int
    default: int
    """What `reset` gives."""

    @property
    def number(self) -> int:
        """On the wire."""
        return settings.INDEX[self.key]

    @property
    def meaning(self) -> str:
        """In one line, other settings by their names for people."""
        words: str = meanings.MEANINGS[self.key]
        return re.sub(r"\w+", lambda word: _PEOPLE.get(word[0], word[0]), words)

    @property
    def counts_from(self) -> str:
        """From when on a change counts."""
        since: str = meanings.counts_from(self.key)
        return since

    @property
    def span(self) -> str:
        """What is possible."""
        if self.words:
            return ", ".join(self.words)
        return f"{self.low / self.per:g} to {self.high / self.per:g} {self.unit}"

    def plain(self, value: int) -> int | float | str:
        """A value as JSON and TOML have it."""
        if 0 <= value < len(self.words):
            return self.words[value]
        return value if self.per == 1 else value / self.per

    def text(self, value: int | None) -> str:
        """A value for people; None: the unit has no such setting."""
        if value is None:
            return "-"
        plain = self.plain(value)
        return plain if isinstance(plain, str) else f"{plain:.10g} {self.unit}".rstrip()

    def value(self, plain: Any) -> int:
        """Back from JSON or TOML.  InputError with what is possible."""
        if isinstance(plain, str) and plain in self.words:
            return self.words.index(plain)
        number = _number(plain)
        if number is None or not self.low <= round(number * self.per) <= self.high:
            shown = plain if number is None else f"{number:.10g}"
            raise InputError(f"{self.name} = {shown}", f"must be {self.span}")
        return round(number * self.per)

    def parse(self, text: str) -> int:
        """From what a person typed, with or without the unit.  InputError with what is possible."""
        text = text.strip()
        number = _NUMBER.fullmatch(text)
        if number is None:
            return self.value(text.lower())
        if number[2] not in ("", self.unit, self.name.rpartition("_")[2]):
            raise InputError(f"{self.name} = {text}", f"must be {self.span}")
        return self.value(float(number[1]))


def _number(plain: Any) -> float | None:
    """None for what is no number, or none that could be meant."""
    if not isinstance(plain, int | float) or isinstance(plain, bool) or not abs(plain) < _BEYOND:
        return None
    return float(plain)


def _item(setting: settings.Setting, name: str = "", unit: str = "", per: int = 1) -> Item:
    unit = unit or setting.unit
    return Item(
        key=setting.name,
        name=name or setting.name,
        unit="" if unit == "code" else unit,
        per=per,
        words=_WORDS.get(setting.name, ()),
        low=setting.low,
        high=setting.high,
        default=_FRESH.get(setting.name, setting.default),
    )


def _for_people(setting: settings.Setting) -> Item:
    ending, for_people, unit, per = _ENDINGS.get(setting.unit, ("", "", "", 1))
    return _item(setting, setting.name.removesuffix(ending) + for_people, unit, per)


ITEMS = tuple(_for_people(setting) for setting in settings.TABLE)
BY_KEY = {item.key: item for item in ITEMS}
_PEOPLE = {item.key: item.name for item in ITEMS}
_FOUND = {setting.name: _item(setting) for setting in settings.TABLE} | {item.name: item for item in ITEMS}


def find(name: str) -> Item:
    """By either name, with that name's unit.  InputError with the nearest ones."""
    item = _FOUND.get(name.strip())
    if item is None:
        raise InputError(f"no setting '{name}'", _near(name))
    return item


def _near(name: str) -> str:
    names = [item.name for item in ITEMS]
    near = [each for each in names if name and each.startswith(name)]
    near += difflib.get_close_matches(name, names, 3)
    return f"did you mean {' or '.join(dict.fromkeys(near[:3]))}?" if near else "kneesense settings lists all"


def parsed(words: Iterable[str]) -> dict[str, int]:
    """`NAME=VALUE` words to values by key.  InputError."""
    changes: dict[str, int] = {}
    for word in words:
        name, _, text = word.partition("=")
        item = find(name)
        if item.key in changes:
            raise InputError(f"{BY_KEY[item.key].name} is given twice", "give it once")
        changes[item.key] = item.parse(text)
    return changes


# --- on a unit ------------------------------------------------------------------------------------------------------


async def read(unit: Device, keys: Iterable[str]) -> dict[str, int | None]:
    """What the unit has; None for a setting that its firmware does not know."""
    return {key: await _get(unit, key) for key in keys}


async def _get(unit: Device, key: str) -> int | None:
    try:
        return await unit.get(key)
    except CommandRefused as refused:
        if refused.status != wire.STATUSES[wire.BAD_VALUE]:
            raise
        return None


async def apply(unit: Device, changes: Mapping[str, int], before: Mapping[str, int | None]) -> None:
    """Set them all, or put back those that were set.  `before`: what the unit has.

    Over a lost link nothing can be put back: the error says which are set.  Cues are switched off before anything else
    is changed, and on after.
    """
    done: list[str] = []
    try:
        for key in sorted(changes, key=lambda key: _place(key, changes[key])):
            if changes[key] != before[key]:
                done.append(key)
                await unit.set(key, changes[key])
    except BaseException as error:
        if isinstance(error, CommandRefused):
            done.pop()
        try:
            for key in reversed(done):
                value = before[key]
                if value is not None:
                    await unit.set(key, value)
        except KneesenseError:
            if isinstance(error, Exception):
                names = ", ".join(_PEOPLE[key] for key in done)
                raise KneesenseError(f"{error}; perhaps set already: {names}", "do the same again") from error
        raise


def _place(key: str, value: int) -> int:
    if key != "cue_rule":
        return 1
    return 2 if value else 0
