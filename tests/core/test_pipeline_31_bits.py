# SPDX-License-Identifier: MIT
"""No intermediate of the pipeline leaves 31 bits: runs, every corner of the input, random input, the end of a long run.

Every integer it holds is made a checked one, and so is every result that follows from it.
"""

from itertools import product

import numpy as np
import pytest

from core.mounting import OBLIQUE, calibration
from core.runs import CHIP, modelled
from core.smallint import SmallArray, SmallInt
from kneecore import baseline, coach, guard, mount, pipeline, pulse, strap, stride, strike, tally, tilt
from kneecore.settings import Settings
from kneesense import recording, selfcal
from kneesense.simulator import Phase

BITS = {"b": 8, "h": 16, "H": 17, "i": 31}
MODULES = (baseline, coach, guard, mount, pipeline, pulse, strap, stride, strike, tally, tilt)
LONGEST_SAMPLES = 18 * 3600 * 1000  # what pipeline.py promises


@pytest.fixture
def checked(monkeypatch):
    """Makes a pipeline in which every integer is a checked one."""
    for module in MODULES:
        monkeypatch.setattr(module, "array", lambda code, values=(): SmallArray(values, BITS[code]))

    def make(
        rate_hz=500,
        acc_lsb_per_g=CHIP.acc_lsb_per_g,
        gyro_lsb_per_10dps=CHIP.gyro_lsb_per_10dps,
        sample=0,
        mounting=None,
    ):
        settings = Settings(baseline_strides=5, cadence_offset_pm=0)
        mounting = mounting or calibration(OBLIQUE, mount.RIGHT, bias_mdps=(900, -700, 500))
        made = pipeline.Pipeline(rate_hz, acc_lsb_per_g, gyro_lsb_per_10dps, mounting, settings)
        made._stages.sample = sample
        _check(made, set())
        return made

    return make


def _check(thing, seen):
    """Replace the plain integers of an object, and of the objects it holds, by checked ones."""
    if id(thing) in seen:
        return
    seen.add(id(thing))
    for name, value in vars(thing).items():
        if type(value) is int:
            setattr(thing, name, SmallInt(value))
        elif type(value).__module__.startswith("kneecore") and hasattr(value, "__dict__"):
            _check(value, seen)
        elif isinstance(value, list) and not isinstance(value, SmallArray):
            for item in value:
                _check(item, seen)


def feed(made, rows):
    """Number of strides and cues."""
    strides = cues = 0
    batch = SmallArray([int(v) for v in np.asarray(rows).ravel()], 16)
    for offset in range(0, len(batch), 6):
        event = made.step(batch, offset)
        strides += bool(event & pipeline.EV_STRIDE)
        cues += bool(event & pipeline.EV_CUE)
    while event := made.finish():
        strides += bool(event & pipeline.EV_STRIDE)
    return strides, cues


def run_rows(rate_hz):
    """A run whose axes are the shank's, turned into those of the oblique sensor."""
    _, samples = modelled([Phase("still", 1), Phase("run", 17, 175), Phase("run", 6, 150)], rate_hz)
    rows = np.array(samples, float).reshape(-1, 2, 3) @ np.array(OBLIQUE)
    return rows.reshape(-1, 6).clip(-32768, 32767).round()


@pytest.mark.parametrize("sample", [0, LONGEST_SAMPLES - 20_000])
def test_a_run_with_cues_at_its_beginning_and_after_18_hours(checked, sample):
    strides, cues = feed(checked(250, sample=sample), run_rows(250))
    assert strides > 15
    assert cues > 0


@pytest.mark.parametrize("rate_hz", [416, 833])
def test_a_run_at_other_rates(checked, rate_hz):
    assert feed(checked(rate_hz), run_rows(rate_hz)[: 6 * rate_hz])[0] > 5


@pytest.mark.parametrize("scales", [(2048, 164), (1024, 143)])
def test_every_corner_of_the_input_held_and_let_go(checked, scales):
    made = checked(200, *scales)
    for corner in product((-32768, 32767), repeat=6):
        rows = np.array([corner] * 12)
        rows[::3] = -1 - rows[::3]
        feed(made, np.vstack((rows, np.array([corner] * 4))))


def test_full_scale_swings_and_random_input(checked):
    random = np.random.default_rng(3)
    made = checked(1000)
    swings = random.integers(-32768, 32768, (3000, 6))
    swings[:, 3:] = np.where(np.arange(3000)[:, None] % 500 < 300, 32767, -32768)
    feed(made, swings)
    feed(made, random.integers(-32768, 32768, (1500, 6)))


@pytest.mark.parametrize("name", ["treadmill_run_comfortable", "treadmill_walk_fast"])
def test_recordings(checked, data, name):
    loaded = recording.load(data / "nmsdyn_s0040" / f"{name}.csv.gz")
    (segment,) = recording.quantise(loaded, CHIP.rate_hz, CHIP).segments
    made = checked(mounting=selfcal.auto(loaded, "right").calibration.to_wire())
    strides, _ = feed(made, segment.counts[: 6 * 20 * CHIP.rate_hz])
    assert strides > 10
