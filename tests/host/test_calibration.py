# SPDX-License-Identifier: MIT
"""A calibration as JSON and as wire integers, and what is refused as one."""

import json
import math
from dataclasses import replace

import pytest

from kneecore import wire
from kneesense import calibration
from kneesense.calibration import Calibration
from kneesense.errors import InputError, KneesenseError

GOOD = Calibration(
    rotation=((0.8, 0.0, 0.6), (0.36, 0.8, -0.48), (-0.48, 0.6, 0.64)),
    gyro_bias_rad_s=(0.01, -0.02, 0.003),
    acc_scale=0.991,
    neutral_deg=-1.25,
    side="right",
    face="medial",
    chip="mpu6050",
    made_utc="2025-01-02T03:04:05+00:00",
)


def changed(**values):
    return json.dumps(GOOD.to_json() | values)


def test_json_gives_back_the_same_calibration(tmp_path):
    path = tmp_path / "calibration.json"
    GOOD.save(path)
    assert calibration.load(path) == GOOD
    with pytest.raises(InputError, match="exists"):
        GOOD.save(path)
    GOOD.save(path, overwrite=True)


def test_a_calibration_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "calibration.json"
    GOOD.save(path)
    old = path.read_text()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(KneesenseError, match="No space left"):
        replace(GOOD, neutral_deg=2.0).save(path, overwrite=True)
    assert path.read_text() == old
    assert [p.name for p in tmp_path.iterdir()] == ["calibration.json"]


def test_the_wire_has_every_field_and_gives_back_its_resolution():
    values = GOOD.to_wire()
    assert set(values) == set(wire.CALIBRATE.names) - {"token"}
    wire.payload(wire.CALIBRATE, values | {"token": 1})
    again = Calibration.from_wire(values)
    assert again.to_wire() == values
    assert (again.side, again.face, again.chip, again.neutral_deg) == ("right", "medial", "mpu6050", -1.25)
    assert again.acc_scale == pytest.approx(0.991, abs=2**-15)
    for a, b in zip(again.gyro_bias_rad_s, GOOD.gyro_bias_rad_s, strict=True):
        assert a == pytest.approx(b, abs=math.radians(0.0005))


@pytest.mark.parametrize(("text", "reason"), [
    ("", "not a calibration JSON"),
    ("{", "not a calibration JSON"),
    ("[1, 2]", "no rotation, gyro_bias_rad_s"),
    ('{"static": {}}', "not a calibration of this product: no rotation"),
    (changed(rotation=[[1, 0, 0], [0, 1, 0]]), "3x3"),
    (changed(rotation=[[1, 0, 0], [0, 1, 0], [0, 0, "a"]]), "real number"),
    (changed(rotation=[[1, 0, 0], [0, 1, 0], [0, 0, float("nan")]]), "not finite"),
    (changed(rotation=[[1, 0, 0], [0, 1, 0], [0, 0, -1]]), "mirror"),
    (changed(rotation=[[1, 0, 0], [0.05, 1, 0], [0, 0, 1]]), "right angles"),
    (changed(gyro_bias_rad_s=[0, 0, 1]), "gyro bias above 32 deg/s"),
    (changed(acc_scale=0.1), "acc_scale"),
    (changed(neutral_deg=400), "neutral"),
    (changed(side="both"), "side 'both' is none of"),
    (changed(side="unknown"), "side must be left or right"),
    (changed(face="front"), "face 'front' is none of"),
    (changed(neutral_deg=10**400), "too large"),
    (changed(acc_scale=1e308), "far out of any range"),
    (changed(rotation=[[1e308, 0, 0], [0, 1, 0], [0, 0, 1]]), "far out of any range"),
    (changed(gyro_bias_rad_s=[0, 0, -1e308]), "far out of any range"),
    ("[" * 100_000, "not a calibration JSON"),
    (changed(chip="mpu9999"), "unknown chip mpu9999: one of mpu6050"),
])  # fmt: skip
def test_what_is_no_calibration_is_refused_with_file_and_reason(tmp_path, text, reason):
    path = tmp_path / "calibration.json"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        calibration.load(path)
    assert str(path) in str(caught.value)
    assert reason in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        calibration.load(tmp_path / "none.json")


def test_the_data_sets_own_calibration_is_another_thing(data):
    with pytest.raises(InputError, match="not a calibration of this product"):
        calibration.load(data / "nmsdyn_s0040" / "calibration.json")
