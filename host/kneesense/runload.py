# SPDX-License-Identifier: MIT
"""What a recorded run brought of load: time by gait, strides, cadence, and the sum of its impacts.

The sum of peak axial accelerations of a leg's strides weighs their number by their size.  It is no force in the bone,
and hangs on where and how tightly the unit is strapped: compare it within one strapping.  Strides whose peak is
withheld (clipped, shaken by the motor) are not guessed at: `summed` says how many are in the sum.
"""

from __future__ import annotations

from dataclasses import dataclass

from . import cadence
from .store import Run, Store
from .stored import StoredRun


@dataclass(frozen=True, slots=True)
class Load:
    """Of one leg's run; None: not known, as of a run without its end."""

    run: int
    side: str
    run_s: float | None
    walk_s: float | None
    strides: int
    cadence_spm: float | None
    """Mean of the running."""
    tibial_g: float
    """Sum of peak axial accelerations, in g."""
    summed: int
    """Strides in that sum."""


def of(store: Store, run: Run) -> Load:
    """Decodes the whole run."""
    stored = StoredRun(store, run)
    strides = [record for record in stored.records if record["type"] == "stride"]
    mean = cadence.of_running(strides)
    peaks = [s["pta_axial_g"] for s in strides if s["pta_axial_g"] is not None]
    return Load(
        run.id,
        stored.start["side"],
        stored.summary["run_s"],
        stored.summary["walk_s"],
        stored.summary["strides"],
        None if mean is None else round(mean, 2),
        round(sum(peaks), 2),
        len(peaks),
    )
