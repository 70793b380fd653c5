# SPDX-License-Identifier: MIT
"""Every record of every unit, raw; everything shown is decoded from here.

A record is keyed (device, boot, seq): one that comes again adds nothing, and one that comes again with other bytes is
kept beside the first as a conflict.  What `add` has returned is committed.  A run is known by (device, boot, seq of its
START record); its `id` is only a short name for people.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from zlib import crc32

from kneecore import wire

from .frames import LogFrame, parse
from .storeclock import StoreClock
from .storedelete import StoreDelete
from .storediary import StoreDiary

Key = tuple[int, int]
"""(boot, seq): orders the records of one unit."""

_SEQ_MAX = 2**63 - 1
_NUMBERS = 0xFFFF  # of runners on the wire, without 0: unknown


@dataclass(frozen=True, slots=True)
class Unit:
    """A remembered unit."""

    device: str
    """Hex unit id."""
    handle: str
    """Finds it again: its short id as advertised, or its address where none is."""
    side: str
    face: str
    runner: str


@dataclass(frozen=True, slots=True)
class Run:
    """A recorded run: its short name and its identity."""

    id: int
    device: str
    boot: int
    seq: int
    runner: str | None
    outing: int | None = None
    """The same for the runs of the two legs of a runner; see outings.py."""

    @property
    def start(self) -> Key:
        """Of its START record."""
        return self.boot, self.seq


@dataclass(frozen=True, slots=True)
class Added:
    """What became of the records given to `Store.add`."""

    new: int = 0
    duplicates: int = 0
    conflicts: int = 0
    deleted: int = 0
    """Left out, because they were deleted here before."""

    def __add__(self, other: Added) -> Added:
        return Added(
            self.new + other.new,
            self.duplicates + other.duplicates,
            self.conflicts + other.conflicts,
            self.deleted + other.deleted,
        )


class Store(StoreDelete, StoreClock, StoreDiary):
    """Records, runs, units, clocks, and what is kept of runners."""

    def add(
        self,
        device: str,
        records: Iterable[LogFrame],
        complete_to: Key | None = None,
        runner: str | None = None,
    ) -> Added:
        """Commit records, all or none.  A START record makes a run of the runner it names, or of the unit's.

        `complete_to`: with these, everything of the unit's log up to that key is stored.  `runner`: known here, who
        runs where neither says so.
        """
        added = Added()
        with self._transaction():
            for record in records:
                added += self._add(device, record, runner)
            if complete_to is not None:
                self._write(
                    "INSERT INTO synced VALUES (?, ?, ?) ON CONFLICT (device) DO UPDATE SET boot = excluded.boot,"
                    " seq = excluded.seq WHERE (excluded.boot - synced.boot & 65535) BETWEEN 1 AND 32767"
                    " OR excluded.boot = synced.boot AND excluded.seq > synced.seq",  # frames.later
                    *(device, *complete_to),
                )
        return added

    def _add(self, device: str, record: LogFrame, runner: str | None) -> Added:
        key = (device, record.boot, record.seq)
        row = self._row("SELECT frame FROM event WHERE (device, boot, seq) = (?, ?, ?)", *key)
        if row is not None:
            if row[0] == record.frame:
                return Added(duplicates=1)
            self._write("INSERT OR IGNORE INTO conflict VALUES (?, ?, ?, ?)", *key, record.frame)
            return Added(conflicts=1)
        if self._is_deleted(device, record):
            return Added(deleted=1)
        self._write("INSERT INTO event VALUES (?, ?, ?, ?, ?)", *key, record.code, record.frame)
        if record.code == wire.START.code:
            self._write(
                "INSERT OR IGNORE INTO run (device, boot, seq, runner) VALUES (?, ?, ?, coalesce("
                "(SELECT id FROM runner WHERE name = ?), (SELECT runner FROM device WHERE id = ?),"
                " (SELECT id FROM runner WHERE name = ?)))",
                *(*key, self._numbered().get(record.values()["runner"]), device, runner),
            )
        return Added(new=1)

    def holds(self, device: str, record: LogFrame) -> bool:
        """Whether exactly this record is stored, or was until it was deleted here."""
        key = (device, record.boot, record.seq)
        row = self._row("SELECT frame FROM event WHERE (device, boot, seq) = (?, ?, ?)", *key)
        return row[0] == record.frame if row else self._is_deleted(device, record)

    def synced(self, device: str) -> Key | None:
        """The watermark: everything of the unit's log up to this key is stored.

        Kept, not searched for in the numbers: a unit that lost power, or whose log was erased, uses numbers again, so
        a stored number alone does not say that the unit's record of that number is here.
        """
        row = self._row("SELECT boot, seq FROM synced WHERE device = ?", device)
        return (row[0], row[1]) if row else None

    def records(
        self, device: str, first: Key = (0, 0), last: Key = (_SEQ_MAX, 0), *, raw: bool = True
    ) -> list[LogFrame]:
        """Stored records of a unit in log order, from key `first` to key `last`, both included; samples if `raw`."""
        rows = self._rows(
            "SELECT frame FROM event WHERE device = ? AND (boot, seq) >= (?, ?) AND (boot, seq) <= (?, ?)"
            " AND (? OR code != ?) ORDER BY boot, seq",
            *(device, *first, *last, raw, wire.RAW.code),
        )
        return [record for (frame,) in rows if (record := parse(frame)) is not None]

    def runs(self) -> list[Run]:
        """Every run, in the order in which they came here."""
        rows = self._rows(
            "SELECT run.id, device, boot, seq, runner.name, outing FROM run LEFT JOIN runner ON runner.id = run.runner"
            " ORDER BY run.id"
        )
        return [Run(*row) for row in rows]

    def run_records(self, run: Run, *, raw: bool = True) -> list[LogFrame]:
        """A run's records in log order: START to STOP, or to where the next run begins or the boot ends."""
        return self.records(
            run.device,
            (run.boot, run.seq),
            (run.boot, self._last_seq(run.device, (run.boot, run.seq))),
            raw=raw,
        )

    def boot_after(self, run: Run) -> LogFrame | None:
        """The BOOT record that followed a run without an end; None before the unit was heard of again."""
        row = self._row(
            "SELECT frame FROM event WHERE device = ? AND boot > ? ORDER BY boot, seq LIMIT 1",
            run.device,
            run.boot,
        )
        record = parse(row[0]) if row else None
        return record if record and record.code == wire.BOOT.code else None

    def run_span(self, run: Run) -> tuple[int, int]:
        """Device time of a run's START and of its STOP, or of its last stride while there is no STOP."""
        within = "device = ? AND boot = ? AND seq >= ? AND seq < coalesce((SELECT min(seq) FROM event WHERE"
        within += " device = ? AND boot = ? AND seq > ? AND code = ?), ?)"
        where = (run.device, run.boot, run.seq)
        (frame,) = self._row(
            f"SELECT frame FROM event WHERE {within} AND code IN (?, ?, ?) ORDER BY code = ? DESC, seq DESC LIMIT 1",
            *(*where, *where, wire.START.code, _SEQ_MAX),
            *(wire.START.code, wire.STRIDE.code, wire.STOP.code, wire.STOP.code),
        )
        (first,) = self._row("SELECT frame FROM event WHERE (device, boot, seq) = (?, ?, ?)", *where)
        start, end = parse(first), parse(frame)
        assert start is not None
        assert end is not None
        return start.t_us, end.t_us

    def marks(self, run: Run) -> list[tuple[int, int]]:
        """(device time, kind as in wire.MARKS) of a run's marks, in log order."""
        rows = self._rows(
            "SELECT frame FROM event WHERE device = ? AND boot = ? AND seq BETWEEN ? AND ? AND code = ? ORDER BY seq",
            *(run.device, run.boot, run.seq, self._last_seq(run.device, run.start), wire.MARK.code),
        )
        found = (parse(frame) for (frame,) in rows)
        return [(mark.t_us, mark.values()["kind"]) for mark in found if mark is not None]

    def still_s(self, run: Run) -> int:
        """Seconds of it that the unit saw no motion; 0 while it has no STOP."""
        rows = self._rows(
            "SELECT frame FROM event WHERE device = ? AND boot = ? AND seq BETWEEN ? AND ? AND code IN (?, ?)"
            " ORDER BY seq",
            *(run.device, run.boot, run.seq, self._last_seq(run.device, run.start)),
            *(wire.START.code, wire.STOP.code),
        )
        values = [frame.values() for (row,) in rows if (frame := parse(row)) is not None]
        if len(values) < 2 or not values[0]["rate_hz"]:
            return 0
        return int(values[-1]["still_x16"] // (16 * values[0]["rate_hz"]))

    def strides(self, run: Run) -> int:
        """How many strides of it are here."""
        (count,) = self._row(
            "SELECT count(*) FROM event WHERE device = ? AND boot = ? AND seq BETWEEN ? AND ? AND code = ?",
            *(run.device, run.boot, run.seq, self._last_seq(run.device, run.start), wire.STRIDE.code),
        )
        return int(count)

    def set_outing(self, runs: Iterable[int], outing: int) -> None:
        """Say that these runs, by their ids, belong to that outing."""
        with self._transaction():
            for run in runs:
                self._write("UPDATE run SET outing = ? WHERE id = ?", outing, run)

    def set_runner(self, device: str, start: Key, runner: str) -> None:
        """Say who ran a run, known by the key of its START record."""
        with self._transaction():
            self._write(
                "UPDATE run SET runner = ? WHERE (device, boot, seq) = (?, ?, ?)",
                *(self._runner_id(runner), device, *start),
            )

    def remember(self, unit: Unit) -> None:
        """Remember a unit, or change what is remembered of it."""
        with self._transaction():
            self._write(
                "INSERT INTO device VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET handle = excluded.handle,"
                " side = excluded.side, face = excluded.face, runner = excluded.runner",
                *(unit.device, unit.handle, unit.side, unit.face, self._runner_id(unit.runner)),
            )

    def forget(self, device: str) -> None:
        """A unit is no longer paired; its records and runs stay."""
        with self._transaction():
            self._write("DELETE FROM device WHERE id = ?", device)

    def units(self) -> list[Unit]:
        """The remembered units, in the order in which they were first paired."""
        rows = self._rows(
            "SELECT device.id, handle, side, face, runner.name FROM device"
            " JOIN runner ON runner.id = device.runner ORDER BY device.rowid"
        )
        return [Unit(*row) for row in rows]

    def runners(self) -> list[str]:
        """Names, in the order in which they came."""
        return [name for (name,) in self._rows("SELECT name FROM runner ORDER BY id")]

    def runner_number(self, name: str) -> int:
        """A runner's number on the unit, 1 to 65535: from the name, so that two computers agree on it.

        A name whose number an earlier one has gets the next free number.
        """
        with self._transaction():
            self._runner_id(name)
        return next(number for number, known in self._numbered().items() if known == name)

    def _numbered(self) -> dict[int, str]:
        numbered: dict[int, str] = {}
        for name in self.runners():
            number = crc32(name.encode()) % _NUMBERS
            while number + 1 in numbered:
                number = (number + 1) % _NUMBERS
            numbered[number + 1] = name
        return numbered

    def screening(self, runner: str) -> tuple[str, str] | None:
        """(when in UTC, answers) of the runner's safety screen; None before it."""
        row = self._row(
            "SELECT answered_utc, answers FROM screening JOIN runner ON runner.id = runner WHERE name = ?",
            runner,
        )
        return (row[0], row[1]) if row else None

    def set_screening(self, runner: str, answered_utc: str, answers: str) -> None:
        """Keep a runner's answers; earlier ones are replaced."""
        with self._transaction():
            self._write(
                "INSERT OR REPLACE INTO screening VALUES (?, ?, ?)",
                *(self._runner_id(runner), answered_utc, answers),
            )

    def first_time(self, runner: str, what: str) -> bool:
        """Whether this is to be told to the runner: True once."""
        with self._transaction():
            return bool(
                self._write("INSERT OR IGNORE INTO told VALUES (?, ?)", self._runner_id(runner), what)
            )

    def prescription(self, runner: str) -> str | None:
        """The TOML of the prescription in force."""
        row = self._row(
            "SELECT toml FROM prescription JOIN runner ON runner.id = runner WHERE name = ?", runner
        )
        return str(row[0]) if row else None

    def set_prescription(self, runner: str, toml: str | None) -> None:
        """Keep the prescription in force; None: there is none any more."""
        with self._transaction():
            key = self._runner_id(runner)
            if toml is None:
                self._write("DELETE FROM prescription WHERE runner = ?", key)
            else:
                self._write("INSERT OR REPLACE INTO prescription VALUES (?, ?)", key, toml)

    def programme(self, device: str) -> tuple[Key, bytes] | None:
        """(where the unit's log was when the programme was prescribed, its sessions); None without one."""
        row = self._row("SELECT boot, seq, sessions FROM programme WHERE device = ?", device)
        return ((row[0], row[1]), row[2]) if row else None

    def set_programme(self, device: str, first: Key, sessions: bytes) -> None:
        """Keep what the unit was prescribed."""
        with self._transaction():
            self._write("INSERT OR REPLACE INTO programme VALUES (?, ?, ?, ?)", device, *first, sessions)

    def sessions(self, device: str, first: Key = (0, 0)) -> list[tuple[Run, LogFrame]]:
        """Every SESSION record from key `first` on, with the run it closes: the last one that began before it.

        One that a power cut kept from the log is written before the unit's next run.
        """
        found = []
        runs = {(run.boot, run.seq): run for run in self.runs() if run.device == device}
        run: Run | None = None
        rows = self._rows(
            "SELECT frame FROM event WHERE device = ? AND code IN (?, ?) AND (boot, seq) >= (?, ?) ORDER BY boot, seq",
            *(device, wire.START.code, wire.SESSION.code, *first),
        )
        for record in filter(None, (parse(frame) for (frame,) in rows)):
            if record.code == wire.START.code:
                run = runs.get(record.key)
            elif run is not None:
                found.append((run, record))
        return found

    def problems(self) -> list[str]:
        """What is wrong with the file, in words; empty when every page and every frame's checksum is right."""
        found = [text for (text,) in self._rows("PRAGMA integrity_check") if text != "ok"]
        for device, boot, seq, frame in self._rows("SELECT device, boot, seq, frame FROM event"):
            if wire.check(frame) != len(frame):
                found.append(f"record {seq} of unit {device}, boot {boot}: wrong checksum")
        (count,) = self._row("SELECT COUNT(*) FROM conflict")
        if count:
            found.append(f"{count} records came again with different content; the first of each is kept")
        return found
