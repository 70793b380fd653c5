# SPDX-License-Identifier: MIT
"""Deleting out of the store: all of it or nothing, the bytes too, and it does not come back by itself.

The unit's log, or a file fetched from it, may still hold what was deleted here.  So the key and checksum of each
deleted record are kept, and a record that comes again is left out.  SQLite overwrites what it deletes
(`secure_delete`); `wipe` also compacts the file, for copies of records lie in the free part of pages, and empties the
write-ahead log.  What a file system or a flash drive keeps of overwritten blocks is beyond this program.
"""

from __future__ import annotations

from dataclasses import dataclass

from kneecore import wire

from .frames import LogFrame
from .storefile import StoreFile

_ENDLESS = 2**62  # beyond any number of a record
# Records between two runs that tell of a runner; the others tell of the unit.
_PERSONAL = (wire.MARK.code, wire.SESSION.code, wire.VERDICT.code)


# What a runner writes, in an order in which nothing refers to what is gone.
_OF_RUNNER = ("diary", "shoe", "longest", "hips")


@dataclass(frozen=True, slots=True)
class Span:
    """Part of a unit's log by (boot, seq), both ends included."""

    device: str
    first: tuple[int, int] = (0, 0)
    last: tuple[int, int] = (_ENDLESS, _ENDLESS)
    personal: bool = False
    """Only what tells of a runner."""

    @property
    def where(self) -> tuple[str, tuple[object, ...]]:
        """SQL for table event."""
        codes = f" AND code IN {_PERSONAL}" if self.personal else ""
        text = f"device = ? AND (boot, seq) >= (?, ?) AND (boot, seq) <= (?, ?){codes}"
        return text, (self.device, *self.first, *self.last)


class StoreDelete(StoreFile):
    """What of the store deletes."""

    def delete_run(self, run: int) -> int:
        """A run, with the marks, sessions and calibrations between it and its neighbours.  How many records went."""
        with self._transaction():
            return self._delete_run(run)

    def delete_runner(self, runner: str) -> int:
        """Everything that is kept of a runner.  How many records went.

        Of a unit that nobody else has run with, the whole log; its pairing too.
        """
        with self._transaction():
            (key,) = self._row("SELECT id FROM runner WHERE name = ?", runner)
            own = self._units_of(key)
            count = sum(
                self._delete_run(run) for (run,) in self._rows("SELECT id FROM run WHERE runner = ?", key)
            )
            for device in own:
                count += self._delete_span(Span(device))
                for table in ("reading", "conflict", "programme"):
                    self._write(f"DELETE FROM {table} WHERE device = ?", device)
            for table in (*_OF_RUNNER, "screening", "told", "prescription", "device"):
                self._write(f"DELETE FROM {table} WHERE runner = ?", key)
            self._write("DELETE FROM runner WHERE id = ?", key)
            return count

    def wipe(self) -> bool:
        """Let no copy of what was deleted lie in the file.  False: another program is reading it just now."""
        with self._lock, self._plainly():
            self._db.execute("VACUUM")
            busy, _, _ = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return not busy

    def restore(self, device: str, records: list[LogFrame]) -> None:
        """Forget that these were deleted, so that they can be added again."""
        with self._transaction():
            for record in records:
                self._write("DELETE FROM deleted WHERE (device, boot, seq) = (?, ?, ?)", device, *record.key)

    def _is_deleted(self, device: str, record: LogFrame) -> bool:
        return bool(
            self._row(
                "SELECT 1 FROM deleted WHERE (device, boot, seq, checksum) = (?, ?, ?, ?)",
                *(device, record.boot, record.seq, record.frame[-wire.TAIL :]),
            )
        )

    def _units_of(self, runner: int) -> list[str]:
        """Units that this runner has run with, or is paired with, and nobody else."""
        return [
            device
            for (device,) in self._rows(
                "SELECT device FROM run WHERE runner = ?1 UNION SELECT id FROM device WHERE runner = ?1"
                " EXCEPT SELECT device FROM run WHERE runner IS NOT ?1"
                " EXCEPT SELECT id FROM device WHERE runner != ?1",
                runner,
            )
        ]

    def _delete_run(self, run: int) -> int:
        device, *key = self._row("SELECT device, boot, seq FROM run WHERE id = ?", run)
        start = (key[0], key[1])
        after, before = self._end_of_the_one_before(device, start), self._start_of_the_next(device, start)
        if after >= start:  # it has no end but this start: what is left here would be taken for its own
            own = Span(device, start, min(before, (start[0], _ENDLESS)))
        else:
            own = Span(device, start, (start[0], self._last_seq(device, start)))
        between = Span(device, min(after, start), before, personal=True)
        count = self._delete_span(own) + self._delete_span(between)
        self._leave_diary(run)
        self._write("DELETE FROM run WHERE id = ?", run)
        return count

    def _leave_diary(self, run: int) -> None:
        """What was written about a run goes to the run of the other leg, or goes with it."""
        (other,) = self._row(
            "SELECT min(other.id) FROM run JOIN run AS other ON other.outing = run.outing AND other.id != run.id"
            " WHERE run.id = ?",
            run,
        )
        self._write("UPDATE OR IGNORE diary SET run = ? WHERE run = ? AND ?1 IS NOT NULL", other, run)
        self._write("DELETE FROM diary WHERE run = ?", run)

    def _delete_span(self, span: Span) -> int:
        where, values = span.where
        self._write(
            f"INSERT OR IGNORE INTO deleted SELECT device, boot, seq, substr(frame, -{wire.TAIL}) FROM event"
            f" WHERE {where}",
            *values,
        )
        self._write(
            "DELETE FROM conflict WHERE (device, boot, seq) IN"
            f" (SELECT device, boot, seq FROM event WHERE {where})",
            *values,
        )
        return self._write(f"DELETE FROM event WHERE {where}", *values)

    def _last_seq(self, device: str, start: tuple[int, int]) -> int:
        """Of the run that begins there: its STOP, or what comes before the next START, or the end of the boot."""
        row = self._row(
            "SELECT seq, code FROM event WHERE device = ? AND boot = ? AND seq > ? AND code IN (?, ?)"
            " ORDER BY seq LIMIT 1",
            *(device, *start, wire.START.code, wire.STOP.code),
        )
        if row is None:
            return _ENDLESS
        return int(row[0]) - int(row[1] == wire.START.code)

    def _end_of_the_one_before(self, device: str, start: tuple[int, int]) -> tuple[int, int]:
        """Where the run before that one has its STOP; without one the end of its boot."""
        row = self._row(
            "SELECT boot, seq, code FROM event WHERE device = ? AND (boot, seq) < (?, ?) AND code IN (?, ?)"
            " ORDER BY boot DESC, seq DESC LIMIT 1",
            *(device, *start, wire.START.code, wire.STOP.code),
        )
        if row is None:
            return 0, 0
        boot, seq, code = row
        return (boot, seq) if code == wire.STOP.code else (boot, _ENDLESS)

    def _start_of_the_next(self, device: str, start: tuple[int, int]) -> tuple[int, int]:
        """Just before it."""
        row = self._row(
            "SELECT boot, seq FROM event WHERE device = ? AND (boot, seq) > (?, ?) AND code = ?"
            " ORDER BY boot, seq LIMIT 1",
            *(device, *start, wire.START.code),
        )
        return (row[0], row[1] - 1) if row else (_ENDLESS, _ENDLESS)
