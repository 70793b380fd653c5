# SPDX-License-Identifier: MIT
"""What a runner is told to do, and the truth of what came of it."""

from __future__ import annotations

from dataclasses import dataclass

WALKS = ("walk", "stairs_up", "stairs_down")
POSTURES = ("sit", "cycle", "drive")


@dataclass(frozen=True)
class Phase:
    """A stretch of a script.  `gait`: still, walk, run, stairs_up, stairs_down, sit, cycle or drive.

    0 stands for the runner's own cadence and speed, and for a straight path.
    """

    gait: str
    duration_s: float
    cadence_spm: float = 0.0  # steps of both feet per minute
    speed_mps: float = 0.0
    slope_percent: float = 0.0  # + uphill
    bend_m: float = 0.0  # radius of the path, + to the left

    def __post_init__(self) -> None:
        known = ("still", "run", *WALKS, *POSTURES)
        if self.gait not in known:
            raise ValueError(f"no gait '{self.gait}': one of {', '.join(known)}")


@dataclass(frozen=True)
class TrueStride:
    """One initial contact.  What toe-off or the next contact would give is None for the step that comes to a halt."""

    ic_s: float
    gait: str  # run or walk
    activity: str  # of the phase: as `gait`, or stairs_up, stairs_down
    speed_mps: float
    turn: bool  # on a bend
    lean_ic_deg: float
    to_s: float | None = None
    stride_s: float | None = None
    contact_s: float | None = None
    cadence_spm: float | None = None
    lean_mid_deg: float | None = None  # mean of 20 to 40 % of contact
    lean_min_deg: float | None = None  # in 0 to 60 % of contact
    lean_max_deg: float | None = None
    knee_frontal_deg: float | None = None  # mean of 20 to 40 % of contact, valgus positive
    pta_axial_g: float | None = None  # from contact to 90 ms after it, gravity left in, at the sensor's place
