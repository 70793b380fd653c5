# SPDX-License-Identifier: MIT
"""What a bundle may say, whoever made it: nothing that a table cannot hold or a command could not show afterwards.

Each raises AttributeError, TypeError, ValueError or InputError.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from .times import END_UTC_US, day_meant

_MOST = 2**53  # a microsecond of any boot, a number of any record; SQLite and JSON hold it exactly


def whole(value: Any, most: int = _MOST) -> None:
    """0 to `most`."""
    if not isinstance(value, int):
        raise TypeError(f"{value!r}")
    if not 0 <= value <= most:
        raise ValueError(value)


def wholes(row: Mapping[str, Any], most: int, *names: str) -> None:
    """The same of several, each of which may be unknown."""
    for name in names:
        if row[name] is not None:
            whole(row[name], most)


def moment(us: Any) -> None:
    """Of a run, UTC since 1970; may be unknown."""
    if us is not None:
        whole(us, END_UTC_US)


def day(text: Any) -> None:
    """A local day."""
    day_meant(text)


def word(value: Any, words: Collection[str]) -> None:
    """One of them; may be unknown."""
    if value is not None and value not in words:
        raise ValueError(value)


def listed(value: Any, words: Collection[str]) -> None:
    """Some of them with commas between; may be unknown."""
    if value is not None and not set(filter(None, value.split(","))) <= set(words):
        raise ValueError(value)


def named(value: Any) -> None:
    """A name that can be seen."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{value!r}")
