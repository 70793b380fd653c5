# SPDX-License-Identifier: MIT
"""A bundle on another computer: everything of the runs is there, twice adds nothing, nothing known is replaced."""

import contextlib
import io
import json
import zipfile
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from storedruns import NEW_YEAR_US, Recorder

from kneecore import wire
from kneesense import bundle, diary, dose, hips
from kneesense.clock import Reading
from kneesense.errors import InputError
from kneesense.store import Store
from kneesense.stored import StoredRun

SESSION = {"session": 1, "complete": 1, "planned_s": 600, "run_s": 590, "cues": 1, "rule": 1, "target": 17500}
PRESCRIPTION = 'schema = 1\nauthor = "B. Physio"\n[cue]\nrule = "cadence"\n'
RIGHT, LEFT = "0a0b0c0d", "0a0b0c0e"


@pytest.fixture
def ann(home):
    """Two legs of one outing, a programme, what she answered; between them a run of Bea with the same unit."""
    with Store(home / "runs.sqlite") as store:
        right, left = Recorder(store), Recorder(store, LEFT, "left")
        first = right.run(20, session=SESSION)
        right.runner = "Bea"
        right.run(7)
        right.runner = "Ann"
        undated = right.run(9, start_us=None, raw=(bytes(228),))
        other = left.run(20)
        store.set_outing([first.id, other.id], first.id)
        store.say(undated.id, NEW_YEAR_US + 5_000_000)
        store.add_readings(RIGHT, first.boot, [Reading(900_000, NEW_YEAR_US - 100_000, 2000)])
        store.set_screening("Ann", "2027-01-01T00:00:00Z", "no,no,no,no,no")
        store.set_prescription("Ann", PRESCRIPTION)
        store.set_programme(RIGHT, (1, 1), bytes((15, 0, 0)))
        store.set_shoe("Ann", "blue", before_m=200_000)
        day = date(2027, 1, 1)
        values = {
            "shoe": "blue",
            "places": ("shin", "hip"),
            "stairs": True,
            "note": "'x'\n<b>",
            "distance_m": 5200,
        }
        diary.write(store, "Ann", day, run=first, values=values, pain={"after": 3, "morning": 0})
        diary.write(
            store, "Ann", day, start_us=NEW_YEAR_US + 7, values={"duration_s": 900}, pain={"after": 1}
        )
        diary.write(store, "Ann", day + timedelta(days=2), values={"signs": ()}, pain={"after": 2})
        diary.write(store, "Bea", day, pain={"after": 9})
        store.set_longest("Ann", "2026-12-20", None, 1800)
        hips.keep(store, "Ann", day, [hips.Set("bridge", "left", 10, None)], warm_up=True)
        yield store


@pytest.fixture
def file(tell, ann, tmp_path):
    path = tmp_path / "ann.kneebundle"
    assert tell("export", "--runner", "Ann", "--to", path)[0] == 0
    return path


@pytest.fixture
def elsewhere(file, monkeypatch, tmp_path):
    """Another computer that knows nobody."""
    monkeypatch.setenv("KNEESENSE_HOME", str(tmp_path / "elsewhere"))
    return tmp_path / "elsewhere" / "runs.sqlite"


def told(store, runner="Ann"):
    """All that is shown of a runner's runs, without what is this computer's own: numbers, file, and what the runs of
    others with the same unit tell of when a run without a clock was."""
    found = []
    for run in sorted((r for r in store.runs() if r.runner == runner), key=lambda r: (r.device, r.start)):
        stored = StoredRun(store, run)
        records = [{k: v for k, v in r.items() if k not in ("run", "utc_bounds")} for r in stored.records]
        found.append((records, {**stored.summary, "log": None}, store.run_records(run)))
    return found


