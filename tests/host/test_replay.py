# SPDX-License-Identifier: MIT
"""`replay`: the strides of the recordings, and every way to ask for them wrongly or in vain."""

import csv
import gzip
import json
import statistics
from dataclasses import replace

import numpy as np
import pytest

from kneesense import calibration as calibrations
from kneesense import recording, selfcal
from kneesense.simulator import Phase, RunnerModel

RECORDED = [
    ("treadmill_run_comfortable", 66, "run"),
    ("treadmill_run_slow", 66, "run"),
    ("treadmill_walk_normal", 46, "walk"),
    ("treadmill_walk_fast", 56, "walk"),
]
HEADER = ("t_s", "ax", "ay", "az", "gx", "gy", "gz")
SECONDS = (Phase("still", 4), Phase("run", 30, 165), Phase("still", 4))


def rows_of(script=SECONDS, rate_hz=250, seed=1):
    """A recording of the runner model with a sensor's noise, [n, 7] as in the file."""
    model = RunnerModel(script)
    t_s = np.arange(0, model.duration_s, 1 / rate_hz)
    force, rate = model.sample(t_s)
    random = np.random.default_rng(seed)
    force, rate = force + random.normal(0, 0.04, force.shape), rate + random.normal(0, 0.002, rate.shape)
    return np.column_stack((t_s, force, rate))


@pytest.fixture(scope="module")
def modelled():
    return rows_of()


@pytest.fixture
def write(tmp_path):
    def write(rows, name="run.csv"):
        path = tmp_path / name
        with path.open("w", newline="") as file:
            lines = csv.writer(file)
            lines.writerow(HEADER)
            lines.writerows([[f"{value:.6f}" for value in row] for row in rows])
        return path

    return write


def of_type(records, kind):
    return [record for record in records if record["type"] == kind]


def codes(records):
    return [record["code"] for record in of_type(records, "warning")]


# The recordings


@pytest.mark.parametrize("rate", [None, 250])
@pytest.mark.parametrize(("name", "strides", "gait"), RECORDED)
def test_one_stride_a_contact_of_the_treadmill_recordings(data, tell_json, name, strides, gait, rate):
    path = data / "nmsdyn_s0040" / f"{name}.csv.gz"
    code, records, _ = tell_json("replay", path, "--side", "right", *(("--rate", rate) if rate else ()))
    found = of_type(records, "stride")
    assert code == 0
    assert abs(len(found) - strides) <= 1
    assert {stride["gait"] for stride in found} == {gait}
    lengths = [stride["stride_s"] for stride in found[:-1]]
    assert all(abs(length / statistics.median(lengths) - 1) < 0.2 for length in lengths)
    assert records[-1]["strides"] == len(found)
    assert [stride["stride"] for stride in found] == list(range(1, len(found) + 1))
    assert found[-1]["stride_s"] is None


def accounts(summary):
    return sum(summary[name] for name in ("run_s", "walk_s", "unsure_s", "still_s", "gap_s"))


@pytest.mark.parametrize("name", [name for name, _, _ in RECORDED])
def test_the_time_of_a_recording_is_accounted_for(data, tell_json, name):
    _, records, _ = tell_json("replay", data / "nmsdyn_s0040" / f"{name}.csv.gz", "--side", "right")
    assert accounts(records[-1]) == pytest.approx(records[-1]["duration_s"], abs=0.003)


@pytest.mark.parametrize("name", ["air_squats", "calf_raises", "static_calibration"])
def test_exercises_have_no_strides(data, tell_json, name, tmp_path):
    path = data / "nmsdyn_s0040" / "treadmill_run_slow.csv.gz"
    found = selfcal.auto(recording.load(path), "right")
    found.calibration.save(tmp_path / "me.json")
    exercise = data / "nmsdyn_s0040" / f"{name}.csv.gz"
    code, records, _ = tell_json("replay", exercise, "--calibration", tmp_path / "me.json")
    assert code == 0
    assert records[-1]["strides"] == 0
    assert "no_strides" in codes(records)


