# SPDX-License-Identifier: MIT
"""What runners write, in the store: diary, shoes, the longest run they remember, sessions of the hip programme.

Rows as they stand, columns by name; diary.py, shoes.py and hips.py give them a meaning.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .storefile import StoreFile

Row = dict[str, Any]

_WRITABLE = (
    *("distance_m", "duration_s", "source", "surface", "shoe", "hills", "stairs", "sleep_min"),
    *("warm_up", "stretched", "leg", "places", "aggravators", "signs", "note"),
)
_ENTRY = ("id", "day", "start_us", "run", *_WRITABLE)


class StoreDiary(StoreFile):
    """Diary, shoes, hips."""

    def diary(self, runner: str) -> list[Row]:
        """Every entry of a runner in the order of writing, with `pain`: level by moment, and the shoe's name."""
        columns = ", ".join(f"diary.{name}" for name in _ENTRY if name != "shoe")
        rows = self._rows(
            f"SELECT {columns}, shoe.name FROM diary JOIN runner ON runner.id = diary.runner"
            " LEFT JOIN shoe ON shoe.id = diary.shoe WHERE runner.name = ? ORDER BY diary.id",
            runner,
        )
        names = [*(name for name in _ENTRY if name != "shoe"), "shoe"]
        return [dict(zip(names, row, strict=True)) | {"pain": self._pain(row[0])} for row in rows]

    def write_entry(
        self,
        runner: str,
        day: str,
        *,
        entry: int | None = None,
        run: int | None = None,
        start_us: int | None = None,
        values: Mapping[str, Any],
        pain: Mapping[str, int],
    ) -> tuple[int, bool]:
        """Write into that entry, or the one of a run, of that start, or of that day; made if there is none.

        (its id, whether new).  `values`: columns to change, `shoe` by its name; the others stay, but an entry without
        a start gets the one that is given.  A second writing adds no second entry.
        """
        with self._transaction():
            key = self._runner_id(runner)
            found = entry if entry is not None else self._entry_of(key, day, run, start_us)
            if found is None:
                self._write(
                    "INSERT INTO diary (runner, day, start_us, run) VALUES (?, ?, ?, ?)",
                    key,
                    day,
                    start_us,
                    run,
                )
                (entry,) = self._row("SELECT last_insert_rowid()")
            else:
                entry = found
                self._write(
                    "UPDATE diary SET start_us = ?, day = ? WHERE id = ? AND run IS NULL AND start_us IS NULL"
                    " AND ?1 IS NOT NULL",
                    *(start_us, day, entry),
                )
            for name in _WRITABLE:
                if name in values:
                    value = values[name]
                    if name == "shoe" and value is not None:
                        (value,) = self._row("SELECT id FROM shoe WHERE (runner, name) = (?, ?)", key, value)
                    self._write(f"UPDATE diary SET {name} = ? WHERE id = ?", value, entry)
            for moment, level in pain.items():
                self._write("INSERT OR REPLACE INTO pain VALUES (?, ?, ?)", entry, moment, level)
            assert entry is not None
            return int(entry), found is None

    def delete_entry(self, runner: str, entry: int) -> bool:
        """Whether there was one of that runner."""
        with self._transaction():
            return bool(
                self._write("DELETE FROM diary WHERE (runner, id) = (?, ?)", self._runner_id(runner), entry)
            )

    def shoes(self, runner: str) -> list[Row]:
        """id, name, before_m, retired_day of each, in the order in which they came."""
        rows = self._rows(
            "SELECT shoe.id, shoe.name, before_m, retired_day FROM shoe JOIN runner ON runner.id = runner"
            " WHERE runner.name = ? ORDER BY shoe.id",
            runner,
        )
        return [dict(zip(("id", "name", "before_m", "retired_day"), row, strict=True)) for row in rows]

    def set_shoe(self, runner: str, name: str, **values: Any) -> bool:
        """Change before_m or retired_day of a shoe, made if there is none of that name.  Whether it is new."""
        with self._transaction():
            key = self._runner_id(runner)
            new = self._write(
                "INSERT OR IGNORE INTO shoe (runner, name, before_m) VALUES (?, ?, 0)", key, name
            )
            for column in ("before_m", "retired_day"):
                if column in values:
                    self._write(
                        f"UPDATE shoe SET {column} = ? WHERE (runner, name) = (?, ?)",
                        values[column],
                        key,
                        name,
                    )
            return bool(new)

    def longest(self, runner: str) -> Row | None:
        """day, distance_m, duration_s that the runner has said; None before."""
        row = self._row(
            "SELECT day, distance_m, duration_s FROM longest JOIN runner ON runner.id = runner WHERE name = ?",
            runner,
        )
        return dict(zip(("day", "distance_m", "duration_s"), row, strict=True)) if row else None

    def set_longest(self, runner: str, day: str, distance_m: int | None, duration_s: int | None) -> None:
        """What was said before is replaced."""
        with self._transaction():
            self._write(
                "INSERT OR REPLACE INTO longest VALUES (?, ?, ?, ?)",
                *(self._runner_id(runner), day, distance_m, duration_s),
            )

    def hips(self, runner: str) -> list[Row]:
        """Sessions in the order of their days, each with `sets`: rows of number, exercise, side, reps, hold_s."""
        names = ("id", "day", "start_us", "warm_up", "stretched", "note")
        rows = self._rows(
            "SELECT hips.id, day, start_us, warm_up, stretched, note FROM hips JOIN runner ON runner.id = runner"
            " WHERE name = ? ORDER BY day, hips.id",
            runner,
        )
        return [dict(zip(names, row, strict=True)) | {"sets": self._sets(row[0])} for row in rows]

    def add_hips(self, runner: str, day: str, values: Mapping[str, Any], sets: Iterable[Row]) -> int:
        """A session and what was done in it.  Its id."""
        with self._transaction():
            self._write(
                "INSERT INTO hips (runner, day, start_us, warm_up, stretched, note) VALUES (?, ?, ?, ?, ?, ?)",
                *(self._runner_id(runner), day),
                *(values.get(name) for name in ("start_us", "warm_up", "stretched", "note")),
            )
            (session,) = self._row("SELECT last_insert_rowid()")
            for number, done in enumerate(sets, 1):
                self._write(
                    "INSERT INTO hips_set VALUES (?, ?, ?, ?, ?, ?)",
                    *(session, number, done["exercise"], done["side"], done["reps"], done["hold_s"]),
                )
            return int(session)

    def delete_hips(self, runner: str, session: int) -> bool:
        """Whether there was one of that runner."""
        with self._transaction():
            return bool(
                self._write("DELETE FROM hips WHERE (runner, id) = (?, ?)", self._runner_id(runner), session)
            )

    def _entry_of(self, runner: int, day: str, run: int | None, start_us: int | None) -> int | None:
        if run is not None:
            row = self._row("SELECT id FROM diary WHERE run = ?", run)
        elif start_us is not None:
            row = self._row("SELECT id FROM diary WHERE (runner, start_us) = (?, ?)", runner, start_us)
        else:
            row = self._row(
                "SELECT id FROM diary WHERE (runner, day) = (?, ?) AND run IS NULL AND start_us IS NULL",
                runner,
                day,
            )
        return int(row[0]) if row else None

    def _pain(self, entry: int) -> dict[str, int]:
        return dict(self._rows("SELECT moment, level FROM pain WHERE entry = ?", entry))

    def _sets(self, session: int) -> list[Row]:
        rows = self._rows(
            "SELECT number, exercise, side, reps, hold_s FROM hips_set WHERE session = ? ORDER BY number",
            session,
        )
        return [dict(zip(("number", "exercise", "side", "reps", "hold_s"), row, strict=True)) for row in rows]
