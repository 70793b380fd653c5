# SPDX-License-Identifier: MIT
"""TCX, CSV and Parquet out of the store, read back by programs that are not ours; files whole or not at all."""

import csv
import itertools
import json
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as Xml

import duckdb
import pytest
from storedruns import NEW_YEAR_US, Recorder
from test_records import keys

from kneecore import wire
from kneesense import columns, exports, times
from kneesense.store import Store
from kneesense.stored import StoredRun

T = "{http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2}"
X = "{http://www.garmin.com/xmlschemas/ActivityExtension/v2}"
CUE = (wire.CUE, 6.0, {"ic_x16": 43600, "to_x16": 45600, "command_x16": 46000, "rule": 1, "value": 17000})
GAP = (wire.GAP, 7.5, {"at_x16": 60000, "samples": 50, "reason": 0})
HOLES = {2: {"lean_mid_cdeg": wire.UNKNOWN_I16, "contact_x16": 0, "flags": 9}}
SESSION = {"session": 1, "complete": 1, "planned_s": 600, "run_s": 590, "cues": 1, "rule": 1, "target": 17500}


@pytest.fixture
def store(home):
    """A long run with holes, and a second one of Bea."""
    with Store(home / "runs.sqlite") as store:
        ann = Recorder(store)
        ann.run(60, more=HOLES, also=(CUE, GAP), pause_after={29: 180.0}, session=SESSION)
        ann.run(5, start_us=None)
        Recorder(store, "0a0b0c0e", "left", "Bea").run(10, start_us=NEW_YEAR_US + 86_400_000_000)
        yield store


@pytest.fixture
def stored(store):
    return StoredRun(store, store.runs()[0])


def strides(stored):
    return [r for r in stored.records if r["type"] == "stride"]


# --- TCX


def test_tcx_has_laps_cadence_and_steps_and_no_distance_that_was_not_run(tell, stored, tmp_path):
    file = tmp_path / "run.tcx"
    assert tell("export", 1, "--to", file)[0] == 0
    root = Xml.parse(file).getroot()
    (activity,) = root.iter(f"{T}Activity")
    assert activity.get("Sport") == "Running"
    assert activity.find(f"{T}Id").text == "2027-01-01T00:00:00.000Z"
    laps = activity.findall(f"{T}Lap")
    begun = [datetime.fromisoformat(lap.get("StartTime")) for lap in laps]
    lengths = [float(lap.find(f"{T}TotalTimeSeconds").text) for lap in laps]
    assert len(laps) == 2
    assert sum(lengths) == pytest.approx(stored.summary["duration_s"] - 180)
    assert (begun[1] - begun[0]).total_seconds() == pytest.approx(lengths[0] + 180, abs=0.01)
    assert [int(lap.find(f".//{X}Steps").text) for lap in laps] == [60, 60]
    assert {lap.find(f".//{X}AvgRunCadence").text for lap in laps} == {"86"}
    assert {point.find(f".//{X}RunCadence").text for point in root.iter(f"{T}Trackpoint")} == {"86"}
    times = [datetime.fromisoformat(point.find(f"{T}Time").text) for point in root.iter(f"{T}Trackpoint")]
    assert times == sorted(set(times))
    assert not list(root.iter(f"{T}Position"))


# What the schema says of the order of children; those with a * may be left out.
ORDER = {
    "Lap": "TotalTimeSeconds DistanceMeters MaximumSpeed* Calories AverageHeartRateBpm* MaximumHeartRateBpm*"
    " Intensity Cadence* TriggerMethod Track* Notes* Extensions*",
    "Activity": "Id Lap Notes* Training* Creator* Extensions*",
    "Trackpoint": "Time Position* AltitudeMeters* DistanceMeters* HeartRateBpm* Cadence* SensorState* Extensions*",
    "LX": "AvgSpeed* MaxBikeCadence* AvgRunCadence* MaxRunCadence* Steps*",
}


@pytest.mark.parametrize("run", [1, 3])
def test_tcx_has_its_elements_in_the_order_of_the_schema(tell, store, tmp_path, run):
    file = tmp_path / "run.tcx"
    tell("export", run, "--to", file)
    for element in Xml.parse(file).iter():
        name = element.tag.rpartition("}")[2]
        order = [child.rstrip("*") for child in ORDER.get(name, "").split()]
        if order:
            found = [child.tag.rpartition("}")[2] for child in element]
            assert found == sorted(found, key=order.index)
            assert {child for child in ORDER[name].split() if not child.endswith("*")} <= set(found)


# --- CSV and Parquet: every value of every table


def value(text, kind):
    if text == "":
        return None
    read = {"int": int, "float": float, "bool": {"true": True, "false": False}.get, "text": str}
    return times.day_or_moment(text) if kind == "time" else read[kind](text)


def from_csv(folder, table):
    with (folder / f"{table}.csv").open(newline="", encoding="ascii") as file:
        rows = list(csv.DictReader(file))
    kinds = {column.name: column.kind for column in columns.TABLES[table]}
    return [{name: value(text, kinds[name]) for name, text in row.items()} for row in rows]


