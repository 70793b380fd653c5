# SPDX-License-Identifier: MIT
"""What `make check` runs besides ruff and mypy; each file is a script, its parts are used by the tests too."""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any


def own_home() -> None:
    """For each process of a pool: all virtual units have one id, and one program of a home at a time holds a unit."""
    os.environ["KNEESENSE_HOME"] = tempfile.mkdtemp()


def table(results: Sequence[Any]) -> str:
    """Dataclasses of one kind, at least one, as a table: a column for each field, and their `ok`."""
    lines = [[f.name for f in fields(results[0])] + ["ok"]]
    lines += [
        [str(value) for value in asdict(result).values()] + ["yes" if result.ok else "NO"]
        for result in results
    ]
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines
    )
