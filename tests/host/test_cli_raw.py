# SPDX-License-Identifier: MIT
"""Raw samples on the command line: `run --raw` and `show --recording`."""

import sys

import pytest

from kneecore import wire
from kneecore.settings import INDEX
from kneesense.store import Store, Unit

SAMPLES = (0, 19)  # first sample of each record


@pytest.fixture
def paired(home, stack):
    """A paired unit whose runs have samples."""
    with Store(home / "runs.sqlite") as store:
        store.remember(Unit("0a0b0c0d", "0c0d", "right", "lateral", "Ann"))
        store.set_screening("Ann", "2026-01-02T03:04:05Z", "no,no,no,no,no")
    unit = stack.unit
    begin = unit._run

    def run(values):
        seq = begin(values)
        unit.strides(5)
        for sample in SAMPLES:
            unit.record(wire.RAW, {"sample": sample, "counts": bytes(range(12)) * 19})
        return seq

    unit._run = run
    return unit


def test_the_samples_of_a_run_are_written_with_their_calibration_and_the_next_step(
    tell, tell_json, paired, tmp_path
):
    live = tell_json("run", "--duration", 0.3)[1]
    assert [r["type"] for r in live].count("stride") == 5, "samples are stored, not shown"
    code, out, err = tell("show", "last", "--recording", tmp_path / "run.csv.gz")
    assert code == 0
    assert f"Next: kneesense replay {tmp_path / 'run.csv.gz'} --calibration {tmp_path / 'run.json'}" in out
    assert len(err) == 1, "29,962 samples are missing"
    code, _, err = tell("show", "last", "--recording", tmp_path / "run.csv.gz")
    assert (code, "exists" in err[0]) == (2, True)
    code, records, _ = tell_json("show", "--recording", tmp_path / "run.csv.gz", "--overwrite")
    assert (records[-1]["samples"], records[-1]["samples_missing"]) == (38, 29_962)
    assert tell("replay", tmp_path / "run.csv.gz", "--calibration", tmp_path / "run.json")[0] == 0


def test_a_run_without_samples_writes_nothing(tell, paired, tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "SAMPLES", ())
    tell("run", "--duration", 0.3)
    code, _, err = tell("show", "--recording", tmp_path / "run.csv")
    assert (code, "has no samples" in err[0]) == (3, True)
    assert not (tmp_path / "run.csv").exists()
    assert not (tmp_path / "run.json").exists()
    assert tell("show", "--overwrite")[0] == 2


@pytest.mark.parametrize(("flag", "value"), [("--raw", 1), ("--no-raw", 0)])
def test_samples_are_recorded_when_asked(tell, paired, flag, value):
    assert tell("run", "--duration", 0.3, flag)[0] == 0
    assert paired.settings[INDEX["raw_record"]] == value
    assert tell("run", "--attach", flag)[0] == 2
