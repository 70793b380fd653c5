# SPDX-License-Identifier: MIT
"""One run, spoilt or transformed in the ways in which recordings of wearables come: what must not change, does not.

The run is recorded (a minute on a treadmill) or simulated (standing, walking, running, by a sensor with its errors).
"""

from dataclasses import dataclass, field

import numpy as np
import pytest
from test_replay import HEADER, codes, of_type

from kneesense import calibration as calibrations
from kneesense import recording
from kneesense.scales import G
from kneesense.simulator import SCENARIOS, Phase, runners, sensors, simulate


@dataclass
class Told:
    """What `replay --json` gave."""

    code: int
    records: list
    err: list
    strides: list = field(init=False)

    def __post_init__(self):
        self.strides = of_type(self.records, "stride")

    @property
    def summary(self):
        return self.records[-1]

    @property
    def gaps(self):
        return of_type(self.records, "gap")

    @property
    def warnings(self):
        return " ".join(record["message"] for record in of_type(self.records, "warning"))

    def of(self, key):
        return np.array([stride[key] for stride in self.strides if stride[key] is not None])


@pytest.fixture
def replay(tell_json, tmp_path):
    def replay(rows, *options):
        path = tmp_path / "run.csv"
        lines = [",".join("" if np.isnan(v) else f"{v:.6f}" for v in row) for row in rows.tolist()]
        path.write_text("\n".join([",".join(HEADER), *lines]) + "\n")
        if "--calibration" not in options:
            options = ("--side", "right", *options)
        return Told(*tell_json("replay", path, *options))

    return replay


def resampled(rows, rate_hz):
    t_s = np.arange(rows[0, 0], rows[-1, 0], 1 / rate_hz)
    return np.column_stack((t_s, *(np.interp(t_s, rows[:, 0], column) for column in rows.T[1:])))


@pytest.fixture(scope="session", params=["recorded", "simulated"])
def run(request):
    """Rows of a run at 250 Hz: t_s, acceleration, rate."""
    if request.param == "recorded":
        folder = request.getfixturevalue("data") / "nmsdyn_s0040"
        loaded = recording.load(folder / "treadmill_run_comfortable.csv.gz")
    else:
        script = (Phase("still", 5), Phase("walk", 8), Phase("run", 40), Phase("still", 4))
        loaded = simulate(runners(2)[1], script, sensors(2)[1]).recording
    return resampled(np.column_stack((loaded.t_s, loaded.acc, loaded.gyro)), 250)


_TOLD = {}


@pytest.fixture
def once(replay):
    """What rows give; asked for the same ones again, it remembers."""

    def once(rows):
        key = rows.tobytes()
        if key not in _TOLD:
            _TOLD[key] = replay(rows)
        return _TOLD[key]

    return once


@pytest.fixture
def base(run, once):
    """What the run gives as it is."""
    return once(run)


def same_strides(found, base, within_s):
    """As many strides, each as long, none of no length."""
    assert found.code == 0, found.err
    assert len(found.strides) == len(base.strides) > 50
    lengths, expected = found.of("stride_s"), base.of("stride_s")
    assert np.abs(lengths - expected).max() <= within_s
    assert lengths.min() > 0.4


# Times (A29)


@pytest.mark.parametrize("by_ms", [1, 3])
def test_jitter_of_the_stamps_at_100_hz_changes_no_stride_by_a_sample(run, replay, once, by_ms):
    slow = resampled(run, 100)
    jittered = slow.copy()
    jittered[:, 0] += np.random.default_rng(1).uniform(-by_ms, by_ms, len(slow)) / 1000
    found = replay(jittered)
    same_strides(found, once(slow), 0.01)
    assert found.gaps == []
    assert "taken as 100.0 rows a second" in found.warnings


