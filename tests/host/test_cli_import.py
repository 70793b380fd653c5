# SPDX-License-Identifier: MIT
"""`import` on the command line: everything once, whose it is known, what is damaged counted, a wrong file told."""

from zlib import crc32

import pytest
from test_records import keys

from kneecore import sector, wire
from kneesense import logfile, logimage
from kneesense.store import Store, Unit

UNIT = "0a0b0c0d"


@pytest.fixture
def paired(home, stack):
    """A unit with a run in its log."""
    with Store(home / "runs.sqlite") as store:
        store.remember(Unit(UNIT, "0c0d", "right", "lateral", "Ann"))
    unit = stack.unit
    unit._run({"utc_us": 1_900_000_000_000_000})
    unit.strides(30)
    unit._halt({})
    return unit


@pytest.fixture
def fetched(paired, tmp_path):
    """Its log in a file."""
    file = tmp_path / "log" / "ann.kneelog"
    file.parent.mkdir()
    file.write_bytes(logfile.header(UNIT, "Ann") + b"".join(record.frame for record in paired.log))
    return file


@pytest.fixture
def elsewhere(fetched, monkeypatch, tmp_path):
    """Another computer, that knows nobody."""
    monkeypatch.setenv("KNEESENSE_HOME", str(tmp_path / "elsewhere"))
    return tmp_path / "elsewhere" / "runs.sqlite"


def test_a_file_makes_the_runs_of_its_runner_with_their_dates(tell, tell_json, elsewhere, fetched, paired):
    code, records, err = tell_json("import", fetched)
    assert (code, err) == (0, [])
    assert set(records[0]) == keys("file")
    n = len(paired.log)
    assert (records[-1]["new"], records[-1]["known"], records[-1]["files"]) == (n, 0, 1)
    with Store(elsewhere) as store:
        assert store.records(UNIT) == paired.log
        assert [run.runner for run in store.runs()] == ["Ann"]
    assert tell("runs")[1][0].split()[1].startswith("2030-"), "from the host's clock in the log"


def test_again_adds_nothing(tell, tell_json, elsewhere, fetched, paired):
    tell("import", fetched)
    with Store(elsewhere) as store:
        before = "\n".join(store._db.iterdump())
    records = tell_json("import", fetched)[1]
    assert (records[-1]["new"], records[-1]["known"]) == (0, len(paired.log))
    with Store(elsewhere) as store:
        assert "\n".join(store._db.iterdump()) == before


def test_a_unit_that_comes_later_adds_only_what_is_new(tell, tell_json, home, fetched, paired):
    tell("import", fetched)
    paired.strides(2)
    assert tell("run", "--attach")[0] == 0
    with Store(home / "runs.sqlite") as store:
        assert store.records(UNIT) == paired.log
        assert store.problems() == []


def test_a_folder_is_imported_file_by_file_and_others_are_passed_over(tell_json, elsewhere, fetched, paired):
    (fetched.parent / "notes.txt").write_text("not a log")
    paired.strides(3)
    (fetched.parent / "later").write_bytes(
        logfile.header(UNIT, "Ann") + b"".join(record.frame for record in paired.log)
    )
    code, records, err = tell_json("import", fetched.parent)
    assert code == 0
    assert [r["type"] for r in records] == ["warning", "file", "file", "summary"]
    assert "notes.txt: neither a log" in err[0]
    assert (records[-1]["new"], records[-1]["known"]) == (len(paired.log), len(paired.log) - 3)


