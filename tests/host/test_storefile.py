# SPDX-License-Identifier: MIT
"""Versions of the store's file: older ones are brought up to date, later ones left alone."""

import sqlite3

import pytest
from test_store import DEVICE, UNIT, mark

from kneesense import storefile
from kneesense.errors import StoreError
from kneesense.store import Store


def test_a_store_of_a_later_version_is_refused(tmp_path):
    file = tmp_path / "runs.sqlite"
    Store(file).close()
    db = sqlite3.connect(file)
    db.execute("PRAGMA user_version = 99")
    db.close()
    for read_only in (True, False):
        with pytest.raises(StoreError, match="newer kneesense"):
            Store(file, read_only)


@pytest.mark.parametrize("version", range(1, len(storefile.MIGRATIONS)))
def test_runs_of_every_older_version_keep_their_numbers(tmp_path, monkeypatch, version):
    file = tmp_path / "runs.sqlite"
    with monkeypatch.context() as older:
        older.setattr(storefile, "MIGRATIONS", storefile.MIGRATIONS[:version])
        with Store(file) as store:
            store.remember(UNIT)
            store._write("INSERT INTO run (id, device, boot, seq, runner) VALUES (7, ?, 1, 2, 1)", DEVICE)
    with Store(file, read_only=True) as store:
        assert [(run.id, run.boot, run.seq, run.runner) for run in store.runs()] == [(7, 1, 2, "Ann")]


def test_an_older_store_is_brought_up_to_date(tmp_path, monkeypatch):
    file = tmp_path / "runs.sqlite"
    with Store(file) as store:
        store.add(DEVICE, [mark(1, 1)])
    later = (*storefile.MIGRATIONS, ("CREATE TABLE later (name TEXT)",))
    monkeypatch.setattr(storefile, "MIGRATIONS", later)
    for read_only in (True, False):
        with Store(file, read_only) as store:
            assert store.records(DEVICE) == [mark(1, 1)]
            assert store._row("SELECT COUNT(*) FROM later") == (0,)
            assert store._row("PRAGMA user_version") == (len(later),)
