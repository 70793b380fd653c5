# SPDX-License-Identifier: MIT
"""A programme as a table: what each session plans, and what has been done of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import dose
from .records import Record
from .times import local

Sessions = tuple[tuple[int, int, int], ...]
"""(minutes of running, seconds with cues, seconds without); 0 and 0: cues throughout."""

_KEYS = (
    "run", "start_utc", "complete", "run_s", "cues", "on_strides", "on_in_band", "on_mean",
    "off_strides", "off_in_band", "off_mean", "rule", "metric", "baseline", "target", "band",
    "mean_cadence_spm", "mean_lean_range_deg",
)  # fmt: skip


def rows(sessions: Sessions, held: Sequence[Record], following: int) -> list[Record]:
    """One record a session; of several runs of one session the last."""
    table = []
    for number, (minutes, with_s, without_s) in enumerate(sessions, 1):
        runs = [row for row in held if row["session"] == number]
        last: dict[str, Any] = runs[-1] if runs else dict.fromkeys(_KEYS)
        table.append(
            {
                "type": "programme_session",
                "session": number,
                "minutes": minutes,
                "with_s": with_s,
                "without_s": without_s,
                "next": number == following,
                "runs": len(runs),
                **{key: last[key] for key in _KEYS},
            }
        )
    return table


def following(held: Sequence[Record]) -> int:
    """The session the next run will be, as far as the records tell."""
    return held[-1]["session"] + held[-1]["complete"] if held else 1


def summary(sessions: Sessions, held: Sequence[Record], following: int) -> Record:
    """The programme as a whole."""
    return {
        "sessions": len(sessions),
        "done": len({row["session"] for row in held if row["complete"]}),
        "next": following if 1 <= following <= len(sessions) else None,
        "run_s": sum(row["run_s"] for row in held),
        "cues": sum(row["cues"] for row in held),
        "dose_in_band": dose.share(held, "on"),
        "retention_in_band": dose.retention(held),
    }


def line(row: Record) -> str:
    """One session for people, within 80 columns."""
    fade = f"{row['with_s']}/{row['without_s']} s" if row["without_s"] else "cues throughout"
    head = f"{'>' if row['next'] else ' '}{row['session']:>3} {row['minutes']:>4} min  {fade:<15}"
    if not row["runs"]:
        return head.rstrip()
    date = local(row["start_utc"])[:10] if row["start_utc"] else "-"
    again = "" if row["complete"] else " repeat"
    return (
        f"{head} {date:<10} {row['run_s'] / 60:>3.0f} min {row['cues']:>3} cues"
        f" {_percent(row['on_in_band'])} {_percent(row['off_in_band'])}{again}"
    )


HEAD = "   # planned   with/without    done                  in band: with  w/o"


def closing(summary: Record) -> str:
    """The programme in a sentence or two."""
    told = f"{summary['done']} of {summary['sessions']} sessions done, {summary['cues']} cues"
    if summary["dose_in_band"] is not None:
        told += f"; in band with cues {_percent(summary['dose_in_band']).strip()}"
    if summary["retention_in_band"] is not None:
        told += f", without (retention) {_percent(summary['retention_in_band']).strip()}"
    ahead = f"the next run is session {summary['next']}" if summary["next"] else "the programme is over"
    return f"{told}\n{ahead if summary['sessions'] else 'no programme'}"


def _percent(share: float | None) -> str:
    return f"{'-' if share is None else format(100 * share, '.0f'):>4} %"