def test_damaged_parts_are_left_out_and_counted(tell_json, elsewhere, fetched, paired):
    data = bytearray(fetched.read_bytes())
    data[len(data) // 2] ^= 1
    fetched.write_bytes(data)
    records = tell_json("import", fetched)[1]
    assert records[-1]["new"] == len(paired.log) - 1
    assert records[-1]["damaged_bytes"] == len(paired.log[10].frame)
    assert records[-1]["missing"] == 1


def test_a_record_with_other_content_is_kept_beside_the_first(tell, tell_json, elsewhere, fetched, paired):
    tell("import", fetched)
    other = wire.decode(paired.log[5].frame)[1] | {"confidence": 1}
    fetched.write_bytes(logfile.header(UNIT, "Ann") + wire.frame(wire.STRIDE, other))
    assert tell_json("import", fetched)[1][-1]["conflicts"] == 1
    with Store(elsewhere) as store:
        assert store.records(UNIT)[5] == paired.log[5]


def test_what_was_deleted_here_comes_back_only_when_asked(tell, tell_json, elsewhere, fetched, paired):
    tell("import", fetched)
    assert tell("delete", "--runner", "Ann", "--yes")[0] == 0
    code, records, _ = tell_json("import", fetched)
    assert (code, records[-1]["new"], records[-1]["deleted"]) == (0, 0, len(paired.log))
    with Store(elsewhere) as store:
        assert store.runners() == []
    records = tell_json("import", fetched, "--deleted")[1]
    assert records[-1]["new"] == len(paired.log)
    with Store(elsewhere) as store:
        assert [run.runner for run in store.runs()] == ["Ann"]


def test_a_runner_can_be_named_where_the_file_does_not(tell, elsewhere, fetched, paired):
    fetched.write_bytes(logfile.header(UNIT, None) + b"".join(record.frame for record in paired.log))
    tell("import", fetched, "--runner", "Bea")
    with Store(elsewhere) as store:
        assert [run.runner for run in store.runs()] == ["Bea"]


def image(records):
    """Of a flash: something else, then a sector of a log and what erased flash reads."""
    data = sector.header(7, records[0].seq) + b"\xff" + b"".join(record.frame for record in records)
    return bytes(logimage.SECTOR) + data.ljust(logimage.SECTOR, b"\xff") + b"\xff" * logimage.SECTOR


def test_an_image_of_a_flash_is_imported_once_it_is_said_whose_it_is(
    tell, tell_json, elsewhere, fetched, paired
):
    flash = fetched.with_name("flash.bin")
    flash.write_bytes(image(paired.log[:20] + paired.log[22:30]))
    code, _, err = tell("import", flash)
    assert (code, "does not say whose it is: --unit ID" in err[0]) == (2, True)
    assert not elsewhere.exists()
    code, records, _ = tell_json("import", flash, "--unit", UNIT, "--runner", "Ann")
    assert (code, records[0]["new"], records[0]["missing"], records[0]["damaged_bytes"]) == (0, 28, 2, None)
    with Store(elsewhere) as store:
        assert store.records(UNIT) == paired.log[:20] + paired.log[22:30]
        assert [run.runner for run in store.runs()] == ["Ann"]
    assert tell_json("import", fetched)[1][-1]["known"] == 28, "the log itself fits in"


def test_a_paired_unit_is_named_by_its_short_id(tell, home, fetched, paired):
    flash = fetched.with_name("flash.bin")
    flash.write_bytes(image(paired.log))
    assert tell("import", flash, "--unit", "0c0d")[0] == 0
    with Store(home / "runs.sqlite") as store:
        assert store.records(UNIT) == paired.log
    code, _, err = tell("import", flash, "--unit", "0e0e")
    assert (code, "no paired unit for 0e0e" in err[0]) == (2, True)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no such file"),
        (b"", "empty file"),
        (b"seven words that are no log at all", "neither a log of a unit nor an image of its flash"),
        (b"kneesense-log 2 {} 00000000\n", "version 2: update kneesense"),
        (b"kneesense-log 1 {} 00000000\n", "first line, which says whose log it is, is damaged"),
        (b"kneesense-log 1 ", "is damaged"),
        (logfile.header("xyz", None), "names no unit"),
        (logfile.header("..", None), "names no unit"),
        (b"kneesense-log 1 {unit} %08x\n" % crc32(b"{unit}"), "names no unit"),
    ],
)
def test_a_wrong_file_is_one_line_and_adds_nothing(tell, home, tmp_path, content, words):
    path = tmp_path / "wrong"
    if content is not None:
        path.write_bytes(content)
    code, out, err = tell("import", path)
    assert (code, out, len(err)) == (2, [], 1)
    assert words in err[0]
    assert not (home / "runs.sqlite").exists()


def test_a_folder_without_a_log_is_told(tell, tmp_path):
    (tmp_path / "empty").mkdir()
    code, _, err = tell("import", tmp_path / "empty")
    assert (code, "no log of a unit in this folder" in err[-1]) == (2, True)


def test_a_file_of_another_unit_than_named_is_refused(tell, elsewhere, fetched):
    code, _, err = tell("import", fetched, "--unit", "0f0f0f0f")
    assert (code, "of unit 0a0b0c0d, not of 0f0f0f0f" in err[0]) == (2, True)
    assert tell("import", fetched, "--unit", "0A0B0C0D")[0] == 0
