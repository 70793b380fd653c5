# SPDX-License-Identifier: MIT
"""One simulated run through chip, driver and pipeline: whichever chip it is, strides and lean are the same.

The MPU-6050 is the measure: all of kneesense is tried with it.  Filters are not simulated, so what is left are scales,
counts and rates: rounding, where nothing is wrong.
"""

from array import array
from functools import cache

import numpy as np
import pytest

from fakes.i2c import Desk
from fakes.imu import PARTS, driver
from kneecore import told, wire
from kneecore.pipeline import Pipeline
from kneecore.settings import Settings
from kneesense.simulator import Phase, RunnerModel
from kneesense.world.feed import ModelFeed

SCRIPT = (Phase("still", 3), Phase("walk", 6, 110), Phase("run", 16, 165))
IDENTITY = dict.fromkeys(wire.CALIBRATE.names[1:], 0) | {
    "rotation_q14_0": 16384, "rotation_q14_4": 16384, "rotation_q14_8": 16384, "acc_scale_q14": 16384, "side": 2,
}  # fmt: skip
# Counts per g and per 10 deg/s as the data sheets have them, where the table of chips can only round.
SENSITIVITY = {"lsm6dso": (1000 / 0.488, 10 / 0.070), "lsm6dso32": (1000 / 0.976, 10 / 0.070)}
LEANS = ("lean_ic_cdeg", "lean_mid_cdeg", "lean_min_cdeg", "lean_max_cdeg")

others = pytest.mark.parametrize("name", [part.name for part in PARTS if part.name != "mpu6050"])


@cache
def run(name):
    """(true rate, strides as dicts of the fields of wire.STRIDE) of the run on this chip."""
    part = next(part for part in PARTS if part.name == name)
    desk = Desk()
    acc, gyro = SENSITIVITY.get(name, part.figures[1:3])
    felt_as = part.figures._replace(acc_lsb_per_g=acc, gyro_lsb_per_10dps=gyro)
    chip = part.model(desk.clock, ModelFeed(RunnerModel(SCRIPT), felt_as), part.address)
    desk.chips.append(chip)
    imu = driver(desk, part)
    pipeline = Pipeline(imu.rate_hz, imu.acc_lsb_per_g, imu.gyro_lsb_per_10dps, IDENTITY, Settings())
    batch = array("h", bytes(12 * imu.FIFO_SAMPLES))
    strides = []

    def note(event):
        for kind, values in told.of_event(pipeline, event):
            assert kind == "stride"
            strides.append(dict(zip(told.FIELDS["stride"], values, strict=True)))

    imu.start()
    for _ in range(round(sum(phase.duration_s for phase in SCRIPT) / 0.02) + 50):
        desk.sleep_ms(20)
        pipeline.take(batch, 0, imu.drain(batch))
        assert imu.lost_reason is None
        while event := pipeline.advance():
            note(event)
    while event := pipeline.finish():
        note(event)
    return chip.rate_hz, strides


def of(strides, field):
    return np.array([stride[field] for stride in strides])


@others
def test_the_same_strides_at_the_same_times(name):
    (expected_hz, expected), (rate_hz, strides) = run("mpu6050"), run(name)
    assert len(strides) == len(expected) > 20
    for field in ("gait", "flags"):
        assert of(strides, field).tolist() == of(expected, field).tolist()
    late_ms = 1000 * (of(strides, "ic_x16") / (16 * rate_hz) - of(expected, "ic_x16") / (16 * expected_hz))
    assert np.abs(late_ms).max() < 2500 / rate_hz  # samples of this chip: 2.5, and 0.75 RMS
    assert np.sqrt(np.mean(late_ms**2)) < 750 / rate_hz


@others
def test_the_same_lean_to_a_tenth_of_a_degree_and_the_same_impacts(name):
    """Of single strides a mean over 20 to 40 % of contact may have a sample more or less, which is up to 0.25 deg."""
    (_, expected), (_, strides) = run("mpu6050"), run(name)
    for field in LEANS:
        off_cdeg = of(strides, field) - of(expected, field)
        assert np.sqrt(np.mean(off_cdeg**2.0)) < 10
        assert np.abs(off_cdeg).max() < 25
    for field in ("pta_axial_mg", "pta_resultant_mg"):
        assert of(strides, field) == pytest.approx(of(expected, field), rel=0.03)


def test_the_chips_with_the_rate_and_scales_of_the_mpu6050_give_the_same_integers():
    for name in ("icm42688p", "icm20689"):
        assert run(name)[1] == run("mpu6050")[1]