def test_everything_of_the_runs_is_on_the_other_computer(tell_json, ann, elsewhere, file):
    code, records, err = tell_json("import", file)
    assert (code, err) == (0, [])
    assert [(r["unit"], r["runner"], r["missing"]) for r in records[:-1]] == [
        (RIGHT, "Ann", None),
        (LEFT, "Ann", None),
    ]
    with Store(elsewhere) as store:
        assert told(store) == told(ann)
        assert len(told(store)) == 3
        assert store.screening("Ann") == ann.screening("Ann")
        assert store.prescription("Ann") == ann.prescription("Ann")
        assert store.programme(RIGHT) == ann.programme(RIGHT)
        assert store.readings(RIGHT, 1) == ann.readings(RIGHT, 1)
        assert [row["session"] for row in dose.held(store, RIGHT, "Ann")] == [1]
        (outing,) = {run.outing for run in store.runs()} - {None}
        assert sorted(run.device for run in store.runs() if run.outing == outing) == [RIGHT, LEFT]
        assert diary.entries(store, "Ann") == diary.entries(ann, "Ann")
        assert len(diary.entries(store, "Ann")) == 3
        assert hips.log(store, "Ann") == hips.log(ann, "Ann")
        assert store.shoes("Ann") == ann.shoes("Ann")
        assert store.longest("Ann") == ann.longest("Ann")
        assert store.units() == [], "a unit that is not paired here is none of this computer"
        assert store.problems() == []


def test_nothing_of_another_runner_goes_with_it(ann, file, elsewhere, tell):
    tell("import", file)
    with Store(elsewhere) as store:
        assert store.runners() == ["Ann"]
        beas = next(run for run in ann.runs() if run.runner == "Bea")
        frames = {record.frame for record in ann.run_records(beas)}
        assert not frames & {record.frame for record in store.records(RIGHT)}


def test_twice_adds_nothing(tell, tell_json, elsewhere, file):
    tell("import", file)
    with Store(elsewhere) as store:
        before = "\n".join(store._db.iterdump())
    records = tell_json("import", file)[1]
    assert records[-1]["new"] == 0
    with Store(elsewhere) as store:
        assert "\n".join(store._db.iterdump()) == before


def test_into_the_store_it_came_from_adds_nothing(tell_json, ann, file):
    before = "\n".join(ann._db.iterdump())
    assert tell_json("import", file)[1][-1]["new"] == 0
    assert "\n".join(ann._db.iterdump()) == before


def test_from_there_it_comes_back_the_same(tell, ann, elsewhere, file, tmp_path):
    tell("import", file)
    assert tell("export", "--runner", "Ann", "--to", tmp_path / "again.kneebundle")[0] == 0
    with zipfile.ZipFile(file) as one, zipfile.ZipFile(tmp_path / "again.kneebundle") as other:
        for name in one.namelist():
            if name != "about.json":
                assert one.read(name) == other.read(name)


def test_what_is_known_here_stays(tell, elsewhere, file):
    with Store(elsewhere) as store:
        store.set_screening("Ann", "2028-01-01T00:00:00Z", "yes,no,no,no,no")
        store.set_prescription("Ann", "schema = 1\nnote = 'mine'\n")
        diary.write(store, "Ann", date(2027, 1, 3), pain={"after": 7})
    tell("import", file)
    with Store(elsewhere) as store:
        assert store.screening("Ann")[1].startswith("yes")
        assert "mine" in store.prescription("Ann")
        assert [row["pain"] for row in store.diary("Ann") if row["day"] == "2027-01-03"] == [{"after": 7}]
        run = store.runs()[0]
        store.set_runner(run.device, run.start, "Cid")
        store.say(run.id, NEW_YEAR_US)
    tell("import", file)
    with Store(elsewhere) as store:
        assert store.runs()[0].runner == "Cid"
        assert store.said(store.runs()[0].id) == NEW_YEAR_US


def test_what_was_deleted_here_comes_back_only_when_asked(tell, elsewhere, file):
    tell("import", file)
    assert tell("delete", 1, "--yes")[0] == 0
    tell("import", file)
    with Store(elsewhere) as store:
        assert len(store.runs()) == 2
    tell("import", file, "--deleted")
    with Store(elsewhere) as store:
        assert len(store.runs()) == 3


def test_a_runner_may_have_another_name_here(tell, elsewhere, file):
    tell("import", file, "--runner", "Ann B.")
    with Store(elsewhere) as store:
        assert {run.runner for run in store.runs()} == {"Ann B."}
        assert store.screening("Ann B.") is not None


