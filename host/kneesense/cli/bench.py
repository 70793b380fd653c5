# SPDX-License-Identifier: MIT
"""`kneesense bench`: speed and latency against named peers and limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .lines import number
from .output import DEFAULT_FLAGS, Flags, Output

if TYPE_CHECKING:
    from rich.table import Table

    from ..bench import Row


def bench(*, flags: Flags = DEFAULT_FLAGS) -> None:
    """Measure speed and latency, each beside a named peer of the same run or beside a fixed limit.

    Ratios to peers travel between machines, the figures do not. What needs a part that is not installed is skipped,
    with the reason.

    Example: kneesense bench
    """
    from rich.progress import Progress, SpinnerColumn, TextColumn

    from ..bench import rows

    out = Output(flags.json)
    done: list[Row] = []
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), console=out.console, transient=True
    ) as progress:
        task = progress.add_task("measuring ...", total=None)
        for row in rows():
            done.append(row)
            progress.update(task, description=f"measured {row.name} ...")
            out.record(row.record())
    skipped, without = sum(bool(row.skipped) for row in done), sum(bool(row.peer_skipped) for row in done)
    out.note(_table(done))
    for line in _notes(done):
        out.note(line)
    out.record(
        {"type": "summary", "rows": len(done), "skipped": skipped, "peers_skipped": without},
        f"{len(done) - skipped} of {len(done)} rows measured, {without} of them without the peer",
    )


def _table(rows: Sequence[Row]) -> Table:
    """Within 80 columns."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("what", "n", "median", "spread", "unit", "beside", "its", "ratio"):
        table.add_column(
            heading, justify="left" if heading in ("what", "unit", "beside") else "right", no_wrap=True
        )
    for row in rows:
        if row.skipped:
            table.add_row(row.name, "", "skipped")
            continue
        table.add_row(
            row.name, str(row.n), _short(row.median), _short(row.spread), row.unit,
            row.beside.name, _short(row.peer_median), _short(row.ratio),
        )  # fmt: skip
    return table


def _short(value: float | None) -> str:
    """Three digits that count, without a power of ten."""
    return number(value, "{:.0f}" if value is not None and value >= 1000 else "{:.3g}")


def _notes(rows: Sequence[Row]) -> list[str]:
    """What the short names mean, and what was skipped."""
    about = {row.beside.name: row.beside.about for row in rows if row.beside.about and not row.skipped}
    notes = [f"{name}: {text}." for name, text in about.items()]
    reasons: dict[str, list[str]] = {}
    for row in rows:
        if row.skipped:
            reasons.setdefault(row.skipped, []).append(row.name.strip())
        elif row.peer_skipped:
            reasons.setdefault(row.peer_skipped, []).append(f"{row.beside.name} beside {row.name.strip()}")
    return [*notes, *(f"skipped: {', '.join(dict.fromkeys(names))}: {why}" for why, names in reasons.items())]
