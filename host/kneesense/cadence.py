# SPDX-License-Identifier: MIT
"""Cadence, one conversion for each outlet: inside it is always steps a minute of both feet.

FIT and TCX count one leg's strides in running, people and JSON both feet's steps; FIT keeps what is behind the point in
a field of its own, in 128ths (FIT SDK, profile: record.cadence, record.fractional_cadence).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

_FIT_PARTS = 128
_MOST = 254  # a byte; 255 says "unknown"


def spm(stride_s: float) -> float:
    """Steps a minute of both feet, of one leg's stride."""
    return 120 / stride_s


def to_fit(steps_per_min: float | None) -> tuple[int | None, int | None]:
    """(cadence, fractional_cadence as stored): strides a minute of one leg, whole and 128ths."""
    if steps_per_min is None:
        return None, None
    parts = round(steps_per_min / 2 * _FIT_PARTS)
    whole, part = divmod(parts, _FIT_PARTS)
    return (whole, part) if whole <= _MOST else (None, None)


def to_tcx(steps_per_min: float | None) -> int | None:
    """RunCadence: strides a minute of one leg."""
    whole = None if steps_per_min is None else round(steps_per_min / 2)
    return whole if whole is not None and whole <= _MOST else None


def of_running(records: Iterable[Mapping[str, Any]]) -> float | None:
    """Mean cadence of the running among the strides of `records`; None without any."""
    lengths = [
        r["stride_s"] for r in records if r["type"] == "stride" and r["gait"] == "run" and r["stride_s"]
    ]
    return spm(sum(lengths) / len(lengths)) if lengths else None