def test_a_bundle_of_one_run_has_what_was_written_of_it_and_no_more(tell, ann, tmp_path, monkeypatch):
    tell("export", 1, "--to", tmp_path / "one.kneebundle")
    monkeypatch.setenv("KNEESENSE_HOME", str(tmp_path / "elsewhere"))
    assert tell("import", tmp_path / "one.kneebundle")[0] == 0
    with Store(tmp_path / "elsewhere" / "runs.sqlite") as store:
        assert [entry.pain for entry in diary.entries(store, "Ann")] == [{"after": 3, "morning": 0}]
        assert [shoe["name"] for shoe in store.shoes("Ann")] == ["blue"]
        assert (store.longest("Ann"), store.hips("Ann")) == (None, [])


def test_one_run_brings_its_own_calibration_and_marks(ann, tell, monkeypatch, tmp_path):
    recorder = Recorder(ann, "0a0b0c0f")
    frames = []
    for kind in (
        wire.VERDICT,
        wire.START,
        wire.STOP,
        wire.MARK,
        wire.VERDICT,
        wire.START,
        wire.STOP,
        wire.MARK,
    ):
        recorder._frames = []
        frames.append(recorder.record(kind, {}))
        ann.add(recorder.device, recorder._frames, runner="Ann")
    one, two = (run for run in ann.runs() if run.device == recorder.device)
    assert list(bundle._records(ann, recorder.device, [one])) == frames[:4]
    assert list(bundle._records(ann, recorder.device, [two])) == frames[4:]
    assert list(bundle._records(ann, recorder.device, [one, two])) == frames


@pytest.mark.parametrize("name", ["run.fit", "run.tcx", "run.csv", "run.parquet"])
def test_what_is_for_other_programs_is_refused_with_what_to_do(tell, ann, tmp_path, name):
    tell("export", 1, "--to", tmp_path / name)
    code, _, err = tell("import", tmp_path / name)
    assert code == 2
    assert "--format bundle" in err[0]


def repacked(file, about):
    packed = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(packed, "w") as new:
        for name in old.namelist():
            new.writestr(name, json.dumps(about) if name == "about.json" else old.read(name))
    return packed.getvalue()


