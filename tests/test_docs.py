# SPDX-License-Identifier: MIT
"""The documentation agrees with the code, its links lead somewhere, and its programs run."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from checks import docs_tables
from kneecore import wire

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def relative(path):
    return str(path.relative_to(ROOT))


def test_tables_are_as_the_code_has_them():
    assert [relative(page) for page in docs_tables.stale()] == [], (
        "python tests/checks/docs_tables.py --write"
    )


def test_every_table_stands_in_one_page():
    text = "".join(page.read_text() for page in DOCS.rglob("*.md"))
    assert sorted(re.findall(r"<!-- table: (\w+) -->", text)) == sorted(docs_tables.TABLES)


def test_a_changed_cell_is_noticed():
    page = (DOCS / "settings.md").read_text()
    assert docs_tables.filled(page.replace("`cue_m` | 3", "`cue_m` | 4")) == page


def test_offsets_in_a_record_add_up_to_its_size():
    for record in wire.BY_CODE.values():
        rows = [
            line
            for line in docs_tables.records(record.code, record.code).splitlines()
            if line.startswith("|")
        ]
        offset, kind, _ = rows[-1].strip("| ").split(" | ")
        count, _, letter = kind.rpartition(" x ")
        size = 0 if letter == "bytes" else int(letter[1:]) // 8
        assert int(offset) + int(count or 1) * size == record.size, record.name


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_links_lead_to_files(page):
    targets = [target for target in LINK.findall(page.read_text()) if "://" not in target]
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_index_names_every_page():
    index = (DOCS / "README.md").read_text()
    pages = [page.relative_to(DOCS) for page in DOCS.rglob("*.md") if page.name != "README.md"]
    assert [str(page) for page in pages if f"({page})" not in index] == []


def test_every_row_of_the_faults_ends_with_tests_that_exist():
    lines = (DOCS / "faults.md").read_text().splitlines()
    rows = [
        line for line in lines if line.startswith("| ") and not line.startswith(("| ---", "| what people"))
    ]
    assert len(rows) > 50
    missing = []
    for row in rows:
        tests = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row.split(" | ")[-1])
        assert tests, row
        missing += [
            f"{file}::{name}"
            for file, name in tests
            if not re.search(rf"^(async )?def {name}\(", (ROOT / file).read_text(), re.MULTILINE)
        ]
    assert missing == []


def test_the_stride_flags_of_the_contract_are_those_of_the_wire():
    text = " ".join((DOCS / "contract.md").read_text().split())
    assert f"`flags` is a list of: {', '.join(wire.STRIDE_FLAGS)}." in text


# --- the programs of data.md ----------------------------------------------------------------------------------------


@pytest.fixture
def program(tmp_path):
    """Runs a program of data.md in an empty folder."""

    def run(name, *arguments):
        text = (DOCS / "data.md").read_text()
        (code,) = re.findall(rf"<!-- runs: {name} -->\n```python\n(.*?)```", text, re.DOTALL)
        (tmp_path / name).write_text(code)
        subprocess.run([sys.executable, name, *arguments], cwd=tmp_path, check=True)

    return run


def test_mc10_to_csv(program, tmp_path):
    stamps = 1580420369.5 + np.arange(6) * 0.00401
    for kind, unit, value in (("accel", "g", 1.0), ("gyro", "s", 180.0)):
        rows = np.column_stack([stamps, np.full(6, value), np.zeros(6), np.arange(6) * value])
        name = f"f14.a7.Some_Trial.distal_lateral_shank_right.{kind}.csv"
        np.savetxt(
            tmp_path / name, rows, delimiter=",", header=f"Timestamp_seconds,X_{unit},Y_{unit},Z_{unit}"
        )
    program("mc10_to_csv.py", "Some_Trial", "some_trial.csv")
    assert (tmp_path / "some_trial.csv").read_text().splitlines()[0] == "t_s,ax,ay,az,gx,gy,gz"
    table = np.loadtxt(tmp_path / "some_trial.csv", delimiter=",", skiprows=1)
    assert table.shape == (6, 7)
    np.testing.assert_allclose(table[:, 0], np.arange(6) * 0.004, atol=1e-5)
    np.testing.assert_allclose(table[:, 1], 9.80665, atol=1e-5)
    np.testing.assert_allclose(table[:, 4], np.pi, atol=1e-5)
    np.testing.assert_allclose(table[2, 6], 2 * np.pi * 0.004 / 0.00401, atol=1e-3)


def test_broad_to_csv(program, tmp_path):
    io = pytest.importorskip("scipy.io", reason="needs scipy: pip install 'kneesense[analysis]'")
    rows = 40000
    io.savemat(
        tmp_path / "trial.mat",
        {
            "sampling_rate": 2000 / 7,
            "imu_acc": np.full((rows, 3), 9.81),
            "imu_gyr": np.full((rows, 3), 0.5),
            "opt_quat": np.full((rows, 4), np.nan),
            "movement": np.ones((rows, 1), bool),
        },
    )
    program("broad_to_csv.py", "trial")
    table = np.loadtxt(tmp_path / "trial.csv.gz", delimiter=",", skiprows=1)
    assert table.shape == (round(120 * 2000 / 7), 12)
    np.testing.assert_allclose(table[1, :7], [0.0035, 9.81, 9.81, 9.81, 0.5, 0.5, 0.5])
    assert np.isnan(table[:, 7:11]).all()
    assert (table[:, 11] == 1).all()