def from_parquet(folder, table):
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'")
        found = db.execute("SELECT * FROM read_parquet(?)", [str(folder / f"{table}.parquet")])
        names = [column[0] for column in found.description]
        return [dict(zip(names, map(plain, row), strict=True)) for row in found.fetchall()]


def plain(value):
    since = datetime(1970, 1, 1, tzinfo=UTC)
    return (value - since) // timedelta(microseconds=1) if isinstance(value, datetime) else value


def in_csv(value, column):
    """Times to the millisecond; no flag and no text are both an empty cell."""
    if column.kind == "time" and value is not None:
        return value // 1000 * 1000
    return None if value == "" else value


@pytest.mark.parametrize(("kind", "read"), [("csv", from_csv), ("parquet", from_parquet)])
def test_every_value_of_every_table_is_read_back(tell, store, tmp_path, kind, read):
    code, out, _ = tell("export", "--runner", "Ann", "--format", kind, "--to", tmp_path / "out")
    assert (code, len(out)) == (0, 4)
    wanted = {table: [] for table in columns.TABLES}
    for run in store.runs()[:2]:
        for table, row in columns.rows(StoredRun(store, run)):
            wanted[table].append(row)
    assert [len(rows) for rows in wanted.values()] == [2, 65, 2, 1]
    for table, rows in wanted.items():
        found = read(tmp_path / "out", table)
        if kind == "csv":
            rows = [{c.name: in_csv(row[c.name], c) for c in columns.TABLES[table]} for row in rows]
        assert found == rows


def test_the_strides_table_says_what_the_records_say(stored):
    told = [row for table, row in columns.rows(stored) if table == "strides"]
    assert len(told) == 60
    for row, record in zip(told, strides(stored), strict=True):
        assert {k: v for k, v in row.items() if k in record and k != "flags"} == {
            k: v for k, v in record.items() if k in row and k != "flags"
        }
        assert row["flags"].split() == record["flags"]
        assert set(record) - set(row) == {"type"}, "nothing is left out"
    assert told[0]["cadence_spm"] == 171.43
    assert told[2]["lean_mid_deg"] is told[2]["contact_s"] is None


def test_csv_is_the_same_in_every_country(tell, store, tmp_path, monkeypatch, zone):
    zone("Asia/Kathmandu")
    tell("export", 1, "--to", tmp_path / "a.csv")
    zone("America/New_York")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    tell("export", 1, "--to", tmp_path / "b.csv")
    text = (tmp_path / "a.csv").read_bytes()
    assert text == (tmp_path / "b.csv").read_bytes()
    assert text.splitlines()[1].startswith(b"1,1,right,run,2027-01-01T00:00:01.000Z,1.0,1.25,0.7,0.25,")
    assert b";" not in text


