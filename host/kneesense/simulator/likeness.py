# SPDX-License-Identifier: MIT
"""How much a simulated runner looks like recorded ones: the same figures of both, taken by the same code.

`python -m kneesense.simulator.likeness FOLDER` prints the table of docs/simulator.md; FOLDER is the `nmsdyn_s0040` of
docs/data.md.  Each recording stands beside one runner of the same cadence (speed is not known) and beside a crowd.
Contacts and lean are those the unit's pipeline reports, for both.  The crowd's sensors are firmly strapped.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from kneecore import chips
from kneecore.pipeline import Pipeline
from kneecore.settings import Settings

from .. import recording, selfcal
from ..calibration import Calibration
from ..recording import G, Recording, quantise
from ..replay import replay
from .motion import Floats
from .runner import Runner, runners
from .scenarios import sensors
from .script import Phase
from .sensor import Sensor, Strap
from .simulate import simulate

RECORDED = (
    ("treadmill_run_slow", "run"),
    ("treadmill_run_comfortable", "run"),
    ("treadmill_walk_fast", "walk"),
    ("treadmill_walk_normal", "walk"),
)
BANDS_HZ = (0.5, 5.0, 15.0, 30.0, 60.0, 124.0)
CURVE = 50  # points of the mean course of lean over a stride

_RATE_HZ = 250  # of the recordings
_BLOCK_S = 4.096
_LEAD_S = 21.0
_LENGTH_S = 40.0
_CROWD = 12

Figures = dict[str, Floats]  # name and unit -> one value per stride, or per block of the spectrum


@dataclass(frozen=True)
class Looks:
    """`figures` per stride; `lean_deg` [CURVE]: mean course over a stride from contact, its own mean removed."""

    figures: Figures
    lean_deg: Floats


@dataclass(frozen=True)
class Row:
    """10, 50 and 90 % of a figure: over the strides of a recording, of one runner, over a crowd's medians."""

    name: str
    recorded: Floats
    alike: Floats
    crowd: Floats


def looks(recorded: Recording, worn: Calibration, from_s: float = 0.0) -> Looks:
    """Of all strides after `from_s` whose toe-off was found, the first two left out."""
    chip = chips.find(worn.chip)
    quantised = quantise(recorded, _RATE_HZ, chip)
    lean = np.zeros(quantised.samples)

    def watch(pipeline: Pipeline) -> None:
        lean[pipeline.sample - 1] = pipeline.lean_cdeg() / 100

    told = [values for name, values in replay(quantised, chip, worn, Settings(), watch) if name == "stride"]
    rotation = np.array(worn.rotation).T
    grid_s = quantised.t0_s + np.arange(quantised.samples) / _RATE_HZ
    signals = [np.interp(grid_s, recorded.t_s, x) for x in np.column_stack((recorded.acc, recorded.gyro)).T]
    force = np.column_stack(signals[:3]) @ rotation * worn.acc_scale / G
    rate = np.degrees((np.column_stack(signals[3:]) - worn.gyro_bias_rad_s) @ rotation)

    rows, courses = [], []
    from_x16 = from_s * _RATE_HZ * 16
    strides = [s for s in told if s["stride_x16"] and s["contact_x16"] and s["ic_x16"] > from_x16]
    for stride in strides[2:]:
        a = stride["ic_x16"] // 16
        b = a + stride["stride_x16"] // 16
        early = lean[a : a + int(0.6 * stride["contact_x16"] / 16) + 1]
        length = np.linalg.norm(force[a:b], axis=1)
        rows.append(
            (
                stride["stride_x16"] / 16 / _RATE_HZ,
                force[a:b, 1].max(), length.max(), force[a:b, 0].min(), force[a:b, 0].max(),
                rate[a:b, 2].max(), rate[a:b, 2].min(),
                np.abs(rate[a:b, 1]).max(), np.abs(rate[a:b, 0]).max(),
                early.max() - early.min(),
            )
        )  # fmt: skip
        course = np.interp(np.linspace(a, b, CURVE, endpoint=False), np.arange(a, b), lean[a:b])
        courses.append(course - course.mean())
    names = (
        "stride time, s", "peak axial, g", "peak resultant, g", "forward, least, g", "forward, most, g",
        "sagittal rate, most, deg/s", "sagittal rate, least, deg/s",
        "transverse rate, deg/s", "frontal rate, deg/s",
        "lean range 0-60 %, deg",
    )  # fmt: skip
    figures = dict(zip(names, np.array(rows, float).T, strict=True))
    begin, end = strides[2]["ic_x16"] // 16, strides[-1]["ic_x16"] // 16
    return Looks(figures | _bands(force[begin:end]), np.asarray(np.mean(courses, axis=0)))


