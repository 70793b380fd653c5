# SPDX-License-Identifier: MIT
"""A state of liveview as rows of text.  Pure; every state has a word or a sign, colours only repeat it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from ..liveleg import HISTORY_S

Values = Mapping[str, Any]

_SIGNS = {
    "live": ("●", "green"),
    "stale": ("◌", "yellow"),
    "lost": ("✕", "bold red"),
    "waiting": ("…", ""),
    "over": ("■", ""),
}
_ARROWS = {"below": "◀ ", "above": "▶ ", "in": "✓ "}
_BLOCKS = "▁▂▃▄▅▆▇█"
_BUZZED_S = 3.0
_UNIT = " steps/min"
# Five rows of three dots each, as bits.
_DIGITS = {
    "0": (7, 5, 5, 5, 7),
    "1": (2, 6, 2, 2, 7),
    "2": (7, 1, 7, 4, 7),
    "3": (7, 1, 7, 1, 7),
    "4": (5, 5, 7, 1, 1),
    "5": (7, 4, 7, 1, 7),
    "6": (7, 4, 7, 5, 7),
    "7": (7, 1, 1, 1, 1),
    "8": (7, 5, 7, 5, 7),
    "9": (7, 5, 7, 1, 7),
    "–": (0, 0, 7, 0, 0),
}


def number(value: float | None, pattern: str = "{:.1f}") -> str:
    return "–" if value is None else pattern.format(value)


def clock(seconds: float | None) -> str:
    """Hours only where there are some."""
    if seconds is None:
        return "–"
    minutes, whole = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{whole:02}" if hours else f"{minutes}:{whole:02}"


def leg(told: Values, width: int) -> Text:
    """All of a leg, 16 rows."""
    rows = [status(told), big(told["cadence_spm"], width), bar(told["aim"], width), *place(told["aim"])]
    rows += [*cue(told, width), numbers(told), *sparks(told["history"], width), *counts(told)]
    return Text("\n").join(rows)


def status(told: Values) -> Text:
    """Whose leg, and how fresh what is shown is."""
    sign, style = _SIGNS[told["fresh"]]
    name = "" if told["side"] == "unknown" else f"{told['side']} leg  "
    return Text.assemble((name, "bold"), (f"{sign} {told['fresh_text']}", style))


def big(cadence_spm: float | None, width: int) -> Text:
    """Steps per minute, to be read from a treadmill."""
    glyphs = [_DIGITS[digit] for digit in number(cadence_spm, "{:.0f}")]
    rows = []
    for y in range(5):
        dots = ("".join("██" if glyph[y] & bit else "  " for bit in (4, 2, 1)) for glyph in glyphs)
        rows.append("  ".join(dots).center(width - len(_UNIT)))
    rows[-1] += _UNIT
    return Text("\n".join(rows), "bold")


def bar(aim: Values | None, width: int) -> Text:
    """The band shaded, the target dashed, the runner a block."""
    if aim is None:
        return Text("no target known", "dim")
    last = width - 1
    at = None if aim["at"] is None else round(aim["at"] * last)
    cells = []
    for column in range(width):
        if column == at:
            cells.append(("█", "bold"))
        elif column == round(0.5 * last):
            cells.append(("┊", ""))
        elif round(aim["low"] * last) <= column <= round(aim["high"] * last):
            cells.append(("▒", "green"))
        else:
            cells.append(("─", "dim"))
    return Text.assemble(*cells)


def place(aim: Values | None) -> list[Text]:
    if aim is None:
        return [Text(), Text()]
    where = "" if aim["value"] is None else f"{_ARROWS[aim['place']]}{aim['place_text']}"
    return [Text(where, "bold"), Text(f"target {aim['target']:.1f} ± {aim['band']:.1f} {aim['unit']}")]


def cue(told: Values, width: int) -> list[Text]:
    """State of the cue and why none comes, in two rows."""
    buzzed = told["cued_s"] is not None and told["cued_s"] < _BUZZED_S
    words = ("BUZZ! " if buzzed else "") + (f"cue {told['cue_text']}" if told["cue_text"] else "")
    return [Text(row) for row in [*textwrap.wrap(words, width), "", ""][:2]]


def numbers(told: Values) -> Text:
    contact_ms = None if told["contact_s"] is None else 1000 * told["contact_s"]
    shown = {
        "lean": number(told["lean_mid_deg"], "{:+.1f}°"),
        "contact": number(contact_ms, "{:.0f} ms"),
        "peak": number(told["pta_axial_g"], "{:.1f} g"),
    }
    parts = [Text.assemble((f"{name} ", "dim"), (value, "bold")) for name, value in shown.items()]
    return Text(" ").join(parts)


def sparks(history: Values, width: int) -> list[Text]:
    """Cadence of the last minutes, a column for each stretch of time; `·` where it was heard later."""
    bins: list[list[float]] = [[] for _ in range(width)]
    late = [False] * width
    for ago_s, value, was_late in zip(history["ago_s"], history["cadence"], history["late"], strict=True):
        column = min(int((ago_s / HISTORY_S + 1) * width), width - 1)
        if value is not None and column >= 0:
            bins[column].append(value)
            late[column] |= bool(was_late)
    means = [sum(values) / len(values) if values else None for values in bins]
    known = [mean for mean in means if mean is not None]
    if not known:
        return [Text(), Text("5 min: –", "dim")]
    least, most = min(known), max(known)
    top = len(_BLOCKS) - 1

    def cell(mean: float | None, was_late: bool) -> str:
        if mean is None:
            return " "
        return "·" if was_late else _BLOCKS[round(top * (mean - least) / ((most - least) or 1))]

    later = ", · heard later" if any(late) else ""
    return [
        Text("".join(map(cell, means, late)), "cyan"),
        Text(f"5 min: {least:.0f} to {most:.0f} spm{later}", "dim"),
    ]


def counts(told: Values) -> list[Text]:
    parts = [count(told["strides"], "stride")]
    if told["late"]:
        parts.append(f"{told['late']} heard later")
    parts.append(count(told["cues"], "cue"))
    if told["gaps"]:
        parts.append(count(told["gaps"], "gap"))
    linked = (f", unit {told['link']}", "dim")
    return [Text(", ".join(parts), "dim"), Text.assemble(battery(told["battery"]), linked)]


def count(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"


def battery(told: Values | None) -> Text:
    if told is None or (told["percent"] is None and told["mv"] is None):
        return Text("battery –", "dim")
    level = f"battery {told['mv']} mV" if told["percent"] is None else f"battery {told['percent']} %"
    level += ", charging" if told["charging"] else ""
    return Text(f"{level}, low!", "bold yellow") if told["low"] else Text(level, "dim")


def notices(told: Sequence[Values], rows: int) -> Text:
    """The newest first; `!` is an alert."""
    return Text("\n").join(map(_notice, told[:rows]))


def _notice(notice: Values) -> Text:
    sign = "! " if notice["kind"] == "alert" else "  "
    side = f"{notice['side']} leg: " if notice["side"] else ""
    when = "heard later" if notice["late"] else _ago(notice["age_s"])
    style = "bold red" if notice["kind"] == "alert" else ""
    return Text.assemble((f"{sign}{side}{notice['text']}", style), (f"  {when}", "dim"))


def _ago(seconds: float) -> str:
    return f"{seconds:.0f} s ago" if seconds < 120 else f"{seconds / 60:.0f} min ago"
