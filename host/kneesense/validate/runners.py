# SPDX-License-Identifier: MIT
"""Simulated runners, measured: every one walks, runs, sprints, climbs and stops, and does one thing more by turns.

Each wears another sensor: any of the 24 mountings up to 30 deg askew, other biases, scales and warming.  The unit is
calibrated from the recording's own first seconds, standing and walking; a second replay with the true calibration
tells how much of an error is the calibration's.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace

import numpy as np

from kneecore.settings import Settings

from .. import selfcal
from ..calibration import Calibration
from ..errors import InputError
from ..recording import Recording
from ..simulator import SCENARIOS, Phase, Runner, Sensor, Simulated, runners, simulate
from ..simulator.scenarios import sensors
from .compare import Tally, as_records, compare
from .found import Found, first_seconds, pedometer, pipeline_of

# Name of the cell, phase.  The last steps before standing fall into its cell.
SCRIPT = (
    ("standing", Phase("still", 6)),
    ("walk, own speed", Phase("walk", 15)),
    ("walk 0.9 m/s", Phase("walk", 14, speed_mps=0.9)),
    ("walk 1.8 m/s", Phase("walk", 12, speed_mps=1.8)),
    ("run 2.2 m/s", Phase("run", 15, speed_mps=2.2)),
    ("run 3 m/s", Phase("run", 15, speed_mps=3.0)),
    ("run 4 m/s", Phase("run", 15, speed_mps=4.0)),
    ("run 5 m/s", Phase("run", 12, speed_mps=5.0)),
    ("sprint 6.5 m/s", Phase("run", 10, speed_mps=6.5)),
    ("slowing down", Phase("run", 8)),
    ("run 8 % up", Phase("run", 12, slope_percent=8)),
    ("run 8 % down", Phase("run", 12, slope_percent=-8)),
    ("standing", Phase("still", 4)),
    ("stairs up", Phase("stairs_up", 10)),
    ("stairs down", Phase("stairs_down", 10)),
    ("standing", Phase("still", 4)),
    ("stop and go", Phase("run", 8)),
    ("stop and go", Phase("still", 4)),
    ("stop and go", Phase("walk", 8)),
    ("standing", Phase("still", 4)),
)
CALIBRATED_S = 21.0  # standing and the first walk, here and in the simulator's scenarios
ALSO = ("turns", "loose", "buzzed")  # scenarios of the simulator, by turns
QUIET = ("still", "haptic", "sit", "cycle", "drive")  # likewise; no contact may be found
_ALSO_S, _QUIET_S, _TRACK_S, _INTERVALS_S = 40.0, 60.0, 200.0, 1200.0
_IDEAL_EVERY, _TRACK_EVERY, _INTERVALS_EVERY = 4, 8, 20
_FIFO_MS = 25.0  # a decision waits up to 20 ms in the chip's FIFO; its way through the firmware is in `bench`

# A cue at almost every toe-off, so that its moment can be measured; nothing else depends on these.
_EAGER = {
    "baseline_strides": 5,
    "cue_m": 1,
    "cue_n": 1,
    "cue_holdoff_strides": 1,
    "cadence_offset_pm": 200,
    "cadence_band_pm": 1,
}


@dataclass(frozen=True)
class Job:
    """One recording to make and to measure.  `scenario` "" is SCRIPT."""

    number: int
    runner: Runner
    sensor: Sensor
    scenario: str

    @property
    def side(self) -> str:
        return ("right", "left")[self.number % 2]

    @property
    def name(self) -> str:
        return f"runner {self.number + 1}" + (f", {self.scenario}" if self.scenario else "")


@dataclass
class Measured:
    """One recording's share of the figures."""

    scenario: str = ""
    name: str = ""
    tally: Tally = field(default_factory=Tally)  # calibrated from the recording
    ideal: Tally = field(default_factory=Tally)  # with the true calibration
    trivial: Tally = field(default_factory=Tally)
    decisions_ms: list[float] = field(default_factory=list)  # true toe-off to the decision, FIFO included
    rests_ms: list[float] = field(default_factory=list)  # end of the pulse to the next true contact
    walking_cues: int = 0  # from the second walking stride on
    refused: str = ""


