# SPDX-License-Identifier: MIT
"""Ties one boot's device time to UTC by the fastest round trip seen: one offset, no drift.

The unit stamped its answer somewhere between our sending and our receiving, so half of the round trip bounds the error
(Cristian 1989).  Round trips are timed on the monotonic clock: a jump of the wall clock cannot fake a short one.  A
duration never comes from here, only from device time.
"""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Offset:
    """utc_us = t_us + offset_us, give or take error_us."""

    offset_us: int
    error_us: int


class ClockFit:
    """Collects round trips of one boot; `best` is None until there is one."""

    def __init__(self) -> None:
        self.best: Offset | None = None

    def add(self, sent_us: int, received_us: int, utc_received_us: int, t_us: int) -> None:
        """`sent_us`, `received_us`: monotonic; `utc_received_us`: wall clock at receiving; `t_us`: the unit's stamp."""
        half_us = (received_us - sent_us) // 2
        if half_us < 0:
            return
        if self.best is None or half_us < self.best.error_us:
            self.best = Offset(utc_received_us - half_us - t_us, half_us)

    def utc_us(self, t_us: int) -> int | None:
        """UTC of a device time in microseconds since 1970; None while unknown."""
        return None if self.best is None else t_us + self.best.offset_us


def monotonic_us() -> int:
    return time.monotonic_ns() // 1000


def utc_us() -> int:
    """The wall clock, in microseconds since 1970."""
    return time.time_ns() // 1000
