# SPDX-License-Identifier: MIT
"""Samples out of the store: counts survive being written as m/s^2 and rad/s, whatever the sensor's clock and gaps."""

import io
import json
import struct
from array import array
from dataclasses import replace

import numpy as np
import pytest
from fakeunit import FakeUnit
from hypothesis import given
from hypothesis import strategies as st

from kneecore import chips, wire
from kneesense import calibration, rawsamples, recording
from kneesense.errors import InputError, NothingFound
from kneesense.frames import parse
from kneesense.soak.frames import sealed
from kneesense.store import Store
from kneesense.stored import StoredRun

DEVICE = "0a0b0c0d"
CHIPS = list(chips.TABLE[1:])
WORDS = st.lists(st.integers(-32768, 32767), min_size=6, max_size=6)


def start(chip, rate_hz):
    values = dict.fromkeys(wire.START.names, 0) | FakeUnit().calibration
    scales = {name: getattr(chip, name) for name in ("acc_lsb_per_g", "gyro_lsb_per_10dps")}
    return values | scales | {"rate_hz": rate_hz, "chip": wire.CHIPS.index(chip.name)}


@given(
    st.sampled_from(CHIPS),
    st.floats(0.93, 1.07),
    st.lists(st.tuples(st.lists(WORDS, min_size=1, max_size=19), st.integers(0, 3)), min_size=1, max_size=6),
    st.sampled_from([0, 1, 30_000_000]),
)
def test_counts_come_back_exactly(tmp_path_factory, chip, ratio, parts, begin):
    ratio = round(ratio * chip.rate_hz * 1000) / (chip.rate_hz * 1000)  # as STOP tells it
    pieces, at = [], begin
    for samples, lost in parts:
        words = array("h", [word for sample in samples for word in sample])
        pieces.append((at, words.tobytes()))
        at += len(samples) + lost
    written = rawsamples.RunSamples(start(chip, chip.rate_hz), ratio, pieces, 0)
    path = tmp_path_factory.mktemp("raw") / "run.csv"
    with path.open("w") as file:
        written.write(file)
    quantised = recording.quantise(recording.load(path), chip.rate_hz, chip, ratio)
    found = {}
    for segment in quantised.segments:
        for i in range(len(segment.counts) // 6):
            found[segment.start + i] = segment.counts[6 * i : 6 * i + 6].tobytes()
    first = pieces[0][0]
    expected = {
        at - first + i: counts[12 * i : 12 * i + 12]
        for at, counts in pieces
        for i in range(len(counts) // 12)
    }
    assert {i: found.get(i) for i in expected} == expected


def test_a_recording_of_them_is_the_one_that_is_written(tmp_path):
    chip = CHIPS[0]
    counts = [array("h", [100 * i + k for i in range(40) for k in range(6)]).tobytes() for _ in range(3)]
    pieces = [(0, counts[0]), (40, counts[1]), (90, counts[2])]
    samples = rawsamples.RunSamples(start(chip, 500), 0.99, pieces, 10)
    path = tmp_path / "run.csv"
    with path.open("w") as file:
        samples.write(file)
    written, made = recording.load(path), samples.recording("run")
    for name in ("t_s", "acc", "gyro"):
        np.testing.assert_allclose(getattr(made, name), getattr(written, name), atol=1e-6)
    assert made.gaps == written.gaps == {80: "time_jump"}


def run_of(store, *records):
    """A stored run: START, these, STOP of 1000 samples at 499 Hz."""
    unit = FakeUnit()
    unit._run({"utc_us": 0})
    for record, values in records:
        unit.record(record, values)
    unit.record(wire.STOP, {"samples": 1000, "rate_mhz": 499_000})
    store.add(DEVICE, unit.log)
    return store.runs()[-1]


def raw(sample, count):
    return wire.RAW, {"sample": sample, "counts": bytes(range(12)) * count}


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "runs.sqlite") as store:
        yield store


@pytest.mark.parametrize(
    ("records", "missing"),
    [
        ([raw(0, 19), raw(19, 19)], 962),
        ([raw(0, 19), (wire.GAP, {"at_x16": 19 * 16, "samples": 981})], 0),
        ([raw(10, 19), (wire.GAP, {"at_x16": 29 * 16, "samples": 971})], 10),
        ([raw(0, 19), (wire.GAP, {"at_x16": 5 * 16, "samples": 500, "reason": 3})], 981 - 486),
    ],
)
def test_samples_that_are_nowhere_are_counted_and_those_the_unit_lost_are_not(store, records, missing):
    samples = rawsamples.of_run(store, run_of(store, *records))
    assert samples.missing == missing
    assert samples.clock_ratio == 0.998
    assert samples.true_hz == 499


@pytest.mark.parametrize(("pace", "ratio"), [((), 1.0), ((500_100, 500_500), 1.001)])
def test_a_run_without_its_end_takes_the_rate_last_measured_or_the_one_specified(store, pace, ratio):
    unit = FakeUnit()
    unit._run({"utc_us": 0})
    unit.record(*raw(0, 19))
    for rate_mhz in pace:
        unit.record(wire.PACE, {"rate_mhz": rate_mhz})
    store.add(DEVICE, unit.log)
    samples = rawsamples.of_run(store, store.runs()[0])
    assert (samples.clock_ratio, samples.missing, samples.count) == (ratio, 0, 19)


def test_a_run_without_samples_says_how_they_are_recorded(store):
    with pytest.raises(NothingFound, match="run 1 has no samples") as told:
        rawsamples.of_run(store, run_of(store))
    assert "raw_record" in told.value.advice


def cut(record):
    """As it is but for its last field, with a checksum that says so."""
    body = wire.body_of(record.frame)
    return parse(sealed(record.code, body[: -struct.calcsize("<" + wire.BY_CODE[record.code].layout[-1])]))


@pytest.mark.parametrize("name", ["pace", "gap"])
def test_a_record_that_is_cut_short_counts_for_nothing(store, name):
    unit = FakeUnit()
    unit._run({"utc_us": 0})
    unit.record(wire.PACE, {"rate_mhz": 500_500})
    unit.record(*raw(0, 19))
    last = unit.record(wire.BY_NAME[name], {})
    store.add(DEVICE, [*unit.log[:-1], cut(last)])
    assert rawsamples.of_run(store, store.runs()[0]).clock_ratio == 1.001
    assert StoredRun(store, store.runs()[0]).summary["strides"] == 0


def test_samples_of_an_unknown_range_are_not_written(store):
    unit = FakeUnit()
    unit._run({"utc_us": 0})
    unit.record(*raw(0, 19))
    start = unit.log[1]
    frame = wire.frame(wire.START, {**start.values(), "rate_hz": 0})
    store.add(DEVICE, [unit.log[0], parse(frame), *unit.log[2:]])
    with pytest.raises(NothingFound, match="at which rate and range"):
        rawsamples.of_run(store, store.runs()[0])


def test_samples_are_not_decoded_to_list_a_run(store):
    run = run_of(store, raw(0, 19))
    assert [record.name for record in store.run_records(run, raw=False)] == ["start", "stop"]
    assert [record.name for record in store.run_records(run)] == ["start", "raw", "stop"]


# --- the calibration beside it --------------------------------------------------------------------------------------


def test_the_clock_of_a_sensor_is_kept_in_its_calibration_only_when_it_was_measured(store, tmp_path):
    samples = rawsamples.of_run(store, run_of(store, raw(0, 19)))
    beside = samples.calibration("2030-01-02T03:04:05Z")
    beside.save(tmp_path / "run.json")
    assert calibration.load(tmp_path / "run.json") == beside
    assert beside.clock_ratio == 0.998
    assert "clock_ratio" not in replace(beside, clock_ratio=1.0).to_json()


@pytest.mark.parametrize("ratio", [0.5, 2, "fast"])
def test_a_clock_that_no_sensor_has_is_refused(store, tmp_path, ratio):
    beside = rawsamples.of_run(store, run_of(store, raw(0, 19))).calibration("")
    path = tmp_path / "run.json"
    path.write_text(json.dumps(beside.to_json() | {"clock_ratio": ratio}))
    with pytest.raises(InputError):
        calibration.load(path)


def test_without_samples_a_header_is_written():
    file = io.StringIO()
    rawsamples.RunSamples(start(CHIPS[0], 500), 1.0, [], 0).write(file)
    assert file.getvalue() == "t_s,ax,ay,az,gx,gy,gz\n"
