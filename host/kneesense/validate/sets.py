# SPDX-License-Identifier: MIT
"""The trials of a folder, each judged by what is known about it, pooled into sets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from .. import recording as recordings
from .. import selfcal
from ..calibration import Calibration
from ..errors import InputError
from ..recording import Recording
from ..table import Floats
from .compare import Tally, as_records, compare
from .folder import STILL, WALK, Trial, columns, stance_of
from .found import Found, intervals_off, pedometer, pipeline_of
from .lean import Agreement, Inclination, Stance, agreement, inclination, stance, vqf

TILES = 10  # times a cycle is repeated: three strides to lock on, the rest to judge
_PRIMED = 3
_CYCLE_S = 0.65  # the cycles' own length; the rest of each is the beginning of the next
_RATE_HZ = 500
_EYE = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
_REFERENCE = ("ref_qw", "ref_qx", "ref_qy", "ref_qz", "movement")
_NEAR_S = 0.4  # around a lone stance whose events are known


@dataclass(frozen=True)
class Count:
    """Contacts of a recording without events: found, by an offline count of its mid-swings, and odd intervals."""

    trial: str
    found: int
    offline: int
    off: int


@dataclass
class Result:
    """Everything measured on one set."""

    name: str
    trials: int = 0
    tally: Tally = field(default_factory=Tally)
    trivial: Tally = field(default_factory=Tally)  # the pedometer
    counts: list[Count] = field(default_factory=list)
    agreements: list[Agreement] = field(default_factory=list)
    stances: list[Stance] = field(default_factory=list)
    inclinations: list[Inclination] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


def judge(trials: Sequence[Trial], progress: Callable[[str], None]) -> dict[str, Result]:
    """Results by name of the set; `progress` is told each trial before it is judged."""
    out: dict[str, Result] = {}
    for trial in trials:
        progress(f"{trial.source}/{trial.name}")
        result = out.setdefault(trial.set_name, Result(trial.set_name))
        result.trials += 1
        try:
            _JUDGES[trial.kind](trial, result)
        except InputError as error:
            result.refused.append((trial.name, str(error).removeprefix(f"{trial.path}: ")))
    return out


def _refused(trial: Trial, _: Result) -> None:
    recordings.load(trial.path)
    raise InputError("no gyroscope")


def _free(trial: Trial, result: Result) -> None:
    recording = recordings.load(trial.path)
    if trial.truth.get("strides") == []:
        _, found = _replayed(trial)
        result.tally.add(compare(found.strides, [], [], trial.name))
        result.trivial.add(compare(as_records(pedometer(recording)), [], [], trial.name))
        result.counts.append(Count(trial.name, len(found.strides), 0, 0))
        return
    own = selfcal.auto(recording, trial.truth["side"])
    found = pipeline_of(recording, own.calibration)
    ic_s = found.ic_s()
    offline = own.counted + 1
    result.counts.append(Count(trial.name, len(ic_s), offline, intervals_off(ic_s)))
    peer = vqf()
    running = sum(stride["gait"] == "run" for stride in found.strides)
    if peer and running > len(found.strides) / 2:
        result.agreements.append(agreement(trial.name, recording, own.calibration, peer))


def _events(trial: Trial, result: Result) -> None:
    recording, found = _replayed(trial)
    true = trial.truth["strides"]
    for t in true:
        window = (t["ic_s"] - _NEAR_S, t["ic_s"] + _NEAR_S)
        result.tally.add(compare(found.strides, [t], ["walk"], trial.name, window))
        counted = as_records(pedometer(recording))
        result.trivial.add(compare(counted, [t], ["walk"], trial.name, window))
    header = _numbers(trial, ("t_s", "ref_shank_front_deg"))
    if header is None:
        return
    side = trial.truth["side"]
    # ref_shank_front_deg: positive when the knee is to the right (lateral) of the ankle of a right leg
    for t in true:
        kept = stance(trial.name, found, side, header[0], header[1], t["ic_s"], t["to_s"])
        if kept:
            result.stances.append(kept)


def _truth(trial: Trial, result: Result) -> None:
    recording, found = _replayed(trial)
    true = trial.truth.get("strides")
    if true is None:
        ic_s = found.ic_s()
        result.counts.append(Count(trial.name, len(ic_s), len(ic_s), intervals_off(ic_s)))
        return
    condition = str(trial.truth.get("condition") or trial.name)
    cells = [str(t.get("activity") or t.get("gait") or condition) for t in true]
    result.tally.add(compare(found.strides, true, cells, condition))
    result.trivial.add(compare(as_records(pedometer(recording)), true, cells, condition))


def _cycles(trial: Trial, result: Result) -> None:
    events = {(event["side"], event["cycle"]): event for event in trial.truth["events"]}
    for (side, cycle), table in _groups(trial):
        event = events.get((side, cycle))
        if event is None:
            continue
        recording, length_s = _tiled(f"{side} {cycle}", table)
        own = "left" if side == "L" else "right"
        worn = Calibration(_EYE, (0.0, 0.0, 0.0), 1.0, 0.0, own, "unknown", "mpu6050", "")
        found = pipeline_of(recording, worn)
        starts_s = np.arange(_PRIMED, TILES - 1) * length_s
        stance = stance_of(event)
        before = stance["ic_s"] - length_s / 2
        window = (float(starts_s[0] + before), float(starts_s[-1] + before + length_s))
        true = [stance | {key: float(s + stance[key]) for key in ("ic_s", "to_s")} for s in starts_s]
        group, cells = f"{side} {cycle}", ["run"] * len(true)
        for tally, records in (
            (result.tally, found.strides),
            (result.trivial, as_records(pedometer(recording))),
        ):
            tally.add(_once(compare(records, true, cells, group, window)))


def _once(repeated: Tally) -> Tally:
    """All repetitions are the same stance: it is found when every one is, and doubled when one is."""
    missed = bool(repeated.n_missed)
    return Tally(
        [] if missed else repeated.pairs[:1], {"run": int(missed)}, {"run": int(bool(repeated.n_false))}
    )


def _orientation(trial: Trial, result: Result) -> None:
    recording = recordings.load(trial.path)
    header = _numbers(trial, _REFERENCE)
    if header is None or len(header[0]) != len(recording.t_s):
        raise InputError(f"{trial.path}: rows of the reference are not those of the sensor")
    reference = np.column_stack(header[:4])
    result.inclinations.append(inclination(trial.name, recording, reference, header[4], vqf()))


_JUDGES = {
    "refused": _refused,
    "free": _free,
    "events": _events,
    "truth": _truth,
    "cycles": _cycles,
    "orientation": _orientation,
}


def _replayed(trial: Trial) -> tuple[Recording, Found]:
    recording = recordings.load(trial.path)
    worn = trial.worn() or _from_mates(trial) or selfcal.auto(recording, trial.truth["side"]).calibration
    return recording, pipeline_of(recording, worn, lean=True)


def _from_mates(trial: Trial) -> Calibration | None:
    """As guided calibration would, from the folder's recordings at rest and of an easy walk."""
    still, walk = trial.mate(STILL), trial.mate(WALK)
    return _guided(str(walk), str(still), trial.truth["side"]) if still and walk else None


