# SPDX-License-Identifier: MIT
"""The four treadmill recordings give the same integers on every interpreter."""

import json
from pathlib import Path

import pytest

import interpreters
from kneecore import chips
from kneesense import recording, selfcal

FILES = ("treadmill_run_comfortable", "treadmill_run_slow", "treadmill_walk_normal", "treadmill_walk_fast")
DIGEST = Path(__file__).parents[1] / "portable" / "pipeline_digest.py"


@pytest.mark.parametrize("name", FILES)
def test_a_recording_gives_the_same_integers_on_every_interpreter(
    data: Path, tmp_path: Path, name: str
) -> None:
    chip = chips.find("mpu6050")
    loaded = recording.load(data / "nmsdyn_s0040" / f"{name}.csv.gz")
    quantised = recording.quantise(loaded, chip.rate_hz, chip)
    (segment,) = quantised.segments
    (tmp_path / "pipeline.bin").write_bytes(segment.counts.tobytes())
    description = {
        "rate_hz": chip.rate_hz,
        "acc_lsb_per_g": chip.acc_lsb_per_g,
        "gyro_lsb_per_10dps": chip.gyro_lsb_per_10dps,
        "calibration": selfcal.auto(loaded, "right").calibration.to_wire(),
        "settings": {"baseline_strides": 10, "cadence_offset_pm": 0},
        "gaps": [],
    }
    (tmp_path / "pipeline.json").write_text(json.dumps(description))
    expected = interpreters.run(interpreters.CPYTHON, DIGEST, tmp_path)
    assert expected.count("\nstride") > 40
    for interpreter in interpreters.MICROPYTHONS:
        if reason := interpreters.missing(interpreter):
            pytest.skip(reason)
        assert interpreters.run(interpreter, DIGEST, tmp_path) == expected
