# SPDX-License-Identifier: MIT
"""Small plots as inline SVG, no library: histogram, scatter with limits, traces, whiskers, curves.

Colours come from the page's CSS (classes a, b, axis, grid, limit), so that screen, dark screen and print each have
their own.  Every plot has a title that a screen reader reads; its numbers stand in a table beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import floor, log10

import numpy as np

from ..table import Floats

_WIDTH, _HEIGHT = 560, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 12, 14, 40
_NAMES = 110  # left of these, instead of numbers
_MOST_POINTS = 1500
_FEW_POINTS = 60  # drawn larger


class Frame:
    """A plot's area with its axes; `x` and `y` bring values to picture units."""

    def __init__(
        self,
        title: str,
        x_range: tuple[float, float],
        y_range: tuple[float, float],
        x_name: str,
        y_name: str,
        x_ticks: bool = True,
        height: int = _HEIGHT,
        left: int = _LEFT,
    ) -> None:
        self._left = left
        self._x0, self._x1 = x_range
        self._y0, self._y1 = y_range
        self._height = height
        self._title = title
        self._parts: list[str] = []
        bottom = height - _BOTTOM
        for value in ticks(*y_range) if y_name else ():
            y = self.y(value)
            self._parts.append(f'<path class="grid" d="M{left} {y:.1f}H{_WIDTH - _RIGHT}"/>')
            self.text(left - 6, y + 4, f"{value:g}", "end")
        for value in ticks(*x_range) if x_ticks else ():
            x = self.x(value)
            self._parts.append(f'<path class="grid" d="M{x:.1f} {_TOP}V{bottom}"/>')
            self.text(x, bottom + 16, f"{value:g}", "middle")
        self.text((left + _WIDTH - _RIGHT) / 2, height - 6, x_name, "middle")
        if y_name:
            middle = (_TOP + bottom) / 2
            self._parts.append(
                f'<text x="14" y="{middle:.0f}" text-anchor="middle"'
                f' transform="rotate(-90 14 {middle:.0f})">{escape(y_name)}</text>'
            )

    def x(self, value: float) -> float:
        width = _WIDTH - self._left - _RIGHT
        return self._left + (value - self._x0) / (self._x1 - self._x0) * width

    def y(self, value: float) -> float:
        bottom = self._height - _BOTTOM
        return bottom - (value - self._y0) / (self._y1 - self._y0) * (bottom - _TOP)

    def text(self, x: float, y: float, text: str, anchor: str) -> None:
        self._parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>')

    def draw(self, svg: str) -> None:
        self._parts.append(svg)

    def line(self, points: Sequence[tuple[float, float]], kind: str) -> None:
        """A line through values, of a CSS class."""
        path = "L".join(f"{self.x(x):.1f} {self.y(y):.1f}" for x, y in points)
        self._parts.append(f'<path class="line {kind}" d="M{path}"/>')

    def svg(self) -> str:
        title = escape(self._title)
        return (
            f'<svg viewBox="0 0 {_WIDTH} {self._height}" role="img" aria-label="{title}">'
            f"<title>{title}</title>{''.join(self._parts)}</svg>"
        )


def ticks(low: float, high: float) -> list[float]:
    """About five round numbers from `low` to `high`."""
    step = 10 ** floor(log10((high - low) / 4))
    for factor in (5, 2):
        if (high - low) / (step * factor) >= 4:
            step *= factor
            break
    first, last = int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9))
    return [i * step for i in range(first, last + 1)]


