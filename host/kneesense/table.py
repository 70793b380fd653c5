# SPDX-License-Identifier: MIT
"""A CSV file as a table of checked numbers: what is wrong is named with its file and line, never guessed.

Columns are found by name, in any order; names are exact, since a near miss (`Ax`, `ax_g`) is likely another unit.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .errors import InputError

Floats = NDArray[np.float64]

REQUIRED = ("t_s", "ax", "ay", "az", "gx", "gy", "gz")

_NEEDS = "columns needed: t_s [s], ax, ay, az [m/s^2], gx, gy, gz [rad/s]"
_UNITS = (
    "s",
    "ms",
    "us",
    "g",
    "mg",
    "ms2",
    "mps2",
    "m_s2",
    "m_s_2",
    "rads",
    "rad_s",
    "radps",
    "dps",
    "deg_s",
    "degs",
)


@dataclass(frozen=True)
class Table:
    """Rows that are not blank: all cells as text, line in the file, and the REQUIRED columns (an empty cell is NaN)."""

    path: Path
    header: list[str]
    cells: list[list[str]]
    lines: list[int]
    values: Floats  # (n, 7)

    @property
    def extra(self) -> list[str]:
        """Columns that are not required."""
        return [name for name in self.header if name not in REQUIRED]

    def changing_at(self, rows: set[int]) -> list[str]:
        """Extra columns that take a new value at some of `rows` and nowhere else."""
        names = []
        for name in self.extra:
            column = [row[self.header.index(name)] for row in self.cells]
            changes = {i for i in range(1, len(column)) if column[i] != column[i - 1]}
            if changes and changes <= rows:
                names.append(name)
        return names


def read(path: Path) -> Table:
    """Read a .csv or .csv.gz whose header has every REQUIRED column; InputError if it cannot be used."""
    text = _text(path)
    try:
        return _parse(path, text)
    except csv.Error as error:  # an open quote, a cell of 100 KB
        raise InputError(f"{path}: not a CSV ({error})", "save it as CSV, UTF-8") from None


def _parse(path: Path, text: str) -> Table:
    rows = csv.reader(io.StringIO(text, newline=""))
    header = [name.strip() for name in next(rows, [])]
    _check_header(path, header)
    pick = itemgetter(*(header.index(name) for name in REQUIRED))
    cells, lines, values = [], [], []
    for row in rows:
        if not row:
            continue
        if len(row) != len(header):
            advice = "a line cut short, or decimal commas?"
            raise InputError(
                f"{path}: line {rows.line_num}: {len(row)} cells, the header has {len(header)}", advice
            )
        cells.append(row)
        lines.append(rows.line_num)
        try:
            values.append([float(cell) for cell in pick(row)])
        except ValueError:
            values.append([_number(path, rows.line_num, cell) for cell in pick(row)])
    return Table(path, header, cells, lines, np.array(values, float).reshape(-1, len(REQUIRED)))


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise InputError(f"{path}: is a folder", "name one recording in it") from None
    except (OSError, EOFError, zlib.error) as error:
        why = getattr(error, "strerror", None) or error  # gzip's own are OSErrors without one
        raise InputError(f"{path}: cannot be read ({why})", "is it a whole .csv or .csv.gz?") from None
    if not data.strip():
        raise InputError(f"{path}: empty file", "the first line must be the header; " + _NEEDS)
    try:
        if b"\0" in data:
            raise ValueError
        return data.decode("utf-8-sig")
    except ValueError:
        raise InputError(f"{path}: not a text file", "save it as CSV, UTF-8") from None


def _check_header(path: Path, header: list[str]) -> None:
    if len(header) < 2 and any(mark in "".join(header) for mark in ";\t"):
        raise InputError(
            f"{path}: line 1: columns are not separated by commas", "separate by ',', decimal point '.'"
        )
    if all(_is_number(name) for name in header):
        raise InputError(f"{path}: line 1: numbers, no header", _NEEDS)
    for name in header:
        wanted = {_bare(required): required for required in REQUIRED}.get(_bare(name))
        if wanted and name != wanted:
            raise InputError(f"{path}: column '{name}' is not '{wanted}'", f"convert and rename it; {_NEEDS}")
        if wanted and header.count(name) > 1:
            raise InputError(f"{path}: column '{name}' stands there twice", "keep one of them")
    absent = [name for name in REQUIRED if name not in header]
    if absent == ["gx", "gy", "gz"]:
        raise InputError(f"{path}: no gyroscope (gx, gy, gz)", "an accelerometer alone is not enough")
    if absent:
        raise InputError(f"{path}: no column {', '.join(absent)}", _NEEDS)


def _bare(name: str) -> str:
    """Column name in small letters without its unit: 'Ax [g]', 'ax_g' -> 'ax'."""
    bare = name.lower().replace("[", " ").replace("(", " ").split(" ")[0]
    for unit in sorted(_UNITS, key=len, reverse=True):
        if bare.endswith("_" + unit):
            return bare[: -len(unit) - 1]
    return bare


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _number(path: Path, line: int, cell: str) -> float:
    if not cell.strip():
        return np.nan
    if not _is_number(cell):
        advice = "use a decimal point" if "," in cell else "remove the row or leave the cell empty"
        raise InputError(f"{path}: line {line}: '{cell}' is not a number", advice)
    return float(cell)