@pytest.fixture(scope="module")
def recorded(data):
    """A recorded run as rows."""
    loaded = recording.load(data / "nmsdyn_s0040" / "treadmill_run_slow.csv.gz")
    return np.column_stack((loaded.t_s, loaded.acc, loaded.gyro))


def mirrored(calibration):
    """That of the other leg when the sensor's z axis is mirrored."""
    flip = np.diag((1, 1, -1))
    return replace(
        calibration,
        rotation=tuple(map(tuple, (flip @ np.array(calibration.rotation) @ flip).tolist())),
        gyro_bias_rad_s=tuple((-flip @ np.array(calibration.gyro_bias_rad_s)).tolist()),
        side="left",
    )


def test_a_mirrored_recording_of_the_other_leg_has_identical_strides_and_lean(
    recorded, write, tell_json, tmp_path
):
    path = write(recorded)
    right = selfcal.auto(recording.load(path), "right").calibration
    right.save(tmp_path / "right.json")
    mirrored(right).save(tmp_path / "left.json")
    _, these, _ = tell_json("replay", path, "--calibration", tmp_path / "right.json")
    other = write(recorded * (1, 1, 1, -1, -1, -1, 1), "other.csv")
    _, those, _ = tell_json("replay", other, "--calibration", tmp_path / "left.json")
    strides = [
        [{**stride, "side": ""} for stride in of_type(records, "stride")] for records in (these, those)
    ]
    assert strides[0] == strides[1]
    assert len(strides[0]) == 66


@pytest.mark.parametrize("rate_hz", [100, 125])
def test_a_recording_of_a_lower_rate_has_the_same_cadence(recorded, write, tell_json, rate_hz):
    t_s = np.arange(recorded[0, 0], recorded[-1, 0], 1 / rate_hz)
    slower = np.column_stack([np.interp(t_s, recorded[:, 0], column) for column in recorded.T])
    _, records, _ = tell_json("replay", write(slower), "--side", "right")
    assert records[-1]["strides"] == 66
    assert records[-1]["mean_cadence_spm"] == pytest.approx(138.2, rel=0.01)


def test_a_recorded_run_clipped_at_2_g_keeps_its_cadence_and_gives_no_impacts(recorded, write, tell_json):
    clipped = recorded.copy()
    clipped[:, 1:4] = clipped[:, 1:4].clip(-2 * 9.80665, 2 * 9.80665)
    _, records, _ = tell_json("replay", write(clipped), "--side", "right")
    assert records[-1]["mean_cadence_spm"] == pytest.approx(138.2, rel=0.01)
    strides = of_type(records, "stride")
    assert all(stride["clipped"] and stride["pta_axial_g"] is None for stride in strides[2:])
    assert "clipped" in codes(records)


@pytest.mark.parametrize(("factor", "amplitude"), [(1.35, 0.6), (0.72, 1.0)], ids=["slow jog", "sprint"])
def test_a_recorded_run_slower_or_faster_has_the_same_strides(recorded, write, tell_json, factor, amplitude):
    changed = recorded.copy()
    mean = changed[:, 1:].mean(axis=0)
    changed[:, 0] *= factor
    changed[:, 1:] = mean + amplitude * (changed[:, 1:] - mean)
    _, records, _ = tell_json("replay", write(changed), "--side", "right")
    assert records[-1]["strides"] == 66


# A built runner


def true_strides():
    model = RunnerModel(SECONDS)
    model.sample(np.array([0.0, model.duration_s]))
    return model.strides


def test_the_strides_of_the_model(modelled, write, tell_json):
    true = true_strides()
    code, records, _ = tell_json("replay", write(modelled), "--side", "right")
    strides = of_type(records, "stride")
    assert code == 0
    assert len(strides) == len(true)
    errors = [stride["ic_s"] - one.ic_s for stride, one in zip(strides, true, strict=True)]
    assert max(map(abs, errors)) < 0.02
    assert {record["type"] for record in records} <= {"start", "stride", "warning", "summary"}
    assert accounts(records[-1]) == pytest.approx(records[-1]["duration_s"], abs=0.003)
    assert records[0]["type"] in ("start", "warning")


