# SPDX-License-Identifier: MIT
"""The pipeline makes of every golden run what it made before, to the integer."""

import json
import tempfile
from functools import cache
from pathlib import Path

import pytest

import interpreters
from core.golden import DIGESTS, RUNS, Noise, by_batch, by_sample, digest
from interpreters import CPYTHON, MICROPYTHONS, missing

SCRIPT = Path(__file__).parents[1] / "portable" / "pipeline_digest.py"
EXPECTED = json.loads(DIGESTS.read_text())


@pytest.mark.parametrize("name", RUNS)
def test_results_are_those_recorded(name):
    found = digest(by_sample(RUNS[name]()))
    assert found == EXPECTED[name], (
        "results changed; if that is meant: cd tests && python -m core.golden --write"
    )


@pytest.mark.parametrize("name", RUNS)
def test_any_batches_give_the_results_of_single_samples(name):
    sizes = Noise(5)
    assert digest(by_batch(RUNS[name](), lambda: 1 + sizes.below(90))) == EXPECTED[name]


@cache
def lines_on(interpreter, name):
    """What tests/portable/pipeline_digest.py prints there."""
    run = RUNS[name]()
    about = {
        "rate_hz": run.rate_hz, "acc_lsb_per_g": run.scales[0], "gyro_lsb_per_10dps": run.scales[1],
        "calibration": run.calibration, "settings": run.settings,
        "gaps": sorted([at, *gap] for at, gap in run.gaps.items()),
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        inputs = Path(folder)
        (inputs / "pipeline.bin").write_bytes(run.counts.tobytes())
        (inputs / "pipeline.json").write_text(json.dumps(about))
        return interpreters.run(interpreter, SCRIPT, inputs).splitlines()


@pytest.mark.parametrize("interpreter", MICROPYTHONS)
@pytest.mark.parametrize("name", RUNS)
def test_compiled_and_plain_loops_give_the_same_integers(name, interpreter):
    """Desktop MicroPython runs them as machine code of 64 bits, the 31-bit one has no compiler for them."""
    if reason := missing(interpreter):
        pytest.skip(reason)
    lines = lines_on(CPYTHON, name)
    assert len(lines) > 5
    assert lines_on(interpreter, name) == lines


def test_the_runs_have_strides_cues_gaps_and_toe_offs():
    events = 0
    for name in ("made at 500 Hz", "broken"):
        for line in by_sample(RUNS[name]()):
            events |= int(line.split()[0])
    assert events == 31
