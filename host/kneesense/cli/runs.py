# SPDX-License-Identifier: MIT
"""`kneesense runs`: the recorded runs."""

from __future__ import annotations

from .output import DEFAULT_FLAGS, Flags, Output


def runs(*, flags: Flags = DEFAULT_FLAGS) -> None:
    """List the recorded runs, the oldest first.

    Examples: kneesense runs; kneesense runs --json
    """
    from ..paths import store_file
    from ..store import Store
    from ..stored import StoredRun
    from .lines import clock, number

    out = Output(flags.json)
    file = store_file(flags.store)
    count = 0
    if file.exists():
        with Store(file, read_only=True) as store:
            for run in store.runs():
                stored = StoredRun(store, run)
                start, summary = stored.start, stored.summary
                row = {
                    "type": "run",
                    "run": run.id,
                    "start_utc": start["start_utc"],
                    "utc_bounds": start["utc_bounds"],
                    "runner": run.runner,
                    "device": run.device,
                    "side": start["side"],
                    "duration_s": summary["duration_s"],
                    "strides": summary["strides"],
                    "mean_cadence_spm": summary["mean_cadence_spm"],
                    "cues": summary["cues"],
                    "ended": stored.ended,
                }
                out.record(
                    row,
                    f"{run.id:>4}  {start['start_utc'] or 'date unknown':<24}  {run.runner or '-':<12}"
                    f" {start['side']:<7} {clock(summary['duration_s']):>8}  {summary['strides']:>6} strides"
                    f"  {number(summary['mean_cadence_spm']):>6} spm{'' if stored.ended else '  (no end recorded)'}",
                )
                count += 1
    if not count:
        out.note(f"no runs in {file} yet")
    out.record({"type": "summary", "runs": count, "log": str(file)})
