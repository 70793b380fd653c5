# SPDX-License-Identifier: MIT
"""A sample costs no heap: neither in the 64-bit interpreter nor where an integer of 31 bits would already allocate.

The run holds everything that happens on the way: standing, strides, toe-offs, a baseline and cues.
"""

import numpy as np
import pytest

from interpreters import CPYTHON, MICROPYTHONS, heap_growth, missing, run
from kneesense.simulator import Phase, RunnerModel

RATE_HZ = 250
BURSTS = (1, 7)
WARM_S = 10
SCRIPT = (Phase("still", 3), Phase("run", 27, 165), Phase("run", 20, 145), Phase("still", 5))

CODE = """
import sys
from array import array
from kneecore import pipeline, wire
from kneecore.settings import Settings

batch = array("h", bytes({samples} * 12))
with open(sys.path[0] + "/samples.bin", "rb") as file:
    assert file.readinto(batch) == {samples} * 12
calibration = {{name: 0 for name in wire.CALIBRATE.names[1:]}}
for name in ("rotation_q14_0", "rotation_q14_4", "rotation_q14_8", "acc_scale_q14"):
    calibration[name] = 16384
calibration["side"] = 2
settings = Settings(cadence_offset_pm=0, baseline_strides=10)
unit = pipeline.Pipeline({rate_hz}, 2048, 164, calibration, settings)
events = array("h", [0] * 16)
BURST = {burst}

def step(i):
    # the i-th burst of the FIFO
    unit.take(batch, i * BURST, BURST)
    while True:
        found = unit.advance()
        if not found:
            break
        bit = 0
        while found:
            if found & 1:
                events[bit] += 1
            found >>= 1
            bit += 1
"""
EXPECTED = """
for i in range({samples} // BURST):
    step(i)
print(list(events))
"""


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    """(folder with samples.bin, number of samples)"""
    runner = RunnerModel(SCRIPT)
    t_s = np.arange(0, runner.duration_s, 1 / RATE_HZ)
    force, rate = runner.sample(t_s)
    counts = np.column_stack([force / 9.80665 * 2048, np.degrees(rate) * 16.4])
    folder = tmp_path_factory.mktemp("samples")
    (folder / "samples.bin").write_bytes(np.clip(counts, -32768, 32767).round().astype("<i2").tobytes())
    return folder, len(t_s)


def test_the_run_has_strides_and_cues(samples):
    folder, count = samples
    code = CODE.format(samples=count, rate_hz=RATE_HZ, burst=5) + EXPECTED.format(samples=count)
    contacts, toe_offs, strides, cues, _ = eval(run(CPYTHON, code, folder))[:5]
    assert strides > 50
    assert contacts > 50
    assert toe_offs > 50
    assert cues > 0


@pytest.mark.parametrize("burst", BURSTS)
@pytest.mark.parametrize("interpreter", MICROPYTHONS)
def test_a_sample_takes_nothing_from_the_heap(interpreter, burst, samples):
    if reason := missing(interpreter):
        pytest.skip(reason)
    folder, count = samples
    warm = WARM_S * RATE_HZ // burst
    code = CODE.format(samples=count, rate_hz=RATE_HZ, burst=burst)
    assert heap_growth(interpreter, code, warm, count // burst - warm - 1, folder) == 0
