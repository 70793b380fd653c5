# SPDX-License-Identifier: MIT
"""A unit's settings as a TOML file that a person can read and change: `loads(dumps(values))` gives the same values.

schema = 1
[settings]
cadence_offset_pct = 7.5  # -20 to 20 %
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping

from .errors import InputError
from .unitsettings import BY_KEY, ITEMS, find

SCHEMA = 1


def dumps(values: Mapping[str, int | None], about: str) -> str:
    """A TOML file of these values; `loads` gives the same ones.  `about`: whose they are, in one line."""
    told = "".join(character if character.isprintable() else " " for character in about)
    lines = [f"# {told}", f"schema = {SCHEMA}", "", "[settings]"]
    for item in ITEMS:
        value = values.get(item.key)
        if value is not None:
            plain = item.plain(value)
            shown = f'"{plain}"' if isinstance(plain, str) else f"{plain:.10g}"
            lines.append(f"{item.name} = {shown}  # {item.span}")
    return "\n".join(lines) + "\n"


def loads(text: str, name: str = "settings") -> dict[str, int]:
    """Values by key, strictly: what is not known is an error.  InputError that begins with `name`."""
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # no TOML, or a number or nesting beyond all reason
        raise InputError(f"{name}: {error}") from None
    if document.get("schema") != SCHEMA:
        raise InputError(f"{name}: schema = {document.get('schema', 'missing')}", f"schema = {SCHEMA}")
    table = document.get("settings")
    foreign = sorted(document.keys() - {"schema", "settings"})
    if foreign or not isinstance(table, dict):
        said = f"{foreign[0]} is not known" if foreign else "there is no table [settings]"
        raise InputError(f"{name}: {said}", "kneesense settings --export FILE writes one")
    values: dict[str, int] = {}
    for key, plain in table.items():
        try:
            item = find(key)
            if item.key in values:
                raise InputError(f"{BY_KEY[item.key].name} is given twice", "give it once")
            values[item.key] = item.value(plain)
        except InputError as error:
            raise InputError(f"{name}: {error}", error.advice) from None
    return values