@cache
def _guided(walk: str, still: str, side: str) -> Calibration:
    return selfcal.auto(recordings.load(walk), side, still=recordings.load(still)).calibration


def _numbers(trial: Trial, names: tuple[str, ...]) -> list[Floats] | None:
    try:
        cells = columns(trial.path, names)
    except KeyError:
        return None
    return [np.array([float(cell) if cell else np.nan for cell in column]) for column in cells]


def _groups(trial: Trial) -> Iterator[tuple[tuple[str, str], Floats]]:
    """((side, cycle), its rows [n, 7]) of a table whose time starts anew in each cycle."""
    names = ("side", "cycle", "t_s", "ax", "ay", "az", "gx", "gy", "gz")
    side, cycle, *cells = columns(trial.path, names)
    values = np.array(cells, float).T
    keys = list(zip(side, cycle, strict=True))
    for key in dict.fromkeys(keys):
        yield key, values[[i for i, k in enumerate(keys) if k == key]]


def _tiled(name: str, table: Floats) -> tuple[Recording, float]:
    """One cycle after the other without a seam in time, and the length of one."""
    grid = np.arange(0, min(_CYCLE_S, table[-1, 0]), 1 / _RATE_HZ)
    cycle = np.column_stack([np.interp(grid, table[:, 0], column) for column in table[:, 1:].T])
    tiled = np.tile(cycle, (TILES, 1))
    t_s = np.arange(len(tiled)) / _RATE_HZ
    recording = Recording(name, t_s, tiled[:, :3].copy(), tiled[:, 3:].copy(), {}, ())
    return recording, len(grid) / _RATE_HZ
