# SPDX-License-Identifier: MIT
"""A run as stretches in motion and the pauses between them, as files for training sites want it.

A pause is a stretch of PAUSE_S and more without a contact.  Where samples are missing nobody knows, so that is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PAUSE_S = 10.0


@dataclass(frozen=True, slots=True)
class Stint:
    """From when to when, in seconds of the run's clock."""

    begin_s: float
    end_s: float

    @property
    def length_s(self) -> float:
        return self.end_s - self.begin_s


def of(records: Iterable[Mapping[str, Any]], duration_s: float) -> Sequence[Stint]:
    """At least one; of a run without a stride the whole of it."""
    known = sorted(_known(records))
    if not known:
        return [Stint(0.0, duration_s)]
    begin_s = known[0][0] if known[0][0] >= PAUSE_S else 0.0
    stints, last_s = [], begin_s
    for first_s, end_s in known:
        if first_s - last_s >= PAUSE_S:
            stints.append(Stint(begin_s, last_s))
            begin_s = first_s
        last_s = max(last_s, end_s)
    end_s = last_s if duration_s - last_s >= PAUSE_S else max(last_s, duration_s)
    return [*stints, Stint(begin_s, end_s)]


def _known(records: Iterable[Mapping[str, Any]]) -> Iterable[tuple[float, float]]:
    """Stretches that are no pause: strides, and what is missing."""
    for record in records:
        if record["type"] == "stride":
            yield record["ic_s"], record["ic_s"] + (record["stride_s"] or 0.0)
        elif record["type"] == "gap":
            yield record["t_s"], record["t_s"] + record["duration_s"]