def test_a_run_over_the_end_of_daylight_saving_has_every_second_once(tell, home, tmp_path, zone):
    zone("Europe/Berlin")
    with Store(home / "runs.sqlite") as store:
        Recorder(store).run(3000, start_us=1_792_888_200_000_000)  # 2026-10-25T00:30Z
    tell("export", "last", "--to", tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(newline="") as file:
        at = [datetime.fromisoformat(row["ic_utc"]) for row in csv.DictReader(file)]
    assert {round((b - a).total_seconds(), 2) for a, b in itertools.pairwise(at)} == {0.7}
    tell("export", "last", "--to", tmp_path / "a.tcx")
    laps = list(Xml.parse(tmp_path / "a.tcx").iter(f"{T}Lap"))
    assert [lap.get("StartTime") for lap in laps] == ["2026-10-25T00:30:00.000Z"]


def test_a_name_does_not_become_a_formula(tell, home, tmp_path):
    with Store(home / "runs.sqlite") as store:
        Recorder(store, runner='=HYPERLINK("x")').run(3)
    tell("export", "last", "--format", "csv", "--to", tmp_path / "out")
    with (tmp_path / "out" / "runs.csv").open(newline="") as file:
        assert next(csv.DictReader(file))["runner"] == '\'=HYPERLINK("x")'


def test_parquet_says_the_unit_of_a_column(tell, store, tmp_path):
    tell("export", 1, "--to", tmp_path / "a.parquet")
    with duckdb.connect() as db:
        kinds = dict(
            db.execute(
                "SELECT column_name, column_type FROM (DESCRIBE FROM read_parquet(?))",
                [str(tmp_path / "a.parquet")],
            ).fetchall()
        )
    assert (kinds["ic_utc"], kinds["cadence_spm"], kinds["stride"]) == (
        "TIMESTAMP WITH TIME ZONE",
        "DOUBLE",
        "BIGINT",
    )
    arrow = pytest.importorskip("pyarrow.parquet")
    assert arrow.read_schema(tmp_path / "a.parquet").field("contact_s").metadata[b"unit"] == b"s"


# --- the command


def test_json_names_every_file(tell_json, store, tmp_path):
    code, records, _ = tell_json("export", 1, "--format", "csv", "--to", tmp_path / "out")
    assert code == 0
    assert [set(record) for record in records[:-1]] == [keys("export")] * 4
    assert (records[-1]["files"], records[-1]["runs"]) == (4, 1)


def test_several_runs_become_a_folder_of_files(tell, store, tmp_path):
    assert tell("export", "--runner", "Bea", "--format", "fit", "--to", tmp_path / "bea")[0] == 0
    assert [path.name for path in (tmp_path / "bea").iterdir()] == ["run-3-2027-01-02T0000Z.fit"]


def test_since_takes_the_runs_of_that_day_and_later(tell_json, store, tmp_path, zone):
    zone("UTC")
    options = ("--format", "csv", "--to", tmp_path / "out")
    assert tell_json("export", "--since", "2027-01-02", *options)[1][-1]["runs"] == 1
    code, _, err = tell_json("export", "--since", "2027-01-03", "--format", "csv", "--to", tmp_path / "none")
    assert code == 3
    assert "no runs since 2027-01-03" in err[0]


WRONG = [
    (("--to", "x.fit"), "name the runs"),
    (("1", "--to", "x"), "does not say which format"),
    (("1", "--since", "2027-01-01", "--to", "x.fit"), "either one run or --since"),
    (("1", "--all", "--to", "x"), "--all is everything of a runner"),
    (("--all", "--to", "x"), "there are 2 runners"),
    (("--all", "--runner", "Cid", "--to", "x"), "no runner Cid"),
    (("2", "--to", "x.fit"), "nobody knows when it was"),
    (("2", "--to", "x.tcx"), "nobody knows when it was"),
    (("--since", "01.02.2027", "--to", "x.csv"), "is no day"),
    (("--since", "2027-01-01", "--to", "x.kneebundle"), "--runner NAME"),
]


@pytest.mark.parametrize(
    ("arguments", "told"), WRONG, ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_what_cannot_be_is_told_and_leaves_nothing(tell, store, tmp_path, monkeypatch, arguments, told):
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.iterdir())
    code, _, err = tell("export", *arguments)
    assert code == 2
    assert told in " ".join(err)
    assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize("name", ["x.fit", "x.csv", "x.parquet", "x.kneebundle"])
def test_an_existing_file_is_not_replaced_unless_asked(tell, store, tmp_path, name):
    (tmp_path / name).write_text("mine")
    assert tell("export", 1, "--to", tmp_path / name)[0] == 2
    assert (tmp_path / name).read_text() == "mine"
    assert tell("export", 1, "--to", tmp_path / name, "--overwrite")[0] == 0
    assert (tmp_path / name).read_bytes() != b"mine"


@pytest.mark.parametrize(("name", "broken"), [("x.csv", "CsvTables._write"), ("out", "CsvTables._write")])
def test_a_disk_that_fills_up_leaves_no_part_under_the_name(tell, store, tmp_path, monkeypatch, name, broken):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exports.CsvTables, broken.partition(".")[2], full)
    before = set(tmp_path.iterdir())
    code, _, err = tell("export", 1, "--format", "csv", "--to", tmp_path / name)
    assert code == 1
    assert "No space left" in err[0]
    assert set(tmp_path.iterdir()) == before


def test_all_of_a_runner_and_nothing_of_another(tell, store, tmp_path):
    store.set_screening("Ann", "2027-01-01T00:00:00Z", "no,no,no,no,no")
    store.set_prescription("Ann", "schema = 1\n")
    for runner in ("Ann", "Bea"):
        values = {"distance_m": 8400, "note": f"of {runner}"}
        store.write_entry(runner, "2027-01-01", values=values, pain={"after": 2})
        done = {"exercise": "bridge", "side": "left", "reps": 10, "hold_s": None}
        store.add_hips(runner, "2027-01-02", {"note": f"of {runner}"}, [done])
    assert tell("export", "--all", "--runner", "Ann", "--to", tmp_path / "ann")[0] == 0
    names = {path.name for path in (tmp_path / "ann").iterdir()}
    assert names == {f"{t}.csv" for t in columns.TABLES} | {
        "all.kneebundle",
        "runner.json",
        "prescription.toml",
    }
    kept = json.loads((tmp_path / "ann" / "runner.json").read_text())
    assert kept["screening"]["answers"] == "no,no,no,no,no"
    assert [(e["distance_m"], e["pain"], e["note"]) for e in kept["diary"]] == [
        (8400, {"after": 2}, "of Ann")
    ]
    assert [(s["note"], len(s["sets"])) for s in kept["hips"]] == [("of Ann", 1)]
    assert len((tmp_path / "ann" / "strides.csv").read_text().splitlines()) == 1 + 65
    assert not any(b"Bea" in path.read_bytes() for path in (tmp_path / "ann").iterdir())


def test_the_samples_of_a_run_that_has_them_go_with_all_of_its_runner(tell, home, tmp_path):
    with Store(home / "runs.sqlite") as store:
        Recorder(store).run(3, raw=(bytes(228),) * 4)
    assert tell("export", "--all", "--to", tmp_path / "ann")[0] == 0
    names = {path.name for path in (tmp_path / "ann").iterdir()}
    assert {"run-1-2027-01-01T0000Z-samples.csv.gz", "run-1-2027-01-01T0000Z-samples.json"} <= names
