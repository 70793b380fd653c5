# SPDX-License-Identifier: MIT
"""Drawings of the report as SVG: a quantity over a run with band and cues, and bars.

Each has a text for those who do not see it.  Colours differ in brightness too, for paper without colour.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from ..records import Record
from .facts import RunFacts
from .markup import Child, Html, tag

WIDTH, LEFT, RIGHT, TOP = 720, 62, 12, 12
_BINS = 180  # of a run: some seconds each
_SHORT_S = 180  # a run up to here is shown in seconds
_STATES = {  # of the cue engine -> how they are drawn together, in words
    "armed": ("on", "cues on"),
    "holdoff": ("on", "cues on"),
    "faded": ("faded", "block without cues"),
    "muted": ("quiet", "muted or suspended"),
    "suspended": ("quiet", "muted or suspended"),
    "baseline": ("base", "baseline being measured"),
    "anchoring": ("base", "baseline being measured"),
}


@dataclass(frozen=True)
class Axes:
    """From values to places."""

    x: tuple[float, float]
    y: tuple[float, float]
    height: int

    def at_x(self, value: float) -> float:
        low, high = self.x
        return LEFT + (value - low) / (high - low or 1) * (WIDTH - LEFT - RIGHT)

    def at_y(self, value: float) -> float:
        low, high = self.y
        return TOP + (high - value) / (high - low or 1) * self.height


def over_run(run: RunFacts, metric: str, words: str, marks: Sequence[float]) -> Html:
    """A quantity of the running, averaged over some seconds, with the band of its cue, cues and pain marks."""
    duration_s = run.summary["duration_s"] or 0.0
    bins = _binned(run.running, metric, duration_s)
    band = run.band(metric)
    axes = Axes((0, duration_s), _range([*(v for b in bins for v in b[1:]), *_edges(band)]), 170)
    told = f"{words} over the run, {len(run.running)} strides; figures below"
    body: list[Child] = [tag("title", told), *_band(axes, band), *_gaps(axes, run), *_scales(axes)]
    for piece in _pieces(bins):
        upper = [(t, high) for t, _, _, high in piece]
        lower = [(t, low) for t, _, low, _ in reversed(piece)]
        body.append(tag("polygon", points=_points(axes, upper + lower), class_="spread"))
        body.append(
            tag("polyline", points=_points(axes, [(t, mean) for t, mean, _, _ in piece]), class_="line")
        )
    body += [*_pains(axes, marks), *_cues(axes, run), *_states(axes, run)]
    return _svg(body, TOP + axes.height + 64, told)


def states_seen(run: RunFacts) -> dict[str, str]:
    """Class -> words of the states of the cue engine in the run, for the legend."""
    return dict(_STATES[r["cue_state"]] for r in run.strides if r["cue_state"] in _STATES)


def bars(values: Sequence[tuple[str, float | None]], told: str) -> Html:
    """One bar each, from 0; every label that there is room for."""
    most = max([value for _, value in values if value], default=1.0)
    axes = Axes((0, len(values)), (0, most * 1.08), 150)
    body: list[Child] = [tag("title", told), *_levels(axes), *_labels(axes, values)]
    wide = axes.at_x(0.7) - axes.at_x(0)
    for i, (_, value) in enumerate(values):
        if value is not None:
            top = axes.at_y(value)
            place = {"x": _n(axes.at_x(i + 0.15)), "y": _n(top), "width": _n(wide)}
            body.append(tag("rect", **place, height=_n(TOP + axes.height - top), class_="bar"))
    return _svg(body, TOP + axes.height + 30, told)


def dots(values: Sequence[tuple[str, float | None]], told: str, line: float | None = None) -> Html:
    """One dot each, on an axis that need not begin at 0; `line`: a level to compare with."""
    known = [(i + 0.5, value) for i, (_, value) in enumerate(values) if value is not None]
    axes = Axes((0, len(values)), _range([*(v for _, v in known), *([line] if line else [])]), 130)
    body: list[Child] = [tag("title", told), *_levels(axes), *_labels(axes, values)]
    if line is not None:
        y = _n(axes.at_y(line))
        body.append(tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="target"))
    body.append(tag("polyline", points=_points(axes, known), class_="line"))
    body += [tag("circle", cx=_n(axes.at_x(x)), cy=_n(axes.at_y(v)), r=5, class_="dot") for x, v in known]
    return _svg(body, TOP + axes.height + 30, told)


def _labels(axes: Axes, values: Sequence[tuple[str, float | None]]) -> list[Child]:
    step = max(1, math.ceil(len(values) / 8))
    y = TOP + axes.height + 22
    return [
        tag("text", label, x=_n(axes.at_x(i + 0.5)), y=y, text_anchor="middle")
        for i, (label, _) in enumerate(values)
        if i % step == 0
    ]


def _svg(body: Sequence[Child], height: int, told: str) -> Html:
    box = f"0 0 {WIDTH} {height}"
    return tag("svg", *body, viewBox=box, role="img", aria_label=told, xmlns="http://www.w3.org/2000/svg")


def _binned(
    strides: Iterable[Record], metric: str, duration_s: float
) -> list[tuple[float, float, float, float]]:
    """(middle, mean, least, most) of each stretch of some seconds that has strides."""
    wide_s = max(duration_s / _BINS, 2.0)
    known = [(r["ic_s"], r[metric]) for r in strides if r[metric] is not None]
    found = []
    for place, group in groupby(known, key=lambda each: int(each[0] // wide_s)):
        values = [value for _, value in group]
        found.append(((place + 0.5) * wide_s, sum(values) / len(values), min(values), max(values)))
    return found


def _pieces(
    bins: Sequence[tuple[float, float, float, float]],
) -> list[list[tuple[float, float, float, float]]]:
    """Broken where there was no running."""
    steps = [b[0] - a[0] for a, b in pairwise(bins)]
    usual = min(steps, default=0.0)
    pieces: list[list[tuple[float, float, float, float]]] = []
    for i, each in enumerate(bins):
        if i == 0 or steps[i - 1] > 2.5 * usual:
            pieces.append([])
        pieces[-1].append(each)
    return pieces


def _range(values: Sequence[float]) -> tuple[float, float]:
    if not values:
        return 0.0, 1.0
    low, high = min(values), max(values)
    room = 0.06 * (high - low) or 0.05 * abs(high) or 1.0
    return low - room, high + room


def _edges(band: tuple[float, float] | None) -> list[float]:
    return [band[0] - band[1], band[0] + band[1]] if band else []


def _band(axes: Axes, band: tuple[float, float] | None) -> list[Child]:
    if band is None:
        return []
    low, high = (axes.at_y(edge) for edge in _edges(band))
    y = _n(axes.at_y(band[0]))
    return [
        tag("rect", x=LEFT, y=_n(high), width=WIDTH - LEFT - RIGHT, height=_n(low - high), class_="band"),
        tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="target"),
    ]


def _gaps(axes: Axes, run: RunFacts) -> list[Child]:
    found: list[Child] = []
    for gap in (r for r in run.records if r["type"] == "gap"):
        x, end = axes.at_x(gap["t_s"]), axes.at_x(gap["t_s"] + gap["duration_s"])
        wide = _n(max(end - x, 1.0))
        found.append(tag("rect", x=_n(x), y=TOP, width=wide, height=axes.height, class_="gap"))
    return found


def _pains(axes: Axes, marks: Sequence[float]) -> list[Child]:
    found: list[Child] = []
    for t_s in marks:
        x = _n(axes.at_x(t_s))
        found.append(tag("line", x1=x, x2=x, y1=TOP, y2=TOP + axes.height, class_="pain"))
        found.append(tag("text", "pain", x=x, y=TOP + 12, dx=4, class_="pain"))
    return found


def _cues(axes: Axes, run: RunFacts) -> list[Child]:
    y = TOP + axes.height
    path = "".join(f"M{_n(axes.at_x(r['t_s']))} {y}v-9" for r in run.cues)
    return [tag("path", d=path, class_="cue")] if path else []


def _states(axes: Axes, run: RunFacts) -> list[Child]:
    """A strip under the plot."""
    found: list[Child] = []
    strides = [r for r in run.strides if r["cue_state"] in _STATES]
    for kind, group in groupby(strides, key=lambda r: _STATES[r["cue_state"]][0]):
        own = list(group)
        x = axes.at_x(own[0]["ic_s"])
        wide = axes.at_x(own[-1]["ic_s"] + (own[-1]["stride_s"] or 0)) - x
        place = {"x": _n(x), "y": TOP + axes.height + 4, "width": _n(max(wide, 0.5)), "height": 8}
        found.append(tag("rect", **place, class_=f"state {kind}"))
    return found


def _scales(axes: Axes) -> list[Child]:
    found = _levels(axes)
    unit_s, words = (60, "minutes") if axes.x[1] > _SHORT_S else (1, "seconds")
    for value in _ticks(0, axes.x[1] / unit_s, 7):
        place = {"x": _n(axes.at_x(unit_s * value)), "y": TOP + axes.height + 32}
        found.append(tag("text", f"{value:g}", **place, text_anchor="middle"))
    below = {"x": WIDTH - RIGHT, "y": TOP + axes.height + 54}
    return [*found, tag("text", words, **below, text_anchor="end")]


def _levels(axes: Axes) -> list[Child]:
    found: list[Child] = []
    for value in _ticks(*axes.y, 5):
        y = _n(axes.at_y(value))
        found.append(tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="level"))
        found.append(tag("text", f"{value:g}", x=LEFT - 6, y=y, dy="0.35em", text_anchor="end"))
    return found


def _ticks(low: float, high: float, most: int) -> list[float]:
    """Round values between two."""
    if high <= low:
        return [low]
    size = (high - low) / most
    power = 10.0 ** math.floor(math.log10(size))
    step = next(power * times for times in (1, 2, 5, 10) if power * times >= size)
    first = math.ceil(low / step)
    return [round(i * step, 10) for i in range(first, math.floor(high / step) + 1)]


def _points(axes: Axes, places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{_n(axes.at_x(x))},{_n(axes.at_y(y))}" for x, y in places)


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
