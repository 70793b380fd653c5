# SPDX-License-Identifier: MIT
"""The SQLite file under the store: opened, migrated, written in transactions, its errors in plain words.

Write-ahead log with synchronous=FULL: what a transaction has committed survives a kill and a power cut.  Several
programs may have it open; a writer waits up to BUSY_S for another one.
"""

from __future__ import annotations

import sqlite3
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .errors import UPDATE_HOST, InputError, StoreBusy, StoreError, StoreFull

APPLICATION_ID = 0x6B6E6565  # "knee": tells our files from other programs'
NAME_MOST = 60  # characters
BUSY_S = 5.0  # a transaction of ours takes milliseconds

# `PRAGMA user_version` counts how many of these a file has been through.  Only ever append.
MIGRATIONS = (
    (
        """CREATE TABLE runner (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE
        )""",
        """CREATE TABLE device (
            id TEXT PRIMARY KEY,       -- hex unit id
            handle TEXT NOT NULL,      -- finds it again: short id as advertised, or address
            side TEXT NOT NULL,
            face TEXT NOT NULL,
            runner INTEGER NOT NULL REFERENCES runner
        )""",
        """CREATE TABLE clock (           -- utc_us = t_us + offset_us, give or take error_us
            device TEXT NOT NULL,
            boot INTEGER NOT NULL,
            offset_us INTEGER NOT NULL,
            error_us INTEGER NOT NULL,
            PRIMARY KEY (device, boot)
        )""",
        """CREATE TABLE event (
            device TEXT NOT NULL,
            boot INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            code INTEGER NOT NULL,     -- kind of record, see kneecore.wire
            frame BLOB NOT NULL,       -- as the unit logged it
            PRIMARY KEY (device, boot, seq)
        ) WITHOUT ROWID""",
        """CREATE TABLE synced (          -- everything of the unit's log up to this record is in event
            device TEXT PRIMARY KEY,
            boot INTEGER NOT NULL,
            seq INTEGER NOT NULL
        )""",
        """CREATE TABLE conflict (        -- same key, other bytes: the first one stays in event
            device TEXT NOT NULL,
            boot INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            frame BLOB NOT NULL,
            UNIQUE (device, boot, seq, frame)
        )""",
        """CREATE TABLE run (
            id INTEGER PRIMARY KEY,    -- a short name for people
            device TEXT NOT NULL,
            boot INTEGER NOT NULL,
            seq INTEGER NOT NULL,      -- of the START record
            runner INTEGER REFERENCES runner,
            UNIQUE (device, boot, seq)
        )""",
    ),
    (
        """CREATE TABLE screening (       -- the safety screen before the first cue
            runner INTEGER PRIMARY KEY REFERENCES runner,
            answered_utc TEXT NOT NULL,
            answers TEXT NOT NULL      -- in the order of the questions: no,no,...
        )""",
        """CREATE TABLE told (            -- what is told once to each runner
            runner INTEGER NOT NULL REFERENCES runner,
            what TEXT NOT NULL,
            PRIMARY KEY (runner, what)
        ) WITHOUT ROWID""",
        """CREATE TABLE prescription (    -- the one in force
            runner INTEGER PRIMARY KEY REFERENCES runner,
            toml TEXT NOT NULL
        )""",
        """CREATE TABLE programme (       -- as last seen on the unit
            device TEXT PRIMARY KEY,
            boot INTEGER NOT NULL,     -- with seq: where the unit's log was when it was prescribed
            seq INTEGER NOT NULL,
            sessions BLOB NOT NULL     -- see kneecore.programme.encode
        )""",
    ),
    (
        # runs of one outing, of the two legs of a runner, have the same one: the id of its first run
        "ALTER TABLE run ADD COLUMN outing INTEGER",
    ),
    (
        """CREATE TABLE deleted (         -- so that neither the unit's log nor a file brings a deleted record back
            device TEXT NOT NULL,
            boot INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            checksum BLOB NOT NULL,    -- of its frame: a unit that was set up anew uses numbers again
            PRIMARY KEY (device, boot, seq, checksum)
        ) WITHOUT ROWID""",
        """CREATE TABLE numbered_run (    -- the same table, but the number of a deleted run is not used again
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            device TEXT NOT NULL,
            boot INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            runner INTEGER REFERENCES runner,
            outing INTEGER,
            UNIQUE (device, boot, seq)
        )""",
        "INSERT INTO numbered_run SELECT id, device, boot, seq, runner, outing FROM run",
        "DROP TABLE run",
        "ALTER TABLE numbered_run RENAME TO run",
    ),
    (
        """CREATE TABLE reading (         -- of a computer's clock: at device time t_us, since that boot, it was utc_us
            device TEXT NOT NULL,
            boot INTEGER NOT NULL,
            t_us INTEGER NOT NULL,
            utc_us INTEGER NOT NULL,   -- since 1970
            error_us INTEGER NOT NULL, -- give or take
            PRIMARY KEY (device, boot, t_us, utc_us)
        ) WITHOUT ROWID""",
        # When in the boot it was measured is not known: a second covers the drift of 80 minutes.
        "INSERT INTO reading SELECT device, boot, 0, offset_us, error_us + 1000000 FROM clock",
        "DROP TABLE clock",
        "CREATE INDEX anchor ON event (device, boot) WHERE code = 8",
        """CREATE TABLE said (            -- by the user, of a run whose start no clock has measured
            run INTEGER PRIMARY KEY REFERENCES run ON DELETE CASCADE,
            utc_us INTEGER NOT NULL    -- of its start, since 1970
        )""",
    ),
    (
        """CREATE TABLE shoe (
            id INTEGER PRIMARY KEY,
            runner INTEGER NOT NULL REFERENCES runner,
            name TEXT NOT NULL,
            before_m INTEGER NOT NULL, -- run in it before the first entry
            retired_day TEXT,          -- from that day on not asked for any more
            UNIQUE (runner, name)
        )""",
        """CREATE TABLE diary (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            runner INTEGER NOT NULL REFERENCES runner,
            day TEXT NOT NULL,         -- the runner's, local: 2030-01-02
            start_us INTEGER,          -- UTC since 1970, of a run without a unit: tells several of a day apart
            run INTEGER UNIQUE REFERENCES run,
            distance_m INTEGER,
            duration_s INTEGER,        -- of a run without a unit
            source TEXT,               -- of the distance: said, gpx, tcx, fit
            surface TEXT,
            shoe INTEGER REFERENCES shoe,
            hills TEXT,
            stairs INTEGER,
            sleep_min INTEGER,
            warm_up INTEGER,
            stretched INTEGER,
            leg TEXT,
            places TEXT,               -- names with commas between; '': none, null: not asked
            aggravators TEXT,
            signs TEXT,
            note TEXT
        )""",
        """CREATE TABLE pain (            -- 0 to 10
            entry INTEGER NOT NULL REFERENCES diary ON DELETE CASCADE,
            moment TEXT NOT NULL,      -- before, after, hour, morning
            level INTEGER NOT NULL,
            PRIMARY KEY (entry, moment)
        ) WITHOUT ROWID""",
        """CREATE TABLE longest (         -- as the runner says: the longest run of the 30 days up to that day
            runner INTEGER PRIMARY KEY REFERENCES runner,
            day TEXT NOT NULL,
            distance_m INTEGER,
            duration_s INTEGER
        )""",
        """CREATE TABLE hips (            -- one session of the hip and core programme
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            runner INTEGER NOT NULL REFERENCES runner,
            day TEXT NOT NULL,
            start_us INTEGER,          -- UTC since 1970
            warm_up INTEGER,
            stretched INTEGER,
            note TEXT
        )""",
        """CREATE TABLE hips_set (
            session INTEGER NOT NULL REFERENCES hips ON DELETE CASCADE,
            number INTEGER NOT NULL,   -- from 1, in the order in which they were done
            exercise TEXT NOT NULL,
            side TEXT NOT NULL,        -- left, right, both
            reps INTEGER,
            hold_s INTEGER,
            PRIMARY KEY (session, number)
        ) WITHOUT ROWID""",
    ),
)

