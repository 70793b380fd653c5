# SPDX-License-Identifier: MIT
"""`kneesense bench`: speed and latency against named peers."""

from __future__ import annotations

from .lines import number
from .output import DEFAULT_FLAGS, Flags, Output


def bench(*, flags: Flags = DEFAULT_FLAGS) -> None:
    """Measure speed and latency; every row beside a named peer measured in the same run.

    Ratios travel between machines, the figures do not.  A peer that is not installed is skipped, with the reason.

    Example: kneesense bench
    """
    from rich.progress import Progress, SpinnerColumn, TextColumn
    from rich.table import Table

    from ..bench import Row, rows

    out = Output(flags.json)
    done: list[Row] = []
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), console=out.console, transient=True
    ) as progress:
        task = progress.add_task("measuring ...", total=None)
        for row in rows():
            done.append(row)
            progress.update(task, description=f"measured {row.name} ...")
            out.record(
                {
                    "type": "bench",
                    "name": row.name,
                    "unit": row.unit,
                    "n": row.n,
                    "median": row.median,
                    "spread": row.spread,
                    "peer": row.peer,
                    "peer_median": row.peer_median,
                    "ratio": row.ratio,
                    "skipped": row.skipped or None,
                }
            )
    table = Table(box=None, pad_edge=False)
    for heading, side in (
        ("what", "left"), ("n", "right"), ("median", "right"), ("spread", "right"), ("unit", "left"),
        ("peer", "left"), ("peer's", "right"), ("ratio", "right"),
    ):  # fmt: skip
        table.add_column(heading, justify="right" if side == "right" else "left")
    for row in done:
        if row.skipped:
            table.add_row(row.name, "", "", "", "", f"skipped: {row.skipped}")
            continue
        table.add_row(
            row.name, str(row.n), number(row.median, "{:.3g}"), number(row.spread, "{:.2g}"), row.unit,
            row.peer, number(row.peer_median, "{:.3g}"), number(row.ratio, "{:.3g}"),
        )  # fmt: skip
    out.record(
        {"type": "summary", "rows": len(done), "skipped": sum(bool(row.skipped) for row in done)}, table
    )