def _bands(force: Floats) -> Figures:
    """RMS of the acceleration, all three directions together, in bands of frequency."""
    n = int(_BLOCK_S * _RATE_HZ)
    hz = np.fft.rfftfreq(n, 1 / _RATE_HZ)
    window = np.hanning(n)
    powers = []
    for a in range(0, len(force) - n + 1, n // 2):
        block = force[a : a + n]
        spectrum = np.fft.rfft((block - block.mean(axis=0)) * window[:, None], axis=0)
        powers.append(2 * (np.abs(spectrum) ** 2).sum(axis=1) / (n * (window**2).sum()))
    table = np.array(powers)
    return {
        f"{low:g} to {high:g} Hz, g": np.sqrt(table[:, (hz >= low) & (hz < high)].sum(axis=1))
        for low, high in pairwise(BANDS_HZ)
    }


def simulated(gait: str, stride_s: float, runner: Runner, sensor: Sensor, seed: int = 1) -> Looks:
    """A runner of this stride time (0: of its own) seen in the same way."""
    wanted = Phase(gait, _LENGTH_S, 120 / stride_s if stride_s else 0.0)
    made = simulate(
        runner, (Phase("still", 6), Phase("walk", _LEAD_S - 6), wanted), sensor, seed=seed
    ).recording
    first = made.t_s < _LEAD_S
    walked = replace(made, t_s=made.t_s[first], acc=made.acc[first], gyro=made.gyro[first])
    return looks(made, selfcal.auto(walked, "right").calibration, _LEAD_S)


def compare(path: Path, gait: str, crowd_size: int = _CROWD) -> tuple[list[Row], float]:
    """Rows of the table for one recording, and the correlation of the mean courses of lean."""
    recorded = recording.load(path)
    real = looks(recorded, selfcal.auto(recorded, "right").calibration)
    stride_s = float(np.median(real.figures["stride time, s"]))
    alike = simulated(gait, stride_s, Runner(), Sensor(strap=Strap(tilt_deg_per_g=0.1), rate_hz=_RATE_HZ))
    crowd = _crowd(gait, crowd_size)
    rows = [
        Row(
            name,
            _spread(values),
            _spread(alike.figures[name]),
            _spread(np.array([np.median(one.figures[name]) for one in crowd])),
        )
        for name, values in real.figures.items()
    ]
    return rows, float(np.corrcoef(real.lean_deg, alike.lean_deg)[0, 1])


@cache
def _crowd(gait: str, size: int) -> list[Looks]:
    people = enumerate(zip(runners(size), sensors(size), strict=True))
    return [simulated(gait, 0.0, runner, sensor, seed) for seed, (runner, sensor) in people]


def _spread(values: Floats) -> Floats:
    return np.percentile(values, (10, 50, 90))


def markdown(folder: Path) -> Iterator[str]:
    """The table, line by line."""
    for name, gait in RECORDED:
        rows, correlation = compare(folder / f"{name}.csv.gz", gait)
        yield f"\n`{name}`; correlation of the mean course of lean over a stride: {correlation:.2f}\n"
        yield "| | recorded | one of the same cadence | crowd |"
        yield "| --- | --- | --- | --- |"
        for row in rows:
            cells = (f"{b:.3g} ({a:.3g} to {c:.3g})" for a, b, c in (row.recorded, row.alike, row.crowd))
            yield f"| {row.name} | {' | '.join(cells)} |"


if __name__ == "__main__":
    print("\n".join(markdown(Path(sys.argv[1]))))