def test_times_are_those_of_the_file(modelled, write, tell_json):
    shifted = np.add(modelled, (100, 0, 0, 0, 0, 0, 0))
    _, records, _ = tell_json("replay", write(modelled), "--side", "right")
    _, later, _ = tell_json("replay", write(shifted), "--side", "right")
    for this, other in zip(of_type(records, "stride"), of_type(later, "stride"), strict=True):
        assert other["ic_s"] - this["ic_s"] == pytest.approx(100, abs=1e-3)


def test_the_start_record_holds_a_calibration_that_gives_the_same_strides(
    modelled, write, tell_json, tmp_path
):
    path = write(modelled)
    _, records, _ = tell_json("replay", path, "--side", "right")
    (start,) = of_type(records, "start")
    used = tmp_path / "used.json"
    used.write_text(json.dumps(start["calibration"]))
    assert calibrations.load(used).side == "right"
    _, again, _ = tell_json("replay", path, "--calibration", used)
    assert of_type(again, "stride") == of_type(records, "stride")


def test_text_is_one_line_a_stride_and_a_summary(modelled, write, tell):
    code, out, _ = tell("replay", write(modelled), "--side", "right")
    assert code == 0
    assert "right leg" in out[0]
    assert sum(" spm " in line and " lean " in line for line in out) == len(true_strides())
    assert any("strides in 0:" in line for line in out)
    assert max(len(line) for line in out if " spm" in line) < 80


@pytest.mark.parametrize(
    ("rate", "words"), [("2.5", "--rate 2.5: must be a whole number"), ("0", "must be 200 to 1000")]
)
def test_a_rate_that_cannot_be_is_refused(modelled, write, tell, rate, words):
    code, _, err = tell("replay", write(modelled), "--side", "right", "--rate", rate)
    assert (code, len(err)) == (2, 1)
    assert words in err[0]


def test_samples_are_written_for_every_sample(modelled, write, tell_json, tmp_path):
    rows = modelled.copy()
    rows[2500:2750, 1:] = rows[2500, 1:]
    path = tmp_path / "samples.csv"
    _, records, _ = tell_json("replay", write(rows), "--side", "right", "--samples", path)
    with path.open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert list(lines[0]) == ["t_s", "lean_deg", "sagittal_dps", "flags"]
    assert len(lines) == round(records[-1]["duration_s"] * 500)
    assert float(lines[1]["t_s"]) - float(lines[0]["t_s"]) == pytest.approx(0.002)
    assert max(float(line["sagittal_dps"]) for line in lines if line["sagittal_dps"]) > 300
    frozen = [line for line in lines if line["flags"] == "frozen"]
    assert len(frozen) == pytest.approx(450, abs=2)
    assert all(line["lean_deg"] == "" for line in frozen)
    assert [record["reason"] for record in of_type(records, "gap")] == ["frozen"]
    assert list(tmp_path.glob("*.part")) == []


def test_rows_that_are_missing_or_bad_are_gaps_and_cost_two_strides_at_most(modelled, write, tell_json):
    _, base, _ = tell_json("replay", write(modelled), "--side", "right")
    bad = modelled.copy()
    bad[5000, 3] = np.nan
    bad = np.insert(bad, 6000, [bad[6000]] * 5, axis=0)
    bad = np.delete(bad, slice(7000, 7100), axis=0)
    _, records, _ = tell_json("replay", write(bad), "--side", "right")
    assert [gap["reason"] for gap in of_type(records, "gap")] == ["nan", "time_jump"]
    assert len(codes(records)) >= 2
    assert base[-1]["strides"] - 4 <= records[-1]["strides"] <= base[-1]["strides"]


# In vain


@pytest.mark.parametrize(
    "count", [0, 1, 2, 2500], ids=["header only", "one row", "two rows", "10 s standing"]
)
def test_few_rows_or_standing_are_a_success_without_strides(write, tell_json, count):
    standing = rows_of((Phase("still", 10.5),))[:count]
    code, records, err = tell_json("replay", write(standing), "--side", "left")
    summary = records[-1]
    assert code == 0
    assert summary["strides"] == 0
    assert summary["mean_cadence_spm"] is None
    assert "no_strides" in codes(records)
    assert any("strides" in line for line in err)