@pytest.mark.parametrize(("size", "apart_ms", "late_ms"), [(3, 0, 0), (3, 0.1, 0), (5, 0, 4)])
def test_samples_that_arrive_in_bunches_are_taken_as_evenly_spaced(
    run, replay, once, size, apart_ms, late_ms
):
    slow = resampled(run, 100)
    number = np.arange(len(slow))
    last = np.minimum(number // size * size + size - 1, len(slow) - 1)
    late = np.random.default_rng(1).uniform(0, late_ms / 1000, len(slow))[number // size]
    bunched = slow.copy()
    bunched[:, 0] = slow[last, 0] + late + number % size * apart_ms / 1000
    found = replay(bunched)
    same_strides(found, once(slow), 0.01)
    assert found.gaps == []
    assert f"rows in bunches of {size}" in found.warnings


def test_a_hole_in_bunches_is_a_gap_of_its_length_and_costs_two_strides(run, replay, once):
    slow = resampled(run, 100)
    base = once(slow)
    bunched = slow.copy()
    bunched[:, 0] = slow[np.minimum(np.arange(len(slow)) // 3 * 3 + 2, len(slow) - 1), 0]
    found = replay(np.delete(bunched, slice(3000, 3060), axis=0))
    ((gap,), missing_s) = (found.gaps, 0.6)
    assert gap["duration_s"] == pytest.approx(missing_s, abs=0.03)
    assert gap["t_s"] == pytest.approx(slow[3000, 0], abs=0.03)
    assert len(base.strides) - 2 <= len(found.strides) <= len(base.strides)


# Ranges (A25) and impossible values (A34)


@pytest.mark.parametrize("rate_hz", [100, 250])
def test_a_range_of_2_g_keeps_the_cadence_and_gives_no_impact(run, base, replay, rate_hz):
    clipped = resampled(run, rate_hz)
    clipped[:, 1:4] = np.clip(clipped[:, 1:4], -2 * G, 2 * G * 32767 / 32768)
    found = replay(clipped)
    running = [stride for stride in found.strides if stride["gait"] != "walk"]
    assert found.summary["mean_cadence_spm"] == pytest.approx(base.summary["mean_cadence_spm"], rel=0.01)
    assert sum(stride["clipped"] for stride in running) > 0.95 * len(running)
    assert all(stride["pta_axial_g"] is None for stride in running if stride["clipped"])
    assert "cut off at 2.0 g" in found.warnings
    assert "clipped" in codes(found.records)


def test_a_gyro_of_250_degrees_a_second_keeps_the_cadence_and_no_lean_is_trusted(run, base, replay, tmp_path):
    replay(run, "--save-calibration", tmp_path / "worn.json")
    clipped = run.copy()
    clipped[:, 4:] = np.clip(clipped[:, 4:], -np.radians(250), np.radians(250))
    found = replay(clipped, "--calibration", tmp_path / "worn.json")
    assert found.summary["mean_cadence_spm"] == pytest.approx(base.summary["mean_cadence_spm"], rel=0.01)
    running = [stride for stride in found.strides[5:] if stride["gait"] == "run"]
    assert all("bias_unsettled" in stride["flags"] and stride["confidence"] < 60 for stride in running)
    assert "cut off at 250 deg/s" in found.warnings


@pytest.mark.parametrize(("value", "column"), [(np.nan, 2), (np.inf, 5), (1e9, 1), (-5000.0, 6)])
def test_one_bad_value_costs_two_strides_at_most_and_nothing_else(run, base, replay, value, column):
    spoilt = run.copy()
    spoilt[5000, column] = value
    found = replay(spoilt)
    assert [gap["reason"] for gap in found.gaps] == ["nan"]
    assert len(base.strides) - 2 <= len(found.strides) <= len(base.strides)
    assert np.mean(found.of("lean_mid_deg")) == pytest.approx(np.mean(base.of("lean_mid_deg")), abs=0.2)
    assert "1 rows with" in found.warnings


def test_repeated_rows_are_counted_and_change_nothing_and_reversed_ones_are_refused(run, base, replay):
    repeated = np.insert(run, [1000, 2000, 3000, 4000, 5000], run[[1000, 2000, 3000, 4000, 5000]], axis=0)
    found = replay(repeated)
    assert found.strides == base.strides
    assert "5 duplicated rows dropped" in found.warnings
    assert replay(run[::-1]).code == 2


# Sensors that stop (A28)


@pytest.mark.parametrize(
    ("columns", "value"),
    [((1, 2, 3, 4, 5, 6), "zero"), ((1, 2, 3, 4, 5, 6), "last"), ((4, 5, 6), "zero"), ((2,), "last")],
    ids=["all zero", "all repeated", "gyro zero", "one axis repeated"],
)
def test_a_stretch_in_which_nothing_changes_is_a_gap_and_never_rest(run, base, replay, value, columns):
    spoilt = run.copy()
    at = slice(6250, 6750)  # 2 s of running
    for column in columns:
        spoilt[at, column] = 0.0 if value == "zero" else spoilt[at.start, column]
    found = replay(spoilt)
    (gap,) = found.gaps
    assert gap["reason"] == "frozen"
    assert gap["duration_s"] == pytest.approx(2.0 if len(columns) == 6 else 1.6, abs=0.02)
    assert found.summary["still_s"] == pytest.approx(base.summary["still_s"], abs=0.1)
    assert len(found.strides) >= len(base.strides) - 4
    settled = [stride for stride in found.strides if stride["ic_s"] > spoilt[at.stop, 0] + 9]
    expected = [stride for stride in base.strides if stride["ic_s"] > spoilt[at.stop, 0] + 9]
    lean, before = (np.mean([s["lean_mid_deg"] for s in part[:-1]]) for part in (settled, expected))
    assert lean == pytest.approx(before, abs=0.6)


# Mounting (A30, A31)


def turn_about(axis, degrees):
    x, y, z = np.array(axis) / np.linalg.norm(axis)
    cross = np.array(((0, -z, y), (z, 0, -x), (-y, x, 0)))
    angle = np.radians(degrees)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def turned(rows, matrix):
    return np.column_stack((rows[:, 0], rows[:, 1:4] @ matrix.T, rows[:, 4:] @ matrix.T))


def test_a_unit_turned_about_the_shank_gives_the_same_run_by_itself_and_by_its_calibration(
    run, base, replay, tmp_path
):
    replay(run, "--save-calibration", tmp_path / "worn.json")
    worn = calibrations.load(tmp_path / "worn.json")
    matrix = turn_about(worn.rotation[1], 90)
    other = calibrations.Calibration(
        **{
            **worn.to_json(),
            "rotation": tuple(map(tuple, (np.array(worn.rotation) @ matrix.T).tolist())),
            "gyro_bias_rad_s": tuple((matrix @ np.array(worn.gyro_bias_rad_s)).tolist()),
        }
    )
    other.save(tmp_path / "turned.json")
    for options in ((), ("--calibration", tmp_path / "turned.json")):
        found = replay(turned(run, matrix), *options)
        same_strides(found, base, 0.008)
        assert np.abs(found.of("lean_mid_deg") - base.of("lean_mid_deg")).max() < 0.3


def test_a_mirrored_recording_is_refused_with_the_reason(run, replay):
    found = replay(turned(run, np.diag((-1.0, 1.0, 1.0))))
    assert found.code == 2
    assert "mirrored" in found.err[-1]


# Turns (A32)


def test_turns_leave_cadence_and_contact_time_and_no_heading_is_told(run, base, replay):
    up = run[:, 1:4].mean(axis=0) / np.linalg.norm(run[:, 1:4].mean(axis=0))
    t_s = run[:, 0] - run[0, 0]
    for dps in (np.full(len(run), 3.0), np.where((t_s % 30 > 20) & (t_s % 30 < 22), 90.0, 0.0)):
        bent = run.copy()
        bent[:, 4:] += np.outer(np.radians(dps), up)
        found = replay(bent)
        assert len(found.strides) == len(base.strides)
        assert found.summary["mean_cadence_spm"] == pytest.approx(base.summary["mean_cadence_spm"], rel=0.01)
        assert np.median(found.of("contact_s")) == pytest.approx(np.median(base.of("contact_s")), rel=0.01)
    words = " ".join(key for record in found.records for key in record).lower()
    assert not any(word in words for word in ("heading", "yaw", "course", "path", "speed", "distance"))


# Straps and paces (A35, A36)


@pytest.mark.parametrize("axes", [(1, 2, 3), (2,)], ids=["all axes", "one axis"])
def test_a_ring_after_each_impact_adds_no_stride_and_costs_confidence(run, base, replay, axes):
    ringing = run.copy()
    for ic_s in base.of("ic_s"):
        after_s = run[:, 0] - (ic_s + 0.09)
        part = (after_s >= 0) & (after_s < 0.5)
        ring = 0.6 * G * np.exp(-after_s[part] / 0.06) * np.sin(2 * np.pi * 18 * after_s[part])
        for axis in axes:
            ringing[part, axis] += ring
    found = replay(ringing)
    assert abs(len(found.strides) - len(base.strides)) <= 1
    assert np.mean(found.of("confidence")) < np.mean(base.of("confidence"))


@pytest.mark.parametrize(("factor", "amplitude"), [(1.35, 0.6), (0.72, 1.0)], ids=["slow jog", "sprint"])
def test_a_slow_jog_and_a_sprint_have_the_strides_of_the_run(run, base, replay, factor, amplitude):
    other = run.copy()
    other[:, 0] *= factor
    mean = other[:, 1:].mean(axis=0)
    other[:, 1:] = mean + amplitude * (other[:, 1:] - mean)
    found = replay(other)
    assert found.code == 0
    assert len(found.strides) == len(base.strides)
    cadence = base.summary["mean_cadence_spm"] / factor
    assert found.summary["mean_cadence_spm"] == pytest.approx(cadence, rel=0.01)


def test_three_minutes_of_taps_and_turns_are_no_stride(replay, tmp_path):
    upright = calibrations.Calibration(
        tuple(map(tuple, np.eye(3).tolist())), (0.0,) * 3, 1.0, 0.0, "right", "unknown", "mpu6050", ""
    )
    upright.save(tmp_path / "worn.json")
    random = np.random.default_rng(3)
    rows = np.zeros((180 * 250, 7))
    rows[:, 0] = np.arange(len(rows)) / 250
    rows[:, 1:] = random.normal(0, np.repeat((0.04, 0.01), 3), (len(rows), 6))
    rows[:, 2] += G
    for hz, decay_s, dps in ((25, 0.02, 150), (3, 0.15, 400)):
        ring = np.exp(-np.arange(100) / 250 / decay_s) * np.sin(2 * np.pi * hz * np.arange(100) / 250)
        for at in random.integers(0, len(rows) - 100, 150):
            sizes = np.append(
                random.uniform(0.3, 1.5, 3) * random.choice((-1, 1), 3) * G,
                np.radians(random.uniform(-dps, dps, 3)),
            )
            rows[at : at + 100, 1:] += np.outer(ring, sizes)
    for options in (("--calibration", tmp_path / "worn.json"), ()):
        found = replay(rows, *options)
        assert found.code == 0
        assert found.strides == []
        assert "no_strides" in codes(found.records)


@pytest.mark.parametrize("name", ["sit", "drive", "cycle"])
def test_sitting_driving_and_cycling_are_no_stride(name, replay, tmp_path):
    simulated = SCENARIOS[name].simulate(runners(1)[0], 60, sensors(1)[0])
    simulated.calibration.save(tmp_path / "true.json")
    loaded = simulated.recording
    rows = resampled(np.column_stack((loaded.t_s, loaded.acc, loaded.gyro)), 250)
    found = replay(rows, "--calibration", tmp_path / "true.json")
    assert found.code == 0
    assert found.strides == []


# Gyro bias (A27)


def test_without_rest_the_bias_is_not_taken_from_motion_unsaid(run, replay):
    moving = np.linalg.norm(run[:, 4:], axis=1) > 1.0
    first, last = np.flatnonzero(moving)[[0, -1]]
    found = replay(run[first:last])
    assert len(found.strides) > 50
    assert "not still for a second" in found.warnings
