# SPDX-License-Identifier: MIT
"""Runs as arrays: every value and shape, what is unknown, the unit's own code again; the page's programs run."""

import re
from pathlib import Path

import numpy as np
import pytest
from storedruns import NEW_YEAR_US, Recorder

from kneecore import chips, wire
from kneecore.settings import Settings
from kneesense import api, columns, recording, selfcal
from kneesense.errors import NothingFound
from kneesense.frames import parse
from kneesense.player import Run, play
from kneesense.replay import told
from kneesense.simulator import Phase, RunnerModel
from kneesense.store import Store
from kneesense.stored import StoredRun

PAGE = Path(__file__).parents[2] / "docs" / "library.md"
SYNC = (wire.MARK, 5.0, {"kind": wire.MARKS.index("sync")})
HOLES = {2: {"lean_mid_cdeg": wire.UNKNOWN_I16, "contact_x16": 0, "stride_x16": 0}}


@pytest.fixture
def runs(tmp_path):
    with Store(tmp_path / "runs.sqlite") as store:
        Recorder(store).run(20, more=HOLES, also=(SYNC,))
        Recorder(store, "0a0b0c0e", "left", "Bea").run(0, start_us=None)
    with api.open_store(tmp_path / "runs.sqlite") as runs:
        yield runs


def test_every_value_of_every_stride_is_in_its_column(runs):
    run = runs.run(1)
    records = [r for r in run.records if r["type"] == "stride"]
    assert run.strides.shape == (20,)
    assert run.strides.dtype.names == tuple(column.name for column in columns.STRIDES)
    for row, record in zip(run.strides, records, strict=True):
        for name in set(run.strides.dtype.names) & set(record) - {"flags"}:
            value = row[name]
            if record[name] is None:
                assert value == "" if value.dtype.kind == "U" else np.isnan(value)
            else:
                assert value == record[name]
    assert run.strides["ic_utc"][0] == np.datetime64("2027-01-01T00:00:01")


def test_whole_numbers_are_whole_unless_one_is_unknown(runs):
    table = runs.table()
    assert table.shape == (2,)
    assert table["strides"].dtype == np.int64
    assert table["outing"].dtype == np.float64
    assert np.isnan(table["outing"]).all()
    assert np.isnat(table["start_utc"]).tolist() == [False, True]
    assert runs.table("Bea")["side"].tolist() == ["left"]


def test_a_run_without_a_stride_has_empty_columns_of_the_same_names(runs):
    run = runs.run("last")
    assert run.strides.shape == (0,)
    assert run.strides.dtype.names == runs.run(1).strides.dtype.names
    assert np.isnat(run.at_utc(1.0))


def test_sync_marks_join_the_clock_of_the_run_to_utc(runs):
    run = runs.run(1)
    (mark,) = run.sync_marks
    assert mark["t_s"] == 5.0
    assert mark["t_utc"] == run.at_utc(5.0) == np.datetime64(NEW_YEAR_US + 5_000_000, "us")
    assert run.at_utc(np.array([[0.0, 1.0]])).shape == (1, 2)


def test_it_is_read_only(runs):
    with pytest.raises(Exception, match="read-only"):
        runs.store.set_runner("0a0b0c0d", (1, 1), "Cid")


def test_without_samples_there_are_none(runs):
    with pytest.raises(NothingFound):
        runs.run(1).samples()


@pytest.fixture(scope="module")
def sampled(tmp_path_factory):
    """A run with all of its samples, as a unit at the leg of a simulated runner logs it; and its recording."""
    folder = tmp_path_factory.mktemp("sampled")
    model = RunnerModel((Phase("still", 4), Phase("walk", 8, 110), Phase("run", 12, 165), Phase("still", 3)))
    t_s = np.arange(0, model.duration_s, 1 / 500)
    rows = np.column_stack((t_s, *model.sample(t_s)))
    with (folder / "run.csv").open("w") as file:
        file.write("t_s,ax,ay,az,gx,gy,gz\n")
        np.savetxt(
            file,
            rows + np.random.default_rng(1).normal(0, 0.003, rows.shape) * (np.arange(7) > 0),
            "%.6f",
            ",",
        )
    loaded = recording.load(folder / "run.csv")
    worn = selfcal.auto(loaded, "right").calibration
    chip = chips.find(worn.chip)
    counts = recording.quantise(loaded, chip.rate_hz, chip)
    frames = []

    def record(kind, values):
        key = {"seq": len(frames) + 1, "boot": 1, "t_us": 1_000_000 + 10 * len(frames)}
        frames.append(parse(wire.frame(kind, dict.fromkeys(kind.names, 0) | values | key)))

    run = Run(counts, chip, worn.to_wire(), Settings())
    first, *others = told(run, play(run))
    record(wire.START, first[1])
    (segment,) = counts.segments
    data = segment.counts.tobytes()
    for at in range(0, len(data), 12 * wire.RAW_SAMPLES):
        record(wire.RAW, {"sample": at // 12, "counts": data[at : at + 12 * wire.RAW_SAMPLES]})
    for name, values in others:
        record(wire.BY_NAME[name], values)
    with Store(folder / "runs.sqlite") as store:
        store.add("0a0b0c0d", frames, runner="Ann")
    return folder, counts


def test_the_units_own_code_gives_the_logged_strides_again(sampled):
    folder, counts = sampled
    with api.open_store(folder / "runs.sqlite") as runs:
        run = runs.run()
        again = run.replayed()
        assert len(again) == len(run.strides) > 20
        for name in set(again.dtype.names) - {
            "run",
            "boot",
            "seq",
            "ic_utc",
            "side",
            "cue_state",
            "lean_cue_deg",
        }:
            np.testing.assert_array_equal(again[name], run.strides[name], name)
        samples = run.samples()
        n = counts.samples
        assert (samples.t_s.shape, samples.acc_mps2.shape, samples.gyro_radps.shape) == ((n,), (n, 3), (n, 3))
        still = np.linalg.norm(samples.acc_mps2[200:1500].mean(axis=0))
        assert still == pytest.approx(9.81, abs=0.1)
        assert samples.missing == 0


def test_other_settings_find_other_strides(sampled):
    folder, _ = sampled
    with api.open_store(folder / "runs.sqlite") as runs:
        stored = StoredRun(runs.store, runs.store.runs()[0])
        assert stored.summary["strides"] == len(runs.run().replayed(Settings(cue_rule=1)))


def test_the_programs_of_the_page_run(sampled, monkeypatch, capsys):
    folder, _ = sampled
    monkeypatch.setenv("KNEESENSE_HOME", str(folder))
    monkeypatch.chdir(folder)
    programs = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(programs) == 5
    names = {}
    for program in programs:
        exec(program.replace("run.csv.gz", "run.csv"), names)
    names["runs"].store.close()
    assert re.search(r"16\d\.\d+ steps/min", capsys.readouterr().out)