DAMAGE = [
    lambda about: about.pop("runs"),
    lambda about: about.update(runner=7),
    lambda about: about.update(screening=["once"]),
    lambda about: about["runs"][0].update(boot="1"),
    lambda about: about["runs"][0].update(device="../x"),
    lambda about: about["readings"][0].pop("utc_us"),
    lambda about: about["programmes"][0].update(sessions="x"),
    lambda about: about.update(schema=2),
    lambda about: about.pop("written"),
    lambda about: about["written"]["diary"][0].update(day="yesterday"),
    lambda about: about["written"]["diary"][0].update(pain={"after": 11}),
    lambda about: about["written"]["diary"][0].update(pain=[3]),
    lambda about: about["written"]["diary"][0].update(shoe="red"),
    lambda about: about["written"]["diary"][0].update(note=5),
    lambda about: about["written"]["hips"][0]["sets"][0].update(reps="ten"),
    lambda about: about["written"]["shoes"][0].pop("before_m"),
    lambda about: about.update(format="other"),
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_list_is_told_and_nothing_is_added(file, elsewhere, damage, tmp_path, tell):
    with zipfile.ZipFile(file) as old:
        about = json.loads(old.read("about.json"))
    damage(about)
    (tmp_path / "bad").write_bytes(repacked(file, about))
    code, _, err = tell("import", tmp_path / "bad")
    assert code == 2
    assert len(err) == 1
    assert not elsewhere.exists()


UNSHOWABLE = [
    lambda about: about.update(runner=" "),
    lambda about: about.update(prescription="schema = 1"),
    lambda about: about.update(screening=["2027-13-01", "no,no"]),
    lambda about: about.update(screening=["2027-01-01T00:00:00Z", "perhaps"]),
    lambda about: about["runs"][0].update(said_utc_us=10**18),
    lambda about: about["runs"][0].update(said_utc_us=0),
    lambda about: about["runs"][0].update(said_utc_us=NEW_YEAR_US + 0.5),
    lambda about: about["runs"][0].update(seq=10**30),
    lambda about: about["runs"][0].update(outing=-1),
    lambda about: about["readings"][0].update(utc_us=10**18),
    lambda about: about["programmes"][0].update(sessions="00"),
    lambda about: about["written"]["diary"][0].update(surface="lava"),
    lambda about: about["written"]["diary"][0].update(hills="vertical"),
    lambda about: about["written"]["diary"][0].update(leg="third"),
    lambda about: about["written"]["diary"][0].update(places="shin,elbow"),
    lambda about: about["written"]["diary"][0].update(distance_m=10**20),
    lambda about: about["written"]["diary"][0].update(distance_m=-5),
    lambda about: about["written"]["diary"][1].update(start_us=10**18),
    lambda about: about["written"]["shoes"][0].update(retired_day="soon"),
    lambda about: about["written"]["longest"].pop("distance_m"),
    lambda about: about["written"]["hips"][0]["sets"][0].update(side="up"),
    lambda about: about.update(runs=5),
]


def test_what_no_command_could_show_is_refused(file):
    with zipfile.ZipFile(file) as old:
        about = old.read("about.json")
    taken = []
    for number, damage in enumerate(UNSHOWABLE):
        spoilt = json.loads(about)
        damage(spoilt)
        with contextlib.suppress(InputError):
            bundle.read(file, repacked(file, spoilt))
            taken.append(number)
    assert taken == []


def test_what_a_bundle_says_beyond_what_we_know_is_left_out(file, elsewhere, tmp_path, tell):
    with zipfile.ZipFile(file) as old:
        about = json.loads(old.read("about.json"))
    about["written"]["longest"]["weather"] = about["written"]["hips"][0]["weather"] = "fine"
    (tmp_path / "more").write_bytes(repacked(file, about))
    assert tell("import", tmp_path / "more")[0] == 0
    with Store(elsewhere) as store:
        assert store.longest("Ann") == {"day": "2026-12-20", "distance_m": None, "duration_s": 1800}
    tell("import", tmp_path / "more")
    with Store(elsewhere) as store:
        assert len(store.hips("Ann")) == 1


def test_an_outing_stays_one_entry_whichever_leg_it_was_written_at(file, elsewhere, tell):
    tell("import", file)
    with Store(elsewhere) as store:
        entry = next(row for row in store.diary("Ann") if row["run"] is not None)
        store.delete_entry("Ann", entry["id"])
        (other,) = {run.id for run in store.runs() if run.outing is not None} - {entry["run"]}
        store.write_entry("Ann", "2027-01-01", run=other, values={}, pain={"after": 2})
    tell("import", file)
    with Store(elsewhere) as store:
        assert [e.pain for e in diary.entries(store, "Ann") if e.run is not None] == [{"after": 2}]


def test_a_bundle_whose_log_is_missing_is_refused(file, elsewhere, tmp_path, tell):
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(tmp_path / "half", "w") as new:
        for name in old.namelist():
            new.writestr(name.replace(f"logs/{LEFT}", "lost"), old.read(name))
    code, _, err = tell("import", tmp_path / "half")
    assert code == 2
    assert LEFT in err[0]


def test_a_small_file_that_swells_is_refused_before_it_is_unpacked(file, elsewhere, tmp_path, tell):
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("logs/0a0b0c10.kneelog", bytes(11_000_000))
    code, _, err = tell("import", file)
    assert code == 2
    assert "no bundle of ours" in err[0]
    assert not elsewhere.exists()


def test_an_import_that_was_killed_is_completed_by_the_next_one(ann, file, elsewhere, tell, monkeypatch):
    def killed(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(Store, "say", killed)
        found = bundle.read(file, file.read_bytes())
        with Store(elsewhere) as store, pytest.raises(KeyboardInterrupt):
            bundle.add(store, found)
    tell("import", file)
    with Store(elsewhere) as store:
        assert told(store) == told(ann)
        assert diary.entries(store, "Ann") == diary.entries(ann, "Ann")
        assert [run.outing is None for run in store.runs()] == [False, True, False]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A store with one run, and its bundle."""
    with Store(tmp_path_factory.mktemp("bundle") / "runs.sqlite") as store:
        yield store, bundle.made(store, [Recorder(store).run(3)])


@given(at=st.floats(0, 1), byte=st.integers(0, 255), cut=st.booleans())
def test_a_file_that_was_cut_or_spoilt_is_refused_or_read_never_a_traceback(whole, at, byte, cut):
    store, made = whole
    data = bytearray(made)
    place = int(at * (len(data) - 1))
    if cut:
        del data[place:]
    else:
        data[place] = byte
    try:
        found = bundle.read(store.file, bytes(data))
    except InputError:
        return
    (added,) = bundle.add(store, found)
    assert added.new == 0
