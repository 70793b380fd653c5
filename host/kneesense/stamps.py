# SPDX-License-Identifier: MIT
"""When samples were taken, from stamps that say when they arrived: late, with jitter, or one stamp for a whole bunch.

A sensor samples evenly, so the count of rows is its clock; the rows that arrived soonest tie it to the stamps.  Rows
that are missing show as a step: from there on even the soonest arrive later.  A stall of the link does not: what it
held up comes all at once, and the row after it is in time again.

Limits: one rate in a recording, no more than one loss a second; in a bunch, not which of its rows are missing.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from .table import Floats

_EVEN = 0.05  # of an interval: stamps that are off by less are those of the samples, or as good
_ODD_SHARE = 0.01  # of the rows may be off by more, or share a stamp, by mistake
_GAPS_SHARE = 0.05  # of the rows may be the first after a gap, if gaps are most of the time
_ROWS = 100  # fewer tell no rate
_LOST = 0.75  # of an interval: a step that is no jitter,
_LOST_OF_BUNCH = 1.5  # nor the beat of rows with bunches
_LEVEL_S = 1.0  # in which some row arrives as soon as a row can
_LASTS_S = 5.0  # a step that is taken back within this was a stall
_SINGLE = 1.5  # rows in a bunch on average: more are bunches
_BUNCHES = 8  # at least, in a level
_DRIFT = 0.002  # of a clock against another, far more than crystals do
_ROUNDS = 3  # of making the rate better


def bunched(t_s: Floats) -> bool:
    """Do rows that follow each other, and are not the same, share a stamp as a rule and not by a mistake?"""
    return len(t_s) >= _ROWS and float((np.diff(t_s) == 0).mean()) > _ODD_SHARE


def even(t_s: Floats) -> bool:
    """Are the stamps those of an even clock, rows that are missing apart?"""
    if len(t_s) < _ROWS:
        return True
    for interval in (float(np.median(np.diff(t_s))), _interval(t_s)):
        intervals = np.diff(t_s) / max(interval, 1e-9)
        whole = np.maximum(np.rint(intervals), 1.0)
        mostly_gaps = float((whole > 1).mean()) > _GAPS_SHARE and whole.mean() > 2
        if not mostly_gaps and float((np.abs(intervals - whole) > _EVEN).mean()) <= _ODD_SHARE:
            return True
    return False


def taken(t_s: Floats) -> tuple[Floats, str]:
    """Times of the samples, and how they were found in words, "" where the stamps are those of the samples.

    `t_s` never goes back.
    """
    if even(t_s):
        return t_s, ""
    interval = _interval(t_s)
    bunch = len(t_s) / (1 + np.count_nonzero(np.diff(t_s) > 0.6 * interval))
    length = min(max(round(_LEVEL_S / interval), round(_BUNCHES * bunch)), len(t_s) // 2)
    for _ in range(_ROUNDS):
        late = t_s - interval * np.arange(len(t_s))
        levels = _soonest(late, length)[::length]
        interval += float(np.median(np.diff(levels))) / length if len(levels) > 2 else 0.0
    late = t_s - interval * np.arange(len(t_s))
    out = np.empty_like(t_s)
    lost = (_LOST_OF_BUNCH if bunch > _SINGLE else _LOST) * interval
    steps = _steps(late, length, max(round(_LASTS_S / interval), length), lost)
    reach = round(2 * bunch)  # a bunch may be broken in its middle
    firsts = {step + int(np.argmax(np.diff(t_s[step - 1 : step + reach]))) for step in steps}
    bounds = [0, *sorted(firsts), len(t_s)]
    later = np.inf
    for first, end in reversed(list(pairwise(bounds))):
        level = _level(late[first:end], length, later, interval)
        later = float(level[0])
        out[first:end] = interval * np.arange(first, end) + level
    told = f"rows in bunches of {bunch:.0f}" if bunch > _SINGLE else "t_s jitters"
    return out, f"{told}: taken as {1 / interval:.1f} rows a second, from their count"


def _interval(t_s: Floats) -> float:
    """Seconds a row, as in most stretches of a hundred rows."""
    return float(np.median(t_s[_ROWS - 1 :] - t_s[: 1 - _ROWS])) / (_ROWS - 1)


def _soonest(late: Floats, length: int) -> Floats:
    """Least of late[k : k + length] for every k; of fewer at the end."""
    blocks = -(-len(late) // length) + 1
    padded = np.full((blocks, length), np.inf)
    padded.flat[: len(late)] = late
    up_to = np.minimum.accumulate(padded, axis=1).ravel()
    from_on = np.minimum.accumulate(padded[:, ::-1], axis=1)[:, ::-1].ravel()
    return np.asarray(np.minimum(from_on[: len(late)], up_to[length - 1 : length - 1 + len(late)]))


def _steps(late: Floats, length: int, lasts: int, height: float) -> list[int]:
    """Rows from which on even the soonest are later than those of the level before, for as long as `lasts`."""
    before = np.full(len(late), np.inf)
    before[length:] = _soonest(late, length)[:-length]
    before[1:length] = np.minimum.accumulate(late)[: length - 1]
    stepped = _soonest(late, lasts) - before >= height
    stepped[: length // 2] = False
    stepped[len(late) - length // 2 :] = False
    first = stepped.copy()
    first[1:] &= ~stepped[:-1]
    return np.flatnonzero(first).tolist()


def _level(late: Floats, length: int, later: float, interval: float) -> Floats:
    """How late the soonest rows are, from level to level; `later`: of the rows that follow.

    It changes no faster than a clock may drift, so that what a stall held up does not count.
    """
    parts = np.array_split(late, max(len(late) // length, 1))
    ends = np.cumsum([len(part) for part in parts])
    middles = ends - np.array([len(part) for part in parts]) / 2
    drift = _DRIFT * interval * middles
    least = np.array([part.min() for part in parts])
    least = np.minimum.accumulate(least - drift) + drift
    least = np.minimum(np.minimum.accumulate((least + drift)[::-1])[::-1] - drift, later + drift[-1] - drift)
    return np.asarray(np.interp(np.arange(len(late)), middles, least))
