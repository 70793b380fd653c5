# SPDX-License-Identifier: MIT
"""HTML out of Python: what is not marked as markup is text and escaped, so a runner's name cannot become a tag."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any


class Html(str):
    """Markup that is whole and safe."""

    __slots__ = ()


Child = Any
"""Html as it stands, None for nothing, several in a list or iterator; everything else is text."""

_EMPTY = {"meta", "br", "line", "rect", "circle", "path", "polyline", "polygon", "use"}


def tag(name: str, /, *children: Child, **attributes: Any) -> Html:
    """An element.  `class_` is class, `data_key` is data-key; an attribute of None is left out."""
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value), quote=True)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _EMPTY and not children:
        return Html(f"<{name}{told}/>")
    return Html(f"<{name}{told}>{joined(children)}</{name}>")


def joined(children: Iterable[Child]) -> Html:
    """One after the other."""
    return Html("".join(map(_markup, children)))


def _markup(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Html):
        return child
    if isinstance(child, str | int | float):
        return escape(str(child), quote=False)
    return joined(child)


def number(value: float | None, key: str, pattern: str = "{:.1f}", unit: str = "") -> Html:
    """A number of the store: `value` as it is there, the text rounded for people; `-` where it is unknown."""
    if value is None:
        return tag("span", "-", class_="unknown", data_key=key, title="not known")
    text = pattern.format(value) + (f"\u00a0{unit}" if unit else "")
    return tag("data", text, value=repr(value), data_key=key)


def table(head: Iterable[Child], rows: Iterable[Iterable[Child]], caption: str | None = None) -> Html:
    """The first cell of a row is its heading."""
    body = [
        tag(
            "tr", *(tag("th", cell, scope="row") if i == 0 else tag("td", cell) for i, cell in enumerate(row))
        )
        for row in rows
    ]
    return tag(
        "div",
        tag(
            "table",
            tag("caption", caption) if caption else None,
            tag("thead", tag("tr", *(tag("th", cell, scope="col") for cell in head))),
            tag("tbody", *body),
        ),
        class_="wide",
    )