def histogram(title: str, errors: Floats, unit: str) -> str:
    """How often which error; the middle 99 % decide the range, the rest stands at its ends."""
    low, high = _range(np.percentile(errors, (0.5, 99.5)))
    bins = min(max(len(errors) // 4, 7), 31)
    counts, edges = np.histogram(np.clip(errors, low, high), bins, (low, high))
    frame = Frame(title, (low, high), (0, float(counts.max()) * 1.05), f"error, {unit}", "how often")
    for count, left, right in zip(counts, edges, edges[1:], strict=False):
        x, y = frame.x(left), frame.y(count)
        width, height = frame.x(right) - x - 1, frame.y(0) - y
        frame.draw(f'<rect class="a" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>')
    frame.line(((0, 0), (0, float(counts.max()) * 1.05)), "limit")
    return frame.svg()


def bland_altman(title: str, found: Floats, true: Floats, unit: str) -> str:
    """Difference over mean, with bias and limits of agreement."""
    mean, difference = (found + true) / 2, found - true
    bias, sd = float(difference.mean()), float(difference.std(ddof=1))
    y_range = _range(np.percentile(difference, (0.5, 99.5)), 0.25)
    frame = Frame(title, _range(mean), y_range, f"mean of both, {unit}", f"found - true, {unit}")
    radius = 4 if len(mean) < _FEW_POINTS else 2
    chosen = np.random.default_rng(1).permutation(len(mean))[:_MOST_POINTS]
    for x, y in zip(mean[chosen], np.clip(difference[chosen], *y_range), strict=True):
        frame.draw(f'<circle class="a dot" cx="{frame.x(x):.1f}" cy="{frame.y(y):.1f}" r="{radius}"/>')
    ends = _range(mean)
    for level in (bias - 1.96 * sd, bias, bias + 1.96 * sd):
        if y_range[0] < level < y_range[1]:
            frame.line(((ends[0], level), (ends[1], level)), "limit")
            frame.text(_WIDTH - _RIGHT - 2, frame.y(level) - 4, f"{level:+.1f}", "end")
    return frame.svg()


def traces(title: str, t_s: Floats, ours: Floats, theirs: Floats, y_name: str) -> str:
    """Two curves over time, ours on top of theirs."""
    frame = Frame(title, (float(t_s[0]), float(t_s[-1])), _range(np.concatenate((ours, theirs))), "s", y_name)
    step = max(len(t_s) // 400, 1)
    for values, kind in ((theirs, "b wide"), (ours, "a")):
        frame.line(list(zip(t_s[::step], values[::step], strict=True)), kind)
    return frame.svg()


def whiskers(title: str, rows: Sequence[tuple[str, float, float]], unit: str) -> str:
    """Bias and +-1 SD of each condition."""
    ends = [end for _, bias, sd in rows for end in (bias - sd, bias + sd)]
    frame = Frame(
        title, _range(np.array([0.0, *ends])), (0, len(rows)), f"bias and SD, {unit}", "",
        height=_TOP + _BOTTOM + 20 * len(rows), left=_NAMES,
    )  # fmt: skip
    frame.line(((0, 0), (0, len(rows))), "limit")
    for i, (name, bias, sd) in enumerate(rows):
        at = len(rows) - i - 0.5
        frame.line(((bias - sd, at), (bias + sd, at)), "a")
        frame.draw(f'<circle class="a" cx="{frame.x(bias):.1f}" cy="{frame.y(at):.1f}" r="4"/>')
        frame.text(_NAMES - 8, frame.y(at) + 4, name, "end")
    return frame.svg()


def steps(title: str, names: Sequence[str], values: Sequence[float | None], x_name: str, y_name: str) -> str:
    """One value for each of a few named bins, joined."""
    known = [(i + 0.5, value) for i, value in enumerate(values) if value is not None]
    top = max((value for _, value in known), default=1.0) * 1.15
    frame = Frame(title, (0, len(names)), (0, top), x_name, y_name, x_ticks=False)
    for i, name in enumerate(names):
        frame.text(frame.x(i + 0.5), _HEIGHT - _BOTTOM + 16, name, "middle")
    frame.line(known, "a")
    for x, y in known:
        frame.draw(f'<circle class="a" cx="{frame.x(x):.1f}" cy="{frame.y(y):.1f}" r="4"/>')
    return frame.svg()


def _range(values: Floats, margin: float = 0.08) -> tuple[float, float]:
    low, high = float(np.min(values)), float(np.max(values))
    room = margin * (high - low) or 1.0
    return low - room, high + room