def jobs(n: int, seed: int) -> list[Job]:
    """Everything that `n` runners do."""
    out = []
    for i, (runner, sensor) in enumerate(zip(runners(n, seed), sensors(n, seed), strict=True)):
        also = ["", ALSO[i % len(ALSO)], QUIET[i % len(QUIET)]]
        if i % _TRACK_EVERY == 0:
            also.append("track")
        if i % _INTERVALS_EVERY == 0:
            also.append("intervals")
        out += [Job(i, runner, sensor, name) for name in also]
    return out


def made(job: Job) -> tuple[Simulated, list[str]]:
    """The recording, and the cell of each of its true strides."""
    if not job.scenario:
        simulated = simulate(job.runner, [phase for _, phase in SCRIPT], job.sensor, job.side, job.number)
        ends_s = np.cumsum([phase.duration_s for _, phase in SCRIPT])
        at = np.searchsorted(ends_s, [stride.ic_s for stride in simulated.strides], "right")
        return simulated, [SCRIPT[min(int(i), len(SCRIPT) - 1)][0] for i in at]
    length_s = {"track": _TRACK_S, "intervals": _INTERVALS_S}.get(job.scenario, _ALSO_S)
    length_s = _QUIET_S if job.scenario in QUIET else length_s
    simulated = SCENARIOS[job.scenario].simulate(
        job.runner, length_s, job.sensor, side=job.side, seed=job.number
    )
    return simulated, [job.scenario] * len(simulated.strides)


def calibrated(recording: Recording, simulated: Simulated) -> Calibration:
    """From standing and walking, as a runner calibrates; the truth where nobody walks.

    InputError when the calibration refuses.
    """
    if not simulated.strides:
        return simulated.calibration
    return selfcal.auto(first_seconds(recording, CALIBRATED_S), simulated.side).calibration


def measure(job: Job) -> Measured:
    """One job: simulate, calibrate, replay, compare."""
    simulated, cells = made(job)
    recording = replace(simulated.recording, name=job.name)
    true = [asdict(stride) for stride in simulated.strides]
    out = Measured(job.scenario, job.name)
    out.trivial = compare(as_records(pedometer(recording)), true, cells, job.name)
    try:
        own = calibrated(recording, simulated)
    except InputError as error:
        out.refused = str(error)
        own = simulated.calibration
    found = pipeline_of(recording, own, settings=Settings(**_EAGER))
    out.tally = compare(found.strides, true, cells, job.name)
    if not job.scenario and job.number % _IDEAL_EVERY == 0:
        ideal = pipeline_of(recording, simulated.calibration)
        out.ideal = compare(ideal.strides, true, cells, job.name)
    _decisions(out, found, simulated)
    return out


def _decisions(out: Measured, found: Found, simulated: Simulated) -> None:
    """Each cue against the true stance it was decided in."""
    ics = np.array([stride.ic_s for stride in simulated.strides])
    for cue in found.cues:
        at = int(np.searchsorted(ics, cue["t_s"])) - 1
        true = simulated.strides[at] if at >= 0 else None
        if true is None or true.gait == "walk":
            # the first walking stride is not known for one until it is complete
            out.walking_cues += at < 1 or simulated.strides[at - 1].gait == "walk"
            continue
        if true.to_s is not None and true.stride_s is not None:
            out.decisions_ms.append(1000 * (cue["t_s"] - true.to_s) + _FIFO_MS)
            next_s = true.ic_s + true.stride_s
            out.rests_ms.append(1000 * (next_s - cue["t_s"]) - _FIFO_MS - cue["pulse_ms"])
