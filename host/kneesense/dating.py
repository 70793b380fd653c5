# SPDX-License-Identifier: MIT
"""When a run was: measured, said by the user, or known only to lie between two moments."""

from __future__ import annotations

from dataclasses import dataclass

from .store import Run, Store
from .tie import Jump, Tie

CLOCK, USER = "clock", "user"


@dataclass(frozen=True, slots=True)
class Date:
    """Of one run.  A user's word goes before the measurement, which stays beside it in `bounds_us`."""

    zero_us: int
    """Device time of its first sample."""
    start_us: int | None
    """UTC of that, microseconds since 1970; None: unknown."""
    bounds_us: tuple[int | None, int | None]
    """The earliest and the latest it may have been, by the clocks alone."""
    source: str | None
    """CLOCK, USER, or None while the start is unknown."""
    tie: Tie | None

    def utc_us(self, t_us: int) -> int | None:
        """UTC of another device time of the run, drift included where it is known."""
        if self.source == CLOCK and self.tie:
            return self.tie.utc_us(t_us)
        if self.start_us is None:
            return None
        passed_us = t_us - self.zero_us
        drift_ppm = self.tie.drift_ppm if self.tie else 0.0
        return self.start_us + passed_us + round(passed_us * drift_ppm / 1e6)

    def jumps(self, last_us: int) -> list[Jump]:
        """How often the computer's clock was found set by a second and more in the run, which ends at `last_us`."""
        if self.tie is None:
            return []
        found = (jump for jump in self.tie.jumps if self.zero_us <= jump.t_us <= last_us)
        return [jump for jump in found if abs(jump.by_us) >= 1_000_000]


def of(store: Store, run: Run, zero_us: int, last_us: int) -> Date:
    """`last_us`: device time of the run's last record."""
    tie, said = store.tie(run.device, run.boot), store.said(run.id)
    if tie is not None:
        bounds: tuple[int | None, int | None] = tie.bounds_us(zero_us)
    else:
        bounds = store.around(run.device, run.boot, zero_us, last_us)
    if said is not None:
        return Date(zero_us, said, bounds, USER, tie)
    return Date(zero_us, tie.utc_us(zero_us) if tie else None, bounds, CLOCK if tie else None, tie)
