# SPDX-License-Identifier: MIT
"""Tables of runs into files: CSV that every program and every country reads alike, or Parquet (extra `parquet`).

A missing value is an empty cell or a null.  CSV has commas, a point in numbers, times in UTC, a header with units in
its names, and its texts cannot become formulas of a spreadsheet.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from . import outfile, times
from .columns import TABLES, Column, Row
from .errors import ExtraMissing

if TYPE_CHECKING:
    import pyarrow as arrow

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Tables(ExitStack):
    """Files that are open within its context.  `files`: table -> where to write it."""

    def __init__(
        self, files: dict[str, Path], inputs: tuple[Path, ...] = (), overwrite: bool = False
    ) -> None:
        super().__init__()
        self._files, self._inputs, self._overwrite = files, inputs, overwrite
        self._writers: dict[str, Any] = {}

    def add(self, table: str, rows: Sequence[Row]) -> None:
        """The rows of a run; nothing where that table is not wanted."""
        if table in self._writers:
            self._write(table, rows)

    def _write(self, table: str, rows: Sequence[Row]) -> None:
        raise NotImplementedError


class CsvTables(Tables):
    """CSV, packed where a name ends in .gz."""

    def __enter__(self) -> Self:
        super().__enter__()
        for table, path in self._files.items():
            file = self.enter_context(outfile.writing(path, self._inputs, self._overwrite))
            self._writers[table] = csv.writer(file, lineterminator="\r\n")
            self._writers[table].writerow([column.name for column in TABLES[table]])
        return self

    def _write(self, table: str, rows: Sequence[Row]) -> None:
        names = [column.name for column in TABLES[table]]
        self._writers[table].writerows([cell(row[name]) for name in names] for row in timed(table, rows))


def timed(table: str, rows: Iterable[Row]) -> Iterable[Row]:
    """The rows with times as text."""
    clocks = [column.name for column in TABLES[table] if column.kind == "time"]
    for row in rows:
        yield {**row, **{name: None if row[name] is None else times.utc(row[name]) for name in clocks}}


def cell(value: Any) -> str:
    """Text of a cell: the same on every computer."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "'" + value if value.startswith(_FORMULA) else value
    return repr(value)


class ParquetTables(Tables):
    """Parquet; units and meanings are in the columns' metadata."""

    def __init__(
        self, files: dict[str, Path], inputs: tuple[Path, ...] = (), overwrite: bool = False
    ) -> None:
        super().__init__(files, inputs, overwrite)
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError:
            raise ExtraMissing("parquet") from None
        self._arrow, self._parquet = pyarrow, pyarrow.parquet

    def __enter__(self) -> Self:
        super().__enter__()
        self._schemas = {table: self._schema(TABLES[table]) for table in self._files}
        for table, path in self._files.items():
            file = self.enter_context(outfile.writing_bytes(path, self._inputs, self._overwrite))
            writer = self._parquet.ParquetWriter(file, self._schemas[table], compression="zstd")
            self._writers[table] = self.enter_context(writer)
        return self

    def _write(self, table: str, rows: Sequence[Row]) -> None:
        schema = self._schemas[table]
        self._writers[table].write_table(self._arrow.Table.from_pylist(list(rows), schema=schema))

    def _schema(self, columns: Iterable[Column]) -> arrow.Schema:
        arrow = self._arrow
        types = {
            "text": arrow.string(),
            "int": arrow.int64(),
            "float": arrow.float64(),
            "bool": arrow.bool_(),
            "time": arrow.timestamp("us", "UTC"),
        }
        return arrow.schema(
            [
                arrow.field(c.name, types[c.kind], metadata={"unit": c.unit, "meaning": c.meaning})
                for c in columns
            ]
        )
