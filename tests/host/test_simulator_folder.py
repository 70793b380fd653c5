# SPDX-License-Identifier: MIT
"""`kneesense simulate`: recordings that load, truths that belong to them, whole files or none."""

import json
from pathlib import Path

import numpy as np
import pytest

from kneesense import calibration, recording
from kneesense.simulator import SCENARIOS, Runner, Sensor, folder


def names(path):
    return sorted(file.name for file in path.iterdir())


def test_each_runner_does_each_scenario_and_the_files_say_what_is_true(tell_json, tmp_path):
    out = tmp_path / "made"
    options = ("--scenario", "run", "--scenario", "sit", "--runners", 2, "--duration", 12)
    code, records, err = tell_json("simulate", out, *options)
    assert (code, err) == (0, [])
    stems = ["run-001", "run-002", "sit-001", "sit-002"]
    assert names(out) == sorted(stem + end for stem in stems for end in (".csv.gz", ".truth.json"))
    assert [r["type"] for r in records] == ["recording"] * 4 + ["summary"]
    told = {Path(r["file"]).name: r for r in records[:-1]}
    for stem in stems:
        loaded = recording.load(out / f"{stem}.csv.gz")
        truth = json.loads((out / f"{stem}.truth.json").read_text())
        assert loaded.warnings == ()
        assert loaded.gaps == {}
        assert truth["condition"] == stem[:-4]
        assert len(truth["strides"]) == told[f"{stem}.csv.gz"]["strides"]
        assert bool(truth["strides"]) == stem.startswith("run")
        ic_s = [stride["ic_s"] for stride in truth["strides"]]
        assert ic_s == sorted(ic_s)
        assert all(0 < t < loaded.t_s[-1] for t in ic_s)
        (tmp_path / "worn.json").write_text(json.dumps(truth["calibration"]))
        assert calibration.load(tmp_path / "worn.json").side == truth["side"] == "right"
    assert records[-1]["strides"] == sum(r["strides"] for r in records[:-1])


def test_what_is_read_back_is_what_was_simulated(tmp_path):
    made = SCENARIOS["walk"].simulate(Runner(), 10, Sensor())
    loaded = recording.load(folder.write(tmp_path, "walk", made, {}))
    assert np.allclose(loaded.t_s, made.recording.t_s, atol=1e-6)
    assert np.allclose(loaded.acc, made.recording.acc, atol=1e-4)  # a count is 0.0048
    assert np.allclose(loaded.gyro, made.recording.gyro, atol=1e-5)  # a count is 0.0011


def test_the_same_options_give_the_same_bytes(tell, tmp_path):
    for place in ("a", "b"):
        assert tell("simulate", tmp_path / place, "--scenario", "turns", "--duration", 10)[0] == 0
    assert tell("simulate", tmp_path / "c", "--scenario", "turns", "--duration", 10, "--seed", 2)[0] == 0
    a, b, c = ((tmp_path / place / "turns-001.csv.gz").read_bytes() for place in "abc")
    assert a == b != c


def test_side_part_and_rate_are_those_asked_for(tell, tmp_path):
    options = ("--scenario", "still", "--duration", 10, "--side", "left", "--part", "lsm6dso", "--rate", 833)
    assert tell("simulate", tmp_path, *options)[0] == 0
    truth = json.loads((tmp_path / "still-001.truth.json").read_text())
    assert truth["side"] == "left"
    assert truth["made_by"]["part"] == "lsm6dso"
    rate_hz = recording.load(tmp_path / "still-001.csv.gz").rate_hz
    assert rate_hz == pytest.approx(833, rel=0.05)


def test_the_list_names_every_scenario(tell_json):
    code, records, _ = tell_json("simulate", "--list")
    assert code == 0
    assert [r["name"] for r in records[:-1]] == list(SCENARIOS)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), "no folder"),
        (("OUT", "--scenario", "swim"), "swim"),
        (("OUT", "--runners", 0), "--runners 0"),
        (("OUT", "--duration", 1), "--duration 1"),
        (("OUT", "--rate", 50), "--rate 50"),
        (("OUT", "--part", "bno055"), "bno055"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_no_file(tell, tmp_path, options, told):
    code, out, err = tell("simulate", *(tmp_path / "made" if word == "OUT" else word for word in options))
    assert code == 2
    assert out == []
    assert len(err) == 1
    assert told in err[0]
    assert not (tmp_path / "made").exists()


def test_a_folder_that_cannot_be_written_is_told(tell, tmp_path):
    (tmp_path / "file").write_text("")
    code, _, err = tell("simulate", tmp_path / "file", "--scenario", "still", "--duration", 10)
    assert code == 2
    assert "cannot be written" in err[0]


@pytest.mark.parametrize("fails", ["still-001.csv.gz", "still-001.truth.json"])
def test_an_interrupted_write_leaves_no_half_file_and_no_truth_of_another(tell, tmp_path, monkeypatch, fails):
    assert tell("simulate", tmp_path, "--scenario", "still", "--duration", 10)[0] == 0
    replace = Path.replace

    def interrupted(self, target):
        if target.name == fails:
            raise KeyboardInterrupt
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    assert tell("simulate", tmp_path, "--scenario", "still", "--duration", 11)[0] == 130
    assert names(tmp_path) == ["still-001.csv.gz"]