_WRITABLE = "make its folder and itself writable, or choose another with --store or KNEESENSE_HOME"

# Beginning of SQLite's error name -> what it means here.
_CAUSES = (
    ("SQLITE_FULL", StoreFull, "no space is left for {file}", "free some space; what was committed stays"),
    ("SQLITE_IOERR_WRITE", StoreFull, "{file} cannot grow", "free some space; what was committed stays"),
    ("SQLITE_BUSY", StoreBusy, "another program has kept {file} busy", "end it, or try again"),
    (
        "SQLITE_READONLY",
        StoreError,
        "{file} is read-only",
        _WRITABLE,
    ),
    (
        "SQLITE_CANTOPEN",
        StoreError,
        "{file} cannot be opened",
        f"check the path; {_WRITABLE}",
    ),
    ("SQLITE_NOTADB", StoreError, "{file} is no store of runs", "choose another with --store"),
    ("SQLITE_CORRUPT", StoreError, "{file} is damaged", "keep a copy, and choose another with --store"),
)


def check_name(name: str) -> None:
    """InputError for a runner's name that cannot be shown in a line."""
    if not name.strip():
        raise InputError("a runner's name is empty", "--runner NAME")
    if len(name) > NAME_MOST:
        raise InputError(f"a runner's name has {len(name)} characters", f"at most {NAME_MOST}")
    if any(unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") for sign in name):
        raise InputError(
            f"the runner's name {name!a} has a line break or a control character", "leave it out"
        )


class StoreFile:
    """An open store file; a context manager.  Several threads may use it, one after the other."""

    def __init__(self, file: Path, read_only: bool = False) -> None:
        """Open it.  `read_only`: none is created, but an older one is brought up to date.  StoreError if not ours."""
        self.file = file
        self._lock = threading.RLock()
        self._open(read_only)
        if read_only and self._older():
            self.close()
            StoreFile(file).close()
            self._open(read_only)

    def _open(self, read_only: bool) -> None:
        with self._plainly():
            if not read_only:
                self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            where = self.file.absolute().as_uri() + ("?mode=ro" if read_only else "")
            self._db = sqlite3.connect(
                where, timeout=BUSY_S, isolation_level=None, check_same_thread=False, uri=True
            )
        try:
            with self._plainly():
                self._refuse_foreign(may_be_empty=not read_only)
                if not read_only:
                    if (
                        self._row("PRAGMA application_id")[0] != APPLICATION_ID
                    ):  # a write, not at every opening
                        self._db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                    self._db.execute("PRAGMA journal_mode = WAL")
                    self._db.execute("PRAGMA synchronous = FULL")
                    self._db.execute("PRAGMA foreign_keys = ON")
                    self._db.execute("PRAGMA secure_delete = ON")
            if self._older() and not read_only:
                self._migrate()
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        """Wait for a transaction under way, then close."""
        with self._lock:
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _refuse_foreign(self, may_be_empty: bool) -> None:
        tables = {name for (name,) in self._rows("SELECT name FROM sqlite_master")}
        ours = self._row("PRAGMA application_id")[0] == APPLICATION_ID or {"event", "synced"} <= tables
        if not ours and (tables or not may_be_empty):
            raise StoreError(f"{self.file} is no store of runs", "choose another with --store")

    def _older(self) -> bool:
        """Whether it lacks tables of this version."""
        version = int(self._row("PRAGMA user_version")[0])
        if version > len(MIGRATIONS):
            raise StoreError(f"{self.file} was made by a newer kneesense", UPDATE_HOST)
        return version < len(MIGRATIONS)

    def _migrate(self) -> None:
        with self._transaction():
            (version,) = self._row("PRAGMA user_version")  # another program may have been faster
            for statements in MIGRATIONS[version:]:
                for statement in statements:
                    self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")

    def _rows(self, sql: str, *values: Any) -> list[Any]:
        with self._lock, self._plainly():
            return self._db.execute(sql, values).fetchall()

    def _row(self, sql: str, *values: Any) -> Any:
        """The first row, or None."""
        rows = self._rows(sql, *values)
        return rows[0] if rows else None

    def _write(self, sql: str, *values: Any) -> int:
        """Inside a transaction.  Returns how many rows changed."""
        with self._plainly():
            return self._db.execute(sql, values).rowcount

    def _runner_id(self, name: str) -> int:
        """Inside a transaction: the runner of that name, made if there is none yet.  InputError."""
        check_name(name)
        self._write("INSERT OR IGNORE INTO runner (name) VALUES (?)", name)
        return int(self._row("SELECT id FROM runner WHERE name = ?", name)[0])

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All of it is committed, or none."""
        with self._lock, self._plainly():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        """Tell SQLite's and the file system's errors in plain words."""
        try:
            yield
        except sqlite3.Error as error:
            name = getattr(error, "sqlite_errorname", "")
            for prefix, kind, message, advice in _CAUSES:
                if name.startswith(prefix):
                    raise kind(message.format(file=self.file), advice) from error
            raise StoreError(f"{self.file}: {error}") from error
        except UnicodeEncodeError:
            raise InputError("a text holds bytes that are no UTF-8", "write it anew") from None
        except OSError as error:
            raise StoreError(f"{self.file}: {error.strerror}", _WRITABLE) from error
