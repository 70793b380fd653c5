# SPDX-License-Identifier: MIT
"""What the demo's unit feels and what must come of it: the built-in runner who slows down, or a recording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from kneecore import chips

from .. import calibration, recording, selfcal
from ..calibration import Calibration
from ..errors import InputError
from ..recording import Recording
from ..simulator import Phase, RunnerModel, Variation
from .feed import Feed, Floats, ModelFeed, RecordingFeed

CHIP = chips.find("mpu6050")
BASELINE_STRIDES = 10
SHORTEST_S = 25.0  # of running: below it there is no room for baseline, slow part and recovery

# What the calibration is made from: standing until the host asks for the walk, then 10 strides and some to spare.
_STILL_S, _WALK_S = 7.0, 15.0
_LONG_WALK_S = 60.0  # more than the unit waits for one
_LEAD_STILL_S, _LEAD_WALK_S = 1.5, 4.0  # before the running begins
_WALK_SPM, _RUN_SPM = 112.0, 166.0
_SLOW = 0.90  # of the cadence, in the slow part
_SLOW_FROM, _SLOW_TO = 0.48, 0.70  # parts of the running time
_DROP_AT, _DROP_S = 0.28, 5.0  # the link is lost while nothing else happens
_STEADY = Variation(
    stride=0.006
)  # a treadmill runner; more would need a longer baseline to tell the slow part from it
_GYRO_BIAS_DPS = (0.9, -1.4, 0.5)
_ACC_SCALE = 1.012


@dataclass(frozen=True)
class Scenario:
    """Times in seconds on the run's clock, which starts with the feed's sample 0."""

    feed: Feed
    calibration: Calibration
    end_s: float
    drop_at_s: float
    drop_s: float
    model: RunnerModel | None = None
    calibration_feed: Feed | None = None
    """Standing and walking for the unit to calibrate itself; None: it is given `calibration`."""
    asked: Mapping[str, Feed] = field(default_factory=dict)
    """By stage of a calibration: what is felt of a runner who does what the computer asks for."""
    slow_from_s: float = 0.0
    slow_to_s: float = 0.0
    recording: recording.Quantised | None = None
    warnings: list[str] = field(default_factory=list)


def mounting() -> Floats:
    """Segment to sensor: upside down, lid to the left (medial on a right leg), some degrees askew about every axis."""
    upside_down = np.array([[0.0, -1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, -1.0]])
    skew = np.eye(3)
    for axis, degrees in ((0, 9.0), (1, -14.0), (2, 6.0)):
        a, b = (axis + 1) % 3, (axis + 2) % 3
        turn = np.eye(3)
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        turn[a, a], turn[b, b], turn[a, b], turn[b, a] = c, c, -s, s
        skew = turn @ skew
    return upside_down @ skew


def worn(model: RunnerModel, seed: int) -> ModelFeed:
    """What the demo's chip feels on that runner."""
    return ModelFeed(model, CHIP, mounting(), _GYRO_BIAS_DPS, _ACC_SCALE, seed=seed)


def runner(duration_s: float, side: str, seed: int, second: bool = False) -> Scenario:
    """Still, walk, then run for `duration_s`, slower for a while in the middle.

    `second`: the other leg of the same runner, who begins with the first.
    """
    if duration_s < SHORTEST_S:
        raise InputError(f"--duration {duration_s:g}: the demo needs at least {SHORTEST_S:g} s of running")
    lead_s = _LEAD_STILL_S + _LEAD_WALK_S
    script = [
        Phase("still", _LEAD_STILL_S),
        Phase("walk", _LEAD_WALK_S, _WALK_SPM),
        Phase("run", duration_s, _RUN_SPM),
    ]
    model = RunnerModel(script, side, seed, _STEADY, second=second)
    slow_from_s, slow_to_s = lead_s + _SLOW_FROM * duration_s, lead_s + _SLOW_TO * duration_s
    model.set_cadence(slow_from_s, _SLOW * _RUN_SPM)
    model.set_cadence(slow_to_s, _RUN_SPM)
    return Scenario(
        feed=worn(model, seed),
        calibration=_calibrate(side, seed),
        end_s=lead_s + duration_s,
        drop_at_s=lead_s + _DROP_AT * duration_s,
        drop_s=_DROP_S,
        model=model,
        calibration_feed=_calibration_feed(side, seed),
        asked=_asked(side, seed),
        slow_from_s=slow_from_s,
        slow_to_s=slow_to_s,
    )


def _calibration_feed(side: str, seed: int) -> ModelFeed:
    """The same runner, standing and walking with the same mounting."""
    script = [Phase("still", _STILL_S), Phase("walk", _WALK_S, _WALK_SPM)]
    return worn(RunnerModel(script, side, seed + 1), seed + 1)


def _asked(side: str, seed: int) -> dict[str, Feed]:
    """Likewise, one thing at a time and for as long as it takes."""
    script = {"still": [], "walk": [Phase("walk", _LONG_WALK_S, _WALK_SPM)]}
    script["rezero"] = script["still"]
    return {stage: worn(RunnerModel(phases, side, seed + 1), seed + 1) for stage, phases in script.items()}


def _calibrate(side: str, seed: int) -> Calibration:
    """From that feed as a recording: what the host can give to a unit."""
    t_s = np.arange(0, _STILL_S + _WALK_S, 1 / CHIP.rate_hz)
    counts = _calibration_feed(side, seed).block(0, t_s).astype(float)
    walk = Recording(
        name="calibration walk",
        t_s=t_s,
        acc=counts[:, :3] / CHIP.acc_lsb_per_g * recording.G,
        gyro=np.radians(counts[:, 3:] / (CHIP.gyro_lsb_per_10dps / 10)),
        gaps={},
        warnings=(),
    )
    return selfcal.auto(walk, side, face="medial" if side == "right" else "lateral").calibration


def played(path: Path, side: str, calibration_file: Path | None, duration_s: float | None) -> Scenario:
    """A recording, calibrated from itself as `kneesense replay` does, played to the unit from its first sample."""
    loaded = recording.load(path)
    if calibration_file is not None:
        mounted = calibration.load(calibration_file)
    else:
        mounted = selfcal.auto(loaded, side).calibration
    quantised = recording.quantise(loaded, CHIP.rate_hz, CHIP, mounted.clock_ratio)
    if len(quantised.segments) != 1:
        raise InputError(
            f"{path}: {len(quantised.segments)} pieces; a unit can only be played a recording without gaps"
        )
    whole_s = quantised.samples / CHIP.rate_hz
    end_s = min(whole_s, duration_s) if duration_s else whole_s
    return Scenario(
        feed=RecordingFeed(quantised.segments[0].counts, CHIP),
        calibration=mounted,
        end_s=end_s,
        drop_at_s=_DROP_AT * end_s,
        drop_s=_DROP_S,
        recording=quantised,
        warnings=list(loaded.warnings),
    )
