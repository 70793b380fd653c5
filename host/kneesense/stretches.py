# SPDX-License-Identifier: MIT
"""Stretches of a signal: where it is steady, where it does not change at all, where it is cut off."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .table import Floats

Mask = NDArray[np.bool_]

# As kneecore/guard.py: longer than noise ever lets all channels, or one, repeat themselves to the bit.
_ALL_S, _ONE_S = 0.1, 0.4
_FLAT_ROWS, _FLAT_IN_ALL = 3, 10  # at the very largest value of an axis


def runs(mask: Mask) -> list[tuple[int, int]]:
    """(start, stop) of each run of true."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(int), [0]))))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def rolling_sd(values: Floats, width: int) -> Floats:
    """Standard deviation of each column over every window of `width` rows."""
    sums = np.cumsum(np.insert(values - values.mean(axis=0), 0, 0.0, axis=0), axis=0)
    squares = np.cumsum(np.insert((values - values.mean(axis=0)) ** 2, 0, 0.0, axis=0), axis=0)
    mean = (sums[width:] - sums[:-width]) / width
    variance: Floats = (squares[width:] - squares[:-width]) / width - mean**2
    return np.sqrt(np.maximum(variance, 0.0))


def frozen(t_s: Floats, values: Floats) -> Mask:
    """Rows in which all columns, or one that has moved before, repeat themselves for longer than a sensor does."""
    dead = np.zeros(len(t_s), bool)
    if not len(t_s):
        return dead
    same = np.zeros(values.shape, bool)
    same[1:] = np.diff(values, axis=0) == 0
    for column, limit_s in ((same.all(axis=1), _ALL_S), *((one, _ONE_S) for one in same.T)):
        moved = np.flatnonzero(~column[1:])
        for start, stop in runs(column):
            if t_s[stop - 1] - t_s[start - 1] > limit_s and (
                limit_s == _ALL_S or (len(moved) and moved[0] + 1 < start)
            ):
                dead[start - 1 : stop] = True
    return dead


def cut_off(values: Floats, least: float) -> float:
    """The level beyond `least` at which a column stands for some rows, as at the end of a range; 0 if there is none."""
    for column in values.T:
        for end in (float(column.max()), float(column.min())):
            near = np.abs(column - end) <= 1e-6 * abs(end)
            flat = [stop - start for start, stop in runs(near) if stop - start >= _FLAT_ROWS]
            if abs(end) > least and sum(flat) >= _FLAT_IN_ALL:
                return abs(end)
    return 0.0
