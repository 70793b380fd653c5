# SPDX-License-Identifier: MIT
"""Two units of one runner on the terminal: whose line it is, and one leg against the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import KneesenseError
from .lines import line
from .output import Output

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ..pairs import Pair
    from ..store import Unit

_MEANING = (
    "+ is more on the left, in % of the mean; +- holds 95 %, with what differs between two units worn anyhow. Lean is"
    " compared by its range only: each unit has a zero of its own"
)


def led(text: str, side: str) -> str:
    """Lines of one of several units: the leg's letter in the first column, which lines of events and strides leave.

    The mark of an alert moves one column on.
    """
    return "\n".join(_led(row, side[:1].upper()) for row in text.split("\n"))


def _led(row: str, letter: str) -> str:
    if row.startswith("! "):
        return f"{letter}!{row[2:]}"
    return f"{letter}{row[1:]}" if row.startswith(" ") else f"{letter} {row}"


class LegOutput(Output):
    """What is told of one of several units: each record names it, each line the leg."""

    def __init__(self, out: Output, unit: Unit) -> None:
        super().__init__(out.as_json)
        self._out = out
        self._unit = unit

    def record(self, values: Mapping[str, Any], text: RenderableType | None = None) -> None:
        side = values.get("side") or self._unit.side
        self._out.record({**values, "unit": self._unit.handle, "side": side}, self._named(text))

    def note(self, text: RenderableType) -> None:
        self._out.note(self._named(text) or text)

    def bell(self) -> None:
        self._out.bell()

    def warn(self, code: str, message: str) -> None:
        super().warn(code, f"{self._unit.side} leg: {message}")

    def error(self, error: KneesenseError, whose: str = "") -> None:
        super().error(error, whose or f"{self._unit.side} leg: ")

    def _named(self, text: RenderableType | None) -> RenderableType | None:
        return led(text, self._unit.side) if isinstance(text, str) else text


def show_pair(pair: Pair, out: Output) -> None:
    """How the legs compare, and what is wrong between the two units."""
    records = pair.records()
    for record in records:
        if record["type"] == "warning":
            out.warn(record["code"], record["message"])
        else:
            out.record(record, line(record))
    if any(record["type"] == "symmetry" for record in records):
        out.note(_MEANING)