@pytest.mark.parametrize("steps", [1, 2])
def test_one_or_two_strides_are_a_success_with_a_message(write, tell_json, steps):
    script = (Phase("still", 3), Phase("walk", 1.2 * steps, 100), Phase("still", 3))
    code, records, err = tell_json("replay", write(rows_of(script)), "--side", "left")
    assert code == 0
    assert err
    assert records[-1]["type"] == "summary"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), "--side"),
        (("--side", "up"), "--side"),
        (("--side", "left", "--rate", "50"), "200"),
        (("--side", "left", "--rate", "1500"), "1000"),
        (("--side", "left", "--calibration", "missing.json"), "missing.json"),
        (("--side", "left", "--still", "missing.csv"), "missing.csv"),
    ],
)
def test_a_wrong_option_is_one_line_and_exit_code_2(modelled, write, tell_json, options, told):
    code, records, err = tell_json("replay", write(modelled), *options)
    assert code == 2
    assert len(of_type(records, "error")) == 1
    assert told in err[-1]
    assert of_type(records, "stride") == []


def test_a_calibration_of_the_other_leg_is_refused(modelled, write, tell_json, tmp_path):
    path = write(modelled)
    selfcal.auto(recording.load(path), "left").calibration.save(tmp_path / "left.json")
    code, _, err = tell_json("replay", path, "--side", "right", "--calibration", tmp_path / "left.json")
    assert code == 2
    assert "left leg" in err[-1]


def test_samples_that_cannot_be_written_are_told_and_nothing_is_left(modelled, write, tell_json, tmp_path):
    nowhere = tmp_path / "no such folder" / "samples.csv"
    code, _, err = tell_json("replay", write(modelled), "--side", "right", "--samples", nowhere)
    assert code == 2
    assert "samples.csv" in err[-1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.csv"]


@pytest.mark.parametrize("content", [b"", b"t_s,ax\n0,1\n", b"1,2,3\n", b"\x00\xff\x00"])
def test_a_file_that_is_no_recording_is_one_line_and_exit_code_2(tell_json, tmp_path, content):
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    code, _, err = tell_json("replay", path, "--side", "right")
    assert code == 2
    assert len(err) == 1
    assert "bad.csv" in err[0]


@pytest.mark.parametrize("name", ["run.csv", "link.csv", "folder", "there.csv"])
def test_samples_never_replace_the_input_a_folder_or_an_existing_file(modelled, write, tell, tmp_path, name):
    source = write(modelled)
    before = source.read_bytes()
    (tmp_path / "link.csv").symlink_to(source)
    (tmp_path / "folder").mkdir()
    (tmp_path / "there.csv").write_text("mine")
    force = ["--overwrite"] if name in ("run.csv", "link.csv") else []
    code, _, err = tell("replay", source, "--side", "right", "--samples", tmp_path / name, *force)
    assert (code, len(err)) == (2, 1)
    assert name in err[0]
    assert source.read_bytes() == before
    assert (tmp_path / "there.csv").read_text() == "mine"
    assert list(tmp_path.glob("*.part")) == []


def test_samples_are_packed_when_the_name_says_so_and_written_without_strides(
    write, modelled, tell, tmp_path
):
    path = tmp_path / "samples.csv.gz"
    code, _, _ = tell("replay", write(modelled[:200]), "--side", "right", "--samples", path)
    assert code == 0
    assert len(gzip.decompress(path.read_bytes()).splitlines()) > 200


def test_a_calibration_that_is_saved_gives_the_same_strides(modelled, write, tell_json, tmp_path):
    saved = tmp_path / "me.json"
    source = write(modelled)
    first = tell_json("replay", source, "--side", "right", "--save-calibration", saved)[1]
    again = tell_json("replay", source, "--calibration", saved)[1]
    assert of_type(first, "stride")
    assert of_type(again, "stride") == of_type(first, "stride")
